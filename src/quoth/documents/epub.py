"""E-books (EPUB): their chapters in the order of reading, without covers and tables of contents."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote

from quoth.documents.archive import Archive
from quoth.documents.assembly import Assembly, with_text
from quoth.documents.flow import Flow
from quoth.documents.html_blocks import HtmlBlocks
from quoth.documents.html_tree import parse_html
from quoth.documents.model import Contents
from quoth.documents.xml import parse_xml
from quoth.errors import FormatError

if TYPE_CHECKING:
    from lxml import etree

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
# Fonts are scrambled so that nobody takes them out; the text is not
_OF_FONTS = frozenset(("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"))
_CHAPTERS = frozenset(("application/xhtml+xml", "text/html", "text/x-oeb1-document", "application/xml"))
_NCX = "application/x-dtbncx+xml"
# What an element or a part of a book is for, where it holds no text of the book
_NOT_READ = frozenset(
    ("toc", "landmarks", "page-list", "pagebreak", "lot", "loi", "loa", "lov", "cover", "index-locator")
)
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


@dataclass(slots=True)
class _Book:
    """What the package document of a book says: names of entries in the order of reading, and their titles."""

    title: str = ""
    chapters: list[str] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)


def read_epub(data: bytes, name: str) -> Contents:
    """Read an e-book of EPUB 2 or 3.

    A chapter is read as a web page is, all of it. Where it has no heading, the one that the table of contents gives it
    stands above it.

    Args:
        data: The file's bytes.
        name: What errors call it by.

    Raises:
        FormatError: it is damaged or protected by DRM, or no e-book.
        NoTextError: it is all pictures.
    """
    archive = Archive(data, name)
    _check_protection(archive, name)
    book = _book(archive, name)
    assembly = Assembly()
    flow = Flow(assembly)
    for chapter in book.chapters:
        root = parse_html(archive.read(chapter), f"{name} ({chapter})")
        title = book.titles.get(chapter, "")
        if title and not any("".join(heading.itertext()).strip() for heading in root.iter(*_HEADINGS)):
            flow.heading(1, title)
        HtmlBlocks(flow, _is_apparatus).read(root)
    return with_text(assembly.contents(book.title), name)


def _is_apparatus(element: etree._Element) -> bool:
    """Whether an element serves to find one's way in the book."""
    kinds = f"{element.get('epub:type', '')} {element.get('role', '').removeprefix('doc-')}".lower().split()
    return element.tag == "nav" or not _NOT_READ.isdisjoint(kinds)


def _check_protection(archive: Archive, name: str) -> None:
    if _ENCRYPTION not in archive:
        return
    root = parse_xml(archive.read(_ENCRYPTION), f"{name} ({_ENCRYPTION})")
    methods = {element.get("Algorithm") for element in _all(root, "EncryptionMethod") if _in_data(element)}
    if methods - _OF_FONTS:
        raise FormatError(
            f"{name} is protected against copying (DRM), so that only its reading program can open it; "
            "get it without protection to index it"
        )


def _in_data(element: etree._Element) -> bool:
    parent = element.getparent()
    return parent is not None and _name(parent) == "EncryptedData"


def _book(archive: Archive, name: str) -> _Book:
    path = _package_path(archive, name)
    root = parse_xml(archive.read(path), f"{name} ({path})")
    book = _Book(title=next((text for text in map(_text, _all(root, "title")) if text), ""))
    items = {item.get("id", ""): item for item in _all(root, "item")}
    left_out = {
        _entry(path, reference.get("href", ""))
        for reference in _all(root, "reference")
        if reference.get("type", "").lower() in ("toc", "cover")
    }
    for reference in _all(root, "itemref"):
        item = items.pop(reference.get("idref", ""), None)
        if item is None or item.get("media-type", "").lower() not in _CHAPTERS:
            continue
        entry = archive.find(_entry(path, item.get("href", "")))
        is_nav = "nav" in item.get("properties", "").split()
        if entry is not None and not is_nav:
            book.chapters.append(entry)
        if is_nav and entry is not None:
            items["nav"] = item
    # Some call a chapter their table of contents
    book.chapters = [chapter for chapter in book.chapters if chapter not in left_out] or book.chapters
    if not book.chapters:
        raise FormatError(f"{name} is an e-book without any chapter that is there; get it anew")
    for item in items.values():
        entry = archive.find(_entry(path, item.get("href", "")))
        if entry is None:
            continue
        if "nav" in item.get("properties", "").split():
            _take_nav(book, parse_html(archive.read(entry), f"{name} ({entry})"), entry)
        elif item.get("media-type") == _NCX:
            _take_ncx(book, parse_xml(archive.read(entry), f"{name} ({entry})"), entry)
    return book


def _package_path(archive: Archive, name: str) -> str:
    if _CONTAINER in archive:
        root = parse_xml(archive.read(_CONTAINER), f"{name} ({_CONTAINER})")
        for file in _all(root, "rootfile"):
            path = archive.find(_entry("", file.get("full-path", "")))
            if path is not None:
                return path
    path = next((entry for entry in archive.names if entry.lower().endswith(".opf")), None)
    if path is None:
        raise FormatError(f"{name} is no e-book: it lacks the list of its chapters; get it anew")
    return path


def _take_nav(book: _Book, root: etree._Element, base: str) -> None:
    for nav in root.iter("nav"):
        if "toc" in nav.get("epub:type", "").split():
            for link in nav.iter("a"):
                book.titles.setdefault(_entry(base, link.get("href", "")), _text(link))


def _take_ncx(book: _Book, root: etree._Element, base: str) -> None:
    for point in _all(root, "navPoint"):
        label = next((child for child in point if _name(child) == "navLabel"), None)
        content = next((child for child in point if _name(child) == "content"), None)
        if label is not None and content is not None:
            book.titles.setdefault(_entry(base, content.get("src", "")), _text(label))


def _entry(base: str, address: str) -> str:
    """Return the name of the entry at an address that stands in another; one on the web is none of the archive's."""
    path = unquote(address.partition("#")[0].partition("?")[0])
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), path)) if path else ""


def _all(root: etree._Element, name: str) -> list[etree._Element]:
    """Return all elements of a name, whatever their namespace."""
    return list(root.iter(f"{{*}}{name}"))


def _name(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _text(element: etree._Element) -> str:
    return " ".join("".join(element.itertext()).split())
