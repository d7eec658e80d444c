"""The package that DOCX and PPTX files are: parts of XML, and the relations between them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote

from quoth.documents.archive import Archive
from quoth.documents.xml import parse_xml
from quoth.errors import FormatError

if TYPE_CHECKING:
    from lxml import etree

# Where old Office files, and new ones under a password, begin
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OFFICE = "http://schemas.openxmlformats.org/"
_STRICT = "http://purl.oclc.org/ooxml/"
_PREFIXES = {
    _OFFICE + "wordprocessingml/2006/main": "w",
    _STRICT + "wordprocessingml/main": "w",
    _OFFICE + "presentationml/2006/main": "p",
    _STRICT + "presentationml/main": "p",
    _OFFICE + "drawingml/2006/main": "a",
    _STRICT + "drawingml/main": "a",
    _OFFICE + "drawingml/2006/diagram": "dgm",
    _STRICT + "drawingml/diagram": "dgm",
    _OFFICE + "officeDocument/2006/relationships": "r",
    _STRICT + "officeDocument/relationships": "r",
    _OFFICE + "officeDocument/2006/math": "m",
    _STRICT + "officeDocument/math": "m",
    _OFFICE + "markup-compatibility/2006": "mc",
    _OFFICE + "package/2006/relationships": "rel",
    "http://purl.org/dc/elements/1.1/": "dc",
}
_TEXT = frozenset(("w:t", "a:t", "m:t"))
# What programs put where no one gave a title
_NO_TITLE = re.compile(
    r"(?:microsoft (?:office )?(?:word|powerpoint)\b.*|(?:word|powerpoint) (?:document|presentation)|"
    r"untitled\b.*|(?:document|dokument|presentation|präsentation|présentation|presentación|slide|folie)\s*\d*|"
    r"no slide title|.*\.(?:docx?|docm|dotx?|odt|odp|ott|pptx?|potx?|rtf|txt|wpd|tmp|html?|pdf))",
    re.IGNORECASE,
)


@lru_cache(maxsize=2048)
def short_name(name: str) -> str:
    """Return an element's or an attribute's name with the standards' usual prefix, such as ``w:p``.

    Both namespaces that OOXML has for one thing get one prefix; a name of another namespace stays as it is.
    """
    namespace, _, local = name.rpartition("}")
    prefix = _PREFIXES.get(namespace[1:])
    return f"{prefix}:{local}" if prefix else name


def attribute(element: etree._Element, name: str) -> str | None:
    """Return an attribute by its name with or without a prefix, None where the element lacks it."""
    for key, value in element.attrib.items():
        if short_name(str(key)) == name:
            return str(value)
    return None


def child(element: etree._Element, name: str) -> etree._Element | None:
    """Return the first child of a name, None where there is none."""
    return next(children(element, name), None)


def children(element: etree._Element, name: str) -> Iterator[etree._Element]:
    """Yield the children of a name."""
    return (found for found in element if isinstance(found.tag, str) and short_name(found.tag) == name)


def is_on(element: etree._Element | None) -> bool:
    """Whether a property that is either on or off, such as ``w:b``, is there and on."""
    return element is not None and attribute(element, "w:val") not in ("0", "false", "off", "none")


def unchosen(alternatives: etree._Element) -> list[etree._Element]:
    """Return all alternatives of a content but the first that holds text, which the others would repeat."""
    found = [*children(alternatives, "mc:Choice"), *children(alternatives, "mc:Fallback")]
    chosen = next((element for element in found if _holds_text(element)), None)
    return [element for element in found if element is not chosen]


def _holds_text(element: etree._Element) -> bool:
    return any(isinstance(found.tag, str) and short_name(found.tag) in _TEXT for found in element.iter())


@dataclass(frozen=True, slots=True)
class Relation:
    """What a part refers to: the last word of the relation's type, such as ``styles``, and the other part's name."""

    kind: str
    part: str


class Package:
    """A file of Office Open XML. ``name`` is what errors call it, ``program`` the one to save it with.

    Raises:
        FormatError: it is no such package, damaged, locked with a password or out of all proportion.
    """

    def __init__(self, data: bytes, name: str, program: str) -> None:
        if data.startswith(_COMPOUND):
            raise FormatError(
                f"{name} is locked with a password or from before Office 2007; open it in {program} and save it "
                "as a new file without a password"
            )
        self._name = name
        self._archive = Archive(data, name)
        main = next((relation for relation in self.relations("").values() if relation.kind == "officeDocument"), None)
        if main is None:
            raise FormatError(f"{name} holds no document; open it in {program} and save it again")
        self.main = main.part

    def xml(self, part: str) -> etree._Element:
        """Return the root of a part. Raises FormatError where it is missing or damaged."""
        return parse_xml(self._archive.read(part), f"{self._name} ({part})")

    def relations(self, part: str) -> dict[str, Relation]:
        """Return what a part ("" for the package) refers to inside the package, by the ids that it uses."""
        folder, file = posixpath.split(part)
        source = posixpath.join(folder, "_rels", f"{file}.rels")
        if source not in self._archive:
            return {}
        found: dict[str, Relation] = {}
        for element in children(self.xml(source), "rel:Relationship"):
            target = unquote(element.get("Target", "")).replace("\\", "/")
            if element.get("TargetMode") == "External" or not target:
                continue
            inside = posixpath.normpath(
                target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
            )
            kind = element.get("Type", "").rpartition("/")[2]
            if inside in self._archive:
                found[element.get("Id", "")] = Relation(kind, inside)
        return found

    def related(self, part: str, kind: str) -> etree._Element | None:
        """Return the root of the first part that another refers to in a way; None where there is none."""
        found = next((relation.part for relation in self.relations(part).values() if relation.kind == kind), None)
        return None if found is None else self.xml(found)

    def title(self) -> str | None:
        """Return the title among the document's properties, None where it has none or one that a program put there."""
        properties = self.related("", "core-properties")
        title = None if properties is None else child(properties, "dc:title")
        return None if title is None else sensible_title(title.text or "")


def sensible_title(title: str) -> str | None:
    """Return a title that someone gave, None for one that a program put there."""
    title = " ".join(title.split())
    return None if not title or _NO_TITLE.fullmatch(title) else title
