"""A network in ONNX Runtime, whose weights may lie outside of its graph."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from onnxruntime import InferenceSession, SessionOptions

Floats = npt.NDArray[np.float32]


UNFUSED = ("SkipLayerNormFusion",)
"""What ONNX Runtime's optimiser leaves alone: its norm of two summands takes three times as long as its parts."""


def session_options(threads: int) -> SessionOptions:
    """Return options for a graph that holds all that it needs: one that names files of weights is refused."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    # A plan of memory for each shape that ever comes, of which there are thousands, is never let go of; without them
    # nothing takes longer (docs/speed.md)
    options.enable_mem_pattern = False
    # Where such files would be looked for: below what is no folder, so that none is ever there
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", os.devnull)
    return options


def session(graph: bytes, options: SessionOptions) -> InferenceSession:
    """Return a graph's session on the processor. Raises what ONNX Runtime raises, which shares no base class."""
    import onnxruntime

    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"], disabled_optimizers=UNFUSED)


class Network:
    """A graph's session, run by so many threads. May be used by several threads at once."""

    def __init__(self, graph: bytes, weights: Mapping[str, npt.NDArray[Any]], threads: int) -> None:
        import onnxruntime

        # ONNX Runtime reads the arrays where they are: they must live as long as the session
        self._weights = {name: onnxruntime.OrtValue.ortvalue_from_numpy(array) for name, array in weights.items()}
        options = session_options(threads)
        # A thread that waits by spinning takes a core from whatever else answers or indexes
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if self._weights:
            options.add_external_initializers(list(self._weights), list(self._weights.values()))
        self._session = session(graph, options)
        self.inputs = tuple(given.name for given in self._session.get_inputs())

    def run(self, output: str, fed: Mapping[str, npt.NDArray[np.int64]]) -> Floats:
        """Return one output."""
        return np.asarray(self._session.run([output], dict(fed))[0], np.float32)
