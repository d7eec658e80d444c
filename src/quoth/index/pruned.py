"""BM25 in a library that is served from a sealed index, without scoring every passage that holds "the".

The result is that of ``LexicalIndex``, bit for bit. Terms are taken in the order of the most that each can add to a
score (Turtle and Flood 1995, "Query evaluation: strategies and optimizations": MaxScore). As soon as all that are left
can't lift a passage that holds none of those before into the best ``k``, the rest are only looked up for the passages
that still can be among these.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from quoth.index.lexical import K1, LexicalIndex, Matches, Rows, Scores, any_between, norms, parts, ranked, weight
from quoth.index.sealed import Postings, SealedIndex
from quoth.store.terms import Term

_ROUNDING = 1e-4
"""Share of a score that sums in another order may be off by, far more than they are."""

_LOOKED_UP = 3
"""How many times as long looking up a passage among a term's takes as adding that term to a passage's score."""


class PrunedLexical:
    """The passages of a sealed index, by their row there, followed by those that were added since."""

    def __init__(
        self,
        sealed: SealedIndex,
        alive: npt.NDArray[np.bool_],
        added: LexicalIndex | None,
        added_lengths: npt.NDArray[np.float64],
        *,
        are_counted: bool,
    ) -> None:
        """``are_counted`` tells whether the holders that a term is said to have are those of these passages."""
        self._sealed = sealed
        self._added = added
        self._are_counted = are_counted
        self._is_whole = bool(alive.all())
        self._alive = alive
        lengths = np.concatenate((sealed.lengths.astype(np.float64), added_lengths))
        self.lengths = lengths.astype(np.uint32)
        """How many terms each passage has, with its title and heading, shape ``(n,)``."""
        here = np.concatenate((alive, np.ones(len(added_lengths), bool)))
        self.size = int(np.count_nonzero(here))
        self.mean_length = float(lengths[here].sum()) / max(self.size, 1)
        self.norms = norms(lengths, self.mean_length)
        # A removed passage adds nothing to any score
        self.norms[~here] = np.inf
        self.totals = np.zeros(len(lengths), np.float32)
        """Each passage's score so far, 0 between questions; who uses them holds ``lock``."""
        self.lock = threading.Lock()

    @property
    def bytes(self) -> int:
        """Bytes beside those of the sealed index."""
        return (
            self.lengths.nbytes
            + self.norms.nbytes
            + self.totals.nbytes
            + (0 if self._added is None else self._added.bytes)
        )

    def match(self, terms: Sequence[Term | None]) -> Matches:
        """Return what this index says of a question with these terms; None for a term that no passage holds."""
        return _Pruned(self, terms)

    def postings(self, term_id: int) -> Postings:
        """Return the postings of a term, by the rows of this index; those of removed passages may be among them."""
        sealed = self._sealed.postings(term_id)
        # A norm is the smaller the longer passages are on the mean, and a share at most greater by as much
        most = min(sealed.most * max(1.0, self.mean_length / max(self._sealed.mean_length, 1e-9)), 1.0)
        rows, counts = (np.empty(0, np.int32),) * 2 if self._added is None else self._added.postings(term_id)
        if not len(rows):
            return Postings(sealed.rows, sealed.counts, most)
        rows = rows + np.int32(self._sealed.size)
        share = float((counts / (counts + self.norms[rows])).max())
        return Postings(np.concatenate((sealed.rows, rows)), np.concatenate((sealed.counts, counts)), max(most, share))

    def frequency(self, term: Term) -> int:
        """Return how many passages hold a term, removed ones not counted."""
        if self._are_counted:
            return term.holders
        rows = self._sealed.postings(term.id).rows
        sealed = len(rows) if self._is_whole else int(np.count_nonzero(self._alive[rows]))
        return sealed + (0 if self._added is None else len(self._added.postings(term.id)[0]))


