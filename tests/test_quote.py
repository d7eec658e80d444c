"""What is shown of an answer: once each, with who "he" is, and checked against the document."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from quoth import pipeline
from quoth import quote as module
from quoth.answer import Answer, Context, Span
from quoth.antecedent import MAX_CONTEXT, antecedent, leans
from quoth.documents.model import Document
from quoth.documents.reading import parse
from quoth.encoder import Encoder
from quoth.errors import IntegrityError
from quoth.library import Library
from quoth.quote import verify
from quoth.sentences import sentences

# -- who "he" is


def context(document: Document, start: int, end: int) -> Context | None:
    """What a quote of this stretch would bring along."""
    found = antecedent(document, start, end)
    return found and Context(document.text[found[0] : found[1]], *found)


@pytest.fixture(scope="module")
def article(seed_library: Library) -> Document:
    return seed_library.document(seed_library.documents()[0].name)


# Each paragraph of the article that begins with "He", and who that is by the sentence that says so
HE = {
    9: "Brigadier General Kamal Hadianfar said",
    10: "Brigadier General Kamal Hadianfar said",
    14: "Brigadier General Kamal Hadianfar said",
    16: "The chief of cyber police emphasized",
    18: "BOON WAAT cited cybercrime",
}


def test_the_paragraphs_of_the_article_that_begin_with_he_are_these_five(article: Document):
    leaning = [p.number for p in article.paragraphs if leans(article.text, p.start, p.end)]
    assert leaning == list(HE)


@pytest.mark.parametrize("number", HE)
def test_a_quote_that_begins_with_he_brings_who_he_is(article: Document, number: int):
    paragraph = next(p for p in article.paragraphs if p.number == number)
    start, end = sentences(article.text, paragraph.start, paragraph.end)[0]
    found = context(article, start, end)
    assert found is not None
    assert HE[number] in found.text
    assert found.end <= start
    assert len(found.text) <= MAX_CONTEXT
    holder = next(p for p in article.paragraphs if p.start <= found.start and found.end <= p.end)
    assert holder.number == found.paragraph < number


def test_he_within_a_paragraph_is_who_was_named_just_before(article: Document):
    start = article.text.index("He emphasized that this cooperation")
    found = context(article, start, start + 80)
    assert found is not None
    assert found.text.startswith("Brigadier General Kamal Hadianfar said that the international")


def test_a_quote_that_names_its_subject_brings_nothing(article: Document):
    start = article.text.index("VPNs are one of")
    assert context(article, start, start + 60) is None
    hesitant = parse("a.txt", b"The captain Jane Doe spoke.\n\nHere she was. Hers was the boat.")
    assert context(hesitant, hesitant.text.index("Here"), len(hesitant.text)) is None


def test_where_nothing_earlier_says_who_he_is_nothing_is_claimed():
    document = parse("a.txt", b"He sailed at dawn and came back at noon.\n\nCaptain Jane Doe stayed at home.")
    assert context(document, 0, 40) is None


def test_a_sentence_that_begins_with_he_itself_is_passed_over():
    document = parse("a.txt", b"Captain John Doe sailed at dawn. He came back at noon. He slept.")
    start = document.text.index("He slept")
    assert context(document, start, len(document.text)).text == "Captain John Doe sailed at dawn."


def test_a_long_context_is_cut_between_words():
    document = parse("a.txt", ("Captain John Doe " + "sailed on and " * 40 + "stopped. He slept.").encode())
    found = context(document, document.text.index("He slept"), len(document.text))
    assert len(found.text) <= MAX_CONTEXT
    assert document.text[found.end] == " "


@pytest.mark.parametrize("before", ["A" * 300_000, "the boats lay still, " * 20_000, "a" * 2_000 + " A" * 100_000])
def test_who_he_is_is_looked_for_at_once_below_a_paragraph_of_any_length(before: str):
    document = parse("a.txt", f"{before}\n\nHe slept in the harbour of Port Quill until noon.".encode())
    started = time.process_time()
    context(document, document.text.index("He slept"), len(document.text))
    assert time.process_time() - started < 1.0


# -- once each

SENTENCE = "The harbour master of Port Quill counts every boat at dawn."


def ask(folder: Path, encoder: Encoder, files: dict[str, str], question: str, **options) -> Answer:
    (folder / "documents").mkdir()
    for name, text in files.items():
        (folder / "documents" / name).write_bytes(text.encode())
    with Library.open(folder / "library", encoder=encoder) as library:
        library.index([folder / "documents"])
        answer = library.ask(question, **options)
        for quote in answer.quotes:
            for place in quote.also_in:
                assert library.document(place.document).text[place.start : place.end] == quote.text
    return answer


def test_text_that_stands_in_several_places_is_quoted_once_with_the_others_named(tmp_path: Path, encoder: Encoder):
    files = {f"{n}.txt": f"News of day {n}\n\nIt was day {n}.\n\n{SENTENCE}\n" for n in range(4)}
    answer = ask(tmp_path, encoder, files, "Who counts the boats at dawn in Port Quill?", quotes=5)
    first = answer.quotes[0]
    assert SENTENCE in first.text
    assert [quote for quote in answer.quotes[1:] if SENTENCE in quote.text] == []
    assert sorted({first.document, *(place.document for place in first.also_in)}) == sorted(files)
    assert {passage.document for passage in answer.passages} == set(files)


def test_text_that_stands_twice_in_one_document_is_named_there_too(tmp_path: Path, encoder: Encoder):
    between = "\n\nThe lighthouse keeper counts the stars at night instead.\n\n"
    answer = ask(tmp_path, encoder, {"a.txt": SENTENCE + between + SENTENCE}, "Who counts the boats at dawn?")
    first = answer.quotes[0]
    assert first.text == SENTENCE
    assert [place.start for place in first.also_in] == [{0: len(SENTENCE + between)}.get(first.start, 0)]


def test_a_quote_within_another_is_not_quoted_again(tmp_path: Path, encoder: Encoder):
    files = {"a.txt": SENTENCE, "b.txt": f"As everybody knows: {SENTENCE} The keeper sleeps then."}
    answer = ask(tmp_path, encoder, files, "Who counts the boats at dawn?", quotes=10)
    assert sum("counts every boat" in quote.text for quote in answer.quotes) == 1


def test_quotes_of_one_answer_do_not_overlap(seed_library: Library):
    for question in ("Who is the chief of cyber police?", "vpn problem?", "What did he say about cybercrime?"):
        quotes = seed_library.ask(question, quotes=10).quotes
        spans = sorted((quote.document, quote.start, quote.end) for quote in quotes)
        for (name, _, end), (next_name, start, _) in pairwise(spans):
            assert name != next_name or end <= start
        assert [quote.rank for quote in quotes] == list(range(1, len(quotes) + 1))


def test_two_sentences_with_different_figures_are_both_quoted(tmp_path: Path, encoder: Encoder):
    sentence = "The revenue of the Port Quill shipping company grew by {}% in the year {}."
    files = {"a.txt": sentence.format(5, 2012), "b.txt": sentence.format(7, 2013)}
    answer = ask(tmp_path, encoder, files, "How much did the revenue of the shipping company grow?")
    assert {quote.text for quote in answer.quotes} == set(files.values())


HANDBOOK = (
    "Staff handbook {year}\n\n"
    "Every member of the crew who works on the night ferry has {days} days of paid leave in the year, and asks the "
    "harbour office for them two weeks before.\n\nThe canteen opens at six."
)
LEAVE = "How many days of paid leave does the night ferry crew have?"


def test_two_versions_of_a_text_that_disagree_are_both_shown_and_said_to(tmp_path: Path, encoder: Encoder):
    files = {f"{year}.txt": HANDBOOK.format(year=year, days=days) for year, days in ((2023, 24), (2024, 26))}
    answer = ask(tmp_path, encoder, files, LEAVE)
    assert {quote.document for quote in answer.offered} == set(files)
    assert answer.disagreeing == answer.offered[1:] and answer.as_json()["disagreeing"] == [2]


def test_a_second_version_of_a_text_costs_no_confidence(tmp_path: Path, encoder: Encoder):
    files = {f"{year}.txt": HANDBOOK.format(year=year, days=days) for year, days in ((2023, 24), (2024, 26))}
    (tmp_path / "one").mkdir()
    alone = ask(tmp_path / "one", encoder, {"2023.txt": files["2023.txt"]}, LEAVE)
    assert ask(tmp_path, encoder, files, LEAVE).confidence == pytest.approx(alone.confidence, abs=0.05)


def test_a_quote_is_dated_by_the_last_change_of_its_file_or_by_the_day_it_was_added(tmp_path: Path, encoder: Encoder):
    path = tmp_path / "a.txt"
    path.write_text(SENTENCE)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    with Library.open(tmp_path / "library", encoder=encoder) as library:
        library.index([path])
        (quote,) = library.ask("Who counts the boats at dawn?", quotes=1).quotes
        assert quote.dated == quote.as_json()["dated"] == "2023-11-14"
        library.remove(path.name)
        library.add("a.txt", SENTENCE.encode())
        (quote,) = library.ask("Who counts the boats at dawn?", quotes=1).quotes
        assert quote.dated == library.documents()[0].indexed_at[:10]


MUSEUM = "Ada Holm, whose father built ships and whose mother sailed them, founded the shipping museum."
TWO_FACTS = {
    "a.txt": f"{MUSEUM}\n\nThe shipping museum of the town owes its being to the money of Ada Holm.\n\n"
    "It was Ada Holm by whom a museum for old boats was founded in this very place.\n\nVisitors pay six crowns.",
    "b.txt": "The northern lighthouse was lit in 1871.",
}
BOTH_FACTS = "Who founded the shipping museum, and when was the northern lighthouse lit?"


@pytest.fixture
def scored(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[str], float]], None]:
    """Have windows scored by their text, whatever the fitted models say."""

    def by(score: Callable[[str], float]) -> None:
        def chosen(question, windows, scores, ranked, texts, **how):
            of = [score(texts.document(window.row).text[window.start : window.end]) for window in windows]
            return module.quotes(question, windows, np.array(of, np.float32), ranked, texts, **how)

        monkeypatch.setattr(pipeline, "quotes", chosen)

    return by


def test_a_further_quote_is_one_that_tells_what_the_first_lacks(tmp_path: Path, encoder: Encoder, scored):
    scored(lambda text: 3.0 if text == MUSEUM else 2.0 if "Ada" in text else 1.5)
    first, second = ask(tmp_path, encoder, TWO_FACTS, BOTH_FACTS, quotes=2).quotes
    assert first.text == MUSEUM
    assert second.document == "b.txt"


def test_one_that_hardly_answers_does_not_come_before_better_ones_for_that(tmp_path: Path, encoder: Encoder, scored):
    scored(lambda text: 3.0 if text == MUSEUM else 2.0 if "Ada" in text else -2.0)
    first, second = ask(tmp_path, encoder, TWO_FACTS, BOTH_FACTS, quotes=2).quotes
    assert (first.document, second.document) == ("a.txt", "a.txt")


@pytest.mark.parametrize("seed", range(20))
def test_quotes_stand_in_the_order_of_their_scores_and_none_is_above_the_first(
    tmp_path: Path, encoder: Encoder, scored, seed: int
):
    drawn = np.random.default_rng(seed)
    of: dict[str, float] = {}
    scored(lambda text: of.setdefault(text, float(drawn.normal(scale=2))))
    answer = ask(tmp_path, encoder, TWO_FACTS, BOTH_FACTS, quotes=6)
    scores = [quote.score for quote in answer.quotes]
    assert len(scores) >= 3
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == answer.confidence
    assert answer.quotes[0].text == max(of, key=of.__getitem__)


def test_one_document_does_not_disagree_with_itself(tmp_path: Path, encoder: Encoder):
    text = "In 2012 the ferry carried 500 boxes of salted herring to the town.\n\n" + (
        "In 2013 the ferry carried 700 boxes of salted herring to the town."
    )
    answer = ask(tmp_path, encoder, {"a.txt": text}, "How many boxes of herring did the ferry carry?")
    assert len(answer.quotes) == 2 and answer.disagreeing == ()


def test_the_marked_answer_does_not_run_from_one_item_of_a_list_into_the_next(tmp_path: Path, encoder: Encoder):
    text = (
        "# Laser cutter\n\nNever put these into it:\n\n- PVC and vinyl, because they give off chlorine gas\n"
        "- polycarbonate\n- anything you can't name\n"
    )
    for question in ("Why is vinyl not allowed?", "Can I cut PVC with the laser?"):
        (tmp_path / question[:3]).mkdir()
        answer = ask(tmp_path / question[:3], encoder, {"a.md": text}, question)
        assert answer.quotes[0].answer is not None and "\n" not in answer.quotes[0].answer.text


# -- verified


class OneText:
    """Stands for the texts of a library that hold one document."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def document_by_id(self, document_id: int) -> Document:
        return self.document


