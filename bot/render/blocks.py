"""Texts of documents inside a reply: as a block quote, whole or cut at a marked place, or on one line."""

from __future__ import annotations

from bot.cutting import units, window
from bot.escape import MOST_BOLD, plain, quoted, shown

_MARK_BEFORE, _MARK_AFTER = r"*\[…]* ", r" *\[…]*"
"""As markup, in italics: a document's text is never in italics, so that nobody takes the mark for its own."""

_BOLD = 8 * MOST_BOLD
"""Units that bold costs: its asterisks, and what is escaped anew where it begins and ends."""

_BESIDE = units(_MARK_BEFORE + _MARK_AFTER) + _BOLD
"""Units of what stands in a block beside the text that is left of it."""


def one_line(text: str, limit: int) -> str:
    """Return markup that shows a name or title on one line; at most ``limit`` units of it, before escaping."""
    return shown(plain(text, limit))


def block(text: str, focus: tuple[int, int] | None, budget: int) -> tuple[str, bool]:
    """Return a text as a block quote of at most ``budget`` units, and whether it was cut.

    ``focus`` (two offsets) is in bold and, where something has to go, stays.
    """
    whole = quoted(text, focus) if len(text) <= budget else None
    if whole is not None and units(whole) <= budget:
        return whole, False
    start, end = focus or (0, 0)
    low, high = window(text, (start, end), budget - _BESIDE, lambda part: units(quoted(part)))
    inside = (max(start, low) - low, min(end, high) - low) if focus else None
    before = _MARK_BEFORE if low else ""
    after = _MARK_AFTER if high < len(text) else ""
    return quoted(text[low:high], inside, before=before, after=after), bool(before or after)


def surrounded(
    text: str, quote: tuple[int, int], bold: tuple[int, int] | None, budget: int, *below: str
) -> tuple[str, bool]:
    """Return a text of which a ``quote`` (two offsets) is a block quote, and whether it was cut to ``budget`` units.

    ``bold`` (two offsets) lies in the quote; the lines ``below`` stand in small print below it, and are not counted.
    """
    low, high = 0, len(text)
    spare = budget - _BESIDE
    if units(quoted(text)) > spare:
        low, high = window(text, quote, spare, lambda part: units(quoted(part)))
    start, end = max(quote[0], low), min(quote[1], high)
    inside = (max(bold[0], start) - start, min(bold[1], end) - start) if bold else None
    before, after = shown(text[low:start].rstrip()), shown(text[end:high].lstrip())
    first, last = _MARK_BEFORE if low else "", _MARK_AFTER if high < len(text) else ""
    middle = quoted(text[start:end], inside, before="" if before else first, after="" if after else last)
    lines = [first + before if before else "", small(middle, *below), after + last if after else ""]
    return "\n".join(line for line in lines if line), bool(first or last)


def small(block: str, *lines: str) -> str:
    """Return a block quote with lines of markup below its text, in small print.

    They stand inside the block: whether small print may follow a block directly, clients' parsers disagree. Nobody
    takes them for the document's words, whose own small print is escaped.
    """
    return block + "".join(f"\n> -# {line}" for line in lines)
