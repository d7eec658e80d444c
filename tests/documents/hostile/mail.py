"""Hostile mail: parts in parts, headers without end."""

from __future__ import annotations

import base64
from collections.abc import Callable

HEAD = (
    b"From: a@example.org\r\nTo: b@example.org\r\nDate: Mon, 2 Jan 2023 10:00:00 +0000\r\n"
    b"Message-ID: <1@example.org>\r\n"
)
PLAIN = b"Content-Type: text/plain; charset=utf-8\r\n\r\nThe captain counts every boat in the harbour.\r\n"


def nested_parts(depth: int) -> bytes:
    out = HEAD + b"MIME-Version: 1.0\r\n"
    for level in range(depth):
        out += b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (level, level)
    return out + PLAIN + b"".join(b"\r\n--b%d--\r\n" % level for level in reversed(range(depth)))


def message_in_message(depth: int) -> bytes:
    return HEAD + b"MIME-Version: 1.0\r\n" + (b"Content-Type: message/rfc822\r\n\r\n" + HEAD) * depth + PLAIN


FILES: dict[str, Callable[[], bytes]] = {
    "a thousand parts in each other.eml": lambda: nested_parts(1_000),
    "a thousand messages in each other.eml": lambda: message_in_message(1_000),
    "a hundred thousand parts.eml": lambda: (
        HEAD
        + b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
        + b"--b\r\nContent-Type: text/plain\r\n\r\na\r\n" * 100_000
        + b"--b--\r\n"
    ),
    "quotes of quotes.eml": lambda: HEAD + PLAIN + b"".join(b">" * n + b" so he said\r\n" for n in range(1, 3_000)),
    "a header of ten megabytes.eml": lambda: HEAD + b"Subject: " + b"a\r\n b" * 2_000_000 + b"\r\n" + PLAIN,
    "encoded words without end.eml": lambda: HEAD + b"Subject: " + b"=?utf-8?q?=41?= " * 20_000 + b"\r\n" + PLAIN,
    "encoded words that never end.eml": lambda: HEAD + b"Subject: " + b"=?utf-8?b?" * 20_000 + b"\r\n" + PLAIN,
    "addresses without end.eml": lambda: b"To: " + b"(" * 5_000 + b"\r\n" + HEAD + PLAIN,
    "a charset that isn't.eml": lambda: HEAD + PLAIN.replace(b"utf-8", b"rot13"),
    "a charset that expands.eml": lambda: (
        HEAD + PLAIN.replace(b"utf-8", b"punycode").replace(b"boat", b"boat-" * 5_000)
    ),
    "base64 of a program.eml": lambda: (
        HEAD
        + b"Content-Type: application/x-msdownload\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes(b"MZ" + b"\0" * 1_000_000)
    ),
    "boundary of nothing.eml": lambda: HEAD + b'Content-Type: multipart/mixed; boundary=""\r\n\r\n--\r\n' * 1_000,
    "zero bytes.eml": lambda: HEAD + PLAIN + b"\0" * 10_000,
    "fifty thousand empty messages.mbox": lambda: b"From a@b.org Mon Jan  2 10:00:00 2023\nSubject: a\n\n\n" * 50_000,
}
