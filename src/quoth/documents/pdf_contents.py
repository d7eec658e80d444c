"""Tables of contents in a PDF: dots that lead to page numbers, beside headings that the document repeats."""

from __future__ import annotations

import re
from collections.abc import Sequence

from quoth.documents.pdf_lines import Line

_LEADER = re.compile(r"(?:[.․·…] ?){4,}\s*(?:\d{1,5}|[ivxlc]{1,8})?$", re.IGNORECASE)
_NUMBER = re.compile(r"(?:\d{1,5}|[ivxlc]{1,8})$", re.IGNORECASE)
_FEWEST = 3
_LAST_PART = 100
# Points
_SAME_PLACE = 3.0


def without_contents(lines: Sequence[Line]) -> list[Line]:
    """Leave out a page's entries of a table of contents: they repeat the headings.

    An entry has dots before its number, or its number stands below or above those of entries that have.
    """
    entries = [line for line in lines if _LEADER.search(line.text[-_LAST_PART:])]
    if len(entries) < _FEWEST:
        return list(lines)
    rows = {round(line.y / _SAME_PLACE) for line in entries}
    numbers = [line for line in lines if _NUMBER.search(line.text[-_LAST_PART:])]
    ends = {round(line.right / _SAME_PLACE) for line in numbers if round(line.y / _SAME_PLACE) in rows}
    for line in numbers:
        if any(round(line.right / _SAME_PLACE) + step in ends for step in (-1, 0, 1)):
            rows.add(round(line.y / _SAME_PLACE))
    return [line for line in lines if round(line.y / _SAME_PLACE) not in rows]
