"""Reading the best passages with the reader, and ranking them anew by what it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from quoth.echo import without_echoes
from quoth.question import Question
from quoth.reader import Reader, Reading, Row, best_span
from quoth.retrieve import Ranked
from quoth.signals import Matrix
from quoth.texts import Texts
from quoth.weights import Linear, probabilities

NAMES = (
    "score",  # of retrieval
    "relevance",  # how well the passage fits, by the reader
    "answerable",  # whether it answers, by the reader
    "span",  # the best span's log-odds against "no answer"
    "span_share",  # logarithm of the passage's share of all spans' probability
)

READ_ALWAYS = 2
"""Passages that are read however long they are."""
READ_FIRST = 3
"""Passages that are read however clear it is which is best."""
READ_MOST = 10

READ_TOKENS = 400
"""Tokens that the passages read for a question may have together. What more would give isn't measurable:
docs/reader.md."""

MARGIN = 1.0
"""A passage this far before the others, in log-odds, is not overtaken by what was not read yet: docs/reader.md."""

LOWEST_SPAN = -12.0
"""Log-odds below which spans are no longer told apart."""

_LEAST = 1e-4


@dataclass(frozen=True, slots=True)
class Readings:
    """What the reader says of the passages read, by row, and over all of them together.

    ``start_total`` and ``end_total`` are the logarithms of the summed exponentials of all tokens' log-odds, a text
    of which there are versions counted once; ``best`` is the best span's score anywhere.
    """

    by_row: dict[int, Reading]
    start_total: float
    end_total: float
    best: float

    def share(self, reading: Reading, first: int, last: int) -> float:
        """Return the share of all probability that answers begin and end within these tokens, 0 to 1."""
        begins = np.exp(reading.start[first:last] - self.start_total).sum()
        ends = np.exp(reading.end[first:last] - self.end_total).sum()
        return float(begins + ends) / 2

    def log_share(self, reading: Reading, first: int, last: int) -> float:
        """Return the logarithm of ``share``, with a floor where there is hardly any."""
        return float(np.log(self.share(reading, first, last) + _LEAST))

    def log_believed(self, log_share: float) -> float:
        """Return the logarithm, with a floor, of a share of *all* that the reader believes, its "no answer" included.

        ``log_share`` is that of the answers alone.
        """
        answered = float(probabilities([self.start_total, self.end_total]).mean())
        return float(np.log(np.exp(log_share) * answered + _LEAST))


def readings_of(by_row: dict[int, Reading], alike: Mapping[int, int]) -> Readings:
    """Return readings with what they come to together.

    Of rows that have the same number in ``alike`` the one where the reader sees most counts, and counts once.
    """
    versions: dict[int, list[Reading]] = {}
    for row, reading in by_row.items():
        versions.setdefault(alike[row], []).append(reading)
    start, end = (
        _log_sum(
            np.concatenate(
                [max((getattr(one, name) for one in of_one), key=_log_sum) for of_one in versions.values()]
                or [np.zeros(1, np.float32)]
            )
        )
        for name in ("start", "end")
    )
    best = max((best_span(reading.start, reading.end)[0] for reading in by_row.values()), default=LOWEST_SPAN)
    return Readings(by_row, start, end, max(best, LOWEST_SPAN))


def read_best(
    reader: Reader, question: Question, ranked: Ranked, texts: Texts, model: Linear, margin: float = MARGIN
) -> tuple[Ranked, Readings]:
    """Read the best passages and return them ranked anew, those that were not read behind them.

    Three are read; then one after the other, up to ten, while the best is less than ``margin`` before another one.
    From the third on, none is read with which they would have more than ``READ_TOKENS`` tokens together.
    """
    rows = ranked.rows[:READ_MOST].tolist()
    alike = dict(zip(ranked.rows.tolist(), ranked.alike.tolist(), strict=True))
    by_row: dict[int, Reading] = {}
    known: dict[str, Reading] = {}
    again, readings = ranked, readings_of(by_row, alike)
    while len(by_row) < len(rows):
        wanted = rows[len(by_row) :][: 1 if by_row else READ_FIRST]
        following, new = _affordable(reader, question, wanted, known, texts)
        read = zip(new, reader.read_rows([row for _, row in new.values()]), strict=True)
        known |= {text: _without_echoes(reading, question, new[text][0], texts) for text, reading in read}
        by_row |= {row: known[texts.text(row)] for row in following}
        if following:
            readings = readings_of(by_row, alike)
            again = reranked(ranked, readings, model)
        if len(following) < len(wanted) or _is_settled(again.scores[: len(by_row)], margin):
            break
    return again, readings


def _affordable(
    reader: Reader, question: Question, wanted: Sequence[int], known: Mapping[str, Reading], texts: Texts
) -> tuple[list[int], dict[str, tuple[int, Row]]]:
    """Return the first of the wanted passages, as many as the budget allows, and those of their texts that were not
    read yet, each once: where it stands and what the network is given of it."""
    spent = sum(len(reading.start) for reading in known.values())
    following: list[int] = []
    new: dict[str, tuple[int, Row]] = {}
    for row in wanted:
        text = texts.text(row)
        if text not in known and text not in new:
            (given,) = reader.rows(question.text, [_title_and_text(row, texts)])
            spent += len(given.spans)
            if len(known) + len(new) >= READ_ALWAYS and spent > READ_TOKENS:
                break
            new[text] = row, given
        following.append(row)
    return following, new


def _without_echoes(reading: Reading, question: Question, row: int, texts: Texts) -> Reading:
    return without_echoes(reading, question, texts.document(row).text, texts.passage(row).start, texts.sentences(row))


def reranked(ranked: Ranked, readings: Readings, model: Linear) -> Ranked:
    """Return the passages that were read in the order of the model's scores, and after them the others as they were."""
    count = len(readings.by_row)
    if not count:
        return ranked
    scores = model(measure(ranked, readings))
    order = np.argsort(-scores, kind="stable")
    rest = ranked.scores[count:]
    # The others' scores go on falling as they did, from where the last one that was read stands
    below = scores.min() + rest - ranked.scores[count - 1]
    return Ranked(
        np.concatenate([ranked.rows[:count][order], ranked.rows[count:]]),
        np.concatenate([scores[order], below]).astype(np.float32),
        np.concatenate([ranked.signals[:count][order], ranked.signals[count:]]),
        np.concatenate([ranked.alike[:count][order], ranked.alike[count:]]),
    )


def measure(ranked: Ranked, readings: Readings) -> Matrix:
    """Return the signals of the passages that were read, in the order of retrieval, shape ``(n, len(NAMES))``."""
    lines = []
    for row, score in zip(ranked.rows.tolist(), ranked.scores.tolist(), strict=True):
        reading = readings.by_row.get(row)
        if reading is None:
            break
        span = max(best_span(reading.start, reading.end)[0], LOWEST_SPAN)
        share = readings.log_share(reading, 0, len(reading.start))
        lines.append([score, reading.relevance, reading.answerable, span, share])
    return np.array(lines, np.float32).reshape(len(lines), len(NAMES))


def _is_settled(scores: Matrix, margin: float) -> bool:
    return len(scores) > 1 and float(scores[0] - scores[1]) >= margin


def _title_and_text(row: int, texts: Texts) -> tuple[str, str]:
    return texts.context(row), texts.text(row)


def _log_sum(values: npt.NDArray[np.float32]) -> float:
    top = float(values.max())
    return top + float(np.log(np.exp(values - top).sum()))
