"""Hostile PDFs, written by hand: no program writes them."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping

WORDS = b"BT /F1 12 Tf 72 700 Td (The captain counts every boat in the harbour.) Tj ET"
FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
PAGES = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
PAGE = (
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
    b"/Resources << /Font << /F1 5 0 R >> /XObject << /X 6 0 R >> >> >>"
)


def stream(data: bytes, entries: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), entries, data)


def deflated(data: bytes, times: int = 1, entries: bytes = b"") -> bytes:
    for _ in range(times):
        data = zlib.compress(data, 1)
    return stream(data, b"/Filter [%s] %s" % (b" /FlateDecode" * times, entries))


def written(objects: Mapping[int, bytes], trailer: bytes = b"") -> bytes:
    """Write objects by their numbers; those of a page with a sentence stand where none is given."""
    whole = {1: CATALOG, 2: PAGES, 3: PAGE, 4: stream(WORDS), 5: FONT, 6: b"null", **objects}
    out = bytearray(b"%PDF-1.7\n")
    places = {}
    for number, body in whole.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    size = max(whole) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size
    for number in range(1, size):
        out += b"%010d 00000 %s \n" % (places.get(number, 0), b"n" if number in places else b"f")
    out += b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer, start)
    return bytes(out)


def form(content: bytes) -> bytes:
    return stream(content, b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 6 0 R >> >>")


def many_pages() -> bytes:
    kids = b" ".join([b"3 0 R"] * 50_000)
    return written({2: b"<< /Type /Pages /Kids [%s] /Count 50000 >>" % kids})


def looped_tables() -> bytes:
    """Its table of objects says that the one before it is itself."""
    data = written({})
    start = data.rfind(b"xref\n0")
    return data.replace(b"/Root 1 0 R", b"/Root 1 0 R /Prev %d" % start)


def wide_font() -> bytes:
    """A table from codes to characters that says it holds four thousand million."""
    table = b"1 begincodespacerange <00000000> <FFFFFFFF> endcodespacerange\n" + (
        b"100 beginbfrange\n" + b"<00000000> <FFFFFFFF> <0041>\n" * 100 + b"endbfrange\n"
    )
    font = FONT.replace(b">>", b"/ToUnicode 7 0 R >>")
    return written({5: font, 7: stream(table)})


FILES: dict[str, Callable[[], bytes]] = {
    "deflate bomb.pdf": lambda: written({4: deflated(WORDS + b" " * 400_000_000)}),
    "deflate bomb in a deflate bomb.pdf": lambda: written({4: deflated(b"q " * 200_000_000, times=2)}),
    "a million words of nothing.pdf": lambda: written({4: deflated(b"BT /F1 1 Tf (a) Tj ET " * 1_000_000)}),
    "cyclic page tree.pdf": lambda: written({2: b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2000000000 >>"}),
    "page tree of two that hold each other.pdf": lambda: written(
        {
            2: b"<< /Type /Pages /Kids [7 0 R] /Count 9 >>",
            7: b"<< /Type /Pages /Parent 2 0 R /Kids [2 0 R 3 0 R] /Count 9 >>",
        }
    ),
    "a page fifty thousand times.pdf": many_pages,
    "a billion pages.pdf": lambda: written({2: PAGES.replace(b"/Count 1", b"/Count 1000000000")}),
    "minus one page.pdf": lambda: written({2: PAGES.replace(b"/Count 1", b"/Count -1")}),
    "form that holds itself.pdf": lambda: written({4: stream(WORDS + b" /X Do"), 6: form(b"/X Do /X Do")}),
    "forms that hold each other.pdf": lambda: written(
        {
            4: stream(WORDS + b" /X Do"),
            6: form(b"/Y Do").replace(b"/X 6 0 R", b"/Y 7 0 R"),
            7: form(b"/X Do /X Do"),
        }
    ),
    "nested arrays.pdf": lambda: written({7: b"[" * 200_000 + b"]" * 200_000}, b"/Info 7 0 R"),
    "nested dictionaries.pdf": lambda: written({1: b"<< /A " * 100_000 + b">>" * 100_000}),
    "nested operators.pdf": lambda: written({4: deflated(b"q " * 1_000_000 + WORDS)}),
    "length that is its own stream.pdf": lambda: written(
        {4: b"<< /Length 4 0 R >>\nstream\n" + WORDS + b"\nendstream"}
    ),
    "length beyond the file.pdf": lambda: written({4: stream(WORDS).replace(b"/Length ", b"/Length 99999999")}),
    "object that is itself.pdf": lambda: written({4: b"4 0 R", 5: b"5 0 R"}),
    "table before itself.pdf": looped_tables,
    "endless outline.pdf": lambda: written(
        {
            1: CATALOG.replace(b">>", b"/Outlines 7 0 R >>"),
            7: b"<< /First 8 0 R /Last 8 0 R /Count 1 >>",
            8: b"<< /Title (One) /Parent 7 0 R /Next 8 0 R /First 8 0 R /Dest [3 0 R /Fit] >>",
        }
    ),
    "font of four thousand million.pdf": wide_font,
    "picture of a billion points.pdf": lambda: written(
        {
            4: stream(WORDS + b" /X Do"),
            6: deflated(
                b"\0" * 1000,
                entries=b"/Type /XObject /Subtype /Image /Width 100000 /Height 100000 /BitsPerComponent 8 "
                b"/ColorSpace /DeviceRGB",
            ),
        }
    ),
    "page without end.pdf": lambda: written({3: PAGE.replace(b"595 842", b"1e38 -1e38")}),
    "page of nothing.pdf": lambda: written({3: PAGE.replace(b"[0 0 595 842]", b"[0 0 0 0]")}),
    "programs and addresses.pdf": lambda: written(
        {
            1: CATALOG.replace(b">>", b"/OpenAction 7 0 R /AcroForm << /XFA 8 0 R >> >>"),
            7: b"<< /S /JavaScript /JS (while \\(true\\) app.launchURL\\('http://127.0.0.1:9/'\\);) /Next 9 0 R >>",
            8: stream(b"<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]><x>&y;</x>"),
            9: b"<< /S /Launch /F (/bin/true) >>",
        }
    ),
    "stream in another file.pdf": lambda: written({4: stream(WORDS, b"/F (/etc/passwd)")}),
    "truncated.pdf": lambda: written({4: stream(WORDS * 100)})[:2_000],
    "first line only.pdf": lambda: b"%PDF-1.7\n",
    "no pages.pdf": lambda: written({2: b"null"}),
    "no end.pdf": lambda: b"%PDF-1.7\n" + b"1 0 obj\n" * 200_000,
    "zero bytes inside.pdf": lambda: written({}).replace(b"endobj", b"\0\0\0\0\0\0"),
    "a PDF called.txt": lambda: written({}),
}
