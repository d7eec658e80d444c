"""Text as Discord markup that displays exactly that text.

Discord reads markup in everything a bot says: a document that holds ``[click](https://evil.example)``, ``@everyone``
or a heading would be formatted, linked or would mention people. ``shown`` puts a backslash before every character
that could begin something, which Discord displays as the character alone. Its own libraries' escapers leave holes,
so this one does not look for constructs, of which Discord adds new ones: it escapes characters.

What can't be seen, or would make other text be seen, is not sent (``visible``): control characters, the marks that
turn the reading direction around (U+202A-202E, U+2066-2069) and tag characters. The joiners that Persian and emoji
are written with stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.cutting import MARK, units, window

_LINE_BREAK = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"  # control characters
    "\u202a-\u202e\u2066-\u2069\u206a-\u206f"  # directional overrides, embeddings and isolates; deprecated marks
    "\ufff9-\ufffb\U000e0000-\U000e007f]"  # annotation marks; tags
)
_HALF = re.compile("[\ud800-\udfff]")

# Every character that begins, ends or separates something anywhere in a line. A colon makes addresses and :emoji:
_ANYWHERE = re.compile(r"[\\*_~|`<>#\[:@]")
# A dash or a plus begins a list item or small print at the start of a line, a number with a full stop a numbered item
_AT_LINE_START = re.compile(r"^([^\S\n]*)([-+])|^([^\S\n]*\d+)([.)])", re.MULTILINE)
# Signs that are text unless U+FE0F follows, and that Discord makes pictures of: ™ would be copied as :tm:
_SIGN = re.compile(
    "([\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf"
    "\u2900-\u297f\u2b00-\u2bff\u3030\u303d\u3297\u3299])(?![\ufe0f\u200d\U0001f3fb-\U0001f3ff])"
)

# What a document written in Markdown marks its own text with, and the bars of its tables
_MARKUP = re.compile(r"\*+|__+|`+|~~+|\|+|^[^\S\n]*#{1,6}(?=[^\S\n])", re.MULTILINE)

MOST_BOLD = 8
"""Stretches of one text that are put in bold, each of which takes room."""


def visible(text: str) -> str:
    """Return what of a text can be seen: every kind of line break as a newline, nothing that is unseen or deceives."""
    return _HALF.sub("\ufffd", _UNSEEN.sub("", _LINE_BREAK.sub("\n", text)))


def shown(text: str) -> str:
    """Return markup that Discord displays as ``visible(text)``, for descriptions, field values and contents.

    Discord removes white space at both ends of such a field; inside, every space and line break is kept.
    """
    escaped = _ANYWHERE.sub(r"\\\g<0>", visible(text))
    escaped = _AT_LINE_START.sub(lambda m: rf"{m[1]}\{m[2]}" if m[2] else rf"{m[3]}\{m[4]}", escaped)
    return _SIGN.sub(r"\\\1", escaped)


def quoted(text: str, bold: tuple[int, int] | None = None, *, before: str = "", after: str = "") -> str:
    """Return markup of a block quote that displays ``visible(text)``, with ``bold`` (two offsets into it) in bold.

    ``before`` and ``after`` are markup of one line that stands inside the block, next to the text.
    """
    return "> " + (before + _inside(text, bold) + after).replace("\n", "\n> ")


def _inside(text: str, bold: tuple[int, int] | None) -> str:
    parts: list[str] = []
    last = 0
    for start, end in _pieces(text, *bold) if bold is not None else ():
        parts += [shown(text[last:start]), "**", shown(text[start:end]), "**"]
        last = end
    return "".join([*parts, shown(text[last:])])


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield what of a span is put in bold: the words between the document's own markup, which is shown as it stands.

    Bold that begins or ends with white space is not bold everywhere, and beside a literal ``**`` it looks broken.
    """
    found = 0
    places = [(m.start(), m.end()) for m in _MARKUP.finditer(text) if m.start() < end and start < m.end()]
    for low, high in zip([start, *(stop for _, stop in places)], [*(begin for begin, _ in places), end], strict=True):
        while low < high and _is_blank(text[low]):
            low += 1
        while low < high and _is_blank(text[high - 1]):
            high -= 1
        if low < high and found < MOST_BOLD:
            found += 1
            yield low, high


def _is_blank(character: str) -> bool:
    # What is unseen is not sent, and white space before it would stand at the end all the same
    return not visible(character).strip()


def plain(text: str, limit: int) -> str:
    """Return a text on one line, of at most ``limit`` UTF-16 units, for places where Discord reads no markup.

    Those are footers, names of authors, labels, and the names of choices. White space is squeezed.
    """
    line = " ".join(visible(text).split())
    if units(line) <= limit:
        return line
    _, end = window(line, (0, 0), limit - len(MARK) - 1, units)
    return f"{line[:end]} {MARK}"
