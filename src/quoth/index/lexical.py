"""BM25 over the terms of passages, exact for the passages there are now.

Postings lie in arrays sorted by term. A question touches only the postings of its own terms; statistics (how many
passages hold a term, the mean length) are those of the passages indexed, so that a score never depends on what was
added or removed before. Why no library: see ``docs/lexical.md``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from quoth.store.postings import TermCounts
from quoth.store.terms import Term

K1 = 1.2
B = 0.75
"""Robertson and Zaragoza 2009, section 3.5, with the values that most engines use."""

Scores = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]


class Matches(Protocol):
    """What an index says of one question, whose terms it knows by their place (a column) in the question.

    Scores are BM25, summed in the order of the terms, bit for bit the same whichever index and whatever its history.
    """

    @property
    def frequencies(self) -> list[int]:
        """How many passages hold each term."""

    def best(self, k: int, among: Rows | None = None) -> tuple[Rows, Scores]:
        """Return the ``k`` best rows that hold a term (of ``among``, ascending, where given), and their scores.

        Best first, of equal ones the first row.
        """

    def scores(self, rows: Rows) -> Scores:
        """Return the scores of these rows, shape ``(len(rows),)``."""

    def held(self, column: int, start: Rows, stop: Rows) -> npt.NDArray[np.bool_]:
        """Return whether any row from each of ``start`` to before ``stop`` holds a term, shape ``(len(start),)``."""


def weight(size: int, frequency: int) -> float:
    """Return the inverse document frequency of a term that ``frequency`` of ``size`` passages hold."""
    return float(np.log1p((size - frequency + 0.5) / (frequency + 0.5)))


def norms(lengths: npt.NDArray[np.float64], mean: float) -> Scores:
    """Return what BM25 adds to a term's count in its denominator, for passages of these lengths in terms."""
    return np.asarray(K1 * (1 - B + B * lengths / max(mean, 1e-9)), np.float32)


def parts(weight: float, counts: Scores, norms: Scores) -> Scores:
    """Return what a term of this weight adds to the score of passages that hold it so often."""
    return np.asarray(weight * (K1 + 1) * counts / (counts + norms), np.float32)


def ranked(rows: Rows, scores: Scores, most: int) -> Rows:
    """Return the places of the greatest scores, at most ``most``: best first, of equal ones the first row."""
    places = np.arange(len(rows))
    if len(rows) > most:
        least = np.partition(scores, -most)[-most]
        places = np.flatnonzero(scores >= least)
    return np.asarray(places[np.lexsort((rows[places], -scores[places]))][:most], np.int64)


def any_between(ascending: npt.NDArray[np.int32], start: Rows, stop: Rows) -> npt.NDArray[np.bool_]:
    """Return whether an element is at least ``start`` and less than ``stop``, for each pair of these."""
    # Of another type, all of a long list would be converted
    first, last = np.searchsorted(ascending, start.astype(np.int32)), np.searchsorted(ascending, stop.astype(np.int32))
    return np.asarray(last > first, bool)


class LexicalIndex:
    """An inverted index of n passages, which it knows by their row, 0 to n - 1."""

    def __init__(self, terms: TermCounts) -> None:
        sizes = np.diff(terms.starts)
        self.size = len(sizes)
        rows = np.repeat(np.arange(self.size, dtype=np.int32), sizes)
        lengths = terms.lengths
        self.lengths = lengths.astype(np.uint32)
        """How many terms each passage has, with its title and heading, shape ``(n,)``."""
        self._norms = norms(lengths, float(lengths.mean()) if self.size else 1.0)
        order = np.argsort(terms.term_ids, kind="stable")
        self._rows = rows[order]
        self._counts = terms.counts[order].astype(np.float32)
        ids, starts = np.unique(terms.term_ids[order], return_index=True)
        self._ids = ids
        self._starts = np.append(starts, len(order))

    @property
    def bytes(self) -> int:
        """Bytes of the postings."""
        arrays = (self.lengths, self._norms, self._rows, self._counts, self._ids, self._starts)
        return sum(array.nbytes for array in arrays)

    def _slice(self, term_id: int) -> slice:
        place = int(np.searchsorted(self._ids, term_id))
        if place == len(self._ids) or self._ids[place] != term_id:
            return slice(0, 0)
        return slice(int(self._starts[place]), int(self._starts[place + 1]))

    def postings(self, term_id: int) -> tuple[npt.NDArray[np.int32], Scores]:
        """Return the rows of the passages that hold a term, ascending, and how often each holds it."""
        found = self._slice(term_id)
        return self._rows[found], self._counts[found]

    def holders(self, term_id: int) -> npt.NDArray[np.int32]:
        """Return the rows of the passages that hold a term, ascending."""
        return self._rows[self._slice(term_id)]

    def scores(self, term_ids: Iterable[int]) -> Scores:
        """Return the BM25 score of every passage for a question's terms, shape ``(n,)``."""
        total = np.zeros(self.size, np.float32)
        for term_id in term_ids:
            rows, counts = self.postings(term_id)
            if len(rows):
                # A passage stands once among a term's postings, so plain indexing adds right
                total[rows] += parts(weight(self.size, len(rows)), counts, self._norms[rows])
        return total

    def match(self, terms: Sequence[Term | None]) -> Matches:
        """Return what this index says of a question with these terms; None for a term that no passage holds."""
        return _AllScored(self, [None if term is None else term.id for term in terms])


class _AllScored:
    """What a ``LexicalIndex`` says of a question: every passage is scored."""

    def __init__(self, index: LexicalIndex, term_ids: Sequence[int | None]) -> None:
        nobody = np.empty(0, np.int32)
        self._holders = [nobody if term_id is None else index.holders(term_id) for term_id in term_ids]
        self._scores = index.scores(term_id for term_id in term_ids if term_id is not None)

    @property
    def frequencies(self) -> list[int]:
        return [len(rows) for rows in self._holders]

    def best(self, k: int, among: Rows | None = None) -> tuple[Rows, Scores]:
        holding = np.flatnonzero(self._scores > 0) if among is None else among[self._scores[among] > 0]
        scores = self._scores[holding]
        places = ranked(holding, scores, k)
        return holding[places], scores[places]

    def scores(self, rows: Rows) -> Scores:
        return self._scores[rows]

    def held(self, column: int, start: Rows, stop: Rows) -> npt.NDArray[np.bool_]:
        return any_between(self._holders[column], start, stop)
