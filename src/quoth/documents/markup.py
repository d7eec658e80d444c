"""What the readers of markup share: sets of names, raised numbers, code, tables with cells across rows."""

from __future__ import annotations

import re

from quoth.documents.flow import Flow

_SUPERSCRIPTS = str.maketrans("0123456789+-−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ")
_RAISED = re.compile(r"[0-9+\-−=()n]{1,20}")
# Columns in which a cell may go on through several rows, and the columns that one may span
_MOST_CARRIED = 50
_MOST_COLUMNS = 200


def names(listed: str) -> frozenset[str]:
    """Return the names in a list of them."""
    return frozenset(listed.split())


def raised(text: str) -> str:
    """Write a number that stands raised so: 10⁶ is not 106."""
    return text.strip().translate(_SUPERSCRIPTS) if _RAISED.fullmatch(text.strip()) else text


def unindented(text: str) -> str:
    """Return code without the blank lines around it and the indentation that all its lines share."""
    lines = [line.rstrip() for line in text.split("\n")]
    filled = [line for line in lines if line]
    shared = min((len(line) - len(line.lstrip(" \t")) for line in filled), default=0)
    return "\n".join(line[shared:] for line in lines).strip("\n")


class SpannedTable:
    """A table that is written to a flow, and the cells of its rows that go on through rows below.

    ``column`` is that of the next cell, counted from 0.
    """

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._has_row = False
        self.column = 0
        # For how many rows more the cell in a column goes on
        self._carried: dict[int, int] = {}
        flow.open_table()

    def open_row(self, *, header: bool = False) -> None:
        """Begin the next row."""
        self._has_row = True
        self.column = 0
        self._flow.open_row(header)

    def open_cell(self, columns: int = 1, rows: int = 1) -> None:
        """Begin the next cell, which spans ``columns`` and ``rows``; a cell outside any row begins one."""
        if not self._has_row:
            self.open_row()
        self.close_row()
        columns = max(1, min(columns, _MOST_COLUMNS))
        if rows > 1 and columns == 1 and self.column < _MOST_CARRIED:
            self._carried[self.column] = rows - 1
        self.column += columns
        self._flow.open_cell(columns)

    def close_row(self) -> None:
        """Go past the cells of rows above that go on through this one."""
        while self._has_row and self._carried.get(self.column, 0) > 0:
            self._carried[self.column] -= 1
            self._flow.open_cell(merged=True)
            self._flow.close_cell()
            self.column += 1
