"""Questions as people type them: misspelt, in lower case, as keywords, corrected halfway; and small talk."""

from __future__ import annotations

import re

from numpy.random import Generator

from quoth.training.perturb import FUNCTION_WORDS

_WORD = re.compile(r"[^\W\d_]+")
_KEYBOARD = {
    **dict(zip("qwertyuiop", "wertyuiopo", strict=True)),
    **dict(zip("asdfghjkl", "sdfghjklk", strict=True)),
    **dict(zip("zxcvbnm", "xcvbnmn", strict=True)),
}
_REPAIRS = (
    "no wait,",
    "no wait",
    "wait, no,",
    "sorry,",
    "sorry, I mean",
    "I mean",
    "or rather",
    "actually,",
    "no, actually",
    "er no,",
    "um, scratch that,",
    "hold on,",
    "or no,",
)


def untidy(question: str, rng: Generator, *, other: str | None = None) -> str:
    """``question`` as somebody in a hurry types it; often it stays as it is.

    Independently: lower case 30 %, misspelt 12 %, keywords only 10 %, and 10 % "other? no wait, question?" where
    ``other`` (another question on the same passage) is given.
    """
    text = question
    repair, keywords, misspelt, lower = rng.random(4)
    if keywords < 0.10:
        kept = [w for w in re.findall(r"[\w'’.-]+", text) if w.lower() not in FUNCTION_WORDS]
        text = " ".join(kept) if len(kept) >= 2 else text
    elif repair < 0.10 and other:
        text = f"{_cut(other, rng)} {_REPAIRS[int(rng.integers(len(_REPAIRS)))]} {text[0].lower()}{text[1:]}"
    if misspelt < 0.12:
        text = misspell(text, rng)
    if lower < 0.30:
        text = text.lower()
        if rng.random() < 0.5:
            text = text.rstrip("?!. ")
    return text or question


def _cut(question: str, rng: Generator) -> str:
    """A question broken off: half of the time whole, else after some of its words."""
    words = question.split()
    if len(words) < 4 or rng.random() < 0.5:
        return question
    return " ".join(words[: int(rng.integers(3, len(words) + 1))]).rstrip("?")


def misspell(text: str, rng: Generator) -> str:
    """One or two slips (letters swapped, dropped, doubled, a neighbouring key) in words of more than three letters."""
    for _ in range(1 + int(rng.random() < 0.4)):
        places = [match for match in _WORD.finditer(text) if len(match.group()) > 3]
        if not places:
            return text
        match = places[int(rng.integers(len(places)))]
        at = match.start() + 1 + int(rng.integers(len(match.group()) - 2))
        text = slipped(text, at, int(rng.integers(4)), _KEYBOARD.get(text[at].lower(), text[at]))
    return text


def slipped(text: str, at: int, slip: int, wrong: str) -> str:
    """``text`` with a slip at its letter ``at``: 0 swaps that with the next one, 1 leaves it out, 2 doubles it, and 3
    puts ``wrong`` in its place."""
    if slip == 0:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    if slip == 1:
        return text[:at] + text[at + 1 :]
    return text[:at] + (text[at] * 2 if slip == 2 else wrong) + text[at + 1 :]


CHATTER = (
    "hello",
    "hi there",
    "hey",
    "good morning",
    "thanks",
    "thank you!",
    "ok",
    "okay cool",
    "yes",
    "no",
    "lol",
    "how are you?",
    "who are you?",
    "what can you do?",
    "what's up",
    "help",
    "test",
    "why?",
    "what?",
    "really?",
    "hmm",
    "bye",
    "tell me a joke",
    "are you a bot?",
    "what time is it?",
    "what's the weather like today?",
    "what is your name?",
    "good bot",
    "nice",
    "I don't get it",
    "can you help me?",
    "please",
    "who made you?",
    "sing me a song",
    "what's 2+2?",
    "and then?",
    "how old are you?",
)
"""Things people say to a bot that no document answers."""
