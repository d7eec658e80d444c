"""Tables of a PDF: cells that stand beside each other, row below row."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from quoth.documents.pdf_hyphens import Hyphens
from quoth.documents.pdf_lines import Line
from quoth.documents.rows import Cell, Row, readable_rows

# In parts of the letters' size: how far lines of one cell stand apart, and how far cells of a row may be shifted
_CELL = 1.6
_ROW = 0.4
# Points
_ALIGNED = 4.0
_FEWEST_ROWS = 2
# Rows with one cell between others: a heading of those below, a cell that goes on
_LONE_ROWS = 2
_DISTANCE = 6.0
_MOST_CELLS = 100
_LONGEST_LINE = 2_000
_NUMBER_APART = 3.0
_HEADING_NUMBER = re.compile(r"(?:[A-Z]|\d{1,3})(?:\.\d{1,3}){0,5}\.?|[IVXLC]+\.?")


@dataclass(slots=True)
class _Block:
    """Lines of one cell."""

    lines: list[Line]

    @property
    def left(self) -> float:
        return min(line.left for line in self.lines)

    @property
    def right(self) -> float:
        return max(line.right for line in self.lines)

    @property
    def top(self) -> float:
        return self.lines[0].y

    @property
    def bottom(self) -> float:
        return self.lines[-1].y


_Blocks = list[_Block]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells, from top to bottom and from left to right; each cell is its lines."""

    rows: tuple[tuple[tuple[Line, ...], ...], ...]

    @property
    def y(self) -> float:
        """Where it begins, in points from the page's top."""
        return min(line.y for cell in self.rows[0] for line in cell)

    def readable(self, hyphens: Hyphens) -> list[str]:
        """Give a line for each row that can be read alone."""
        widest = max(self.rows, key=len)
        columns = [(min(line.left for line in cell), max(line.right for line in cell)) for cell in widest]
        rows = []
        for row in self.rows:
            cells: dict[int, list[str]] = {}
            for cell in row:
                text = hyphens.join(line.text for line in cell)
                cells.setdefault(_column(cell, columns), []).append(text)
            rows.append(Row(tuple(Cell(" ".join(texts), column) for column, texts in sorted(cells.items()))))
        bold = [all(line.bold for cell in row for line in cell) for row in self.rows]
        if bold[0] and not all(bold):
            rows[0] = replace(rows[0], header=True)
        return readable_rows(rows)


def tables(lines: Sequence[Line]) -> list[Line | Table]:
    """Find the tables among a column's lines; both come from top to bottom.

    A table is told by cells that the file draws one after the other, beside each other, and rows whose cells stand
    below each other. Parts of a line that only wide spaces hold apart become one line.
    """
    rows = _rows(_blocks(sorted(lines, key=lambda line: line.order)))
    found: list[Line | Table] = []
    text: list[Line] = []
    index = 0
    while index < len(rows):
        end = _table_end(rows, index)
        if end > index:
            found.append(Table(tuple(tuple(tuple(block.lines) for block in row) for row in rows[index:end])))
            index = end
        else:
            text += [line for block in rows[index] for line in block.lines]
            index += 1
    return sorted([*found, *_whole_lines(text)], key=lambda item: item.y)


def _blocks(ordered: Sequence[Line]) -> _Blocks:
    blocks: _Blocks = []
    for line in ordered:
        if blocks and _is_below(blocks[-1], line):
            blocks[-1].lines.append(line)
        else:
            blocks.append(_Block([line]))
    return blocks


def _is_below(block: _Block, line: Line) -> bool:
    last = block.lines[-1]
    return 0 < line.y - last.y <= _CELL * line.size and line.left < block.right and line.right > block.left


def _rows(blocks: _Blocks) -> list[_Blocks]:
    """Put blocks that are drawn one after the other and stand beside each other into rows."""
    rows: list[_Blocks] = []
    for block in blocks:
        if rows and len(rows[-1]) < _MOST_CELLS and _is_beside(rows[-1], block):
            rows[-1].append(block)
        else:
            rows.append([block])
    return rows


