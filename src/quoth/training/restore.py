"""The network of a reader that answers already, restored from its file: training goes on from what it has learnt.

The file (``reader.onnx``) holds the weights in 8 or 16 bits, in a graph whose layers were fused for speed. They are put
back into the network by the names that the export gave them, and the network is then compared with the file itself.
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
from quoth.training.agreement import Agreement, agreement
from quoth.training.model import ReaderModel, packaged_folder

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto

Weights = dict[str, npt.NDArray[np.float32]]

_PREFIX = "model."
_ALIKE = Agreement(spans=1.0, correlation=0.9999, difference=0.02)
"""How much network and file have to agree: they are the same numbers, added up in another order."""


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
    weights = _weights(onnx.load(str(path)).graph)
    model = ReaderModel(BertConfig.from_pretrained(packaged_folder()), dropout)
    state = model.state_dict()
    wrong = [name for name in state if name not in weights or weights[name].shape != tuple(state[name].shape)]
    if wrong:
        raise ModelError(f"the reader at {path} lacks the weights {wrong[0]}; train it again, or begin --from encoder")
    model.load_state_dict({name: torch.from_numpy(weights[name].copy()) for name in state})
    found = agreement(model, reader, _sample(reader))
    if not found.reaches(_ALIKE):
        raise ModelError(f"the network made of the reader at {path} says something else than it: {found}; reinstall")
    return model


def _sample(reader: Reader) -> list[tuple[str, str, str]]:
    text = "The old bridge over the Wye was built by Thomas Harrow in 1832. It is closed to carts now."
    return [(question, "The bridge", text) for question in ("Who built it?", "When was it built?", "How much is it?")]


def _weights(graph: GraphProto) -> Weights:
    """Return the weights of a reader's graph by the names that the network has for them."""
    values = _values(graph)
    found = {name.removeprefix(_PREFIX): value for name, value in values.items() if name.startswith(_PREFIX)}
    attention = 0
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in values:
            # "/model/span/MatMul" multiplies with the transposed "span.weight"
            name = ".".join(node.name.strip("/").split("/")[:-1]).removeprefix(_PREFIX)
            found[f"{name}.weight"] = np.ascontiguousarray(values[node.input[1]].T)
        elif node.op_type == "Attention":
            found |= _attention(node, values, attention)
            attention += 1
    return found


def _attention(node: NodeProto, values: Weights, layer: int) -> Weights:
    """Part the fused weights of a layer's attention into those of queries, keys and values."""
    weight, bias = values[node.input[1]], values[node.input[2]]
    parts = zip(("query", "key", "value"), np.split(weight, 3, axis=1), np.split(bias, 3), strict=True)
    place = f"encoder.encoder.layer.{layer}.attention.self"
    found: Weights = {}
    for name, columns, offsets in parts:
        found[f"{place}.{name}.weight"] = np.ascontiguousarray(columns.T)
        found[f"{place}.{name}.bias"] = offsets
    return found


def _values(graph: GraphProto) -> Weights:
    """Return the numbers of a graph by name, those that are stored in fewer bits restored."""
    from onnx import numpy_helper

    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    values = {name: value for name, value in stored.items() if value.dtype == np.float32}
    for node in graph.node:
        if node.op_type == "Cast" and node.input[0] in stored:
            values[node.output[0]] = stored[node.input[0]].astype(np.float32)
        if node.op_type != "DequantizeLinear":
            continue
        whole, scale = stored[node.input[0]].astype(np.float32), stored[node.input[1]]
        axis = next((attribute.i for attribute in node.attribute if attribute.name == "axis"), 1)
        shape = [1] * whole.ndim
        shape[axis] = -1
        values[node.output[0]] = whole * scale.reshape(shape)
    return values
