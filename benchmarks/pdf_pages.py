"""Compare readers of PDF on PDFs whose text is known: `python benchmarks/pdf_pages.py [FOLDER]`.

Needs what requirements-pdf.txt lists. Prints a Markdown table: for each reader and each way of making a PDF, the share
of the sentences put in that come out verbatim (white space aside) on the page they were put on, and seconds for 100
pages. With a folder of any PDFs, prints the seconds that each reader takes for these as well.
"""

from __future__ import annotations

import html
import io
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pdfminer.high_level
import pypdf
import pypdfium2
import typst
import weasyprint

from quoth.documents.pdf import read_pdf
from tests.documents.pdf_samples import Pages, in_columns, known_pages, with_fpdf, with_furniture, with_reportlab

PAGES = 40


def with_typst(pages: Pages, columns: int = 2) -> bytes:
    """Make a justified and hyphenated PDF with a running header and numbered pages."""
    text = "\n#pagebreak()\n".join("\n\n".join(page) for page in pages)
    source = (
        f'#set page(columns: {columns}, numbering: "1", header: [The Mills of Ilmar #h(1fr) Mrs Bell])\n'
        '#set text(lang: "en", hyphenate: true)\n#set par(justify: true, first-line-indent: 1em)\n' + text
    )
    return typst.compile(source.encode())


def with_weasyprint(pages: Pages, columns: int = 2) -> bytes:
    """Make a justified and hyphenated PDF through CSS, with numbered pages."""
    style = (
        "@page{margin:2cm;@top-left{content:'The Mills of Ilmar'}@bottom-center{content:counter(page)}}"
        f"section{{columns:{columns};break-after:page;text-align:justify;hyphens:auto;font:11pt serif}}"
    )
    body = "".join(f"<section>{''.join(f'<p>{html.escape(text)}</p>' for text in page)}</section>" for page in pages)
    return weasyprint.HTML(string=f"<html lang=en><style>{style}</style>{body}</html>").write_pdf()


MAKERS: dict[str, Callable[[Pages], bytes]] = {
    "reportlab": with_reportlab,
    "fpdf2, justified": with_fpdf,
    "header and page number": with_furniture,
    "2 columns": in_columns,
    "2 columns, drawn row by row": lambda pages: in_columns(pages, row_by_row=True),
    "3 columns": lambda pages: in_columns(pages, 3),
    "Typst": lambda pages: with_typst(pages, 1),
    "Typst, 2 columns": with_typst,
    "WeasyPrint, 2 columns": with_weasyprint,
}


def _quoth(data: bytes) -> list[str]:
    contents = read_pdf(data, "a.pdf")
    pages: dict[int, list[str]] = {}
    for paragraph in contents.paragraphs:
        pages.setdefault(paragraph.page or 0, []).append(contents.text[paragraph.start : paragraph.end])
    return ["\n".join(pages.get(number, ())) for number in range(1, max(pages, default=0) + 1)]


def _pypdf(data: bytes) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages]


def _pdfminer(data: bytes) -> list[str]:
    return pdfminer.high_level.extract_text(io.BytesIO(data)).split("\f")


def _pdfium(data: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(data)
    return [page.get_textpage().get_text_range() for page in document]


READERS: dict[str, Callable[[bytes], list[str]]] = {
    "Quoth": _quoth,
    "pypdf": _pypdf,
    "pdfminer.six": _pdfminer,
    "PDFium's own text": _pdfium,
}


def right_pages(found: Sequence[str], pages: Pages) -> float:
    """The share of sentences that stand on the page they were put on."""
    texts = [" ".join(text.split()) for text in found]
    wanted = [
        (number, f"{sentence.rstrip('.')}.")
        for number, page in enumerate(pages)
        for text in page
        for sentence in text.split(". ")
    ]
    return sum(number < len(texts) and sentence in texts[number] for number, sentence in wanted) / len(wanted)


def main() -> None:
    pages = known_pages(PAGES)
    seconds = dict.fromkeys(READERS, 0.0)
    print("| PDF | " + " | ".join(READERS) + " |\n|---|" + "---|" * len(READERS))
    for name, make in MAKERS.items():
        data = make(pages)
        assert len(pypdf.PdfReader(io.BytesIO(data)).pages) == PAGES, f"{name} needs more than a page for a page"
        row = []
        for reader, read in READERS.items():
            begun = time.perf_counter()
            found = read(data)
            seconds[reader] += time.perf_counter() - begun
            row.append(f"{100 * right_pages(found, pages):.1f} %")
        print(f"| {name} | " + " | ".join(row) + " |")
    spent = (f"{100 * taken / PAGES / len(MAKERS):.1f} s" for taken in seconds.values())
    print("| seconds for 100 pages | " + " | ".join(spent) + " |")
    for folder in sys.argv[1:]:
        _time_folder(Path(folder))


def _time_folder(folder: Path) -> None:
    files = sorted(folder.rglob("*.pdf"))
    count = sum(len(pypdfium2.PdfDocument(path)) for path in files)
    row = []
    for read in READERS.values():
        begun = time.perf_counter()
        for path in files:
            try:
                read(path.read_bytes())
            except Exception as error:
                print(f"{path}: {error}", file=sys.stderr)
        row.append(f"{time.perf_counter() - begun:.0f} s")
    print(f"| {len(files)} files, {count:,} pages | " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
