"""Fitting a calibration: two numbers over a confidence's log-odds, and the threshold, at even odds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from quoth.calibration import Fit
from quoth.errors import DatasetError
from quoth.evaluation.statistics import Floats
from quoth.weights import MOST_LOG_ODDS, probabilities

_STEPS = 100
_ENOUGH = 1e-10

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Asked:
    """Answers to questions: log-odds of the confidence, whether the first quote was right, whether one of those that
    are shown was, whether the library held an answer, all of shape ``(n,)``."""

    log_odds: Floats
    right: Flags
    shown: Flags
    answerable: Flags

    def at(self, chosen: Flags) -> Asked:
        """Return those that are chosen."""
        return Asked(self.log_odds[chosen], self.right[chosen], self.shown[chosen], self.answerable[chosen])

    @property
    def weights(self) -> Floats:
        """How much each counts at even odds: answerable and unanswerable questions a half each."""
        share = np.where(self.answerable, self.answerable.sum(), (~self.answerable).sum())
        return np.asarray(0.5 / np.maximum(share, 1), np.float64)


def fit(asked: Asked, questions: int) -> Fit:
    """Return the calibration of Platt (1999) for these answers, with his targets short of 0 and 1, at even odds.

    Newton's method with halved steps, as Lin, Lin and Weng (2007), "A note on Platt's probabilistic outputs for
    support vector machines", have it. ``questions`` is what the fit says it was made of.

    Raises:
        DatasetError: a greater confidence does not mean more right answers on these questions.
    """
    right = int(asked.right.sum())
    wrong = len(asked.right) - right
    targets = np.where(asked.right, (right + 1) / (right + 2), 1 / (wrong + 2))
    x, weights = np.clip(asked.log_odds, -MOST_LOG_ODDS, MOST_LOG_ODDS), asked.weights
    columns = np.stack([x, np.ones_like(x)], axis=1)
    numbers = np.array([1.0, 0.0])
    loss = _loss(columns @ numbers, targets, weights)
    for _ in range(_STEPS):
        believed = probabilities(columns @ numbers)
        gradient = columns.T @ (weights * (believed - targets))
        curvature = (columns * (weights * believed * (1 - believed))[:, None]).T @ columns + 1e-12 * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        size = 1.0
        while size > _ENOUGH and _loss(columns @ (numbers - size * step), targets, weights) > loss:
            size /= 2
        numbers = numbers - size * step
        before, loss = loss, _loss(columns @ numbers, targets, weights)
        if before - loss < _ENOUGH:
            break
    slope, intercept = float(numbers[0]), float(numbers[1])
    if slope <= 0:
        raise DatasetError(
            "on these questions a surer answer is not more often a right one, so that there is nothing to fit; look at "
            "the data set with quoth eval: its answers may be marked wrongly, or its documents be others"
        )
    believed = probabilities(slope * x + intercept)
    threshold = even_threshold(believed, asked.shown, asked.answerable, weights)
    return Fit(slope, intercept, threshold, questions)


def even_threshold(confidence: Floats, shown: Flags, answerable: Flags, weights: Floats) -> float:
    """Return the confidence from which on to answer, so that wrong answers and wrong refusals weigh the same.

    Wrong answers are those to unanswerable questions and those of whose quotes none that is ``shown`` holds the
    answer; wrong refusals are all ``answerable`` questions that are declined. All are of shape ``(n,)``.
    """
    order = np.argsort(confidence, kind="stable")
    sorted_, weights = confidence[order], weights[order]
    refused = np.concatenate([[0.0], np.cumsum(np.where(answerable[order], weights, 0.0))])
    wrong = np.where(shown[order], 0.0, weights)
    answered = wrong.sum() - np.concatenate([[0.0], np.cumsum(wrong)])
    # Between two that differ: before the first, in the middle of each gap, behind the last
    edges = np.concatenate([[0.0], (sorted_[1:] + sorted_[:-1]) / 2, [(sorted_[-1] + 1) / 2]])
    possible = np.concatenate([[True], np.diff(sorted_) > 0, [True]])
    gaps = np.where(possible, np.abs(refused - answered), np.inf)
    return float(edges[int(np.argmin(gaps))])


def log_odds(confidence: Floats) -> Floats:
    """Return the log-odds of these probabilities, which may be 0 and 1."""
    inside = np.clip(confidence, *probabilities([-MOST_LOG_ODDS, MOST_LOG_ODDS]))
    return np.asarray(np.log(inside) - np.log1p(-inside), np.float64)


def _loss(scores: Floats, targets: Floats, weights: Floats) -> float:
    return float((weights * (np.logaddexp(0.0, scores) - targets * scores)).sum())
