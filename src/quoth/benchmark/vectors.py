"""Vectors of texts, embedded once and kept in files, so that a second measurement begins where the first did."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from quoth.encoder import Encoder, Vectors
from quoth.onnx_model import shipped_sha256
from quoth.progress import Progress

_KEPT_AT_ONCE = 1_024
_ENCODED_AT_ONCE = 32


def embedded(
    encoder: Encoder, texts: Sequence[str], folder: Path, report: Callable[[Progress], None] = lambda progress: None
) -> Vectors:
    """Return the unit vectors of texts, shape ``(len(texts), dimension)``.

    What was embedded before, by the same model, is taken from ``folder``; what is embedded now is kept there, a
    thousand texts at a time, so that an interrupted run goes on where it stopped.
    """
    folder.mkdir(parents=True, exist_ok=True)
    vectors = np.empty((len(texts), encoder.identity.dimension), np.float32)
    for start in range(0, len(texts), _KEPT_AT_ONCE):
        some = texts[start : start + _KEPT_AT_ONCE]
        path = folder / f"{_key(encoder, some)}.npy"
        kept = _kept(path, (len(some), encoder.identity.dimension))
        if kept is None:
            kept = np.empty((len(some), encoder.identity.dimension), np.float32)
            for place in range(0, len(some), _ENCODED_AT_ONCE):
                report(Progress("embedding", start + place, len(texts)))
                kept[place : place + _ENCODED_AT_ONCE] = encoder.encode_passages(some[place : place + _ENCODED_AT_ONCE])
            _keep(path, kept)
        vectors[start : start + len(some)] = kept
    return vectors


def _key(encoder: Encoder, texts: Sequence[str]) -> str:
    digest = hashlib.sha256((encoder.identity.to_json() + shipped_sha256()).encode())
    for text in texts:
        digest.update(b"\0" + text.encode())
    return digest.hexdigest()[:32]


def _kept(path: Path, shape: tuple[int, int]) -> Vectors | None:
    """Return what a file holds; None where it is missing, or damaged and to be made anew."""
    try:
        kept = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return kept if kept.shape == shape and kept.dtype == np.float32 and np.isfinite(kept).all() else None


def _keep(path: Path, vectors: Vectors) -> None:
    # Written aside and renamed: a run that is stopped leaves no half a file
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".new", delete=False) as file:
        try:
            np.save(file, vectors, allow_pickle=False)
            file.close()
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
