"""BM25 over the terms of passages, exact for the passages there are now.

Postings lie in arrays sorted by term. A question touches only the postings of its own terms; statistics (how many
passages hold a term, the mean length) are those of the passages indexed, so that a score never depends on what was
added or removed before. Why no library: see ``docs/lexical.md``.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from quoth.store.postings import TermCounts

K1 = 1.2
B = 0.75
"""Robertson and Zaragoza 2009, section 3.5, with the values that most engines use."""

Scores = npt.NDArray[np.float32]


class LexicalIndex:
    """An inverted index of n passages, which it knows by their row, 0 to n - 1."""

    def __init__(self, terms: TermCounts) -> None:
        sizes = np.diff(terms.starts)
        self.size = len(sizes)
        rows = np.repeat(np.arange(self.size, dtype=np.int32), sizes)
        lengths = np.bincount(rows, weights=terms.counts, minlength=self.size)
        mean = float(lengths.mean()) if self.size else 1.0
        self._norms = (K1 * (1 - B + B * lengths / max(mean, 1e-9))).astype(np.float32)
        order = np.argsort(terms.term_ids, kind="stable")
        self._rows = rows[order]
        self._counts = terms.counts[order].astype(np.float32)
        ids, starts = np.unique(terms.term_ids[order], return_index=True)
        self._ids = ids
        self._starts = np.append(starts, len(order))

    @property
    def bytes(self) -> int:
        """Bytes of the postings."""
        arrays = (self._norms, self._rows, self._counts, self._ids, self._starts)
        return sum(array.nbytes for array in arrays)

    def _slice(self, term_id: int) -> slice:
        place = int(np.searchsorted(self._ids, term_id))
        if place == len(self._ids) or self._ids[place] != term_id:
            return slice(0, 0)
        return slice(int(self._starts[place]), int(self._starts[place + 1]))

    def holders(self, term_id: int) -> npt.NDArray[np.int32]:
        """Return the rows of the passages that hold a term, ascending."""
        return self._rows[self._slice(term_id)]

    def weight(self, frequency: int) -> float:
        """Return the inverse document frequency of a term that ``frequency`` passages hold."""
        return float(np.log1p((self.size - frequency + 0.5) / (frequency + 0.5)))

    def scores(self, term_ids: Iterable[int]) -> Scores:
        """Return the BM25 score of every passage for a question's terms, shape ``(n,)``."""
        total = np.zeros(self.size, np.float32)
        for term_id in term_ids:
            found = self._slice(term_id)
            rows, counts = self._rows[found], self._counts[found]
            if len(rows):
                # A passage stands once among a term's postings, so plain indexing adds right
                total[rows] += self.weight(len(rows)) * (K1 + 1) * counts / (counts + self._norms[rows])
        return total
