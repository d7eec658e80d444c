"""How likely it is that the library answers a question and that the first quote holds the answer."""

from __future__ import annotations

import numpy as np

from quoth.question import Question
from quoth.read import NAMES as WINDOW_NAMES
from quoth.read import READER_NAMES as READ_WINDOW_NAMES
from quoth.rerank import Readings
from quoth.retrieve import Ranked
from quoth.signals import Matrix, Rows

_OF_PASSAGE = ("cosine_trusted", "bm25_share", "coverage", "missing_rare", "pairs", "window", "document")

NAMES = (
    *_OF_PASSAGE,  # of the passage that is quoted first
    "passage_gap",  # from that passage's score to the best other one's
    "quote_coverage",
    "quote_in_context",
    "quote_pairs",
    "quote_gap",  # from the best window's score to that of the best one in another passage
    "kind_asked",
    "kind_held",
    "told",  # logarithm of the question's whole rarity: little for a greeting
    "terms",  # logarithm of the number of its distinct terms
    "trust",
)

READER_NAMES = (
    *(name for name in NAMES if name != "trust"),  # which is much the same wherever the reader is asked
    "answerable",  # by the passage that is quoted first, as the reader sees it
    "span",  # the best span's log-odds against "no answer"
    "believed",  # logarithm of the reader's probability that the answer lies in the first quote
)
"""The signals where there is a reader."""

_ALONE = 3.0
"""Gap of a passage that has no rival; greater gaps tell nothing more."""


def measure(
    question: Question,
    ranked: Ranked,
    quote_signals: Matrix,
    quote_scores: Matrix,
    quote_rows: Rows,
    readings: Readings | None = None,
) -> Matrix:
    """Return the signals of an answer: ``NAMES``, or with ``readings`` ``READER_NAMES``.

    ``quote_signals`` (shape ``(n, len(read.NAMES))``, or that of ``read.READER_NAMES``), ``quote_scores`` and
    ``quote_rows`` (shape ``(n,)``) describe the windows that were read; with none, there is nothing to be confident
    in, and all signals are those of silence.
    """
    names = READER_NAMES if readings else NAMES
    if not len(ranked.rows) or not len(quote_scores):
        return np.zeros(len(names), np.float32)
    best = int(np.argmax(quote_scores))
    place = int(np.flatnonzero(ranked.rows == quote_rows[best])[0])
    rival = ranked.alike != ranked.alike[place]
    others = quote_scores[np.isin(quote_rows, ranked.rows[rival])]
    rest = ranked.scores[rival]
    quote = dict(zip(READ_WINDOW_NAMES if readings else WINDOW_NAMES, quote_signals[best].tolist(), strict=True))
    values = {name: float(ranked.signal(name)[place]) for name in _OF_PASSAGE}
    values |= {
        "passage_gap": float(ranked.scores[place] - rest.max()) if len(rest) else _ALONE,
        "quote_coverage": quote["coverage"],
        "quote_in_context": quote["coverage_in_context"],
        "quote_pairs": quote["pairs"],
        "quote_gap": float(quote_scores[best] - others.max()) if len(others) else _ALONE,
        "kind_asked": quote["kind_asked"],
        "kind_held": quote["kind_held"],
        "told": float(np.log1p(question.rarities.sum())),
        "terms": float(np.log1p(len(question.terms))),
        "trust": question.trust,
    }
    for gap in ("passage_gap", "quote_gap"):
        values[gap] = float(np.clip(values[gap], -_ALONE, _ALONE))
    if readings:
        values["answerable"] = quote["answerable"]
        values["span"] = readings.best
        values["believed"] = readings.log_believed(quote["inside"])
    return np.array([values[name] for name in names], np.float32)
