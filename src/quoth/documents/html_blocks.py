"""The blocks of a web page in the order in which they are read: headings, paragraphs, lists, tables, code."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from quoth.documents.flow import Flow
from quoth.documents.html_tree import is_unseen
from quoth.documents.markup import SpannedTable, names, raised, unindented
from quoth.documents.model import LONGEST_TITLE

if TYPE_CHECKING:
    from lxml import etree

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_PREFORMATTED = frozenset(("pre", "listing", "xmp", "plaintext"))
_LISTS = frozenset(("ul", "ol", "menu", "dir"))
_BLOCKS = names(
    "address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure footer form "
    "frameset header hgroup hr legend li main nav ol optgroup p section summary table tbody td tfoot th thead tr ul "
    "menu dir"
)
# A line break of the page's; white space of its source is none, and no page holds this character
_LINE = "\v"
# What browsers show as one space. The wide space of Chinese and Japanese is a character of its own
_SPACE = re.compile("[ \t\n\r\f\xa0]+")
_AROUND_LINE = re.compile(f" *{_LINE} *")
# A hyphen where a word may be broken, and a place where it may: no part of the word
_IN_WORDS = str.maketrans("", "", "\u00ad\u200b\u2060\ufeff")
_ANCHORS = frozenset(("", "¶", "#", "§", "🔗", "link", "permalink", "anchor"))
_LONGEST_ANCHOR = 10
# Headers of a row stand so near its values
_NEAR = 20
_REFERENCES = frozenset(("footnote-reference", "footnote-ref", "footnoteref", "noteref", "footnote-anchor"))


@dataclass(slots=True)
class _List:
    """A list that is open: the number of its next item, or None where it has no numbers."""

    element: etree._Element
    number: int | None


@dataclass(slots=True)
class _Table:
    """A table that is open."""

    element: etree._Element
    rows: SpannedTable
    # Whether a row's first header names that row, since no row names the columns
    names_rows: bool
    # Whether each open cell is one of the flow's as well
    cells: list[bool] = field(default_factory=list)


class HtmlBlocks:
    """Writes what stands in elements to a flow. ``left_out`` says which elements are passed over besides the unseen.

    What is set apart without an element of its own (``<br><br>``) is a paragraph as well.
    """

    def __init__(self, flow: Flow, left_out: Callable[[etree._Element], bool]) -> None:
        self._flow = flow
        self._left_out = left_out
        self._parts: list[str] = []
        self._lists: list[_List] = []
        self._tables: list[_Table] = []
        # What the next block begins with: an item's number, the term that is explained
        self._before = ""
        self._heading = 0
        self._preformatted = 0
        self._terms = 0
        # Open elements that began in the midst of a text: where their own text begins
        self._raised: list[int] = []
        # How many parts there were behind the last formula, so that two in a row don't run together
        self._formula = 0

    def read(self, place: etree._Element) -> None:
        """Read an element and all below it."""
        from lxml import etree

        skipped: etree._Element = None
        walk = etree.iterwalk(place, events=("start", "end"))
        for event, element in walk:
            if event == "start":
                if element is not place and (is_unseen(element) or self._is_mark(element) or self._left_out(element)):
                    skipped = element
                    walk.skip_subtree()
                    continue
                if element.tag == "math":
                    if self._parts and len(self._parts) == self._formula:
                        self._add(" ")
                    self._add(element.get("alttext") or _math(element))
                    self._formula = len(self._parts)
                    skipped = element
                    walk.skip_subtree()
                    continue
                self._start(element)
                self._add(element.text)
                continue
            if element is not skipped:
                self._end(element)
            elif element.tag in _BLOCKS:
                self._flush()
            skipped = None
            if element is not place:
                self._add(element.tail)
        self._flush()
        self._settle()

    def _start(self, element: etree._Element) -> None:
        tag = element.tag
        if tag == "br":
            self._parts.append("\n" if self._preformatted else _LINE)
        elif tag == "img":
            if "math" in element.get("class", ""):
                self._add(element.get("alt"))
        elif tag == "q":
            self._parts.append("“")
        elif tag == "sup":
            self._raised.append(len(self._parts))
        elif tag in _HEADINGS:
            self._flush()
            self._settle()
            self._heading = _HEADINGS[tag]
        elif tag in _PREFORMATTED:
            self._flush()
            self._preformatted += 1
        elif tag in _BLOCKS:
            self._flush()
            self._start_block(element, tag)

    def _start_block(self, element: etree._Element, tag: str) -> None:
        if tag in _LISTS:
            first = _integer(element.get("start"), 1) if tag == "ol" and "reversed" not in element.attrib else None
            self._lists.append(_List(element, first))
        elif tag == "dl":
            self._lists.append(_List(element, None))
        elif tag == "li":
            self._settle()
            self._before = self._marker(element)
        elif tag == "dt":
            self._terms += 1
        elif tag == "table":
            self._tables.append(_Table(element, SpannedTable(self._flow), _names_rows(element)))
        elif tag == "tr" and self._tables:
            self._start_row(element)
        elif tag in ("td", "th") and self._tables:
            self._start_cell(element)

    def _end(self, element: etree._Element) -> None:
        tag = element.tag
        if tag == "q":
            self._parts.append("”")
        elif tag == "sup":
            self._raise(self._raised.pop())
        elif tag in _HEADINGS:
            self._flush()
            self._heading = 0
        elif tag in _PREFORMATTED:
            self._flush()
            self._preformatted -= 1
        elif tag in _BLOCKS:
            self._flush()
            self._end_block(tag)

    def _end_block(self, tag: str) -> None:
        if tag in _LISTS or tag == "dl":
            self._settle()
            self._lists.pop()
        elif tag == "li":
            self._settle()
            self._before = ""
        elif tag == "dt":
            self._terms -= 1
        elif tag == "table":
            self._settle()
            self._tables.pop()
            self._flow.close_table()
        elif tag == "tr" and self._tables:
            self._settle()
            self._tables[-1].rows.close_row()
        elif tag in ("td", "th") and self._tables and self._tables[-1].cells:
            if self._tables[-1].cells.pop():
                self._flow.close_cell()
            else:
                self._terms -= 1

    def _start_row(self, element: etree._Element) -> None:
        parent = element.getparent()
        header = parent is not None and parent.tag == "thead"
        self._tables[-1].rows.open_row(header=header or _is_header(element))

    def _start_cell(self, element: etree._Element) -> None:
        table = self._tables[-1]
        names_row = table.names_rows and element.tag == "th" and table.rows.column == 0
        if names_row and any(beside.tag == "td" for beside in islice(element.itersiblings(), _NEAR)):
            # It is read with the value beside it
            self._terms += 1
            table.cells.append(False)
            return
        table.cells.append(True)
        table.rows.open_cell(_integer(element.get("colspan"), 1), _integer(element.get("rowspan"), 1))

    def _marker(self, element: etree._Element) -> str:
        if not self._lists or self._lists[-1].number is None:
            return ""
        number = _integer(element.get("value"), self._lists[-1].number)
        self._lists[-1].number = number + 1
        return f"{number}. "

    def _is_mark(self, element: etree._Element) -> bool:
        """Whether an element only leads elsewhere: the ¶ beside a heading, a note's number."""
        if element.tag == "a":
            if element.get("href", "").startswith("#") and _beginning(element) in _ANCHORS:
                return True
        elif element.tag != "sup":
            return False
        if element.get("role") == "doc-noteref" or element.get("epub:type") == "noteref":
            return True
        called = element.get("class", "").split()
        # A link may well be called a reference
        return not _REFERENCES.isdisjoint(called) or (element.tag == "sup" and "reference" in called)

    def _raise(self, start: int) -> None:
        self._parts[start:] = [raised("".join(self._parts[start:]))]

    def _add(self, text: str | None) -> None:
        if text:
            self._parts.append(text.translate(_IN_WORDS))

    def _flush(self) -> None:
        """End the block that is open."""
        if not self._parts:
            return
        text = "".join(self._parts)
        self._parts.clear()
        self._raised = [0] * len(self._raised)
        if self._preformatted:
            self._emit(unindented(text))
            return
        text = _AROUND_LINE.sub(_LINE, _SPACE.sub(" ", text)).strip(" " + _LINE)
        for paragraph in text.split(_LINE * 2):
            paragraph = paragraph.strip(_LINE).replace(_LINE, "\n")
            if paragraph:
                self._emit(paragraph)

    def _settle(self) -> None:
        """Write a term that nothing explains."""
        if self._before.endswith("\n"):
            before, self._before = self._before, ""
            self._write(before)

    def _emit(self, text: str) -> None:
        if self._terms and not self._heading:
            self._before += text + "\n"
            return
        before, self._before = self._before, ""
        if before.endswith("\n") and self._tables and self._tables[-1].names_rows:
            before = " ".join(before.split()).rstrip(" :") + ": "
        if self._heading and len(text) <= LONGEST_TITLE:
            self._flow.heading(self._heading, before + text)
        else:
            self._write(before + text)

    def _write(self, text: str) -> None:
        if self._lists and not self._preformatted:
            self._flow.item(text, self._lists[0].element)
        elif self._tables and self._tables[-1].names_rows:
            self._flow.item(text, self._tables[-1].element)
        else:
            self._flow.paragraph(text)