def _is_beside(row: _Blocks, block: _Block) -> bool:
    shift = _ROW * block.lines[0].size
    top, bottom = min(cell.top for cell in row), max(cell.bottom for cell in row)
    if block.top > bottom + shift or block.bottom < top - shift:
        return False
    rtl = block.lines[0].rtl
    return block.right <= row[-1].left if rtl else block.left >= row[-1].right


def _table_end(rows: list[_Blocks], start: int) -> int:
    """Give the index after the last row of a table that begins with a row; that row's own where none does."""
    if not _may_begin(rows[start]):
        return start
    last, full = start, 1
    for index in range(start + 1, len(rows)):
        row = rows[index]
        distance = min(block.top for block in row) - max(block.bottom for block in rows[index - 1])
        if not 0 < distance <= _DISTANCE * row[0].lines[0].size or index - last > _LONE_ROWS + 1:
            break
        if len(row) > 1:
            if not _is_aligned(rows[last], row) or _is_numbered(row):
                break
            last, full = index, full + 1
        elif not _is_within(rows[last], row[0]):
            break
    return last + 1 if full >= _FEWEST_ROWS else start


def _may_begin(row: _Blocks) -> bool:
    return len(row) > 1 and not all(line.fixed for block in row for line in block.lines) and not _is_numbered(row)


def _is_numbered(row: _Blocks) -> bool:
    """Whether a row is a heading after its number."""
    number, words = row[0].lines, row[1].lines
    return (
        len(row) == 2
        and len(number) == 1
        and _HEADING_NUMBER.fullmatch(number[0].text) is not None
        and (number[0].bold and words[0].bold)
        and words[0].left - number[0].right < _NUMBER_APART * number[0].size
    )


def _is_aligned(above: _Blocks, row: _Blocks) -> bool:
    """Whether a cell of a row, other than the first, stands below one of the row above."""
    return any(
        abs(cell.left - other.left) <= _ALIGNED
        or abs(cell.right - other.right) <= _ALIGNED
        or abs(cell.left + cell.right - other.left - other.right) <= _ALIGNED
        for cell in row[1:]
        for other in above[1:]
    )


def _is_within(above: _Blocks, block: _Block) -> bool:
    """Whether a block stands in a column of the row above: a cell that goes on, a row with but one filled."""
    for index, cell in enumerate(above):
        if abs(block.left - cell.left) <= _ALIGNED:
            after = above[index + 1 :]
            return len(block.lines) <= _LONE_ROWS and (not after or block.right < after[0].left)
    return False


def _whole_lines(parts: Sequence[Line]) -> list[Line]:
    """Join the parts of lines that a justified line's wide spaces hold apart, or the space after a heading's number."""
    lines: list[Line] = []
    for part in parts:
        if lines and _is_same_line(lines[-1], part):
            lines[-1] = _joined(lines[-1], part)
        else:
            lines.append(part)
    return lines


def _is_same_line(last: Line, line: Line) -> bool:
    if abs(line.y - last.y) > _ROW * line.size or (line.fixed and last.fixed) or len(last.text) > _LONGEST_LINE:
        return False
    return line.right <= last.left if line.rtl else line.left >= last.right


def _joined(one: Line, other: Line) -> Line:
    longer = max(one, other, key=lambda line: len(line.text))
    return replace(
        one,
        text=f"{one.text} {other.text}",
        left=min(one.left, other.left),
        right=max(one.right, other.right),
        size=longer.size,
        bold=one.bold and other.bold,
        fixed=one.fixed and other.fixed,
    )


def _column(cell: Sequence[Line], columns: Sequence[tuple[float, float]]) -> int:
    """Give the column, counted from 0, in which most of a cell stands, or the nearest."""
    left, right = min(line.left for line in cell), max(line.right for line in cell)
    return max(range(len(columns)), key=lambda index: min(right, columns[index][1]) - max(left, columns[index][0]))
