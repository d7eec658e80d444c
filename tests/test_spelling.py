"""Misspelt words are read as the library's, at a cost that a question can't raise."""

from __future__ import annotations

from typing import Any

import pytest

from quoth import spelling
from quoth.english import is_english, like
from quoth.spelling import corrected
from quoth.words import terms


class Words(frozenset[str]):
    """The terms of a library, in memory."""

    def words(self, first: str, shortest: int, longest: int) -> list[str]:
        return [word for word in self if word[0] == first and shortest <= len(word) <= longest]


VOCABULARY = Words(
    terms(
        "The harbour police of 32 provinces were presented with a commemorative lighthouse by the captain. "
        "Kamal Hadianfar, Søren Šťastný and Skłodowska were there; so were the term, the stage and the song."
    )
)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("which captian of the lightouse, the captian?", "which captain of the lighthouse, the captain?"),
        ("how many provences have polcie", "how many provinces have police"),
        ("what comemorative lighthouse was PRESENTD to Hadianfer?", "what commemorative lighthouse was PRESENTED to "
         "Hadianfar?"),
        ("Captian's temr: the songg", "Captain's term: the song"),
        ("When was Sklodowska there?", "When was Skłodowska there?"),
    ],
)  # fmt: skip
def test_a_misspelt_word_is_read_as_the_library_s_wherever_it_stands(typed: str, meant: str):
    assert corrected(typed, VOCABULARY).casefold() == meant.casefold()


@pytest.mark.parametrize(
    "typed",
    [
        "which captain of the harbour?",
        # Real words that the library lacks, although one that it holds is near
        "was the captive paroled in the province of Provence, and who was staged?",
        # Too short to tell, or nothing near
        "ten hte tem, xyzzy and quuxfrob",
        # Four letters only as a slip that leaves one out or swaps two: these are as likely another name
        "Gong Tonga Lotr Sonk",
        "A-1 4711 ... 🛥️ \u0301 _",
        "",
    ],
)
def test_what_may_be_meant_as_it_is_stays_as_it_is(typed: str):
    assert corrected(typed, VOCABULARY) == typed


def test_a_word_is_the_same_with_its_accents_composed_or_not():
    for typed in ("Šťastní?", "S\u030ct\u030castni\u0301?"):
        assert terms(corrected(f"Where is {typed}", VOCABULARY))[-1] == terms("Šťastný")[0]
    decomposed = "Where is S\u030ct\u030castny\u0301?"
    assert corrected(decomposed, VOCABULARY) == decomposed


def test_of_words_equally_near_the_likelier_slip_counts():
    vocabulary = Words(terms("where were")) | {"form", "from"}
    assert corrected("wehre", Words(vocabulary)) == "where"


def test_a_question_of_nothing_but_gibberish_is_compared_no_more_than_eight_times(monkeypatch: pytest.MonkeyPatch):
    compared: list[str] = []

    def extract(term: str, *_: Any, **__: Any) -> list[Any]:
        compared.append(term)
        return []

    monkeypatch.setattr(spelling, "extract", extract)
    words = [f"xq{'abcdefghij'[n // 10]}{'abcdefghij'[n % 10]}zzk" for n in range(100)]
    text = " ".join(words + words)
    assert corrected(text, VOCABULARY) == text
    assert list(dict.fromkeys(compared)) == words[:8]


def test_common_english_words_are_known_and_their_misspellings_are_not():
    assert all(map(is_english, ["the", "harbour", "police", "whence", "stature", "predicated", "definitions"]))
    assert not any(map(is_english, ["polcie", "provences", "comemorative", "hadianfar", "x"])) and not is_english("")
    assert "police" in like("polcie", 1) and {len(word) for word in like("polcie", 1)} == {5, 6, 7}
