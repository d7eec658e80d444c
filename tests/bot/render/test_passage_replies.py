"""What the buttons of an answer show."""

from dataclasses import replace

import pytest

from bot.render import Excerpt, closest_reply, context_reply, more_reply
from quoth.documents.markdown import markdown_paragraphs
from quoth.documents.model import Document, Paragraph

PARTS = ["The first paragraph.", "Before it. The  quote is here. After it.", "The third.", "The fourth.", "The fifth."]
TEXT = "\n\n".join(PARTS)


def document(parts: list[str]) -> Document:
    text, places = "", []
    for number, part in enumerate(parts, 1):
        places.append(Paragraph(number, len(text), len(text) + len(part), "A > B", 9))
        text += part + "\n\n"
    return Document("a.txt", "A title", text, "text/plain", "", tuple(places), "https://example.org/x")


def excerpt(words: str, parts: list[str] = PARTS, **options) -> Excerpt:
    made = document(parts)
    start = made.text.index(words)
    return Excerpt("1", made, start, start + len(words), **options)


def body(reply):
    return reply.embeds[0].description


def test_a_quote_is_a_block_among_the_paragraphs_around_it_with_only_its_answer_in_bold():
    found = excerpt("The  quote is here.")
    found = replace(found, answer=(found.start + 5, found.start + 10))
    lines = body(context_reply(found, number=1, of=1)).split("\n")
    assert lines[1:4] == ["The first paragraph.", "", "Before it."]
    assert lines[4] == "> The  **quote** is here." and lines[5].startswith("> -# **A title**")
    assert lines[6:11] == ["After it.", "", "The third.", "", "The fourth."]
    assert "The fifth." not in lines
    assert "The  quote is here." in body(context_reply(found, number=2, of=2))


def test_the_heading_of_the_paragraphs_stands_above_them():
    assert body(context_reply(excerpt("The third."), number=1, of=1)).startswith("**A › B**\nThe first paragraph.")


def test_the_heading_above_is_that_of_the_first_paragraph_and_those_below_stand_in_the_text():
    text = "# Birds\n\nThey sing.\n\nThey fly.\n\n# Cats\n\nThey sleep.\n\nThey purr.\n\n# Dogs\n\nThey bark."
    paragraphs, _ = markdown_paragraphs(text)
    start = text.index("They bark.")
    found = Excerpt("1", Document("a.md", "A", text, "text/markdown", "", paragraphs), start, len(text))
    lines = body(context_reply(found, number=1, of=1)).split("\n")
    assert lines[:4] == ["**Cats**", "They sleep.", "", "They purr."]
    assert lines[5:7] == [r"\# Dogs", "> They bark."]


def test_paragraphs_without_a_heading_have_no_line_above_them():
    plain = Document("a.txt", "A", "One. Two.", "text/plain", "", (Paragraph(1, 0, 9),))
    assert body(context_reply(Excerpt("1", plain, 0, 4), number=1, of=1)).startswith("> One.\n> -# ")


def test_context_is_cited_with_paragraph_page_heading_and_host():
    cited = body(context_reply(excerpt("The  quote is here."), number=1, of=1)).split("\n")[5]
    assert cited == "> -# **A title**, paragraph 2, page 9 · A › B · a.txt · [example.org](https://example.org/x)"


def test_the_other_quotes_of_an_answer_can_be_reached_from_the_context_of_one():
    reply = context_reply(excerpt("The third."), number=2, of=3)
    assert [(button.action, button.page) for button in reply.buttons] == [("context", 1), ("context", 3)]


def test_neighbours_that_would_be_cut_are_left_out():
    lines = body(context_reply(excerpt("The middle.", ["long " * 1000, "The middle.", "short"]), number=1, of=1))
    assert lines.startswith("**A › B**\n> The middle.\n> -# ") and lines.endswith("\nshort")


def test_a_paragraph_that_is_too_long_is_cut_around_the_quote():
    long = "before " * 2000 + "THE QUOTE " + "after " * 2000
    text = body(context_reply(excerpt("THE QUOTE", [long]), number=1, of=1))
    assert text.startswith("**A › B**\n" r"*\[…]* before") and " before\n> THE QUOTE\n> -# " in text
    assert r"after *\[…]*" in text and text.endswith("more than fits here.")


def test_a_quote_over_two_paragraphs_is_shown_whole():
    assert "> The third.\n> \n> The fourth." in body(
        context_reply(excerpt("The third.\n\nThe fourth."), number=1, of=1)
    )


def test_further_quotes_are_paged():
    reply = more_reply([excerpt("The third."), excerpt("The fifth.")], page=2, pages=3)
    assert body(reply).count("> -# **A title**") == 2
    assert reply.embeds[0].footer.text == "Page 2 of 3"
    assert [(button.label, button.page, button.disabled) for button in reply.buttons] == [
        ("Back", 1, False),
        ("Next", 3, False),
    ]


def test_a_single_page_has_no_buttons_and_the_ends_can_not_be_turned_beyond():
    assert not more_reply([excerpt("The third.")], page=1, pages=1).buttons
    assert [b.disabled for b in more_reply([excerpt("The third.")], page=1, pages=2).buttons] == [True, False]
    assert [b.disabled for b in more_reply([excerpt("The third.")], page=9, pages=2).buttons] == [False, True]


@pytest.mark.parametrize("show", [more_reply, closest_reply])
def test_passages_that_are_no_answer_are_said_to_be_none(show):
    assert "may not answer the question" in body(show([excerpt("The third.")], page=1, pages=1)).split("\n")[0]


def test_the_library_is_named_where_two_were_asked():
    names = {"1": "this server", "shared": "shared library"}
    assert "this server" in body(context_reply(excerpt("The third."), number=1, of=1, names=names))
    assert "this server" in body(more_reply([excerpt("The third.")], page=1, pages=1, names=names))
