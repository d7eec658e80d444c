"""Every measure against values worked out by hand."""

import math
import sys

import numpy as np
import pytest

from quoth.answer import Answer, Context, FoundPassage, Place, Quote, Span
from quoth.datasets import GoldAnswer, Question
from quoth.errors import QuothError
from quoth.evaluation import matching, statistics
from quoth.evaluation.measures import measure, ranking_values
from quoth.evaluation.outcome import Outcome
from quoth.evaluation.verbatim import broken_quotes


def quote(text, document="d", start=0, marked=None, also_in=(), context=None, rank=1):
    span = None
    if marked is not None:
        at = start + text.index(marked)
        span = Span(marked, at, at + len(marked))
    return Quote(
        rank=rank,
        text=text,
        library="local",
        document=document,
        title="",
        uri=None,
        paragraph=1,
        page=None,
        heading=None,
        start=start,
        end=start + len(text),
        score=0.5,
        answer=span,
        context=context,
        also_in=tuple(Place(name, 1, at, at + len(text)) for name, at in also_in),
        document_id=1,
    )


def passage(document, rank=1):
    return FoundPassage(rank, "local", document, "", 1, None, None, 0, 1, 0.5, "x", {}, 1)


def outcome(
    documents=(), quotes=(), answered=True, confidence=0.5, answerable=True, gold=(), relevant=None, seconds=0.01
):
    question = Question("q", "?", answerable, tuple(gold), relevant or {})
    status = "answered" if answered else "abstained"
    passages = tuple(passage(name, rank) for rank, name in enumerate(documents, 1))
    return Outcome(question, Answer("?", status, confidence, seconds, tuple(quotes), passages, {}, 9), seconds)


def values(outcomes):
    return {name: figure.value for name, figure in measure(outcomes, resamples=20).items()}


def test_retrieval_counts_each_document_once_and_only_judged_questions():
    found = values(
        [
            outcome(["a", "a", "b"], relevant={"b": 1}),  # second document, although third passage
            outcome(["c"], relevant={"c": 1}),
            outcome([], relevant={"c": 1}),
            outcome(["x", *"0123456789", "c"], relevant={"c": 1}),  # twelfth: behind every cut
            outcome(["z"]),  # not judged
        ]
    )
    assert found["R@1"] == pytest.approx(1 / 4)
    assert found["R@5"] == found["R@10"] == pytest.approx(2 / 4)
    assert found["MRR@10"] == pytest.approx((1 / 2 + 1) / 4)
    assert found["nDCG@10"] == pytest.approx((1 / math.log2(3) + 1) / 4)


def test_ndcg_has_linear_gain():
    found = ranking_values({"q": ["low", "high"]}, {"q": {"low": 1.0, "high": 3.0}})["nDCG@10"]["q"]
    assert found == pytest.approx((1 + 3 / math.log2(3)) / (3 + 1 / math.log2(3)))


def test_r_at_5_is_success_and_not_recall():
    assert ranking_values({"q": ["a"]}, {"q": {"a": 1.0, "b": 1.0}})["R@5"]["q"] == 1.0


def test_retrieval_without_ir_measures_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ir_measures", None)
    with pytest.raises(QuothError, match=r"pip install 'quoth\[eval\]'"):
        ranking_values({"q": ["a"]}, {"q": {"a": 1.0}})


@pytest.mark.parametrize(
    ("quoted", "gold", "hit"),
    [
        (quote("It fell by 7%, to “Low”."), GoldAnswer("7", "d", 90), True),
        (quote("THE U.S.\nArmy"), GoldAnswer("u s  army", "d", 90), True),
        (quote("In 2013 it rose."), GoldAnswer("2", "d", 90), False),  # no whole word
        (quote("In 2013 it rose.", start=10), GoldAnswer("3 it", "d", 16), True),  # but its very place
        (quote("In 2013 it rose."), GoldAnswer("In 2013 it fell.", "d", 90), False),
        (quote("In 2013 it rose.", document="other"), GoldAnswer("2013", "d", 90), False),
        (quote("In 2013 it rose.", document="other", also_in=[("d", 40)]), GoldAnswer("2013", "d", 90), True),
        (quote("In 2013 it rose.", document="other", also_in=[("d", 40)]), GoldAnswer("%", "d", 43), True),
        (quote("70 %"), GoldAnswer("%", "d", 90), False),  # folds to nothing
        (quote("پایتخت آن، «مادرید»، است."), GoldAnswer("مادرید", "d", 90), True),
    ],
)
def test_a_quote_holds_a_gold_answer(quoted, gold, hit):
    assert matching.holds(quoted, gold) is hit


