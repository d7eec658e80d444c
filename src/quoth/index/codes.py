"""Vectors as codes of four bits, which a question is compared with on all processors at once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from quoth.encoder import Vectors

# Its type stubs know neither the parts of a quantiser nor arrays in place of pointers
_faiss: Any = faiss

_BLOCK = 32
"""Vectors whose codes FAISS lays out together."""

Rows = npt.NDArray[np.int64]


def new_codes(dimension: int, segments: int) -> Any:  # noqa: ANN401
    """Return an index of codes that holds nothing: four bits for each segment, laid out for SIMD registers.

    Andre, Kermarrec and Le Scouarnec 2015, "Cache locality is not enough: high-performance nearest neighbor search
    with product quantization fast scan", as FAISS has it.
    """
    return _faiss.IndexPQFastScan(dimension, segments, 4, _faiss.METRIC_INNER_PRODUCT, _BLOCK)


def bytes_of_codes(size: int, segments: int) -> int:
    """Return how many bytes the codes of ``size`` vectors take; those of segments stand in pairs."""
    return -(-size // _BLOCK) * _BLOCK * -(-segments // 2)


@cache
def _workers() -> ThreadPoolExecutor:
    """Return the threads that compare codes, for however many libraries."""
    return ThreadPoolExecutor(os.cpu_count() or 1, "quoth-codes")


class Codes:
    """The codes of n vectors, which it knows by their row, 0 to n - 1; in as many parts as there are processors.

    FAISS compares one question with an index on one processor.
    """

    def __init__(self, size: int, centroids: npt.NDArray[np.float32]) -> None:
        """Make room for the codes of ``size`` vectors; ``room`` gives it.

        ``centroids`` has shape ``(segments, 16, step)``.
        """
        segments, _, step = centroids.shape
        self.dimension = segments * step
        blocks = -(-size // _BLOCK)
        of_part = max(1, -(-blocks // (os.cpu_count() or 1))) * _BLOCK
        self._parts: list[tuple[int, Any]] = []
        for start in range(0, size, of_part):
            index = new_codes(self.dimension, segments)
            _faiss.copy_array_to_vector(centroids.reshape(-1), index.pq.centroids)
            index.is_trained = True
            index.ntotal = min(of_part, size - start)
            index.ntotal2 = -(-index.ntotal // _BLOCK) * _BLOCK
            index.codes.resize(bytes_of_codes(index.ntotal, segments))
            self._parts.append((start, index))

    @property
    def bytes(self) -> int:
        """Bytes of the codes."""
        return sum(int(index.codes.size()) for _, index in self._parts)

    def room(self) -> Iterator[npt.NDArray[np.uint8]]:
        """Yield where the codes belong, as FAISS packs them, from the first vector to the last."""
        for _, index in self._parts:
            yield _faiss.rev_swig_ptr(index.codes.get(), index.codes.size())

    def search(self, question: Vectors, count: int) -> Rows:
        """Return the rows of the ``count`` vectors (fewer where there are fewer) that are nearest by their codes.

        ``question`` has shape ``(dimension,)``. The best comes first.
        """

        def of_part(part: tuple[int, Any]) -> tuple[npt.NDArray[np.float32], Rows]:
            start, index = part
            scores, rows = index.search(question[None, :], min(count, index.ntotal))
            found = rows[0] >= 0
            return scores[0][found], rows[0][found] + start

        if not self._parts:
            return np.empty(0, np.int64)
        scores, rows = (np.concatenate(both) for both in zip(*_workers().map(of_part, self._parts), strict=True))
        return np.asarray(rows[np.argsort(-scores, kind="stable")[:count]], np.int64)
