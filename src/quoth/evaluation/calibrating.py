"""Calibrating a library's confidence on a dataset: its questions are asked, fitted, and figures told before and after.

The figures after are cross-fitted: each question is judged by numbers fitted without it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from quoth.answer import Answer
from quoth.calibration import Calibration, Fit
from quoth.confidence import READER_NAMES
from quoth.datasets import Dataset, Question, read_dataset
from quoth.encoder import Encoder
from quoth.errors import DatasetError, QuestionError
from quoth.evaluation import platt, statistics
from quoth.evaluation.outcome import Outcome
from quoth.evaluation.platt import Asked, Flags
from quoth.evaluation.run import cached_library, dataset_library, sample
from quoth.evaluation.statistics import Figure, Floats, Measured
from quoth.library import Library
from quoth.progress import Progress
from quoth.weights import probabilities

LEAST_QUESTIONS = 50
"""Questions of a kind below which three numbers are not fitted to them."""

_LEAST_ANSWERABLE = 25
_LEAST_UNANSWERABLE = 25
_FOLDS = 10
_SHOWN = 3  # quotes of an answer, as ``Library.ask`` gives them unless it is told otherwise


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A calibration with what it gives. ``asked`` answers were fitted, ``answerable`` of them to questions that the
    documents answer; ``left_out`` of the others had their documents left out of the search. ``counts`` are plain
    numbers of answers; the figures ``before`` and ``after`` are at even odds of answerable and unanswerable."""

    calibration: Calibration
    questions: int
    asked: int
    answerable: int
    left_out: int
    before: dict[str, Figure]
    after: dict[str, Figure]
    counts: dict[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class _Answers:
    """What came back: ``asked`` with the confidence as Quoth ships it, the threshold that applied to each, whether the
    reader read it, and the question that it belongs to."""

    asked: Asked
    thresholds: Floats
    read: Flags
    questions: tuple[str, ...]
    left_out: int


def calibrate_library(
    library: Library,
    path: Path | str,
    *,
    limit: int | None = None,
    reader: bool | Path = True,
    report: Callable[[Progress], None] = lambda progress: None,
) -> Calibrated:
    """Fit a calibration to the questions of a dataset and write it to ``library``.

    The questions are asked over the dataset's own documents, in a library in the cache that ``evaluate_dataset`` uses
    as well, with the encoder of ``library`` and with ``reader``, which has to be that of ``library``. Where fewer than
    25 are unanswerable, each is asked again with its relevant documents left out of the search.

    Raises:
        PathError, DatasetError: the dataset is missing, breaks its format, has fewer than 50 questions of which it is
            known whether they are answered, fewer than 25 that are, or can't have documents left out.
        ModelMismatchError: ``library`` was made with another encoder, or is used with another reader.
    """
    dataset = read_dataset(path)
    questions = [q for q in sample(dataset.questions, limit) if q.answerable is not None]
    _check(questions, path)
    encoder = library.load_encoder()
    answers = _ask(path, dataset, questions, encoder, reader, report)
    fits = {read: _fitted(answers, np.asarray(answers.read == read)) for read in (True, False)}
    if fits[True] is None and fits[False] is None:
        raise DatasetError(
            f"{path} has questions in several languages and fewer than {LEAST_QUESTIONS} of each kind that Quoth tells "
            "apart (read by the reader, and not); add more"
        )
    calibration = Calibration(fits[True], fits[False], library.maker(), dataset.name)
    confidence, thresholds = _cross_fitted(answers, fits)
    library.calibrate(calibration)
    before, counts_before = _figures(answers, probabilities(answers.asked.log_odds), answers.thresholds)
    after, counts_after = _figures(answers, confidence, thresholds)
    return Calibrated(
        calibration,
        len(set(answers.questions)),
        len(answers.questions),
        int(answers.asked.answerable.sum()),
        answers.left_out,
        before,
        after,
        {name: (counts_before[name], counts_after[name]) for name in counts_before},
    )


def _check(questions: Sequence[Question], path: Path | str) -> None:
    if len(questions) < LEAST_QUESTIONS:
        raise DatasetError(
            f"{path} has {len(questions)} questions of which it is known whether the documents answer them; at least "
            f"{LEAST_QUESTIONS} are needed to calibrate on"
        )
    answerable = sum(bool(question.answerable) for question in questions)
    if answerable < _LEAST_ANSWERABLE:
        raise DatasetError(
            f"{path} has {answerable} questions that its documents answer; at least {_LEAST_ANSWERABLE} are needed"
        )


def _ask(
    path: Path | str,
    dataset: Dataset,
    questions: Sequence[Question],
    encoder: Encoder,
    reader: bool | Path,
    report: Callable[[Progress], None],
) -> _Answers:
    lacking = sum(question.answerable is False for question in questions)
    again: list[Question] = []
    if lacking < _LEAST_UNANSWERABLE:
        again = [question for question in questions if _can_be_left_out(question, dataset)]
        if lacking + len(again) < _LEAST_UNANSWERABLE:
            raise DatasetError(
                f"{path} has {lacking} unanswerable questions, and its others can't be asked without the documents "
                'that answer them, since no other is left; add questions with "answerable": false, or documents'
            )
    folder = cached_library(path, encoder.identity.name)
    outcomes: list[Outcome] = []
    with dataset_library(path, dataset, folder, encoder=encoder, reader=reader, report=report) as library:
        todo = [(question, False) for question in questions] + [(question, True) for question in again]
        for number, (question, hidden) in enumerate(todo):
            report(Progress("asking", number, len(todo)))
            try:
                answer = library.ask(question.text, history=question.history, without=_home(question) if hidden else ())
            except QuestionError:
                continue
            known = replace(question, answerable=False, answers=(), relevant={}) if hidden else question
            outcomes.append(Outcome(known, answer))
        report(Progress("asking", len(todo), len(todo)))
    answers = [outcome.answer for outcome in outcomes if outcome.answer is not None]
    confidence = np.array([_as_shipped(answer) for answer in answers], np.float64)
    return _Answers(
        Asked(
            platt.log_odds(confidence),
            np.array([outcome.right() for outcome in outcomes], np.bool_),
            np.array([outcome.right(_SHOWN) for outcome in outcomes], np.bool_),
            np.array([bool(outcome.question.answerable) for outcome in outcomes], np.bool_),
        ),
        np.array([answer.explanation["threshold"] for answer in answers], np.float64),
        np.array([set(READER_NAMES) <= answer.explanation.keys() for answer in answers], np.bool_),
        tuple(outcome.question.id for outcome in outcomes),
        len(again),
    )


def _home(question: Question) -> set[str]:
    """The documents that answer a question."""
    return {*question.relevant, *(answer.doc_id for answer in question.answers)}


def _can_be_left_out(question: Question, dataset: Dataset) -> bool:
    return bool(question.answerable) and bool(_home(question)) and bool(dataset.documents.keys() - _home(question))


def _as_shipped(answer: Answer) -> float:
    """The confidence without the calibration that the dataset's own library may have been given."""
    return answer.explanation.get("confidence_before_calibration", answer.confidence)


def _fitted(answers: _Answers, chosen: Flags) -> Fit | None:
    """The fit to the chosen answers; None where they are too few, or all of one sort."""
    questions = {question for question, is_chosen in zip(answers.questions, chosen, strict=True) if is_chosen}
    asked = answers.asked.at(chosen)
    if len(questions) < LEAST_QUESTIONS or asked.answerable.sum() < _LEAST_ANSWERABLE or asked.answerable.all():
        return None
    return platt.fit(asked, len(questions))


def _cross_fitted(answers: _Answers, fits: dict[bool, Fit | None]) -> tuple[Floats, Floats]:
    """Confidence and threshold of each answer, under numbers fitted to the questions of the other folds."""
    confidence, thresholds = probabilities(answers.asked.log_odds), answers.thresholds.copy()
    folds = np.array([hashlib.sha256(q.encode()).digest()[0] % _FOLDS for q in answers.questions])
    for read, whole in fits.items():
        if whole is None:
            continue
        of_kind = np.asarray(answers.read == read)
        for fold in np.unique(folds[of_kind]):
            inside, others = of_kind & (folds == fold), of_kind & (folds != fold)
            fitted = platt.fit(answers.asked.at(others), whole.questions)
            confidence[inside] = probabilities(fitted.slope * answers.asked.log_odds[inside] + fitted.intercept)
            thresholds[inside] = fitted.threshold
    return confidence, thresholds


def _figures(answers: _Answers, confidence: Floats, thresholds: Floats) -> tuple[dict[str, Figure], dict[str, int]]:
    right, answerable = answers.asked.right, answers.asked.answerable
    answered = confidence >= thresholds
    parts: dict[str, Flags] = {
        "answered_rightly": answered & right,
        "answered_wrongly": answered & ~right,
        "wrongly_declined": ~answered & answerable,
        "rightly_declined": ~answered & ~answerable,
    }
    known = np.ones(len(confidence), np.bool_)
    count = len(confidence)
    measured = {
        name: Measured(statistics.at_even_odds(part, answerable), count, "share") for name, part in parts.items()
    }
    measured["ECE"] = Measured(
        statistics.calibration_error(confidence, right.astype(np.float64), answerable, known), count
    )
    measured["Brier"] = Measured(statistics.brier(confidence, right.astype(np.float64), answerable, known), count)
    return statistics.figures(measured, count), {name: int(part.sum()) for name, part in parts.items()}
