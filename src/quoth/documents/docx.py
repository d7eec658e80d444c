"""Word documents (DOCX), read from their XML: libraries for it pass over links, text boxes, notes and changes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from quoth.documents.assembly import Assembly, with_text
from quoth.documents.docx_styles import Style, Styles, number, paragraph_style
from quoth.documents.flow import Aside, Flow
from quoth.documents.model import Contents
from quoth.documents.opc import Package, attribute, child, children, is_on, short_name, unchosen
from quoth.errors import FormatError

if TYPE_CHECKING:
    from lxml import etree

# Properties, what was deleted or moved away, the codes of fields, readings above Chinese and Japanese words
_PROPERTIES = ("w:pPr", "w:rPr", "w:tblPr", "w:trPr", "w:tcPr", "w:sectPr", "w:sdtPr")
_LEFT_OUT = frozenset((*_PROPERTIES, "w:del", "w:moveFrom", "w:instrText", "w:rt"))
_BREAKS = {"w:tab": "\t", "w:ptab": "\t", "w:br": "\n", "w:cr": "\n", "w:noBreakHyphen": "-"}
_NOTES = {"w:footnoteReference": "footnotes", "w:endnoteReference": "endnotes"}
# Symbol fonts have their signs here, which are no text
_PRIVATE = range(0xE000, 0xF900)
_FIRST_ROW = 0x20
_HEX = re.compile("[0-9A-Fa-f]{1,4}")


def read_docx(data: bytes, name: str) -> Contents:
    """Read a Word document (also DOCM, DOTX and DOTM, whose macros are never looked at).

    Headings are told by their styles' outline levels. Inserted text counts and deleted text doesn't; notes follow the
    paragraph that refers to them, and so does the text of boxes. Headers, footers, comments, tables of contents, hidden
    text and the codes of fields are left out. The title is that of the document's properties, else the paragraph set as
    the title, else the first heading.

    Raises:
        FormatError: it is no Word document, or it is damaged or locked with a password.
        NoTextError: it holds no text.
    """
    package = Package(data, name, "Word")
    root = package.xml(package.main)
    if short_name(str(root.tag)) != "w:document":
        raise FormatError(f"{name} is no Word document; open it in the program that wrote it and save it as DOCX")
    styles = Styles(package.related(package.main, "styles"))
    notes: dict[tuple[str, str], Aside] = {}
    for kind in ("footnotes", "endnotes"):
        part = package.related(package.main, kind)
        for note in () if part is None else children(part, f"w:{kind[:-1]}"):
            if attribute(note, "w:type") in (None, "normal"):
                notes[kind, attribute(note, "w:id") or ""] = _note(note, styles)
    assembly = Assembly()
    walk = _Walk(Flow(assembly), styles, notes)
    walk.go(root)
    return with_text(assembly.contents(package.title() or walk.title), name)


def _note(note: etree._Element, styles: Styles) -> Aside:
    flow = Flow(Assembly())
    flow.open_aside()
    _Walk(flow, styles, {}).go(note)
    return flow.close_aside()


@dataclass(slots=True)
class _Run:
    hidden: bool
    strong: bool


@dataclass(slots=True)
class _Paragraph:
    style: Style
    parts: list[str] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    # Whether all that was set so far is bold
    strong: bool = True
    # Whether it is but the large letter that the next paragraph begins with
    initial: bool = False
    # How many fields were open where it began
    fields: int = 0


class _Walk:
    """One pass through a part's elements, in their order and without recursion."""

    def __init__(self, flow: Flow, styles: Styles, notes: dict[tuple[str, str], Aside]) -> None:
        self.title: str | None = None
        # A large first letter is a paragraph of its own
        self._initial = ""
        self._flow = flow
        self._styles = styles
        self._notes = notes
        self._paragraphs: list[_Paragraph] = []
        self._runs: list[_Run] = []
        # Whether the next row of each open table, innermost last, is its first and set apart
        self._tables: list[bool] = []
        # Whether each open field, innermost last, is still in its code
        self._fields: list[bool] = []
        self._muted = 0
        # Alternatives for programs that can't show the chosen one
        self._unchosen: set[etree._Element] = set()

    def go(self, root: etree._Element) -> None:
        """Walk through an element and all below it."""
        from lxml import etree

        walk = etree.iterwalk(root, events=("start", "end"))
        for event, element in walk:
            if not isinstance(element.tag, str):
                continue
            tag = short_name(element.tag)
            if event == "end":
                # Also of what was left out, which never is a paragraph, a run or a part of a table
                self._end(tag)
            elif tag in _LEFT_OUT or self._is_left_out(tag, element):
                walk.skip_subtree()
            else:
                self._start(tag, element)

    def _is_left_out(self, tag: str, element: etree._Element) -> bool:
        if tag == "mc:AlternateContent":
            self._unchosen.update(unchosen(element))
        elif tag in ("mc:Choice", "mc:Fallback"):
            return element in self._unchosen
        elif tag == "w:sdt":
            properties = child(element, "w:sdtPr")
            return properties is not None and _is_no_content(properties)
        return False

    def _start(self, tag: str, element: etree._Element) -> None:
        if tag == "w:p":
            properties = child(element, "w:pPr")
            style = paragraph_style(properties, None).over(self._styles.of(_style_of(properties, "w:pStyle")))
            self._paragraphs.append(_Paragraph(style, initial=_is_initial(properties), fields=len(self._fields)))
            self._flow.open_aside()
        elif tag == "w:r":
            self._start_run(element)
        elif tag == "w:tbl":
            self._tables.append(self._sets_first_row_apart(element))
            self._flow.open_table()
        elif tag == "w:tr" and self._tables:
            self._start_row(child(element, "w:trPr"))
        elif tag == "w:tc" and self._tables:
            self._start_cell(child(element, "w:tcPr"))
        elif tag == "w:fldChar":
            self._field(attribute(element, "w:fldCharType"))
        elif self._paragraphs and not self._muted:
            self._text(tag, element)

    def _end(self, tag: str) -> None:
        if tag == "w:p":
            self._end_paragraph()
        elif tag == "w:r":
            self._muted -= self._runs.pop().hidden
        elif tag == "w:tbl":
            self._tables.pop()
            self._flow.close_table()
        elif tag == "w:tc" and self._tables:
            self._flow.close_cell()

    def _start_run(self, element: etree._Element) -> None:
        properties = child(element, "w:rPr")
        hidden = strong = False
        if self._paragraphs:
            strong = self._paragraphs[-1].style.strong or False
        if properties is not None:
            style = _style_of(properties, "w:rStyle")
            hidden = is_on(child(properties, "w:vanish")) or (style is not None and self._styles.is_hidden(style))
            bold = child(properties, "w:b")
            strong = strong if bold is None else is_on(bold)
        self._runs.append(_Run(hidden, strong))
        self._muted += hidden

    def _sets_first_row_apart(self, table: etree._Element) -> bool:
        properties = child(table, "w:tblPr")
        style = _style_of(properties, "w:tblStyle")
        if properties is None or style is None or not self._styles.marks_first_row(style):
            return False
        look = child(properties, "w:tblLook")
        if look is None:
            return False
        told = attribute(look, "w:firstRow")
        if told is not None:
            return told in ("1", "true", "on")
        try:
            return bool(int(attribute(look, "w:val") or "0", 16) & _FIRST_ROW)
        except ValueError:
            return False

    def _start_row(self, properties: etree._Element | None) -> None:
        header = self._tables[-1]
        self._tables[-1] = False
        before = None
        if properties is not None:
            header = header or is_on(child(properties, "w:tblHeader"))
            before = child(properties, "w:gridBefore")
        self._flow.open_row(header)
        if before is not None:
            self._flow.skip_columns(max(number(before, 0), 0))

    def _start_cell(self, properties: etree._Element | None) -> None:
        span = merge = None
        if properties is not None:
            span, merge = child(properties, "w:gridSpan"), child(properties, "w:vMerge")
        merged = merge is not None and attribute(merge, "w:val") != "restart"
        self._flow.open_cell(1 if span is None else number(span, 1), merged=merged)

    def _field(self, kind: str | None) -> None:
        if kind == "begin":
            self._fields.append(True)
            self._muted += 1
        elif kind == "separate" and self._fields and self._fields[-1]:
            self._fields[-1] = False
            self._muted -= 1
        elif kind == "end" and self._fields:
            self._muted -= self._fields.pop()

    def _text(self, tag: str, element: etree._Element) -> None:
        paragraph = self._paragraphs[-1]
        if tag in ("w:t", "m:t"):
            text = (element.text or "").replace("\n", " ").replace("\r", " ").replace("\t", " ").replace("\xad", "")
            if text.strip() and self._runs:
                paragraph.strong = paragraph.strong and self._runs[-1].strong
        elif tag == "w:sym":
            code = attribute(element, "w:char") or ""
            point = int(code, 16) if _HEX.fullmatch(code) else 0
            text = chr(point) if point and point not in _PRIVATE else ""
        elif tag in _NOTES:
            paragraph.notes.append((_NOTES[tag], attribute(element, "w:id") or ""))
            return
        else:
            text = _BREAKS.get(tag, "")
        if text:
            paragraph.parts.append(text)

    def _end_paragraph(self) -> None:
        paragraph = self._paragraphs.pop()
        while len(self._fields) > paragraph.fields and self._fields[-1]:
            # The code of a field ends with its paragraph, or else it would hide the rest of a damaged document
            self._muted -= self._fields.pop()
        aside = self._flow.close_aside()
        text, style = self._initial + "".join(paragraph.parts), paragraph.style
        self._initial = ""
        if not text.strip() or style.role == "contents":
            pass
        elif paragraph.initial:
            self._initial = text.strip()
        elif style.role in ("heading", "title"):
            if style.role == "title" and self.title is None:
                self.title = " ".join(text.split())
            self._flow.heading(style.level or 1, text)
        elif style.list_:
            self._flow.item(text, style.list_)
        else:
            self._flow.paragraph(text, strong=paragraph.strong)
        self._flow.add(aside)
        for note in paragraph.notes:
            self._flow.add(self._notes.pop(note, ()))


def _style_of(properties: etree._Element | None, name: str) -> str | None:
    style = None if properties is None else child(properties, name)
    return None if style is None else attribute(style, "w:val")


def _is_initial(properties: etree._Element | None) -> bool:
    frame = None if properties is None else child(properties, "w:framePr")
    return frame is not None and attribute(frame, "w:dropCap") in ("drop", "margin")


def _is_no_content(properties: etree._Element) -> bool:
    """Whether a content control holds but its prompt, or a table of contents, which repeats the headings."""
    if is_on(child(properties, "w:showingPlcHdr")):
        return True
    part = child(properties, "w:docPartObj")
    gallery = None if part is None else child(part, "w:docPartGallery")
    return gallery is not None and attribute(gallery, "w:val") == "Table of Contents"
