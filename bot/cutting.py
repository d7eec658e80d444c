"""Where a text that is too long is cut: at words.

Discord counts code points (discord-api-docs issue 1315) and other programs count UTF-16 units, which are never
fewer: lengths here are in UTF-16 units, so that a payload keeps the limits by either count.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

MARK = "[…]"
"""What stands where something was left out."""

_WORD = 60
"""Characters within which a word has to end; text without spaces is cut between characters."""


def units(text: str) -> int:
    """Return the length of a text in UTF-16 units."""
    return len(text) + sum(character > "\uffff" for character in text)


def window(text: str, focus: tuple[int, int], budget: int, cost: Callable[[str], int]) -> tuple[int, int]:
    """Return the ends of the widest part of ``text`` around ``focus`` whose ``cost`` is within ``budget``.

    A longer part must not cost less. Where the focus alone costs too much, its beginning is kept.
    """
    start, end = focus
    size = _most(end - start, lambda n: cost(text[start : start + n]) <= budget)
    if size < end - start:
        return start, _word_end(text, start, start + size)
    reach = _most(
        min(max(start, len(text) - end), budget),
        lambda n: cost(text[max(0, start - n) : end + n]) <= budget,
    )
    return _word_start(text, max(0, start - reach), start), _word_end(text, end, min(len(text), end + reach))


def _most(limit: int, fits: Callable[[int], bool]) -> int:
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low


def _word_end(text: str, lowest: int, place: int) -> int:
    """Return the last place up to ``place``, and not before ``lowest``, where a word ends."""
    if place == len(text):
        return place
    end = place
    while end > max(lowest, place - _WORD) and not text[end].isspace():
        end -= 1
    if not text[end].isspace():
        end = place
        while end > lowest and _joined(text, end):
            end -= 1
    while end > lowest and text[end - 1].isspace():
        end -= 1
    return end


def _word_start(text: str, place: int, highest: int) -> int:
    """Return the first place from ``place`` on, and not after ``highest``, where a word starts."""
    if place == 0:
        return place
    start = place
    while start < min(highest, place + _WORD) and not text[start - 1].isspace():
        start += 1
    if not text[start - 1].isspace():
        start = place
        while start < highest and _joined(text, start):
            start += 1
    while start < highest and text[start].isspace():
        start += 1
    return start


def _joined(text: str, place: int) -> bool:
    """Whether the characters on both sides of a place are one to the eye."""
    after = text[place]
    return (
        text[place - 1] == "\u200d"
        or after in "\u200d\ufe0e\ufe0f"
        or unicodedata.combining(after) != 0
        or "\U0001f3fb" <= after <= "\U0001f3ff"
        or (text[place - 1] == "\r" and after == "\n")
    )
