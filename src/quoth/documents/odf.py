"""OpenDocument texts and presentations (ODT, ODP), read from their XML."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from quoth.documents.archive import Archive
from quoth.documents.assembly import Assembly, with_text
from quoth.documents.flow import Aside, Flow
from quoth.documents.model import Contents
from quoth.documents.opc import sensible_title
from quoth.documents.xml import parse_xml
from quoth.errors import FormatError

if TYPE_CHECKING:
    from lxml import etree

_ODF = "urn:oasis:names:tc:opendocument:xmlns:"
_PREFIXES = {
    _ODF + "office:1.0": "office",
    _ODF + "text:1.0": "text",
    _ODF + "table:1.0": "table",
    _ODF + "drawing:1.0": "draw",
    _ODF + "presentation:1.0": "presentation",
    _ODF + "style:1.0": "style",
    _ODF + "svg-compatible:1.0": "svg",
    _ODF + "xsl-fo-compatible:1.0": "fo",
    "http://purl.org/dc/elements/1.1/": "dc",
}
# Deleted text, comments, indexes (which repeat the headings), captions for programs, and readings above words
_LEFT_OUT = frozenset(
    (
        *("text:tracked-changes", "office:annotation", "office:forms", "office:event-listeners", "text:placeholder"),
        *("text:note-citation", "text:ruby-text", "svg:title", "svg:desc", "text:table-of-content", "text:user-index"),
        *("text:alphabetical-index", "text:illustration-index", "text:table-index", "text:object-index"),
    )
)
# Frames of a slide that every other has as well
_REPEATED = frozenset(("page-number", "date-time", "footer", "header", "page"))
_SPACE = re.compile(r"[ \t\r\n]+")
_MOST_SPACES = 100
_WIDEST = 1_000


@lru_cache(maxsize=2048)
def _short(name: str) -> str:
    namespace, _, local = name.rpartition("}")
    prefix = _PREFIXES.get(namespace[1:])
    return f"{prefix}:{local}" if prefix else name


def _attributes(element: etree._Element) -> dict[str, str]:
    return {_short(str(key)): str(value) for key, value in element.attrib.items()}


def read_odf(data: bytes, name: str) -> Contents:
    """Read an OpenDocument text or presentation, or a template of one.

    The paragraphs of a presentation have their slide's number as page, and its title as heading; what the speaker
    noted follows the slide. Notes follow the paragraph that refers to them, and so does the text of frames. Deleted
    text, comments, indexes, headers and footers are left out. The title is that of the document's properties, else the
    paragraph set as the title, else the first heading.

    Raises:
        FormatError: it is neither, or it is damaged or locked with a password.
        NoTextError: it holds no text.
    """
    archive = Archive(data, name)
    locked = "encrypted-package" in archive
    if "META-INF/manifest.xml" in archive:
        locked = locked or b"encryption-data" in archive.read("META-INF/manifest.xml")
    if locked:
        raise FormatError(f"{name} is locked with a password; save it without one and try again")
    root = parse_xml(archive.read("content.xml"), f"{name} (content.xml)")
    if not any(_short(str(element.tag)) in ("office:text", "office:presentation") for element in root.iter("{*}*")):
        raise FormatError(
            f"{name} is neither a text nor a presentation; save it in its program as PDF, or its sheets as CSV"
        )
    assembly = Assembly()
    walk = _Walk(Flow(assembly))
    walk.go(root)
    title = _title(archive, name) or walk.title
    return with_text(assembly.contents(title), name)


def _title(archive: Archive, name: str) -> str | None:
    if "meta.xml" not in archive:
        return None
    root = parse_xml(archive.read("meta.xml"), f"{name} (meta.xml)")
    found = next((element for element in root.iter("{*}title") if _short(str(element.tag)) == "dc:title"), None)
    return None if found is None else sensible_title(found.text or "")


@dataclass(slots=True)
class _Style:
    parent: str = ""
    bold: bool | None = None


@dataclass(slots=True)
class _Paragraph:
    # Of a heading its level, otherwise 0
    level: int
    style: str
    parts: list[str] = field(default_factory=list)
    notes: list[Aside] = field(default_factory=list)
    strong: bool = True


@dataclass(slots=True)
class _Table:
    # Whether the rows are headers
    header: bool = False
    # How many of the covered cells that follow belong to the cell before them; others belong to the one above
    covered: int = 0


class _Walk:
    """One pass through the elements, in their order and without recursion."""

    def __init__(self, flow: Flow) -> None:
        self.title: str | None = None
        self._flow = flow
        self._styles: dict[str, _Style] = {}
        self._style = _Style()
        self._paragraphs: list[_Paragraph] = []
        self._spans: list[bool] = []
        # The open lists, outermost first, each by what it is the same list as
        self._lists: list[object] = []
        self._tables: list[_Table] = []
        self._slides = 0
        # Paragraphs of a slide's title, while its frame is open
        self._slide_title: list[str] | None = None

    def go(self, root: etree._Element) -> None:
        """Walk through an element and all below it."""
        from lxml import etree

        walk = etree.iterwalk(root, events=("start", "end"))
        for event, element in walk:
            if not isinstance(element.tag, str):
                continue
            tag = _short(element.tag)
            left_out = tag in _LEFT_OUT or (tag.startswith("draw:") and _class(element) in _REPEATED)
            if event == "start" and left_out:
                walk.skip_subtree()
            elif event == "start":
                self._start(tag, element)
                self._write(element.text)
            else:
                if not left_out:
                    self._end(tag, element)
                self._write(element.tail)

    def _start(self, tag: str, element: etree._Element) -> None:
        flow = self._flow
        if tag in ("text:p", "text:h"):
            self._start_paragraph(tag, _attributes(element))
        elif tag == "text:span":
            self._spans.append(self._is_bold(_attributes(element).get("text:style-name", "")))
        elif tag == "text:note":
            flow.open_aside()
        elif tag == "text:list":
            self._lists.append(self._lists[0] if self._lists else element)
        elif tag == "table:table":
            self._tables.append(_Table())
            flow.open_table()
        elif tag == "table:table-header-rows" and self._tables:
            self._tables[-1].header = True
        elif tag == "table:table-row" and self._tables:
            self._tables[-1].covered = 0
            flow.open_row(self._tables[-1].header)
        elif tag in ("table:table-cell", "table:covered-table-cell") and self._tables:
            self._start_cell(tag, _attributes(element))
        elif tag in ("text:s", "text:tab", "text:line-break"):
            self._space(tag, element)
        elif tag in ("style:style", "style:text-properties"):
            self._take_style(tag, _attributes(element))
        elif tag == "draw:page":
            self._slides += 1
            flow.page = self._slides
            flow.heading(1, "")
        elif tag == "draw:frame" and _class(element) == "title" and self._slide_title is None:
            self._slide_title = []

    def _end(self, tag: str, element: etree._Element) -> None:
        flow = self._flow
        if tag in ("text:p", "text:h"):
            self._end_paragraph()
        elif tag == "text:span":
            self._spans.pop()
        elif tag == "text:note":
            note = flow.close_aside()
            if self._paragraphs:
                self._paragraphs[-1].notes.append(note)
            else:
                flow.add(note)
        elif tag == "text:list":
            self._lists.pop()
        elif tag == "table:table":
            self._tables.pop()
            flow.close_table()
        elif tag == "table:table-header-rows" and self._tables:
            self._tables[-1].header = False
        elif tag in ("table:table-cell", "table:covered-table-cell") and self._tables:
            flow.close_cell()
            flow.skip_columns(min(_number(_attributes(element), "table:number-columns-repeated"), _WIDEST) - 1)
        elif tag == "draw:frame" and _class(element) == "title" and self._slide_title is not None:
            title, self._slide_title = " ".join(self._slide_title), None
            flow.heading(1, title)

    def _start_paragraph(self, tag: str, attributes: dict[str, str]) -> None:
        level = 0 if tag == "text:p" else _number(attributes, "text:outline-level")
        self._paragraphs.append(_Paragraph(level, attributes.get("text:style-name", "")))
        self._flow.open_aside()

    def _end_paragraph(self) -> None:
        paragraph = self._paragraphs.pop()
        aside = self._flow.close_aside()
        text = "".join(paragraph.parts).strip()
        if text:
            self._add(paragraph, text)
        self._flow.add(aside)
        for note in paragraph.notes:
            self._flow.add(note)

    def _add(self, paragraph: _Paragraph, text: str) -> None:
        if self._slide_title is not None:
            self._slide_title.append(text)
        elif paragraph.level:
            self._flow.heading(paragraph.level, text)
        elif "Title" in (paragraph.style, self._styles.get(paragraph.style, _Style()).parent):
            self.title = self.title or text
            self._flow.heading(1, text)
        elif self._lists:
            self._flow.item(text, self._lists[0])
        else:
            self._flow.paragraph(text, strong=paragraph.strong)

    def _start_cell(self, tag: str, attributes: dict[str, str]) -> None:
        table = self._tables[-1]
        merged = tag == "table:covered-table-cell" and not table.covered
        if tag == "table:table-cell":
            table.covered = min(_number(attributes, "table:number-columns-spanned"), _WIDEST) - 1
        elif table.covered:
            table.covered -= 1
        self._flow.open_cell(merged=merged)

    def _write(self, text: str | None) -> None:
        if not text or not self._paragraphs:
            return
        paragraph = self._paragraphs[-1]
        text = _SPACE.sub(" ", text).replace("\xad", "")
        # White space that follows other is none, but for that which elements stand for
        if text[:1] == " " and (not paragraph.parts or paragraph.parts[-1].endswith((" ", "\n"))):
            text = text[1:]
        if text:
            paragraph.parts.append(text)
        if text.strip():
            paragraph.strong = paragraph.strong and (any(self._spans) or self._is_bold(paragraph.style))

    def _space(self, tag: str, element: etree._Element) -> None:
        if not self._paragraphs:
            return
        count = min(_number(_attributes(element), "text:c"), _MOST_SPACES)
        self._paragraphs[-1].parts.append({"text:s": " " * count, "text:tab": "\t"}.get(tag, "\n"))

    def _take_style(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "style:style":
            self._style = _Style(attributes.get("style:parent-style-name", ""))
            self._styles[attributes.get("style:name", "")] = self._style
        else:
            weight = attributes.get("fo:font-weight")
            self._style.bold = None if weight is None else weight not in ("normal", "100", "200", "300", "400")

    def _is_bold(self, name: str) -> bool:
        style = self._styles.get(name)
        heads = "Table_20_Heading" in (name, "" if style is None else style.parent)
        return heads if style is None or style.bold is None else style.bold


def _class(element: etree._Element) -> str | None:
    return _attributes(element).get("presentation:class")


def _number(attributes: dict[str, str], name: str) -> int:
    """Return an attribute that counts, 1 where it is missing or no number."""
    value = attributes.get(name, "")
    return max(int(value), 1) if re.fullmatch("[0-9]{1,9}", value) else 1
