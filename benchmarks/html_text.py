"""Which reader of web pages keeps an article whole and leaves out what stands around it.

    python benchmarks/html_text.py --sources FOLDER [--built FOLDER ...]

FOLDER holds reStructuredText (.rst, .txt), such as the ``_sources`` of a Sphinx documentation. Of each file an article
is made and put into pages as sites of many kinds build them: around it stand menus, teasers that are the first words of
other articles, notices, comments. The words of the article are the truth. ``--built`` names HTML trees that Sphinx
built: real pages, whose truth is what their theme marks as the document (``role="main"`` or ``articleBody``), without
the signs beside headings.

Precision is the share of words read that are the article's, recall the share of the article's that are read; both are
means over pages. ``whole`` is the share of pages that lack less than 1 % of their article. Needs `trafilatura` and
`readability-lxml` beside the project's own dependencies. The tables go to standard output as Markdown.
"""

from __future__ import annotations

import argparse
import random
import re
import statistics
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import lxml.html
import readability
import trafilatura
from docutils.core import publish_parts

from quoth.documents.html import read_html
from quoth.errors import SourceError

ARTICLES = 12
MOST_BUILT = 60
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Article:
    title: str
    body: str
    words: Counter[str]
    teaser: str


@dataclass(frozen=True)
class Page:
    kind: str
    html: str
    words: Counter[str]


def words(text: str) -> Counter[str]:
    return Counter(_WORD.findall(text.casefold()))


def article(path: Path) -> Article | None:
    parts = publish_parts(
        path.read_text("utf-8", "replace"),
        writer="html5",
        settings_overrides={
            "report_level": 5,
            "warning_stream": False,
            "file_insertion_enabled": False,
            "raw_enabled": False,
            "initial_header_level": 2,
            "math_output": "HTML",
        },
    )
    body = re.sub(r'(?s)<aside class="system-message.*?</aside>', "", parts["body"])
    if not parts["title"] or len(body) < 3000:
        return None
    tree = lxml.html.fromstring(f"<div>{body}</div>")
    text = " ".join(tree.itertext())
    first = next((p.text_content() for p in tree.iter("p") if len(p.text_content()) > 80), text[:200])
    title = lxml.html.fromstring(f"<p>{parts['title']}</p>").text_content()
    return Article(title, body, words(f"{title} {text}"), " ".join(first.split()[:40]))


def menu(count: int, label: str = "Section") -> str:
    return "".join(f'<li><a href="/s/{n}">{label} {n}</a></li>' for n in range(count))


def teasers(others: list[Article], wrap: str) -> str:
    return "".join(wrap.format(title=other.title, text=other.teaser) for other in others)


def news(a: Article, o: list[Article]) -> str:
    cards = teasers(o, '<li class="card"><a href="/x"><h3>{title}</h3></a><p>{text}</p></li>')
    return f"""<header class="masthead"><a href="/">The Daily Otter</a><nav><ul>{menu(9)}</ul></nav></header>
    <main><article><header><h1>{a.title}</h1></header>{a.body}
    <div class="social-share"><a href="#">Share on A</a> <a href="#">Mail this</a></div></article>
    <section class="related-stories"><h2>More stories</h2><ul>{cards}</ul></section></main>
    <aside class="newsletter"><h2>Newsletter</h2><p>Sign up to get our stories every morning.</p></aside>
    <footer><ul>{menu(12, "About")}</ul><p>All rights reserved. No part may be copied without permission.</p>
    </footer>"""


def blog(a: Article, o: list[Article]) -> str:
    comments = teasers(o, '<li class="comment"><cite>{title}</cite><p>{text}</p></li>')
    return f"""<div id="page"><div id="header"><h1 id="site-title"><a href="/">My blog</a></h1>
    <ul class="menu">{menu(5)}
    </ul></div><div id="primary" class="content-area"><div id="post-7" class="post hentry">
    <h1 class="entry-title">{a.title}
    </h1><div class="entry-content">{a.body}</div><div class="sharedaddy"><a href="#">Tweet</a><a href="#">Like</a>
    </div>
    </div><div id="comments"><h3>3 thoughts</h3><ol class="commentlist">{comments}</ol></div></div>
    <div id="secondary" class="widget-area"><div class="widget"><h3>Archives</h3><ul>{menu(24, "Month")}</ul></div>
    </div>
    <div id="colophon">Proudly powered by a program</div></div>"""


