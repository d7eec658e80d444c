"""Quotes that say the same of a thing but for a figure or a name: two sources, or two versions, that disagree."""

from __future__ import annotations

import re

from quoth.words import terms

_SAME = 0.75  # share of their other terms that two texts have in common where they speak of the same thing
_FEWEST = 4  # of those terms: "In 2012: 500" and "In 2013: 700" speak of nothing that could be compared

_NAME = re.compile(r"(?<=[\w,;:)%] )[^\W\d_a-z][\w’'-]*")
_FIGURE = re.compile(r"\d")


def particulars(text: str) -> frozenset[str]:
    """Return the terms of the figures and names in a text: what can't be said in other words."""
    named = {term for name in _NAME.findall(text) for term in terms(name)}
    return frozenset(term for term in terms(text) if term in named or _FIGURE.search(term))


def differ(one: str, other: str) -> bool:
    """Return whether each of two texts has a figure or name that the other lacks."""
    return bool(particulars(one) - frozenset(terms(other))) and bool(particulars(other) - frozenset(terms(one)))


def disagree(one: str, other: str) -> bool:
    """Return whether two texts say nearly the same, but each with a figure or name that the other lacks."""
    words, others = (frozenset(terms(text)) - particulars(text) for text in (one, other))
    shared = len(words & others)
    return shared >= max(_FEWEST, _SAME * len(words | others)) and differ(one, other)
