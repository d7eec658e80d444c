"""Whether a model knows the language of a text, judged by how its tokeniser takes it apart.

A tokeniser holds the words of the languages that its model has seen, and spells out those of all others.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

Trust = Callable[[int, str], float]
"""From the number of pieces that a tokeniser makes of a text, and the text, how far its language is known, 0 to 1."""

TRUSTED = 0.5
"""Trust below which the language of a text counts as unknown."""

# Pieces a word: English in all-MiniLM-L6-v2 has 1.2 to 1.6 (punctuation counted), Persian above 4
_KNOWN, _SPELLED_OUT = 2.0, 3.5

# Pieces a letter, in a vocabulary of a hundred languages: .2 to .4 where words are spaced, .7 in Chinese and Burmese;
# an alphabet that it lacks has 1 or more
_KNOWN_LETTERS, _UNKNOWN_LETTERS = 0.8, 1.1

_OF_AN_IDENTIFIER = re.compile(r"[\d_/\\@=]|\w[.:-]\w")
_LEAST_WORDS = 2


def trust_by_words(pieces: int, text: str) -> float:
    """Return the trust in a text of ``pieces`` pieces, special ones not counted, whose words stand apart by spaces."""
    return _falling(pieces / max(1, len(text.split())), _KNOWN, _SPELLED_OUT)


def trust_by_letters(pieces: int, text: str) -> float:
    """Return the same for a vocabulary of many languages, some of which have no spaces between words."""
    return _falling(pieces / max(1, sum(map(str.isalnum, text))), _KNOWN_LETTERS, _UNKNOWN_LETTERS)


def words_alone(text: str) -> str:
    """Return a text's words without identifiers and numbers, which are of no language; "" where they tell of none.

    A single Latin word tells of none either: it may be a name.
    """
    words = [word for word in text.split() if any(map(str.isalpha, word)) and not _OF_AN_IDENTIFIER.search(word)]
    tells = len(words) >= _LEAST_WORDS or any(not word.isascii() for word in words)
    return " ".join(words) if tells else ""


def _falling(value: float, known: float, unknown: float) -> float:
    return float(np.clip((unknown - value) / (unknown - known), 0.0, 1.0))
