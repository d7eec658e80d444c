import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cutting import units
from bot.escape import MOST_BOLD, plain, quoted, shown, visible
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


def split(markup: str) -> tuple[str, str]:
    """What a block quote displays, and the stretches of it that are in bold, on a line each."""
    whole, bold = [""], [""]
    is_bold = False
    for token in re.findall(r"\\.|\*\*|.", markup.removeprefix("> ").replace("\n> ", "\n"), re.DOTALL):
        if token == "**":
            is_bold = not is_bold
            bold.append("")
        else:
            whole.append(displayed(token))
            bold[-1] += displayed(token) if is_bold else ""
    assert not is_bold
    return "".join(whole), "\n".join(filter(None, bold))


@given(with_span())
def test_bold_changes_nothing_of_what_is_displayed_and_marks_nothing_outside_the_span(case):
    text, (start, end) = case
    whole, bold = split(quoted(text, (start, end)))
    assert whole == visible(text)
    assert all(line in visible(text[start:end]) for line in bold.split("\n"))


@given(st.lists(st.sampled_from(["word", "70%", "snake_case", "C#", "a.b", "نمونه", "😀"]), min_size=1), st.data())
def test_bold_marks_all_of_a_span_without_markup(words, data):
    text = " ".join(words)
    start = data.draw(st.integers(0, len(words) - 1))
    low = len(" ".join(words[:start])) + (start > 0)
    assert split(quoted(text, (low, len(text))))[1] == text[low:]


@pytest.mark.parametrize(
    ("text", "span", "bold"),
    [
        ("It is **70 %** of it", "**70 %**", "70 %"),
        ("It is **70 %** of it", "*70 %** of", "70 %\nof"),
        ("a `b` and __c__ or ~~d~~", "`b` and __c__ or ~~d~~", "b\nand\nc\nor\nd"),
        ("| Bosun | 12 EUR |\n|---|---|", "| Bosun | 12 EUR |", "Bosun\n12 EUR"),
        ("# Fees\nTwelve", "# Fees\nTwelve", "Fees\nTwelve"),
        ("Write C# or call snake_case #1", "C# or call snake_case #1", "C# or call snake_case #1"),
        ("** | `", "** | `", ""),
    ],
)
def test_bold_leaves_out_the_documents_own_markup(text, span, bold):
    start = text.index(span)
    markup = quoted(text, (start, start + len(span)))
    assert split(markup) == (text, bold)


def test_bold_does_not_end_with_the_white_space_before_what_is_unseen():
    assert split(quoted("one \x1b two", (0, 5))) == ("one  two", "one")
    assert split(quoted("\u202e one", (0, 5))) == (" one", "one")


def test_a_span_full_of_markup_has_a_few_stretches_in_bold_at_most():
    text = "a*" * 500
    assert len(split(quoted(text, (0, len(text))))[1].split("\n")) == MOST_BOLD


@given(anything)
def test_a_line_of_plain_text_keeps_its_limit(text):
    for limit in (10, 80, 256):
        line = plain(text, limit)
        assert units(line) <= limit
        assert "\n" not in line
        whole = " ".join(visible(text).split())
        assert line == whole or whole.startswith(line.removesuffix(" […]"))
