"""What asks nothing gets a line, and every question stays a question."""

import pytest

from bot.small_talk import ASK_IN_WORDS, GREETED, THANKED, has_words, small_talk


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?",
        "  ...  ",
        "!!!",
        "👍",
        "👍🏽👨‍👩‍👧",
        "ℹ️",
        "1️⃣",
        ":)",
        "<:wave:123456789012345678>",
        "<a:dance:12345>",
        "<@123> ?",
        "<#1>",
    ],
)
def test_what_holds_no_word_is_asked_for_words(text):
    assert small_talk(text) == ASK_IN_WORDS and not has_words(text)


@pytest.mark.parametrize(
    "text",
    [
        "hi",
        "Hi!",
        "HELLO 👋",
        "hey there",
        "heyyy",
        "hi <@123>",
        "Good morning, everyone",
        "Buenos dias",
        "salut!",
        "سلام",
        "你好",
        "こんにちは",
    ],
)
def test_a_bare_greeting_is_greeted(text):
    assert small_talk(text) == GREETED


@pytest.mark.parametrize(
    "text",
    [
        "thanks!",
        "Thank you.",
        "ok, thanks",
        "hi, thanks",
        "thx 🙏",
        "thanks again, bot",
        "Danke schön",
        "danke schon",
        "merci",
        "ممنونم",
        "谢谢",
    ],
)
def test_bare_thanks_are_welcome(text):
    assert small_talk(text) == THANKED


@pytest.mark.parametrize(
    "text",
    [
        "why?",
        "2013",
        "dinner",
        "hi, when is dinner?",
        "thanks, and in 2014?",
        "What does thank you mean?",
        "hello world program",
        "high",
        "all",
        "okra",
        "چرا؟",
        "为什么",
        "hi " * 5000,
    ],
)
def test_everything_else_is_a_question(text):
    assert small_talk(text) is None
