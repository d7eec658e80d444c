"""CSV and TSV: each row a paragraph that reads alone, "Header: value; Header: value", with its number as its place."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath

from quoth.documents.assembly import Assembly, clean
from quoth.documents.csv_dialect import LONGEST_FIELD, Dialect, dialect_of
from quoth.documents.decode import decode
from quoth.documents.model import Contents
from quoth.documents.plain import GATHERED
from quoth.documents.rows import LONGEST_LABEL, is_number
from quoth.errors import FormatError, NoTextError

MOST_CHARACTERS = 50_000_000
"""Characters of all rows as they are read, with the header's repeated in each."""

# Rows above the header are looked for so far: a report's title, its date
_PREAMBLE = 20
_PARAGRAPHS = re.compile(r"\n[ \t]*\n\s*")

_Row = tuple[int, list[str]]
"""A row's number, as a spreadsheet counts them from 1, and its cells."""


def read_csv(data: bytes, name: str) -> Contents:
    """Read a table in plain text.

    A row is a paragraph, below the place "row 12" as spreadsheets count; empty cells are left out. A cell of long text
    makes paragraphs of its own. The first row is the header unless it holds numbers, gaps, repetitions or whole
    paragraphs; without a header, cells stand apart as "value | value".

    Args:
        data: The file's bytes.
        name: What errors call it by; ".tsv" at its end says that tabs part the cells.

    Raises:
        FormatError: it is no text, a cell has more than ``LONGEST_FIELD`` characters, or all rows more than
            ``MOST_CHARACTERS``.
        NoTextError: there is nothing in it.
    """
    text = clean(decode(data, name))
    dialect = dialect_of(text, PurePosixPath(name).suffix.lower())
    try:
        contents = _read(dialect, text, name)
    except csv.Error:
        # A quotation mark that nothing closes
        try:
            contents = _read(Dialect(dialect.delimiter, quoted=False, start=dialect.start), text, name)
        except csv.Error as error:
            raise FormatError(
                f"{name} has a cell of more than {LONGEST_FIELD:,} characters, so it is no table; "
                "index it as plain text, or export it again"
            ) from error
    if not contents.text:
        raise NoTextError(f"{name} is a table without a filled cell; there is nothing in it to quote")
    return contents


def _read(dialect: Dialect, text: str, name: str) -> Contents:
    assembly = Assembly()
    rows = _filled(dialect.rows(text))
    first = [row for row, _ in zip(rows, range(_PREAMBLE), strict=False)]
    width = max((len(cells) for _, cells in first), default=0)
    while first and len(_values(first[0])) < 2 <= width / 2:
        number, cells = first.pop(0)
        _add(assembly, number, [(None, value) for value in cells if value])
    header = first.pop(0) if len(first) > 1 and _is_header(first[0][1]) else None
    labels = [label.rstrip(" :：") for label in header[1]] if header else []
    size = 0
    for number, cells in _chain(first, rows):
        pairs = [(labels[column] if column < len(labels) else None, cell) for column, cell in enumerate(cells) if cell]
        size += sum(len(label or "") + len(value) for label, value in pairs)
        if size > MOST_CHARACTERS:
            raise FormatError(f"{name} makes more than {MOST_CHARACTERS:,} characters of text; split it by its rows")
        _add(assembly, number, pairs, parted="; " if labels else " | ")
    if header and not size:
        _add(assembly, header[0], [(None, label) for label in labels])
    return assembly.contents()


def _filled(rows: Iterable[list[str]]) -> Iterator[_Row]:
    for number, row in enumerate(rows, 1):
        cells = [cell.strip() for cell in row]
        if any(cells):
            yield number, cells


def _chain(first: Sequence[_Row], rest: Iterator[_Row]) -> Iterator[_Row]:
    yield from first
    yield from rest


def _values(row: _Row) -> list[str]:
    return [cell for cell in row[1] if cell]


def _is_header(cells: list[str]) -> bool:
    """Whether a table's first row names its columns. A last name may be missing, as may one above the rows' numbers."""
    names = [cell for cell in cells if cell]
    if len(names) < 2 or len(names) < len(cells) - 2 or len({name.casefold() for name in names}) < len(names):
        return False
    return not any(len(name) > LONGEST_LABEL or "\n" in name or is_number(name) for name in names)


def _add(assembly: Assembly, number: int, pairs: list[tuple[str | None, str]], parted: str = "; ") -> None:
    """Add a row: what is short in it as one paragraph, then each long text below the name of its column."""
    assembly.place(f"row {number:,}")
    short = [(label, value) for label, value in pairs if not _is_long(value)]
    assembly.paragraph(parted.join(_labelled(label, " ".join(value.split())) for label, value in short))
    for label, value in pairs:
        if _is_long(value):
            beginning, *rest = (part for part in _PARAGRAPHS.split(value) if part.strip())
            assembly.paragraph(_labelled(label, beginning))
            for paragraph in rest:
                assembly.paragraph(paragraph)


def _is_long(value: str) -> bool:
    return len(value) > GATHERED or _PARAGRAPHS.search(value) is not None


def _labelled(label: str | None, value: str) -> str:
    return f"{label}: {value}" if label and label != value else value
