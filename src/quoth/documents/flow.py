"""Blocks as office documents hold them: tables within tables, and boxes and notes that belong after a paragraph."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from quoth.documents.assembly import Assembly
from quoth.documents.model import LONGEST_TITLE
from quoth.documents.plain import GATHERED
from quoth.documents.rows import Cell, Row, readable_rows

# A value that stands for several rows is repeated in each; a long one only in the first
_REPEATED = 200


_Kind = Literal["heading", "paragraph", "item", "row"]


@dataclass(frozen=True, slots=True)
class _Block:
    kind: _Kind
    text: str
    level: int = 0
    # Items of one list or table
    group: object = None
    # Whether it is set in bold, or as a header is
    strong: bool = False


@dataclass(slots=True)
class _Cell:
    column: int
    columns: int
    # Goes on with what the cell above it holds
    merged: bool
    blocks: list[_Block] = field(default_factory=list)

    def text(self) -> str:
        return " ".join(block.text for block in self.blocks)

    def is_strong(self) -> bool:
        return all(block.strong for block in self.blocks)

    def is_layout(self) -> bool:
        """Whether it holds what makes no value of a row: headings, a table of its own, or long prose."""
        return (
            any(block.kind == "heading" for block in self.blocks)
            or sum(block.kind == "row" for block in self.blocks) > 1
            or sum(len(block.text) for block in self.blocks) > GATHERED
        )


@dataclass(slots=True)
class _Table:
    rows: list[list[_Cell]] = field(default_factory=list)
    headers: list[bool] = field(default_factory=list)
    column: int = 0


Aside = tuple[_Block, ...]
"""Blocks that were met in the midst of another and are read after it."""


class Flow:
    """Takes blocks in the order in which a file has them and writes them to an assembly in the order of reading.

    Between ``open_aside`` and ``close_aside`` blocks are kept aside: a text box stands in the paragraph that it is
    fixed to. Tables may stand in cells of tables; a small one becomes part of its row. A table whose cells hold
    headings, long prose or larger tables only lays out the page, and is read cell by cell. ``page`` counts from 1 and
    goes with what is added from then on.
    """

    def __init__(self, assembly: Assembly) -> None:
        self._assembly = assembly
        # What takes the next block, innermost last; the assembly below them all
        self._sinks: list[list[_Block]] = []
        self._tables: list[_Table] = []
        self._last: _Block | None = None
        self.page: int | None = None

    def heading(self, level: int, text: str) -> None:
        """Add a heading; 1 is the highest level. One longer than a heading can be is a paragraph instead."""
        kind: _Kind = "heading" if len(text) <= LONGEST_TITLE else "paragraph"
        self._add(_Block(kind, text, level, strong=True))

    def paragraph(self, text: str, *, strong: bool = False) -> None:
        """Add a paragraph; ``strong`` says that it is set in bold, as the headers of tables are."""
        self._add(_Block("paragraph", text, strong=strong))

    def item(self, text: str, group: object = None) -> None:
        """Add an item of a list; those of two ``group``s never share a paragraph."""
        self._add(_Block("item", text, group=group))

    def open_aside(self) -> None:
        """Keep the blocks that follow aside."""
        self._sinks.append([])

    def close_aside(self) -> Aside:
        """Return what was kept aside since the last ``open_aside``."""
        return tuple(self._sinks.pop())

    def add(self, aside: Aside) -> None:
        """Add what was kept aside."""
        for block in aside:
            self._add(block)

    def open_table(self) -> None:
        """Begin a table; what follows stands in its rows and cells."""
        self._tables.append(_Table())

    def open_row(self, header: bool = False) -> None:
        """Begin the next row; ``header`` where the format says that it is one."""
        table = self._tables[-1]
        table.rows.append([])
        table.headers.append(header)
        table.column = 0

    def skip_columns(self, columns: int) -> None:
        """Leave columns of the row without a cell."""
        self._tables[-1].column += columns

    def open_cell(self, columns: int = 1, *, merged: bool = False) -> None:
        """Begin the next cell of the row, ``columns`` wide; a ``merged`` one goes on with the cell above it.

        A cell before any row begins one.
        """
        if not self._tables[-1].rows:
            self.open_row()
        table = self._tables[-1]
        cell = _Cell(table.column, max(columns, 1), merged)
        table.rows[-1].append(cell)
        table.column += cell.columns
        self._sinks.append(cell.blocks)

    def close_cell(self) -> None:
        """End the cell."""
        self._sinks.pop()

    def close_table(self) -> None:
        """End the table and add its rows to what it stands in."""
        table = self._tables.pop()
        cells = [cell for row in table.rows for cell in row]
        if all(len(row) < 2 for row in table.rows) or any(cell.is_layout() for cell in cells):
            for cell in cells:
                self.add(tuple(cell.blocks))
            return
        for line in readable_rows(_rows(table)):
            self._add(_Block("row", line, group=table))

    def _add(self, block: _Block) -> None:
        if not block.text.strip() and block.kind != "heading":
            return
        if self._sinks:
            self._sinks[-1].append(block)
            return
        if block.kind == "heading":
            self._assembly.heading(block.level, block.text)
        elif block.kind == "paragraph":
            self._assembly.paragraph(block.text, page=self.page)
        else:
            last = self._last
            if last is not None and last.kind in ("item", "row") and last.group is not block.group:
                self._assembly.end_items()
            self._assembly.item(block.text, page=self.page)
        self._last = block


def _rows(table: _Table) -> list[Row]:
    strong = [bool(row) and all(cell.is_strong() for cell in row) for row in table.rows]
    if not any(table.headers):
        # Bold marks the header where the rows below it are not bold throughout as well
        table.headers[:1] = [strong[0] and not all(strong)]
    rows: list[Row] = []
    above: dict[int, str] = {}
    for cells, header in zip(table.rows, table.headers, strict=True):
        read: list[Cell] = []
        for cell in cells:
            text = above.get(cell.column, "") if cell.merged else cell.text()
            above[cell.column] = text if len(text) <= _REPEATED else ""
            read.append(Cell(text, cell.column, cell.columns))
        rows.append(Row(tuple(read), header))
    return rows
