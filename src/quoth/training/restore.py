"""The network of a reader that answers already, restored from its file: training goes on from what it has learnt.

The file (``reader.onnx``) holds the weights in 8 or 16 bits, in a graph whose layers were fused for speed and may
multiply in 8 bits. They are put back into the network by the names that the export gave them, and the network is then
compared with the file itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from transformers import BertConfig

from quoth.errors import ModelError, QuothError
from quoth.reader import Reader, reader_file
from quoth.tensors import EIGHT_BITS
from quoth.training.agreement import Agreement, agreement
from quoth.training.model import ReaderModel, packaged_folder
from quoth.training.products import Weights, large_products, values

if TYPE_CHECKING:
    from onnx import GraphProto

_PREFIX = "model."
_ALIKE = Agreement(spans=1.0, correlation=0.9999, difference=0.02)
"""How much network and file have to agree: they are the same numbers, added up in another order."""
_NEARLY_ALIKE = Agreement(spans=1.0, correlation=0.999, difference=0.15)
"""The same where the file multiplies in 8 bits, and rounds what the network does not."""


def need_onnx() -> None:
    """Raise QuothError where the package is missing that reads and writes a reader's file."""
    try:
        import onnx  # noqa: F401
    except ImportError as error:
        raise QuothError(
            "training a reader needs the package onnx; install it with: pip install 'quoth[train]'"
        ) from error


def restored_reader(folder: Path | None = None, dropout: float = 0.1) -> ReaderModel:
    """Return the network of the reader that ships with Quoth, or of the one in ``folder``.

    Raises:
        ModelError: the file is damaged, or what it holds is not a reader of this network, or the network that was
            made of it says something else than the file.
        QuothError: the package onnx is missing.
    """
    need_onnx()
    import onnx

    reader = Reader.load(folder)  # checks the file against its card
    path = reader_file(folder)
    graph = onnx.load(str(path)).graph
    weights = _weights(graph)
    model = ReaderModel(BertConfig.from_pretrained(packaged_folder()), dropout)
    state = model.state_dict()
    wrong = [name for name in state if name not in weights or weights[name].shape != tuple(state[name].shape)]
    if wrong:
        raise ModelError(f"the reader at {path} lacks the weights {wrong[0]}; train it again, or begin --from encoder")
    model.load_state_dict({name: torch.from_numpy(weights[name].copy()) for name in state})
    found = agreement(model, reader, _sample(reader))
    if not found.reaches(_ALIKE if large_products(graph) else _NEARLY_ALIKE):
        raise ModelError(f"the network made of the reader at {path} says something else than it: {found}; reinstall")
    return model


def _sample(reader: Reader) -> list[tuple[str, str, str]]:
    text = "The old bridge over the Wye was built by Thomas Harrow in 1832. It is closed to carts now."
    return [(question, "The bridge", text) for question in ("Who built it?", "When was it built?", "How much is it?")]


def _weights(graph: GraphProto) -> Weights:
    """Return the weights of a reader's graph by the names that the network has for them."""
    known = values(graph)
    found = {name.removeprefix(_PREFIX): value for name, value in known.items() if name.startswith(_PREFIX)}
    attention = 0
    for node in graph.node:
        matrix = node.input[1].removesuffix(EIGHT_BITS) if len(node.input) > 1 else ""
        if node.op_type in ("MatMul", "DynamicQuantizeMatMul") and matrix in known:
            # "/model/span/MatMul" multiplies with the transposed "span.weight"
            name = ".".join(node.name.strip("/").split("/")[:-1]).removeprefix(_PREFIX)
            found[f"{name}.weight"] = np.ascontiguousarray(known[matrix].T)
        elif node.op_type in ("Attention", "QAttention"):
            found |= _attention(known[matrix], known[node.input[2]], attention)
            attention += 1
    return found


def _attention(weight: npt.NDArray[np.float32], bias: npt.NDArray[np.float32], layer: int) -> Weights:
    """Part the fused weights of a layer's attention into those of queries, keys and values."""
    parts = zip(("query", "key", "value"), np.split(weight, 3, axis=1), np.split(bias, 3), strict=True)
    place = f"encoder.encoder.layer.{layer}.attention.self"
    found: Weights = {}
    for name, columns, offsets in parts:
        found[f"{place}.{name}.weight"] = np.ascontiguousarray(columns.T)
        found[f"{place}.{name}.bias"] = offsets
    return found
