"""Nearest neighbours as plain arithmetic finds them."""

from __future__ import annotations

import numpy as np
import pytest

from quoth.index.dense import INDEXES, DenseIndex, Plan, plan


def unit_vectors(count: int, dimension: int = 32, seed: int = 1) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.mark.parametrize("count", [1, 7, 3000])
def test_the_ranking_is_that_of_exact_arithmetic(count: int):
    vectors, questions = unit_vectors(count), unit_vectors(5, seed=2)
    index = DenseIndex(vectors)
    for question in questions:
        rows, cosines = index.search(question, 20)
        exact = vectors.astype(np.float64) @ question.astype(np.float64)
        assert rows.tolist() == np.argsort(-exact, kind="stable")[:20].tolist()
        np.testing.assert_allclose(cosines, exact[rows], atol=1e-6)
        np.testing.assert_allclose(index.cosines(question, rows), exact[rows], atol=1e-6)


def test_a_search_for_more_than_there_are_finds_all_of_them_once():
    rows, cosines = DenseIndex(unit_vectors(5)).search(unit_vectors(1, seed=2)[0], 100)
    assert sorted(rows.tolist()) == [0, 1, 2, 3, 4]
    assert (np.diff(cosines) <= 0).all()


# Parts are scored directly up to a size, and by a selector above it
@pytest.mark.parametrize("size", [1, 30, 2500])
def test_a_part_finds_its_own_best(size: int):
    vectors, question = unit_vectors(5000), unit_vectors(1, seed=2)[0]
    # The part that fits worst, so that none of it would be among the best of all
    among = np.sort(np.argsort(vectors @ question)[:size]).astype(np.int64)
    rows, cosines = DenseIndex(vectors).search(question, 10, among)
    exact = vectors[among] @ question
    assert rows.tolist() == among[np.argsort(-exact, kind="stable")[:10]].tolist()
    assert len(rows) == min(10, size)
    assert (np.diff(cosines) <= 0).all()


def test_a_vector_is_its_own_nearest_with_cosine_1():
    vectors = unit_vectors(200)
    index = DenseIndex(vectors)
    for row in range(0, 200, 17):
        rows, cosines = index.search(vectors[row], 1)
        assert rows.tolist() == [row]
        assert cosines[0] == pytest.approx(1, abs=1e-6)


def test_vectors_come_back_as_they_were_given():
    vectors = unit_vectors(50)
    index = DenseIndex(vectors)
    assert (index.vectors(np.array([3, 49, 0])) == vectors[[3, 49, 0]]).all()
    assert index.vectors(np.empty(0, np.int64)).shape == (0, 32)


def test_search_is_exact_up_to_twenty_thousand_passages():
    assert plan(1) == plan(20_000) == INDEXES[0]
    assert not INDEXES[0].step
    assert [plan(one.most + 1) for one in INDEXES] == [*INDEXES[1:], INDEXES[-1]]
    assert [one.segments(384) for one in INDEXES[1:]] == [192, 96]
    assert Plan(1, step=2).segments(15) == 5
