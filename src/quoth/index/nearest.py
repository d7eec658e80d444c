"""Nearest neighbours in a library that is served from a sealed index: its lists, and what was added since."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from quoth.encoder import Vectors
from quoth.index import dense
from quoth.index.dense import DenseIndex
from quoth.index.lexical import ranked
from quoth.index.sealed import SealedIndex

# Its type stubs know neither the parts of a quantiser nor arrays in place of pointers
_faiss: Any = faiss

_FEW = 2_000
"""So many passages are compared with the question one by one, as they are."""

_LISTS_AT_ONCE = 64
_MORE = 60
"""Passages beyond those asked for that are compared exactly: a code is off by some 0.0005."""

Rows = npt.NDArray[np.int64]


class NearestInLists:
    """The passages of a sealed index, by their row there, followed by those that were added since.

    The lists nearest to the question are searched by their codes, and the best found are ranked again with the vectors
    themselves, so that every cosine given is exact. ``exact_vectors`` takes rows.
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
        self._added = added
        self._exact_vectors = exact_vectors
        dimension = sealed.centroids.shape[1]
        self._codes: Any = _faiss.IndexScalarQuantizer(
            dimension, _faiss.ScalarQuantizer.QT_8bit, _faiss.METRIC_INNER_PRODUCT
        )
        _faiss.copy_array_to_vector(sealed.scales, self._codes.sq.trained)
        self._codes.is_trained = True

    @property
    def bytes(self) -> int:
        """Bytes of the vectors that were added since, and of a question's codes."""
        added = 0 if self._added is None else self._added.bytes
        return added + int(_LISTS_AT_ONCE * self._sealed.size * self._codes.d // max(len(self._sealed.centroids), 1))

    def search(self, question: Vectors, k: int, among: Rows | None = None) -> tuple[Rows, npt.NDArray[np.float32]]:
        """Return the rows and cosines of the ``k`` nearest passages (fewer where there are fewer), best first.

        ``question`` has shape ``(dimension,)``. Where ``among`` names the rows to search, every list is looked through
        for them, so that a part finds its own best.

        Raises:
            UnsealedError: a list is damaged.
        """
        if among is not None and len(among) <= _FEW:
            return self._best(question, among, k)
        allowed = self._alive
        if among is not None:
            allowed = np.zeros(len(self._alive), bool)
            allowed[among[among < self._sealed.size]] = True
        near = self._sealed.centroids @ question
        probes = min(dense.plan(self._sealed.size).probes, len(near))
        lists = np.arange(len(near)) if among is not None else np.sort(np.argpartition(-near, probes - 1)[:probes])
        found = [self._in_lists(question, lists[at : at + _LISTS_AT_ONCE], k + max(k, _MORE), allowed)
                 for at in range(0, len(lists), _LISTS_AT_ONCE)]  # fmt: skip
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
        return self._exact_vectors(rows)

    def _best(self, question: Vectors, rows: Rows, k: int) -> tuple[Rows, npt.NDArray[np.float32]]:
        cosines = self.cosines(question, rows)
        places = ranked(rows, cosines, k)
        return rows[places], cosines[places]

    def _in_lists(self, question: Vectors, lists: Rows, k: int, allowed: npt.NDArray[np.bool_]) -> Rows:
        """Return the ``k`` allowed rows of these lists that are nearest by their codes."""
        starts, stops = self._sealed.list_starts[lists], self._sealed.list_starts[lists + 1]
        rows = np.concatenate([self._sealed.list_rows[start:stop] for start, stop in zip(starts, stops, strict=True)])
        keep = allowed[rows]
        if not keep.any():
            return np.empty(0, np.int64)
        index = self._codes
        index.codes.resize(len(rows) * index.d)
        # Read to where the quantiser looks for them, not copied there
        codes = _faiss.rev_swig_ptr(index.codes.data(), len(rows) * index.d).reshape(len(rows), index.d)
        at = 0
        for number, size in zip(lists.tolist(), (stops - starts).tolist(), strict=True):
            self._sealed.read_codes(number, codes[at : at + size])
            at += size
        if not keep.all():
            rows = rows[keep]
            codes[: len(rows)] = codes[keep]
        index.ntotal = len(rows)
        _, places = index.search(question[None, :], min(k, len(rows)))
        return np.asarray(rows[places[0]], np.int64)
