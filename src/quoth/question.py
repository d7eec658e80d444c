"""A question as retrieval and reading see it: its terms, how much each tells, and its vector."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from quoth.encoder import Encoder, Vectors
from quoth.language import TRUSTED, words_alone
from quoth.rarity import rarity
from quoth.spelling import Words, corrected
from quoth.words import terms

_LONG_WORD = re.compile(r"[^\W\d_]{4,}")
_TELLING = 5.0


@dataclass(frozen=True)
class Question:
    """A question: its terms in order, its vector, and how far the encoder knows its language.

    ``trust`` is 1 where the encoder's tokeniser knows the words, and falls to 0 where it spells them out (a model
    made for English gives Persian vectors that tell hardly anything). What the reader knows is another matter.
    """

    text: str
    sequence: tuple[str, ...]
    vector: Vectors
    trust: float

    @cached_property
    def terms(self) -> tuple[str, ...]:
        """The distinct terms, in the order of their first occurrence."""
        return distinct(self.sequence)

    @cached_property
    def rarities(self) -> npt.NDArray[np.float32]:
        """How rare each distinct term is in text at large, shape ``(m,)``."""
        return np.array([rarity(term) for term in self.terms], np.float32)

    @cached_property
    def weights(self) -> dict[str, float]:
        """The rarity of each distinct term."""
        return dict(zip(self.terms, self.rarities.tolist(), strict=True))

    @cached_property
    def told(self) -> float:
        """What the whole question tells: the sum of its rarities, never 0."""
        return max(sum(self.weights.values()), 1e-6)

    @cached_property
    def pairs(self) -> dict[tuple[str, str], float]:
        """Neighbouring terms and their joint rarity, common pairs ("of the") left out."""
        joint = {pair: rarity(pair[0]) + rarity(pair[1]) for pair in pairwise(self.sequence)}
        return {pair: weight for pair, weight in joint.items() if weight > _TELLING}

    def coverage(self, held: Set[str]) -> float:
        """Return the share of what the question tells that these terms hold, 0 to 1."""
        # In the question's order: that of a set of strings differs from one process to the next
        return sum(weight for term, weight in self.weights.items() if term in held) / self.told

    def shared_pairs(self, sequence: Sequence[str]) -> float:
        """Return the share of the question's pairs, by weight, that are neighbours in ``sequence`` too, 0 to 1."""
        if not self.pairs:
            return 0.0
        here = frozenset(pairwise(sequence))
        return sum(weight for pair, weight in self.pairs.items() if pair in here) / sum(self.pairs.values())


def distinct(sequence: Sequence[str]) -> tuple[str, ...]:
    """Return the distinct terms of a sequence, in the order of their first occurrence."""
    return tuple(dict.fromkeys(sequence))


@dataclass(frozen=True, slots=True)
class EmbeddedQuestion:
    """What the encoder makes of a question, its misspelt words read as a library's; see ``Question``.

    ``language_known`` is False where it is written in words that the encoder doesn't know.
    """

    text: str
    vector: Vectors
    trust: float
    language_known: bool

    def in_terms(self) -> Question:
        """Return the question with its terms."""
        return Question(self.text, tuple(terms(self.text)), self.vector, self.trust)


def embed(texts: Sequence[str], encoder: Encoder) -> list[EmbeddedQuestion]:
    """Return what the encoder makes of questions; several at once cost less than one by one."""
    return [
        EmbeddedQuestion(text, vector, trust, trust >= TRUSTED or _is_known(text, encoder))
        for text, vector, trust in zip(texts, encoder.encode_questions(texts), encoder.trust(texts), strict=True)
    ]


def _is_known(text: str, encoder: Encoder) -> bool:
    """Whether a text whose trust is low is in a language that the encoder knows all the same.

    Identifiers and numbers are spelled out in any language, and misspelt words too: one long word that is a piece of
    its own tells of a language that is known. (Beyond ASCII it may be the one piece that stands for what is unknown.)
    """
    words = words_alone(text)
    if not words or encoder.trust([words])[0] >= TRUSTED:
        return True
    special, *counts = encoder.count_tokens(["", *_LONG_WORD.findall(words)])
    return words.isascii() and special + 1 in counts


def understand(texts: Sequence[str], encoder: Encoder, vocabulary: Words) -> list[Question]:
    """Return questions with their terms and vectors; misspelt words are read as those of ``vocabulary``."""
    return [question.in_terms() for question in embed([corrected(text, vocabulary) for text in texts], encoder)]
