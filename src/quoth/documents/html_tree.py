"""The tree of a web page, whatever its encoding and however it is written, and what of it a browser doesn't show."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from quoth.documents.assembly import clean
from quoth.documents.decode import decode, python_encoding
from quoth.documents.markup import names
from quoth.errors import FormatError, MissingReaderError

if TYPE_CHECKING:
    from lxml import etree

MOST_BYTES = 64 * 1024 * 1024
"""Bytes of a web page; the longest standards that are one page have a quarter of that."""
DEEPEST = 2048
"""How deep elements may be nested; libxml2 reads no further."""

_DECLARED = re.compile(rb"<meta\b[^>]{0,300}?\bcharset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_XML_DECLARED = re.compile(rb"\s*<\?xml[^>]{0,200}?\bencoding\s*=\s*[\"']([\w.:-]{1,40})[\"']")
_HEAD = 4096
_FORMATTING = re.compile(
    r"</?(?:a|abbr|acronym|b|bdi|bdo|big|center|cite|em|font|i|ins|kbd|label|nobr|s|samp|small|span|strike|strong|tt|u|var)"
    r"(?:[\s/][^<>]*)?>",
    re.IGNORECASE,
)
_UNSEEN = names(
    "script style template noscript noframes noembed iframe frameset object embed applet canvas svg audio video map "
    "button select option datalist input textarea progress meter dialog title meta link base rp rt"
)
_NOT_SHOWN = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse))", re.IGNORECASE)
# Read out by screen readers: "Skip to content", "opens in a new window"
_FOR_EARS = frozenset(("sr-only", "visually-hidden", "visuallyhidden", "screen-reader-text", "screen-reader-only"))


def parse_html(data: bytes, name: str, encoding: str | None = None) -> etree._Element:
    """Return the ``html`` element of a page's bytes, without comments; ``name`` is what errors call the file.

    A byte-order mark tells the encoding, then ``encoding``, as Python names what came with the page, then the page
    itself; what is valid UTF-8 is taken as that whatever is said.

    Raises:
        FormatError: it is no text, too large, or nested more than ``DEEPEST`` deep.
        MissingReaderError: lxml isn't installed.
    """
    if len(data) > MOST_BYTES:
        raise FormatError(f"{name} has {len(data):,} bytes and a web page may have {MOST_BYTES:,}; split it")
    return parse_html_text(decode(data, name, encoding or _declared(data)), name)


def parse_html_text(text: str, name: str) -> etree._Element:
    """Return the ``html`` element of a page that is decoded already; see ``parse_html``."""
    text = clean(text)
    root, too_deep = _tree(text, name)
    if too_deep:
        # Thousands of <font> that nobody closed are no reason to refuse a page
        root, too_deep = _tree(_FORMATTING.sub("", text), name)
    if too_deep:
        raise FormatError(
            f"{name} has elements nested more than {DEEPEST} deep, which no page needs; "
            "open it in a browser, save its text and index that"
        )
    return root


def is_unseen(element: etree._Element) -> bool:
    """Whether a browser shows nothing of an element by what it is, or by what it says of itself."""
    if element.tag in _UNSEEN:
        return True
    attributes = element.attrib
    if not attributes:
        return False
    if attributes.get("aria-hidden", "").lower() == "true" and element.tag not in ("body", "main", "article", "math"):
        return True
    if "hidden" in attributes and attributes["hidden"].lower() != "until-found":
        return True
    if "style" in attributes and _NOT_SHOWN.search(attributes["style"][:2000]):
        # Wikis hide the formula that they show a picture of
        return not (len(element) == 1 and element[0].tag == "math")
    return "class" in attributes and not _FOR_EARS.isdisjoint(attributes["class"].lower().split())


def _declared(data: bytes) -> str | None:
    head = data[:_HEAD]
    found = _XML_DECLARED.match(head) or _DECLARED.search(head)
    return python_encoding(found.group(1).decode("ascii")) if found else None


def _tree(text: str, name: str) -> tuple[etree._Element, bool]:
    try:
        from lxml import etree
    except ImportError as error:
        raise MissingReaderError(name) from error

    parser = etree.HTMLParser(
        encoding="utf-8", huge_tree=True, no_network=True, remove_comments=True, remove_pis=True, recover=True
    )
    try:
        root = etree.fromstring(text.encode("utf-8", "ignore"), parser)
    except (etree.LxmlError, ValueError):
        root = None
    if root is None:
        root = etree.Element("html")
    return root, any(error.type_name == "ERR_RESOURCE_LIMIT" for error in parser.error_log)
