"""Documents of every format, damaged by chance: the same number gives the same damage every time.

``benchmarks/mutations.py`` reads thousands of them, ``test_mutations.py`` a few hundred.
"""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Callable
from functools import cache

from tests.documents.hostile.mail import HEAD, PLAIN
from tests.documents.hostile.office import CHAPTER, docx, epub, item, odt, pptx, words
from tests.documents.hostile.pdf import written
from tests.documents.pdf_samples import known_pages, with_fpdf, with_reportlab

PAGES = known_pages(2, paragraphs=3)
SENTENCES = [text for page in PAGES for text in page]
MARKUP = "".join(f"<p>{text}</p>" for text in SENTENCES).encode()
# Values at which counting and adding goes wrong
EDGES = [bytes([value]) * size for value in (0x00, 0x7F, 0x80, 0xFF) for size in (1, 2, 4, 8)]
NUMBERS = [b"-1", b"0", b"65536", b"2147483648", b"4294967295", b"99999999999999999999", b"1e308", b"nan"]


def _table() -> bytes:
    cell = b"<w:tc>%s</w:tc>" % words(b"Boat")
    return b"<w:tbl>%s</w:tbl>" % (b"<w:tr>%s</w:tr>" % (cell * 3) * 3)


def _page() -> bytes:
    rows = b"<tr><th>Boat<th>Sails</tr>" + b"<tr><td>Ferry<td>2</tr>" * 3
    return (
        b"<!DOCTYPE html><html><head><title>Boats</title><meta charset=utf-8></head><body><nav><a href=/>Home</a></nav>"
        b"<article><h1>Boats</h1>%s<ul><li>One<li>Two</ul><table>%s</table><pre>a = 1\nb = 2</pre></article>"
        b"<footer>Imprint</footer></body></html>" % (MARKUP, rows)
    )


def _mail() -> bytes:
    return (
        HEAD
        + b'MIME-Version: 1.0\r\nSubject: =?utf-8?q?B=C3=B6ats?=\r\nContent-Type: multipart/alternative; boundary="b"'
        b"\r\n\r\n--b\r\n"
        + PLAIN
        + b"> quoted\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n"
        + MARKUP
        + b"\r\n--b--\r\n"
    )


def _book() -> bytes:
    return epub(item(b"c.xhtml"), b'<itemref idref="c"/>', {"c.xhtml": CHAPTER % MARKUP})


def _text(join: str, each: str) -> bytes:
    return join.join(each.format(number=number, text=text) for number, text in enumerate(SENTENCES, 10)).encode()


SAMPLES: dict[str, Callable[[], bytes]] = {
    "a.pdf": lambda: written({}),
    "b.pdf": lambda: with_reportlab(PAGES),
    "c.pdf": lambda: with_fpdf(PAGES),
    "a.docx": lambda: docx(b"".join(words(text.encode()) for text in SENTENCES) + _table()),
    "a.odt": lambda: odt(MARKUP.replace(b"<p>", b"<text:p>").replace(b"</p>", b"</text:p>")),
    "a.pptx": lambda: pptx(3, b"<a:p><a:r><a:t>The captain counts every boat.</a:t></a:r></a:p>" * 3),
    "a.epub": _book,
    "a.html": _page,
    "a.eml": _mail,
    "a.mbox": lambda: (b"From a@example.org Mon Jan  2 10:00:00 2023\n" + _mail() + b"\n") * 3,
    "a.csv": lambda: b"number,text\n" + _text("\n", '{number},"{text}"'),
    "a.vtt": lambda: b"WEBVTT\n\n" + _text("\n\n", "00:{number}.000 --> 00:{number}.900\n<v Ann>{text}"),
    "a.srt": lambda: _text("\n\n", "{number}\n00:00:{number},000 --> 00:00:{number},900\n{text}"),
    "a.rst": lambda: b"Boats\n=====\n\n" + _text("\n\n", "{text}") + b"\n\n::\n\n    code\n\n* one\n* two\n",
    "a.md": lambda: (
        b"# Boats\n\n" + _text("\n\n", "{text}") + b"\n\n```\ncode\n```\n\n* one\n* two\n\n| a | b |\n|---|---|\n"
    ),
    "a.txt": lambda: _text("\n\n", "{text}"),
    "a.jsonl": lambda: "".join(
        json.dumps({"_id": str(n), "text": text}) + "\n" for n, text in enumerate(SENTENCES)
    ).encode(),
}


@cache
def sample(name: str) -> bytes:
    """Return a sound document of a format."""
    return SAMPLES[name]()


def mutated(number: int, seed: int = 0) -> tuple[str, bytes]:
    """Return the name and the bytes of a damaged document. Every format has its turn."""
    chance = random.Random(f"{seed} {number}")
    names = list(SAMPLES)
    name = names[number % len(names)]
    data = sample(name)
    # Damage to a packed archive is found by its sums, before any reader of what is in it
    inside = data.startswith(b"PK") and chance.random() < 0.7
    return name, _inside(data, chance) if inside else _damaged(data, chance)


def _damaged(data: bytes, chance: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 3, 8, 30))):
        chance.choice(_DAMAGES)(out, chance)
    return bytes(out)


def _inside(data: bytes, chance: random.Random) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        hit = chance.choice(archive.namelist())
        for info in archive.infolist():
            content = archive.read(info)
            out.writestr(info.filename, _damaged(content, chance) if info.filename == hit else content)
    return target.getvalue()


def _place(out: bytearray, chance: random.Random) -> int:
    return chance.randrange(len(out) + 1)


def _flip(out: bytearray, chance: random.Random) -> None:
    if out:
        out[chance.randrange(len(out))] ^= 1 << chance.randrange(8)


def _overwrite(out: bytearray, chance: random.Random) -> None:
    place, value = _place(out, chance), chance.choice(EDGES)
    out[place : place + len(value)] = value


def _truncate(out: bytearray, chance: random.Random) -> None:
    del out[_place(out, chance) :]


def _cut(out: bytearray, chance: random.Random) -> None:
    place = _place(out, chance)
    del out[place : place + chance.choice((1, 10, 100, 1_000))]


def _repeat(out: bytearray, chance: random.Random) -> None:
    place = _place(out, chance)
    piece = bytes(out[place : place + chance.choice((1, 10, 100))])
    out[place:place] = piece * chance.choice((1, 10, 100))


def _splice(out: bytearray, chance: random.Random) -> None:
    other = sample(chance.choice(list(SAMPLES)))
    start, place = chance.randrange(len(other)), _place(out, chance)
    out[place : place + chance.choice((0, 100))] = other[start : start + chance.choice((10, 100, 1_000))]


def _number(out: bytearray, chance: random.Random) -> None:
    """Put another number in a number's place."""
    digits = [place for place in range(len(out)) if 48 <= out[place] <= 57]
    if digits:
        place = chance.choice(digits)
        out[place : place + 1] = chance.choice(NUMBERS)


_DAMAGES = (_flip, _flip, _overwrite, _truncate, _cut, _repeat, _splice, _number)
