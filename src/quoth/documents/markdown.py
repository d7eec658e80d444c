"""Markdown: paragraphs, lists, tables and code where they stand in the source, under their headings."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

from markdown_it.token import Token

from quoth.documents.lines import Span, is_image
from quoth.documents.markdown_blocks import blocks
from quoth.documents.model import LONGEST_TITLE, Paragraph
from quoth.documents.outline import Outline
from quoth.documents.plain import GATHERED, INTRODUCTION

# markdown-it knows no other line ends.
_LINE_END = re.compile(r"\r\n|\n|\r")
_FRONT_MATTER = re.compile(
    r"---[ \t]*(?:\r\n|\n|\r)(.*?)(?:\r\n|\n|\r)(?:---|\.\.\.)[ \t]*(?:\r\n|\n|\r|\Z)", re.DOTALL
)
_TITLE = re.compile(r"^title[ \t]*:[ \t]*(\S.*)$", re.MULTILINE | re.IGNORECASE)
_TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1\s*>|\Z)|<[!?/]?[A-Za-z][^<>]*>", re.DOTALL | re.IGNORECASE
)
_INLINE = (
    (re.compile(r"!?\[([^\[\]]*)\]\([^()]*\)"), r"\1"),  # links and images: what they show
    (re.compile(r"(`+|\*{1,3}|~~|(?<!\w)_{1,3}|_{1,3}(?!\w))"), ""),
    (re.compile(r"\s*\{#[^{}]*\}\s*$"), ""),
    (re.compile(r"\\([!-/:-@\[-`{-~])"), r"\1"),
)


@dataclass(slots=True)
class _Walk:
    """What is known while the blocks go by."""

    text: str
    starts: list[int]
    paragraphs: list[Paragraph] = field(default_factory=list)
    outline: Outline = field(default_factory=Outline)
    # Where a paragraph may still take in the next part of its list.
    open_list: bool = False
    item: int | None = None
    # How many lists the block stands in
    depth: int = 0

    def line(self, number: int) -> int:
        return self.starts[number] if number < len(self.starts) else len(self.text)

    def trimmed(self, start: int, end: int) -> Span:
        content = self.text[start:end]
        start += len(content) - len(content.lstrip())
        return start, max(start, start + len(content.strip()))

    def add(self, span: Span, prose: bool = True) -> None:
        start, end = span
        if self.item is not None and self.item < start:
            start = self.item
        self.item = None
        last = self.paragraphs[-1] if self.paragraphs else None
        if self.open_list and last is not None and prose and last.prose and end - last.start <= GATHERED:
            self.paragraphs[-1] = Paragraph(last.number, last.start, end, last.heading)
        elif start < end:
            self.paragraphs.append(Paragraph(len(self.paragraphs) + 1, start, end, self.outline.path, prose=prose))

    def take(self, token: Token, following: Token) -> None:
        """Go on by a block."""
        if token.type in ("bullet_list_open", "ordered_list_open"):
            if self.depth == 0:
                self.open_list = _introduces(self, token)
            self.depth += 1
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            self.depth -= 1
            if self.depth == 0:
                self.open_list, self.item = False, None
        elif token.type == "list_item_open" and token.map:
            if self.item is None:
                self.item = self.trimmed(self.line(token.map[0]), self.line(token.map[0] + 1))[0]
        else:
            _block(self, token, following)


def markdown_paragraphs(text: str) -> tuple[tuple[Paragraph, ...], str | None]:
    """Find a Markdown text's paragraphs and its title (front matter's, else the first heading of level 1).

    Headings, front matter, rules, comments and link definitions are no paragraphs. A code block, a table and a
    list of short items is one paragraph each; offsets are those of the source, marks and all.
    """
    matter = _FRONT_MATTER.match(text)
    begin = matter.end() if matter else 0
    starts = [begin, *(match.end() for match in _LINE_END.finditer(text, begin))]
    walk = _Walk(text, starts)
    blocks(text[begin:], walk.take)
    return tuple(walk.paragraphs), _front_title(matter.group(1) if matter else "") or walk.outline.title


def _block(walk: _Walk, token: Token, following: Token) -> None:
    if token.map is None:
        return
    first, last = token.map
    if token.type == "heading_open":
        walk.outline.enter(int(token.tag[1:]), plain_inline(following.content[: 2 * LONGEST_TITLE]))
        return
    if token.type == "paragraph_open":
        start, end = walk.trimmed(_content_start(walk, first, following.content), walk.line(last))
        walk.add((start, end), prose=not is_image(walk.text[start:end]))
    elif token.type == "table_open" or token.type == "code_block":
        walk.add(walk.trimmed(walk.line(first), walk.line(last)))
    elif token.type == "fence":
        ending = walk.text[walk.line(last - 1) : walk.line(last)].strip("> \t\r\n")
        closed = last - 1 > first and ending.startswith(token.markup) and not ending.strip(token.markup)
        walk.add(walk.trimmed(walk.line(first + 1), walk.line(last - 1 if closed else last)))
    elif token.type == "html_block":
        _html(walk, *walk.trimmed(walk.line(first), walk.line(last)))
    else:
        return
    walk.open_list = walk.depth > 0


def _html(walk: _Walk, start: int, end: int) -> None:
    source = walk.text[start:end]
    if _TAG.sub("", source).strip():
        walk.add((start, end))
    elif re.search(r"<img\b", source, re.IGNORECASE):
        walk.add((start, end), prose=False)


def _introduces(walk: _Walk, token: Token) -> bool:
    """Whether the paragraph right above a list ends in a colon and so belongs with it."""
    if not walk.paragraphs or token.map is None:
        return False
    last = walk.paragraphs[-1]
    near = token.map[0] - (bisect_right(walk.starts, max(last.end - 1, 0)) - 1) <= 2
    return near and last.prose and last.end - last.start <= INTRODUCTION and walk.text[last.end - 1] in ":："


def _content_start(walk: _Walk, line: int, content: str) -> int:
    """Where a paragraph's own text begins: behind the marks of the quote or the item that it stands in."""
    start, end = walk.line(line), walk.line(line + 1)
    found = walk.text.find(content.split("\n", 1)[0].strip(), start, end)
    return found if found >= 0 else start


def _front_title(matter: str) -> str | None:
    found = _TITLE.search(matter)
    if not found:
        return None
    title = found.group(1).rstrip(" \t\r")[:LONGEST_TITLE]
    if len(title) > 1 and title[0] == title[-1] and title[0] in "\"'":
        title = title[1:-1]
    return title.strip() or None


def plain_inline(content: str) -> str:
    """Give a heading's content as it reads, without the marks of links, emphasis and code."""
    for pattern, replacement in _INLINE:
        content = pattern.sub(replacement, content)
    return " ".join(content.split())
