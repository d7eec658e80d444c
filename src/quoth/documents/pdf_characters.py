"""The words of a PDF's page and where they stand, from the characters that PDFium finds."""

from __future__ import annotations

import math
import unicodedata
from ctypes import addressof, byref, c_double, c_int, create_string_buffer
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pypdfium2 import PdfPage
    from pypdfium2.raw import FPDF_TEXTPAGE, FS_RECTF

# Letters that fonts draw as one, and the shapes that Arabic and Hebrew letters take beside each other
_SHAPED = (("\ufb00", "\ufdff"), ("\ufe70", "\ufefc"))
# What PDFium gives for a hyphen at the end of a line
_LINE_HYPHEN = "\x02"
# Where TeX's fonts have these, and old files name no letters. PDFium itself writes no such control characters
_TEX_LIGATURES = {"\x0b": "ff", "\x0c": "fi", "\x0e": "ffi", "\x0f": "ffl"}
# Marks of lists as the fonts Symbol and Wingdings number them
_SYMBOLS = {"\uf0b7": "•", "\uf0a7": "▪", "\uf0d8": "➢", "\uf0fc": "✓", "\uf076": "❖", "\uf06f": "□", "\uf0e0": "→"}
# In parts of a letter's size: a gap that parts two words even where no space is drawn, and one that is no mere kerning
_GAP = 0.3
_BACK = 0.6
_BOLD_WEIGHT = 600
# A size of the font below this part of what its letters take up is none in points
_SMALLEST = 0.2
_NOT_BOLD = tuple(b"roman regular book light medium italic oblique helvetica courier cmr".split())
_FIXED_PITCH = 1
_FORCED_BOLD = 1 << 18
_FONT_NAME_BYTES = 200


@dataclass(frozen=True, slots=True)
class Word:
    """Letters that stand together in one style.

    ``left``, ``right`` and ``y`` are points, from the page's left and top as this word is read: a word that is
    written upwards has its own left and top, and ``angle`` (degrees counter-clockwise) tells it from the others.
    ``y`` is that of the line the letters stand on. A ``glued`` word follows the one before it without a space.
    """

    text: str
    left: float
    right: float
    y: float
    size: float
    bold: bool = False
    fixed: bool = False
    angle: int = 0
    glued: bool = False


@dataclass(frozen=True, slots=True)
class _Style:
    y: float
    size: float
    bold: bool
    fixed: bool
    angle: int


def page_words(page: PdfPage, most: int) -> tuple[list[Word], int]:
    """Give a page's words in the order in which the file draws them, and the number of its characters.

    Words outside the visible page are left out. Of a page with more than ``most`` characters none are given. Takes
    about 5 µs a character.
    """
    textpage = page.get_textpage()
    try:
        count = textpage.count_chars()
        if count > most:
            return [], count
        left, bottom, right, top = page.get_bbox()
        return _Gathering(textpage.raw, (left, bottom, right, top)).words(count), count
    finally:
        textpage.close()


