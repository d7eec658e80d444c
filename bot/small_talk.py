"""What is said to the bot and asks nothing of the documents: a greeting, thanks, what it is, a remark, a lone emoji.

It is answered in a line and not kept. A message is taken for small talk only if it is made of the phrases below and of
nothing else: a question that is taken for small talk is worse than small talk that is taken for a question.
"""

from __future__ import annotations

import re

from bot.wording import without_markup
from quoth.words import fold

ASK_IN_WORDS = "Ask me something in words, and I'll look for it in the documents."
GREETED = "Hello! Ask me a question in a few words, and I'll quote what the documents say."
THANKED = "You're welcome! Whenever there is more you want to know, just ask."
HEARD = "Noted. Whenever there is something you want to know, just ask."
DOUBTED = (
    "I only quote, so please see in the document itself whether it says so: **In context** below an answer shows the "
    "text around it, and **Not helpful** counts against it. Whoever looks after the documents can correct them."
)
ABOUT = (
    "I'm a bot that answers questions in quotes: word for word from the documents that I was given, with the place "
    "where each quote stands. I write nothing myself, so where I find no answer in them, I say so.\n"
    "Ask with `/ask`, with a message that begins with a mention of me, or in a direct message, like this: "
    "*When does the library open on Sundays?* For a further question to an answer, press **Follow up** below it. "
    "`/sources` shows what I answer from, `/privacy` what I keep."
)
"""What the bot is and how to ask it, as Discord's markup, like the other lines."""

_GREETINGS = (
    "hi", "hello", "hey", "hi there", "hello there", "hey there", "hiya", "howdy", "yo", "good morning",
    "good afternoon", "good evening", "good day", "good night", "bye", "goodbye", "how are you",
    "hallo", "moin", "servus", "guten morgen", "guten tag", "guten abend", "tschüss",
    "bonjour", "bonsoir", "salut", "coucou", "au revoir", "hola", "buenos días", "buenas tardes", "buenas noches",
    "ciao", "buongiorno", "buonasera", "salve", "olá", "oi", "bom dia", "boa tarde", "boa noite",
    "hoi", "goedemorgen", "goedendag", "hej", "cześć", "dzień dobry", "merhaba", "selam",
    "привет", "здравствуйте", "добрый день", "привіт", "سلام", "درود", "صبح بخیر", "مرحبا", "السلام عليكم", "नमस्ते",
    "你好", "您好", "こんにちは", "おはよう", "おはようございます", "안녕하세요", "안녕",
)  # fmt: skip
_THANKS = (
    "thanks", "thank you", "thanks a lot", "thank you very much", "thank you so much", "thanks so much", "many thanks",
    "thx", "ty", "tysm", "cheers", "much appreciated", "ok", "okay", "great", "perfect", "nice",
    "danke", "danke schön", "danke sehr", "vielen dank", "merci", "merci beaucoup", "gracias", "muchas gracias",
    "grazie", "grazie mille", "obrigado", "obrigada", "muito obrigado", "muito obrigada", "dank je", "dank je wel",
    "bedankt", "tack", "tak", "takk", "dziękuję", "teşekkürler", "teşekkür ederim",
    "спасибо", "большое спасибо", "дякую", "مرسی", "ممنون", "ممنونم", "متشکرم", "سپاس", "شكرا", "धन्यवाद",
    "谢谢", "謝謝", "谢谢你", "ありがとう", "ありがとうございます", "감사합니다", "고마워요",
)  # fmt: skip
_ABOUT = (
    "help", "help me", "help please", "please help", "please help me", "i need help", "can you help", "can you help me",
    "what can you do", "what can i ask", "what can i ask you", "how do i ask", "how do i ask you",
    "how do i use you", "how do you work", "how can i use you", "who are you", "what are you", "who r u",
    "what is this bot", "what does this bot do", "how does this bot work", "how do i use this bot",
    "introduce yourself", "tell me about yourself",
    "are you a bot", "are you a human", "are you human", "are you a person", "are you a robot", "are you real",
    "are you an ai", "are you ai", "are you a real person", "are you chatgpt", "is this a bot", "is this an ai",
    "hilfe", "wer bist du", "was bist du", "was kannst du", "bist du ein bot", "bist du eine ki",
    "qui es tu", "ayuda", "quién eres", "aiuto", "chi sei", "ajuda", "quem é você",
    "помощь", "кто ты", "راهنما", "تو کی هستی", "شما کی هستید",
)  # fmt: skip
_GOOD = (
    "that helped", "this helped", "that helps", "that helped a lot", "that was helpful", "very helpful", "helpful",
    "thanks for your help", "thanks for the help", "thank you for your help", "thank you for the help",
    "good bot", "nice bot", "best bot", "good job", "well done", "great job", "great answer", "good answer",
    "nice one", "awesome", "amazing", "excellent", "brilliant", "love it", "i love it", "that's great",
    "that's right", "that's correct", "correct", "exactly",
)  # fmt: skip
_DOUBTS = (
    "that's wrong", "that is wrong", "this is wrong", "you're wrong", "you are wrong", "wrong",
    "wrong answer", "not true", "that's not true", "that is not true", "that's not right", "that is not right",
    "that's incorrect", "that is incorrect", "incorrect", "that's not correct", "that's not what i asked",
    "that is not what i asked", "not helpful", "that didn't help", "that did not help", "bad bot", "bad answer",
    "stupid bot", "useless", "das ist falsch", "falsch",
)  # fmt: skip
_REMARKS = (
    "lol", "lmao", "rofl", "haha", "hahaha", "hehe", "oh", "ah", "hmm", "hm", "never mind", "nevermind",
    "nvm", "i see", "got it", "makes sense", "understood", "sorry", "oops", "my bad", "no", "nope", "yes", "yep",
    "yeah", "sure", "alright", "omg", "no worries",
)  # fmt: skip

