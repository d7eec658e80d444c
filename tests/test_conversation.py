"""A follow-up is read with what it leans on; a question that says what it asks is read as it stands."""

from __future__ import annotations

import pytest

from quoth.conversation import readings

HARVARD = "What organization did Harvard found in 1900?"


@pytest.mark.parametrize(
    ("history", "question", "meant"),
    [
        ([HARVARD], "Who runs it?", "Who runs Harvard?"),
        ([HARVARD], "who are its presidents?", "who are Harvard's presidents?"),
        (["Who leads the Iranian cyber police?"], "When was it launched?", "When was Iranian cyber police launched?"),
        (["who leads the iranian cyber police?"], "when was it launched?", "when was iranian cyber police launched?"),
        (["Who was Marie Curie?"], "When did she leave her home?", "When did Marie Curie leave her home?"),
        (["Who was Marie Curie?"], "What was her name?", "What was Marie Curie's name?"),
        (["Which case did the Court of Justice of the European Union review?"], "How old is it?",
         "How old is Court of Justice of the European Union?"),
        # What the question has itself is not meant by its pronoun
        (["Did Harvard play Yale?"], "Where did Harvard beat them?", "Where did Harvard beat Yale?"),
        # Further back
        (["Who is Hadianfar?", "What did he say about VPNs?"], "And what did he say about drugs?",
         "And what did Hadianfar say about drugs?"),
        (["Who is Hadianfar?", "", "Where is he?"], "Why?", "Where is Hadianfar? Why?"),
        # Hardly anything is said
        (["How much crime was discovered in 2013?"], "And in 2012?", "How much crime was discovered in 2012?"),
        (["How much cybercrime was discovered?"], "What about abroad?",
         "How much cybercrime was discovered? What about abroad?"),
        (["How many people live in Warsaw?"], "What is the largest hotel there?",
         "What is the largest hotel there Warsaw?"),
    ],
)  # fmt: skip
def test_a_follow_up_is_read_with_what_it_leans_on(history: list[str], question: str, meant: str):
    assert readings(question, history) == (meant, question)


@pytest.mark.parametrize(
    ("history", "question"),
    [
        ([], "Who runs it?"),
        ([""], "Who runs it?"),
        (["?", "..."], "Who runs it?"),
        ([HARVARD], "How many provinces have a cyber police?"),
        ([HARVARD], "VPN problem?"),
        ([HARVARD], "And how many Huguenots fled to Holland in 1685?"),
        (["Who runs Harvard?"], "Is Harvard old, and what does it cost?"),
    ],
)
def test_a_question_that_says_what_it_asks_is_read_as_it_stands(history: list[str], question: str):
    assert readings(question, history) == (question,)


def test_a_long_conversation_is_looked_back_through_as_far_as_four_questions():
    history = ["Who was Marie Curie?", "Where did she live?", "Whom did she marry?", "When did she die?"]
    assert readings("What did she find?", history)[0] == "What did Marie Curie find?"
    assert readings("What did she find?", [HARVARD, *history])[0] == "What did Marie Curie find?"
    assert readings("What did she find?", ["Who was Curie?", *["Why?"] * 400])[0].count("Why?") < 5
