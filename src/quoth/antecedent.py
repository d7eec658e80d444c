"""Who "he" is: the earlier words that a sentence which begins with a pronoun leans on."""

from __future__ import annotations

import re

from quoth.documents.model import Document
from quoth.sentences import sentences

MAX_CONTEXT = 350
"""Characters that a context may have."""

_SEARCHED_SENTENCES = 12
_SEARCHED_CHARACTERS = 5_000
_NAMED_WITHIN = 1_000
_NAME = re.compile(r"(?:[^\W\d_a-z][\w’'.-]+[ \u200c])+[^\W\d_a-z][\w’'-]+")
_GROUP = re.compile(r"\b[A-Z]{2,}\b|\b\w+s\b")
_PLURAL = re.compile(r"\W*(?:they|their|them|آنها|آن‌ها|ایشان)(?!\w)", re.IGNORECASE)
_OFFICE = re.compile(
    r"\b(?:mr|mrs|ms|dr|prof|president|minister|director|chief|head|chairman|chairwoman|secretary|king|queen|general|"
    r"professor|representative|spokesman|spokeswoman|officer|captain|author|founder|leader)\b|رئیس|دکتر|آقای|خانم|وزیر|سردار",
    re.IGNORECASE,
)
_WHO = re.compile(rf"[^\W\d_a-z][\w’'-]*|{_OFFICE.pattern}", re.UNICODE)
_PERSON = re.compile(r"\W*(?:he|she|they|his|her|their|him|them|او|وی|آنها|آن‌ها|ایشان)(?![\w’'])", re.IGNORECASE)


def leans(text: str, start: int, end: int) -> bool:
    """Whether a stretch begins with a pronoun whose person was named before."""
    return _PERSON.match(text, start, end) is not None


def antecedent(document: Document, start: int, end: int) -> tuple[int, int, int] | None:
    """Return start, end and paragraph of the earlier words that say who "he" is, where a stretch begins so.

    None where it begins otherwise, or where nothing earlier says it.

    The nearest earlier sentence that names somebody counts; one that begins with "he" itself says no more than the
    quote does and is passed over. How far back is looked is bounded in sentences and in characters: a document may
    hold a paragraph, or a word, of a million of them.
    """
    if not leans(document.text, start, end):
        return None
    is_plural = _PLURAL.match(document.text, start, end) is not None
    looked_at = 0
    lowest = start - _SEARCHED_CHARACTERS
    for paragraph in reversed(document.paragraphs):
        if paragraph.end <= lowest:
            return None
        if paragraph.start >= start or not paragraph.prose:
            continue
        parts = sentences(document.text, max(paragraph.start, lowest), min(paragraph.end, start))
        # Of a sentence that begins further back, only the end was seen
        for a, b in reversed(parts[1:] if paragraph.start < lowest else parts):
            looked_at += 1
            if looked_at > _SEARCHED_SENTENCES:
                return None
            sentence = document.text[a : min(b, a + _NAMED_WITHIN)]
            if not leans(sentence, 0, len(sentence)) and _names_somebody(sentence, is_plural=is_plural):
                a, b = _shortened(document.text, a, b)
                return a, b, paragraph.number
    return None


def _names_somebody(sentence: str, *, is_plural: bool) -> bool:
    """Whether a sentence has a name or an office, or, for "they", anything that stands for several."""
    patterns = (_NAME, _OFFICE, _GROUP) if is_plural else (_NAME, _OFFICE)
    return any(pattern.search(sentence) for pattern in patterns)


def _shortened(text: str, start: int, end: int) -> tuple[int, int]:
    """Return at most ``MAX_CONTEXT`` characters of a sentence: its beginning, cut between words."""
    if end - start <= MAX_CONTEXT:
        return start, end
    stop = text.rfind(" ", start, start + MAX_CONTEXT)
    return start, stop if stop > start else start + MAX_CONTEXT


def names(text: str) -> str:
    """Return the words of an antecedent that say who: those with a capital, and offices."""
    return " ".join(match.group() for match in _WHO.finditer(text))
