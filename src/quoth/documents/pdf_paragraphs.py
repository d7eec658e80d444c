"""Paragraphs of a PDF: which lines of a column belong together."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from quoth.documents.pdf_hyphens import HYPHENS
from quoth.documents.pdf_lines import Line
from quoth.documents.pdf_tables import Table

_ENDED = re.compile(r"[.!?:;。！？：；؟۔…][\"'”’»)\]]*$")
_ITEM = re.compile(
    r"[•‣◦▪▫■□●○∙·–—*\uf0b7\uf0a7-] \S|[•‣◦▪■●\uf0b7\uf0a7]|\(?(?:\d{1,3}|[A-Za-z]|[ivxlc]{2,5})[.)] |\[\w{1,8}\] "
)
# In parts of the usual distance of lines: what is more is a new paragraph
_SPACED = 1.22
# In parts of the letters' size
_INDENT = 0.7
_DEEPEST_INDENT = 8.0
_SPACE = 0.25
_OTHER_SIZE = 0.08
_SINGLE_SPACED = 1.2
_FULL = 0.25
# Lines of code stand as far apart as one with an empty line between
_SPACED_CODE = 2.6
_SAME_ROW = 0.3
_WIDEST_CODE = 40


def paragraphs(items: Sequence[Line | Table]) -> list[list[Line] | Table]:
    """Part the lines of one column, in the order of reading, into paragraphs; tables stay between them."""
    lines = [item for item in items if isinstance(item, Line)]
    column = _Column(lines) if lines else None
    found: list[list[Line] | Table] = []
    for item in items:
        last = found[-1] if found else None
        if isinstance(item, Table):
            found.append(item)
        elif column is None or not isinstance(last, list) or column.begins(last, item):
            found.append([item])
        else:
            last.append(item)
    return found


def code(lines: Sequence[Line]) -> str:
    """Give the text of lines in letters of one width, each on a line of its own and as far in as it stands."""
    first = min(line.left for line in lines)
    width = min((line.width / len(line.text) for line in lines if len(line.text) > 1), default=1.0) or 1.0
    rows: list[str] = []
    before: Line | None = None
    for line in lines:
        if before is not None and abs(line.y - before.y) < _SAME_ROW * line.size:
            gap = max(1, round((line.left - before.right) / width))
            rows[-1] += " " * min(gap, _WIDEST_CODE) + line.text
        else:
            rows.append(" " * min(round((line.left - first) / width), _WIDEST_CODE) + line.text)
        before = line
    return "\n".join(rows)


def goes_on(paragraph: Sequence[Line], beginning: Sequence[Line]) -> bool:
    """Whether a column's first paragraph goes on with the last one of the column before."""
    last, first = paragraph[-1], beginning[0]
    if abs(last.size - first.size) > _OTHER_SIZE * last.size or last.bold != first.bold or last.angle != first.angle:
        return False
    # Only what turned back up can have come from the foot of a column
    return first.y < last.y and (last.text[-1] in HYPHENS or (first.text[0].islower() and not is_ended(last.text)))


def is_ended(text: str) -> bool:
    """Whether a text ends as a sentence or an introduction does."""
    return _ENDED.search(text[-8:]) is not None


def is_item(text: str) -> bool:
    """Whether a line begins with the mark of a list's item."""
    return _ITEM.match(text) is not None


class _Column:
    """What is usual in a column: where its lines begin and end, and how far they stand apart."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._rtl = sum(line.rtl for line in lines) * 2 > len(lines)
        self._end = _margin([self._ends(line) for line in lines])
        self._begin = _usual([self._begins(line) for line in lines])
        distances: dict[float, list[float]] = {}
        for before, after in pairwise(lines):
            if before.size == after.size and 0 < after.y - before.y < 4 * after.size:
                distances.setdefault(after.size, []).append(after.y - before.y)
        self._distance = {size: _usual(found) for size, found in distances.items()}

    def begins(self, paragraph: Sequence[Line], line: Line) -> bool:
        """Whether a line that follows a paragraph begins another one."""
        last = paragraph[-1]
        if line.fixed and last.fixed and abs(line.size - last.size) <= _OTHER_SIZE * last.size:
            return not -0.1 <= line.y - last.y <= _SPACED_CODE * line.size
        if abs(line.size - last.size) > _OTHER_SIZE * last.size or line.bold != last.bold or line.fixed != last.fixed:
            return not self._runs_on(last, line)
        distance = self._distance.get(line.size, _SINGLE_SPACED * line.size)
        if line.y - last.y > _SPACED * distance or line.y <= last.y or is_item(line.text):
            return True
        runs_on = self._runs_on(last, line)
        return not runs_on and (self._ended_early(last, line) or self._is_indented(paragraph, line))

    def _begins(self, line: Line) -> float:
        """Where a line begins, growing in the direction of reading."""
        return -line.right if self._rtl else line.left

    def _ends(self, line: Line) -> float:
        return -line.left if self._rtl else line.right

    def _runs_on(self, last: Line, line: Line) -> bool:
        """Whether the words say that a sentence goes on: a hyphen, or a line without an end before small letters."""
        return (
            (last.text[-1] in HYPHENS or (line.text[0].islower() and not is_ended(last.text)))
            and abs(line.size - last.size) <= _OTHER_SIZE * last.size
            and 0 < line.y - last.y <= _SPACED * self._distance.get(line.size, _SINGLE_SPACED * line.size)
        )

    def _ended_early(self, last: Line, line: Line) -> bool:
        """Whether the next line's first word would have fitted on the line before."""
        room = self._end - self._ends(last)
        return room > line.first_width + _SPACE * line.size and room > line.size

    def _is_indented(self, paragraph: Sequence[Line], line: Line) -> bool:
        """Whether a line begins further in than the one before, or further out as the items of a list do."""
        last, indent = paragraph[-1], _INDENT * line.size
        further = self._begins(line) - self._begins(last)
        if further > indent:
            # What follows an item's first line further in is its own text
            hangs = len(paragraph) == 1 and is_item(last.text)
            return not hangs and further < _DEEPEST_INDENT * line.size and self._begins(line) > self._begin + indent
        return further < -indent and len(paragraph) > 1 and is_ended(last.text)


def _margin(ends: Sequence[float]) -> float:
    """Where full lines end: at the place where many do, or the furthest where all end elsewhere."""
    counts = Counter(round(end) for end in ends)
    often = [end for end in counts if counts[end - 1] + counts[end] + counts[end + 1] >= max(3, _FULL * len(ends))]
    return max(often, default=max(ends))


def _usual(values: Sequence[float]) -> float:
    """The most frequent of some values, the smallest of these; those less than a point apart count as one."""
    counts = Counter(round(value * 2) for value in values)
    best = max(counts, key=lambda value: (counts[value] + counts[value - 1] + counts[value + 1], -value))
    near = sorted(value for value in values if abs(value * 2 - best) <= 1.5)
    return near[len(near) // 2] if near else best / 2
