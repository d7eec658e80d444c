"""What may be quoted: whole sentences or a few, never more than 350 characters."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoth import pipeline
from quoth.encoder import Encoder
from quoth.library import Library
from quoth.read import MAX_QUOTE, cut, first_cell, windows
from quoth.words import terms

LONG = (
    "The register of the harbour lists "
    + ", ".join(f"vessel{n} of captain{n}" for n in range(60))
    + ", and last of all the Albatross, whose owner is Zebediah Quill"
    + "".join(f", then cargo{n}" for n in range(40))
    + "."
)


def whole_words(text: str, start: int, end: int) -> bool:
    return (start == 0 or text[start - 1].isspace()) and (end == len(text) or text[end].isspace())


def test_a_long_sentence_is_cut_between_words_around_what_was_asked():
    start, end = cut(LONG, 0, len(LONG), dict.fromkeys(terms("owner Albatross"), 8.0))
    assert end - start <= MAX_QUOTE
    assert whole_words(LONG, start, end)
    assert "Albatross, whose owner" in LONG[start:end]


def test_a_cut_leaves_room_for_the_words_that_follow_what_was_asked():
    start, end = cut(LONG, 0, len(LONG), dict.fromkeys(terms("owner Albatross"), 8.0))
    assert "Albatross, whose owner is Zebediah Quill" in LONG[start:end]


def test_a_cut_stays_within_its_sentence():
    text = "Before it. " + LONG + " After it."
    start, end = cut(text, 11, 11 + len(LONG), dict.fromkeys(terms("cargo39"), 8.0))
    assert 11 <= start < end <= 11 + len(LONG)


def test_a_cut_holds_the_marked_answer_before_anything_that_was_asked():
    at = LONG.index("vessel7 ")
    start, end = cut(LONG, 0, len(LONG), dict.fromkeys(terms("owner Albatross Zebediah Quill"), 8.0), (at, at + 7))
    assert end - start <= MAX_QUOTE
    assert start <= at and at + 7 <= end
    assert whole_words(LONG, start, end)


WORDS = st.lists(
    st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1, max_size=40), min_size=1, max_size=90
)


@given(WORDS, st.data())
def test_any_sentence_of_words_is_cut_between_words(words: list[str], data: st.DataObject):
    text = " ".join(words)
    asked = dict.fromkeys(terms(data.draw(st.sampled_from(words))), 5.0)
    start, end = cut(text, 0, len(text), asked)
    assert 0 < end - start <= MAX_QUOTE
    assert whole_words(text, start, end)


def test_an_endless_word_is_cut_all_the_same():
    assert cut("x" * 5000, 0, 5000, {}) == (0, MAX_QUOTE)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder):
    """All windows that were read for questions on texts with short, long and endless sentences."""
    folder = tmp_path_factory.mktemp("read")
    (folder / "documents").mkdir()
    texts = {
        "long.txt": LONG,
        "short.txt": "The owner of the Albatross is ill. He is old. He sleeps. Nobody sails. " * 3,
        "endless.txt": "Albatross " + "x" * 900 + " owner.",
        "mixed.txt": "The owner came. " + LONG + " The Albatross sailed.",
    }
    for name, text in texts.items():
        (folder / "documents" / name).write_text(text, encoding="utf-8")
    read = []

    def recording(question, ranked, texts, readings):
        found, signals = windows(question, ranked, texts, readings)
        read.extend((window, texts.document(window.row), texts.passage(window.row)) for window in found)
        return found, signals

    with pytest.MonkeyPatch.context() as patch, Library.open(folder / "library", encoder=encoder) as library:
        library.index([folder / "documents"])
        patch.setattr(pipeline.read, "windows", recording)
        for question in ("Who owns the Albatross?", "vessel17", "Who sleeps?", "xxx"):
            library.ask(question)
    return read


def test_no_window_is_longer_than_a_quote_may_be(seen):
    assert {document.name for _, document, _ in seen} == {"long.txt", "short.txt", "endless.txt", "mixed.txt"}
    assert max(window.end - window.start for window, _, _ in seen) <= MAX_QUOTE


def test_a_window_stands_within_its_passage_without_space_at_its_ends(seen):
    for window, document, passage in seen:
        assert passage.start <= window.start < window.end <= passage.end
        text = document.text[window.start : window.end]
        assert text == text.strip() != ""


def test_a_window_has_at_most_three_sentences_and_each_sentence_has_a_window(seen):
    assert {window.sentences for window, _, _ in seen} == {1, 2, 3}
    short = {document.text[w.start : w.end] for w, document, _ in seen if document.name == "short.txt"}
    assert {"He is old.", "He is old. He sleeps.", "He is old. He sleeps. Nobody sails."} <= short


def test_no_quote_is_longer_than_it_may_be(tmp_path: Path, encoder: Encoder):
    (tmp_path / "long.txt").write_text(LONG, encoding="utf-8")
    with Library.open(tmp_path / "library", encoder=encoder) as library:
        library.index([tmp_path / "long.txt"])
        answer = library.ask("Who is the owner of the Albatross?")
        assert "Zebediah Quill" in answer.quotes[0].text
        assert all(len(quote.text) <= MAX_QUOTE for quote in answer.quotes)


@pytest.mark.parametrize(
    ("text", "marked", "expected"),
    [
        ("| Saturday | 10:00–16:00 | closed |\n| Sunday | closed |", "10:00–16:00 | closed |\n| Sunday", "10:00–16:00"),
        ("| a | b |", "| a | b", "a"),
        ("at 10:00, or at noon", "10:00, or at noon", "10:00, or at noon"),
        ("from one line\nto the next", "one line\nto the next", "one line\nto the next"),
        ("| |", "| |", "| |"),
    ],
)
def test_an_answer_in_a_table_ends_with_its_cell(text, marked, expected):
    start = text.index(marked)
    first, last = first_cell(text, start, start + len(marked))
    assert text[first:last] == expected
