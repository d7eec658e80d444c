"""Misspelt words of a question, read as the words of the library that they were meant to be.

Only a word that is no English word, is hardly ever seen anywhere and that the library does not hold is taken for
misspelt: a real word that the library lacks tells that the answer is not there, and must go on telling it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Protocol

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

from quoth.english import is_english, like
from quoth.rarity import RAREST, rarity
from quoth.words import fold, terms

_RARE = 7.0
_COMMONER = 2.0
_COMMON = 6.0
_SHORTEST = 4
_SHORT = 5
_LONG = 9
_MOST = 8
_MARKS = "\u0300-\u036f\u064b-\u065f\u0670"
_WORD = re.compile(rf"[^\W\d_]+(?:[{_MARKS}]+[^\W\d_]*)*")


class Words(Protocol):
    """The terms that a library holds."""

    def __contains__(self, term: str, /) -> bool: ...

    def words(self, first: str, shortest: int, longest: int) -> Sequence[str]:
        """Return the terms that begin with the character ``first`` and have so many characters."""


def corrected(text: str, vocabulary: Words) -> str:
    """Return a question with each misspelt word replaced by the nearest one that ``vocabulary`` holds.

    A spelling must begin alike and be an English word or a term of the library, and a commoner one, or a name that the
    library holds and text at large does not. Nearest by optimal string alignment (insertions, deletions, replacements,
    swaps of neighbours): one step, two for long words. Of equally near ones the commonest counts, where swapped letters
    are likelier than doubled ones, and so on to left out, added and wrong ones. What has no near word stays as it is.

    Each is compared to all words that begin alike and are about as long, so of a question that is nothing but gibberish
    the first eight are.
    """
    composed = text if text.isascii() else unicodedata.normalize("NFC", text)
    found = dict.fromkeys(match[0] for match in _WORD.finditer(composed))
    misspelt = [word for word in found if _is_misspelt(word, vocabulary)][:_MOST]
    nearest = {word: _in_its_case(_nearest(word, vocabulary), word) for word in misspelt}
    return _WORD.sub(lambda match: nearest.get(match[0], match[0]), composed) if nearest else text


def _is_misspelt(word: str, vocabulary: Words) -> bool:
    if len(word) < _SHORTEST:
        return False
    own = terms(word)
    return (
        len(own) == 1
        and own[0].isalpha()
        and rarity(own[0]) > _RARE
        and own[0] not in vocabulary
        and not is_english(fold(word))
    )


def _nearest(word: str, vocabulary: Words) -> str:
    typed, (term,) = fold(word), terms(word)
    least = rarity(term) - _COMMONER if rarity(term) < RAREST else RAREST + 1
    candidates = [
        (steps, rarity(stem) + 2 * _oddness(spelt, near), near)
        for stem, (steps, spelt, near) in _near(typed, term, vocabulary).items()
        if rarity(stem) < least and (len(typed) >= _SHORT or (rarity(stem) < _COMMON and _is_cut_short(typed, near)))
    ]
    return min(candidates)[2] if candidates else word


def _near(typed: str, term: str, vocabulary: Words) -> dict[str, tuple[int, str, str]]:
    """Return terms that may be meant: each in how many steps, from what, and the word that it stands for."""
    found: dict[str, tuple[int, str, str]] = {}
    for near, steps in sorted(
        _within(typed, like(typed, _steps(typed))), key=lambda of: (of[1], _oddness(typed, of[0]))
    ):
        (its_term,) = terms(near)
        if its_term not in found and its_term in vocabulary:
            found[its_term] = steps, typed, near
    # Of a slip in the last letters another stem is made
    spellings = [spelt for spelt in dict.fromkeys((term, typed)) if len(spelt) >= _SHORT]
    if not spellings:
        return found
    shortest = min(len(spelt) - _steps(spelt) for spelt in spellings)
    longest = max(len(spelt) + _steps(spelt) for spelt in spellings)
    held = vocabulary.words(term[0], shortest, longest)
    for spelt in spellings:
        for near, steps in _within(spelt, held):
            # What stands for the whole word must come to the same term
            if near not in found and terms(near) == [near]:
                found[near] = steps, spelt, near
    return found


def _within(word: str, others: Sequence[str]) -> list[tuple[str, int]]:
    found = extract(word, others, scorer=OSA.distance, score_cutoff=_steps(word), limit=None)
    return [(near, int(steps)) for near, steps, _ in found]


def _steps(word: str) -> int:
    return 2 if len(word) >= _LONG else 1


def _is_cut_short(typed: str, near: str) -> bool:
    return len(near) > len(typed) or sorted(near) == sorted(typed)


def _oddness(typed: str, near: str) -> float:
    """Return how odd a slip it would be: 0 for swapped letters, 1 for a wrong one."""
    if len(typed) == len(near):
        return float(sorted(typed) != sorted(near))
    is_doubled = any(typed[:k] + typed[k + 1 :] == near for k in range(1, len(typed)) if typed[k] == typed[k - 1])
    return 0.5 if is_doubled else 0.7 if len(typed) < len(near) else 0.8


def _in_its_case(word: str, typed: str) -> str:
    if typed.isupper():
        return word.upper()
    return word.capitalize() if typed[0].isupper() else word
