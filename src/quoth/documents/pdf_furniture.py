"""What stands on a PDF's pages besides their text: running headers and footers, and the pages' own numbers."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from quoth.documents.pdf_lines import Line

# Rows from the top, and from the foot, that furniture may take
_ROWS = 3
# Points that the same row may stand higher or lower on another page
_SAME_PLACE = 4.0
_PAGES = 3
_PAGES_OF_FEW = 2
_FEW = 4
_LONGEST = 200
# How much of a page's height is its edge
_EDGE = 0.15
# Furniture is no larger than the text; what is repeated and larger is a title
_LARGER = 1.15
# How far furniture stands apart from the text: in parts of the lines' usual distance, and of the letters' size
_APART = 1.25
_APART_FROM_SMALL = 1.45
# Where this much of a text seems to be furniture, none is: the pages of a form, of labels
_TOO_MUCH = 0.4
# On so many pages a row is furniture's that on the others it is as well, whatever it says
_MOST = 0.6
_NUMBER = re.compile(r"(?<!\w)(?:\d{1,5}|[ivxlc]{1,8})(?!\w)", re.IGNORECASE)
_NUMBERS_TRIED = 4
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}

Key = tuple[str, int]
Rows = list[list[Line]]


def without_furniture(pages: Sequence[Sequence[Line]], size: float, heights: Sequence[float]) -> list[list[Line]]:
    """Leave out the lines that pages repeat at the same place at their edges, but for the number of the page.

    A number stands for the page's where it grows with the pages. What stands beside furniture on one row goes with
    it. ``size`` is that of the text and ``heights`` are those of the pages, in points. One page alone has no
    furniture that could be told from its text.
    """
    if len(pages) < 2:
        return [list(page) for page in pages]
    apart = max(_APART * _usual_distance(pages), _APART_FROM_SMALL * size)
    edges = [_edges(page, apart, height) for page, height in zip(pages, heights, strict=True)]
    turned = [[line for line in page if line.angle != page[0].angle] for page in pages]
    candidates = [[line for rows in sides for row in rows for line in row] for sides in edges]
    repeated = _repeated([[*lines, *others] for lines, others in zip(candidates, turned, strict=True)], size)
    left_out = [{line.order for line in others} & orders for others, orders in zip(turned, repeated, strict=True)]
    places: Counter[int] = Counter()
    for page, sides in enumerate(edges):
        for row in _outer(sides, repeated[page]):
            left_out[page].update(line.order for line in row)
            places[_place(row[0])] += 1
    always = {place for place in places if places[place] >= max(_PAGES, _MOST * len(pages))}
    for page, sides in enumerate(edges):
        for rows in sides:
            if rows and _place(rows[0][0]) in always and all(line.size <= _LARGER * size for line in rows[0]):
                left_out[page].update(line.order for line in rows[0])
    letters = sum(len(line.text) for page in pages for line in page)
    kept = [[line for line in page if line.order not in out] for page, out in zip(pages, left_out, strict=True)]
    if sum(len(line.text) for page in kept for line in page) < (1 - _TOO_MUCH) * letters:
        return [list(page) for page in pages]
    return kept


def _usual_distance(pages: Sequence[Sequence[Line]]) -> float:
    distances: Counter[float] = Counter()
    for page in pages:
        for above, below in pairwise(sorted({line.y for line in page})):
            distances[round((below - above) * 2) / 2] += 1
    return max(distances, key=lambda distance: distances[distance], default=0.0)


def _edges(page: Sequence[Line], apart: float, height: float) -> tuple[Rows, Rows]:
    """Give the rows at a page's top and at its foot, the outermost first, as far as they stand apart from its text.

    The outermost is among them where it is but a number.
    """
    rows: Rows = []
    for line in sorted((line for line in page if line.angle == page[0].angle), key=lambda line: line.y):
        if rows and line.y - rows[-1][0].y < _SAME_PLACE:
            rows[-1].append(line)
        else:
            rows.append([line])
    sides: list[Rows] = []
    for ordered in (rows, rows[::-1]):
        last = max(
            (
                index + 1
                for index in range(min(_ROWS, len(ordered) - 1))
                if abs(ordered[index + 1][0].y - ordered[index][0].y) >= apart
            ),
            default=0,
        )
        if last == 0 and ordered and len(ordered[0]) == 1 and _NUMBER.fullmatch(ordered[0][0].text):
            last = 1
        sides.append([row for row in ordered[:last] if not _EDGE * height < row[0].y < (1 - _EDGE) * height])
    return sides[0], sides[1]


def _repeated(candidates: Sequence[Sequence[Line]], size: float) -> list[set[int]]:
    """Give, for each page, which of its lines (by ``order``) stand on other pages too."""
    found: dict[Key, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    for page, lines in enumerate(candidates):
        for line in lines:
            if len(line.text) <= _LONGEST and line.size <= _LARGER * size:
                for key in _keys(line, page):
                    found[key][page].add(line.order)
    needed = _PAGES_OF_FEW if len(candidates) < _FEW else _PAGES
    repeated: list[set[int]] = [set() for _ in candidates]
    for pages in found.values():
        if len(pages) >= needed:
            for page, orders in pages.items():
                repeated[page] |= orders
    return repeated


def _outer(sides: tuple[Rows, Rows], repeated: set[int]) -> Iterator[list[Line]]:
    """Give a page's rows of furniture: those that repeat, from the edge to the first that doesn't."""
    for rows in sides:
        for row in rows:
            if not any(line.order in repeated for line in row):
                break
            yield row


def _keys(line: Line, page: int) -> Iterator[Key]:
    """Give what a line would share with its like on other pages: its text with the page's number as one, and its place.

    Places are counted in steps, and each line is of two of them, since a step may end anywhere.
    """
    texts = [line.text]
    for number in list(_NUMBER.finditer(line.text))[:_NUMBERS_TRIED]:
        texts.append(f"{line.text[: number.start()]}\0{_value(number[0]) - page}\0{line.text[number.end() :]}")
    for place in {_place(line), int((line.y + _SAME_PLACE / 2) // _SAME_PLACE)}:
        for text in texts:
            yield text, place


def _place(line: Line) -> int:
    return int(line.y // _SAME_PLACE)


def _value(number: str) -> int:
    if number.isdigit():
        return int(number)
    values = [_ROMAN[letter] for letter in number.lower()]
    return sum(-value if value < after else value for value, after in zip(values, [*values[1:], 0], strict=True))
