"""The words of a PDF's page and where they stand, from the characters that PDFium finds."""

from __future__ import annotations

import math
import unicodedata
from ctypes import byref, c_double, c_int, create_string_buffer
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
# In parts of a letter's size: a gap that parts two words even where no space is drawn, and one that is no mere kerning
_GAP = 0.3
_BACK = 0.6
_BOLD_WEIGHT = 600
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


def page_words(page: PdfPage) -> list[Word]:
    """Give a page's words in the order in which the file draws them; those outside the visible page are left out.

    ``page`` is pypdfium2's. Takes about 4 µs a character.
    """
    textpage = page.get_textpage()
    try:
        left, bottom, right, top = page.get_bbox()
        return _Gathering(textpage.raw, (left, bottom, right, top)).words()
    finally:
        textpage.close()


def character_count(page: PdfPage) -> int:
    """Count a page's characters, without reading them."""
    textpage = page.get_textpage()
    try:
        return int(textpage.count_chars())
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
        self._letters: list[tuple[float, float, str]] = []
        self._style: _Style | None = None
        self._spaced = True

    def words(self) -> list[Word]:
        pdfium, raw = self._pdfium, self._raw
        box = pdfium.FS_RECTF()
        reference = byref(box)
        unicode_of, box_of = pdfium.FPDFText_GetUnicode, pdfium.FPDFText_GetLooseCharBox
        height: tuple[float, float] | None = None
        high = ""
        for index in range(pdfium.FPDFText_CountChars(raw)):
            code = unicode_of(raw, index)
            if 0xD800 <= code < 0xDC00:
                high = chr(code)
                continue
            text = _readable(code, high)
            high = ""
            if not text or text.isspace():
                self._end_word(spaced=bool(text))
                height = None
                continue
            box_of(raw, index, reference)
            if not self._is_visible(box):
                continue
            # Another height is another font, another size or another line: only then is the dear part asked for
            if self._style is None or height is None or (box.bottom, box.top) != height:
                style = self._style_at(index)
                if style != self._style:
                    self._change_style(style)
                height = (box.bottom, box.top)
            assert self._style is not None
            self._add(text, *_across(box, self._style.angle))
        self._end_word(spaced=True)
        return self._words

    def _is_visible(self, box: FS_RECTF) -> bool:
        left, bottom, right, top = self._bounds
        return bool(box.right >= left and box.left <= right and box.top >= bottom and box.bottom <= top)

    def _style_at(self, index: int) -> _Style:
        pdfium, raw = self._pdfium, self._raw
        x, y = c_double(), c_double()
        pdfium.FPDFText_GetCharOrigin(raw, index, byref(x), byref(y))
        radians = pdfium.FPDFText_GetCharAngle(raw, index)
        angle = -round(math.degrees(radians)) % 360 if radians >= 0 else 0
        matrix = pdfium.FS_MATRIX()
        size = abs(pdfium.FPDFText_GetFontSize(raw, index))
        if pdfium.FPDFText_GetMatrix(raw, index, byref(matrix)):
            size *= math.hypot(matrix.c, matrix.d)
        name = create_string_buffer(_FONT_NAME_BYTES)
        flags = c_int()
        pdfium.FPDFText_GetFontInfo(raw, index, name, _FONT_NAME_BYTES, byref(flags))
        bold = (
            _is_bold_name(name.value)
            or bool(flags.value & _FORCED_BOLD)
            or pdfium.FPDFText_GetFontWeight(raw, index) >= _BOLD_WEIGHT
        )
        fixed = bool(flags.value & _FIXED_PITCH) or b"Mono" in name.value or b"Courier" in name.value
        down = self._down(x.value, y.value, angle)
        return _Style(round(down, 2), round(size, 2) or 1.0, bold, fixed, angle)

    def _down(self, x: float, y: float, angle: int) -> float:
        left, bottom, right, top = self._bounds
        turned = _turned(angle)
        return {0: top - y, 90: x - left, 180: y - bottom, 270: right - x}[turned]

    def _change_style(self, style: _Style) -> None:
        if self._letters:
            before = self._style
            self._end_word(spaced=False)
            if before is not None and (before.angle != style.angle or abs(before.y - style.y) > _BACK * before.size):
                self._spaced = True
        self._style = style

    def _add(self, text: str, left: float, right: float) -> None:
        assert self._style is not None
        if left > right:
            left, right = right, left
        if self._letters:
            before_left, before_right, _ = self._letters[-1]
            size = self._style.size
            gap = left - before_right
            # A script from right to left goes backwards
            back = before_left - right
            if gap > _GAP * size or back > _GAP * size:
                style = self._style
                self._end_word(spaced=True)
                self._style = style
        self._letters.append((left, right, text))

    def _end_word(self, *, spaced: bool) -> None:
        if self._letters and self._style is not None:
            style = self._style
            text = "".join(letter for _, _, letter in self._letters)
            left = min(left for left, _, _ in self._letters)
            right = max(right for _, right, _ in self._letters)
            last = self._words[-1] if self._words else None
            glued = (
                not self._spaced and last is not None and abs(left - last.right) <= _GAP * max(style.size, last.size)
            )
            # Some files draw a word twice, a hair apart, to make it bold
            place = (text, round(left), round(style.y))
            if place not in self._seen:
                self._seen.add(place)
                self._words.append(
                    Word(text, left, right, style.y, style.size, style.bold, style.fixed, style.angle, glued)
                )
            self._spaced = False
        self._letters = []
        self._style = None
        self._spaced = self._spaced or spaced


@lru_cache(4096)
def _readable(code: int, high: str) -> str:
    """Give the text of a character's code, an empty string where it stands for none, a space for what parts words."""
    if 0xDC00 <= code < 0xE000:
        return (high + chr(code)).encode("utf-16", "surrogatepass").decode("utf-16", "replace") if high else ""
    if not 0 < code <= 0x10FFFF:
        return ""
    text = chr(code)
    if text == _LINE_HYPHEN:
        return "-"
    if any(first <= text <= last for first, last in _SHAPED):
        return unicodedata.normalize("NFKC", text)
    return " " if text.isspace() or text == "\u200b" else text


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


def _is_bold_name(name: bytes) -> bool:
    lower = name.lower()
    return any(mark in lower for mark in (b"bold", b"black", b"heavy", b"cmbx", b"sfbx"))
