"""Make ``src/quoth/data/english.txt.xz``: common English words, by which misspelt ones are told.

From the ``wordfreq`` package (Robyn Speer, data CC BY-SA 4.0; needed only to run this):
    pip install wordfreq && python tools/build_english.py
"""

from __future__ import annotations

import lzma
import re
from itertools import islice
from pathlib import Path

import wordfreq

WORDS = 60_000
TARGET = Path(__file__).parent.parent / "src" / "quoth" / "data" / "english.txt.xz"


def main() -> None:
    """Write the words, in the order of the alphabet."""
    listed = (word for word in wordfreq.get_frequency_dict("en") if re.fullmatch(r"[a-z]{3,}", word))
    words = sorted(islice(listed, WORDS))
    TARGET.write_bytes(lzma.compress("\n".join(words).encode("ascii"), preset=9))
    print(f"{len(words)} words, {TARGET.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