@pytest.fixture
def real(seed_library: Library) -> Iterator[tuple]:
    quote = seed_library.ask("What percentage of crime occurs in the hidden space?").quotes[0]
    yield quote, OneText(seed_library.document(quote.document))


def test_a_real_quote_passes(real):
    verify(*real)


@pytest.mark.parametrize(
    "forge",
    [
        lambda quote: replace(quote, text=quote.text.replace("crime", "grime", 1)),
        lambda quote: replace(quote, start=quote.start + 1),
        lambda quote: replace(quote, end=quote.end - 1),
        lambda quote: replace(quote, text=quote.text.rstrip(".")),
        lambda quote: replace(quote, text="", end=quote.start),
        lambda quote: replace(quote, context=Context("Mr. Nobody said", 0, 15, 1)),
        lambda quote: replace(quote, answer=Span("97%", quote.start, quote.start + 3)),
        lambda quote: replace(quote, answer=Span(quote.text[-1] + "\n", quote.end - 1, quote.end + 1)),
    ],
)
def test_a_forged_quote_is_never_shown(real, forge):
    quote, texts = real
    with pytest.raises(IntegrityError):
        verify(forge(quote), texts)


def test_every_answer_is_verified_before_it_leaves(seed_library: Library, monkeypatch: pytest.MonkeyPatch):
    def forged(*arguments: object) -> Context:
        return Context("Mr. Nobody said so.", 0, 19, 1)

    monkeypatch.setattr(module, "_context", forged)
    with pytest.raises(IntegrityError):
        seed_library.ask("Who is the chief of cyber police?")
