"""Whatever a document says, a foreign parser of Discord's markup finds only text in it, equal to the source."""

import os

import pytest
from hypothesis import HealthCheck, given, settings

from bot.escape import quoted, shown, visible
from tests.bot.discord_markdown import DiscordMarkdown, NotHereError, Piece
from tests.bot.texts import TRAPS, tricky, with_span

EXAMPLES = int(os.environ.get("QUOTH_EXAMPLES", "300"))
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
    assert "".join(piece.text for piece in pieces if "strong" in piece.inside).strip() == marked


@pytest.mark.parametrize("trap", TRAPS)
@pytest.mark.parametrize("frame", ["{}", "a {} b", "{}\n{}", "a\n{}", "{} {}"])
def test_each_trap_is_only_text(discord, trap, frame):
    text = frame.replace("{}", trap)
    assert "".join(piece.text for piece in discord.pieces(quoted(text))) == source(text)
    assert all(piece.inside == ("blockQuote",) for piece in discord.pieces(quoted(text)))