def _beginning(element: etree._Element) -> str:
    """Return an element's text in lower case, of a long one no more than its beginning."""
    beginning = ""
    for text in element.itertext():
        beginning += text.strip().lower()
        if len(beginning) > _LONGEST_ANCHOR:
            break
    return beginning


def _names_rows(table: etree._Element) -> bool:
    """Whether the headers of a table stand before its rows and none above them."""
    for child in table:
        if child.tag == "thead":
            return False
        row = child if child.tag == "tr" else next((row for row in child if row.tag == "tr"), None)
        if row is not None and child.tag in ("tr", "tbody"):
            cells = [cell.tag for cell in row if cell.tag in ("td", "th")]
            if cells != ["th"]:
                # A title may stand above all
                return cells[:1] == ["th"] and "td" in cells
    return False


def _is_header(row: etree._Element) -> bool:
    cells = [cell.tag for cell in row if cell.tag in ("td", "th")]
    return len(cells) > 1 and "td" not in cells


def _math(element: etree._Element) -> str:
    from lxml import etree

    source = element.find(".//annotation")
    if source is not None and source.text:
        return str(source.text)
    return " ".join("".join(etree.ElementTextIterator(element)).split())


def _integer(text: str | None, default: int) -> int:
    """Return a whole number that an attribute gives, from 0 to 99,999."""
    digits = (text or "").strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 6 else default
