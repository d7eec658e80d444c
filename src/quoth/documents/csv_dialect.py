"""How a table in plain text is written: what parts its cells, and where its rows begin."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

LONGEST_FIELD = 4_000_000
"""Characters of a cell. More of them stand behind a quotation mark that nothing closes."""

_DELIMITERS = ",;\t|"
_SAMPLE = 64 * 1024
_SAMPLE_ROWS = 200
_MOSTLY = 0.5
# What spreadsheets write above the table to tell each other
_TOLD = re.compile(r"\ufeff?\"?sep=([^\w\s\"]|\t)\"?[ \t]*(?:\n|\Z)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Dialect:
    """What parts cells, whether quotation marks stand around some, and the offset at which the first row begins."""

    delimiter: str
    quoted: bool = True
    start: int = 0

    def rows(self, text: str) -> Iterator[list[str]]:
        """Yield the rows of a text, with line feeds at the ends of its lines.

        Raises:
            csv.Error: a cell has more than ``LONGEST_FIELD`` characters.
        """
        lines = (line + "\n" for line in _lines(text, self.start))
        with _long_fields():
            yield from csv.reader(
                lines,
                delimiter=self.delimiter,
                quoting=csv.QUOTE_MINIMAL if self.quoted else csv.QUOTE_NONE,
                skipinitialspace=True,
            )


def dialect_of(text: str, suffix: str) -> Dialect:
    """Tell how a table is written by what parts most of its first rows into equally many cells.

    ``suffix`` is that of its file, ".tsv" for one that is parted by tabs. A table of one column has commas.
    """
    told = _TOLD.match(text)
    if told is not None:
        return Dialect(told.group(1), start=told.end())
    sample = text[:_SAMPLE]
    if len(text) > _SAMPLE:
        sample = sample[: sample.rfind("\n") + 1] or sample
    if suffix in (".tsv", ".tab") and _fit(sample, Dialect("\t")) > _MOSTLY:
        return Dialect("\t")
    # Of equals the first, since max keeps it
    return max((Dialect(delimiter) for delimiter in _DELIMITERS), key=lambda dialect: _fit(sample, dialect))


def _fit(sample: str, dialect: Dialect) -> float:
    """Return how well a dialect fits: the share of rows with as many cells as most have, if those are several."""
    counts: Counter[int] = Counter()
    try:
        for row in dialect.rows(sample):
            if any(row):
                counts[len(row)] += 1
            if counts.total() == _SAMPLE_ROWS:
                break
    except csv.Error:
        return 0
    cells, rows = max(counts.items(), key=lambda pair: (pair[1] * (pair[0] > 1), pair[0]), default=(1, 0))
    return rows / counts.total() + min(cells, 50) / 1000 if cells > 1 else 0


def _lines(text: str, start: int) -> Iterator[str]:
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield text[start:end]
        start = end + 1


@contextmanager
def _long_fields() -> Iterator[None]:
    """Let the csv module read long cells, which it allows for the whole process or not at all."""
    before = csv.field_size_limit(LONGEST_FIELD)
    try:
        yield
    finally:
        csv.field_size_limit(before)
