"""Headings of a PDF: told by its bookmarks, and by letters that are larger or bolder than the text's."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from quoth.documents.model import LONGEST_TITLE
from quoth.documents.pdf_lines import Line

_LARGER = 1.1
_LONGEST = 200
_MOST_LINES = 3
_LOWEST = 6
# A style in which so much is written is no heading's
_TOO_MUCH = 0.2
# Letters that a heading may have before the words of its bookmark: "Chapter 12"
_LABEL = 14
_NO_HEADING = re.compile(r"[.,;:]$|(?:\. ?){4,}|^[\W\d_]*$")
_NUMBERED = re.compile(r"(?:\w+ )?(?:\d{1,3}|[IVXLC]{1,7}|[A-Z])[.:]?")


@dataclass(frozen=True, slots=True)
class Bookmark:
    """An entry of a PDF's own table of contents: its depth, from 1, and the page it leads to, from 1."""

    level: int
    title: str
    page: int


Style = tuple[float, bool]


class Headings:
    """Tells which paragraphs of a document are headings, and their levels; 1 is the highest.

    ``paragraphs`` are all of the document's, with their pages.
    """

    def __init__(self, paragraphs: Iterable[tuple[int, Sequence[Line]]], bookmarks: Iterable[Bookmark]) -> None:
        self._bookmarks: dict[int, dict[str, int]] = defaultdict(dict)
        for bookmark in bookmarks:
            if letters := _letters(bookmark.title):
                self._bookmarks[bookmark.page].setdefault(letters, min(bookmark.level, _LOWEST))
        written: Counter[Style] = Counter()
        named: dict[Style, Counter[int]] = defaultdict(Counter)
        styles: set[Style] = set()
        paragraphs = list(paragraphs)
        for page, lines in paragraphs:
            written[_style(lines[0])] += sum(len(line.text) for line in lines)
            if level := self._marked(page, lines):
                named[_style(lines[0])][level] += 1
        self.body: Style = max(written, key=lambda style: written[style], default=(10.0, False))
        total = sum(written.values())
        for _, lines in paragraphs:
            style = _style(lines[0])
            if written[style] <= _TOO_MUCH * total and self._stands_out(lines):
                styles.add(style)
        self._levels: dict[Style, int] = {}
        level = 0
        for style in sorted(styles, reverse=True):
            level = max(named[style], key=lambda level: named[style][level]) if named[style] else level + 1
            self._levels[style] = min(level, _LOWEST)

    def level(self, page: int, lines: Sequence[Line]) -> int | None:
        """Give the level of a paragraph on a page if it is a heading; None if it is text."""
        if marked := self._marked(page, lines):
            return marked
        return self._levels.get(_style(lines[0])) if self._stands_out(lines) else None

    def _marked(self, page: int, lines: Sequence[Line]) -> int | None:
        """Give the level of the bookmark that a paragraph's words are."""
        if len(lines) > _MOST_LINES or page not in self._bookmarks:
            return None
        text = " ".join(line.text for line in lines)
        if len(text) > LONGEST_TITLE:
            return None
        letters = _letters(text)
        for label in range(min(_LABEL, len(letters) - _LABEL // 2 - 1) + 1 if len(letters) > _LABEL // 2 else 1):
            if level := self._bookmarks[page].get(letters[label:]):
                return level
        return None

    def _stands_out(self, lines: Sequence[Line]) -> bool:
        text = " ".join(line.text for line in lines)
        size, bold = _style(lines[0])
        body_size, body_bold = self.body
        larger = size > _LARGER * body_size
        bolder = bold and not body_bold and size > 0.95 * body_size and not lines[0].fixed
        if not (larger or bolder) or len(text) > _LONGEST or len(lines) > (_MOST_LINES if larger else _MOST_LINES - 1):
            return False
        return _NO_HEADING.search(text) is None


def is_label(text: str) -> bool:
    """Whether a heading only numbers the one below it: "Chapter 3", "A"."""
    return _NUMBERED.fullmatch(text) is not None


def _style(line: Line) -> Style:
    return round(line.size * 2) / 2, line.bold


def _letters(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())