def nineties(a: Article, o: list[Article]) -> str:
    return f"""<table width="100%"><tr><td colspan=2>
    <a href="/">Home</a> | <a href="/b">Map</a> | <a href="/c">Guests</a></td>
    </tr><tr><td width=120 valign=top>{"<br>".join(f"<a href=/{n}>Page {n}</a>" for n in range(15))}</td><td>
    <font face=arial><h1>{a.title}</h1>{a.body}</font></td></tr><tr><td colspan=2><font size=1>
    <a href=/m>Webmaster</a> <a href=/c>Copyright</a> <a href=/t>Top</a></font></td></tr></table>"""


def wiki(a: Article, o: list[Article]) -> str:
    return f"""<div id="mw-head"><ul id="p-personal">{menu(5, "Log")}</ul></div><div id="mw-panel">
    <div class="portal" role="navigation"><ul>{menu(20, "Tool")}</ul></div></div>
    <div id="content" class="mw-body" role="main">
    <h1 id="firstHeading">{a.title}</h1><div id="siteSub">From the free otters</div><div id="mw-content-text">{a.body}
    <div class="navbox"><ul>{menu(40, "Article")}</ul></div></div><div id="catlinks"><ul>{menu(6, "Category")}</ul>
    </div></div>
    <div id="footer"><ul>{menu(7, "Policy")}</ul></div>"""


def manual(a: Article, o: list[Article]) -> str:
    return f"""<nav class="navbar"><a href="/">Docs</a><ul>{menu(5)}</ul></nav><div class="main-wrapper">
    <div class="sidebar">
    <ul>{menu(60, "Chapter")}</ul></div><div class="docMain"><div class="container">
    <ul class="breadcrumbs">{menu(3)}</ul>
    <div class="theme-doc-markdown markdown"><h1>{a.title}</h1>{a.body}</div><a href="/e">Edit this page</a>
    <div class="pagination-nav"><a href="/p">Previous {o[0].title}</a><a href="/n">Next {o[1].title}</a></div></div>
    <div class="toc"><ul>{menu(12, "On this page")}</ul></div></div></div>
    <div class="footer">{menu(8, "Community")}</div>"""


def hashed(a: Article, o: list[Article]) -> str:
    cards = teasers(o, '<div class="kz1"><a href="/x"><div class="q3">{title}</div><div>{text}</div></a></div>')
    return f"""<div class="css-1a2"><div class="css-9x"><a href="/">Logo</a><div class="b7">{menu(8)}</div></div>
    <div class="css-77"><div class="x1"><h1 class="x2">{a.title}</h1><div class="x3">{a.body}</div></div>
    <div class="x9">
    {cards}</div></div><div class="css-f0"><ul>{menu(10, "Legal")}</ul><div>© 2024</div></div></div>"""


def authority(a: Article, o: list[Article]) -> str:
    notice = "We use some essential cookies to make this website work. We'd like to set additional cookies."
    return f"""<a class="skip" href="#c">Skip to main content</a><div class="cookie-banner" role="region">
    <p>{notice}</p>
    <button>Accept</button></div><div class="header" role="banner"><a href="/">Office of Otters</a></div>
    <div class="wrapper"><main id="c"><h1>{a.title}</h1>{a.body}</main><div class="related" role="complementary">
    <h2>Related content</h2><ul>{menu(6, "Guidance")}</ul></div></div><div class="feedback"><p>Is this page useful?</p>
    <a href="#">Yes</a> <a href="#">No</a></div><div role="contentinfo">
    <p>All content is available under a licence.</p></div>"""


def plain(a: Article, o: list[Article]) -> str:
    return f"<h1>{a.title}</h1>{a.body}<hr><address>An author, 1997</address>"


SITES: tuple[Callable[[Article, list[Article]], str], ...] = (
    *(news, blog, nineties, wiki, manual),
    *(hashed, authority, plain),
)


