import pytest

from quoth.disagreement import Said


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The crew has 24 days of paid leave in the year.", "The crew has 26 days of paid leave in the year."),
        ("The chair of the harbour board is Anna Berg.", "The chair of the harbour board is Tomas Lund."),
        ("Doors open at 9:30 on Sunday, and close late.", "Doors open at 10:30 on Sunday, and close late."),
    ],
)
def test_the_same_with_another_figure_or_name_disagrees(one, other):
    one, other = Said.of(one), Said.of(other)
    assert one.disagrees(other) and other.disagrees(one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The crew has 24 days of paid leave.", "The crew has 24 days of paid leave."),
        ("The crew has 24 days of paid leave.", "The crew has 24 days of leave that is paid."),
        ("The crew has 24 days of paid leave.", "The canteen closes at 10 and opens at 6."),
        ("The crew has 24 days of paid leave in the year.", "The crew has paid leave in the year."),
        ("", ""),
    ],
)
def test_what_is_of_other_things_or_only_says_less_does_not_disagree(one, other):
    one, other = Said.of(one), Said.of(other)
    assert not one.disagrees(other) and not other.disagrees(one)


def test_the_word_that_opens_a_sentence_is_no_name():
    assert not Said.of("Boats of the night ferry are red.").differs(Said.of("Ships of the night ferry are red."))