class _Gathering:
    """Walks over a page's characters and gathers them into words."""

    def __init__(self, raw: FPDF_TEXTPAGE, bounds: tuple[float, float, float, float]) -> None:
        import pypdfium2.raw as pdfium

        self._pdfium = pdfium
        self._raw = raw
        self._bounds = bounds
        self._words: list[Word] = []
        self._seen: set[tuple[str, int, int]] = set()
        self._letters: list[str] = []
        self._left = self._right = self._last_left = self._last_right = 0.0
        self._style: _Style | None = None
        self._object = 0
        self._spaced = True
        self._drawn_sizes: dict[float, float] = {}
        # What PDFium writes to, over and over
        self._x, self._y = c_double(), c_double()
        self._flags = c_int()
        self._font_name = create_string_buffer(_FONT_NAME_BYTES)

    def words(self, count: int) -> list[Word]:
        pdfium, raw = self._pdfium, self._raw
        page_left, page_bottom, page_right, page_top = self._bounds
        box = pdfium.FS_RECTF()
        reference = byref(box)
        unicode_of, box_of = pdfium.FPDFText_GetUnicode, pdfium.FPDFText_GetLooseCharBox
        bottom = top = 0.0
        high = ""
        for index in range(count):
            code = unicode_of(raw, index)
            if 0xD800 <= code < 0xDC00:
                high = chr(code)
                continue
            text = _readable(code, high)
            high = ""
            if not text or text == " ":
                self._end_word(spaced=bool(text))
                continue
            box_of(raw, index, reference)
            left, right = box.left, box.right
            if right < page_left or left > page_right or box.top < page_bottom or box.bottom > page_top:
                continue
            # Within a word another height may be another size or another line
            if not self._letters or box.bottom != bottom or box.top != top:
                self._set_style(index, max(box.top - box.bottom, right - left))
                bottom, top = box.bottom, box.top
            assert self._style is not None
            if self._style.angle:
                left, right = _across(box, self._style.angle)
            self._add(text, left, right)
        self._end_word(spaced=True)
        return self._words

    def _set_style(self, index: int, extent: float) -> None:
        """Take the style of a character: that of the one before it where both are of one object of the page."""
        drawn = addressof(self._pdfium.FPDFText_GetTextObject(self._raw, index).contents)
        if drawn == self._object and self._style is not None:
            return
        style = self._style_at(index, extent)
        before = self._style
        if self._letters and before is not None and style != before:
            self._end_word(spaced=before.angle != style.angle or abs(before.y - style.y) > _BACK * before.size)
        self._style, self._object = style, drawn

    def _style_at(self, index: int, extent: float) -> _Style:
        pdfium, raw = self._pdfium, self._raw
        pdfium.FPDFText_GetCharOrigin(raw, index, byref(self._x), byref(self._y))
        radians = pdfium.FPDFText_GetCharAngle(raw, index)
        angle = -round(math.degrees(radians)) % 360 if radians >= 0 else 0
        matrix = pdfium.FS_MATRIX()
        size = abs(pdfium.FPDFText_GetFontSize(raw, index))
        if pdfium.FPDFText_GetMatrix(raw, index, byref(matrix)):
            size *= math.hypot(matrix.c, matrix.d)
        if not _SMALLEST * extent < size < extent / _SMALLEST:
            # A font may draw its letters in any unit of its own; those of one font share the first one's height
            size = self._drawn_sizes.setdefault(size, extent)
        name, flags = self._font_name, self._flags
        pdfium.FPDFText_GetFontInfo(raw, index, name, _FONT_NAME_BYTES, byref(flags))
        bold, fixed = _font_style(name.value, flags.value, pdfium.FPDFText_GetFontWeight(raw, index))
        down = self._down(self._x.value, self._y.value, angle)
        return _Style(round(down, 2), round(size, 2) or 1.0, bold, fixed, angle)

    def _down(self, x: float, y: float, angle: int) -> float:
        left, bottom, right, top = self._bounds
        turned = _turned(angle)
        return {0: top - y, 90: x - left, 180: y - bottom, 270: right - x}[turned]

    def _add(self, text: str, left: float, right: float) -> None:
        assert self._style is not None
        if left > right:
            left, right = right, left
        if self._letters:
            gap = _GAP * self._style.size
            # A script from right to left goes backwards
            if left - self._last_right > gap or self._last_left - right > gap:
                self._end_word(spaced=True)
        if not self._letters:
            self._left, self._right = left, right
        elif left < self._left:
            self._left = left
        if right > self._right:
            self._right = right
        self._last_left, self._last_right = left, right
        self._letters.append(text)

    def _end_word(self, *, spaced: bool) -> None:
        if self._letters and self._style is not None:
            style = self._style
            text = "".join(self._letters)
            last = self._words[-1] if self._words else None
            near = last is not None and abs(self._left - last.right) <= _GAP * max(style.size, last.size)
            # Some files draw a word twice, a hair apart, to make it bold
            place = (text, round(self._left), round(style.y))
            if place not in self._seen:
                self._seen.add(place)
                self._words.append(
                    Word(
                        text,
                        self._left,
                        self._right,
                        style.y,
                        style.size,
                        style.bold,
                        style.fixed,
                        style.angle,
                        near and not self._spaced,
                    )
                )
            self._spaced = False
            self._letters = []
        self._spaced = self._spaced or spaced


@lru_cache(4096)
def _readable(code: int, high: str) -> str:
    """Give the text of a character's code, an empty string where it stands for none, a space for what parts words."""
    if 0xDC00 <= code < 0xE000:
        return (high + chr(code)).encode("utf-16", "surrogatepass").decode("utf-16", "replace") if high else ""
    if not 0 < code <= 0x10FFFF:
        return ""
    text = chr(code)
    if text in _TEX_LIGATURES:
        return _TEX_LIGATURES[text]
    if text == _LINE_HYPHEN:
        return "-"
    if any(first <= text <= last for first, last in _SHAPED):
        return unicodedata.normalize("NFKC", text)
    return " " if text.isspace() or text == "\u200b" else _SYMBOLS.get(text, text)


def _turned(angle: int) -> int:
    """The quarter turn nearest to an angle."""
    return round(angle / 90) * 90 % 360


def _across(box: FS_RECTF, angle: int) -> tuple[float, float]:
    """Where a character begins and ends along its line."""
    turned = _turned(angle)
    if turned == 0:
        return box.left, box.right
    if turned == 90:
        return box.bottom, box.top
    return (-box.right, -box.left) if turned == 180 else (-box.top, -box.bottom)


@lru_cache(1024)
def _font_style(name: bytes, flags: int, weight: int) -> tuple[bool, bool]:
    """Tell by a font's name, flags and weight whether it is bold, and whether all its letters have one width.

    The weight counts where the name tells nothing: PDFium derives it from measures that few programs write with care.
    """
    lower = name.lower()
    bold = any(mark in lower for mark in (b"bold", b"black", b"heavy", b"cmbx", b"sfbx"))
    if not bold and not any(mark in lower for mark in _NOT_BOLD):
        bold = bool(flags & _FORCED_BOLD) or weight >= _BOLD_WEIGHT
    fixed = bool(flags & _FIXED_PITCH) or any(mark in lower for mark in (b"mono", b"courier", b"cmtt", b"typewriter"))
    return bold, fixed