_BEHIND = ("again", "all", "bot", "everyone", "quoth", "team")
"""What stands behind them and asks nothing either."""

_WORD = re.compile(r"[^\W_]+")
# A character that a following U+FE0F makes a picture (ℹ️ is a letter otherwise), and the keys 0️⃣ to 9️⃣
_PICTURE = re.compile("[0-9#*]\ufe0f?\u20e3|.\ufe0f", re.DOTALL)
_APOSTROPHE = re.compile("(?<=\\w)['’](?=\\w)")  # many leave it out: "thats wrong"
_DRAWN_OUT = re.compile(r"(\w)\1{2,}")
_LONGEST = 100
"""Characters beyond which a text is taken for a question unread."""


def _line(text: str) -> str:
    return " ".join(_WORD.findall(_DRAWN_OUT.sub(r"\1", _APOSTROPHE.sub("", fold(text)))))


def _phrases(*phrases: str) -> str:
    return "|".join(map(re.escape, map(_line, phrases)))


_LINES = (
    (ABOUT, _ABOUT),
    (DOUBTED, _DOUBTS),
    (THANKED, (*_THANKS, *_GOOD)),
    (GREETED, _GREETINGS),
    (HEARD, _REMARKS),
)
"""What is said to what; where a message has several, the first one counts."""

_SPOKEN = _phrases(*(phrase for _, phrases in _LINES for phrase in phrases))
_ANY = re.compile(rf"(?:{_SPOKEN})(?: (?:{_SPOKEN}|{_phrases(*_BEHIND)}))*")
_EACH = tuple((line, re.compile(rf"(?<!\S)(?:{_phrases(*phrases)})(?!\S)")) for line, phrases in _LINES)


def has_words(text: str) -> bool:
    """Say whether a message holds a letter or a digit, besides people, emoji and the like."""
    return _WORD.search(_PICTURE.sub("", without_markup(text))) is not None


def small_talk(text: str) -> str | None:
    """Return the line, as markup, for a message that asks nothing; None for everything else, which is a question."""
    if not has_words(text):
        return ASK_IN_WORDS
    bare = without_markup(text)
    said = _line(bare) if len(bare) <= _LONGEST else ""
    if not _ANY.fullmatch(said):
        return None
    return next(line for line, phrases in _EACH if phrases.search(said))
