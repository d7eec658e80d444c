"""Hard negatives: what a retriever ranks high for a question although it doesn't hold the answer."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
import Stemmer
from numpy.typing import NDArray

from quoth.training.units import Unit

_WORD = re.compile(r"\w+")
_STEMMER = Stemmer.Stemmer("english")
K1, B = 1.2, 0.75


@lru_cache(maxsize=200_000)
def _stem(word: str) -> str:
    return str(_STEMMER.stemWord(word))


def terms(text: str) -> list[str]:
    """The stems of the words of ``text``, in order."""
    return [_stem(word) for word in _WORD.findall(text.lower())]


def normalised(text: str) -> str:
    """``text`` lower-cased, punctuation as space, a space on both sides: ``normalised(a) in normalised(b)`` asks for
    whole words."""
    return f" {' '.join(_WORD.findall(unicodedata.normalize('NFKC', text).lower()))} "


class LexicalIndex:
    """BM25 over units (title and text), in memory (Robertson and Zaragoza 2009, with Lucene's non-negative idf)."""

    def __init__(self, units: Sequence[Unit]) -> None:
        lengths = np.zeros(len(units))
        places: dict[str, list[int]] = defaultdict(list)
        counts: dict[str, list[int]] = defaultdict(list)
        for number, unit in enumerate(units):
            found = terms(f"{unit.title} {unit.text}")
            lengths[number] = len(found)
            for term, count in Counter(found).items():
                places[term].append(number)
                counts[term].append(count)
        self.size = len(units)
        mean = float(lengths.mean()) if len(units) else 1.0
        norm = K1 * (1 - B + B * lengths / max(mean, 1e-9))
        self._postings: dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]] = {}
        for term, numbers in places.items():
            at = np.asarray(numbers, dtype=np.int64)
            frequency = np.asarray(counts[term], dtype=np.float64)
            idf = float(np.log(1 + (self.size - len(at) + 0.5) / (len(at) + 0.5)))
            self._postings[term] = at, idf * frequency / (frequency + norm[at])

    def scores(self, query: str) -> NDArray[np.float64]:
        """The score of each unit, shape (units,)."""
        total = np.zeros(self.size)
        for term in set(terms(query)):
            if term in self._postings:
                at, weight = self._postings[term]
                total[at] += weight
        return total

    def ranked(self, query: str, count: int) -> list[int]:
        """The best ``count`` units, best first, those without a common word left out; ties in the units' order."""
        scores = self.scores(query)
        order = np.argsort(-scores, kind="stable")[:count]
        return [int(number) for number in order if scores[number] > 0]

    def holding(self, needed: Iterable[str], others: Sequence[str], share: float) -> list[int]:
        """Units that hold all terms of ``needed`` and at least ``share`` of ``others``."""
        held: NDArray[np.int64] | None = None
        for term in needed:
            at = self._postings[term][0] if term in self._postings else np.zeros(0, dtype=np.int64)
            held = at if held is None else np.intersect1d(held, at, assume_unique=True)
        if held is None or not len(held):
            return []
        counts = np.zeros(self.size)
        for term in set(others):
            if term in self._postings:
                counts[self._postings[term][0]] += 1
        return [int(number) for number in held if counts[number] >= share * len(set(others))]


def hard_negatives(
    index: LexicalIndex,
    units: Sequence[Unit],
    question: str,
    answers: Sequence[str],
    gold: Iterable[int],
    *,
    title: str = "",
    depth: int = 20,
) -> list[int]:
    """Units among the best ``depth`` for ``question`` that are not ``gold`` and hold none of ``answers``.

    Those with the gold document's ``title`` come first, each part best first: they are the ones a library on one
    subject will confuse.
    """
    forbidden = set(gold)
    wanted = [normalised(answer) for answer in answers]
    kept = []
    for number in index.ranked(question, depth + len(forbidden)):
        if number in forbidden:
            continue
        held = normalised(f"{units[number].title} {units[number].text}")
        if not any(answer in held for answer in wanted if answer.strip()):
            kept.append(number)
    same = [number for number in kept if title and units[number].title == title]
    return (same + [number for number in kept if number not in set(same)])[:depth]
