"""reStructuredText: paragraphs, lists, tables and code where they stand in the source, under their headings.

docutils gives no places in the source that can be relied on, drops what stands in directives that it doesn't know (all
of Sphinx's), and takes a second for a long chapter; so the blocks are found here, line by line, by the rules of its
specification. Nothing is included, no directive is carried out.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from quoth.documents.lines import Span
from quoth.documents.model import LONGEST_TITLE, Paragraph
from quoth.documents.outline import Outline
from quoth.documents.plain import GATHERED, INTRODUCTION

_LINE = re.compile(r"[^\n\r]*(?:\r\n|\n|\r|\Z)")
_ADORNMENT = re.compile(r"""([!-/:-@\[-`{-~])\1*""")
_ITEM = re.compile(
    r"(?:[-*+•‣⁃]|\(?(?:\d{1,4}|#|[A-Za-z]|[ivxlcdmIVXLCDM]{1,6})[.)]|:[^:\s][^:\n]{0,80}:(?!`))"
    r"(?:[ \t]+(?=\S)|[ \t]*$)"
)
_EXPLICIT = re.compile(r"\.\.(?:[ \t]+|$)")
_DIRECTIVE = re.compile(r"(?:\|[^|\n]{1,100}\|[ \t]+)?([\w.+:-]{0,60}\w)[ \t]?::(?:[ \t]+|$)")
_NOTE = re.compile(r"\[[^\]\n]{1,60}\][ \t]+(?=\S)|\[[^\]\n]{1,60}\]$")
_TARGET = re.compile(r"_(?:[^:\n\\]|\\.|`[^`\n]*`){0,200}:|__(?:[ \t]|$)")
_OPTION = re.compile(r"[ \t]+:[\w-]{1,40}:(?:[ \t]|$)")
_GRID = re.compile(r"\+(?:[-=]{2,}\+)+[-=+]*$")
_SIMPLE = re.compile(r"={2,}(?:[ \t]+={2,})+$")

# Their bodies are kept as they stand
_CODE = frozenset(
    {"code", "code-block", "sourcecode", "parsed-literal", "math", "prompt", "doctest", "testcode", "testoutput"}
    | {"ipython", "jupyter-execute", "productionlist", "digraph", "graph", "graphviz", "mermaid", "plantuml", "uml"}
    | {"tabularcolumns", "csv-table"}
)
# What they hold is for programs, or stands elsewhere
_SILENT = frozenset(
    {"image", "include", "literalinclude", "raw", "contents", "toctree", "index", "highlight", "meta", "default-role"}
    | {
        "role",
        "currentmodule",
        "module",
        "sectnum",
        "target-notes",
        "unicode",
        "date",
        "replace",
        "only-html",
        "testsetup",
    }
    | {"testcleanup", "bibliography", "header", "footer", "class", "rst-class", "todolist", "autosummary", "automodule"}
    | {"autoclass", "autofunction", "automethod", "autoattribute", "autodata", "autoexception", "plot", "youtube"}
)
# Their argument is an address or a condition
_NAMED = frozenset({"figure", "only", "ifconfig"})
_INLINE = (
    (re.compile(r":[\w.+:-]{1,40}:`"), "`"),  # roles: what they show
    (re.compile(r"`([^`<]*?)\s*<[^<>`]*>`_{0,2}"), r"\1"),  # links
    (re.compile(r"``(.+?)``"), r"\1"),
    (re.compile(r"`([^`]*)`_{0,2}"), r"\1"),
    (re.compile(r"(?<![\w*])\*{1,2}(\S(?:.*?\S)?)\*{1,2}(?![\w*])"), r"\1"),
    (re.compile(r"\|([^|\s][^|]*)\|_{0,2}"), r"\1"),
    (re.compile(r"\\(.)"), r"\1"),
)


def restructuredtext_paragraphs(text: str) -> tuple[tuple[Paragraph, ...], str | None]:
    """Find a reStructuredText's paragraphs and its title, its first heading of the highest level.

    Headings, comments, targets, substitutions and directives about other files are no paragraphs. Code, a table and a
    list of short items is one paragraph each; offsets are those of the source, marks and all. Linear in the text.
    """
    walk = _Walk(text)
    walk.read()
    return tuple(walk.paragraphs), walk.outline.title


