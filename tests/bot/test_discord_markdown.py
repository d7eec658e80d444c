"""Whatever a document says, a foreign parser of Discord's markup finds only text in it, equal to the source."""

import os
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.escape import quoted, shown, visible
from bot.render import answer_reply
from quoth.answer import Answer, Quote, Span
from tests.bot.discord_markdown import DiscordMarkdown, NotHereError, Piece
from tests.bot.render.cases import answers
from tests.bot.texts import TRAPS, tricky, with_span

EXAMPLES = int(os.environ.get("QUOTH_EXAMPLES", "100"))
thorough = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def discord():
    try:
        parser = DiscordMarkdown()
    except NotHereError as error:
        pytest.skip(str(error))
    yield parser
    parser.close()


def source(text: str) -> str:
    """What a reader sees of a text. Discord shows a tab as four spaces."""
    return visible(text).replace("\t", "    ")


def test_the_parser_would_see_what_is_not_escaped(discord):
    seen = {kind for trap in TRAPS for piece in discord.pieces(f"{trap}x") for kind in piece.inside}
    assert {"heading", "subtext", "blockQuote", "link", "user", "role", "channel", "everyone", "timestamp"} <= seen
    assert {"emoji", "spoiler", "codeBlock", "strong", "em", "url", "autolink", "slashCommand"} <= seen


@thorough
@given(tricky)
def test_a_text_is_only_text_and_equal_to_the_source(discord, text):
    expected = source(text)
    assert discord.pieces(shown(text)) == ([Piece((), expected)] if expected else [])


@thorough
@given(with_span())
def test_a_quote_is_only_text_inside_our_block_quote_and_bold(discord, case):
    text, bold = case
    pieces = discord.pieces(quoted(text, bold))
    assert {piece.inside for piece in pieces} <= {("blockQuote",), ("blockQuote", "strong")}
    assert "".join(piece.text for piece in pieces) == source(text)
    marked = source(text[slice(*bold)]).strip()
    strong = [piece.text for piece in pieces if "strong" in piece.inside]
    assert all(piece in marked and not set(piece) & set("*`|") for piece in strong)
    if not set(marked) & set("*`|_~#"):
        assert "".join(strong).strip() == marked


@pytest.mark.parametrize("trap", TRAPS)
@pytest.mark.parametrize("frame", ["{}", "a {} b", "{}\n{}", "a\n{}", "{} {}"])
def test_each_trap_is_only_text(discord, trap, frame):
    text = frame.replace("{}", trap)
    assert "".join(piece.text for piece in discord.pieces(quoted(text))) == source(text)
    assert all(piece.inside == ("blockQuote",) for piece in discord.pieces(quoted(text)))


@thorough
@given(answers(tricky, most=3))
def test_an_answer_holds_our_markup_and_no_other(discord, answer):
    description = answer_reply(answer, names={"1": "here", "shared": "there"}).embeds[0].description
    pieces = discord.pieces(description)
    assert {kind for piece in pieces for kind in piece.inside} <= {"blockQuote", "strong", "subtext", "link", "em"}
    for piece in pieces:
        assert (piece.target is None) == ("link" not in piece.inside)
        if piece.target is not None:
            assert piece.text == urlsplit(piece.target).hostname
        if "em" in piece.inside:
            assert piece.text == "[…]"


@thorough
@given(st.lists(tricky.filter(lambda text: text.strip()), min_size=1, max_size=3), with_span())
def test_the_quotes_of_an_answer_read_as_their_documents(discord, texts, case):
    best, (start, end) = case
    found = [quote_of(1, best, (start, end))] if best and start < end else []
    found += [quote_of(len(found) + 1, text, None) for text in texts[: 3 - len(found)]]
    answer = Answer("?", "answered", 0.9, 0.1, tuple(found), (), {}, 1)
    pieces = discord.pieces(answer_reply(answer).embeds[0].description)
    blocks = [piece for piece in pieces if piece.inside[:1] == ("blockQuote",) and "subtext" not in piece.inside]
    # Below each text stands its citation, on a line of its own
    expected = "".join(source(quote.text) + "\n" for quote in found)
    assert "".join(piece.text for piece in blocks) == expected


def quote_of(rank: int, text: str, span: tuple[int, int] | None) -> Quote:
    answer = Span(text[slice(*span)], *span) if span else None
    return Quote(rank, text, "1", "a", "a", None, 1, None, None, 0, len(text), 0.9, answer, None, (), rank)
