"""What a person sees when two libraries were asked."""

from __future__ import annotations

from bot.merge import merge
from tests.bot.answers import answer, passage, quote


def of(library: str, confidence: float, texts: list[tuple[str, float]], *, answered: bool | None = None):
    is_answered = confidence > 0.5 if answered is None else answered
    return answer(
        status="answered" if is_answered else "abstained",
        confidence=confidence,
        quotes=tuple(
            quote(text, library=library, score=score, rank=rank) for rank, (text, score) in enumerate(texts, 1)
        ),
        passages=tuple(
            passage(text, library=library, score=share, rank=rank)
            for rank, (text, share) in enumerate([(f"{library} first", 0.6), (f"{library} second", 0.3)], 1)
        ),
    )


def test_quotes_of_both_libraries_stand_by_their_score_and_say_where_they_are_from():
    merged = merge([of("1", 0.7, [("one", 0.7), ("two", 0.3)]), of("shared", 0.9, [("three", 0.9), ("four", 0.5)])], 3)
    assert [(found.rank, found.library, found.text) for found in merged.quotes] == [
        (1, "shared", "three"),
        (2, "1", "one"),
        (3, "shared", "four"),
    ]
    assert (merged.confidence, merged.answered) == (0.9, True)


def test_what_one_library_declined_never_stands_beside_what_the_other_answers():
    declined = of("1", 0.45, [("weak", 0.45)], answered=False)
    for answers in ([declined, of("shared", 0.9, [("good", 0.9)])], [of("shared", 0.9, [("good", 0.9)]), declined]):
        merged = merge(answers, 3)
        assert [found.text for found in merged.quotes] == ["good"]
        assert merged.answered


def test_a_surer_refusal_does_not_hide_an_answer():
    merged = merge([of("1", 0.8, [("odd", 0.8)], answered=False), of("shared", 0.6, [("good", 0.6)])], 3)
    assert (merged.answered, merged.confidence, merged.quotes[0].text) == (True, 0.6, "good")


def test_where_both_decline_the_closest_passages_of_both_are_there():
    merged = merge([of("1", 0.15, [("a", 0.15)]), of("shared", 0.4, [("b", 0.4)])], 3)
    assert not merged.answered
    assert [(found.rank, found.text) for found in merged.passages] == [
        (1, "shared first"),
        (2, "shared second"),
        (3, "1 first"),
        (4, "1 second"),
    ]


def test_documents_searched_add_up():
    assert merge([of("1", 0.7, [("one", 0.7)]), of("shared", 0.9, [("two", 0.9)])], 3).documents_searched == 6


def test_a_text_that_stands_in_both_is_quoted_once_with_the_other_place():
    mine = of("1", 0.7, [("same", 0.7), ("mine", 0.2)])
    merged = merge([mine, of("shared", 0.9, [("same", 0.9)])], 3)
    assert [(found.text, found.library) for found in merged.quotes] == [("same", "shared"), ("mine", "1")]
    (place,) = merged.quotes[0].also_in
    assert (place.document, place.start) == (mine.quotes[0].document, mine.quotes[0].start)


def test_no_more_quotes_than_were_asked_for():
    answers = [of(name, 0.9, [(f"{name}{n}", 0.9 - n / 10) for n in range(3)]) for name in ("1", "shared")]
    assert len(merge(answers, 2).quotes) == 2


def test_one_library_s_answer_stays_as_it_is():
    only = of("1", 0.7, [("one", 0.7)])
    assert merge([only], 3) is only


def test_equally_good_quotes_stand_in_the_order_of_the_libraries():
    answers = [of("1", 0.9, [("mine", 0.9)]), of("shared", 0.9, [("shared", 0.9)])]
    assert [found.text for found in merge(answers, 3).quotes] == ["mine", "shared"]
    assert [found.text for found in merge(answers[::-1], 3).quotes] == ["shared", "mine"]
