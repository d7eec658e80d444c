"""Nearest neighbours of a question's vector among vectors in memory, by FAISS; exact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from quoth.encoder import Vectors

# Its type stubs know neither the parts of a composed index nor keyword arguments
_faiss: Any = faiss


@dataclass(frozen=True, slots=True)
class Plan:
    """How a library of at most ``most`` passages is searched.

    With no ``step`` every vector is compared with the question as it is. Otherwise so many dimensions together are
    kept as four bits (product quantisation), by which all are compared, and the best ``reranked`` and more are compared
    again as they are.
    """

    most: int
    step: int = 0
    reranked: int = 0

    def segments(self, dimension: int) -> int:
        """Return how many codes of four bits a vector has: those of ``step`` dimensions, or somewhat more, each."""
        return dimension // next(step for step in range(self.step, dimension + 1) if dimension % step == 0)


INDEXES: tuple[Plan, ...] = (
    Plan(20_000),
    Plan(2_000_000, step=2, reranked=100),
    Plan(10_000_000, step=4, reranked=1_000),
)
"""How libraries are searched, by their size; the last serves beyond its size too. Chosen in ``docs/scale.md``."""

_SCORED_DIRECTLY = 2_000


def plan(size: int) -> Plan:
    """Return how ``size`` passages are searched."""
    return next((plan for plan in INDEXES if size <= plan.most), INDEXES[-1])


class DenseIndex:
    """The vectors of n passages, which it knows by their row, 0 to n - 1. Scores are cosines."""

    def __init__(self, vectors: Vectors) -> None:
        self.size, self.dimension = vectors.shape
        self._index: Any = _faiss.IndexFlatIP(self.dimension)
        self._index.add(vectors)

    @property
    def bytes(self) -> int:
        """Bytes of the vectors."""
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
            parameters = _faiss.SearchParameters(sel=_faiss.IDSelectorBatch(among))
        cosines, rows = self._index.search(question[None, :], min(k, self.size), params=parameters)
        found = rows[0] >= 0
        return rows[0][found], cosines[0][found]

    def cosines(self, question: Vectors, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Return the cosine of each of these rows with the question, shape ``(len(rows),)``."""
        return np.asarray(self.vectors(rows) @ question, np.float32)

    def vectors(self, rows: npt.NDArray[np.int64]) -> Vectors:
        """Return the vectors of these rows as they were given, shape ``(len(rows), dimension)``."""
        if not len(rows):
            return np.empty((0, self.dimension), np.float32)
        return np.asarray(self._index.reconstruct_batch(rows), np.float32)
