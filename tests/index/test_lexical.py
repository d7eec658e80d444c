"""BM25 as its formula says, whatever was added and removed before."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from quoth.index.lexical import K1, B, LexicalIndex
from quoth.store.postings import TermCounts, count_terms, pack

passages = st.lists(st.lists(st.integers(0, 8), max_size=12), min_size=1, max_size=12)
questions = st.lists(st.integers(0, 10), max_size=5, unique=True)


def packed(corpus: list[list[int]]) -> TermCounts:
    return TermCounts.unpack([pack(count_terms(words)) for words in corpus])


def reference(corpus: list[list[int]], question: list[int]) -> list[float]:
    """BM25 as one reads it in a book."""
    mean = sum(map(len, corpus)) / len(corpus)
    scores = []
    for words in corpus:
        score = 0.0
        for term in question:
            holders = sum(term in other for other in corpus)
            idf = math.log(1 + (len(corpus) - holders + 0.5) / (holders + 0.5))
            norm = K1 * (1 - B + B * len(words) / max(mean, 1e-9))
            frequency = words.count(term)
            score += idf * frequency * (K1 + 1) / (frequency + norm) if frequency else 0.0
        scores.append(score)
    return scores


@given(passages, questions)
def test_scores_are_those_of_the_formula(corpus: list[list[int]], question: list[int]):
    scores = LexicalIndex(packed(corpus)).scores(question)
    np.testing.assert_allclose(scores, reference(corpus, question), rtol=1e-5, atol=1e-6)


@given(passages, passages, st.data())
def test_scores_after_additions_and_removals_are_bit_for_bit_those_of_a_clean_build(
    first: list[list[int]], second: list[list[int]], data: st.DataObject
):
    keep = np.array(data.draw(st.lists(st.booleans(), min_size=len(first), max_size=len(first))), bool)
    changed = packed(first).take(np.flatnonzero(keep)).joined(packed(second))
    clean = packed([words for words, kept in zip(first, keep, strict=True) if kept] + second)
    for term in range(11):
        question = [term, (term + 3) % 11, (term + 7) % 11]
        assert LexicalIndex(changed).scores(question).tobytes() == LexicalIndex(clean).scores(question).tobytes()


@given(passages, st.randoms(use_true_random=False))
def test_a_passage_scores_the_same_wherever_it_stands_and_whatever_number_a_term_has(corpus, chance):
    order = list(range(len(corpus)))
    chance.shuffle(order)
    renamed = [[(term * 7 + 5) % 1000 for term in corpus[place]] for place in order]
    question = [3, 0, 8]
    scores = LexicalIndex(packed(corpus)).scores(question)
    moved = LexicalIndex(packed(renamed)).scores([(term * 7 + 5) % 1000 for term in question])
    assert scores[order].tobytes() == moved.tobytes()


@given(passages)
def test_the_holders_of_a_term_are_the_passages_with_it(corpus: list[list[int]]):
    index = LexicalIndex(packed(corpus))
    for term in range(11):
        assert index.holders(term).tolist() == [row for row, words in enumerate(corpus) if term in words]


def test_more_repetitions_than_fit_are_kept_as_the_most_that_do():
    assert TermCounts.unpack([pack({1: 70_000})]).counts.tolist() == [65_535]


def test_an_index_of_nothing_finds_nothing():
    assert LexicalIndex(packed([])).scores([1, 2]).shape == (0,)
