"""Misspelt words are read as the library's, at a cost that a question can't raise."""

from __future__ import annotations

from typing import Any

import pytest

from quoth import spelling
from quoth.spelling import corrected


class Words(frozenset[str]):
    """The terms of a library, in memory."""

    def words(self, first: str, shortest: int, longest: int) -> list[str]:
        return [word for word in self if word[0] == first and shortest <= len(word) <= longest]


VOCABULARY = Words(("harbour", "lighthouse", "captain"))


def test_a_misspelt_word_is_read_as_the_library_s_wherever_it_stands():
    terms = ("captain", "of", "lightouse", "and", "lightouse")
    assert corrected(terms, VOCABULARY) == ("captain", "of", "lighthouse", "and", "lighthouse")


def test_a_question_of_nothing_but_gibberish_is_compared_no_more_than_eight_times(monkeypatch: pytest.MonkeyPatch):
    compared: list[str] = []

    def extract(term: str, *_: Any, **__: Any) -> list[Any]:
        compared.append(term)
        return []

    monkeypatch.setattr(spelling, "extract", extract)
    terms = tuple(f"xq{'abcdefghij'[n // 10]}{'abcdefghij'[n % 10]}zzk" for n in range(100))
    assert corrected(terms + terms, VOCABULARY) == terms + terms
    assert compared == list(terms[:8])
