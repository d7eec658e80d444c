"""Numbers in texts, the same however they are written: 1,240 and 1240, ۱۲۴۰ and 1240."""

from __future__ import annotations

import re
from unicodedata import decimal

_NUMBER = re.compile(r"(?<![^\W\d_])\d+(?:[.,’'\u00a0\u202f\u066b\u066c]\d+)*")
_SHORTEST = 2
"""Digits of a number that tells something: "3 reasons" are counted, not named."""


def figures(text: str) -> dict[str, str]:
    """Return the numbers of two digits and more in a text: their digits alone, and how each is written first."""
    found: dict[str, str] = {}
    for number in _NUMBER.findall(text):
        digits = "".join(str(decimal(one)) for one in number if one.isdecimal())
        if len(digits) >= _SHORTEST:
            found.setdefault(digits, number)
    return found
