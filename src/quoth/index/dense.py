"""Nearest neighbours of a question's vector, by FAISS; exact for all but very large libraries."""

from __future__ import annotations

from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from quoth.encoder import Vectors

# Its type stubs know neither the parts of a composed index nor keyword arguments
_faiss: Any = faiss

INDEXES: tuple[tuple[int, str], ...] = (
    (100_000, "Flat"),
    (1_000_000, "IVF1024,SQ8"),
    (10_000_000, "IVF8192,SQ8"),
)
"""The largest number of passages for each ``faiss.index_factory`` string; the last serves beyond its size too."""

_TRAINING_VECTORS_PER_LIST = 64
_PROBES = 32
_SCORED_DIRECTLY = 2_000
_SEED = 20261124


def factory_string(size: int) -> str:
    """Return the index that serves ``size`` passages."""
    return next((factory for limit, factory in INDEXES if size <= limit), INDEXES[-1][1])


class DenseIndex:
    """The vectors of n passages, which it knows by their row, 0 to n - 1. Scores are cosines."""

    def __init__(self, vectors: Vectors) -> None:
        self.size, self.dimension = vectors.shape
        self.factory = factory_string(self.size)
        self._index: Any = _faiss.index_factory(self.dimension, self.factory, _faiss.METRIC_INNER_PRODUCT)
        if not self._index.is_trained:
            count = min(self.size, self._index.nlist * _TRAINING_VECTORS_PER_LIST)
            sample = np.random.default_rng(_SEED).choice(self.size, count, replace=False)
            self._index.train(vectors[np.sort(sample)])
            self._index.nprobe = _PROBES
        self._index.add(vectors)
        if not self.is_exact:
            self._index.make_direct_map()

    @property
    def is_exact(self) -> bool:
        """Whether the index keeps the vectors as they are and compares the question with every one."""
        return self.factory == "Flat"

    @property
    def bytes(self) -> int:
        """Bytes of the vectors as the index keeps them."""
        return int(self.size * self._index.sa_code_size())

    def search(
        self, question: Vectors, k: int, among: npt.NDArray[np.int64] | None = None
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """Return the rows and cosines of the ``k`` nearest passages (fewer where there are fewer), best first.

        ``question`` has shape ``(dimension,)``; ``among`` names the rows to search, all of them where it is None.
        They are chosen before the search, so that a small part of a large library finds its own best.
        """
        if among is not None and len(among) <= _SCORED_DIRECTLY:
            cosines = self.cosines(question, among)
            best = np.argsort(-cosines, kind="stable")[:k]
            return among[best], cosines[best]
        parameters = None
        if among is not None:
            selector = _faiss.IDSelectorBatch(among)
            parameters = (
                _faiss.SearchParameters(sel=selector)
                if self.is_exact
                else _faiss.SearchParametersIVF(sel=selector, nprobe=self._index.nlist)
            )
        cosines, rows = self._index.search(question[None, :], min(k, self.size), params=parameters)
        found = rows[0] >= 0
        return rows[0][found], cosines[0][found]

    def cosines(self, question: Vectors, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Return the cosine of each of these rows with the question, shape ``(len(rows),)``."""
        return np.asarray(self.vectors(rows) @ question, np.float32)

    def vectors(self, rows: npt.NDArray[np.int64]) -> Vectors:
        """Return the vectors of these rows, shape ``(len(rows), dimension)``, as exact as the index keeps them."""
        if not len(rows):
            return np.empty((0, self.dimension), np.float32)
        return np.asarray(self._index.reconstruct_batch(rows), np.float32)
