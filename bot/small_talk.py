"""What is said to the bot and asks nothing: a greeting, thanks, a lone emoji. It is answered in a line and not kept."""

from __future__ import annotations

import re

from bot.wording import without_markup
from quoth.words import fold

ASK_IN_WORDS = "Ask me something in words, and I'll look for it in the documents."
GREETED = "Hello! Ask me a question in a few words, and I'll quote what the documents say."
THANKED = "You're welcome! Whenever there is more you want to know, just ask."

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

_BEHIND = ("again", "all", "bot", "everyone", "quoth", "team")
"""What stands behind them and asks nothing either."""

_WORD = re.compile(r"[^\W_]+")
# A character that a following U+FE0F makes a picture (ℹ️ is a letter otherwise), and the keys 0️⃣ to 9️⃣
_PICTURE = re.compile("[0-9#*]\ufe0f?\u20e3|.\ufe0f", re.DOTALL)
_DRAWN_OUT = re.compile(r"(\w)\1{2,}")
_LONGEST = 100
"""Characters beyond which a text is taken for a question unread."""


def _line(text: str) -> str:
    return " ".join(_WORD.findall(_DRAWN_OUT.sub(r"\1", fold(text))))


def _phrases(*phrases: str) -> re.Pattern[str]:
    first, then = ("|".join(map(re.escape, map(_line, some))) for some in (phrases, (*phrases, *_BEHIND)))
    return re.compile(rf"(?:{first})(?: (?:{then}))*")


_ANY = _phrases(*_GREETINGS, *_THANKS)
_GREETING = _phrases(*_GREETINGS)


def has_words(text: str) -> bool:
    """Say whether a message holds a letter or a digit, besides people, emoji and the like."""
    return _WORD.search(_PICTURE.sub("", without_markup(text))) is not None


def small_talk(text: str) -> str | None:
    """Return the line for a message that asks nothing; None for everything else, which is a question."""
    if not has_words(text):
        return ASK_IN_WORDS
    bare = without_markup(text)
    said = _line(bare) if len(bare) <= _LONGEST else ""
    if not _ANY.fullmatch(said):
        return None
    return GREETED if _GREETING.fullmatch(said) else THANKED
