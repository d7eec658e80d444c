from dataclasses import replace

import pytest

from tests.bot.answers import answer, quote


def scored(*scores, **changes):
    found = tuple(quote(f"Words of quote {rank}.", rank=rank, score=score) for rank, score in enumerate(scores, 1))
    return answer(quotes=found, **changes)


@pytest.mark.parametrize(
    ("scores", "ranks"),
    [((0.9, 0.5, 0.2), [1, 2, 3]), ((0.9, 0.19, 0.17), [1, 2]), ((0.9, 0.01, 0.0), [1]), ((0.5, 0.11), [1, 2])],
)
def test_a_quote_is_offered_beside_the_first_from_a_fifth_of_its_score_on(scores, ranks):
    assert [offered.rank for offered in scored(*scores).offered] == ranks


def test_an_abstention_offers_no_quote_as_an_answer():
    assert scored(0.2, 0.2, status="abstained").offered == ()


def test_an_answer_without_quotes_offers_none():
    assert replace(scored(0.9), quotes=()).offered == ()


def test_the_json_holds_the_weak_quotes_too():
    assert [found["rank"] for found in scored(0.9, 0.01).as_json()["quotes"]] == [1, 2]
