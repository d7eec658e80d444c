"""Misspelt words of a question, read as the words of the library that they were meant to be.

Only a word that is hardly ever seen anywhere and that the library does not hold is taken for misspelt: a real word
that the library lacks tells that the answer is not there, and must go on telling it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

from quoth.rarity import RAREST, rarity

_RARE = 8.0
_COMMONER = 2.0
_SHORTEST = 5
_LONG = 9
_MOST = 8


class Words(Protocol):
    """The terms that a library holds."""

    def __contains__(self, term: str, /) -> bool: ...

    def words(self, first: str, shortest: int, longest: int) -> Sequence[str]:
        """Return the terms that begin with the character ``first`` and have so many characters."""


def corrected(terms: tuple[str, ...], vocabulary: Words) -> tuple[str, ...]:
    """Return a question's terms with each misspelt one replaced by the nearest of ``vocabulary``.

    A spelling must begin alike and be a commoner word, or a name that the library holds and text at large does not.
    Nearest by optimal string alignment (insertions, deletions, replacements, swaps of neighbours): one step, two for
    long words; of equally near ones the commonest word counts. What has no near word stays as it is.

    Each is compared to all words of the library that begin alike and are about as long, so of a question that is
    nothing but gibberish the first eight are.
    """
    misspelt = [
        term
        for term in dict.fromkeys(terms)
        if term not in vocabulary and len(term) >= _SHORTEST and term.isalpha() and rarity(term) > _RARE
    ]
    if not misspelt:
        return terms
    nearest = {term: _nearest(term, vocabulary) for term in misspelt[:_MOST]}
    return tuple(nearest.get(term, term) for term in terms)


def _nearest(term: str, vocabulary: Words) -> str:
    steps = 2 if len(term) >= _LONG else 1
    # Each step makes a word longer or shorter by one character at most
    words = vocabulary.words(term[0], len(term) - steps, len(term) + steps)
    near = extract(term, words, scorer=OSA.distance, score_cutoff=steps, limit=None)
    spellings = [(steps_away, rarity(word), word) for word, steps_away, _ in near if _is_likelier(word, term)]
    return min(spellings)[2] if spellings else term


def _is_likelier(word: str, term: str) -> bool:
    return rarity(word) < rarity(term) - _COMMONER or rarity(term) == RAREST