def made(sources: Path) -> list[Page]:
    chosen = random.Random(13)
    paths = sorted(path for path in sources.rglob("*") if path.suffix in (".rst", ".txt"))
    chosen.shuffle(paths)
    articles: list[Article] = []
    for path in paths:
        if len(articles) < ARTICLES and (found := article(path)) is not None:
            articles.append(found)
    pages = []
    for site in SITES:
        for subject in articles:
            others = chosen.sample([other for other in articles if other is not subject], 4)
            head = f"<title>{subject.title} - The Otter Site</title><script>var a = 'not read';</script>"
            body = site(subject, others)
            html = f"<!DOCTYPE html><html><head><meta charset=utf-8>{head}</head><body>{body}</body></html>"
            pages.append(Page(site.__name__, html, subject.words))
    return pages


def built(tree: Path) -> list[Page]:
    pages = []
    for path in sorted(tree.rglob("*.html"))[:MOST_BUILT]:
        html = path.read_text("utf-8", "replace")
        root = lxml.html.fromstring(html.encode(), parser=lxml.html.HTMLParser(encoding="utf-8"))
        marked = root.xpath("//*[@itemprop='articleBody'] | //*[@role='main'][not(.//*[@itemprop='articleBody'])]")
        if not marked or path.stem in ("genindex", "search", "index"):
            continue
        for mark in marked[0].xpath(".//a[contains(@class, 'headerlink')] | .//script"):
            mark.drop_tree()
        truth = words(marked[0].text_content())
        if truth.total() > 100:
            pages.append(Page(tree.name, html, truth))
    return pages


def by_ours(html: str) -> str:
    try:
        return read_html(html.encode(), "a.html").text
    except SourceError:
        return ""


def by_readability(html: str) -> str:
    document = readability.Document(html)
    return f"{document.short_title()} {lxml.html.fromstring(document.summary()).text_content()}"


def by_trafilatura(html: str) -> str:
    return trafilatura.extract(html, include_comments=False, include_tables=True) or ""


def by_trafilatura_recall(html: str) -> str:
    return trafilatura.extract(html, include_comments=False, include_tables=True, favor_recall=True) or ""


def by_body(html: str) -> str:
    tree = lxml.html.fromstring(html.encode(), parser=lxml.html.HTMLParser(encoding="utf-8"))
    for element in [*tree.iter("script", "style")]:
        element.drop_tree()
    return " ".join(tree.find("body").itertext())


READERS: dict[str, Callable[[str], str]] = {
    "quoth": by_ours,
    "trafilatura": by_trafilatura,
    "trafilatura, for recall": by_trafilatura_recall,
    "readability-lxml": by_readability,
    "all of the body": by_body,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sources", type=Path, required=True)
    parser.add_argument("--built", type=Path, nargs="*", default=[])
    arguments = parser.parse_args()
    pages = made(arguments.sources) + [page for tree in arguments.built for page in built(tree)]
    kinds = list(dict.fromkeys(page.kind for page in pages))
    counts = Counter(page.kind for page in pages)
    rows: dict[str, list[str]] = {}
    for name, read in READERS.items():
        scores: dict[str, list[tuple[float, float]]] = {}
        began = time.perf_counter()
        for page in pages:
            found = words(read(page.html))
            common = (found & page.words).total()
            scores.setdefault(page.kind, []).append((common / max(found.total(), 1), common / page.words.total()))
        seconds = time.perf_counter() - began
        every = [score for kind in kinds for score in scores[kind]]
        whole = statistics.mean(recall > 0.99 for _, recall in every)
        size = sum(len(page.html.encode()) for page in pages) / 1e6
        rows[name] = [shown(scores[kind]) for kind in kinds] + [shown(every), f"{whole:.0%}", f"{size / seconds:.1f}"]
    print("| pages | " + " | ".join(rows) + " |\n|---|" + "---|" * len(rows))
    labels = [f"{kind} ({counts[kind]})" for kind in kinds] + [f"all ({len(pages)})", "whole", "MB/s"]
    for place, label in enumerate(labels):
        print(f"| {label} | " + " | ".join(row[place] for row in rows.values()) + " |")


def shown(scores: list[tuple[float, float]]) -> str:
    precision, recall = (statistics.mean(column) for column in zip(*scores, strict=True))
    return f"{precision:.3f} / {recall:.3f}"


if __name__ == "__main__":
    main()
