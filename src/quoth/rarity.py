"""How rare a term is in text at large.

In a library of twenty passages document frequencies say little: "the" may be as rare as a name. The table that
ships with Quoth (see ``tools/build_rarity.py``) tells them apart whatever the library holds.
"""

from __future__ import annotations

import zlib
from functools import cache, lru_cache
from importlib import resources

import numpy as np
import numpy.typing as npt

RAREST = 10.0
"""The greatest rarity, that of a term which is not in the table, too.

Rarer terms tell no more: with more, one odd name outweighed all else that a question says.
"""

CONTENT = 2.7
"""The rarity above which a term tells something of what a text is about; "the", "who" and the like are below."""

_STEPS_PER_UNIT = 16.0


@cache
def _table() -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint8]]:
    with resources.files("quoth").joinpath("data", "rarity.npz").open("rb") as file, np.load(file) as table:
        return table["hashes"], table["rarity"]


@lru_cache(maxsize=1 << 16)
def rarity(term: str) -> float:
    """Return minus the logarithm of the share of 80-word passages that hold ``term``.

    About 0 for "the", 3 for "police", 8 and more for most names; numbers count by their length in digits, since
    a table of them would only hold round ones.
    """
    if term.isdecimal():
        return min(3.0 + 1.5 * len(term), 9.0)
    hashes, rarities = _table()
    wanted = np.uint32(zlib.crc32(term.encode("utf-8", "surrogatepass")))
    place = int(np.searchsorted(hashes, wanted))
    if place < len(hashes) and hashes[place] == wanted:
        return min(float(rarities[place]) / _STEPS_PER_UNIT, RAREST)
    return RAREST
