"""Fitted models as data: a linear score over named signals, read from the JSON that ships with Quoth."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

from quoth.errors import ModelError

MOST_LOG_ODDS = 30.0
"""Log-odds beyond which a confidence is 0 or 1 in print."""


@dataclass(frozen=True, slots=True)
class Linear:
    """``signals @ weights + bias``, ``weights`` of shape ``(len(names),)``."""

    names: tuple[str, ...]
    weights: npt.NDArray[np.float32]
    bias: float

    def __call__(self, signals: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the score of each row of ``signals``, shape ``(n, len(names))``."""
        return np.asarray(weighted_sums(signals, self.weights) + self.bias, np.float32)


def weighted_sums(rows: npt.NDArray[np.float32], weights: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the sum of each row of ``rows``, shape ``(n, k)``, weighted by ``weights``, shape ``(k,)``.

    By einsum and not ``@``: for so few columns BLAS is no faster, its last bits differ by processor, and some of its
    kernels set the flag of an invalid operation over finite numbers, which NumPy reports (as in numpy#13173).
    """
    return np.asarray(np.einsum("nk,k->n", rows, weights), np.float32)


@cache
def _text() -> str:
    return resources.files("quoth").joinpath("data", "ranking.json").read_text("utf-8")


@cache
def _file() -> dict[str, Any]:
    fitted: dict[str, Any] = json.loads(_text())
    return fitted


@cache
def digest() -> str:
    """Return the SHA-256 of all fitted models, which tells a confidence from that of another version."""
    return hashlib.sha256(_text().encode()).hexdigest()


def probabilities(log_odds: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the probabilities of these log-odds; beyond 30 either way they no longer change."""
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -MOST_LOG_ODDS, MOST_LOG_ODDS))), np.float64)


def threshold(model: str) -> float:
    """Return the confidence of a model from which on quotes are an answer.

    There, wrong answers and wrong refusals are equally frequent.
    """
    return float(_file()["thresholds"][model])


def linear(model: str, names: Sequence[str]) -> Linear:
    """Return a fitted model over exactly these signals.

    Raises:
        ModelError: the file was fitted for other signals, which happens to a checkout that was changed by hand.
    """
    fitted = dict(_file()["models"][model])
    bias = fitted.pop("bias", 0.0)
    if set(fitted) != set(names):
        raise ModelError(
            f"data/ranking.json was fitted for other signals of {model!r} than this Quoth has; "
            "fit it again with tools/fit_ranking.py"
        )
    return Linear(tuple(names), np.array([fitted[name] for name in names], np.float32), bias)
