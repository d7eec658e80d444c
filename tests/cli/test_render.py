from dataclasses import replace

import pytest

from quoth import confidence, signals
from quoth.answer import Answer, Context, FoundPassage, Place, Quote, Span, confidence_in_words
from quoth.calibration import Fit
from quoth.cli import meanings
from quoth.cli.render import answer_lines, citation, search_lines

QUOTE = Quote(
    rank=1,
    text="It said  that 70% [bold]was[/bold]\nfound.",
    library="local",
    document="a.txt",
    title="A title",
    uri=None,
    paragraph=11,
    page=3,
    heading="Part > One",
    start=100,
    end=141,
    score=0.93,
    answer=Span("70%", 114, 117),
    context=Context("The chief  spoke.", 10, 27, 5),
    also_in=(Place("b.txt", 12, 0, 41),),
    document_id=1,
)
PASSAGE = FoundPassage(
    1, "local", "a.txt", "A title", 7, None, None, 0, 5, 0.4, "word " * 100, {"cosine": 0.5, "lexical": 0.25}, 1
)
ANSWER = Answer("q?", "answered", 0.93, 0.1, (QUOTE,), (PASSAGE,), {"top_cosine": 0.61}, 1)
ABSTENTION = replace(ANSWER, status="abstained", confidence=0.1)


def plain(lines):
    return [line.plain for line in lines]


def test_a_quote_stands_whole_and_alone_with_its_citation():
    lines = plain(answer_lines(ANSWER))
    assert QUOTE.text in lines
    assert "    A title, paragraph 11 (page 3, Part > One) - a.txt" in lines
    assert "    also in b.txt, paragraph 12" in lines


def test_the_answer_is_marked_inside_the_quote():
    line = next(line for line in answer_lines(ANSWER) if line.plain == QUOTE.text)
    assert [(text, style) for text, style in line.pieces if style] == [("70%", "bold reverse")]


def test_numbers_that_no_quote_mentions_are_told_and_few_of_many():
    lines = plain(answer_lines(replace(ANSWER, question="What of 2014, and 70 %?")))
    assert "2014: not mentioned in any quote" in lines
    lines = plain(answer_lines(replace(ANSWER, question=" ".join(map(str, range(2000, 2100))))))
    assert "2000, 2001, 2002, 2003, 2004: not mentioned in any quote" in lines


def test_context_stands_before_the_quote_and_apart_from_it():
    lines = plain(answer_lines(ANSWER))
    assert lines[:4] == ["    earlier, in paragraph 5:", "The chief  spoke.", "[1]", QUOTE.text]


def test_only_the_first_quote_has_its_answer_marked():
    lines = list(answer_lines(replace(ANSWER, quotes=(QUOTE, replace(QUOTE, rank=2, score=0.5))), name_answer=True))
    marked = [text for line in lines for text, style in line.pieces if style == "bold reverse"]
    assert marked == ["70%"] and plain(lines).count("    the answer in it: 70%") == 1
    assert plain(lines).count(QUOTE.text) == 2


def test_a_source_that_says_otherwise_is_said_to():
    first = replace(QUOTE, text="The crew has 24 days of paid leave in the year.", answer=None)
    second = replace(first, rank=2, text=first.text.replace("24", "26"), document_id=2, dated="2026-01-31")
    first = replace(first, dated="2025-02-28")
    third = replace(second, rank=3, text="The canteen opens at six.")
    lines = plain(answer_lines(replace(ANSWER, quotes=(first, second, third))))
    (place,) = [
        place
        for place, line in enumerate(lines)
        if line.endswith("otherwise than [1]: this is of 2026-01-31, [1] of 2025-02-28")
    ]
    assert lines.index(second.text) < place < lines.index(third.text)
    assert lines[-1] == "the sources differ; 1 document searched"
    same_day = plain(answer_lines(replace(ANSWER, quotes=(first, replace(second, dated=first.dated)))))
    assert "    says otherwise than [1]" in same_day


def test_quotes_too_weak_beside_the_first_are_counted_and_not_shown():
    weak = [replace(QUOTE, rank=rank, text=f"Weak {rank}.", score=0.01) for rank in (2, 3)]
    lines = plain(answer_lines(replace(ANSWER, quotes=(QUOTE, *weak))))
    assert not any("Weak" in line for line in lines)
    assert "2 weaker quotes not shown; --json holds all" in lines


def test_without_styles_the_answer_is_named():
    assert "    the answer in it: 70%" in plain(answer_lines(ANSWER, name_answer=True))
    assert not any("the answer in it" in line for line in plain(answer_lines(ANSWER)))


@pytest.mark.parametrize(("confidence", "word"), [(0.95, "sure"), (0.8, "likely"), (0.55, "unsure")])
def test_confidence_is_told_in_words(confidence, word):
    assert confidence_in_words(confidence) == word
    assert plain(answer_lines(replace(ANSWER, confidence=confidence)))[-1] == f"{word}; 1 document searched"


def test_an_abstention_says_so_and_offers_no_quote_as_an_answer():
    lines = plain(answer_lines(ABSTENTION))
    assert lines[0] == "I found no answer to this in the documents (1 document searched)."
    assert lines[1] == "The closest passages, which are not an answer:"
    assert QUOTE.text not in "\n".join(lines)


def test_a_long_passage_is_cut_at_a_marked_place_and_at_a_word():
    shown = next(line for line in plain(answer_lines(ABSTENTION)) if line.startswith("word"))
    assert shown.endswith("word […]") and len(shown) < 310
    assert PASSAGE.text.startswith(shown.removesuffix(" […]"))


def test_search_shows_passages_whole_with_each_score():
    lines = plain(search_lines([PASSAGE]))
    assert PASSAGE.text in lines
    assert lines[-1] == "    score 0.400  cosine 0.500  lexical 0.250"


@pytest.mark.parametrize("answer", [ANSWER, ABSTENTION])
def test_explain_shows_every_score(answer):
    text = "\n".join(plain(answer_lines(answer, explain=True)))
    assert "top_cosine   0.610" in text
    assert "score 0.400  cosine 0.500" in text
    assert f"confidence {answer.confidence:.3f}" in text


def test_a_citation_can_not_be_forged_by_a_title():
    assert citation("a\n[1]\x1b[2J", 1, None, None, "x\u202e") == "a␊[1]␛[2J, paragraph 1 - x<U+202E>"


@pytest.mark.parametrize("answer", [ANSWER, ABSTENTION])
def test_a_question_in_an_unknown_language_is_said_to_be_one_once_with_the_remedy(answer):
    def said(known):
        lines = plain(answer_lines(replace(answer, language_known=known)))
        return [line for line in lines if "language" in line]

    assert said(True) == []
    (line,) = said(False)
    assert "only words in common" in line and "QUOTH_MODEL=multilingual-e5-small" in line


def test_each_score_that_is_shown_is_explained_in_words():
    calibrated = Fit(1.0, 0.0, 0.5, 60).explained(0.4)
    assert {*confidence.NAMES, *confidence.READER_NAMES, *calibrated} == set(meanings.OF_ANSWER)
    assert {"score", *signals.NAMES} == set(meanings.OF_PASSAGE)
    known = replace(ANSWER, explanation={"coverage": 0.5}, passages=(replace(PASSAGE, signals={"title": 0.5}),))
    lines = plain(answer_lines(known, explain=True))
    assert f"    coverage   0.500  {meanings.OF_ANSWER['coverage']}" in lines
    assert f"    title  {meanings.OF_PASSAGE['title']}" in lines
