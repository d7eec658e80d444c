"""The terms that passages hold, each with how many passages hold it."""

from __future__ import annotations

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
        """Count passages with these terms, and return the id of each term."""
        holders: dict[str, int] = dict.fromkeys(sorted({term for counts in counted for term in counts}), 0)
        for counts in counted:
            for term in counts:
                holders[term] += 1
        query = (
            "INSERT INTO term (text, passages) VALUES (?, ?) "
            "ON CONFLICT DO UPDATE SET passages = passages + excluded.passages RETURNING id"
        )
        return {term: int(self._db.execute(query, (term, count)).get) for term, count in holders.items()}

    def count_down(self, packed: Iterable[bytes]) -> None:
        """Count off passages with these terms; a term that no passage holds any more goes."""
        ids, counts = np.unique(TermCounts.unpack(list(packed)).term_ids, return_counts=True)
        self._db.executemany(
            "UPDATE term SET passages = passages - ? WHERE id = ?",
            [(int(count), int(term)) for term, count in zip(ids, counts, strict=True)],
        )
        self._db.executemany("DELETE FROM term WHERE id = ? AND passages <= 0", [(int(term),) for term in ids])
