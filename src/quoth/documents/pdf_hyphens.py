"""Lines of running text joined: hyphens at their ends, and scripts that write without spaces."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

_SOFT = "\u00ad"
HYPHENS = "-\u2010\u00ad"
_WORD = re.compile(r"[^\W\d_]+(?:[-\u2010][^\W\d_]+)*")
_LAST_PART = re.compile(r"[^\W\d_]+(?:[-\u2010][^\W\d_]+)*[-\u2010]$")
_FIRST_PART = re.compile(r"[^\W\d_]+(?:[-\u2010][^\W\d_]+)*")
# A part this short ("to", "of") is a word by itself in any text and says nothing about a compound
_TELLING = 3


class Hyphens:
    """Knows a document's words, and joins its lines by what they tell of a hyphen at a line's end.

    The hyphen goes where the word goes on in small letters, unless the document elsewhere writes the word with
    it, or writes both its parts as words of their own and never the two as one.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self._words: Counter[str] = Counter()
        for line in lines:
            found = _WORD.findall(line.lower())
            # The first and the last word may be parts of words
            self._words.update(found[1:-1] if len(found) > 2 else ())

    def join(self, lines: Iterable[str]) -> str:
        """Make one text of lines that follow each other."""
        parts: list[str] = []
        for line in filter(None, (line.strip() for line in lines)):
            if parts:
                parts[-1], between = self._between(parts[-1], line)
                parts.append(between)
            parts.append(line)
        return "".join(parts).replace(_SOFT, "")

    def _between(self, before: str, after: str) -> tuple[str, str]:
        """Give a line as it stands before another one, and what stands between the two."""
        last, first = before[-1], after[0]
        if last == _SOFT:
            return before[:-1], ""
        if last in HYPHENS and len(before) > 1 and before[-2].isalnum():
            return (before[:-1] if self._is_division(before, after) else before), ""
        if (last in "\u2014\u2013/" and len(before) > 1 and not before[-2].isspace()) or _is_unspaced(last, first):
            return before, ""
        return before, " "

    def _is_division(self, before: str, after: str) -> bool:
        one, other = _LAST_PART.search(before[-80:]), _FIRST_PART.match(after[:80])
        if one is None or other is None or not after[0].islower():
            return False
        start, end = one[0][:-1].lower(), other[0].lower()
        whole, compound = start + end, f"{start}-{end}"
        if self._words[compound] != self._words[whole]:
            return self._words[whole] > self._words[compound]
        parts = start.rsplit("-", 1)[-1], end
        return not all(len(part) >= _TELLING and self._words[part] for part in parts)


def _is_unspaced(last: str, first: str) -> bool:
    """Whether two letters are of a script that puts no space between words: Chinese, Japanese."""
    return _is_wide(last) and _is_wide(first)


def _is_wide(letter: str) -> bool:
    # Korean is wide too but has spaces
    return unicodedata.east_asian_width(letter) in "WF" and not "\uac00" <= letter <= "\ud7a3"
