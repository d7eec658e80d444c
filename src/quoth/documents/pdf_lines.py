"""The lines of a PDF's page, put together of its words."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

from quoth.documents.pdf_characters import Word

# In parts of a letter's size: how far words of one line may stand apart, one drawn after the other or not, and
# how far above or below the line a raised or lowered one
_APART = 1.0
_APART_ANYHOW = 0.8
_RAISED = 0.45
_SAME_ROW = 0.3
_BOLD_SHARE = 0.8
_SMALLER = 0.85
_ABOVE = 0.15
_NUMBER = re.compile(r"[-+\u2212]?[0-9]{1,4}")
_SUPERSCRIPTS = str.maketrans("0123456789+-\u2212", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻")
_MIRRORED = str.maketrans("()[]{}«»<>", ")(][}{»«><")
_CLOSING = frozenset(")]}»")
_OPENING = frozenset("([{«")


@dataclass(frozen=True, slots=True)
class Line:
    """Words of a page that stand on one line, with no wide gap between them.

    ``left``, ``right`` and ``y`` are points, as those of a word; ``order`` counts the lines as the file draws them.
    """

    text: str
    left: float
    right: float
    y: float
    size: float
    bold: bool
    fixed: bool
    angle: int
    order: int
    first_width: float
    """How wide the first word is: where it would have fitted on the line before, that one was ended on purpose."""
    rtl: bool = False

    @property
    def width(self) -> float:
        """Points from the first letter to the last."""
        return self.right - self.left


def page_lines(words: Iterable[Word]) -> list[Line]:
    """Put words together to lines, in the order in which the file draws them."""
    groups: list[list[Word]] = []
    for word in words:
        if groups and _continues(groups[-1], word):
            groups[-1].append(word)
        else:
            groups.append([word])
    lines = [_line(group, order) for order, group in enumerate(_on_one_row(groups))]
    return [line for line in lines if line.text]


def _continues(group: list[Word], word: Word) -> bool:
    last = group[-1]
    base = _base(group)
    size = max(last.size, word.size, base.size)
    if word.angle != last.angle or abs(word.y - base.y) > _RAISED * size:
        return False
    # Two words that overlap are not neighbours, in whichever direction they are read
    gap = max(word.left - last.right, last.left - word.right)
    return -0.5 * size <= gap <= _APART * size


def _base(group: list[Word]) -> Word:
    """The first word that is not raised or lowered: the largest, where they differ."""
    return max(group, key=lambda word: word.size) if len(group) < 4 else group[-1] if _even(group) else group[0]


def _even(group: list[Word]) -> bool:
    return group[-1].size >= group[0].size


def _on_one_row(groups: list[list[Word]]) -> list[list[Word]]:
    """Join groups that stand on one row close to each other although the file draws others between them."""
    rows: dict[tuple[int, int], list[int]] = defaultdict(list)
    for index, group in enumerate(groups):
        rows[group[0].angle, round(group[0].y)].append(index)
    into = list(range(len(groups)))
    for angle, y in rows:
        near = sorted(
            (index for beside in (y, y + 1) for index in rows.get((angle, beside), ())),
            key=lambda index: min(word.left for word in groups[index]),
        )
        for before, after in pairwise(near):
            one, other = groups[before], groups[after]
            size = max(one[0].size, other[0].size)
            gap = min(word.left for word in other) - max(word.right for word in one)
            if abs(one[0].y - other[0].y) <= _SAME_ROW * size and -0.3 * size <= gap <= _APART_ANYHOW * size:
                into[_root(into, max(before, after))] = _root(into, min(before, after))
    joined: dict[int, list[Word]] = {}
    mixed: set[int] = set()
    for index, group in enumerate(groups):
        root = _root(into, index)
        if root in joined:
            joined[root] += (replace(word, glued=False) for word in group)
            mixed.add(root)
        else:
            joined[root] = group
    return [sorted(group, key=_left) if root in mixed else group for root, group in joined.items()]


def _left(word: Word) -> float:
    return word.left


def _root(into: list[int], index: int) -> int:
    while into[index] != index:
        into[index] = into[into[index]]
        index = into[index]
    return index


def _line(words: list[Word], order: int) -> Line:
    sizes: Counter[float] = Counter()
    bold = fixed = letters = 0
    rtl = 0
    for word in words:
        count = len(word.text)
        letters += count
        sizes[round(word.size, 1)] += count
        bold += count * word.bold
        fixed += count * word.fixed
        rtl += _direction(word.text)
    size = max(sizes, key=lambda size: (sizes[size], size))
    base = next((word for word in words if round(word.size, 1) == size), words[0])
    if rtl > 0:
        words = _right_to_left(words)
    text = _joined([_raised(word, base) for word in words])
    return Line(
        _unmirrored(text) if rtl > 0 else text,
        min(word.left for word in words),
        max(word.right for word in words),
        base.y,
        size,
        bold >= _BOLD_SHARE * letters,
        fixed >= _BOLD_SHARE * letters,
        words[0].angle,
        order,
        words[0].right - words[0].left,
        rtl > 0,
    )


def _raised(word: Word, base: Word) -> Word:
    """Write a small number above the line, a power or a note's, which else would be digits of what it follows."""
    if word.size > _SMALLER * base.size or not _ABOVE * base.size <= base.y - word.y <= base.size:
        return word
    return replace(word, text=word.text.translate(_SUPERSCRIPTS)) if _NUMBER.fullmatch(word.text) else word


def _joined(words: list[Word]) -> str:
    parts: list[str] = []
    for word in words:
        if parts and not word.glued:
            parts.append(" ")
        parts.append(word.text)
    return unicodedata.normalize("NFC", "".join(parts)).strip()


def _unmirrored(text: str) -> str:
    """Turn the brackets of a text from right to left where the file names them by their shape."""
    first = next((letter for letter in text if letter in _CLOSING or letter in _OPENING), "")
    return text.translate(_MIRRORED) if first in _CLOSING else text


def _direction(text: str) -> int:
    """How many more letters of a text run from right to left than from left to right."""
    if text.isascii():
        return -sum(map(str.isalpha, text))
    kinds = [unicodedata.bidirectional(letter) for letter in text]
    return sum(kind in ("R", "AL") for kind in kinds) - kinds.count("L")


def _right_to_left(words: list[Word]) -> list[Word]:
    """Bring the words of a line that runs from right to left into the order in which they are read."""
    ordered: list[Word] = []
    other_way: list[Word] = []
    for word in sorted(words, key=lambda word: -word.right):
        if _direction(word.text) < 0:
            # A phrase in Latin letters keeps its own direction
            other_way.append(word)
            continue
        ordered += reversed(other_way)
        other_way = []
        ordered.append(word)
    return [replace(word, glued=False) for word in (*ordered, *reversed(other_way))]
