"""PowerPoint presentations (PPTX), read slide by slide from their XML."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from quoth.documents.assembly import Assembly, with_text
from quoth.documents.flow import Flow
from quoth.documents.model import Contents
from quoth.documents.opc import Package, attribute, child, children, short_name, unchosen
from quoth.errors import FormatError

if TYPE_CHECKING:
    from lxml import etree

# Placeholders that every slide has alike
_REPEATED = frozenset(("dt", "ftr", "hdr", "sldNum", "sldImg"))
_TITLES = frozenset(("title", "ctrTitle"))
# How control characters are written
_ESCAPED = re.compile("_x00[01][0-9A-Fa-f]_")
_MOST_SLIDES = 10_000


def read_pptx(data: bytes, name: str) -> Contents:
    """Read a PowerPoint presentation (also PPTM, POTX and PPSX, whose macros are never looked at).

    Slides come in the presentation's order, hidden ones as well; their paragraphs have the slide's number, from 1, as
    page and its title as heading. What is drawn in a diagram follows the slide's shapes, and the speaker's notes follow
    both. Layouts and masters, dates, footers and comments are left out. The title is that of the document's
    properties, else the first slide's.

    Raises:
        FormatError: it is no presentation, or it is damaged or locked with a password.
        NoTextError: it holds no text.
    """
    package = Package(data, name, "PowerPoint")
    root = package.xml(package.main)
    if short_name(str(root.tag)) != "p:presentation":
        raise FormatError(f"{name} is no presentation; open it in the program that wrote it and save it as PPTX")
    slides = _slides(package, root)
    if len(slides) > _MOST_SLIDES:
        raise FormatError(f"{name} has {len(slides):,} slides and may have {_MOST_SLIDES:,}; split it")
    assembly = Assembly()
    flow = Flow(assembly)
    for number, slide in enumerate(slides, 1):
        flow.page = number
        _read_slide(package, slide, flow)
    return with_text(assembly.contents(package.title()), name)


def _slides(package: Package, root: etree._Element) -> list[str]:
    """Return the parts of the slides in order."""
    relations = package.relations(package.main)
    listed = child(root, "p:sldIdLst")
    ids = [] if listed is None else [attribute(slide, "r:id") for slide in children(listed, "p:sldId")]
    found = [relations[id_] for id_ in ids if id_ in relations]
    # A slide that is listed again would be read again
    return list(dict.fromkeys(relation.part for relation in found if relation.kind == "slide"))


def _read_slide(package: Package, part: str, flow: Flow) -> None:
    shapes = package.xml(part)
    titles = [shape for shape in _shapes(shapes) if _placeholder(shape) in _TITLES]
    title = " ".join(text for shape in titles for text in _texts(shape))
    # Also without a title it isn't below that of the slide before it
    flow.heading(1, title)
    _read_shapes(shapes, flow)
    notes = None
    for relation in package.relations(part).values():
        if relation.kind == "diagramData":
            diagrams = package.xml(relation.part)
            for text in _texts(diagrams):
                flow.item(text, diagrams)
        elif relation.kind == "notesSlide" and notes is None:
            notes = package.xml(relation.part)
    for shape in () if notes is None else _shapes(notes):
        if _placeholder(shape) == "body":
            for text in _texts(shape):
                flow.paragraph(text)


def _read_shapes(root: etree._Element, flow: Flow) -> None:
    """Add what a slide's shapes hold, but for its title and what every slide has."""
    from lxml import etree

    passed: set[etree._Element] = set()
    # For each open cell, innermost last, whether it is one of its own
    cells: list[bool] = []
    tables = 0
    shape: object = None
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        if not isinstance(element.tag, str):
            continue
        tag = short_name(element.tag)
        if event == "end":
            if tag == "a:tbl":
                tables -= 1
                flow.close_table()
            elif tag == "a:tc" and tables and cells.pop():
                flow.close_cell()
        elif tag == "a:p":
            text = _text(element)
            if tables:
                flow.paragraph(text)
            else:
                flow.item(text, shape)
            walk.skip_subtree()
        elif tag == "p:sp":
            shape = element
            if _placeholder(element) in _TITLES | _REPEATED:
                walk.skip_subtree()
        elif tag == "mc:AlternateContent":
            passed.update(unchosen(element))
        elif element in passed:
            walk.skip_subtree()
        elif tag == "a:tbl":
            tables += 1
            flow.open_table()
        elif tag == "a:tr" and tables:
            table = element.getparent()
            flow.open_row(table is not None and _is_first(element, table))
        elif tag == "a:tc" and tables:
            cells.append(not _is_on(element, "hMerge"))
            if cells[-1]:
                flow.open_cell(_span(element), merged=_is_on(element, "vMerge"))


def _is_first(row: etree._Element, table: etree._Element) -> bool:
    """Whether a row is a table's first and set apart from the others."""
    properties = child(table, "a:tblPr")
    return properties is not None and _is_on(properties, "firstRow") and child(table, "a:tr") is row


def _is_on(element: etree._Element, name: str) -> bool:
    return attribute(element, name) in ("1", "true")


def _span(cell: etree._Element) -> int:
    value = attribute(cell, "gridSpan") or ""
    return int(value) if re.fullmatch("[0-9]{1,4}", value) else 1


def _texts(root: etree._Element) -> list[str]:
    """Return the paragraphs that hold text, in order."""
    found = (_text(part) for part in root.iter("{*}p") if short_name(str(part.tag)) == "a:p")
    return [text for text in found if text.strip()]


def _text(paragraph: etree._Element) -> str:
    parts: list[str] = []
    for element in paragraph.iter("{*}t", "{*}br"):
        tag = short_name(str(element.tag))
        if tag == "a:br":
            parts.append("\n")
        elif tag in ("a:t", "m:t") and not _is_numbering(element.getparent()):
            parts.append(_ESCAPED.sub(" ", element.text or "").replace("\xad", ""))
    return "".join(parts)


def _is_numbering(element: etree._Element | None) -> bool:
    """Whether a field gives the slide's number or the day on which it is shown."""
    if element is None or short_name(str(element.tag)) != "a:fld":
        return False
    return (attribute(element, "type") or "").startswith(("slidenum", "datetime"))


def _shapes(root: etree._Element) -> list[etree._Element]:
    return [found for found in root.iter("{*}sp") if short_name(str(found.tag)) == "p:sp"]


def _placeholder(shape: etree._Element) -> str | None:
    """Return the type of a placeholder, "" for one of none, and None for a shape that is no placeholder."""
    properties = child(shape, "p:nvSpPr")
    own = None if properties is None else child(properties, "p:nvPr")
    placeholder = None if own is None else child(own, "p:ph")
    return None if placeholder is None else attribute(placeholder, "type") or ""
