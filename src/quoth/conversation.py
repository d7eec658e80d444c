"""Follow-ups: what a question asks that leans on the ones before it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from quoth.answer_kind import QUESTION_WORD
from quoth.figures import figures
from quoth.friendly_words import without_small_talk
from quoth.rarity import CONTENT, rarity
from quoth.words import terms

_MOST_TURNS = 4
"""Questions that are looked back through."""

_LONGEST = 4_000  # characters of questions that were put together

_PRONOUN = re.compile(
    r"\b(?:he|she|it|they|him|them|these|those|(?P<of>his|hers|its|theirs?|her(?=\s+[^\W\d_])))\b", re.IGNORECASE
)
_POINTING = frozenset(terms("this that there then one ones here"))
_ASKING = re.compile(rf"\b{QUESTION_WORD}\b", re.IGNORECASE)
_CUE = re.compile(r"\W*(?:and|but|or|so|what about|how about)\b\W*", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+(?:[.,’'-][^\W_]+)*")
_POSSESSIVE = re.compile(r"[’']s?$")
_OF_A_PEOPLE = re.compile(r"(?:an|ish|ese|ic|ch)$")
_LINK = frozenset(("of", "the", "and", "for", "de", "von", "van", "la", "le"))
_FEW_WORDS = 3
_TELLING = 5.0


def readings(question: str, history: Sequence[str]) -> tuple[str, ...]:
    """Return what a question may ask: itself, and before that what it asks if it leans on the questions before it.

    ``history`` holds these, oldest first. "When was it founded?" is read with what the question before it is about in
    the place of "it"; "Why?" and "And in 2012?" with the question before it. A question that says what it asks is read
    as it stands. Which reading is meant, the documents tell: that which they answer best. Greetings and thanks around a
    question are left out.
    """
    question = without_small_talk(question)
    before = _resolved(
        [without_small_talk(earlier[:_LONGEST]) for earlier in history if terms(earlier[:_LONGEST])][-_MOST_TURNS:]
    )
    return tuple(dict.fromkeys((_leaning_on(before, question), question)))


def _resolved(history: Sequence[str]) -> str:
    """Return the last of these questions with what it leans on."""
    resolved = ""
    for question in history:
        resolved = _leaning_on(resolved, question)
    return resolved


def _leaning_on(before: str, question: str) -> str:
    """Return a question with what it leans on, or as it is where it says all that it asks."""
    if not before:
        return question
    about = _subject(before, question)
    pronoun = _PRONOUN.search(question)
    if pronoun and about:
        belongs = "'s" if pronoun["of"] else ""
        return f"{question[: pronoun.start()]}{about}{belongs}{question[pronoun.end() :]}"
    own = terms(question)
    telling = [term for term in own if rarity(term) > _TELLING]
    cue = _CUE.match(question)
    is_rest = cue is not None and not _ASKING.search(question, cue.end())
    if is_rest and (other := _with_other_figure(before, question)):
        return other
    if not telling or (is_rest and len(telling) < _FEW_WORDS):
        return f"{before.strip()} {question}"[-_LONGEST:]
    if about and len(telling) < _FEW_WORDS and not _POINTING.isdisjoint(own):
        return f"{question.rstrip(' ?')} {about}?"
    return question


def _with_other_figure(before: str, question: str) -> str | None:
    """Return the question before with this one's number in the place of its own, where each has one."""
    old, new = figures(before), figures(question)
    if len(old) != 1 or len(new) != 1:
        return None
    return before.replace(next(iter(old.values())), next(iter(new.values())))


def _subject(before: str, question: str) -> str:
    """Return what a question is about, "" where that is not told: its first name that ``question`` doesn't hold itself,
    or where it has no names, the words that tell most."""
    runs = _runs(before)
    names = [text for is_name, text in runs if is_name]
    held = frozenset(terms(question))
    new = [text for text in names or [text for _, text in runs] if not held.issuperset(terms(text))]
    if names:
        return next(iter(new), "")
    return max(new, key=lambda text: sum(map(rarity, terms(text))), default="")


def _runs(text: str) -> list[tuple[bool, str]]:
    """Return the names of a text, and the other runs of words that tell something, in order.

    Behind the name of a people two more words belong to it: "Iranian cyber police".
    """
    runs: list[tuple[bool, list[re.Match[str]]]] = []
    is_open, begins, end, belonging = False, True, 0, 0
    for word in _WORD.finditer(text):
        gap, end = text[end : word.start()].strip(), word.end()
        begins = begins or any(sign in gap for sign in ".?!")
        is_asking = _ASKING.fullmatch(word[0]) is not None
        is_content = not is_asking and any(rarity(term) > CONTENT for term in terms(word[0]))
        is_name = word[0][0].isupper() and not is_asking and (is_content or not begins)
        begins = False
        if not (is_name or is_content):
            is_open = is_open and runs[-1][0] and word[0].lower() in _LINK
            belonging = 0
            continue
        if is_open and not gap and (runs[-1][0] == is_name or belonging):
            runs[-1][1].append(word)
        else:
            runs.append((is_name, [word]))
        belonging = max(0, belonging - 1) if not is_name else 2 if _OF_A_PEOPLE.search(word[0]) else 0
        is_open = True
    return [(is_name, _POSSESSIVE.sub("", text[of[0].start() : of[-1].end()])) for is_name, of in runs]
