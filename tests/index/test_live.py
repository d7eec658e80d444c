"""The indexes brought up to date by difference are those that a fresh load makes."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from quoth.documents.reading import parse
from quoth.encoder import ModelIdentity
from quoth.errors import EmptyLibraryError
from quoth.index.live import IndexedPassages, load
from quoth.passages import split
from quoth.store import PassageRow, Store
from quoth.words import terms

MODEL = ModelIdentity("tiny", "0" * 64, "mean", 256, 8)
WORDS = ["harbour", "master", "boat", "keeper", "star", "dawn", "rope", "anchor", "captain", "storm", "island"]


def count_tokens(texts: Sequence[str]) -> list[int]:
    return [len(text) // 4 + 2 for text in texts]


def put(store: Store, name: str, text: str, model: ModelIdentity = MODEL) -> None:
    document = parse(name, text.encode())
    rows, vectors = [], {}
    for passage in split(document, count_tokens):
        content = document.text[passage.start : passage.end]
        key = hashlib.blake2b(content.encode(), digest_size=16).digest()
        vector = np.random.default_rng(int.from_bytes(key[:4])).normal(size=model.dimension)
        vectors[key] = (vector / np.linalg.norm(vector)).astype(np.float32)
        rows.append(PassageRow(passage, key, tuple(terms(content))))
    with store.writing():
        store.add(store.root_id("/root"), store.model_id(model), document, rows, vectors)


def loaded(store: Store, before: IndexedPassages | None) -> IndexedPassages:
    with store.reading():
        return load(store, before)


def assert_same(one: IndexedPassages, other: IndexedPassages) -> None:
    assert (one.generation, one.model, one.size, one.documents) == (
        other.generation,
        other.model,
        other.size,
        other.documents,
    )
    for name in ("ids", "document_ids"):
        assert getattr(one, name).tolist() == getattr(other, name).tolist()
    for name in ("starts", "term_ids", "counts"):
        assert getattr(one.loaded.terms, name).tolist() == getattr(other.loaded.terms, name).tolist()
    rows = np.arange(one.size)
    assert one.dense.vectors(rows).tobytes() == other.dense.vectors(rows).tobytes()
    every_term = sorted({*one.loaded.terms.term_ids.tolist()})
    assert one.lexical.scores(every_term).tobytes() == other.lexical.scores(every_term).tobytes()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "library", create=True)
    yield opened
    opened.close()


def test_an_incremental_load_equals_a_fresh_one_after_any_change(store: Store):
    chance = random.Random(3)
    before = None
    for step in range(40):
        name = f"{chance.randrange(8)}.txt"
        ids = store.document_ids("/root", [name])
        if ids and chance.random() < 0.4 and len(store.documents()) > 1:
            with store.writing():
                store.remove(ids)
        else:
            lines = [" ".join(chance.choices(WORDS, k=20)) + f" {step}." for _ in range(chance.randint(1, 4))]
            put(store, name, "\n\n".join(lines))
        if chance.random() < 0.7:  # sometimes several changes at once
            before = loaded(store, before)
            assert_same(before, loaded(store, None))


def test_a_state_that_was_loaded_stays_as_it_is(store: Store):
    put(store, "a.txt", "The harbour master counts the boats.")
    first = loaded(store, None)
    ids, generation = first.ids.tolist(), first.generation
    put(store, "b.txt", "The lighthouse keeper counts the stars.")
    assert loaded(store, first).size == 2
    assert (first.ids.tolist(), first.generation, first.size) == (ids, generation, 1)


def test_nothing_is_loaded_again_where_nothing_changed(store: Store):
    put(store, "a.txt", "The harbour master counts the boats.")
    first = loaded(store, None)
    assert loaded(store, first) is first


def test_another_model_s_vectors_are_never_mixed_in(store: Store):
    put(store, "a.txt", "The harbour master counts the boats.")
    first = loaded(store, None)
    other = ModelIdentity("other", "1" * 64, "mean", 256, 16)
    put(store, "b.txt", "The lighthouse keeper counts the stars.", other)
    assert loaded(store, first).ids.tolist() == first.ids.tolist()
    with store.writing():
        store.make_current(store.model_id(other))
    changed = loaded(store, first)
    assert_same(changed, loaded(store, None))
    assert (changed.dense.dimension, changed.size) == (16, 1)


def test_the_passages_of_a_document_are_neighbouring_rows(store: Store):
    for name in ("a.txt", "b.txt", "a.txt", "c.txt"):
        put(
            store,
            name,
            "\n\n".join(f"The harbour master of {name} counts boat {n} at dawn today." * 3 for n in range(4)),
        )
    passages = loaded(store, None)
    for document in np.unique(passages.document_ids):
        first, last = passages.rows_of(np.array([document]))
        assert (passages.document_ids[first[0] : last[0]] == document).all()
        assert (passages.document_ids == document).sum() == last[0] - first[0]


def test_an_emptied_library_is_empty(store: Store):
    put(store, "a.txt", "The harbour master counts the boats.")
    first = loaded(store, None)
    with store.writing():
        store.remove(store.document_ids("/root", ["a.txt"]))
    with pytest.raises(EmptyLibraryError), store.reading():
        load(store, first)
