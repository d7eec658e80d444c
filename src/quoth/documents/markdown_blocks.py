"""The blocks of a Markdown text, by markdown-it's rules, one after the other and at a small cost for each line.

markdown-it keeps a token for each cell of a table and for each mark, and takes each link's definition apart. Of all
that only the blocks are asked for here, so that a hostile page costs no more memory than its paragraphs do.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.common.utils import mdTrim
from markdown_it.rules_block import StateBlock, heading, reference
from markdown_it.token import Token

_LINE_END = re.compile(r"\r\n?")
_TAKEN = frozenset(
    (
        "bullet_list_open",
        "bullet_list_close",
        "ordered_list_open",
        "ordered_list_close",
        "list_item_open",
        "heading_open",
        "paragraph_open",
        "inline",
        "table_open",
        "code_block",
        "fence",
        "html_block",
    )
)
# Possessive, as there is one way only to match each
_DELIMITERS = re.compile(r"\|?+[ \t]*+:?+-++:?+[ \t]*+(?:\|[ \t]*+:?+-++:?+[ \t]*+)*+\|?+")
_DEFINITION = re.compile(
    r"\[(?=[^\[\]\\]*[^\s\[\]\\])[^\[\]\\]*+\]:[ \t]++([^\x00-\x20\x7f<>\\()&]++)(?:[ \t]++\"[^\"\\]*+\")?+[ \t]*+"
)
# What follows the definition above it as its title
_TITLE_MARKS = "\"'("
# As in markdown-it: a table that is short of more cells than this ends
_MISSING_CELLS = 0x10000


def blocks(text: str, take: Callable[[Token, Token], None]) -> None:
    """Call ``take`` with each block of a text, and the one after it, in order; lines count from 0.

    A heading's and a paragraph's content is in the token after it. What ends a block is only told of lists.
    """
    state = _State(_LINE_END.sub("\n", text).replace("\0", "\ufffd"), take)
    _PARSER.block.tokenize(state, 0, state.lineMax)
    state.finish()


class _State(StateBlock):
    """markdown-it's state, which hands its tokens on instead of gathering them."""

    def __init__(self, text: str, take: Callable[[Token, Token], None]) -> None:
        super().__init__(text, _PARSER, {}, [])
        self._take = take
        # The rules fill a token in after they pushed it, so that the newest two are still on their way
        self._waiting: list[Token] = []

    def push(self, ttype: str, tag: str, nesting: Literal[-1, 0, 1]) -> Token:
        """Begin a token, and hand on the one that is whole by now."""
        if nesting < 0:
            self.level -= 1
        token = Token(ttype, tag, nesting, level=self.level, block=True)
        if nesting > 0:
            self.level += 1
        if ttype in _TAKEN:
            if len(self._waiting) == 2:
                self._take(*self._waiting)
                del self._waiting[0]
            self._waiting.append(token)
        return token

    def finish(self) -> None:
        """Hand on what is left."""
        for number, token in enumerate(self._waiting):
            self._take(token, self._waiting[min(number + 1, len(self._waiting) - 1)])

    def content(self, line: int) -> str:
        """Return a line without its indent."""
        return self.src[self.bMarks[line] + self.tShift[line] : self.eMarks[line]]

    def begins(self, line: int) -> str:
        """Return the first character of a line after its indent; an empty string where the line has none."""
        start = self.bMarks[line] + self.tShift[line]
        return self.src[start] if start < self.eMarks[line] else ""


def _plain(state: StateBlock, start: int, _end: int, silent: bool) -> bool:
    """Take a paragraph of which each line begins with a letter, as most do: no rule can find anything else in it."""
    assert isinstance(state, _State)
    line = start
    while line < state.lineMax and not state.isEmpty(line):
        if not (0 <= state.sCount[line] - state.blkIndent < 4 and state.begins(line).isalpha()):
            return False
        line += 1
    if not silent:
        state.line = line
        state.push("paragraph_open", "p", 1).map = [start, line]
        inline = state.push("inline", "", 0)
        inline.map = [start, line]
        inline.content = mdTrim(state.getLines(start, line, state.blkIndent, False))
        state.push("paragraph_close", "p", -1)
    return True


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Find what markdown-it finds to be a table; its cells are counted and no more."""
    assert isinstance(state, _State)
    if start + 2 > end or not 0 <= state.sCount[start + 1] - state.blkIndent < 4 or state.is_code_block(start):
        return False
    delimiters = state.content(start + 1).rstrip(" \t")
    if len(delimiters) < 2 or (delimiters[0] == "-" and delimiters[1] in " \t"):
        return False
    header = mdTrim(state.content(start))
    columns = _cells(header)
    if "|" not in header or not columns or columns != _cells(delimiters):
        return False
    if not _DELIMITERS.fullmatch(delimiters):
        return False
    if silent:
        return True
    outer, state.parentType = state.parentType, "table"
    terminators = state.md.block.ruler.getRules("blockquote")
    line, missing = start + 2, 0
    while line < end and 0 <= state.sCount[line] - state.blkIndent < 4:
        row = mdTrim(state.content(line))
        if not row or any(rule(state, line, end, True) for rule in terminators):
            break
        missing += columns - _cells(row)
        if missing > _MISSING_CELLS:
            break
        line += 1
    state.push("table_open", "table", 1).map = [start, line]
    state.push("table_close", "table", -1)
    state.parentType, state.line = outer, line
    return True


def _cells(row: str) -> int:
    cells = row.count("|") - row.count("\\|") + 1
    cells -= row.startswith("|")
    return cells - (cells > 0 and row.endswith("|") and not row.endswith("\\|"))


def _reference(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Pass over the definition of a link: one that fills a line by itself at a glance, any other by markdown-it."""
    assert isinstance(state, _State)
    if state.begins(start) != "[" or state.is_code_block(start):
        return False
    simple = _DEFINITION.fullmatch(state.content(start))
    followed = start + 1 < state.lineMax and state.begins(start + 1) in _TITLE_MARKS
    if simple is None or followed or not state.md.validateLink(simple.group(1)):
        return reference(state, start, end, silent)
    state.line = start + 1
    return True


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark").enable("table")
    rules = parser.block.ruler
    rules.at("table", _table, {"alt": ["paragraph", "reference"]})
    rules.at("reference", _reference)
    rules.before("table", "plain", _plain)
    # Most other blocks are headings, and no rule in between takes a line that begins as one
    rules.before("code", "early_heading", heading)
    return parser


_PARSER = _parser()
