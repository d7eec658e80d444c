"""Reading the best passages: which sentence, or which few that belong together, answers the question."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from quoth.answer_kind import AnswerKind, asked_kind, holds
from quoth.question import Question
from quoth.rarity import rarity
from quoth.retrieve import Ranked
from quoth.signals import Matrix
from quoth.texts import Texts
from quoth.words import terms

MAX_QUOTE = 350
"""Characters that a quote may have."""

NAMES = (
    "passage",  # the passage's score
    "passage_margin",  # to the best passage
    "coverage",  # share of the question's rarity that the window holds
    "coverage_in_context",  # the same with title and heading
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

_PASSAGES_READ = 8
_MOST_SENTENCES = 3
LEANING_PERSON = re.compile(r"\W*(?:he|she|they|his|her|their|him|them|او|وی|آنها|آن‌ها|ایشان)(?![\w’'])", re.IGNORECASE)
"""The beginning of a sentence whose subject was named before."""

_LEANING = re.compile(
    r"\W*(?:it|its|this|that|these|those|such|however|but|and|also|so|then|therefore|این|آن|اما|و)(?![\w’'])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a passage that may be quoted: ``start`` and ``end`` are offsets in the document of ``row``."""

    row: int
    start: int
    end: int
    sentences: int


def windows(question: Question, ranked: Ranked, texts: Texts) -> tuple[list[Window], Matrix]:
    """Return what may be quoted of the best passages, and the signals of each, shape ``(n, len(NAMES))``."""
    kind = asked_kind(question.text)
    found: list[Window] = []
    rows: list[list[float]] = []
    weights = dict(zip(question.terms, question.rarities.tolist(), strict=True))
    told = max(sum(weights.values()), 1e-6)
    for place, row in enumerate(ranked.rows[:_PASSAGES_READ].tolist()):
        document, passage = texts.document(row), texts.passage(row)
        read = texts.sentences(row)
        before = texts.context_terms(row)
        score = float(ranked.scores[place])
        held = [holds(kind, document.text[start:end], question.text) for start, end in read.spans]
        covered = [sum(weights.get(term, 0.0) for term in set(words)) / told for words in read.terms]
        for first in range(len(read.spans)):
            for last in range(first, min(first + _MOST_SENTENCES, len(read.spans))):
                start, end = read.spans[first][0], read.spans[last][1]
                if end - start > MAX_QUOTE:
                    if last > first:
                        break
                    start, end = cut(document.text, start, end, weights)
                    words = tuple(terms(document.text[start:end]))
                else:
                    words = tuple(term for sentence in read.terms[first : last + 1] for term in sentence)
                distinct = set(words)
                coverage = sum(weights.get(term, 0.0) for term in distinct) / told
                here = set(pairwise(words))
                pairs = sum(w for pair, w in question.pairs.items() if pair in here)
                is_held = any(held[first : last + 1])
                news = sum(rarity(term) for term in distinct if term not in weights)
                found.append(Window(row, start, end, last - first + 1))
                rows.append(
                    [
                        score,
                        score - float(ranked.scores[0]),
                        coverage,
                        sum(weights.get(term, 0.0) for term in distinct | before) / told,
                        0.0,
                        pairs / sum(question.pairs.values()) if question.pairs else 0.0,
                        float(kind is not AnswerKind.OTHER),
                        float(kind is not AnswerKind.OTHER and is_held),
                        float(kind is not AnswerKind.OTHER and is_held and sum(held) == sum(held[first : last + 1])),
                        float(np.log1p(news)),
                        (end - start) / 100,
                        float(last - first),
                        float(
                            bool(
                                LEANING_PERSON.match(document.text, start, end)
                                or _LEANING.match(document.text, start, end)
                            )
                        ),
                        first / max(1, len(read.spans) - 1),
                        coverage - max(covered[first : last + 1]) if last > first else 0.0,
                    ]
                )
                if end == passage.end:
                    break
    signals = np.array(rows, np.float32).reshape(len(rows), len(NAMES))
    if len(rows):
        column = NAMES.index("coverage_margin")
        signals[:, column] = signals[:, NAMES.index("coverage")] - signals[:, NAMES.index("coverage")].max()
    return found, signals


_WORD = re.compile(r"\S+")


def cut(text: str, start: int, end: int, weights: dict[str, float]) -> tuple[int, int]:
    """Return the stretch of a long sentence that holds most of the question, cut between words to ``MAX_QUOTE``."""
    words: Sequence[tuple[int, int]] = [match.span() for match in _WORD.finditer(text, start, end)]
    gains = [sum(weights.get(term, 0.0) for term in terms(text[a:b])) for a, b in words]
    best, best_gain, first, gain = (start, start), -1.0, 0, 0.0
    for last, (_, b) in enumerate(words):
        gain += gains[last]
        while b - words[first][0] > MAX_QUOTE and first < last:
            gain -= gains[first]
            first += 1
        if gain > best_gain + 1e-9:
            best, best_gain = (words[first][0], min(b, words[first][0] + MAX_QUOTE)), gain
    # Room that is left goes to the words that follow, where the answer is likelier than before
    finish = best[1]
    for a, b in words:
        if a >= best[1] and b - best[0] <= MAX_QUOTE:
            finish = b
    return best[0], finish
