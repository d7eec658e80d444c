"""What asks nothing gets a line, and every question stays a question."""

import pytest

from bot.small_talk import ABOUT, ASK_IN_WORDS, DOUBTED, GREETED, HEARD, THANKED, has_words, small_talk


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
        "thank you so much, that helped",
        "good bot",
        "lol thanks",
        "Nice one!",
    ],
)
def test_bare_thanks_are_welcome(text):
    assert small_talk(text) == THANKED


@pytest.mark.parametrize(
    "text",
    ["help", "Help!", "hi, help please", "what can you do?", "who are you?", "Are you a bot?", "are you an AI?"],
)
def test_who_asks_what_the_bot_is_is_told(text):
    assert small_talk(text) == ABOUT


@pytest.mark.parametrize("text", ["that's wrong", "That’s wrong!!", "thats wrong", "no, that is not true", "bad bot"])
def test_who_says_that_an_answer_is_wrong_is_told_what_to_look_at(text):
    assert small_talk(text) == DOUBTED


@pytest.mark.parametrize("text", ["lol", "haha", "never mind", "ok I see", "hmmm", "no", "oh, sorry"])
def test_a_remark_is_heard(text):
    assert small_talk(text) in (HEARD, THANKED)


@pytest.mark.parametrize(
    "text",
    [
        "help desk",
        "How do I get help?",
        "help with my order",
        "who helped?",
        "voice is choppy help",
        "what can you do against spam?",
        "who are you allowed to invite?",
        "Who are the moderators?",
        "are you a member if you pay late?",
        "is AI art allowed?",
        "Are bots allowed?",
        "that's wrong, it's Bob",
        "What's wrong with the lamp?",
        "wrong door",
        "not helpful hints",
        "good bot list",
        "What does lol mean?",
        "lol skins",
        "no dogs?",
        "no entry",
        "yes or no",
        "fine",
        "test",
        "wow",
        "aide",
        "tell me about yourself and the club",
        "sorry, when is dinner?",
        "cool bag",
        "never mind the gap",
        "is that correct",
        "sure start",
    ],
)
def test_a_question_with_such_words_stays_a_question(text):
    assert small_talk(text) is None


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
