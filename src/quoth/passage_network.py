"""The network for passages: in 8 bits, of compiled models where that is good enough; each passage alone, on all
processors at once.

Alone, a passage has the same vector in whatever company it is indexed: activations are quantised by the greatest of
them, and a batch would share it. One thread each is also the fastest way: no thread waits for another one within a
passage, and nothing is padded (docs/speed.md).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from quoth.network import Floats, Network


class PassageNetwork:
    """A session of one thread, shared by as many workers as there are processors. May be used by several threads."""

    def __init__(
        self, graph: bytes, weights: Mapping[str, npt.NDArray[Any]], inputs: Sequence[str], output: str
    ) -> None:
        self._network = Network(graph, weights, threads=1)
        self._tokens, self._mask, *self._others = [name for name in inputs if name in self._network.inputs]
        self._output = output
        self._workers = ThreadPoolExecutor(os.cpu_count() or 1, "quoth-passages")

    def encode(self, rows: Sequence[Sequence[int]]) -> Floats:
        """Return the vectors of passages, each given by its tokens, shape ``(len(rows), dimension)``, of any length."""
        return np.concatenate(list(self._workers.map(self._one, rows)))

    def _one(self, row: Sequence[int]) -> Floats:
        tokens = np.array([row], np.int64)
        fed = {self._tokens: tokens, self._mask: np.ones_like(tokens)}
        fed |= {name: np.zeros_like(tokens) for name in self._others}
        return self._network.run(self._output, fed)
