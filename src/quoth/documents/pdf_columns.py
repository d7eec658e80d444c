"""Columns of a PDF's page: in which order its lines are read."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from quoth.documents.pdf_lines import Line

# Columns within columns, and places tried for a gap between two
_DEEPEST = 6
_TRIED = 24
_FEWEST_LINES = 3
_FEWEST_BESIDE = 2
# In parts of the letters' size
_NARROWEST_GAP = 0.6
# How much of a column its lines fill in running text, and how many letters they have
_FILLED = 0.6
_LETTERS = 18
_WIDE_LETTERS = 9
# Points that a line may stick out of its column
_TOLERANCE = 1.0


@dataclass(frozen=True, slots=True)
class _Band:
    """Lines between two heights of the page: those of two columns, or (without ``after``) of one."""

    lines: list[Line]
    after: list[Line]


def columns(lines: Sequence[Line]) -> list[list[Line]]:
    """Part a page's lines into columns in the order of reading, each from its top to its bottom.

    What goes across columns (a heading, a table) parts those above it from those below. Columns are told from the
    columns of a table by how the file draws them, one after the other, and by lines that fill them.
    """
    return _parted(list(lines), _DEEPEST) if lines else []


def _parted(lines: list[Line], depth: int) -> list[list[Line]]:
    bands = _best_bands(lines) if depth and len(lines) >= 2 * _FEWEST_LINES else []
    if not bands:
        return [sorted(lines, key=lambda line: (line.y, line.left))]
    rtl = sum(line.rtl for line in lines) * 2 > len(lines)
    regions: list[list[Line]] = []
    for band in bands:
        sides = (band.after, band.lines) if rtl else (band.lines, band.after)
        for side in sides:
            if side:
                regions += _parted(side, depth - 1)
    return regions


def _best_bands(lines: list[Line]) -> list[_Band]:
    """Part lines at the gap beside which most lines stand in columns; nothing where there is none."""
    ordered = sorted(lines, key=lambda line: line.y)
    best: list[_Band] = []
    most = 0
    for gap in _gaps(lines):
        bands = _bands(ordered, gap)
        count = sum(min(len(band.lines), len(band.after)) for band in bands)
        if count > most:
            best, most = bands, count
    return best


def _gaps(lines: list[Line]) -> list[float]:
    """Give the places where two columns may be parted: between a line's end and the next one's beginning."""
    begins = sorted(line.left for line in lines)
    ends = sorted(line.right for line in lines)
    size = median(line.size for line in lines)
    places: dict[int, tuple[int, float]] = {}
    for end in ends:
        index = bisect_left(begins, end)
        if index == len(begins):
            break
        if begins[index] - end < _NARROWEST_GAP * size:
            continue
        gap = (end + begins[index]) / 2
        beside = min(bisect_right(ends, gap), len(begins) - bisect_left(begins, gap))
        if beside >= _FEWEST_LINES:
            places[round(gap / 3)] = (beside, gap)
    return [gap for _, gap in sorted(places.values(), reverse=True)[:_TRIED]]


def _bands(ordered: list[Line], gap: float) -> list[_Band]:
    """Part lines, sorted by height, into bands: of two columns beside a gap, or of lines that go across it."""
    bands: list[_Band] = []
    before: list[Line] = []
    after: list[Line] = []

    def close() -> None:
        if _are_columns(before, after):
            bands.append(_Band(list(before), list(after)))
        elif before or after:
            _append(bands, [*before, *after])
        before.clear()
        after.clear()

    for line in ordered:
        if line.right <= gap + _TOLERANCE:
            before.append(line)
        elif line.left >= gap - _TOLERANCE:
            after.append(line)
        else:
            close()
            _append(bands, [line])
    close()
    return bands


def _append(bands: list[_Band], lines: list[Line]) -> None:
    """Add lines of one column below the bands, to the last band if that has one column too."""
    if bands and not bands[-1].after:
        bands[-1].lines.extend(lines)
    else:
        bands.append(_Band(lines, []))


def _are_columns(before: Sequence[Line], after: Sequence[Line]) -> bool:
    """Whether the lines on two sides of a gap are read one side after the other, and not row by row."""
    # Parts of one line that wide spaces hold apart are no lines of a column
    fewest = min(len({round(line.y) for line in side}) for side in (before, after))
    if fewest < _FEWEST_BESIDE or not _stand_beside(before, after):
        return False
    size = median(line.size for line in (*before, *after))
    if min(line.left for line in after) - max(line.right for line in before) < _NARROWEST_GAP * size:
        return False
    prose = _is_prose(before) and _is_prose(after)
    sides = sorted([(line.order, 0) for line in before] + [(line.order, 1) for line in after])
    switches = sum(one[1] != other[1] for one, other in pairwise(sides))
    if switches <= max(2, fewest // 6):
        return prose or fewest >= _FEWEST_LINES
    # Some programs draw columns row by row; cells of several lines are drawn one after the other
    return prose and fewest >= _FEWEST_LINES and switches >= 1.5 * fewest


def _stand_beside(before: Sequence[Line], after: Sequence[Line]) -> bool:
    top = max(min(line.y for line in before), min(line.y for line in after))
    bottom = min(max(line.y for line in before), max(line.y for line in after))
    shorter = min(
        max(line.y for line in before) - min(line.y for line in before),
        max(line.y for line in after) - min(line.y for line in after),
    )
    return bottom - top >= 0.3 * shorter


def _is_prose(lines: Sequence[Line]) -> bool:
    width = max(line.right for line in lines) - min(line.left for line in lines)
    letters = median(len(line.text) for line in lines)
    wide = sum(line.text[0] > "\u2e80" for line in lines) * 2 > len(lines)
    # The side may hold two columns of its own: what counts is how much of each row is filled
    rows = len({round(line.y) for line in lines})
    filled = sum(line.width for line in lines) >= _FILLED * width * rows
    return filled and letters >= (_WIDE_LETTERS if wide else _LETTERS)
