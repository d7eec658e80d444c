"""Quotes that say the same of a thing but for a figure or a name: two sources, or two versions, that disagree."""

from __future__ import annotations

import re
from dataclasses import dataclass

from quoth.words import terms

_SAME = 0.75  # share of their other terms that two texts have in common where they speak of the same thing
_FEWEST = 4  # of those terms: "In 2012: 500" and "In 2013: 700" speak of nothing that could be compared

OTHERWISE = 0.65
"""Confidence, were it alone, from which a source that gives another answer is told to disagree."""

_NAME = re.compile(r"(?<=[\w,;:)%] )[^\W\d_a-z][\w’'-]*")
_FIGURE = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Said:
    """The distinct terms of a text, and those of its figures and names, which can't be said in other words."""

    terms: frozenset[str]
    particulars: frozenset[str]

    @classmethod
    def of(cls, text: str) -> Said:
        """Return what a text says."""
        said = frozenset(terms(text))
        named = {term for name in _NAME.findall(text) for term in terms(name)}
        return cls(said, frozenset(term for term in said if term in named or _FIGURE.search(term)))

    def differs(self, other: Said) -> bool:
        """Return whether each of two texts has a figure or name that the other lacks."""
        return bool(self.particulars - other.terms) and bool(other.particulars - self.terms)

    def disagrees(self, other: Said) -> bool:
        """Return whether two texts say nearly the same, but each with a figure or name that the other lacks."""
        ours, theirs = self.terms - self.particulars, other.terms - other.particulars
        return len(ours & theirs) >= max(_FEWEST, _SAME * len(ours | theirs)) and self.differs(other)


def answers_otherwise(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether two answers, each given with the text that it is marked in, are different ones.

    They aren't where one is part of the other, or stands in the other's text too: then both sources name both.
    """
    (ours, here), (theirs, there) = (tuple(map(frozenset, map(terms, given))) for given in (one, other))
    return bool(ours) and bool(theirs) and not ours <= there and not theirs <= here and not ours <= theirs
