"""Make ``src/quoth/data/rarity.npz``: how rare a term is in text at large, for any library however small.

Word frequencies come from the ``wordfreq`` package (Robyn Speer, data CC BY-SA 4.0; needed only to run this):
    pip install wordfreq && python tools/build_rarity.py
A term's frequency is the sum over the words that Quoth's tokenisation folds into it.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from itertools import islice
from pathlib import Path

import numpy as np
import wordfreq

from quoth.words import terms

WORDS = {"en": 250_000, "fa": 60_000, "ar": 40_000}
OTHERS = (
    "de",
    "es",
    "fr",
    "it",
    "nl",
    "pt",
    "pl",
    "sv",
    "tr",
    "ru",
    "uk",
    "el",
    "he",
    "hi",
    "bn",
    "ur",
    "zh",
    "ja",
    "ko",
    "id",
    "cs",
    "fi",
)
OTHER_WORDS = 15_000
OTHER_LATIN_WEIGHT = 0.2  # an English library is the likelier one: "die" stays an English word
PASSAGE_WORDS = 80
TARGET = Path(__file__).parent.parent / "src" / "quoth" / "data" / "rarity.npz"


def frequencies(language: str, count: int) -> dict[str, float]:
    """Return the share of running words of ``language`` that each term has."""
    shares: dict[str, float] = defaultdict(float)
    listed = wordfreq.get_frequency_dict(language)
    for word, share in islice(listed.items(), count):
        for term in set(terms(word)):
            shares[term] += share
    return shares


def main() -> None:
    """Write the table."""
    shares = frequencies("en", WORDS["en"])
    for language in (*("fa", "ar"), *OTHERS):
        for term, share in frequencies(language, WORDS.get(language, OTHER_WORDS)).items():
            weight = OTHER_LATIN_WEIGHT if term.isascii() and term.isalpha() else 1.0
            shares[term] = max(shares.get(term, 0.0), weight * share)
    hashes = np.array([zlib.crc32(term.encode()) for term in shares], dtype=np.uint32)
    in_passage = -np.expm1(PASSAGE_WORDS * np.log1p(-np.minimum(np.fromiter(shares.values(), float), 0.5)))
    rarity = -np.log(in_passage)
    order = np.lexsort((rarity, hashes))
    first = np.unique(hashes[order], return_index=True)[1]
    kept = order[first]
    scaled = np.clip(np.round(rarity[kept] * 16), 0, 255).astype(np.uint8)
    np.savez_compressed(TARGET, hashes=hashes[kept], rarity=scaled)
    print(f"{len(kept)} terms, rarest {rarity.max():.1f}, {TARGET.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
