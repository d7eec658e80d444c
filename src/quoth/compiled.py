"""Compiled encoders: a model is exported to ONNX once, checked against the original, and served from there afterwards.

A compiled form lies in the user's cache under a hash of the model's files and of this exporter, so that it is never
used for other weights. One that fails or differs leaves a note instead, and sentence-transformers goes on serving.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
import shutil
import tempfile
import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from filelock import FileLock
from platformdirs import user_cache_path
from tokenizers import Tokenizer

from quoth.model_files import folder_sha256
from quoth.onnx_model import CARD, GRAPH, INPUTS, OUTPUT, PASSAGE_GRAPH, Card, Graphs, OnnxModel
from quoth.torch_model import TorchModel

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_log = logging.getLogger(__name__)

_EXPORTER = "4"
"""Changed with whatever changes what is exported, so that older compiled forms are made anew."""

_OPSET = 17
_TOLERANCE = 1e-5
_LEAST_COSINE = 0.98
_TOKENIZER = "tokenizer.json"
_UNFIT = "unfit"
_SCRATCH, _LOCK = ".new-", "lock"

_MULTIPLIED = ("MatMul", "Attention")
"""What a graph for passages does in 8 bits; the rest, embeddings and norms, takes little time and stays as it is."""

SAMPLE: Sequence[str] = (
    "",
    "Where is the boat?",
    "Seventy per cent of cybercrime was discovered by police in 2013.",
    "قایق پیش از سپیده‌دم به بندر رسید.",
    "中国的船在海上航行",
    "🚤 ⚓️ e\u0301tude – ﬁn",
    "The harbour master counts every boat at dawn, and the keeper of the lighthouse counts the stars. " * 3,
    "word " * 2_000,
)
"""What a compiled model is compared on: short and long, empty, and in several scripts."""


def compiled_folder(model: Path) -> Path:
    """Return where the compiled form of the model in a folder lies, if it was made."""
    key = hashlib.sha256(f"{_EXPORTER} {folder_sha256(model)}".encode()).hexdigest()
    return user_cache_path("quoth", appauthor=False) / "encoders" / key[:32]


def load_compiled(folder: Path, weights_sha256: str | None = None) -> OnnxModel | None:
    """Return the compiled model in a folder; None where there is none, or none that is whole and of these weights."""
    try:
        if _is_unfit(folder):
            return None
        card = Card.from_json((folder / CARD).read_text("utf-8"))
        if weights_sha256 not in (None, card.weights_sha256):
            raise ValueError("it was made of other weights")
        graphs = Graphs((folder / GRAPH).read_bytes(), (folder / PASSAGE_GRAPH).read_bytes())
        vocabulary = (folder / _TOKENIZER).read_text("utf-8")
        if _sha256(graphs, vocabulary, card) != card.sha256:
            raise ValueError("its hash is not the one that was noted")
        return OnnxModel(graphs, card, Tokenizer.from_str(vocabulary), {})
    except FileNotFoundError:
        return None
    except Exception as error:  # neither ONNX Runtime's errors nor those of tokenizers share a base class
        _log.warning("the compiled encoder in %s can't be used (%s); it is made anew", folder, error)
        return None


def compile_model(model: TorchModel, name: str, weights_sha256: str, folder: Path) -> OnnxModel | None:
    """Compile a model into ``folder`` and return it; None, with a line in the log, where it can't be done.

    It is written aside and renamed, so that another process never sees half of it.
    """
    if model.model.device.type != "cpu":
        return None
    if _is_unfit(folder):
        _log.info("the model %r was found unfit for ONNX Runtime before; sentence-transformers serves it", name)
        return None
    if importlib.util.find_spec("onnx") is None:
        _log.warning(
            "the model %r is served by sentence-transformers, which takes seconds to load: to compile it, "
            "install the package onnx (pip install 'quoth[train]')",
            name,
        )
        return None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _delete_left_over(folder.parent)
        with (
            tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=folder.parent, ignore_cleanup_errors=True) as scratch,
            FileLock(Path(scratch) / _LOCK),
        ):
            made = Path(scratch) / "encoder"
            made.mkdir()
            unfit = _compile(model, weights_sha256, made)
            if unfit is not None:
                _log.warning("the model %r can't be compiled (%s); sentence-transformers serves it", name, unfit)
                for graph in (GRAPH, PASSAGE_GRAPH):
                    (made / graph).unlink(missing_ok=True)
                (made / CARD).write_text(json.dumps({_UNFIT: unfit}) + "\n", "utf-8")
            _put(made, folder, weights_sha256)
    except (OSError, MemoryError) as error:
        _log.warning("the compiled form of %r can't be written to %s: %s", name, folder, error)
        return None
    return load_compiled(folder, weights_sha256)


def export(model: SentenceTransformer, path: Path) -> None:
    """Write a model's whole network, pooling included, as ONNX in 32 bits; raises what PyTorch's exporter raises."""
    import torch

    names = _inputs(model)

    class Whole(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.parts = model

        def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
            vector: torch.Tensor = self.parts(dict(zip(names, tensors, strict=True)))["sentence_embedding"]
            return vector

    tokens = torch.full((2, 16), 5)
    given = {INPUTS[0]: tokens, INPUTS[1]: torch.ones_like(tokens), INPUTS[2]: torch.zeros_like(tokens)}
    config: Any = getattr(getattr(model[0], "auto_model", None), "config", None)
    before = getattr(config, "_attn_implementation", None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if before is not None:
                # Written out, attention is exported, and known to the optimiser, as what it is
                config._attn_implementation = "eager"
            torch.onnx.export(
                Whole().eval(),
                tuple(given[name] for name in names),
                path,
                input_names=names,
                output_names=[OUTPUT],
                dynamic_axes={name: {0: "rows", 1: "tokens"} for name in names} | {OUTPUT: {0: "rows"}},
                opset_version=_OPSET,
                dynamo=False,
            )
        finally:
            if before is not None:
                config._attn_implementation = before


def difference(model: OnnxModel, original: TorchModel, texts: Sequence[str]) -> float:
    """Return the largest difference between two models' vectors of the same texts, passages and questions."""
    pairs = (
        (model.encode_passages(texts), original.encode_passages(texts)),
        (model.encode_questions(texts), original.encode_questions(texts)),
        # Alone as well: a batch of one is what a question is
        (model.encode_questions(texts[1:2]), original.encode_questions(texts[1:2])),
    )
    return max(float(np.abs(one - other).max()) for one, other in pairs)


