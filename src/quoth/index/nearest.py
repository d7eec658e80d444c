"""Nearest neighbours in a library served from a sealed index: by their codes, then by the vectors themselves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from quoth.encoder import Vectors
from quoth.index import dense
from quoth.index.dense import DenseIndex
from quoth.index.lexical import ranked
from quoth.index.sealed import SealedIndex

_FEW = 2_000
"""So many passages are compared with the question one by one, as they are."""

_WIDER = 4

Rows = npt.NDArray[np.int64]


class NearestByCodes:
    """The passages of a sealed index, by their row there, followed by those that were added since.

    All codes are compared with the question, and the best found are ranked again with the vectors themselves, so that
    every cosine given is exact. ``exact_vectors`` takes rows of the sealed index.
    """

    def __init__(
        self,
        sealed: SealedIndex,
        alive: npt.NDArray[np.bool_],
        added: DenseIndex | None,
        exact_vectors: Callable[[Rows], Vectors],
    ) -> None:
        self._sealed = sealed
        self._alive = alive
        self._kept = int(np.count_nonzero(alive))
        self._added = added
        self._exact_vectors = exact_vectors

    @property
    def bytes(self) -> int:
        """Bytes of the vectors that were added since."""
        return 0 if self._added is None else self._added.bytes

    def search(self, question: Vectors, k: int, among: Rows | None = None) -> tuple[Rows, npt.NDArray[np.float32]]:
        """Return the rows and cosines of the ``k`` nearest passages (fewer where there are fewer), best first.

        ``question`` has shape ``(dimension,)``; ``among`` names the rows to search, all of them where it is None.
        """
        if among is not None and len(among) <= _FEW:
            return self._best(question, among, k)
        allowed, count = self._alive, self._kept
        if among is not None:
            allowed = np.zeros(self._sealed.size, bool)
            allowed[among[among < self._sealed.size]] = True
            count = int(np.count_nonzero(allowed))
        found = [self._by_codes(question, k, allowed, count)]
        if self._added is not None:
            its = None if among is None else among[among >= self._sealed.size] - self._sealed.size
            if its is None or len(its):
                found.append(self._added.search(question, k, its)[0] + self._sealed.size)
        return self._best(question, np.concatenate(found), k)

    def cosines(self, question: Vectors, rows: Rows) -> npt.NDArray[np.float32]:
        """Return the cosine of each of these rows with the question, shape ``(len(rows),)``."""
        return np.asarray(self.vectors(rows) @ question, np.float32)

    def vectors(self, rows: Rows) -> Vectors:
        """Return the vectors of these rows, shape ``(len(rows), dimension)``."""
        is_sealed = rows < self._sealed.size
        vectors = np.empty((len(rows), self._sealed.codes.dimension), np.float32)
        vectors[is_sealed] = self._exact_vectors(rows[is_sealed])
        if self._added is not None:
            vectors[~is_sealed] = self._added.vectors(rows[~is_sealed] - self._sealed.size)
        return vectors

    def _best(self, question: Vectors, rows: Rows, k: int) -> tuple[Rows, npt.NDArray[np.float32]]:
        cosines = self.cosines(question, rows)
        places = ranked(rows, cosines, k)
        return rows[places], cosines[places]

    def _by_codes(self, question: Vectors, k: int, allowed: npt.NDArray[np.bool_], count: int) -> Rows:
        """Return the allowed rows (``count`` of them) that are nearest by their codes, more than ``k``."""
        size = self._sealed.size
        wanted = min(count, k + max(k, dense.plan(size).reranked))
        if not wanted:
            return np.empty(0, np.int64)
        # Codes can't be left out of the comparison, so what is not allowed is found and passed over
        looked = min(size, -(-wanted * size // count))
        while True:
            rows = self._sealed.codes.search(question, looked)
            rows = rows[allowed[rows]]
            if len(rows) >= wanted or looked == size:
                return np.asarray(rows[:wanted], np.int64)
            looked = min(size, looked * _WIDER)
