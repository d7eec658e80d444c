"""``python -m quoth.training.export FILE``: from what a training wrote to the file that answers, quantised ONNX."""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from quoth.errors import ModelError
from quoth.tensors import EIGHT_BITS, SCALE, ZERO
from quoth.training.checkpoint import read_tensors
from quoth.training.fusing import fused
from quoth.training.model import ReaderModel, untrained_reader
from quoth.training.products import LARGE
from quoth.training.restore import restored_reader
from quoth.training.start import FILE_NAME, Start
from quoth.training.train import FINISHED

if TYPE_CHECKING:
    from onnx import GraphProto

_OPSET = 17
_EMBEDDINGS = "model.encoder.embeddings."
_INPUTS = ("tokens", "segments", "mask")
_OUTPUTS = ("start", "end", "relevance", "answerable")


def trained_reader(path: Path, model: ReaderModel | None = None) -> tuple[ReaderModel, dict[str, Any]]:
    """Return the mean of the weights in a checkpoint, a snapshot or a finished run, and the facts that stand with it.

    ``model`` is what the run began with, whose frozen weights stay: the encoder's own where it is None.

    Raises:
        ModelError: the file can't be read or holds another network.
    """
    model = untrained_reader(dropout=0.0) if model is None else model
    # Written out, attention is what the optimiser knows as such and fuses
    model.encoder.config._attn_implementation = "eager"
    wanted = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    stored, metadata = read_tensors(path)
    try:
        facts = json.loads(metadata.get("facts", "{}"))
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} can't be read: {error}; name a file that the training wrote") from error
    tensors = {name.removeprefix("mean/"): tensor for name, tensor in stored.items()}
    tensors = {name: tensor for name, tensor in tensors.items() if name in wanted}
    missing = sorted(wanted - set(tensors))
    if missing:
        raise ModelError(f"{path} lacks the weights {missing[0]}; name a file that the training wrote")
    model.load_state_dict({name: tensor.float() for name, tensor in tensors.items()}, strict=False)
    return model.eval(), facts


def averaged(model: ReaderModel, other: ReaderModel, share: float) -> ReaderModel:
    """Return ``model`` with weights of which ``share`` are its own and the rest those of ``other``.

    Between a network and what a training made of it lies one that often does better than both, on what it was not
    trained on above all (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models").
    """
    theirs = other.state_dict()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                parameter.lerp_(theirs[name], 1 - share)
    return model


def export_reader(model: ReaderModel, folder: Path, card: dict[str, Any], *, bits: Literal[8, 16] = 8) -> None:
    """Write ``reader.onnx``, its weights in 8 or 16 bits, and ``reader.json``, its ``card`` with the file's hash.

    In 8 bits the weights are quantised by channel and turned back into floats when the file is loaded. Products are
    made in 32 bits here; ``quoth.training.eight_bits`` makes a faster file of this one. 16 bits are for
    a network that began from weights in 8: what a short training adds is less than half a step of those, and would be
    rounded away. The embeddings, which no training moves, are in 8 bits always.
    """
    import onnx

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plain = Path(scratch) / "plain.onnx"
        _write_plain(model, plain)
        network = fused(plain, model.encoder.config)
    _store_small(network.graph, bits)
    onnx.checker.check_model(network)
    data = network.SerializeToString()
    (folder / "reader.onnx").write_bytes(data)
    text = json.dumps(card | {"sha256": hashlib.sha256(data).hexdigest()}, indent=1)
    (folder / "reader.json").write_text(text + "\n", "utf-8")


def _store_small(graph: GraphProto, bits: Literal[8, 16]) -> None:
    """Replace each large matrix of an ONNX graph by numbers of fewer bits and the node that restores it."""
    from onnx import TensorProto, helper, numpy_helper

    looked_up = {name for node in graph.node if node.op_type == "Gather" for name in node.input[:1]}
    kept, restored = [], []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.ndim != 2 or values.size < LARGE or values.dtype != np.float32:
            kept.append(tensor)
            continue
        if bits == 16 and not tensor.name.startswith(_EMBEDDINGS):
            half = f"{tensor.name}.16bit"
            kept.append(numpy_helper.from_array(values.astype(np.float16), half))
            restored.append(helper.make_node("Cast", [half], [tensor.name], to=TensorProto.FLOAT))
            continue
        # A row of a table is one channel, and so is a column of a matrix that is multiplied with
        axis = 0 if tensor.name in looked_up else 1
        scale = np.maximum(np.abs(values).max(1 - axis, keepdims=True), 1e-12).astype(np.float32) / 127
        stored = np.round(values / scale).astype(np.int8)
        parts = {EIGHT_BITS: stored, SCALE: scale.reshape(-1), ZERO: np.zeros(scale.size, np.int8)}
        names = [tensor.name + part for part in parts]
        kept += [numpy_helper.from_array(part, name) for part, name in zip(parts.values(), names, strict=True)]
        restored.append(helper.make_node("DequantizeLinear", names, [tensor.name], axis=axis))
    nodes = [*restored, *graph.node]
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes)


class _Flat(nn.Module):
    """The network with its scores as a tuple, which is what can be exported."""

    def __init__(self, model: ReaderModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, tokens: Tensor, segments: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        scores = self.model(tokens, segments, mask)
        return scores.start, scores.end, scores.relevance, scores.answerable


def _write_plain(model: ReaderModel, path: Path) -> None:
    tokens = torch.full((2, 16), 1000)
    axes: dict[str, dict[int, str]] = {name: {0: "rows", 1: "tokens"} for name in (*_INPUTS, *_OUTPUTS[:2])}
    axes |= {name: {0: "rows"} for name in _OUTPUTS[2:]}
    torch.onnx.export(
        _Flat(model),
        (tokens, torch.zeros_like(tokens), torch.ones_like(tokens)),
        path,
        input_names=_INPUTS,
        output_names=_OUTPUTS,
        dynamic_axes=axes,
        opset_version=_OPSET,
        dynamo=False,
    )


def main(given: Sequence[str] | None = None) -> None:
    """Export what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m quoth.training.export", description=__doc__)
    parser.add_argument("weights", type=Path, help="checkpoint, snapshot or reader.safetensors of a run")
    parser.add_argument("--out", type=Path, required=True, help="folder that gets reader.onnx and reader.json")
    parser.add_argument("--name", default="quoth-reader", help="what the reader is called")
    parser.add_argument("--note", default="", help="what its card says of the training")
    parser.add_argument(
        "--share", type=float, default=1.0, help="of the weights that are exported; the rest are the shipped reader's"
    )
    parser.add_argument(
        "--bits",
        type=int,
        choices=(8, 16),
        default=8,
        help="of the weights; 16 before quoth.training.eight_bits, which rounds them itself (default: %(default)s)",
    )
    options = parser.parse_args(given)
    folder = options.weights.parent
    # What a run keeps as it was is in the weights of a finished one alone
    is_whole = options.weights.name == FINISHED or not (folder / FILE_NAME).exists()
    begun = None if is_whole else Start.of(folder, None).model(dropout=0.0)
    model, facts = trained_reader(options.weights, begun)
    if options.share < 1:
        model = averaged(model, restored_reader(dropout=0.0), options.share)
    card = {"name": options.name, "step": facts.get("step"), "note": options.note}
    export_reader(model, options.out, card, bits=options.bits)


if __name__ == "__main__":
    main()
