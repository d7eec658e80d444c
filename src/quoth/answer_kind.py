"""What kind of thing a question asks for, and whether a stretch of text holds one that the question did not name.

A "when" wants a date, a "how many" a number, a "who" a name: the cheapest evidence there is that a sentence which
shares the question's words also answers it. English and Persian question words are known; other questions have no
kind, and nothing is concluded for them.
"""

from __future__ import annotations

import re
from enum import Enum

from quoth.words import fold

_NUMBER_WORDS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion "
    "trillion half third quarter dozen twice double none percent"
)
_MONTHS = "january february march april may june july august september october november december"
_PERSIAN_MONTHS = "فروردین اردیبهشت خرداد تیر مرداد شهریور مهر ابان اذر دی بهمن اسفند قرن سال سده"


QUESTION_WORD = r"(?:who(?:m|se)?|what|when|where|which|why|how)"
"""A pattern of the English words that a question is asked with, in lower case."""


class AnswerKind(Enum):
    """The kinds that can be told from a question's words and found in text by its form."""

    PERSON = "person"
    TIME = "time"
    NUMBER = "number"
    PLACE = "place"
    REASON = "reason"
    OTHER = "other"


_QUESTIONS: tuple[tuple[AnswerKind, re.Pattern[str]], ...] = (
    (
        AnswerKind.NUMBER,
        re.compile(
            r"\bhow (?:many|much|old|long|far|tall|high|large|big|deep|wide|heavy|fast|often|hot|cold)\b"
            r"|\b(?:what|which) (?:is the |was the |are the )?(?:\w+ )?(?:percent|percentage|number|share|proportion"
            r"|population|amount|rate|ratio|price|cost|size|temperature|distance|age)\b"
            r"|\bچند\b|\bچقدر\b|\bچه تعداد\b|\bچه میزان\b|\bدرصد\b"
        ),
    ),
    (
        AnswerKind.TIME,
        re.compile(
            r"\bwhen\b"
            r"|\b(?:what|which|in what|in which) (?:year|date|day|month|century|decade|era|period|season|time)\b"
            r"|\bچه (?:زمانی|وقت|سالی|سال|تاریخی|روزی|قرنی)\b|\bکی\b"
        ),
    ),
    (AnswerKind.PERSON, re.compile(r"\bwho(?:m|se|'s|s)?\b|\bچه کسی\b|\bچه کسانی\b|\bکیست\b|\bچه شخصی\b")),
    (
        AnswerKind.PLACE,
        re.compile(
            r"\bwhere\b|\b(?:what|which) (?:country|city|state|town|place|region|province|continent|river|island|"
            r"county|village|location|nation)\b|\bکجا\b|\bکجاست\b|\bچه (?:کشوری|شهری|مکانی|استانی)\b"
        ),
    ),
    (AnswerKind.REASON, re.compile(r"\bwhy\b|\bhow come\b|\bwhat (?:\w+ )?(?:reason|cause|purpose)\b|\bچرا\b")),
)
_DIGIT = re.compile(r"\d")
_YEAR_OR_CLOCK = re.compile(
    r"(?<!\d)(?:1\d{3}|20\d\d)(?!\d)|\d{1,2}(?:st|nd|rd|th)\b|\d{1,2}:\d\d|\b\d{2}s\b|(?<!\d)\d{4}(?!\d)"
)
_TIME_WORD = re.compile(
    r"\b(?:"
    + "|".join((_MONTHS + " " + _PERSIAN_MONTHS).split())
    + r"|century|centuries|decade|years?|monday|tuesday|wednesday|"
    r"thursday|friday|saturday|sunday|spring|summer|autumn|winter|today|yesterday|ago)\b"
)
_NUMBER_WORD = re.compile(r"\b(?:" + "|".join(_NUMBER_WORDS.split()) + r")\b")
_NAME = re.compile(r"(?<![.!?“\"'(]\s)(?<!^)(?<![\w.])[^\W\d_a-z][\w.'’-]*")
_INITIAL = re.compile(r"^\W*[A-Z][\w'’.-]+")
_REASON = re.compile(
    r"\b(?:because|since|due to|in order to|so that|as a result|therefore|thus|caused?|causes|reasons?|led to|leads to|"
    r"owing to|thanks to|for the purpose|aims? to|to \w+|زیرا|چون|به دلیل|برای|به علت|تا)\b"
)


def asked_kind(question: str) -> AnswerKind:
    """Return the kind of answer that a question asks for."""
    folded = fold(question)
    return next((kind for kind, pattern in _QUESTIONS if pattern.search(folded)), AnswerKind.OTHER)


def holds(kind: AnswerKind, text: str, question: str) -> bool:
    """Return whether ``text`` holds something of this kind that ``question`` does not name itself."""
    if kind is AnswerKind.OTHER:
        return True
    folded = fold(text)
    if kind is AnswerKind.REASON:
        return _REASON.search(folded) is not None
    known = set(re.findall(r"\w+", fold(question)))
    if kind is AnswerKind.NUMBER:
        found = re.findall(r"\w*\d\w*", folded) + _NUMBER_WORD.findall(folded)
    elif kind is AnswerKind.TIME:
        found = [match.group() for match in _YEAR_OR_CLOCK.finditer(folded)] + _TIME_WORD.findall(folded)
    else:
        if not re.search("[A-Za-z]", text):
            return True
        found = [fold(name) for name in [*_NAME.findall(text), *_INITIAL.findall(text)]]
    return any(not set(re.findall(r"\w+", word)) <= known for word in found)
