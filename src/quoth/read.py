"""Reading the best passages: which sentence, or which few that belong together, answers the question."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from quoth.answer_kind import AnswerKind, asked_kind, holds
from quoth.antecedent import leans
from quoth.echo import is_echo
from quoth.question import Question
from quoth.rarity import rarity
from quoth.reader import Reading, best_span
from quoth.rerank import LOWEST_SPAN, Readings
from quoth.retrieve import Ranked
from quoth.signals import Matrix
from quoth.texts import Texts
from quoth.words import terms

MAX_QUOTE = 350
"""Characters that a quote may have."""

NAMES = (
    "passage",  # the passage's score
    "passage_margin",  # to the best passage
    "passage_share",  # its probability among all candidates, as the scores have it
    "coverage",  # share of the question's rarity that the window holds
    "coverage_in_context",  # the same with title, heading and, for "He …", the words that say who
    "coverage_margin",  # to the best window read
    "pairs",  # share of the question's neighbouring words that are neighbours here
    "kind_asked",  # the question asks for a kind of thing that can be told by its form
    "kind_held",  # and the window holds one that the question does not name
    "kind_held_alone",  # and no other sentence of the passage does
    "news",  # logarithm of the rarity of what the window says beyond the question
    "length",  # characters, in hundreds
    "sentences",  # how many, less one
    "leaning",  # begins with a word that leans on what stands before it
    "position",  # how far down in the passage
    "last_gain",  # how much coverage a window of several sentences has beyond its best sentence
)

READER_NAMES = (
    *NAMES,
    "inside",  # logarithm of the share of all the reader's probability that lies in the window
    "span",  # from the best span anywhere to the best one in the window, in log-odds
    "span_cut",  # the passage's best span lies across the window's edge
    "relevance",  # of the passage, as the reader sees it
    "answerable",
)
"""The signals where there is a reader."""

_PASSAGES_READ = 8
_MOST_SENTENCES = 3
_LEANING = re.compile(
    r"\W*(?:it|its|this|that|these|those|such|however|but|and|also|so|then|therefore|این|آن|اما|و)(?![\w’'])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a passage that may be quoted: ``start`` and ``end`` are offsets in the document of ``row``.

    ``answer`` holds the offsets of the words in it that answer, where a reader marked them.
    """

    row: int
    start: int
    end: int
    sentences: int
    answer: tuple[int, int] | None = None


_CELL = re.compile(r"[^|]+")


def windows(
    question: Question, ranked: Ranked, texts: Texts, readings: Readings | None = None
) -> tuple[list[Window], Matrix]:
    """Return what may be quoted of the best passages, and the signals of each.

    The signals are ``NAMES``, or with the ``readings`` of those passages ``READER_NAMES``.
    """
    kind = asked_kind(question.text)
    found: list[Window] = []
    rows: list[dict[str, float]] = []
    shares = ranked.shares()
    count = len(readings.by_row) if readings else _PASSAGES_READ
    for place, row in enumerate(ranked.rows[:count].tolist()):
        score, share = float(ranked.scores[place]), float(shares[place])
        marked = _Marked(readings, readings.by_row[row], row, texts) if readings else None
        for window, measured in _passage_windows(question, kind, row, texts, marked):
            found.append(window)
            margin = score - float(ranked.scores[0])
            rows.append(measured | {"passage": score, "passage_margin": margin, "passage_share": share})
    best = max((measured["coverage"] for measured in rows), default=0.0)
    for measured in rows:
        measured["coverage_margin"] = measured["coverage"] - best
    names = READER_NAMES if readings else NAMES
    signals = np.array([[measured[name] for name in names] for measured in rows], np.float32)
    return found, signals.reshape(len(rows), len(names))


def first_cell(text: str, start: int, end: int) -> tuple[int, int]:
    """Return a span, or where it runs over cells of a table, what of it stands in the first one."""
    for cell in _CELL.finditer(text, start, end):
        if cell[0].strip():
            return cell.start() + len(cell[0]) - len(cell[0].lstrip()), cell.start() + len(cell[0].rstrip())
    return start, end


_Scored = tuple[float, tuple[int, int] | None]


class _Marked:
    """Where the reader sees the answer in one passage, in offsets of its document."""

    def __init__(self, readings: Readings, reading: Reading, row: int, texts: Texts) -> None:
        self._readings = readings
        self._reading = reading
        self._text = texts.document(row).text
        self._spans = reading.spans + texts.passage(row).start
        _, first, last = best_span(reading.start, reading.end)
        self._best = self._offsets(first, last) if last >= first else None

    def answer(self, start: int, end: int) -> _Scored:
        """Return the best span of a stretch with its score, None where it holds no token."""
        first, last = self._tokens(start, end)
        score, i, j = best_span(self._reading.start[first:last], self._reading.end[first:last])
        return score, first_cell(self._text, *self._offsets(first + i, first + j)) if j >= i else None

    def within(self, start: int, end: int) -> dict[str, float]:
        """Return the signals of a window."""
        first, last = self._tokens(start, end)
        reading = self._reading
        score, *_ = best_span(reading.start[first:last], reading.end[first:last])
        cut = self._best is not None and self._best[0] < end and self._best[1] > start
        cut = cut and self._best is not None and not (start <= self._best[0] and self._best[1] <= end)
        return {
            "inside": self._readings.log_share(reading, first, last),
            "span": max(score - self._readings.best, LOWEST_SPAN),
            "span_cut": float(cut),
            "relevance": reading.relevance,
            "answerable": reading.answerable,
        }

    def _tokens(self, start: int, end: int) -> tuple[int, int]:
        """Return the first token of a stretch, and the first one behind it."""
        first = np.searchsorted(self._spans[:, 0], start)
        last = np.searchsorted(self._spans[:, 1], end, side="right")
        return int(first), int(last)

    def _offsets(self, first: int, last: int) -> tuple[int, int]:
        return int(self._spans[first, 0]), int(self._spans[last, 1])


