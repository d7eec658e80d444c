"""The products of a network with its large matrices, made in 8 bits where they were made in 32.

A few inputs of a product are many times greater than the others, and one scale for all would leave little of these.
So differences between the places of the inputs go partly to the matrix, whose rows are divided by the factors that the
inputs are multiplied by; and each token's inputs are divided by the greatest of them, where the runtime's operation
leaves room for that. Then both sides are rounded, the inputs as they come.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from quoth.tensors import EIGHT_BITS, FACTORS, SCALE, ZERO

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto

Weights = dict[str, npt.NDArray[np.float32]]

LARGE = 10_000
"""Numbers of a large matrix."""

_LEAST, _TINY = "least", 1e-6
"""Name and value of the least that a token's inputs are divided by."""

_SHARE, _ATTENTION_SHARE = 0.5, 0.65
"""How much of the differences between inputs goes to the matrix: docs/reader.md. An attention's inputs are rounded for
all tokens together, and need more."""


@dataclass(slots=True)
class Seen:
    """What the inputs of a product were: the greatest absolute one of each place, and their outer products' sum."""

    greatest: npt.NDArray[np.float32]
    products: npt.NDArray[np.float64]


def values(graph: GraphProto) -> Weights:
    """Return the numbers of a graph by name, those that are stored in fewer bits restored.

    Matrices whose inputs are multiplied by factors are those that the inputs as they are would be multiplied with.
    """
    from onnx import numpy_helper

    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    found = {name: value for name, value in stored.items() if value.dtype == np.float32}
    for name in [name.removesuffix(FACTORS) for name in stored if name.endswith(FACTORS)]:
        found[name] = stored[name + EIGHT_BITS] * stored[name + SCALE] * stored[name + FACTORS][:, None]
    for node in graph.node:
        if node.op_type == "Cast" and node.input[0] in stored:
            found[node.output[0]] = stored[node.input[0]].astype(np.float32)
        if node.op_type != "DequantizeLinear":
            continue
        whole, scale = stored[node.input[0]].astype(np.float32), stored[node.input[1]]
        axis = next((attribute.i for attribute in node.attribute if attribute.name == "axis"), 1)
        shape = [1] * whole.ndim
        shape[axis] = -1
        found[node.output[0]] = whole * scale.reshape(shape)
    return found


def large_products(graph: GraphProto) -> list[tuple[NodeProto, npt.NDArray[np.float32]]]:
    """Return the nodes that multiply with a large matrix, and each one's matrix, shape ``(inputs, outputs)``."""
    known = values(graph)
    return [
        (node, known[node.input[1]])
        for node in graph.node
        if node.op_type in ("MatMul", "Attention") and known.get(node.input[1], np.empty(0)).size >= LARGE
    ]


def observe(model: ModelProto, feeds: Iterable[Mapping[str, npt.NDArray[np.int64]]]) -> dict[str, Seen]:
    """Run a network in 32 bits and return what the inputs of its large products were, by the matrices' names."""
    import onnx
    import onnxruntime

    watched = onnx.ModelProto.FromString(model.SerializeToString())
    inputs_of = {node.input[1]: node.input[0] for node, _ in large_products(model.graph)}
    names = sorted(set(inputs_of.values()))
    kind = onnx.TensorProto.FLOAT
    watched.graph.output.extend(onnx.helper.make_tensor_value_info(name, kind, None) for name in names)
    session = onnxruntime.InferenceSession(watched.SerializeToString(), providers=["CPUExecutionProvider"])
    seen: dict[str, Seen] = {}
    for feed in feeds:
        for name, of_one in zip(names, session.run(names, dict(feed)), strict=True):
            inputs = of_one.reshape(-1, of_one.shape[-1])
            size = inputs.shape[1]
            at = seen.setdefault(name, Seen(np.zeros(size, np.float32), np.zeros((size, size))))
            at.greatest = np.maximum(at.greatest, np.abs(inputs).max(0))
            at.products += inputs.T @ inputs
    return {matrix: seen[name] for matrix, name in inputs_of.items()}


