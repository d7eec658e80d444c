"""The terms of passages as arrays: how they lie in the database and in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_PAIR = np.dtype([("term", "<u4"), ("count", "<u2")])


def count_terms(terms: Sequence[str]) -> dict[str, int]:
    """Return how often each term stands in a passage."""
    counts: dict[str, int] = {}
    for term in terms:
        counts[term] = counts.get(term, 0) + 1
    return counts


def pack(counts: Mapping[int, int]) -> bytes:
    """Return a passage's term ids and counts as the bytes to store, ordered by id."""
    pairs = np.array(sorted(counts.items()), dtype=np.int64).reshape(-1, 2)
    packed = np.empty(len(pairs), _PAIR)
    packed["term"] = pairs[:, 0]
    packed["count"] = np.minimum(pairs[:, 1], np.iinfo(np.uint16).max)
    return packed.tobytes()


@dataclass(frozen=True, slots=True)
class TermCounts:
    """The terms of n passages, one after the other (compressed sparse rows).

    Passage i holds ``term_ids[starts[i]:starts[i + 1]]``, each ``counts`` times; ``starts`` has n + 1 entries.
    """

    starts: npt.NDArray[np.int64]
    term_ids: npt.NDArray[np.uint32]
    counts: npt.NDArray[np.uint16]

    @classmethod
    def unpack(cls, blobs: Sequence[bytes]) -> TermCounts:
        """Return the arrays of packed passages."""
        sizes = np.fromiter((len(blob) // _PAIR.itemsize for blob in blobs), np.int64, len(blobs))
        pairs = np.frombuffer(b"".join(blobs), _PAIR)
        return cls(
            np.concatenate(([0], np.cumsum(sizes))),
            np.ascontiguousarray(pairs["term"]),
            np.ascontiguousarray(pairs["count"]),
        )

    @property
    def bytes(self) -> int:
        """Bytes of the arrays."""
        return self.starts.nbytes + self.term_ids.nbytes + self.counts.nbytes

    @property
    def lengths(self) -> npt.NDArray[np.float64]:
        """How many terms each passage has, repetitions included, shape ``(n,)``."""
        size = len(self.starts) - 1
        rows = np.repeat(np.arange(size), np.diff(self.starts))
        return np.asarray(np.bincount(rows, self.counts, size), np.float64)

    def take(self, order: npt.NDArray[np.int64]) -> TermCounts:
        """Return the terms of the passages ``order`` names, in that order."""
        sizes = np.diff(self.starts)[order]
        starts = np.concatenate(([0], np.cumsum(sizes)))
        places = np.arange(starts[-1]) + np.repeat(self.starts[order] - starts[:-1], sizes)
        return TermCounts(starts, self.term_ids[places], self.counts[places])

    def joined(self, other: TermCounts) -> TermCounts:
        """Return these passages followed by the others."""
        return TermCounts(
            np.concatenate((self.starts, other.starts[1:] + self.starts[-1])),
            np.concatenate((self.term_ids, other.term_ids)),
            np.concatenate((self.counts, other.counts)),
        )
