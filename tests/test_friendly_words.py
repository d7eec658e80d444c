"""Greetings, thanks and requests to be told are no part of what a question asks."""

from __future__ import annotations

import pytest

from quoth.conversation import readings
from quoth.friendly_words import without_small_talk

ASKED = "how many provinces have a cyber police?"


@pytest.mark.parametrize(
    "said",
    [
        f"hey guys, quick question: {ASKED}",
        f"Hi! I was wondering, {ASKED} thanks in advance :)",
        f"does anyone know {ASKED} lol 🤔",
        f"sorry if this was asked before but {ASKED}",
        f"<@123456> please tell me {ASKED}",
        f"Good morning everyone. I'd like to know: {ASKED} Many thanks!",
        f"quick one for my homework: {ASKED} thx",
        f"ok so {ASKED} asking for a friend",
        "can you tell me how many provinces have a cyber police please?",
    ],
)
def test_what_is_said_around_a_question_is_left_out(said: str):
    assert without_small_talk(said) == ASKED
    assert readings(said, ()) == (ASKED,)


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("can someone tell me the rank of Hadianfar?", "the rank of Hadianfar?"),
        ("who wrote “Hello Dolly”? ty", "who wrote “Hello Dolly”?"),
        ("HELLO, IN WHAT YEAR WAS IT LAUNCHED?", "IN WHAT YEAR WAS IT LAUNCHED?"),
    ],
)
def test_a_question_keeps_its_own_words_and_signs(said: str, asked: str):
    assert without_small_talk(said) == asked


@pytest.mark.parametrize(
    "question",
    [
        "hello",
        "thanks!",
        "hey, how are you?",
        "🤔",
        "",
        "Hello Dolly actors",
        "please please me album year",
        "hey jude who wrote it",
        "sorry seems to be the hardest word singer",
        "So Long and Thanks for All the Fish author",
        "Do members vote as they please?",
        "Whom did they thank?",
        "Does it hold a lot?",
        "tell me about VPNs",
        "Will you let me modify my privacy setting?",
        "what is C++?",
        "does \u200cزن mean woman?",
    ],
)
def test_what_may_be_asked_for_stays_as_it_stands(question: str):
    assert without_small_talk(question) == question


def test_an_earlier_question_is_leant_on_without_its_small_talk():
    assert readings("and when was it built?", ["Hi, can anyone tell me who runs Harvard? Thanks"])[0] == (
        "and when was Harvard built?"
    )


def test_only_the_end_of_a_question_is_looked_through_for_thanks():
    # It takes as long as the square of what is looked through
    assert without_small_talk(ASKED + " lol" * 500) == ASKED + " lol" * 475