def smoothing(model: ModelProto, seen: Mapping[str, Seen]) -> Weights:
    """Return the factors of each large product's inputs, shape ``(inputs,)``, by the matrix's name.

    Factors have a geometric mean of 1 (Xiao et al. 2023, "SmoothQuant", equation 4).
    """
    found: Weights = {}
    for node, weight in large_products(model.graph):
        share = _ATTENTION_SHARE if node.op_type == "Attention" else _SHARE
        found[node.input[1]] = even_out(weight, seen[node.input[1]].greatest, share)
    return found


def even_out(
    weight: npt.NDArray[np.float32], greatest: npt.NDArray[np.float32], share: float
) -> npt.NDArray[np.float32]:
    """Return factors of which ``share`` of the differences between the ``greatest`` inputs goes to the ``weight``."""
    tiny = np.float32(1e-4)
    factors = np.abs(weight).max(1).clip(tiny) ** (1 - share) / greatest.clip(tiny) ** share
    return np.asarray(factors / np.exp(np.log(factors).mean()), np.float32)


def multiplied_in_eight_bits(model: ModelProto, parts: Mapping[str, npt.NDArray[np.generic]]) -> ModelProto:
    """Return a network whose large products are made in 8 bits.

    ``parts`` holds, by the names that ``quoth.tensors`` gives them, each matrix in 8 bits with its scales and zeros,
    and the factors of its inputs.
    """
    import onnx

    made: ModelProto = onnx.ModelProto.FromString(model.SerializeToString())
    graph = made.graph
    products = [node for node, _ in large_products(graph)]
    replaced = {node.name: _attention(node) if node.op_type == "Attention" else _product(node) for node in products}
    matrices = {node.input[1] for node in products}
    nodes = [
        new
        for node in graph.node
        if not matrices & set(node.output)  # what restored a matrix in 32 bits
        for new in replaced.get(node.name, [node])
    ]
    used = {name for node in nodes for name in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name in used and tensor.name not in parts]
    added = {name: part for name, part in parts.items() if name in used} | {_LEAST: np.array(_TINY, np.float32)}
    del graph.node[:], graph.initializer[:], graph.value_info[:]
    graph.node.extend(nodes)
    graph.initializer.extend([*kept, *(onnx.numpy_helper.from_array(part, name) for name, part in added.items())])
    return made


def _product(node: NodeProto) -> list[NodeProto]:
    """Return what replaces a product: a token's inputs are divided by the greatest, and what comes out multiplied."""
    from onnx.helper import make_node

    at, matrix = node.name, node.input[1]
    return [
        make_node("Mul", [node.input[0], matrix + FACTORS], [f"{at}/smooth"]),
        make_node("Abs", [f"{at}/smooth"], [f"{at}/absolute"]),
        make_node("ReduceMax", [f"{at}/absolute"], [f"{at}/most"], axes=[-1], keepdims=1),
        make_node("Max", [f"{at}/most", _LEAST], [f"{at}/greatest"]),
        make_node("Div", [f"{at}/smooth", f"{at}/greatest"], [f"{at}/even"]),
        make_node(
            "DynamicQuantizeMatMul",
            [f"{at}/even", matrix + EIGHT_BITS, matrix + SCALE, matrix + ZERO],
            [f"{at}/made"],
            name=at,
            domain="com.microsoft",
        ),
        make_node("Mul", [f"{at}/made", f"{at}/greatest"], [node.output[0]]),
    ]


def _attention(node: NodeProto) -> list[NodeProto]:
    from onnx.helper import make_node

    at = node.name
    given, matrix, bias, mask = node.input
    heads = next(attribute.i for attribute in node.attribute if attribute.name == "num_heads")
    whole = [f"{at}/{part}" for part in ("whole", "scale", "zero")]
    return [
        make_node("Mul", [given, matrix + FACTORS], [f"{at}/smooth"]),
        make_node("DynamicQuantizeLinear", [f"{at}/smooth"], whole),
        make_node(
            "QAttention",
            [whole[0], matrix + EIGHT_BITS, bias, whole[1], matrix + SCALE, mask, whole[2], matrix + ZERO],
            [node.output[0]],
            name=at,
            domain="com.microsoft",
            num_heads=heads,
        ),
    ]
