import numpy as np
import pytest

from quoth.benchmark.making import Halves
from quoth.errors import DatasetError
from quoth.passages import encoded_passage
from quoth.store import Store


def test_no_two_passages_have_the_same_halves_and_none_those_of_one_paragraph(plan_of, halves):
    plan = plan_of(300)
    first, second = plan.pairs(np.arange(plan.planted, 300))
    assert len(set(zip(first.tolist(), second.tolist(), strict=True))) == 300 - plan.planted
    assert (first != second).all()
    count = len(halves.halved)
    everything = plan_of(plan.planted + count * (count - 1))
    first, second = everything.pairs(np.arange(everything.planted, everything.size))
    assert len(set(zip(first.tolist(), second.tolist(), strict=True))) == count * (count - 1)


def test_every_half_is_used_about_as_often(plan_of):
    plan = plan_of(300)
    for one in plan.pairs(np.arange(plan.planted, 300)):
        counts = np.bincount(one)
        assert counts.max() - counts.min() <= 2


def test_made_passages_are_distinct_texts_of_two_real_halves(library, plan_of, material):
    firsts, seconds = ({getattr(one, of) for one in material.halved} for of in ("first", "second"))
    texts = []
    for record in library.documents():
        if record.name.startswith("made/"):
            document = library.document(record.name)
            texts += [document.text[p.start : p.end] for p in document.paragraphs]
    assert len(texts) == len(set(texts)) == 300 - plan_of(300).planted
    assert all(
        any(text == f"{a} {text[len(a) + 1 :]}" and text[len(a) + 1 :] in seconds for a in firsts) for text in texts
    )


def test_a_made_library_is_whole_and_of_the_size_asked_for(library):
    report = library.check()
    assert report.problems == ()
    assert report.passages == 300 == library.counts()[1]


def test_the_stored_vectors_are_those_that_recall_is_measured_against(made, plan_of, encoder):
    plan = plan_of(300)
    store = Store.open(made)
    with store.reading():
        model = store.current_model()
        stored = store.passages.load(model, store.passages.ids(model[0])).vectors
    store.close()
    expected = plan.vectors(np.arange(300))
    assert np.abs(stored - expected).max() < 1e-6
    assert np.abs(np.linalg.norm(expected, axis=1) - 1).max() < 1e-5


def test_a_made_vector_is_near_to_what_the_encoder_says_of_the_whole(library, plan_of, encoder):
    plan = plan_of(300)
    places, texts = [], []
    for record in library.documents():
        document = library.document(record.name)
        for passage in library.search(document.text[:200], k=3, document=record.name):
            places.append(plan.row(record.name, passage.paragraph, passage.start))
            texts.append(encoded_passage(document, passage))
    whole = encoder.encode_passages(texts[:60])
    cosines = (whole * plan.vectors(np.array(places[:60]))).sum(1)
    assert cosines.mean() > 0.85


def test_a_row_is_found_again_by_what_a_search_says_of_it(library, plan_of, material):
    plan = plan_of(300)
    first, second = plan.pairs(np.arange(plan.planted, 300))
    for passage in library.search("Who founded the old town by the sea?", k=300):
        row = plan.row(passage.document, passage.paragraph, passage.start)
        if row >= plan.planted:
            one, other = material.halved[first[row - plan.planted]], material.halved[second[row - plan.planted]]
            assert passage.text == f"{one.first} {other.second}"
        else:
            assert not passage.document.startswith("made/")
    assert plan.row("0-towns/none", 1, 0) is None


def test_what_is_made_has_a_key_that_any_change_changes(plan_of, planted, halves):
    plan = plan_of(300)
    assert plan.key == plan_of(300).key
    nearly = halves.first.copy()
    nearly[0, 0] += 1e-3
    others = (
        plan_of(301),
        type(plan)(300, planted, Halves(halves.halved[1:], halves.first[1:], halves.second[1:])),
        type(plan)(300, planted, Halves(halves.halved, nearly, halves.second)),
    )
    assert len({plan.key, *(other.key for other in others)}) == 4


def test_more_passages_than_the_halves_make_are_refused(plan_of):
    with pytest.raises(DatasetError, match="name more data sets"):
        plan_of(1_000_000)
