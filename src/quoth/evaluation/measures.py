"""The measures that Quoth reports, from the outcomes of a dataset's questions.

Retrieval is measured over documents, in the order of the passages; quoting over quotes, whatever the status; what a
user sees, and the confidence, over all questions of which it is known whether the library answers them. A measure
that a set can't give (no gold answers, nothing unanswerable) is left out rather than reported as nought.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import numpy.typing as npt

from quoth.errors import QuothError
from quoth.evaluation import statistics
from quoth.evaluation.outcome import Outcome
from quoth.evaluation.statistics import RESAMPLES, Figure, Floats, Measured

_CUTOFF = 10


def measure(outcomes: Sequence[Outcome], *, resamples: int = RESAMPLES, seed: int = 0) -> dict[str, Figure]:
    """Return every measure that applies to ``outcomes``, by its name.

    R@1, R@5, R@10, MRR@10, nDCG@10; hit@1, hit@3; EM, F1; answered_rightly, answered_wrongly, wrongly_declined,
    rightly_declined; AUROC, ECE, Brier; quote_length_first and quote_length_all in characters; verbatim;
    seconds_median and seconds_p95.

    Raises:
        QuothError: the package for ranking measures is not installed.
    """
    measured = _retrieval(outcomes) | _quoting(outcomes) | _what_a_user_sees(outcomes) | _confidence(outcomes)
    measured |= _lengths(outcomes) | _speed(outcomes)
    return statistics.figures(measured, len(outcomes), resamples=resamples, seed=seed)


def ranking_values(
    ranked: dict[str, Sequence[str]], relevant: dict[str, dict[str, float]]
) -> dict[str, dict[str, float]]:
    """Return R@1, R@5, R@10, MRR@10 and nDCG@10, each 0 to 1, by measure and question.

    ``ranked`` holds documents best first and ``relevant`` grades above zero, by question. Computed by ir-measures
    (MacAvaney et al. 2022): R@k is its Success@k, a relevant document among the first k; MRR@10 its RR@10; nDCG@10 has
    linear gain and a discount of log2 (Järvelin and Kekäläinen 2002).

    Raises:
        QuothError: ir-measures is not installed.
    """
    try:
        import ir_measures
        from ir_measures import RR, Success, nDCG
    except ImportError as error:
        raise QuothError(
            "measuring retrieval needs the package ir-measures; install it with: pip install 'quoth[eval]'"
        ) from error
    measures = {
        "R@1": Success @ 1,
        "R@5": Success @ 5,
        "R@10": Success @ _CUTOFF,
        "MRR@10": RR @ _CUTOFF,
        "nDCG@10": nDCG @ _CUTOFF,
    }
    names = {measure: name for name, measure in measures.items()}
    values: dict[str, dict[str, float]] = {name: dict.fromkeys(relevant, 0.0) for name in measures}
    grades = {question: {d: _whole(grade) for d, grade in judged.items()} for question, judged in relevant.items()}
    # Scores that fall with the rank: the order is ours, and no tie is left for the package to break.
    run = {question: {d: float(-rank) for rank, d in enumerate(ranked[question])} for question in relevant}
    for metric in ir_measures.iter_calc(list(measures.values()), grades, run) if relevant else ():
        values[names[metric.measure]][metric.query_id] = metric.value
    return values


def _whole(grade: float) -> int:
    """A grade as the whole number that ranking packages take; a fraction above zero still counts as relevant."""
    return max(1, round(grade))


def _retrieval(outcomes: Sequence[Outcome]) -> dict[str, Measured]:
    judged = [bool(outcome.question.relevant) for outcome in outcomes]
    rows = [str(row) for row, is_judged in enumerate(judged) if is_judged]
    if not rows:
        return {}
    values = ranking_values(
        {row: outcomes[int(row)].documents for row in rows},
        {row: dict(outcomes[int(row)].question.relevant) for row in rows},
    )
    return {name: _mean([of.get(str(row), 0.0) for row in range(len(outcomes))], judged) for name, of in values.items()}


def _quoting(outcomes: Sequence[Outcome]) -> dict[str, Measured]:
    has_answers = [bool(outcome.question.answers) for outcome in outcomes]

    def mean(value: Callable[[Outcome], float]) -> Measured:
        return _mean([value(o) if has else 0.0 for o, has in zip(outcomes, has_answers, strict=True)], has_answers)

    if not any(has_answers):
        return {}
    return {
        "hit@1": mean(lambda outcome: outcome.hit(1)),
        "hit@3": mean(lambda outcome: outcome.hit(3)),
        "EM": mean(Outcome.exact_match),
        "F1": mean(Outcome.f1),
    }


def _what_a_user_sees(outcomes: Sequence[Outcome]) -> dict[str, Measured]:
    known = [outcome.question.answerable is not None for outcome in outcomes]
    if not any(known):
        return {}
    right = [outcome.answered and outcome.right() for outcome in outcomes]
    declined = [not outcome.answered for outcome in outcomes]
    answerable = [bool(outcome.question.answerable) for outcome in outcomes]
    parts = {
        "answered_rightly": right,
        "answered_wrongly": [not (r or d) for r, d in zip(right, declined, strict=True)],
        "wrongly_declined": [d and a for d, a in zip(declined, answerable, strict=True)],
        "rightly_declined": [d and not a for d, a in zip(declined, answerable, strict=True)],
    }
    return {
        name: _mean([value and k for value, k in zip(values, known, strict=True)], known, "share")
        for name, values in parts.items()
    }


def _confidence(outcomes: Sequence[Outcome]) -> dict[str, Measured]:
    known = _flags(outcome.question.answerable is not None for outcome in outcomes)
    answerable = _flags(bool(outcome.question.answerable) for outcome in outcomes)
    if not (known & answerable).any() or not (known & ~answerable).any():
        return {}
    confidence = np.array([outcome.confidence for outcome in outcomes], np.float64)
    right: Floats = np.array([outcome.right() for outcome in outcomes], np.float64)
    count = int(known.sum())
    return {
        "AUROC": Measured(statistics.auroc(confidence, answerable, known), count),
        "ECE": Measured(statistics.calibration_error(confidence, right, answerable, known), count),
        "Brier": Measured(statistics.brier(confidence, right, answerable, known), count),
    }


def _lengths(outcomes: Sequence[Outcome]) -> dict[str, Measured]:
    lengths = [outcome.quote_lengths for outcome in outcomes]
    quoted = [len(of) for of in lengths]
    if not any(quoted):
        return {}
    first = _mean([of[0] if of else 0 for of in lengths], [bool(of) for of in lengths], "characters")
    every = Measured(statistics.ratio([sum(of) for of in lengths], quoted), first.questions, "characters")
    whole = [count - len(outcome.broken) for count, outcome in zip(quoted, outcomes, strict=True)]
    verbatim = Measured(statistics.ratio(whole, quoted), first.questions, "share")
    return {"quote_length_first": first, "quote_length_all": every, "verbatim": verbatim}


def _speed(outcomes: Sequence[Outcome]) -> dict[str, Measured]:
    seconds = [outcome.seconds for outcome in outcomes]
    return {
        "seconds_median": Measured(statistics.quantile(seconds, 0.5), len(seconds), "seconds"),
        "seconds_p95": Measured(statistics.quantile(seconds, 0.95), len(seconds), "seconds"),
    }


def _mean(values: Sequence[float], counted: Sequence[bool], unit: statistics.Unit = "score") -> Measured:
    """The mean of ``values`` over the counted questions; the values of the others must be nought."""
    return Measured(statistics.ratio(values, [float(c) for c in counted]), sum(counted), unit)


def _flags(values: Iterable[bool]) -> npt.NDArray[np.bool_]:
    return np.array(list(values), np.bool_)