def least_cosine(model: OnnxModel, original: TorchModel, texts: Sequence[str]) -> float:
    """Return the smallest cosine between two models' vectors of the same passage."""
    return float((model.encode_passages(texts) * original.encode_passages(texts)).sum(1).min())


def _in_eight_bits(graph: Path) -> bytes:
    """Return a graph whose large multiplications are done in 8 bits: weights by column, activations as they come.

    Those that narrow stay in 32 bits: what they multiply comes out of an activation function, a few numbers of it far
    greater than the rest, and half of all that 8 bits cost would be theirs.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    whole = onnx.load(graph)
    narrowing = {
        tensor.name for tensor in whole.graph.initializer if len(tensor.dims) == 2 and tensor.dims[0] > tensor.dims[1]
    }
    root_log = logging.getLogger()
    level = root_log.level
    # It advises on the root logger to do first what would undo the fused operations
    root_log.setLevel(logging.ERROR)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            rounded = Path(scratch) / "rounded.onnx"
            quantize_dynamic(
                graph,
                rounded,
                op_types_to_quantize=list(_MULTIPLIED),
                nodes_to_exclude=[
                    node.name for node in whole.graph.node if node.op_type == "MatMul" and narrowing & set(node.input)
                ],
                per_channel=True,
                # Else sums of two products overflow on processors with AVX2 that lack VNNI
                reduce_range=True,
                weight_type=QuantType.QInt8,
                extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
            )
            return bytes(onnx.load(rounded).SerializeToString(deterministic=True))
    finally:
        root_log.setLevel(level)


def card_of(
    model: TorchModel,
    graphs_sha256: str,
    weights_sha256: str,
    made_by: str,
    weights: Sequence[str] = (),
    passage_weights: Sequence[str] = (),
) -> Card:
    """Return the card that stands beside a model's graphs."""
    prompts = model.model.prompts
    names = ("document", "passage", "corpus")
    return Card(
        sha256=graphs_sha256,
        made_by=made_by,
        weights_sha256=weights_sha256,
        pooling=model.pooling,
        max_tokens=model.max_tokens,
        dimension=model.dimension,
        question_prompt=prompts.get("query") or "",
        # The one that sentence-transformers takes: the first of these that the model knows
        passage_prompt=next((prompts[name] for name in names if name in prompts), None) or "",
        weights=tuple(weights),
        passage_weights=tuple(passage_weights),
    )