class _Pruned:
    """What a ``PrunedLexical`` says of a question."""

    def __init__(self, index: PrunedLexical, terms: Sequence[Term | None]) -> None:
        self._index = index
        self._terms = terms
        self._frequencies = [0 if term is None else index.frequency(term) for term in terms]
        self._weights = [weight(index.size, frequency) for frequency in self._frequencies]
        self._known = [column for column, frequency in enumerate(self._frequencies) if frequency]

    @property
    def frequencies(self) -> list[int]:
        return self._frequencies

    def held(self, column: int, start: Rows, stop: Rows) -> npt.NDArray[np.bool_]:
        if not self._frequencies[column]:
            return np.zeros(len(start), bool)
        return any_between(self._postings(column).rows, start, stop)

    def scores(self, rows: Rows) -> Scores:
        total = np.zeros(len(rows), np.float32)
        for column in self._known:
            self._add_to(total, column, rows)
        return total

    def best(self, k: int, among: Rows | None = None) -> tuple[Rows, Scores]:
        with self._index.lock:
            rows = np.asarray(self._hopeful(k, among), np.int64)
        scores = self.scores(rows)
        places = ranked(rows, scores, k)
        return rows[places], scores[places]

    def _postings(self, column: int) -> Postings:
        term = self._terms[column]
        assert term is not None
        return self._index.postings(term.id)

    def _add_to(self, total: Scores, column: int, rows: Rows) -> None:
        """Add what a term gives to the scores of these rows; soonest where they ascend."""
        postings = self._postings(column)
        if not len(postings.rows):
            return
        places = np.searchsorted(postings.rows, rows.astype(np.int32))
        places[places == len(postings.rows)] = 0
        holding = np.flatnonzero(postings.rows[places] == rows)
        counts = postings.counts[places[holding]].astype(np.float32)
        total[holding] += parts(self._weights[column], counts, self._index.norms[rows[holding]])

    def _hopeful(self, k: int, among: Rows | None) -> Rows:
        """Return rows, ascending, with the ``k`` best of all (or ``among`` them), and few others."""
        bounds = {column: self._weights[column] * (K1 + 1) * self._postings(column).most for column in self._known}
        order = sorted(self._known, key=lambda column: -bounds[column])
        left = np.append(np.cumsum([bounds[column] for column in order[::-1]])[::-1], 0.0)
        allowed = None
        if among is not None:
            allowed = np.zeros(len(self._index.norms), bool)
            allowed[among] = True
        totals = self._index.totals
        raised: list[Rows] = []
        top = np.empty(0, np.int64)
        least, done = 0.0, 0
        try:
            while done < len(order):
                if left[done] < least * (1 - _ROUNDING):
                    # None that holds only what is left is among the best. Looking terms up takes longer for each
                    hopeful = np.count_nonzero(totals > least * (1 - _ROUNDING) - left[done])
                    if len(self._postings(order[done]).rows) > _LOOKED_UP * hopeful:
                        break
                rows, after = self._accumulate(totals, order[done], allowed)
                raised.append(rows)
                done += 1
                # Only what this term raised can have come among the best, and of that only its own best
                risen = after > least
                if np.count_nonzero(risen) > k:
                    risen = after >= _kth(after[risen], k)
                top = np.union1d(top, rows[risen])
                if len(top) >= k:
                    scores = totals[top]
                    least = max(least, _kth(scores, k))
                    top = top[scores >= least]
            seen = np.flatnonzero(totals > max(least * (1 - _ROUNDING) - left[done], 0.0))
            scores = totals[seen]
        finally:
            for rows in raised:
                totals[rows] = 0
        for place in range(done, len(order) + 1):
            if len(seen) > k:
                least = max(least, _kth(scores, k))
            keep = scores + left[place] >= least * (1 - _ROUNDING)
            seen, scores = seen[keep], scores[keep]
            if len(seen) <= k or place == len(order):
                break
            self._add_to(scores, order[place], seen)
        return seen

    def _accumulate(self, totals: Scores, column: int, allowed: npt.NDArray[np.bool_] | None) -> tuple[Rows, Scores]:
        """Add what a term gives to all scores, and return the rows that hold it and what their scores are now."""
        postings = self._postings(column)
        # NumPy takes by numbers of 64 bits in half the time, and makes some of all others each time
        rows, counts = postings.rows.astype(np.int64), postings.counts
        if allowed is not None:
            keep = allowed[rows]
            rows, counts = rows[keep], counts[keep]
        gives = parts(self._weights[column], counts.astype(np.float32), self._index.norms.take(rows))
        after = totals.take(rows) + gives
        totals[rows] = after
        return rows, after


def _kth(scores: Scores, k: int) -> float:
    """Return the ``k``th greatest of at least ``k`` scores."""
    return float(np.partition(scores, -k)[-k])
