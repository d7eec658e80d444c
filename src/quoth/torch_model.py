"""An encoder's network in PyTorch, loaded and run by sentence-transformers; both are imported when one is loaded."""

from __future__ import annotations

import copy
import hashlib
import logging
import os
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from quoth.errors import ModelError
from quoth.model_files import check_no_code
from quoth.network import Floats

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_BATCH = 32


class TorchModel:
    """A sentence-transformers model. ``count_tokens`` may be called while another thread encodes."""

    one_at_a_time = True

    def __init__(self, model: SentenceTransformer) -> None:
        self.model = model
        # One of its own for counting: the model's is set anew by every call, and busy while the model is
        self._tokenizer: Any = copy.deepcopy(model.tokenizer)
        self._counting = threading.Lock()

    @classmethod
    def load(cls, folder: Path, name: str) -> TorchModel:
        """Load the model in a folder; ``name`` is what an error calls it.

        Weights are read from safetensors only, and code that a model brings along is not run.

        Raises:
            ModelError: it can't be loaded.
        """
        check_no_code(folder)
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
                    str(folder),
                    trust_remote_code=False,
                    local_files_only=True,
                    model_kwargs={"use_safetensors": True},
                )
            except Exception as error:  # the model libraries raise whatever they like; each means "can't be loaded"
                reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
                raise ModelError(
                    f"the model {name!r} can't be loaded: {reason}; "
                    "give the name or folder of a sentence-transformers model with safetensors weights"
                ) from error
        model.eval()
        return cls(model)

    @property
    def pooling(self) -> str:
        """What the model is made of and how it pools, as an identity records it."""
        parts = ",".join(module.__class__.__name__ for module in self.model)
        mode = getattr(self.model[1], "pooling_mode", None) if len(self.model) > 1 else None
        return f"{parts}:{mode}" if mode else parts

    @property
    def max_tokens(self) -> int:
        """Tokens that the model reads of a text."""
        return int(self.model.max_seq_length or 512)

    @property
    def dimension(self) -> int:
        """Length of the model's vectors."""
        return int(self.model.get_embedding_dimension() or 0)

    def parameters_sha256(self) -> str:
        """Return a hash of all weights as they were loaded."""
        digest = hashlib.sha256()
        for key, tensor in sorted(self.model.state_dict().items()):
            digest.update(key.encode())
            digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return for each text how many tokens it is, special ones included, nothing cut off."""
        with self._counting, _quiet():
            encoded = self._tokenizer(list(texts), add_special_tokens=True, truncation=False, verbose=False)
        return [len(ids) for ids in encoded["input_ids"]]

    def encode_passages(self, texts: Sequence[str]) -> Floats:
        """Return the unit vectors of passages; the end of a text that is too long is cut off."""
        with _quiet():
            return np.asarray(
                self.model.encode_document(
                    list(texts), batch_size=_BATCH, normalize_embeddings=True, show_progress_bar=False
                ),
                np.float32,
            )

    def encode_questions(self, texts: Sequence[str]) -> Floats:
        """Return the unit vectors of questions, as of passages."""
        with _quiet():
            return np.asarray(
                self.model.encode_query(
                    list(texts), batch_size=_BATCH, normalize_embeddings=True, show_progress_bar=False
                ),
                np.float32,
            )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the model libraries' own warnings and progress bars away from whoever called us."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
