"""Whether a question's language is known: told of words, never of an identifier or a number."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from quoth.encoder import Encoder
from quoth.language import TRUSTED, words_alone
from quoth.library import Library
from quoth.question import embed
from quoth.reader import Reader

UNKNOWN = [
    "پلیس فتا چه زمانی تأسیس شد؟",
    "مادرید",
    "中国的船在哪里？",
    "Где находится корабль?",
    "Wen trafen Drogendelikte zunächst allein?",
]
KNOWN = [
    "How much cybercrime was discovered in 2013?",
    "wat percentege of cybercirme was discoverd?",
    "does cybercrime threatn critcal infrastucture?",
    "ABC-123",
    "4711",
    "Who is INV-20391/A.77-8x?",
    "Quetzalcoatl",
    "https://example.com/a-long-path?query=1 what",
    "😀 😀",
    "?",
]


@pytest.mark.parametrize("question", UNKNOWN)
def test_a_question_in_a_language_that_the_encoder_does_not_know_is_said_to_be_one(
    question: str, encoder: Encoder, seed_library: Library
):
    assert not embed([question], encoder)[0].language_known
    answer = seed_library.ask(question)
    assert answer.as_json()["language_known"] is answer.language_known is False


@pytest.mark.parametrize("question", KNOWN)
def test_an_english_question_an_identifier_or_a_number_is_not(question: str, encoder: Encoder):
    assert embed([question], encoder)[0].language_known


def test_no_question_on_the_seed_article_is_taken_for_another_language(encoder: Encoder):
    path = Path(__file__).parent / "evaluation" / "seed_questions.jsonl"
    asked = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    texts = [one["question"] for one in asked if one["answerable"]]
    assert [one.text for one in embed(texts, encoder) if not one.language_known] == []


def test_only_words_tell_of_a_language():
    assert words_alone("Who is INV-20391/A.77 of 2013 ?") == "Who is of"
    assert words_alone("a.b@example.com INV_1 42") == ""


def test_the_reader_judges_by_its_own_vocabulary_as_the_default_encoder_does(encoder: Encoder):
    reader = Reader.load()
    texts = UNKNOWN + KNOWN
    assert [reader.knows_language(text) for text in texts] == [trust >= TRUSTED for trust in encoder.trust(texts)]
