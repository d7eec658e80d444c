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
    if bold is None:
        return shown(text)
    start, end = bold
    # Bold that begins or ends with white space is not bold everywhere
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    if not visible(text[start:end]).strip():
        return shown(text)
    return f"{shown(text[:start])}**{shown(text[start:end])}**{shown(text[end:])}"


def plain(text: str, limit: int) -> str:
    """Return a text on one line, of at most ``limit`` UTF-16 units, for places where Discord reads no markup.

    Those are footers, names of authors, labels, and the names of choices. White space is squeezed.
    """
    line = " ".join(visible(text).split())
    if units(line) <= limit:
        return line
    _, end = window(line, (0, 0), limit - len(MARK) - 1, units)
    return f"{line[:end]} {MARK}"