class _Walk:
    """One pass over the lines."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts: list[int] = []
        self._lines: list[str] = []
        for match in _LINE.finditer(text):
            self._starts.append(match.start())
            self._lines.append(match.group().rstrip())
        self._levels: list[tuple[str, bool]] = []
        # Whether the last paragraph may take in the next item
        self._open = False
        self.paragraphs: list[Paragraph] = []
        self.outline = Outline()

    def read(self) -> None:
        at = 0
        while at < len(self._lines):
            at = self._block(at)

    def _block(self, at: int) -> int:
        """Take what begins in this line and return the line behind it."""
        line = self._lines[at]
        words = line.lstrip()
        if not words:
            return at + 1
        if (behind := self._section(at)) is not None:
            return behind
        if mark := _EXPLICIT.match(words):
            return self._explicit(at, words[mark.end() :])
        if _GRID.match(words) or _SIMPLE.match(words):
            return self._table(at)
        if words.startswith(">>>"):
            behind = self._until(at, lambda other: not other)
            self._add(at, behind)
            return behind
        return self._paragraph(at)

    # -- headings

    def _section(self, at: int) -> int | None:
        """Take a heading with its lines, or a transition; None where neither begins here."""
        line = self._lines[at]
        if line[0].isspace():
            return None
        if _is_adornment(line):
            return self._overlined(at)
        below = self._lines[at + 1] if at + 1 < len(self._lines) else ""
        if not _is_adornment(below) or len(below) < min(len(line), 4):
            return None
        if at and self._lines[at - 1] and not _EXPLICIT.match(self._lines[at - 1]):
            return None  # in the midst of a paragraph
        self._enter((below[0], False), line)
        return at + 2

    def _overlined(self, at: int) -> int | None:
        line = self._lines[at]
        title = self._lines[at + 1].strip() if at + 1 < len(self._lines) else ""
        below = self._lines[at + 2] if at + 2 < len(self._lines) else ""
        if title and below == line and len(line) >= min(len(title), 4):
            self._enter((line[0], True), title)
            return at + 3
        is_last = at + 1 == len(self._lines) or not self._lines[at + 1]
        return at + 1 if len(line) >= 4 and is_last else None

    def _enter(self, style: tuple[str, bool], title: str) -> None:
        if style not in self._levels:
            self._levels.append(style)
        self.outline.enter(self._levels.index(style) + 1, plain_inline(title[: 2 * LONGEST_TITLE]))
        self._open = False

    # -- what begins with two dots

    def _explicit(self, at: int, content: str) -> int:
        indent = _indent(self._lines[at])
        self._open = False
        if directive := _DIRECTIVE.match(content):
            return self._directive(
                at, indent, directive.group(1).rsplit(":", 1)[-1].lower(), content[directive.end() :]
            )
        if _NOTE.match(content):
            return self._note(at, content)
        if _TARGET.match(content):
            return self._below(at, indent)
        # A comment; with nothing behind the dots and a blank line below, an empty one
        if not content and at + 1 < len(self._lines) and not self._lines[at + 1]:
            return at + 1
        return self._below(at, indent)

    def _directive(self, at: int, indent: int, name: str, argument: str) -> int:
        behind = self._below(at, indent)
        if name in _SILENT or _is_substitution(self._lines[at]):
            return behind
        first = at + 1
        while first < behind and _OPTION.match(self._lines[first]):
            first += 1
        if name in _CODE:
            while first < behind and not self._lines[first]:
                first += 1
            if first < behind:
                self._add(first, behind)
            return behind
        # Its body is read as what stands there, further in; its argument is a text of its own, or the name of a thing
        if argument and name not in _NAMED:
            start = self._starts[at] + self._lines[at].index(argument)
            end = self._end_of(at)
            following = self._lines[at + 1] if at + 1 < behind else ""
            if first == at + 1 and following and not _ITEM.match(following.lstrip()):
                stop = self._until(at + 1, lambda other: not other)
                end = self._end_of(stop - 1)
                first = stop
            self._put((start, end))
        return first

    def _note(self, at: int, content: str) -> int:
        """Take a footnote or a citation: its text is a paragraph, its further paragraphs follow."""
        behind = self._until(at, lambda other: not other)
        note = _NOTE.match(content)
        start = self._starts[at] + self._lines[at].index(content) + (note.end() if note else 0)
        self._put((start, self._end_of(behind - 1)))
        return behind

    # -- blocks

    def _table(self, at: int) -> int:
        if _GRID.match(self._lines[at].lstrip()):
            behind = self._until(at, lambda other: not other.lstrip().startswith(("+", "|")))
        else:
            borders, behind, is_over = 0, at, False
            while behind < len(self._lines) and not is_over:
                is_border = _SIMPLE.match(self._lines[behind].lstrip()) is not None
                borders += is_border
                behind += 1
                # Its rows may be set apart by blank lines: only behind a border is one its end
                is_over = is_border and borders > 1 and (behind == len(self._lines) or not self._lines[behind])
        self._add(at, behind)
        return behind

    def _paragraph(self, at: int) -> int:
        behind = self._until(at, lambda other: not other)
        first = at
        for line in range(at + 1, behind):
            if _ITEM.match(self._lines[line].lstrip()) and _ITEM.match(self._lines[first].lstrip()):
                self._add_text(first, line)
                first = line
        self._add_text(first, behind)
        if not self._lines[behind - 1].endswith("::"):
            return behind
        return self._literal(behind, _indent(self._lines[at]))

    def _literal(self, at: int, indent: int) -> int:
        """Take the code that a paragraph ending in two colons announces: further in, or each line quoted."""
        first = at
        while first < len(self._lines) and not self._lines[first]:
            first += 1
        if first == len(self._lines):
            return first
        line = self._lines[first]
        if _indent(line) > indent:
            behind = self._below(first - 1, indent)
        elif _ADORNMENT.match(line):
            behind = self._until(first, lambda other: not other.startswith(line[0]))
        else:
            return first
        self._add(first, behind)
        return behind

    def _below(self, at: int, indent: int) -> int:
        """Return the line behind what belongs to this one: all that stands further in than ``indent``."""
        behind = last = at + 1
        while behind < len(self._lines):
            line = self._lines[behind]
            if line:
                if _indent(line) <= indent:
                    break
                last = behind + 1
            behind += 1
        return last

    def _until(self, at: int, ends: Callable[[str], bool]) -> int:
        behind = at + 1
        while behind < len(self._lines) and not ends(self._lines[behind]):
            behind += 1
        return behind

    # -- paragraphs

    def _add(self, first: int, behind: int) -> None:
        """Add lines as they stand, a paragraph of their own."""
        self._open = False
        self._put((self._starts[first], self._end_of(behind - 1)))

    def _add_text(self, first: int, behind: int) -> None:
        """Add a paragraph or an item; items join the items before them, and what introduces them."""
        start = self._starts[first] + _indent_characters(self._lines[first])
        end = self._end_of(behind - 1)
        is_item = _ITEM.match(self._lines[first].lstrip()) is not None
        last = self.paragraphs[-1] if self.paragraphs else None
        if is_item and self._open and last is not None and end - last.start <= GATHERED:
            self.paragraphs[-1] = Paragraph(last.number, last.start, end, last.heading)
        else:
            self._put((start, end))
        said = self._text[start:end]
        self._open = is_item or (len(said) <= INTRODUCTION and said.endswith(":") and not said.endswith("::"))

    def _end_of(self, line: int) -> int:
        return self._starts[line] + len(self._lines[line])

    def _put(self, span: Span) -> None:
        start, end = span
        start += _indent_characters(self._text[start:end])
        end = start + len(self._text[start:end].rstrip())
        if start < end:
            self.paragraphs.append(Paragraph(len(self.paragraphs) + 1, start, end, self.outline.path))


def _is_substitution(line: str) -> bool:
    """Whether a line defines what a name between bars stands for."""
    return line.lstrip()[2:].lstrip().startswith("|")


def plain_inline(content: str) -> str:
    """Give a heading's content as it reads, without the marks of links, roles, emphasis and code."""
    for pattern, replacement in _INLINE:
        content = pattern.sub(replacement, content)
    return " ".join(content.split())


def _is_adornment(line: str) -> bool:
    return len(line) > 1 and _ADORNMENT.fullmatch(line) is not None


def _indent(line: str) -> int:
    return _indent_characters(line.expandtabs(8))


def _indent_characters(line: str) -> int:
    return len(line) - len(line.lstrip())
