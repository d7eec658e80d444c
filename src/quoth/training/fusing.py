"""A network's layers fused once, when its file is written, so that loading has little to optimise."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from transformers import BertConfig

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto


def fused(plain: Path, config: BertConfig) -> ModelProto:
    """Return the network in a file with the operations of its layers fused, but for the norms."""
    from onnxruntime.transformers import optimizer

    logging.getLogger("onnxruntime.transformers").setLevel(logging.ERROR)
    heads, size = config.num_attention_heads, config.hidden_size
    found = optimizer.optimize_model(str(plain), "bert", num_heads=heads, hidden_size=size, opt_level=1)
    return _with_plain_norms(found.model)


def _with_plain_norms(model: ModelProto) -> ModelProto:
    """Return a network whose layers are added up and normalised by operations of their own.

    ONNX Runtime's fused one takes three times as long on a processor (docs/speed.md). That it doesn't fuse them again
    is seen to where a session is made (``quoth.network``).
    """
    import onnx
    from onnx.helper import make_node

    made: ModelProto = onnx.ModelProto.FromString(model.SerializeToString())
    nodes: list[NodeProto] = []
    for number, node in enumerate(made.graph.node):
        if node.op_type != "SkipLayerNormalization":
            nodes.append(node)
            continue
        given, skipped, gamma, beta, bias = node.input
        epsilon = next(attribute.f for attribute in node.attribute if attribute.name == "epsilon")
        at = node.name or f"norm_{number}"
        nodes += [
            make_node("Add", [given, bias], [f"{at}/biased"]),
            make_node("Add", [f"{at}/biased", skipped], [f"{at}/added"]),
            make_node("LayerNormalization", [f"{at}/added", gamma, beta], node.output[:1], epsilon=epsilon, axis=-1),
        ]
    del made.graph.node[:]
    made.graph.node.extend(nodes)
    return made
