"""Web pages: their own text without what stands around it, their title and their address."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from quoth.documents.assembly import Assembly
from quoth.documents.flow import Flow
from quoth.documents.html_article import Page
from quoth.documents.html_blocks import HtmlBlocks
from quoth.documents.html_tree import is_unseen, parse_html
from quoth.documents.model import LONGEST_TITLE, Contents
from quoth.errors import NoTextError

if TYPE_CHECKING:
    from lxml import etree

_ADDRESS = re.compile(r"https?://[^\s<>\"\\^`{|}\x00-\x20]{1,2000}", re.IGNORECASE)
# What browsers write into a page that they save
_SAVED_FROM = re.compile(rb"<!--\s*saved from url=\(\d+\)(\S{1,2000})\s*-->")
_HEAD = 4096
_SEPARATOR = re.compile(r"\s+[|·•—–:»«›-]{1,2}\s+|\s*[—|»]\s*")


def read_html(data: bytes, name: str, encoding: str | None = None) -> Contents:
    """Read a web page.

    Menus, footers, teasers and what a browser doesn't show are left out. Where the page doesn't tell its text from
    these, what is in doubt is read. A row of a table reads "Header: value; Header: value".

    Args:
        data: The file's bytes.
        name: What errors call it by.
        encoding: What Python calls the encoding that came with it, if one did.

    Raises:
        FormatError: it is no text, too large, nested too deeply, or shows no text.
        MissingReaderError: lxml isn't installed.
    """
    root = parse_html(data, name, encoding)
    meta = _meta(root)
    contents = _contents(root, Page(root), meta)
    if not contents.text:
        raise NoTextError(
            f"{name} is a web page that shows no text of its own; where a script writes it, "
            "save the page as a browser shows it and try again"
        )
    return Contents(contents.text, contents.paragraphs, contents.title, _address(root, meta, data))


def _contents(root: etree._Element, page: Page, meta: dict[str, str]) -> Contents:
    """Put the page's text together, below the heading that stands above its place."""
    assembly = Assembly()
    flow = Flow(assembly)
    headings = [heading for heading in islice(root.iter("h1"), 10) if _text(heading) and not _is_hidden(heading)]
    lone = headings[0] if len(headings) == 1 else None
    title = _title(root, meta, _text(lone) if lone is not None else "")
    if lone is not None and _text(lone) == title and page.place not in lone.iterancestors():
        flow.heading(1, title)
    HtmlBlocks(flow, page.is_furniture).read(page.place)
    return assembly.contents(title)


def _title(root: etree._Element, meta: dict[str, str], heading: str) -> str:
    """Return the page's title, without the name of its site where that is told."""
    named = next(root.iter("title"), None)
    told = meta.get("og:title") or (_text(named) if named is not None else "")
    if not told:
        return heading
    parts = _SEPARATOR.split(told)
    if heading and (heading == told or heading in parts or told.startswith(heading)):
        return heading
    sites = {meta[key].casefold() for key in ("og:site_name", "application-name") if meta.get(key)}
    for part in (parts[0], parts[-1]):
        if part.casefold() in sites and len(parts) > 1:
            rest = told[len(part) :] if part is parts[0] else told[: -len(part)]
            return rest.strip(" \t|·•—–:»«›-")
    return told


def _meta(root: etree._Element) -> dict[str, str]:
    """Return what the page's head says of it, by the names in lower case; of several the first."""
    found: dict[str, str] = {}
    for element in root.iter("meta"):
        key = (element.get("property") or element.get("name") or "").lower()
        content = " ".join(element.get("content", "")[: 10 * LONGEST_TITLE].split())
        if key and content:
            found.setdefault(key, content)
    return found


def _address(root: etree._Element, meta: dict[str, str], data: bytes) -> str | None:
    """Return the page's own address, if it names one that can be followed."""
    links: list[str]
    links = [link.get("href", "") for link in root.iter("link") if "canonical" in link.get("rel", "").lower().split()]
    saved = _SAVED_FROM.search(data[:_HEAD])
    told = (*links, meta.get("og:url", ""), saved.group(1).decode("latin-1") if saved else "")
    return next((address for address in map(web_address, told) if address), None)


def web_address(told: str) -> str | None:
    """Return an address that a page or a mail tells if it is whole and of the web, else None."""
    found = _ADDRESS.fullmatch(told.strip())
    return found.group() if found else None


def _is_hidden(element: etree._Element) -> bool:
    return any(is_unseen(above) for above in (element, *element.iterancestors()))


def _text(element: etree._Element) -> str:
    return " ".join("".join(element.itertext()).split()).rstrip("¶# ").strip()