def _passage_windows(
    question: Question, kind: AnswerKind, row: int, texts: Texts, marked: _Marked | None
) -> Iterator[tuple[Window, dict[str, float]]]:
    """Yield the windows of a passage with the signals that don't depend on other passages."""
    document, read = texts.document(row), texts.sentences(row)
    above = texts.context_terms(row)
    held = [holds(kind, document.text[start:end], question.text) for start, end in read.spans]
    covered = [question.coverage(frozenset(words)) for words in read.terms]
    echoes = [
        is_echo(question, document.text[start:end], words)
        for (start, end), words in zip(read.spans, read.terms, strict=True)
    ]
    # Within a sentence each: items of a list, and sentences, are no answer together
    answers = [marked.answer(start, end) for start, end in read.spans] if marked else []
    has_kind = kind is not AnswerKind.OTHER
    for first, (start, sentence_end) in enumerate(read.spans):
        leaning = leans(document.text, start, sentence_end)
        before = above | texts.antecedent_terms(row, start, sentence_end) if leaning else above
        for last in range(first, min(first + _MOST_SENTENCES, len(read.spans))):
            begin, end = start, read.spans[last][1]
            if all(echoes[first : last + 1]):
                continue
            words = tuple(term for sentence in read.terms[first : last + 1] for term in sentence)
            its_answers = answers[first : last + 1]
            if end - begin > MAX_QUOTE:
                if last > first:
                    break
                begin, end = cut(document.text, begin, end, question.weights, _best(its_answers))
                words = tuple(terms(document.text[begin:end]))
                its_answers = [marked.answer(begin, end)] if marked else []
            distinct = frozenset(words)
            coverage = question.coverage(distinct)
            is_held = has_kind and any(held[first : last + 1])
            yield (
                Window(row, begin, end, last - first + 1, _best(its_answers)),
                {
                    "coverage": coverage,
                    "coverage_in_context": question.coverage(distinct | before),
                    "pairs": question.shared_pairs(words),
                    "kind_asked": float(has_kind),
                    "kind_held": float(is_held),
                    "kind_held_alone": float(is_held and sum(held) == sum(held[first : last + 1])),
                    "news": float(np.log1p(sum(rarity(term) for term in distinct if term not in question.weights))),
                    "length": (end - begin) / 100,
                    "sentences": float(last - first),
                    "leaning": float(leaning or _LEANING.match(document.text, begin, end) is not None),
                    "position": first / max(1, len(read.spans) - 1),
                    "last_gain": coverage - max(covered[first : last + 1]) if last > first else 0.0,
                    **(marked.within(begin, end) if marked else {}),
                },
            )


def _best(answers: Sequence[_Scored]) -> tuple[int, int] | None:
    return max(answers, key=lambda scored: scored[0])[1] if answers else None


_WORD = re.compile(r"\S+")


def cut(
    text: str, start: int, end: int, weights: dict[str, float], answer: tuple[int, int] | None = None
) -> tuple[int, int]:
    """Return the stretch of a long sentence that holds most of the question, cut between words to ``MAX_QUOTE``.

    Where the ``answer`` is marked, the stretch holds that first of all. Of the room beside these words, what follows
    them is filled first: an answer is likelier there.
    """
    words = [match.span() for match in _WORD.finditer(text, start, end)]
    gains = [sum(weights.get(term, 0.0) for term in terms(text[a:b])) for a, b in words]
    if answer is not None:
        whole = sum(gains) + 1.0
        gains = [gain + whole * (a < answer[1] and b > answer[0]) for gain, (a, b) in zip(gains, words, strict=True)]
    asked = [place for place, gain in enumerate(gains) if gain > 0] or [0]
    first = last = asked[0]
    best = -1.0
    left = 0
    for right, place in enumerate(asked):
        while left < right and words[place][1] - words[asked[left]][0] > MAX_QUOTE:
            left += 1
        gain = sum(gains[k] for k in asked[left : right + 1])
        if gain > best:
            first, last, best = asked[left], place, gain
    while last + 1 < len(words) and words[last + 1][1] - words[first][0] <= MAX_QUOTE:
        last += 1
    while first > 0 and words[last][1] - words[first - 1][0] <= MAX_QUOTE:
        first -= 1
    begin = words[first][0]
    return begin, min(words[last][1], begin + MAX_QUOTE)
