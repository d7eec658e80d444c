import re

import pytest
from hypothesis import given

from bot.cutting import units
from bot.escape import plain, quoted, shown, visible
from tests.bot.texts import TRAPS, anything, tricky, with_span


def displayed(markup: str) -> str:
    """What Discord displays of markup that formats nothing: each escaped character alone."""
    return re.sub(r"\\([^0-9A-Za-z\s])", r"\1", markup)


def unescaped(markup: str) -> str:
    """Markup with a letter for each escaped character: what may still be read as markup."""
    return re.sub(r"\\[^0-9A-Za-z\s]", "x", markup)


@given(tricky)
def test_the_text_is_displayed_as_it_stands(text):
    assert displayed(shown(text)) == visible(text)


@given(tricky)
def test_nothing_is_left_that_discord_could_read_as_markup(text):
    left = unescaped(shown(text))
    assert not set(left) & set("\\*_~|`<>#[:@")
    assert not re.search(r"^\s*([-+]|\d+[.)])", left, re.MULTILINE)


@pytest.mark.parametrize("trap", TRAPS)
def test_each_trap_is_displayed_as_it_stands(trap):
    assert displayed(shown(f"a {trap} b")) == visible(f"a {trap} b")


@pytest.mark.parametrize("text", ["two  spaces", "\n\n\nthree lines", r"a literal \n in code", "a\ttab", "  - x"])
def test_spaces_line_breaks_and_backslashes_are_kept(text):
    assert visible(text) == text == displayed(shown(text))


@pytest.mark.parametrize("text", ["می\u200cخواهم", "👨\u200d👩\u200d👧", "\u200fא", "✔\ufe0f", "e\u0301", "👍🏽"])
def test_joiners_and_marks_that_languages_and_emoji_need_are_sent(text):
    assert shown(text) == text


@pytest.mark.parametrize(
    "text", ["\u202e", "\u202a", "\u2066", "\u2069", "\U000e0041", "\U000e007f", "\x00", "\x1b", "\x85"]
)
def test_what_is_unseen_or_turns_the_reading_direction_is_not_sent(text):
    assert shown(f"a{text}b") in ("ab", "a\nb")


def test_signs_stay_text_and_emoji_stay_emoji():
    assert shown("™ ✔ → ✔\ufe0f 😀") == r"\™ \✔ \→ ✔" + "\ufe0f 😀"


def test_half_a_character_is_not_sent():
    assert shown("a\ud83d") == "a\ufffd"


@given(with_span())
def test_a_block_quote_never_ends_before_its_text(case):
    text, bold = case
    for markup in (quoted(text), quoted(text, bold)):
        assert all(line.startswith("> ") for line in re.split(r"[\n\r]", markup))


@given(with_span())
def test_bold_marks_the_span_and_nothing_else(case):
    text, (start, end) = case
    markup = quoted(text, (start, end))
    if not visible(text[start:end]).strip():
        assert markup == quoted(text)
        return
    marked = re.fullmatch(r"(?:\\.|[^\\*])*\*\*((?:\\.|[^\\*])*)\*\*(?:\\.|[^\\*])*", markup, re.DOTALL)
    assert marked is not None
    assert displayed(marked[1].replace("\n> ", "\n")).strip() == visible(text[start:end]).strip()


@given(anything)
def test_a_line_of_plain_text_keeps_its_limit(text):
    for limit in (10, 80, 256):
        line = plain(text, limit)
        assert units(line) <= limit
        assert "\n" not in line
        whole = " ".join(visible(text).split())
        assert line == whole or whole.startswith(line.removesuffix(" […]"))
