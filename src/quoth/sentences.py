"""Sentences, as spans of a text.

The boundaries are sentencex's (Wikimedia; rules and abbreviations for many languages). Around it stands a thin
layer: line breaks that a person made are boundaries, a margin's are not; code is parted by lines only; long lines
are read in windows; and a few kinds of boundary that sentencex is known to get wrong are mended. `docs/sentences.md`
has the comparison with other libraries and what each mending is for.
"""

from __future__ import annotations

import re

from sentencex import get_sentence_boundaries  # type: ignore[import-untyped]

from quoth.documents.lines import Span, blocks, is_code, logical_lines

# sentencex takes quadratic time on a few inputs (many unclosed quotes), so that it never sees more at once.
WINDOW = 2000
# A window without any boundary is left behind up to this distance from its end.
OVERLAP = 200

_SCRIPTS = (
    ("fa", re.compile("[پچژگکی]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("ru", re.compile("[\u0400-\u04ff]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("hi", re.compile("[\u0900-\u097f]")),
    ("hy", re.compile("[\u0530-\u058f]")),
    ("am", re.compile("[\u1200-\u137f]")),
    ("my", re.compile("[\u1000-\u109f]")),
)
_LATIN = re.compile("[A-Za-z]")
_MARKER = re.compile(r"(?:\(?\w{1,3}[.)]|[-*+•·–—▪●○◦])")
_OPENING = "“‘«([{「『（《"
# Abbreviations that stand before a number or a name and never end a sentence there.
_BEFORE_NUMBER = re.compile(
    r"\b(?:vol|eq|eqs|sec|ch|app|ver|tab|par|para|art|approx|ca|op|pp|nos?|figs?|refs?)\.\s*$", re.IGNORECASE
)
_NEVER_LAST = re.compile(r"\b(?:vs|viz|cf|e\.g|i\.e)\.\s*$", re.IGNORECASE)
_GLUED = re.compile(r"(?:[^\W\d_]{2,}|\d|[)\]”’\"'])[.!?]+[”’\"')\]]*")
_NEXT_WORD = re.compile(r"[“‘\"'(\[]*[^\W\d_a-zß-ÿ](?:[^\W\d_]*[a-zà-ÿ]|[\s,]|$)")


def sentences(text: str, start: int = 0, end: int | None = None) -> list[Span]:
    """Part ``text[start:end]`` into sentences: ``(start, end)`` code point offsets into ``text``, in order.

    The spans don't overlap, neither begin nor end with white space, and leave out nothing but white space. Time is
    linear in the length.
    """
    end = len(text) if end is None else end
    spans: list[Span] = []
    position = start
    for block in blocks(text, start, end):
        # A rule between two blocks belongs to no line; it is kept as a sentence of its own.
        spans += _trimmed(text, position, block[0][0])
        code = len(block) > 1 and is_code(text[block[0][0] : block[-1][1]])
        for line in logical_lines(text, block):
            first, last = line[0][0], line[-1][1]
            if code:
                spans += _trimmed(text, first, last)
            else:
                spans += _line_sentences(text, first, last)
        position = block[-1][1]
    return spans + _trimmed(text, position, end)


def _trimmed(text: str, start: int, end: int) -> list[Span]:
    content = text[start:end]
    stripped = content.strip()
    if not stripped:
        return []
    start += len(content) - len(content.lstrip())
    return [(start, start + len(stripped))]


def _line_sentences(text: str, start: int, end: int) -> list[Span]:
    """Part one logical line, window by window."""
    language = _language(text[start : min(end, start + WINDOW)])
    cuts: list[int] = []
    position = start
    while position < end:
        stop = min(end, position + WINDOW)
        found = _cuts(text, position, stop, language)
        if stop == end:
            cuts += found
            break
        # The last boundary may only look like one, for want of what follows the window.
        found = [cut for cut in found if cut < stop - OVERLAP]
        cuts += found
        position = found[-1] if found else _resume(text, position, stop)
    return _spans(text, start, end, cuts)


def _resume(text: str, position: int, stop: int) -> int:
    for place in range(stop - OVERLAP, stop - 2 * OVERLAP, -1):
        if place <= position:
            break
        if text[place].isspace():
            return place
    return max(position + 1, stop - OVERLAP)


def _cuts(text: str, start: int, stop: int, language: str) -> list[int]:
    """Where sentences begin inside ``text[start:stop]``, by sentencex and after mending; ``start`` left out."""
    window = text[start:stop]
    cuts: list[int] = []
    for boundary in get_sentence_boundaries(language, window)[1:]:
        cut = int(boundary["start_index"])
        while cut and window[cut - 1] in _OPENING:
            cut -= 1
        if cut and _is_boundary(window, cut):
            cuts.append(start + cut)
    return cuts


def _is_boundary(window: str, cut: int) -> bool:
    before, after = window[max(0, cut - 60) : cut], window[cut : cut + 60]
    if _NEVER_LAST.search(before[-8:]):
        return False
    if after[:1].isdigit() and _BEFORE_NUMBER.search(before[-12:]):
        return False
    if before[-1].isspace() or after[:1].isspace() or before[-1] not in ".!?”’\"')]":
        return True
    return _parts_glued(before, after)


def _parts_glued(before: str, after: str) -> bool:
    """Whether a full stop without a space behind it ends a sentence ("Reports.The"), not part of a name ("Node.js")."""
    head = re.split(r"\s", before)[-1]
    token = head + re.split(r"\s", after, maxsplit=1)[0]
    if any(sign in token for sign in ("://", "@", "_", "/", "()", "www.", "![", "\\", "=")):
        return False
    body = head.rstrip(".!?”’\"')]")
    if "." in body or not _GLUED.search(head):
        return False
    rest = token[len(head) :]
    return "." not in rest.rstrip(".!?”’\"')],;:") and _NEXT_WORD.match(after) is not None


def _spans(text: str, start: int, end: int, cuts: list[int]) -> list[Span]:
    """Make trimmed spans of the cuts; a lone list mark joins what follows, a lone sign what stands before."""
    spans: list[Span] = []
    held: int | None = None
    for first, last in zip([start, *cuts], [*cuts, end], strict=True):
        for left, right in _trimmed(text, first, last):
            if held is None and right - left <= 5 and _MARKER.fullmatch(text[left:right]) and last < end:
                held = left
            elif spans and not any(map(str.isalnum, text[left:right])):
                spans[-1] = (spans[-1][0], right)
            else:
                spans.append((left if held is None else held, right))
                held = None
    if held is not None:
        spans += _trimmed(text, held, end)
    return spans


def _language(sample: str) -> str:
    """Choose sentencex's language by the script that most letters of a sample are in; Latin script is English."""
    latin = len(_LATIN.findall(sample))
    for language, letters in _SCRIPTS:
        if len(letters.findall(sample)) * (8 if language == "fa" else 1) > latin:
            return language
    return "en"
