"""Damage to what lies on the disk."""

from __future__ import annotations

import random


def damaged(data: bytes, seed: int) -> bytes:
    """Return what a file holds cut short at some place or, two times of three, with a bit flipped there."""
    chance = random.Random(seed)
    place = chance.randrange(len(data))
    if seed % 3 == 0:
        return data[:place]
    return data[:place] + bytes([data[place] ^ 1 << chance.randrange(8)]) + data[place + 1 :]
