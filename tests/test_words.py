"""Words as search compares them: two spellings of one word are one term."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoth.words import fold, terms


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Cyber POLICE", "cyber police"),
        ("café", "cafe"),
        ("cafe\u0301 naïve", "cafe naive"),  # the accent as a sign of its own
        ("Straße", "STRASSE"),
        ("ﬁnance", "finance"),  # one sign for two letters
        ("Ｆｕｌｌｗｉｄｔｈ", "fullwidth"),
        ("boats", "boat"),
        ("discovered", "discovering"),
        ("Iran's", "Iran"),
        ("Iran’s", "Iran's"),
        ("1,250,000", "1250000"),
        ("007", "7"),
        ("كتاب علي", "کتاب علی"),  # Arabic and Persian keyboards
        ("۲۰۱۳", "2013"),
        ("٢٠١٣", "2013"),
        ("۱٬۲۵۰", "1250"),
        ("کتاب\u200cها", "کتاب"),  # plural, joined without a space
        ("کِتاب", "کتاب"),  # with its vowels written
        ("آب", "اب"),
        ("ایــران", "ایران"),  # stretched
        ("soft\u00adhyphen", "softhyphen"),
    ],
)
def test_two_spellings_are_the_same_terms(one: str, other: str):
    assert terms(one) == terms(other) != []


@pytest.mark.parametrize(
    ("one", "other"), [("2013", "2014"), ("4%", "96%"), ("3.5", "35"), ("police", "policy"), ("UNODC", "UN")]
)
def test_what_differs_stays_different(one: str, other: str):
    assert terms(one) != terms(other)


@given(st.text())
def test_a_character_is_folded_alike_whatever_stands_beside_it(text: str):
    assert fold(text) == "".join(map(fold, text))


def test_terms_stand_in_order_with_their_repetitions():
    assert terms("The boat, the red boat!") == ["the", "boat", "the", "red", "boat"]


def test_scripts_without_spaces_are_found_by_parts_of_words():
    assert set(terms("東京")) < set(terms("私は東京に住んでいます"))


@pytest.mark.parametrize("text", ["", "   \n", "?!…", "🙂🙃", "\u200c"])
def test_a_text_without_words_has_no_terms(text: str):
    assert terms(text) == []


@given(st.text())
def test_any_text_has_terms_and_none_is_empty_or_holds_a_space(text: str):
    assert all(term and not any(map(str.isspace, term)) for term in terms(text))


LETTERS = st.text(st.characters(codec="utf-8", categories=["L", "N", "M", "Zs"], max_codepoint=0x6BF))


@given(LETTERS)
def test_a_composed_and_a_decomposed_spelling_are_the_same(text: str):
    assert fold(unicodedata.normalize("NFC", text)) == fold(unicodedata.normalize("NFD", text))


def test_so_it_is_with_the_persian_he_with_hamza():
    assert fold(unicodedata.normalize("NFD", "خانۀ")) == fold("خانۀ")
