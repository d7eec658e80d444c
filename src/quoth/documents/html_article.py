"""Where a web page's own text stands, and what around it and in it is furniture: menus, teasers, notices of cookies."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quoth.documents.html_tree import is_unseen
from quoth.documents.markup import names

if TYPE_CHECKING:
    from lxml import etree

# A word of a class or an id that says what an element is for. "has-sidebar" says it of something else.
_WORDS = re.compile(r"[a-z]+|[A-Z][a-z]*|[A-Z]+|\d+")
_OF_ANOTHER = frozenset(("has", "no", "with", "without", "is", "js", "hide", "show", "not", "non", "toggle"))
_FURNITURE = names(
    "nav navbar navigation navbox menu menubar breadcrumb breadcrumbs sidebar sidenav topbar toolbar pagination pager "
    "cookie cookies consent gdpr newsletter subscribe subscription share sharing sharedaddy social socials related "
    "recommended recommendations promo promotion advert adverts advertisement ads sponsored popup modal lightbox "
    "skiplink skip noprint printfooter editsection catlinks siteheader sitefooter masthead colophon disqus respond "
    "commentlist comments sphinxsidebar sphinxfooter navheader navfooter linkbar headerlink permalink footer "
    "jumplinks sitesub backlinks paywall feedback prevnext widget banner trending"
)
_ROLES = names("navigation banner contentinfo search dialog alertdialog menu menubar toolbar tablist tooltip status")
_NOTES = names("footnote footnotes endnote endnotes admonition citation citations bibliography")
_LISTS_OF_CONTENTS = frozenset(("toc", "contents", "toctree", "tableofcontents"))
_CONTENT = names(
    "content maincontent bodycontent main article articlebody post postbody entry entrycontent postcontent document "
    "pagecontent articlecontent mwcontenttext story storybody"
)
_BLOCKS = names("ul ol dl div section table tbody tr td p center form")
_LONGEST_NAME = 100
# A name of more words tells what stands there and not what it is for
_MOST_WORDS = 4
_MOST_WORDS_OF_ID = 2
_NAMED = names("div ul ol table td aside nav header footer form main article")


@dataclass(slots=True)
class _Weight:
    """Characters of an element's text, how many of them are links, and how many links."""

    text: int = 0
    linked: int = 0
    links: int = 0

    @property
    def prose(self) -> int:
        return self.text - self.linked

    def links_over(self, share: float) -> bool:
        return self.linked > self.text * share


