"""English words, the commonest sixty thousand: whether a word is one, and which ones are about like it."""

from __future__ import annotations

import lzma
from collections import defaultdict
from functools import cache
from importlib import resources


def is_english(word: str) -> bool:
    """Whether a word, in lower case, is a common English one."""
    return word in _listed().get((word[:1], len(word)), ())


def like(word: str, steps: int) -> list[str]:
    """Return the words that begin like this one and are at most ``steps`` characters longer or shorter."""
    listed = _listed()
    return [
        other
        for length in range(len(word) - steps, len(word) + steps + 1)
        for other in listed.get((word[:1], length), ())
    ]


@cache
def _listed() -> dict[tuple[str, int], dict[str, None]]:
    """Return the words by first letter and length. See ``tools/build_english.py``."""
    packed = resources.files("quoth").joinpath("data", "english.txt.xz").read_bytes()
    found: dict[tuple[str, int], dict[str, None]] = defaultdict(dict)
    for word in lzma.decompress(packed).decode("ascii").split():
        found[word[0], len(word)][word] = None
    return dict(found)
