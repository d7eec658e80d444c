from dataclasses import replace

import pytest

from quoth.answer import Answer
from quoth.figures import figures
from tests.cli.test_render import ANSWER, QUOTE


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1,240 tonnes in 2023", {"1240": "1,240", "2023": "2023"}),
        ("۱۲۴۰ تن", {"1240": "۱۲۴۰"}),
        ("£1.95, and 12’500 more", {"195": "1.95", "12500": "12’500"}),
        ("3 reasons, form A12 and COVID-19", {"19": "19"}),
        ("", {}),
        ("½ of ²", {}),
    ],
)
def test_numbers_are_the_same_however_they_are_written(text, found):
    assert figures(text) == found


def asked(question: str, **changes) -> Answer:
    return replace(ANSWER, question=question, quotes=(replace(QUOTE, **changes),))


def test_a_number_of_the_question_that_no_quote_mentions_is_told():
    assert asked("How many in 2014?", text="In 2013 there were 70.").unmentioned == ("2014",)
    assert asked("How many in 2014?", text="In 2013 there were 70.").as_json()["unmentioned"] == ["2014"]
    assert asked("How many in 2013?", text="In 2013 there were 70.").unmentioned == ()
    assert asked("Is it 1,240 or 9,999?", text="It is 1240.").unmentioned == ("9,999",)


@pytest.mark.parametrize(
    "changes", [{"title": "Report of 2014"}, {"heading": "Year > 2014"}, {"document": "minutes-2014.md"}]
)
def test_what_a_citation_mentions_is_mentioned(changes):
    assert asked("How many in 2014?", text="There were 70.", **changes).unmentioned == ()


def test_nothing_is_told_of_what_is_no_answer():
    assert replace(asked("How many in 2014?"), status="abstained").unmentioned == ()
