"""A text put together of a document's blocks, for formats whose bytes are not themselves the text that is read."""

from __future__ import annotations

import re

from quoth.documents.model import LONGEST_TITLE, Contents, Paragraph
from quoth.documents.outline import Outline
from quoth.documents.plain import GATHERED, INTRODUCTION
from quoth.errors import NoTextError

# What no text holds: control characters but tab and line feed, halves of surrogate pairs, and the noncharacters
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_BREAK = re.compile(r"\r\n|[\r\v\f\x85\u2028\u2029]")
_BETWEEN = "\n\n"


class Assembly:
    """Takes a document's blocks in the order of reading and gives the text that they make, and its paragraphs.

    Blocks stand a blank line apart, items of one list or table a line apart. Headings are text but no paragraphs.
    """

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._paragraphs: list[Paragraph] = []
        self._outline = Outline()
        self._place: str | None = None
        # Whether the last paragraph may take in the next item
        self._open = False

    def heading(self, level: int, text: str) -> None:
        """Go below a heading of a level; 1 is the highest."""
        text = " ".join(clean(text).split())
        self._outline.enter(level, text)
        self._place = None
        if text:
            self._append(text, _BETWEEN)
        self._open = False

    def place(self, name: str) -> None:
        """Name the place of the paragraphs that follow, up to the next place or heading: "00:12:04", "row 12".

        It stands in their citations below the headings, and is no text.
        """
        path = self._outline.path
        name = " ".join(clean(name).split())[:LONGEST_TITLE].rstrip()
        self._place = f"{path} > {name}" if path and name else name or path
        self._open = False

    def paragraph(self, text: str, *, page: int | None = None, prose: bool = True) -> None:
        """Add a paragraph as it stands but for white space around it; one without anything else is left out.

        ``page`` counts from 1. What is not ``prose`` is counted and shown but never quoted.
        """
        text = clean(text).strip()
        self._open = False
        if text:
            self._add(text, page, prose)
            self._open = len(text) <= INTRODUCTION and text[-1] in ":："

    def item(self, text: str, *, page: int | None = None) -> None:
        """Add an item of a list, or a row of a table.

        It joins the items before it, and the paragraph above them if that introduces them with a colon, while
        together they stay short (about ``GATHERED`` characters) and on one page.
        """
        text = clean(text).strip()
        if not text:
            return
        last = self._paragraphs[-1] if self._paragraphs else None
        if self._open and last is not None and last.page == page and len(text) + self._length - last.start < GATHERED:
            start = self._append(text, "\n")
            self._paragraphs[-1] = Paragraph(last.number, last.start, start + len(text), last.heading, page)
        else:
            self._add(text, page, prose=True)
        self._open = True

    def end_items(self) -> None:
        """Let the next item begin a paragraph of its own: a list or a table has ended."""
        self._open = False

    def contents(self, title: str | None = None, uri: str | None = None) -> Contents:
        """Return what was put together. Without a ``title`` the first heading of level 1 is one."""
        title = " ".join(clean(title or "").split()) or self._outline.title
        return Contents("".join(self._parts), tuple(self._paragraphs), title, uri)

    def _add(self, text: str, page: int | None, prose: bool) -> None:
        start = self._append(text, _BETWEEN)
        number = len(self._paragraphs) + 1
        heading = self._place or self._outline.path
        self._paragraphs.append(Paragraph(number, start, start + len(text), heading, page, prose))

    def _append(self, text: str, between: str) -> int:
        """Append to the text and return the offset at which it begins."""
        if self._parts:
            self._parts.append(between)
            self._length += len(between)
        start = self._length
        self._parts.append(text)
        self._length += len(text)
        return start


def with_text(contents: Contents, name: str) -> Contents:
    """Return what was read where it holds any text. Raises NoTextError, which calls the file ``name``."""
    if not contents.text:
        raise NoTextError(f"{name} holds no text; recognise that of its pictures (OCR) if they show any")
    return contents


def clean(text: str) -> str:
    """Return a text with line feeds for all line ends and without the characters that no text holds."""
    return _UNFIT.sub("", _BREAK.sub("\n", text))
