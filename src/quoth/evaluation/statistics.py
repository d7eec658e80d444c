"""Statistics of weighted questions, and their bootstrap intervals.

Each statistic is a function from weights, shape (b, n), to values, shape (b,): b resamples of n questions at once,
where a question's weight is how often a resample drew it. The figure itself is the statistic at weight one each.
A resample in which a statistic is not defined (no question of a kind was drawn) gives NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Statistic = Callable[[Floats], Floats]
Unit = Literal["share", "score", "characters", "seconds"]

RESAMPLES = 1_000
CALIBRATION_BINS = 15

_DRAWN_AT_ONCE = 2_000_000
"""Weights held at once, so that a set of 100,000 questions needs megabytes, not gigabytes."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A statistic to be reported: its unit and the number of questions that it is over."""

    statistic: Statistic
    questions: int
    unit: Unit = "score"


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with its 95 % bootstrap interval (percentiles of resampled questions) and its number of questions."""

    value: float
    low: float
    high: float
    questions: int
    unit: Unit


def figures(
    measured: Mapping[str, Measured], count: int, *, resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, Figure]:
    """Return each statistic over ``count`` questions with its interval; all use the same resamples.

    The percentile bootstrap of Efron and Tibshirani (1993), chapter 13. Statistics without a value are left out.
    """
    if not count:
        return {}
    ones = np.ones((1, count))
    values = {name: float(each.statistic(ones)[0]) for name, each in measured.items()}
    drawn: dict[str, list[Floats]] = {name: [] for name, value in values.items() if not np.isnan(value)}
    random = np.random.default_rng(seed)
    block = max(1, _DRAWN_AT_ONCE // count)
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        weights = random.multinomial(count, np.full(count, 1.0 / count), size=size).astype(np.float64)
        for name, found in drawn.items():
            found.append(measured[name].statistic(weights))
    result = {}
    for name, found in drawn.items():
        sample = np.concatenate(found) if found else np.array([values[name]])
        low, high = np.nanpercentile(sample, [2.5, 97.5])
        result[name] = Figure(values[name], float(low), float(high), measured[name].questions, measured[name].unit)
    return result


def ratio(numerators: Sequence[float] | Floats, denominators: Sequence[float] | Floats) -> Statistic:
    """Return the statistic "sum of numerators by sum of denominators"; with denominators of 0 and 1, a mean."""
    over, under = np.asarray(numerators, np.float64), np.asarray(denominators, np.float64)

    def statistic(weights: Floats) -> Floats:
        return _divided(weights @ over, weights @ under)

    return statistic


def quantile(values: Sequence[float] | Floats, share: float) -> Statistic:
    """Return the statistic "smallest value that at least ``share`` (0 to 1) of the questions don't exceed"."""
    numbers = np.asarray(values, np.float64)
    order = np.argsort(numbers, kind="stable")

    def statistic(weights: Floats) -> Floats:
        below = np.cumsum(weights[:, order], axis=1)
        reached: Floats = numbers[order][np.argmax(below >= share * below[:, -1:] - 1e-9, axis=1)]
        return reached

    return statistic


def auroc(scores: Sequence[float] | Floats, positive: npt.NDArray[np.bool_], known: npt.NDArray[np.bool_]) -> Statistic:
    """Return the statistic "area under the ROC curve of ``scores``", from 0 to 1; ties count half.

    The probability that a positive question scores above a negative one, from ranks (Mann and Whitney 1947). Questions
    that are not ``known`` don't count.
    """
    numbers = np.asarray(scores, np.float64)
    rows = np.flatnonzero(known)
    order = rows[np.argsort(numbers[rows], kind="stable")]
    starts = np.flatnonzero(np.r_[True, np.diff(numbers[order]) > 0]) if len(order) else np.zeros(0, np.int64)
    is_positive = positive[order].astype(np.float64)

    def statistic(weights: Floats) -> Floats:
        if not len(order):
            return np.full(len(weights), np.nan)
        ordered = weights[:, order]
        positives = np.add.reduceat(ordered * is_positive, starts, axis=1)
        negatives = np.add.reduceat(ordered * (1.0 - is_positive), starts, axis=1)
        below = np.cumsum(negatives, axis=1) - negatives / 2
        return _divided((positives * below).sum(1), positives.sum(1) * negatives.sum(1))

    return statistic


def at_even_odds(values: npt.NDArray[np.bool_], answerable: npt.NDArray[np.bool_]) -> Statistic:
    """Return the statistic "share of questions with a true value", answerable and unanswerable ones a half each."""
    sides = [ratio((values & side).astype(np.float64), side.astype(np.float64)) for side in (answerable, ~answerable)]

    def statistic(weights: Floats) -> Floats:
        result: Floats = (sides[0](weights) + sides[1](weights)) / 2
        return result

    return statistic


def brier(
    confidence: Floats, right: Floats, answerable: npt.NDArray[np.bool_], known: npt.NDArray[np.bool_]
) -> Statistic:
    """Return the statistic "mean squared difference of confidence and outcome", 0 (best) to 1, at even odds.

    Brier (1950). Even odds: answerable and unanswerable questions weigh the same in total, however many there are.
    """
    errors = (confidence - right) ** 2
    sides = [ratio(errors * side, side.astype(np.float64)) for side in (answerable & known, ~answerable & known)]

    def statistic(weights: Floats) -> Floats:
        result: Floats = (sides[0](weights) + sides[1](weights)) / 2
        return result

    return statistic


def calibration_error(
    confidence: Floats, right: Floats, answerable: npt.NDArray[np.bool_], known: npt.NDArray[np.bool_]
) -> Statistic:
    """Return the statistic "expected calibration error", 0 (best) to 1, at even odds, 15 bins of equal width.

    The mean over questions of how far their bin's mean confidence is from its share of right answers (Guo et al. 2017).
    """
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(np.int64), CALIBRATION_BINS - 1)
    gaps = np.zeros((len(confidence), CALIBRATION_BINS))
    gaps[np.arange(len(confidence)), bins] = confidence - right
    sides = [side.astype(np.float64) for side in (answerable & known, ~answerable & known)]

    def statistic(weights: Floats) -> Floats:
        halves = [_divided((weights * side) @ gaps, (weights @ side)[:, None]) / 2 for side in sides]
        result: Floats = np.abs(halves[0] + halves[1]).sum(1)
        return result

    return statistic


def _divided(over: Floats, under: Floats) -> Floats:
    result = np.full(np.broadcast(over, under).shape, np.nan)
    np.divide(over, under, out=result, where=under > 0)
    return result