def test_hits_ignore_the_status_and_look_at_the_first_k_quotes():
    gold = [GoldAnswer("seven", "d", 90, "short"), GoldAnswer("7", "d", 95)]
    wrong, right = quote("Eight."), quote("Seven!")
    found = values(
        [
            outcome(quotes=[right], gold=gold, answered=False),
            outcome(quotes=[wrong, wrong, right], gold=gold),
            outcome(quotes=[wrong, wrong, wrong, right], gold=gold),
            outcome(quotes=[], gold=gold),
            outcome(quotes=[right]),  # no gold answers: counts for neither
        ]
    )
    assert found["hit@1"] == pytest.approx(1 / 4)
    assert found["hit@3"] == pytest.approx(2 / 4)
    assert found["quote_length_first"] == pytest.approx((6 * 4) / 4)
    assert found["quote_length_all"] == pytest.approx(6.0)


@pytest.mark.parametrize(
    ("given", "gold", "exact", "f1"),
    [
        ("The Seven Hills", "seven hills", 1, 1),
        ("the 7%", "7", 1, 1),
        ("seven green hills", "seven hills", 0, 2 * (2 / 3) * 1 / (2 / 3 + 1)),
        ("hills hills", "hills", 0, 2 / 3),
        ("2013–14", "2013 14", 0, 0),  # SQuAD's punctuation is ASCII's
        ("«مادرید»، اسپانیا", "مادرید اسپانیا", 1, 1),  # Unicode's, where the script isn't Latin
        ("the", "a", 1, 1),
        ("the", "hills", 0, 0),
    ],
)
def test_exact_match_and_f1_as_in_squad(given, gold, exact, f1):
    assert matching.exact_match(given, gold) == exact
    assert matching.f1(given, gold) == pytest.approx(f1)


def test_em_and_f1_take_the_best_gold_answer_and_count_a_null_as_wrong():
    gold = [GoldAnswer("green hills", "d", 0), GoldAnswer("seven green hills", "d", 0)]
    found = values(
        [
            outcome(quotes=[quote("On seven green hills.", marked="green hills")], gold=gold, answered=False),
            outcome(quotes=[quote("On seven green hills.", marked="seven")], gold=gold),
            outcome(quotes=[quote("On seven green hills.")], gold=gold),
            outcome(gold=gold),
        ]
    )
    assert found["EM"] == pytest.approx(1 / 4)
    assert found["F1"] == pytest.approx((1 + 2 * 1 * (1 / 3) / (4 / 3)) / 4)


def test_what_a_user_sees_adds_up_to_one():
    gold = [GoldAnswer("seven", "d", 90)]
    found = values(
        [
            outcome(quotes=[quote("Seven.")], gold=gold),
            outcome(quotes=[quote("Eight."), quote("Seven.")], gold=gold),
            outcome(quotes=[quote("Seven.")], gold=gold, answered=False),
            outcome(quotes=[quote("Seven.")], answerable=False),
            outcome(quotes=[quote("Seven.")], answerable=False, answered=False),
            outcome(quotes=[quote("Seven.")], relevant={"d": 1}),  # no gold answers: the document decides
            outcome(quotes=[quote("Seven.", document="e")], relevant={"d": 1}),
            outcome(quotes=[quote("Seven.", document="e", also_in=[("d", 3)])], relevant={"d": 1}),
            outcome(quotes=[quote("Seven.")], answerable=None),  # nobody knows: not counted
        ]
    )
    names = ("answered_rightly", "answered_wrongly", "wrongly_declined", "rightly_declined")
    assert [found[name] * 8 for name in names] == pytest.approx([3, 3, 1, 1])


def test_a_refused_question_counts_as_declined():
    refused = Outcome(Question("q", "", False), None)
    found = values([refused, outcome(answered=False, gold=[GoldAnswer("x", "d", 0)])])
    assert found["rightly_declined"] == found["wrongly_declined"] == 0.5
    assert "verbatim" not in found and "R@1" not in found


def test_auroc_counts_ties_half():
    answerable, unanswerable = [0.9, 0.5, 0.5], [0.5, 0.1]
    found = values(
        [outcome(confidence=c) for c in answerable] + [outcome(confidence=c, answerable=False) for c in unanswerable]
    )
    assert found["AUROC"] == pytest.approx((1 + 1 + 0.5 + 1 + 0.5 + 1) / 6)


