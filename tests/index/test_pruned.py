"""BM25 that leaves passages out finds what BM25 that leaves none out finds, to the bit."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from quoth.index import pruned
from quoth.index.lexical import LexicalIndex
from quoth.index.pruned import PrunedLexical
from tests.large import MODEL, loaded, many, opened, put, remove, sealed_now, sentence

pytestmark = pytest.mark.usefixtures("lowered")


@pytest.mark.parametrize("seed", range(4))
def test_the_best_passages_and_their_scores_are_those_of_scoring_all(seed: int, tmp_path: Path):
    chance = random.Random(seed)
    with opened(tmp_path / "library") as store:
        put(store, many(chance, 150))
        sealed_now(store)
        if seed % 2:
            put(store, many(chance, 6, "later"))
            remove(store, "d0.txt", "d77.txt", "d149.txt", "later2.txt")
        passages = loaded(store)
        assert isinstance(passages.lexical, PrunedLexical)
        with store.reading():
            # By row as they are there now, which for a fresh build are the rows
            kept = np.flatnonzero(np.isin(passages.ids, store.passages.ids(1)))
            fresh = LexicalIndex(store.passages.load(passages.model, passages.ids[kept]).terms)
            for _ in range(150):
                words = dict.fromkeys([*sentence(chance, chance.randint(1, 12)).split(), "absent"])
                terms = [passages.vocabulary.find(word) for word in words]
                mine, its = passages.lexical.match(terms), fresh.match(terms)
                assert mine.frequencies == its.frequencies
                for k in (1, 5, 40, 1000):
                    part = np.sort(np.array(chance.sample(range(len(kept)), 100)))
                    for among, rows_there in ((None, None), (part, kept[part])):
                        rows, scores = its.best(k, among)
                        found, found_scores = mine.best(k, rows_there)
                        assert found.tolist() == kept[rows].tolist()
                        assert found_scores.tobytes() == scores.tobytes()
                every = np.arange(len(kept))
                assert mine.scores(kept).tobytes() == its.scores(every).tobytes()
                for column in range(len(terms)):
                    held = mine.held(column, kept, kept + 1)
                    assert held.tolist() == its.held(column, every, every + 1).tolist()


def test_common_terms_are_not_scored_for_every_passage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    chance = random.Random(1)
    with opened(tmp_path / "library") as store:
        put(store, many(chance, 300) | {"one.txt": ["waa quetzalcoatlus " * 3], "two.txt": ["quetzalcoatlus waa wab"]})
        sealed_now(store)
        passages = loaded(store)
        accumulated: list[int] = []
        whole = pruned._Pruned._accumulate

        def counting(self, totals, column, allowed):
            accumulated.append(column)
            return whole(self, totals, column, allowed)

        monkeypatch.setattr(pruned._Pruned, "_accumulate", counting)
        with store.reading():
            terms = [passages.vocabulary.find(word) for word in ("waa", "quetzalcoatlus", "wab")]
            rows, _ = passages.lexical.match(terms).best(2)
        assert accumulated == [1]
        assert set(rows.tolist()) == {passages.ids.size - 2, passages.ids.size - 1}


def test_while_a_library_is_embedded_anew_terms_count_the_passages_that_are_searched(tmp_path: Path):
    other = replace(MODEL, name="other")
    with opened(tmp_path / "library") as store:
        put(store, many(random.Random(2), 60))
        sealed_now(store)
        put(store, many(random.Random(3), 60, "e"), other)
        remove(store, "d0.txt")
        passages = loaded(store)
        with store.reading():
            term = passages.vocabulary.find("waa")
            fresh = LexicalIndex(store.passages.load(passages.model, store.passages.ids(1)).terms)
            (frequency,) = passages.lexical.match([term]).frequencies
        assert term is not None
        assert frequency == len(fresh.holders(term.id)) < term.holders
