import pytest

from quoth.naming import hint

NAMES = ("faq.md", "minutes/2024-01-15_board.txt", "Minutes/2023.txt", "policies/travel.docx")


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("faq", "'faq.md'"),
        ("Minutes", "'minutes/2024-01-15_board.txt', 'Minutes/2023.txt'"),
        ("*travel*", "'policies/travel.docx'"),
        ("fag.md", "'faq.md'"),
    ],
)
def test_a_name_that_no_document_has_brings_those_that_hold_it_or_are_nearly_it(name, near):
    assert hint(name, NAMES) == f"did you mean {near}? See what there is with: quoth sources"


@pytest.mark.parametrize("name", ["", "*", "something else"])
def test_a_name_that_is_like_none_brings_where_to_look(name):
    assert hint(name, NAMES) == "see what there is with: quoth sources"
