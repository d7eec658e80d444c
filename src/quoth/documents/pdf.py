"""PDF: the text of its pages as a person reads it, each paragraph with the page it stands on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from quoth.documents.assembly import Assembly
from quoth.documents.model import Contents
from quoth.documents.pdf_characters import character_count, page_words
from quoth.documents.pdf_columns import columns
from quoth.documents.pdf_hyphens import Hyphens
from quoth.documents.pdf_lines import Line, page_lines
from quoth.documents.pdf_paragraphs import goes_on, paragraphs
from quoth.errors import FormatError, MissingReaderError, NoTextError

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

MOST_PAGES = 10_000
MOST_CHARACTERS = 20_000_000
"""Characters of all pages; an encyclopaedia has fewer."""

# PDFium's number for a document that opens with a password only
_PASSWORD = 4
_NO_TITLE = re.compile(
    r"\(anonymous\)|untitled.*|microsoft (?:word|powerpoint|excel)\b.*|\S+\.\w{2,5}|.*\.(?:docx?|indd|qxd|tex|dvi)",
    re.IGNORECASE,
)


def read_pdf(data: bytes, name: str) -> Contents:
    """Read a PDF: its paragraphs with their pages, counted from 1 as a viewer does.

    Args:
        data: The file's bytes.
        name: What errors call it by.

    Raises:
        FormatError: it is damaged, opens with a password only or holds too much.
        NoTextError: it holds pictures of pages.
        MissingReaderError: the extra ``documents`` is not installed.
    """
    try:
        import pypdfium2
    except ImportError as error:
        raise MissingReaderError(name) from error
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == _PASSWORD:
            raise FormatError(f"{name} opens with a password only; save it without one and try again") from error
        raise _damaged(name, error) from error
    try:
        pages = list(_pages(document, name))
        title = document.get_metadata_dict().get("Title", "")
    except pypdfium2.PdfiumError as error:
        raise _damaged(name, error) from error
    finally:
        document.close()
    if not any(pages):
        raise NoTextError(f"{name} holds pictures of pages and no text; recognise its text (OCR) and try again")
    return _assembled(pages, title)


def _pages(document: PdfDocument, name: str) -> Iterator[list[Line]]:
    """Give the lines of each page."""
    if len(document) > MOST_PAGES:
        raise FormatError(
            f"{name} has {len(document):,} pages and may have {MOST_PAGES:,}; split it into several files"
        )
    characters = 0
    for number in range(len(document)):
        page = document[number]
        try:
            characters += character_count(page)
            if characters > MOST_CHARACTERS:
                raise FormatError(f"{name} has more than {MOST_CHARACTERS:,} characters; split it into several files")
            yield page_lines(page_words(page))
        finally:
            page.close()


def _assembled(pages: list[list[Line]], title: str) -> Contents:
    hyphens = Hyphens(line.text for page in pages for line in page)
    assembly = Assembly()
    for number, page in enumerate(pages, 1):
        for paragraph in _page_paragraphs(page):
            assembly.paragraph(hyphens.join(line.text for line in paragraph), page=number)
    return assembly.contents(title if _is_title(title) else None)


def _page_paragraphs(page: list[Line]) -> list[list[Line]]:
    """Give a page's paragraphs in the order of reading; one that goes on in the next column is one."""
    found: list[list[Line]] = []
    for angle in _angles(page):
        for column in columns([line for line in page if line.angle == angle]):
            first, *others = paragraphs(column)
            if found and goes_on(found[-1], first):
                found[-1] += first
            else:
                found.append(first)
            found += others
    return found


def _angles(lines: list[Line]) -> list[int]:
    """The directions in which a page is written, the usual one first."""
    letters: Counter[int] = Counter()
    for line in lines:
        letters[line.angle] += len(line.text)
    return [angle for angle, _ in letters.most_common()]


def _is_title(title: str) -> bool:
    """Whether what a file gives as its title is one, and not what a program put there."""
    title = title.strip()
    return len(title) > 3 and _NO_TITLE.fullmatch(title) is None and any(map(str.isalpha, title))


def _damaged(name: str, error: Exception) -> FormatError:
    return FormatError(f"{name} is a damaged PDF ({error}); save it again and try once more")
