"""The styles of a Word document, as far as they tell what a paragraph or a table is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from quoth.documents.opc import attribute, child, children, is_on

if TYPE_CHECKING:
    from lxml import etree

Role = Literal["text", "heading", "title", "contents"]

# Outline level 9 is that of text
_BODY_LEVEL = 9
# Deeper inheritance than any program makes
_CHAIN = 50
_HEADING = re.compile(r"heading ([1-9])", re.IGNORECASE)
_CONTENTS = re.compile(
    r"toc (?:[1-9]|heading)|(?:contents|user index|table index|illustration index|index) [1-9]|table of figures",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Style:
    """What a style, or a paragraph's own properties, says of a paragraph; None is what it leaves open.

    ``level`` is a heading's, from 1, and 0 for text; ``list_`` the number of its list, 0 for none.
    """

    role: Role | None = None
    level: int | None = None
    list_: int | None = None
    strong: bool | None = None

    def over(self, base: Style) -> Style:
        """Return this one with what it leaves open taken from another."""
        return Style(
            self.role or base.role,
            base.level if self.level is None else self.level,
            base.list_ if self.list_ is None else self.list_,
            base.strong if self.strong is None else self.strong,
        )


class Styles:
    """The styles by their ids. ``root`` is the part ``styles.xml``, None for a document without one.

    Built-in styles have English names whatever the language of the program; their ids are translated. Others are
    headings where the style that they are based on is, or where they give an outline level.
    """

    def __init__(self, root: etree._Element | None) -> None:
        self._own: dict[str, Style] = {}
        self._bases: dict[str, str] = {}
        self._whole: dict[str, Style] = {}
        self._headed: set[str] = set()
        self._hidden: set[str] = set()
        self.default: str | None = None
        for element in () if root is None else children(root, "w:style"):
            self._take(element)

    def _take(self, element: etree._Element) -> None:
        key = attribute(element, "w:styleId") or ""
        kind = attribute(element, "w:type") or "paragraph"
        base = child(element, "w:basedOn")
        if base is not None:
            self._bases[key] = attribute(base, "w:val") or ""
        named = child(element, "w:name")
        name = " ".join(((attribute(named, "w:val") or "") if named is not None else "").split())
        if kind == "table":
            if any(attribute(part, "w:type") == "firstRow" and len(part) for part in children(element, "w:tblStylePr")):
                self._headed.add(key)
            return
        run = child(element, "w:rPr")
        if run is not None and is_on(child(run, "w:vanish")):
            self._hidden.add(key)
        if kind != "paragraph":
            return
        if attribute(element, "w:default") in ("1", "true", "on") and self.default is None:
            self.default = key
        self._own[key] = _named(name).over(paragraph_style(child(element, "w:pPr"), run))

    def of(self, key: str | None) -> Style:
        """Return a paragraph style by its id; of an unknown id the default one."""
        key = key if key in self._own else self.default
        if key is None:
            return Style()
        if key not in self._whole:
            style, at, seen = Style(), key, 0
            while at in self._own and seen < _CHAIN:
                style = style.over(self._own[at])
                at, seen = self._bases.get(at, ""), seen + 1
            self._whole[key] = style
        return self._whole[key]

    def is_hidden(self, key: str) -> bool:
        """Whether a style of characters hides them."""
        return key in self._hidden

    def marks_first_row(self, key: str) -> bool:
        """Whether a table style sets the first row apart from the others."""
        seen = 0
        while key and seen < _CHAIN:
            if key in self._headed:
                return True
            key, seen = self._bases.get(key, ""), seen + 1
        return False


def _named(name: str) -> Style:
    heading = _HEADING.fullmatch(name)
    if heading:
        return Style("heading", int(heading[1]))
    if name.casefold() == "title":
        return Style("title", 1)
    if _CONTENTS.fullmatch(name):
        return Style("contents")
    if name.casefold() == "subtitle":
        return Style("text", 0)
    if name.casefold() in ("table heading", "table header"):
        return Style(strong=True)
    return Style()


def paragraph_style(properties: etree._Element | None, run: etree._Element | None) -> Style:
    """Return what properties of a paragraph (``w:pPr``) and of its characters (``w:rPr``) say themselves."""
    level: int | None = None
    list_: int | None = None
    if properties is not None:
        outline = child(properties, "w:outlineLvl")
        if outline is not None:
            level = number(outline, _BODY_LEVEL) + 1
            level = level if 1 <= level <= _BODY_LEVEL else 0
        numbering = child(properties, "w:numPr")
        if numbering is not None:
            # Without a number it is that of the style
            list_ = next((number(found, 0) for found in children(numbering, "w:numId")), None)
    bold = None if run is None else child(run, "w:b")
    role: Role | None = None if level is None else "heading" if level else "text"
    return Style(role, level, list_, None if bold is None else is_on(bold))


def number(element: etree._Element, otherwise: int) -> int:
    """Return an element's ``w:val`` as a number."""
    value = attribute(element, "w:val") or ""
    return int(value) if re.fullmatch(r"-?[0-9]{1,9}", value) else otherwise
