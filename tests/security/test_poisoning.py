"""A few planted passages don't become the only voice: limits on what one document may say, and another source beside.

Long figures are made by ``benchmarks/poisoning.py``; these are the promises behind them, on a small library.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.merge import merge
from bot.render import answer_reply
from quoth import pipeline
from quoth.answer import Answer, Span
from quoth.encoder import Encoder
from quoth.indexing import upload_root
from quoth.library import Library
from tests.bot.answers import answer
from tests.bot.answers import quote as quote_of

HARBOUR = {
    "lighthouse.md": "# Lighthouse\n\nThe northern lighthouse of Port Quill was built in 1871 by one Ada Holm. "
    "Its lamp is seen from twenty miles away. The keeper counts the ships every night.\n",
    "ferry.md": "# Ferry\n\nThe ferry to Gull Island leaves Port Quill at 9:30 every morning. A ticket costs "
    "six crowns, and children travel free. Dogs have to stay on deck.\n",
    "museum.md": "# Museum\n\nThe shipping museum was founded by Ingrid Sand in 1902. It shows forty boats, "
    "the oldest of which is a fishing boat of 1640.\n",
    "market.md": "# Market\n\nThe fish market opens on Saturday at dawn. Herring is sold by the barrel there.\n",
    "school.md": "# School\n\nThe sailing school has twelve boats and teaches sixty pupils in a year.\n",
    "bridge.md": "# Bridge\n\nThe iron bridge over the river Merrow is 240 metres long.\n",
}

FACTS = {
    "When was the northern lighthouse of Port Quill built?": ("1871", "1923"),
    "Who founded the shipping museum?": ("Ingrid Sand", "Tomas Lund"),
    "When does the ferry to Gull Island leave Port Quill?": ("9:30", "11:45"),
    "How many metres long is the iron bridge over the river Merrow?": ("240", "910"),
    "How many boats does the sailing school have?": ("twelve", "seventy"),
}
"""Each question with the true answer and a planted one."""

STATED = {
    "When was the northern lighthouse of Port Quill built?": "The northern lighthouse of Port Quill was built in {}.",
    "Who founded the shipping museum?": "It was {} who founded the shipping museum.",
    "When does the ferry to Gull Island leave Port Quill?": "The ferry to Gull Island leaves Port Quill at {}.",
    "How many metres long is the iron bridge over the river Merrow?": "{} metres long is the iron bridge over the "
    "river Merrow.",
    "How many boats does the sailing school have?": "The sailing school has {} boats.",
}

RECIPES: dict[str, Callable[[str, str], list[str]]] = {
    "question and answer": lambda asked, false: [f"{asked} The answer is {false}.", f"Q: {asked} A: {false}."],
    "stated": lambda asked, false: [STATED[asked].format(false), f"Well known: {STATED[asked].format(false)}"],
    "mixed": lambda asked, false: [f"{asked} It is {false}.", STATED[asked].format(false)],
}


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("harbour")
    (folder / "documents").mkdir()
    for name, text in HARBOUR.items():
        (folder / "documents" / name).write_text(text)
    with Library.open(folder / "library", encoder=encoder) as library:
        library.index([folder / "documents"])
        yield library


@contextmanager
def planted(library: Library, **texts: str) -> Iterator[None]:
    """Have files in a library for as long as the block runs."""
    for name, text in texts.items():
        library.add(f"{name}.md", text.encode())
    try:
        yield
    finally:
        for name in texts:
            library.remove_root(upload_root(f"{name}.md"))


def texts_of(found: Answer) -> str:
    return "\n".join(quote.text for quote in found.offered)


# -- at most so much of one


def test_copies_in_five_documents_are_one_quote_that_names_the_others(harbour: Library) -> None:
    text = "The northern lighthouse of Port Quill was repainted in the summer of 1999."
    with planted(harbour, **{f"copy{number}": text for number in range(5)}):
        found = harbour.ask("When was the northern lighthouse repainted?")
    first, *others = found.quotes
    assert first.text == text and len(first.also_in) == 4
    assert text not in [quote.text for quote in others]


VOICES = (
    "It was in 1999 that the northern lighthouse was repainted.",
    "The northern lighthouse got its new paint in the summer of 1999.",
    "Painters from Merrow repainted the northern lighthouse in 1999.",
)


@pytest.mark.parametrize(("score", "quoted"), [(2.0, True), (0.5, False)])
def test_one_document_has_two_quotes_beside_another_that_is_worth_showing(
    harbour: Library, monkeypatch: pytest.MonkeyPatch, score: float, quoted: bool
) -> None:
    said = dict(zip(VOICES, (3.0, 2.9, 2.8), strict=True))
    other = "The northern lighthouse was repainted by sailors in 1999, before the storm."
    choose = pipeline.quotes

    def scored(question: Any, windows: Any, scores: Any, ranked: Any, texts: Any, **how: Any) -> Any:
        held = [texts.document(window.row).text[window.start : window.end] for window in windows]
        given = np.array([said.get(text, score if text == other else -9.0) for text in held], np.float32)
        return choose(question, windows, given, ranked, texts, **how)

    monkeypatch.setattr(pipeline, "quotes", scored)
    with planted(harbour, many="\n\n".join(VOICES), other=other):
        found = harbour.ask("When was the northern lighthouse repainted?")
    documents = ["many.md", "many.md", "other.md" if quoted else "many.md"]
    assert [quote.document for quote in found.quotes] == documents
    assert [quote.score for quote in found.quotes] == sorted((quote.score for quote in found.quotes), reverse=True)


def test_a_library_of_one_document_is_quoted_as_often_as_it_fits(tmp_path: Path, encoder: Encoder) -> None:
    with Library.open(tmp_path / "library", encoder=encoder) as library:
        library.add("many.md", "\n\n".join(VOICES).encode())
        assert len(library.ask("When was the northern lighthouse repainted?").quotes) == 3


# -- the question repeated


def test_the_question_repeated_is_no_answer(harbour: Library) -> None:
    asked = "Who painted the portrait of the harbour master?"
    with planted(harbour, echo=f"{asked}\n\nMany people ask: {asked}\n\nQ: {asked}"):
        found = harbour.ask(asked)
    assert not found.answered
    assert not any(asked in quote.text for quote in found.quotes)


@pytest.mark.parametrize("asked", FACTS)
def test_an_answer_below_its_question_is_marked_and_not_the_question(harbour: Library, asked: str) -> None:
    true, _ = FACTS[asked]
    with planted(harbour, faq=f"# Questions\n\n{asked}\n\nThe answer is {true}.\n\n{asked} It is {true}.\n"):
        for quote in harbour.ask(asked).quotes:
            assert quote.text != asked
            assert quote.answer is None or quote.answer.text not in asked


# -- the other source


@pytest.mark.parametrize("asked", FACTS)
def test_sources_that_agree_are_not_said_to_differ(harbour: Library, asked: str) -> None:
    found = harbour.ask(asked)
    assert FACTS[asked][0] in found.quotes[0].text and not found.disagreeing


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("asked", FACTS)
def test_beside_a_planted_answer_stands_the_true_one_and_that_they_differ(
    harbour: Library, asked: str, recipe: str
) -> None:
    true, false = FACTS[asked]
    texts = [*RECIPES[recipe](asked, false), *RECIPES["mixed"](asked, false)]
    with planted(harbour, **{f"planted{number}": text for number, text in enumerate(texts)}):
        found = harbour.ask(asked)
    assert found.answered
    assert true in texts_of(found), texts_of(found)
    if false in found.quotes[0].text:
        assert found.disagreeing
        (embed,) = answer_reply(found).embeds
        assert "says otherwise" in str(embed.description) and str(embed.footer.text).startswith("The sources differ")


def test_a_second_library_that_answers_otherwise_is_not_crowded_out_and_is_said_to_differ() -> None:
    said = [f"The {word} lighthouse was built in 1923." for word in ("old", "new", "red")]
    ours = tuple(
        quote_of(text, rank=rank, score=0.9, document_id=rank, answer=Span("1923", 40, 44), alone=rank == 1)
        for rank, text in enumerate(said, 1)
    )
    theirs = quote_of(
        "Ada Holm finished it in 1871.", library="shared", score=0.8, answer=Span("1871", 34, 38), alone=True
    )
    merged = merge([answer(quotes=ours), answer(quotes=(theirs,), confidence=0.8)], 3)
    assert [quote.text for quote in merged.quotes] == [said[0], said[1], theirs.text]
    assert [quote.text for quote in merged.disagreeing] == [theirs.text]
