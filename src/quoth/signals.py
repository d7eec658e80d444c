"""What is known of a passage for a question before anything reads it: signals that keep their meaning anywhere.

Each is absolute (a cosine, a share of the question's own best possible score, a share of what the question tells),
so that weights fitted on one library hold in another, of 20 passages or of 20,000.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from quoth.index.lexical import K1, Matches, weight
from quoth.index.live import IndexedPassages
from quoth.question import Question
from quoth.weights import weighted_sums

NAMES = (
    "cosine",  # of the two vectors
    "cosine_trusted",  # the same, as far as the encoder knows the question's language
    "cosine_margin",  # of that to the best other passage
    "bm25",  # as it is
    "bm25_share",  # of the best score that any passage could have for this question
    "bm25_relative",  # to the best passage found
    "coverage",  # share of the question's rarity that the passage holds
    "coverage_here",  # the same with the library's own document frequencies
    "missing_rare",  # share of the question's rarity in rare terms (names, numbers) that the passage lacks
    "pairs",  # share of the question's neighbouring words that are neighbours in the passage
    "title",  # coverage by the title alone
    "document",  # coverage by the whole document
    "window",  # best coverage within some thirty words
    "length",  # logarithm of the number of words
)

OF_TEXTS = ("pairs", "title", "window")
"""The signals for which a passage's text must be read."""

Matrix = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

_RARE = 6.0
_WINDOW_WORDS = 30


@dataclass(frozen=True, slots=True)
class Evidence:
    """The candidates of a question: rows of passages, and what the two searches say of each."""

    rows: Rows
    cosines: Matrix
    matches: Matches


def known(question: Question, passages: IndexedPassages, evidence: Evidence) -> Matrix:
    """Return the signals of each candidate that need no text, shape ``(n, len(NAMES))``; those ``OF_TEXTS`` are 0."""
    count = len(evidence.rows)
    signals = np.zeros((count, len(NAMES)), np.float32)
    if not count:
        return signals
    bm25 = evidence.matches.scores(evidence.rows)
    held, in_document = _holders(passages, evidence, len(question.terms))
    own_weights = np.array([weight(passages.size, holders) for holders in evidence.matches.frequencies], np.float32)
    rarities = question.rarities
    told = question.told
    best_possible = max(float(own_weights.sum()) * (K1 + 1), 1e-6)
    rare = rarities * (rarities > _RARE)
    columns: dict[str, npt.ArrayLike] = {
        "cosine": evidence.cosines,
        "cosine_trusted": evidence.cosines * question.trust,
        "cosine_margin": _margins(evidence.cosines) * question.trust,
        "bm25": bm25,
        "bm25_share": bm25 / best_possible,
        "bm25_relative": bm25 / max(float(bm25.max()), 1e-6),
        "coverage": weighted_sums(held, rarities) / told,
        "coverage_here": weighted_sums(held, own_weights) / max(float(own_weights.sum()), 1e-6),
        "missing_rare": weighted_sums(1 - held, rare) / told,
        "document": weighted_sums(in_document, rarities) / told,
        "length": np.log1p(passages.lexical.lengths[evidence.rows]),
    }
    return _put(signals, columns)


def with_texts(
    question: Question, signals: Matrix, sequences: Sequence[Sequence[str]], titles: Sequence[frozenset[str]]
) -> Matrix:
    """Return what ``known`` gave of some candidates with the signals ``OF_TEXTS`` put in.

    ``sequences`` holds each candidate's terms in order, ``titles`` the distinct terms of its document's title.
    """
    columns: dict[str, npt.ArrayLike] = {
        "title": [question.coverage(title) for title in titles],
        "pairs": [question.shared_pairs(sequence) for sequence in sequences],
        "window": [best_window(question, sequence, _WINDOW_WORDS) / question.told for sequence in sequences],
    }
    return _put(signals.copy(), columns)


def _put(signals: Matrix, columns: Mapping[str, npt.ArrayLike]) -> Matrix:
    for name, values in columns.items():
        signals[:, NAMES.index(name)] = np.asarray(values, np.float32)
    return signals


def _holders(passages: IndexedPassages, evidence: Evidence, terms: int) -> tuple[Matrix, Matrix]:
    """Return which of the question's terms each candidate holds, and which its document holds."""
    rows = evidence.rows
    held = np.zeros((len(rows), terms), np.float32)
    in_document = np.zeros_like(held)
    # A document's passages are neighbouring rows
    first, last = passages.rows_of(passages.document_ids[rows])
    for column in range(terms):
        held[:, column] = evidence.matches.held(column, rows, rows + 1)
        in_document[:, column] = evidence.matches.held(column, first, last)
    return held, in_document


def _margins(scores: Matrix) -> Matrix:
    if len(scores) < 2:
        return np.zeros(len(scores), np.float32)
    second, first = np.partition(scores, -2)[-2:]
    return np.asarray(np.where(scores >= first, scores - second, scores - first), np.float32)


def best_window(question: Question, sequence: Sequence[str], width: int) -> float:
    """Return the greatest rarity of question terms that stands within ``width`` words of ``sequence``."""
    weights = question.weights
    hits = [(place, term) for place, term in enumerate(sequence) if term in weights]
    inside: dict[str, int] = {}
    total = best = 0.0
    left = 0
    for place, term in hits:
        if inside.get(term, 0) == 0:
            total += weights[term]
        inside[term] = inside.get(term, 0) + 1
        while place - hits[left][0] > width:
            gone = hits[left][1]
            inside[gone] -= 1
            if inside[gone] == 0:
                total -= weights[gone]
            left += 1
        best = max(best, total)
    return best
