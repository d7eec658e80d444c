"""``python -m quoth.training.encoder_graph``: write the default encoder's graph, which ships without its weights.

Each weight of the graph has a name that says which tensors of the package's ``model.safetensors`` it is made of, and
is put in place from there when the encoder is loaded (``quoth.onnx_model``).
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import tempfile
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from quoth.compiled import card_of, export
from quoth.errors import ModelError
from quoth.model_files import DEFAULT_WEIGHTS_SHA256, packaged_folder
from quoth.onnx_model import TRANSPOSED, arranged, mapped_tensors
from quoth.settings import DEFAULT_MODEL
from quoth.torch_model import TorchModel

if TYPE_CHECKING:
    from onnx import ModelProto

_COMMAND = "python -m quoth.training.encoder_graph"
_SMALL = 32
"""Numbers of a tensor that stays in the graph: shapes and bounds, no weights."""


def write_graph(folder: Path) -> None:
    """Write ``encoder.onnx``, the graph alone, and ``encoder.json``, its card."""
    from onnxruntime.transformers import optimizer
    from transformers import BertConfig

    source = packaged_folder()
    model = TorchModel.load(str(source), DEFAULT_MODEL, offline=True)
    config = BertConfig.from_pretrained(source)
    logging.getLogger("onnxruntime.transformers").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as scratch:
        plain = Path(scratch) / "plain.onnx"
        export(model.model, plain)
        # Fused here, once, so that loading has little to optimise
        fused = optimizer.optimize_model(
            str(plain), "bert", num_heads=config.num_attention_heads, hidden_size=config.hidden_size, opt_level=1
        ).model
    weights = _without_weights(fused, mapped_tensors(source / "model.safetensors"))
    data = fused.SerializeToString(deterministic=True)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "encoder.onnx").write_bytes(data)
    card = card_of(model, hashlib.sha256(data).hexdigest(), DEFAULT_WEIGHTS_SHA256, _COMMAND, weights)
    (folder / "encoder.json").write_text(card.to_json(), "utf-8")


def _without_weights(model: ModelProto, tensors: dict[str, npt.NDArray[np.float32]]) -> list[str]:
    """Take the weights out of a graph, leave the names of the tensors in their place, and return these names."""
    from onnx import StringStringEntryProto, TensorProto, numpy_helper

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
        tensor.CopyFrom(
            TensorProto(
                name=name,
                dims=tensor.dims,
                data_type=tensor.data_type,
                data_location=TensorProto.EXTERNAL,
                external_data=[StringStringEntryProto(key="location", value="model.safetensors")],
            )
        )
    for node in model.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
    del model.graph.value_info[:]
    return sorted(set(names.values()))


def _arrangements(tensors: dict[str, npt.NDArray[np.float32]]) -> Iterator[str]:
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
    """Write the graph where the command line says."""
    parser = argparse.ArgumentParser(prog=_COMMAND, description=__doc__)
    shipped = Path(str(resources.files("quoth").joinpath("data")))
    parser.add_argument("--out", type=Path, default=shipped, help="folder that gets encoder.onnx and encoder.json")
    write_graph(parser.parse_args(given).out)


if __name__ == "__main__":
    main()
