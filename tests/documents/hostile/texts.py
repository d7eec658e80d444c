"""Hostile files that are text underneath, and files that are not what they are called."""

from __future__ import annotations

import gzip
from collections.abc import Callable

PAGE = b"<!DOCTYPE html><html><body><p>The captain counts every boat in the harbour.</p>%s</body></html>"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
CUE = b"WEBVTT\n\n00:00.000 --> 00:01.000\nThe captain counts every boat.\n\n"

FILES: dict[str, Callable[[], bytes]] = {
    "a hundred thousand open tags.html": lambda: PAGE % (b"<div>" * 100_000 + b"Deep words."),
    "a hundred thousand kinds of tags.html": lambda: PAGE % b"".join(b"<t%d>a" % n for n in range(100_000)),
    "twenty thousand attributes.html": lambda: PAGE % (b"<p " + b"".join(b"a%d=b " % n for n in range(20_000)) + b">"),
    "formatting that is never closed.html": lambda: PAGE % (b"<b><i><p>a" * 20_000),
    "tables in tables.html": lambda: PAGE % (b"<table><tr><td>" * 5_000 + b"Deep words."),
    "lists in lists.html": lambda: PAGE % (b"<ul><li>a" * 10_000),
    "cell that spans a billion.html": lambda: PAGE % b"<table><tr><td colspan=1000000000 rowspan=1000000000>a</table>",
    "comment without end.html": lambda: PAGE % (b"<!--" * 100_000),
    "a million angle brackets.html": lambda: PAGE % (b"<" * 1_000_000),
    "external entity.xhtml": lambda: (
        b'<?xml version="1.0"?><!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        b'<html xmlns="http://www.w3.org/1999/xhtml"><body><p>Words and &x; words.</p></body></html>'
    ),
    "addresses of everything.html": lambda: (
        b"<html><head><link rel=canonical href='javascript:alert(1)'><meta http-equiv=refresh content='0;url=file:///'>"
        b"<base href='http://127.0.0.1:9/'><script src=x></script><iframe src=file:///etc/passwd></iframe></head>"
        b"<body><p>The captain counts every boat.</p><img src=http://127.0.0.1:9/x.png></body></html>"
    ),
    "characters that don't exist.html": lambda: PAGE % b"<p>&#x110000; &#0; &#xD800; &#999999999999; \x00 \x1b",
    "charset that lies.html": lambda: (
        b"<html><meta charset=utf-7><body>+ADw-script+AD4-alert(1)+ADw-/script+AD4- Words."
    ),
    "one cell of fifty megabytes.csv": lambda: b'name,text\n1,"' + b"a" * 50_000_000 + b'"\n',
    "quote without end.csv": lambda: b"name,text\n" + b'1,"a\n' * 100_001,
    "a million columns.csv": lambda: b",".join([b"a"] * 1_000_000) + b"\n" + b"1," * 1_000_000 + b"\n",
    "rows by columns.csv": lambda: b",".join([b"column"] * 3_000) + b"\n" + (b"1," * 2_999 + b"1\n") * 3_000,
    "only quotes.csv": lambda: b'"' * 1_000_001,
    "tags in tags.vtt": lambda: CUE + b"00:02.000 --> 00:03.000\n" + b"<c.a>" * 100_000 + b"a\n",
    "times without sense.vtt": lambda: CUE + b"99999999999999:99.999 --> 00:00.000\na\n\n" * 10_000,
    "numbers without end.srt": lambda: b"9" * 100_000 + b"\n00:00:00,000 --> 00:00:01,000\nMany boats.\n\n",
    "includes.rst": lambda: (
        b"Words.\n\n.. include:: /etc/passwd\n\n.. raw:: html\n   :file: /etc/passwd\n\n"
        b".. csv-table::\n   :url: http://127.0.0.1:9/x\n"
    ),
    "quotes in quotes.rst": lambda: b"Words.\n\n" + b"\n\n".join(b" " * n + b"a" for n in range(2_000)),
    "substitutions of themselves.rst": lambda: (
        b".. |a| replace:: |b| |b|\n.. |b| replace:: |a| |a|\n\nWords |a| and |b|.\n"
    ),
    "a table of bars.rst": lambda: b"+-" * 20_000 + b"+\n" + b"| " * 20_000 + b"|\n" + b"+-" * 20_000 + b"+\n",
    "brackets in brackets.md": lambda: b"[" * 100_000 + b"Words." + b"](a)" * 1_000,
    "quotes in quotes.md": lambda: b">" * 100_000 + b" Words.",
    "lists in lists.md": lambda: b"".join(b" " * (2 * n) + b"- a\n" for n in range(1_500)),
    "backticks.md": lambda: b"".join(b"`" * n + b" a " for n in range(1_500)),
    "nested.jsonl": lambda: b'{"_id": "a", "text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n",
    "a long line.txt": lambda: b"word " * 2_000_000,
    "zero bytes.txt": lambda: b"Words.\n" + b"\0" * 10_000,
    "an executable called.pdf": lambda: b"\x7fELF\x02\x01\x01" + b"\0" * 10_000,
    "a picture called.docx": lambda: b"\x89PNG\r\n\x1a\n" + b"\0" * 10_000,
    "packed.html": lambda: gzip.compress(PAGE % b""),
    "an old Word file called.docx": lambda: OLE + b"\0" * 504 + "WordDocument".encode("utf-16-le"),
    "noise.pdf": lambda: bytes((n * n * 31 + n * 7) % 256 for n in range(100_000)),
    "noise.docx": lambda: b"PK\x03\x04" + bytes((n * n * 31 + n * 7) % 256 for n in range(100_000)),
    "nothing.pdf": lambda: b"",
    "nothing.docx": lambda: b"",
    "nothing.html": lambda: b"",
}