def _compile(model: TorchModel, weights_sha256: str, folder: Path) -> str | None:
    """Write a model's compiled form, or return why it has none."""
    tokenizer = getattr(model.model.tokenizer, "backend_tokenizer", None)
    if tokenizer is None:
        return "its tokeniser is not one of the package tokenizers"
    try:
        export(model.model, folder / GRAPH)
        graph, vocabulary = (folder / GRAPH).read_bytes(), str(tokenizer.to_str())

        def made_of(graphs: Graphs) -> OnnxModel:
            card = card_of(model, "", weights_sha256, f"quoth.compiled {_EXPORTER}")
            card = replace(card, sha256=_sha256(graphs, vocabulary, card))
            return OnnxModel(graphs, card, Tokenizer.from_str(vocabulary), {})

        compiled = made_of(Graphs(graph, graph))
        off = difference(compiled, model, SAMPLE)
        counts = compiled.count_tokens(SAMPLE), model.count_tokens(SAMPLE)
        passages = _in_eight_bits(folder / GRAPH)
        rounded = made_of(Graphs(graph, passages))
        if least_cosine(rounded, model, SAMPLE) >= _LEAST_COSINE:
            compiled = rounded
        else:
            passages = graph
    except (OSError, MemoryError):
        raise  # this machine's trouble, not the model's: tried again the next time
    except Exception as error:  # PyTorch's exporter and ONNX Runtime raise whatever they like
        return f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"
    # Not "more than": what is no number must not pass either
    if not off <= _TOLERANCE:
        return f"its vectors differ from the original's by {off:.1e}"
    if counts[0] != counts[1]:
        return "its tokens differ from the original's"
    (folder / PASSAGE_GRAPH).write_bytes(passages)
    (folder / _TOKENIZER).write_text(vocabulary, "utf-8")
    (folder / CARD).write_text(compiled.card.to_json(), "utf-8")
    return None


def _sha256(graphs: Graphs, vocabulary: str, card: Card) -> str:
    """Return the hash of all that is read of a compiled form, the card's own fields among it."""
    return graphs.sha256(vocabulary + replace(card, sha256="").to_json())


def _is_unfit(folder: Path) -> bool:
    """Whether a card is there that says so; a damaged one says nothing."""
    try:
        said = json.loads((folder / CARD).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(said, dict) and isinstance(said.get(_UNFIT), str)


def _inputs(model: SentenceTransformer) -> list[str]:
    """Return which inputs the model's tokeniser gives it, in our order."""
    given = [name for name in model.tokenizer.model_input_names if name in INPUTS]
    return [name for name in INPUTS if name in given]


def _delete_left_over(folder: Path) -> None:
    """Delete what was being compiled by processes that were killed: whoever lives holds the lock."""
    for scratch in folder.glob(f"{_SCRATCH}*"):
        with suppress(OSError), FileLock(scratch / _LOCK, timeout=0):
            shutil.rmtree(scratch, ignore_errors=True)


def _put(made: Path, folder: Path, weights_sha256: str) -> None:
    try:
        made.rename(folder)
    except OSError:
        # What stands there is either damaged or another process's, just made and equal
        if load_compiled(folder, weights_sha256) is None:
            shutil.rmtree(folder, ignore_errors=True)
            made.rename(folder)