def test_brier_and_calibration_weigh_both_kinds_the_same():
    gold = [GoldAnswer("seven", "d", 90)]
    found = values(
        [
            outcome(quotes=[quote("Seven.")], gold=gold, confidence=1.0),  # right
            outcome(quotes=[quote("Eight.")], gold=gold, confidence=0.81),  # answerable, wrong quote
            outcome(quotes=[quote("Eight.")], gold=gold, confidence=0.85),
            outcome(quotes=[quote("Seven.")], answerable=False, confidence=0.83),
        ]
    )
    # Each answerable one weighs 1/6, the unanswerable one 1/2.
    assert found["Brier"] == pytest.approx((0 + 0.81**2 + 0.85**2) / 6 + 0.83**2 / 2)
    # .81, .83 and .85 share the bin from 12/15 to 13/15, in which nothing is right; 1.0 is in the last.
    assert found["ECE"] == pytest.approx((0.81 + 0.85) / 6 + 0.83 / 2)


def test_calibration_error_lets_errors_in_a_bin_cancel():
    right = [outcome(quotes=[quote("Seven.")], gold=[GoldAnswer("seven", "d", 90)], confidence=0.5)]
    found = values([*right, outcome(confidence=0.5, answerable=False)])
    assert found["ECE"] == pytest.approx(0.0)
    assert found["Brier"] == pytest.approx(0.25)


def test_confidence_needs_both_kinds():
    found = values([outcome(), outcome()])
    assert not {"AUROC", "ECE", "Brier"} & set(found)


def test_no_outcomes_give_no_figures():
    assert measure([]) == {}


def test_speed():
    found = values([outcome(seconds=s / 100) for s in range(1, 101)])
    assert found["seconds_median"] == pytest.approx(0.50)
    assert found["seconds_p95"] == pytest.approx(0.95)


def test_verbatim_is_a_share_of_quotes():
    good = outcome(quotes=[quote("Seven."), quote("Eight.")])
    bad = Outcome(good.question, good.answer, 0.0, ("the text of quote 1 …",))
    assert values([good, bad])["verbatim"] == pytest.approx(3 / 4)


TEXT = "Ann came. She saw it. Ann came."


def answer_with(*quotes):
    return Answer("?", "answered", 0.5, 0.0, quotes, (), {}, 1)


@pytest.mark.parametrize(
    ("given", "part"),
    [
        (quote("She saw it.", start=10, marked="it", context=Context("Ann", 0, 3, 1)), None),
        (quote("Ann came.", also_in=[("d", 22)]), None),
        (quote("She saw it.", start=11), "text"),
        (quote("", start=3), "text"),
        (quote("Ann", document="gone"), "text"),
        (quote("She saw it.", start=10, context=Context("Bob", 0, 3, 1)), "context"),
        (quote("Ann came.", also_in=[("d", 21)]), "copy in d"),
        (quote("Ann came.", also_in=[("gone", 22)]), "copy in gone"),
    ],
)
def test_broken_quotes_are_found(given, part):
    expected = () if part is None else (f"the {part} of quote 1 for '?' differs from the text of {given.document}",)
    assert broken_quotes(answer_with(given), {"d": TEXT}) == expected


def test_a_marked_answer_outside_its_quote_is_broken():
    outside = quote("She saw it.", start=10, marked="it")
    object.__setattr__(outside, "answer", Span("Ann", 0, 3))
    assert broken_quotes(answer_with(outside), {"d": TEXT})


def test_intervals_are_seeded_and_cover_the_value():
    rng = np.random.default_rng(3)
    outcomes = [outcome(["d" if hit else "e"], relevant={"d": 1}) for hit in rng.random(400) < 0.7]
    figure = measure(outcomes)["R@1"]
    assert figure == measure(outcomes)["R@1"]
    spread = 1.96 * math.sqrt(figure.value * (1 - figure.value) / 400)
    assert figure.low == pytest.approx(figure.value - spread, abs=0.01)
    assert figure.high == pytest.approx(figure.value + spread, abs=0.01)


def test_resamples_are_drawn_in_blocks_of_any_size(monkeypatch):
    measured = {"mean": statistics.Measured(statistics.ratio([0.0, 1.0, 1.0], [1.0, 1.0, 1.0]), 3)}
    whole = statistics.figures(measured, 3, resamples=50)
    monkeypatch.setattr(statistics, "_DRAWN_AT_ONCE", 20)
    assert statistics.figures(measured, 3, resamples=50) == whole
