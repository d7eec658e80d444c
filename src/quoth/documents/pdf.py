"""PDF: the text of its pages as a person reads it, each paragraph with the page it stands on."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from quoth.documents.assembly import Assembly
from quoth.documents.model import LONGEST_TITLE, Contents
from quoth.documents.pdf_characters import page_words
from quoth.documents.pdf_columns import columns
from quoth.documents.pdf_contents import without_contents
from quoth.documents.pdf_furniture import without_furniture
from quoth.documents.pdf_headings import Bookmark, Headings, is_label
from quoth.documents.pdf_hyphens import Hyphens
from quoth.documents.pdf_lines import Line, page_lines
from quoth.documents.pdf_paragraphs import code, goes_on, paragraphs
from quoth.documents.pdf_tables import Table, tables
from quoth.errors import FormatError, MissingReaderError, NoTextError

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

_ENCRYPTED = b"/Encrypt"
MOST_PAGES = 10_000
MOST_CHARACTERS = 20_000_000
"""Characters of all pages; an encyclopaedia has fewer."""

MOST_BOOKMARKS = 20_000
# PDFium's number for a document that opens with a password only
_PASSWORD = 4
# PdfiumError is a RuntimeError; the others come from converting what a file claims
_LIBRARY_ERRORS = (RuntimeError, ValueError, OverflowError)
# Letters of a font that tells no one which they are
_UNKNOWN = re.compile("[\ue000-\uf8ff\ufffd]")
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
    except _LIBRARY_ERRORS as error:
        if getattr(error, "err_code", None) == _PASSWORD:
            if _ENCRYPTED in data:
                raise FormatError(f"{name} opens with a password only; save it without one and try again") from error
            # PDFium gives no number of its own here, so it is the one of the document before
            raise _damaged(name, ValueError("its catalogue can't be read")) from error
        raise _damaged(name, error) from error
    try:
        pages = _Pages(document, name)
        title, bookmarks = _title(document), _bookmarks(document)
    finally:
        document.close()
    pages.refuse_if_empty()
    lines = without_furniture(_with_code_told(pages.lines), _size(pages.lines), pages.heights)
    return _assembled(lines, title, bookmarks)


class _Pages:
    """The lines of each page, and its height in points. A page that is damaged has none; the others are read."""

    def __init__(self, document: PdfDocument, name: str) -> None:
        self.lines: list[list[Line]] = []
        self.heights: list[float] = []
        self._name = name
        self._characters = 0
        self._damaged: Exception | None = None
        if len(document) > MOST_PAGES:
            raise FormatError(
                f"{name} has {len(document):,} pages and may have {MOST_PAGES:,}; split it into several files"
            )
        for number in range(len(document)):
            try:
                self._read(document, number)
            except _LIBRARY_ERRORS as error:
                self._damaged = self._damaged or error
                self.lines.append([])
                self.heights.append(0.0)

    def _read(self, document: PdfDocument, number: int) -> None:
        page = document[number]
        try:
            words, count = page_words(page, MOST_CHARACTERS - self._characters)
            left, bottom, right, top = page.get_bbox()
        finally:
            page.close()
        self._characters += count
        if self._characters > MOST_CHARACTERS:
            raise FormatError(f"{self._name} has more than {MOST_CHARACTERS:,} characters; split it into several files")
        lines = without_contents(page_lines(words))
        self.lines.append(lines)
        self.heights.append(right - left if lines and lines[0].angle % 180 == 90 else top - bottom)

    def refuse_if_empty(self) -> None:
        """Raise the error that says why there is nothing to read, where there is nothing."""
        letters = sum(len(line.text) for page in self.lines for line in page)
        if not letters and self._damaged is not None:
            raise _damaged(self._name, self._damaged) from self._damaged
        if not letters and not self._characters:
            raise NoTextError(
                f"{self._name} holds pictures of pages and no text; recognise its text (OCR) and try again"
            )
        unknown = sum(len(_UNKNOWN.findall(line.text)) for page in self.lines for line in page)
        if unknown * 2 >= letters:
            raise NoTextError(
                f"{self._name} doesn't say which letters its fonts draw; recognise its text (OCR) and try again"
            )


def _title(document: PdfDocument) -> str:
    try:
        return str(document.get_metadata_value("Title"))[:LONGEST_TITLE]
    except _LIBRARY_ERRORS:
        return ""


def _bookmarks(document: PdfDocument) -> list[Bookmark]:
    """Give the document's own table of contents, as far as it can be read."""
    found: list[Bookmark] = []
    try:
        for bookmark in islice(document.get_toc(), MOST_BOOKMARKS):
            target = bookmark.get_dest()
            page = target.get_index() if target is not None else None
            if page is not None:
                found.append(Bookmark(bookmark.level + 1, bookmark.get_title(), page + 1))
    except _LIBRARY_ERRORS:
        return found
    return found


def _assembled(pages: list[list[Line]], title: str, bookmarks: list[Bookmark]) -> Contents:
    hyphens = Hyphens(line.text for page in pages for line in page)
    found = [(number, lines) for number, page in enumerate(pages, 1) for lines in _page_paragraphs(page)]
    headings = Headings([(number, lines) for number, lines in found if isinstance(lines, list)], bookmarks)
    levels = [headings.level(number, part) if isinstance(part, list) else None for number, part in found]
    assembly = Assembly()
    front: tuple[float, str | None] = (0.0, None)
    label = ""
    for index, ((number, part), level) in enumerate(zip(found, levels, strict=True)):
        if isinstance(part, Table):
            assembly.end_items()
            for row in part.readable(hyphens):
                assembly.item(row, page=number)
            assembly.end_items()
            continue
        text = code(part) if all(line.fixed for line in part) else hyphens.join(line.text for line in part)
        if level is None:
            assembly.paragraph(text, page=number)
        elif is_label(text) and index + 1 < len(found) and found[index + 1][0] == number and levels[index + 1]:
            label = f"{text} "
        else:
            assembly.heading(level, label + text)
            # Without a title of its own, a document is called by the largest heading of its first page
            if number == found[0][0] and (front[1] is None or part[0].size > front[0]):
                front = part[0].size, label + text
            label = ""
    return assembly.contents(title if _is_title(title) else front[1])


def _page_paragraphs(page: list[Line]) -> list[list[Line] | Table]:
    """Give a page's paragraphs and tables in the order of reading; what goes on in the next column is one."""
    found: list[list[Line] | Table] = []
    for angle in _angles(page):
        for column in columns([line for line in page if line.angle == angle]):
            for first, part in enumerate(paragraphs(tables(column))):
                last = found[-1] if found else None
                if first == 0 and isinstance(last, list) and isinstance(part, list) and goes_on(last, part):
                    last += part
                else:
                    found.append(part)
    return found


def _size(pages: list[list[Line]]) -> float:
    """The size of most letters."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for line in page:
            sizes[line.size] += len(line.text)
    return max(sizes, key=lambda size: sizes[size], default=10.0)


def _with_code_told(pages: list[list[Line]]) -> list[list[Line]]:
    """Take letters of one width for those of code only where the text is not written in them."""
    fixed = sum(len(line.text) for page in pages for line in page if line.fixed)
    if fixed * 2 <= sum(len(line.text) for page in pages for line in page):
        return pages
    return [[replace(line, fixed=False) for line in page] for page in pages]


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
