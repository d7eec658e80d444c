"""The terms that passages hold, each with how many passages hold it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import apsw
import numpy as np

from quoth.store.postings import TermCounts


class Term(NamedTuple):
    """A term's id, and how many passages hold it: those of every model, where a library is just embedded anew."""

    id: int
    holders: int


class TermTable:
    """The table of terms. What writes is called within ``Store.writing``."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db
        self._ids: dict[str, int] = {}
        self._uncounted: Counter[int] = Counter()

    def find(self, text: str) -> Term | None:
        """Return a term by its text; None where no passage holds it."""
        row = self._db.execute("SELECT id, passages FROM term WHERE text = ?", (text,)).fetchone()
        return None if row is None else Term(int(row[0]), int(row[1]))

    def words(self, first: str, shortest: int, longest: int) -> list[str]:
        """Return the terms that begin with the character ``first`` and have so many characters, in their order."""
        rows = self._db.execute(
            "SELECT text FROM term WHERE text >= ? AND text < ? AND length(text) BETWEEN ? AND ? ORDER BY text",
            (first, chr(ord(first) + 1), shortest, longest),
        )
        return [text for (text,) in rows]

    def count_up(self, counted: Sequence[dict[str, int]]) -> dict[str, int]:
        """Count passages with these terms, and return the id of each term; see ``write_counts``."""
        holders: dict[str, int] = {}
        for counts in counted:
            for term in counts:
                holders[term] = holders.get(term, 0) + 1
        query = (
            "INSERT INTO term (text, passages) VALUES (?, ?) "
            "ON CONFLICT DO UPDATE SET passages = passages + excluded.passages RETURNING id"
        )
        for term in sorted(holders.keys() - self._ids.keys()):
            self._ids[term] = int(self._db.execute(query, (term, holders.pop(term))).get)
        for term, count in holders.items():
            self._uncounted[self._ids[term]] += count
        return self._ids

    def write_counts(self) -> None:
        """Write what was counted up: done once for all documents of a transaction, most of which share their terms."""
        self._db.executemany(
            "UPDATE term SET passages = passages + ? WHERE id = ?",
            [(count, term) for term, count in sorted(self._uncounted.items())],
        )
        self.forget_ids()

    def forget_ids(self) -> None:
        """Forget the ids of terms, which hold within a transaction, and what was counted up since it began."""
        self._ids = {}
        self._uncounted.clear()

    def count_down(self, packed: Iterable[bytes]) -> None:
        """Count off passages with these terms; a term that no passage holds any more goes."""
        self.write_counts()
        ids, counts = np.unique(TermCounts.unpack(list(packed)).term_ids, return_counts=True)
        self._db.executemany(
            "UPDATE term SET passages = passages - ? WHERE id = ?",
            [(int(count), int(term)) for term, count in zip(ids, counts, strict=True)],
        )
        self._db.executemany("DELETE FROM term WHERE id = ? AND passages <= 0", [(int(term),) for term in ids])
