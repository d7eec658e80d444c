"""``python -m quoth.training.encoder_graph``: write the default encoder's graphs, which ship without their weights.

Each weight of a graph has a name that says which tensors of the package's ``model.safetensors`` it is made of, and
is put in place from there when the encoder is loaded (``quoth.tensors``). The graph for passages multiplies in 8 bits;
by which factors its inputs are evened out lies in a file of its own, made of the texts of the data sets that ``--even``
names, or taken as it ships.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from quoth.compiled import card_of, export
from quoth.datasets import Dataset, read_dataset
from quoth.errors import ModelError
from quoth.model_files import DEFAULT_WEIGHTS_SHA256, packaged_folder
from quoth.onnx_model import CARD, FACTORS_FILE, GRAPH, INPUTS, PASSAGE_GRAPH, Graphs
from quoth.settings import DEFAULT_MODEL
from quoth.tensors import EIGHT_BITS, FACTORS, SCALE, TRANSPOSED, ZERO, Tensors, arranged, mapped_tensors, weights
from quoth.torch_model import TorchModel
from quoth.training.fusing import fused
from quoth.training.products import large_products, multiplied_in_eight_bits, observe, smoothing

if TYPE_CHECKING:
    from onnx import ModelProto

_COMMAND = "python -m quoth.training.encoder_graph"
_SHIPPED = Path(str(resources.files("quoth").joinpath("data")))
_TEXTS = 240
_SMALL = 32
"""Numbers of a tensor that stays in the graph: shapes and bounds, no weights."""


def write_graphs(folder: Path, datasets: Sequence[Dataset] = ()) -> None:
    """Write the graphs alone, the one for passages in 8 bits, their card, and the factors of the latter's inputs.

    Factors are made of the texts of data sets, or are those that ship where none are given.
    """
    from transformers import BertConfig

    source = packaged_folder()
    tensors = mapped_tensors(source / "model.safetensors")
    model = TorchModel.load(source, DEFAULT_MODEL)
    with tempfile.TemporaryDirectory() as scratch:
        plain = Path(scratch) / "plain.onnx"
        export(model.model, plain)
        whole = fused(plain, BertConfig.from_pretrained(source))
    _rename(whole, _named_by_value(whole, tensors))
    factors = _factors(whole, model, datasets) if datasets else (_SHIPPED / FACTORS_FILE).read_bytes()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FACTORS_FILE).write_bytes(factors)
    tensors |= mapped_tensors(folder / FACTORS_FILE)
    matrices = [node.input[1] for node, _ in large_products(whole.graph)]
    suffixes = EIGHT_BITS, SCALE, ZERO, FACTORS
    rounded = multiplied_in_eight_bits(
        whole, weights([name + suffix for name in matrices for suffix in suffixes], tensors)
    )
    graph_weights = _without_weights(whole, tensors), _without_weights(rounded, tensors)
    graphs = Graphs(_bytes(whole), _bytes(rounded), factors)
    (folder / GRAPH).write_bytes(graphs.questions)
    (folder / PASSAGE_GRAPH).write_bytes(graphs.passages)
    card = card_of(model, graphs.sha256(), DEFAULT_WEIGHTS_SHA256, _COMMAND, *graph_weights)
    (folder / CARD).write_text(card.to_json(), "utf-8")


def _bytes(model: ModelProto) -> bytes:
    return bytes(model.SerializeToString(deterministic=True))


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


def _factors(whole: ModelProto, model: TorchModel, datasets: Sequence[Dataset]) -> bytes:
    """Return the file of the factors that even out what the large products are given of some texts."""
    from safetensors.numpy import save

    rng = np.random.default_rng(1)
    texts = []
    for dataset in datasets:
        documents = list(dataset.documents.values())
        for place in rng.permutation(len(documents))[: -(-_TEXTS // len(datasets))]:
            texts.append(f"{documents[place].title}\n{documents[place].text}")
    tokenizer = model.model.tokenizer
    feeds = []
    for text in texts:
        tokens = np.array([tokenizer(text, truncation=True, max_length=model.model.max_seq_length)["input_ids"]])
        feeds.append(dict(zip(INPUTS, (tokens, np.ones_like(tokens), np.zeros_like(tokens)), strict=True)))
    found = smoothing(whole, observe(whole, feeds))
    return bytes(save({name + FACTORS: value for name, value in sorted(found.items())}))


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
    parser.add_argument("--out", type=Path, default=_SHIPPED, help="folder that gets the graphs and their card")
    parser.add_argument(
        "--even",
        nargs="+",
        type=Path,
        default=[],
        metavar="DATASET",
        help="make the factors anew, of their texts",
    )
    options = parser.parse_args(given)
    write_graphs(options.out, [read_dataset(path) for path in options.even])


if __name__ == "__main__":
    main()
