"""Which line breaks of a text were made by a person, and which by a margin.

Text comes in three shapes: one line a paragraph, lines wrapped at a margin with blank lines between
paragraphs, and loose short lines (lists, menus, code). The geometry tells them apart: a margin breaks a
line only where the next word no longer fitted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

Span = tuple[int, int]

# Hand-wrapped text is rarely wider, and in lines this narrow the next word never fits.
MAX_WIDTH = 140
MIN_WIDTH = 30

_LINE = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
_BREAK = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_MARKER = re.compile(
    r"(?:[-*+•‣▪●○◦·–—□■►✓➢]|\(?(?:\d{1,3}|[A-Za-z]|[ivx]{1,4})[.)]|[۰-۹٠-٩]{1,2}[.)\-])[ \t\u00a0]+(?=\S)"
)
_ENDED = re.compile(r"[.!?…:;。！？：；؟۔؛।][\"'”’»)\]*_]*$")
_RULE = re.compile(r"[-=*_~#+.|·•—–\s]+")
# The unclosed form is what scrapers leave of an image whose address they dropped. It may end anywhere, so that each
# image is matched in one way only (?>): a row of them would otherwise be tried in exponentially many.
_IMAGE = re.compile(
    r"(?>\[?!\[[^\]\n]{0,2000}\](?:\([^)\n]{0,4000}\)?|\[[^\]\n]{0,200}\])?(?:\]\([^)\n]{0,4000}\)?)?\s*)+"
)


def line_spans(text: str, start: int = 0, end: int | None = None) -> Iterator[Span]:
    """Yield the lines of ``text[start:end]`` that hold more than white space, without their white space at the end.

    White space at a line's beginning stays: it is geometry. All line ends that Unicode knows part lines.
    """
    for match in _LINE.finditer(text, start, len(text) if end is None else end):
        content = match.group().rstrip()
        if content and not content.isspace():
            yield match.start(), match.start() + len(content)


def blocks(text: str, start: int = 0, end: int | None = None) -> Iterator[list[Span]]:
    """Yield the runs of lines between which stands no blank line, no rule (``-----``) and no form feed."""
    block: list[Span] = []
    for line in line_spans(text, start, end):
        if block and _parted(text, block[-1][1], line[0]):
            yield block
            block = []
        if is_rule(text[line[0] : line[1]]):
            if block:
                yield block
            block = []
            continue
        block.append(line)
    if block:
        yield block


def _parted(text: str, end: int, start: int) -> bool:
    between = text[end:start]
    return "\f" in between or "\u2029" in between or len(_BREAK.findall(between)) > 1


def is_rule(line: str) -> bool:
    """Whether a line only draws a rule or an ornament and says nothing."""
    return _RULE.fullmatch(line[:400]) is not None and len(line) <= 400


def is_image(text: str) -> bool:
    """Whether a text consists of Markdown image links alone, closed or not."""
    return "![" in text[:2] + text[1:3] and _IMAGE.fullmatch(text) is not None


def is_item(line: str) -> bool:
    """Whether a line begins as an item of a list: a bullet, a number or a letter."""
    return _MARKER.match(line.lstrip()[:24]) is not None


def is_ended(line: str) -> bool:
    """Whether a line ends as a sentence or a clause does, closing quotes and brackets aside."""
    return _ENDED.search(line[-8:]) is not None


def is_code(text: str) -> bool:
    """Whether a text looks like a program, a configuration or mark-up rather than prose."""
    sample = text[:2000]
    signs = sum(sample.count(sign) for sign in '{}[]()<>=;_\\|$&`@^~"/')
    return signs >= 2 and signs * 10 >= len(sample.replace(" ", ""))


def is_wrapped(text: str, lines: list[Span]) -> bool:
    """Whether a margin made most of a block's line breaks."""
    if len(lines) < 2:
        return False
    width = _width(text, lines)
    if not MIN_WIDTH <= width <= MAX_WIDTH:
        return False
    votes = 0
    if len(lines) > 2 and _is_headline(text, lines[0], lines[1], width):
        lines = lines[1:]
    for line, following in pairwise(lines):
        # The longest line always leaves no room; alone it proves nothing if a sentence ends there.
        longest = line[1] - line[0] >= width
        if _is_full(text, line, following, width) and not (longest and is_ended(text[line[0] : line[1]])):
            votes += not is_item(text[following[0] : following[1]])
    return votes * 2 > len(lines) - 1


def _is_headline(text: str, line: Span, following: Span, width: int) -> bool:
    """Whether a first line in capitals stands for itself: it says nothing of how the text below it is broken."""
    said = text[line[0] : line[1]]
    return said.isupper() and not is_ended(said) and not _is_full(text, line, following, width)


def _width(text: str, lines: list[Span]) -> int:
    # A line of one long word (an address) was not wrapped because it could not be.
    wide = [end - start for start, end in lines if any(map(str.isspace, text[start:end].lstrip()[:MAX_WIDTH]))]
    return max(wide, default=max(end - start for start, end in lines))


def _is_full(text: str, line: Span, following: Span, width: int) -> bool:
    head = text[following[0] : following[0] + MAX_WIDTH].split(None, 1)[0]
    if head[0] >= "\u2e80":
        head = head[0]  # Chinese and Japanese break between any two characters
    return line[1] - line[0] + 1 + len(head) > width - 2


def logical_lines(text: str, lines: list[Span]) -> list[list[Span]]:
    """Group a block's lines: within a group the breaks are a margin's, between groups a person's."""
    if len(lines) < 2:
        return [lines] if lines else []
    wrapped = is_wrapped(text, lines)
    width = _width(text, lines)
    code = not wrapped and is_code(text[lines[0][0] : lines[-1][1]])
    groups: list[list[Span]] = [[lines[0]]]
    for line, following in pairwise(lines):
        before, after = text[line[0] : line[1]], text[following[0] : following[1]]
        if code or is_item(after):
            joined = False
        elif wrapped:
            joined = _is_full(text, line, following, width) or not is_ended(before)
            joined = joined and not _is_indented(text, groups[-1], following)
        else:
            joined = _runs_on(text, groups[-1], before, after)
        if joined:
            groups[-1].append(following)
        else:
            groups.append([following])
    return groups


def _is_indented(text: str, group: list[Span], following: Span) -> bool:
    """Whether a line stands further in than the last one of its group, as the first line of a paragraph does."""
    if len(group) == 1 and is_item(text[group[0][0] : group[0][1]]):
        return False  # a hanging indent belongs to its item
    return _indent(text, following) >= _indent(text, group[-1]) + 2 and is_ended(text[group[-1][0] : group[-1][1]])


def _indent(text: str, line: Span) -> int:
    head = text[line[0] : line[1]]
    return len(head) - len(head.lstrip())


def _runs_on(text: str, group: list[Span], before: str, after: str) -> bool:
    """Whether a loose line goes on with the sentence of the line before, as scraped links leave it."""
    opening = text[group[0][0] : group[0][1]].lstrip()
    if len(before) > MAX_WIDTH or is_ended(before):
        return False
    if after[0] in ",.;)%”’":
        return True
    # Lists of lower-case words and lines of code begin in lower case throughout.
    return after[0].islower() and not opening[0].islower()
