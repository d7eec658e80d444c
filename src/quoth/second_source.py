"""What another source says: what would be answered if the sources that say as the first one were not there.

A text that is written to be found for a question, true or not, leaves every other one far behind it, and nothing in it
tells that it is wrong. What can be told is that another document answers the same question otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from quoth import confidence, read
from quoth.answer_kind import asked_kind, holds
from quoth.disagreement import answers_otherwise
from quoth.question import Question
from quoth.read import Window
from quoth.reader import Reading, best_span
from quoth.rerank import Readings, readings_of
from quoth.retrieve import Ranked
from quoth.signals import Matrix
from quoth.texts import Texts

_LEAST_SPAN = 0.0
"""Log-odds against "no answer" of the best span, below which no confidence was ever high: spares the rest."""


@dataclass(frozen=True, slots=True)
class SecondSource:
    """What another document answers otherwise, and the signals of the confidence that it answers, were it alone."""

    window: Window
    measured: Matrix


def second_source(
    question: Question,
    first: Window,
    ranked: Ranked,
    readings: Readings,
    texts: Texts,
    score: Callable[[Matrix], Matrix],
) -> SecondSource | None:
    """Return the best window among documents that answer otherwise than ``first``, None where there are none.

    ``score`` is what windows are ranked by.
    """
    if first.answer is None:
        return None
    here, kind = texts.document_id(first.row), asked_kind(question.text)
    cited = texts.document(first.row).text
    said = cited[slice(*first.answer)], cited[first.start : first.end]

    def differs(row: int, reading: Reading) -> bool:
        marked = _marked(row, reading, texts) if texts.document_id(row) != here else None
        return marked is not None and holds(kind, marked[0], question.text) and answers_otherwise(said, marked)

    by_row = {row: reading for row, reading in readings.by_row.items() if differs(row, reading)}
    theirs = readings_of(by_row, dict(zip(ranked.rows.tolist(), ranked.alike.tolist(), strict=True)))
    if not by_row or theirs.best < _LEAST_SPAN:
        return None
    kept = np.array(
        [
            row in by_row or (row not in readings.by_row and texts.document_id(row) != here)
            for row in ranked.rows.tolist()
        ],
        bool,
    )
    others = Ranked(ranked.rows[kept], ranked.scores[kept], ranked.signals[kept], ranked.alike[kept])
    windows, signals = read.windows(question, others, texts, theirs)
    if not windows:
        return None
    scores = score(signals)
    rows = np.array([window.row for window in windows], np.int64)
    measured = confidence.measure(question, others, signals, scores, rows, theirs)
    return SecondSource(windows[int(np.argmax(scores))], measured)


def _marked(row: int, reading: Reading, texts: Texts) -> tuple[str, str] | None:
    """Return the words that the reader marks in a passage, and the sentence that they begin in; None where it can't."""
    _, i, j = best_span(reading.start, reading.end)
    if j < i:
        return None
    text, passage = texts.document(row).text, texts.passage(row)
    start, end = passage.start + int(reading.spans[i, 0]), passage.start + int(reading.spans[j, 1])
    marked = text[start:end]
    return marked, next((text[a:b] for a, b in texts.sentences(row).spans if a <= start < b), marked)
