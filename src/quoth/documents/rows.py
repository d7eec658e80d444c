"""Tables as rows that can be read, and quoted, one at a time: each value with the header of its column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LONGEST_LABEL = 100
"""Characters of a column's header, which every row repeats; a longer one heads nothing."""

_NUMBER = re.compile(r"[^\w]*\d[\d\s.,:/%'’\-–+×x()€$£¥]*[A-Za-z%°€$£]{0,3}")


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell's text, its column (counted from 0) and the number of columns that it spans."""

    text: str
    column: int
    columns: int = 1


@dataclass(frozen=True, slots=True)
class Row:
    """A row's cells from left to right. ``header`` is what the format says, or shows, of the row."""

    cells: tuple[Cell, ...]
    header: bool = False


def row_of(values: Iterable[str], header: bool = False) -> Row:
    """Make a row of its cells' texts where none spans several columns."""
    return Row(tuple(Cell(text, column) for column, text in enumerate(values)), header)


def readable_rows(rows: Sequence[Row]) -> list[str]:
    """Return a line for every row that holds text.

    Below a header a row reads "Header: value; Header: value", without its empty cells; the header itself gets no line
    unless a column below it is empty.
    In a table without one, cells stand apart as "value | value". Rows at the top that the format calls headers are one;
    where it calls none so, the first row is where it names columns of which one holds nothing but numbers.
    """
    rows = [row for row in (_filled(row) for row in rows) if row.cells]
    count = 0
    while count < len(rows) and rows[count].header:
        count += 1
    if count == 0 and _names_columns(rows):
        count = 1
    labels = _labels(rows[:count]) if count < len(rows) else {}
    if not labels:
        return [_barred(row) for row in rows]
    used = {cell.column for row in rows[count:] for cell in row.cells}
    # A header over nothing is said nowhere else
    said = [] if used.issuperset(labels) else [_barred(row) for row in rows[:count]]
    return said + [_labelled(row, labels) for row in rows[count:]]


def _barred(row: Row) -> str:
    return " | ".join(cell.text for cell in row.cells)


def _filled(row: Row) -> Row:
    cells = ((cell, " ".join(cell.text.split())) for cell in row.cells)
    return Row(tuple(Cell(text, cell.column, cell.columns) for cell, text in cells if text), row.header)


def _labels(header: Sequence[Row]) -> dict[int, str]:
    """Return the label of each column: what stands above it, from top to bottom. Empty where one is too long."""
    labels: dict[int, list[str]] = {}
    # As many columns as the lowest row has: a title above them may claim to span any number
    last = max((cell.column + cell.columns for row in header[-1:] for cell in row.cells), default=0)
    last = min(last, sum(len(row.cells) for row in header) * 20)
    for row in header:
        for cell in row.cells:
            for column in range(cell.column, min(cell.column + cell.columns, last)):
                above = labels.setdefault(column, [])
                if cell.text not in above:
                    above.append(cell.text)
    joined = {column: " ".join(above).rstrip(" :：") for column, above in labels.items()}
    return {} if any(len(label) > LONGEST_LABEL for label in joined.values()) else joined


def _labelled(row: Row, labels: dict[int, str]) -> str:
    if len(row.cells) == 1 and row.cells[0].columns > 1:
        # A line between the rows, such as a heading of those below
        return row.cells[0].text
    parts = []
    for cell in row.cells:
        label = labels.get(cell.column)
        parts.append(f"{label}: {cell.text}" if label and label != cell.text else cell.text)
    return "; ".join(parts)


def _names_columns(rows: Sequence[Row]) -> bool:
    """Whether the first row is a header by its looks: a name for every column, one of them over numbers only."""
    if len(rows) < 3:
        return False
    names, body = rows[0].cells, rows[1:]
    if len(names) < 2 or len({cell.text for cell in names}) < len(names):
        return False
    if any(cell.columns > 1 or len(cell.text) > LONGEST_LABEL or is_number(cell.text) for cell in names):
        return False
    columns = {cell.column for cell in names}
    numbers = dict.fromkeys(columns, True)
    filled = dict.fromkeys(columns, 0)
    for row in body:
        for cell in row.cells:
            if cell.column not in columns:
                return False
            filled[cell.column] += 1
            numbers[cell.column] = numbers[cell.column] and is_number(cell.text)
    return any(numbers[column] and filled[column] >= 2 for column in columns)


def is_number(text: str) -> bool:
    """Whether a cell holds a number, an amount, a date or a time, and nothing else."""
    return len(text) < 40 and _NUMBER.fullmatch(text) is not None