class Page:
    """A page whose own text is below ``place``, but for what ``is_furniture`` says of elements in it.

    Nothing that holds half of the page's text is furniture, whatever it calls itself.
    """

    def __init__(self, root: etree._Element) -> None:
        self._weights, self._articles = _weigh(root)
        head, body = root.find("head"), root.find("body")
        # Where a page leaves out <body>, libxml2 takes what it doesn't know, such as <main>, into the head
        headed = head is not None and self._weights.get(head, _Weight()).text > 0
        self.place = root if body is None or headed else body
        # Whether the page itself says where its text is
        self._told = False
        self._find_place()
        self._weight = self._weights.get(self.place, _Weight())
        self._is_index = self._weight.links_over(0.6)

    def is_furniture(self, element: etree._Element) -> bool:
        """Whether an element below ``place`` is no part of the page's text."""
        weight = self._weights.get(element, _Weight())
        if weight.prose * 2 > self._weight.prose > 0 or weight.text * 2 > self._weight.text:
            return False
        tag, role = element.tag, element.get("role", "")
        words = _words(element)
        if not words.isdisjoint(_NOTES) or role.startswith("doc-"):
            return False
        if tag == "nav" or role in _ROLES:
            return True
        if tag == "footer":
            parent = element.getparent()
            return parent is None or parent.tag not in ("blockquote", "figure")
        if tag == "header":
            return weight.links_over(0.5 if self._told else 0.3)
        if tag == "aside" or role == "complementary":
            return weight.links_over(0.4) or (not self._told and element.getparent() is self.place)
        if not words.isdisjoint(_FURNITURE) and weight.prose < self._weight.prose * 0.3:
            return True
        if not words.isdisjoint(_LISTS_OF_CONTENTS) and weight.links_over(0.6) and not self._is_index:
            return True
        return self._is_menu(element, weight)

    def _is_menu(self, element: etree._Element, weight: _Weight) -> bool:
        if self._told or self._is_index or element.tag not in _BLOCKS:
            return False
        return weight.links > 2 and weight.links_over(0.7)

    def _find_place(self) -> None:
        whole = self._weights.get(self.place, _Weight())
        prose = whole.prose
        mains = [element for element in self._weights if element.tag == "main" or element.get("role") == "main"]
        self._narrow(mains, prose * 0.2)
        if not self._told:
            # A page of links
            self._narrow([main for main in mains if self._weights[main].text > whole.text * 0.4], 0)
        below = set(self._below(self.place))
        articles = [element for element in self._articles if element in below]
        self._narrow(articles, max(prose * 0.4, sum(self._weights[element].prose for element in articles) * 0.6))
        if not self._told:
            called = [element for element in self._below(self.place) if not _words(element).isdisjoint(_CONTENT)]
            # The innermost that still holds most of the text
            called = [element for element in called if self._weights[element].prose > prose * 0.6]
            self._narrow(called[-1:], 0)

    def _narrow(self, places: list[etree._Element], least: float) -> None:
        best = max(places, key=lambda element: self._weights[element].prose, default=None)
        if best is not None and self._weights[best].text and self._weights[best].prose >= least:
            self.place, self._told = best, True

    def _below(self, place: etree._Element) -> list[etree._Element]:
        return [element for element in place.iterdescendants() if element in self._weights]


def _weigh(root: etree._Element) -> tuple[dict[etree._Element, _Weight], list[etree._Element]]:
    """Return the weight of every element that is shown, and the articles in no other; in the document's order."""
    from lxml import etree

    weights: dict[etree._Element, _Weight] = {}
    articles: list[etree._Element] = []
    opened: list[_Weight] = []
    linked, inside = 0, 0
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        if event == "start":
            if is_unseen(element) and element is not root:
                walk.skip_subtree()
                continue
            weight = weights[element] = _Weight()
            opened.append(weight)
            if _is_article(element):
                if not inside:
                    articles.append(element)
                inside += 1
            if element.tag == "a" and "href" in element.attrib:
                linked += 1
                weight.links += 1
            _add(weight, element.text, linked)
            continue
        seen = weights.get(element)
        if seen is not None:
            opened.pop()
            inside -= _is_article(element)
            if element.tag == "a" and "href" in element.attrib:
                linked -= 1
            if opened:
                opened[-1].text += seen.text
                opened[-1].linked += seen.linked
                opened[-1].links += seen.links
        if opened:
            _add(opened[-1], element.tail, linked)
    return weights, articles


def _add(weight: _Weight, text: str | None, linked: int) -> None:
    length = len(text.strip()) if text else 0
    weight.text += length
    weight.linked += length if linked else 0


def _is_article(element: etree._Element) -> bool:
    return "article" in (element.tag, element.get("role")) or element.get("itemprop") == "articleBody"


def _words(element: etree._Element) -> set[str]:
    """Return the words in an element's classes and id, and each of these names as a whole, in lower case."""
    names_of_it = [(name, _MOST_WORDS) for name in element.get("class", "")[:500].split()]
    if element.tag in _NAMED and "section" not in element.get("class", "").split():
        # Elsewhere, and where it is long, it is made of the words of a heading
        names_of_it.append((element.get("id", "")[:_LONGEST_NAME], _MOST_WORDS_OF_ID))
    words: set[str] = set()
    for name, most in names_of_it:
        parts = [part.lower() for part in _WORDS.findall(name)]
        if parts and len(parts) <= most and parts[0] not in _OF_ANOTHER:
            words.update(parts)
            words.add("".join(parts))
    return words
