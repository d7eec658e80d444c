"""``python -m quoth.training.encoder_graph``: write the default encoder's graphs, which ship without their weights.

Each weight of a graph has a name that says which tensors of the package's ``model.safetensors`` it is made of, and
is put in place from there when the encoder is loaded (``quoth.tensors``).
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from quoth.compiled import card_of, export, quantised
from quoth.errors import ModelError
from quoth.model_files import DEFAULT_WEIGHTS_SHA256, packaged_folder
from quoth.onnx_model import CARD, GRAPH, PASSAGE_GRAPH, Graphs
from quoth.settings import DEFAULT_MODEL
from quoth.tensors import EIGHT_BITS, SCALE, TRANSPOSED, ZERO, Tensors, arranged, mapped_tensors, weights
from quoth.torch_model import TorchModel

if TYPE_CHECKING:
    from onnx import ModelProto

_COMMAND = "python -m quoth.training.encoder_graph"
_SMALL = 32
"""Numbers of a tensor that stays in the graph: shapes and bounds, no weights."""


def write_graphs(folder: Path) -> None:
    """Write the graphs alone, the one for passages in 8 bits, and their card."""
    from onnxruntime.transformers import optimizer
    from transformers import BertConfig

    source = packaged_folder()
    tensors = mapped_tensors(source / "model.safetensors")
    model = TorchModel.load(source, DEFAULT_MODEL)
    config = BertConfig.from_pretrained(source)
    logging.getLogger("onnxruntime.transformers").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as scratch:
        plain = Path(scratch) / "plain.onnx"
        export(model.model, plain)
        # Fused here, once, so that loading has little to optimise
        fused = optimizer.optimize_model(
            str(plain), "bert", num_heads=config.num_attention_heads, hidden_size=config.hidden_size, opt_level=1
        ).model
        _rename(fused, _named_by_value(fused, tensors))
        rounded = quantised(fused, Path(scratch))
    _rename(rounded, {tensor.name: _in_our_words(tensor.name) for tensor in rounded.graph.initializer})
    graph_weights = _without_weights(fused, tensors), _without_weights(rounded, tensors)
    graphs = Graphs(*(graph.SerializeToString(deterministic=True) for graph in (fused, rounded)))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / GRAPH).write_bytes(graphs.questions)
    (folder / PASSAGE_GRAPH).write_bytes(graphs.passages)
    card = card_of(model, graphs.sha256(), DEFAULT_WEIGHTS_SHA256, _COMMAND, *graph_weights)
    (folder / CARD).write_text(card.to_json(), "utf-8")


def _named_by_value(model: ModelProto, tensors: Tensors) -> dict[str, str]:
    """Return what each weight of a graph is made of, found by its numbers."""
    from onnx import numpy_helper

    known = {_key(arranged(name, tensors)): name for name in _arrangements(tensors)}
    names: dict[str, str] = {}
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.size <= _SMALL:
            continue
        name = known.get(_key(values))
        if name is None:
            raise ModelError(f"the weight {tensor.name} is no arrangement of the package's tensors; extend the writer")
        names[tensor.name] = name
    return names


def _in_our_words(name: str) -> str:
    for theirs, ours in (("_quantized", EIGHT_BITS), ("_scale", SCALE), ("_zero_point", ZERO)):
        if name.endswith(theirs):
            return name.removesuffix(theirs) + ours
    return name


def _rename(model: ModelProto, names: Mapping[str, str]) -> None:
    for tensor in model.graph.initializer:
        tensor.name = names.get(tensor.name, tensor.name)
    for node in model.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
    del model.graph.value_info[:]


def _without_weights(model: ModelProto, tensors: Tensors) -> list[str]:
    """Take the weights out of a graph, leave their names in their place, and return these names."""
    from onnx import StringStringEntryProto, TensorProto, numpy_helper

    large = [tensor for tensor in model.graph.initializer if numpy_helper.to_array(tensor).size > _SMALL]
    made = weights([tensor.name for tensor in large], tensors)
    for tensor in large:
        if not np.array_equal(made[tensor.name], numpy_helper.to_array(tensor)):
            raise ModelError(f"the weight {tensor.name} is not what its name says; mend quoth.tensors")
        tensor.CopyFrom(
            TensorProto(
                name=tensor.name,
                dims=tensor.dims,
                data_type=tensor.data_type,
                data_location=TensorProto.EXTERNAL,
                external_data=[StringStringEntryProto(key="location", value="model.safetensors")],
            )
        )
    return sorted(tensor.name for tensor in large)


def _arrangements(tensors: Tensors) -> Iterator[str]:
    """Yield the names of the tensors as they are, transposed, and side by side as the fused attention wants them."""
    for name, tensor in tensors.items():
        yield name
        if tensor.ndim == 2:
            yield name + TRANSPOSED
        if ".query." in name:
            threefold = "+".join(name.replace(".query.", f".{part}.") for part in ("query", "key", "value"))
            yield threefold + TRANSPOSED if tensor.ndim == 2 else threefold


def _key(values: npt.NDArray[np.float32]) -> tuple[tuple[int, ...], bytes]:
    return values.shape, hashlib.sha256(np.ascontiguousarray(values).tobytes()).digest()


def main(given: Sequence[str] | None = None) -> None:
    """Write the graphs where the command line says."""
    parser = argparse.ArgumentParser(prog=_COMMAND, description=__doc__)
    shipped = Path(str(resources.files("quoth").joinpath("data")))
    parser.add_argument("--out", type=Path, default=shipped, help="folder that gets the graphs and their card")
    write_graphs(parser.parse_args(given).out)


if __name__ == "__main__":
    main()
