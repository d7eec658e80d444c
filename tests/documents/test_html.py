"""Web pages: their own text, whole and in order, without what stands around it."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quoth.documents.html import read_html
from quoth.documents.reading import parse
from quoth.errors import FormatError, NoTextError

PROSE = (
    "The otter eats about fifteen per cent of its weight a day and hunts by touch at night. "
    "It closes its ears and nose under water, and its whiskers tell it where a fish has swum. "
)


def page(body: str, head: str = "<title>Otters</title>") -> bytes:
    return f"<!DOCTYPE html><html><head><meta charset=utf-8>{head}</head><body>{body}</body></html>".encode()


def paragraphs(data: bytes) -> list[str]:
    contents = read_html(data, "a.html")
    return [contents.text[p.start : p.end] for p in contents.paragraphs]


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


SITE = """
<a class="skip-link" href="#content">Skip to content</a>
<header class="site-header"><a href="/">The River Post</a>
 <nav><ul><li><a href="/n">News</a></li><li><a href="/s">Sport</a></li><li><a href="/w">Weather</a></li></ul></nav>
</header>
<div id="cookie-consent"><p>We use cookies to give you the best experience. <button>Accept</button></p></div>
{article}
<aside class="sidebar"><h3>Most read</h3><ul><li><a href="/1">Bridge closed until May</a></li></ul></aside>
<footer><p>Copyright 2024 The River Post</p><a href="/imprint">Imprint</a></footer>
<script>var subscribed = "never";</script>
"""
ARTICLE = f"""
<h1>The return of the otter</h1>
<p class="byline">By Anna Flint</p>
<p>{PROSE}</p>
<h2>Where it lives</h2>
<p>{PROSE.upper()}</p>
<ul><li>Rivers</li><li>Lakes</li></ul>
<blockquote><p>I had not seen one for forty years.</p></blockquote>
<div class="share-buttons"><a href="#">Share this</a><a href="#">Tweet this</a></div>
"""


@pytest.mark.parametrize(
    "wrapped",
    [
        "<main><article>{}</article></main>",
        '<div role="main">{}</div>',
        '<div id="page"><div id="content">{}</div></div>',
        '<div class="layout"><div class="c7">{}</div></div>',
        "<table><tr><td><a href=/x>One</a> <a href=/y>Two</a> <a href=/z>Three</a></td><td>{}</td></tr></table>",
    ],
)
def test_the_article_is_read_whole_and_what_stands_around_it_is_not(wrapped):
    site = SITE.format(article=wrapped.format(ARTICLE))
    contents = read_html(page(site, "<title>The return of the otter | The River Post</title>"), "a.html")
    for kept in (
        "The return of the otter",
        "Anna Flint",
        PROSE.strip(),
        PROSE.upper().strip(),
        "Rivers\nLakes",
        "forty",
    ):
        assert kept in contents.text
    for around in ("River Post", "Skip", "Sport", "cookies", "Accept", "Most read", "Bridge", "Imprint", "subscribed"):
        assert around not in contents.text
    assert "Share this" not in contents.text
    assert contents.title == "The return of the otter"


def test_paragraphs_know_the_headings_above_them_and_headings_are_no_paragraphs():
    contents = read_html(page(f"<main>{ARTICLE}</main>"), "a.html")
    below = {contents.text[p.start : p.end]: p.heading for p in contents.paragraphs}
    assert below[PROSE.strip()] == "The return of the otter"
    assert below[PROSE.upper().strip()] == "The return of the otter > Where it lives"
    assert "Where it lives" not in below


def test_a_heading_above_the_article_heads_it():
    around = f"<div class=hero><h1>Otters at home</h1></div><main><p>{PROSE}</p></main>"
    contents = read_html(page(around, "<title>Otters at home | The River Post</title>"), "a.html")
    assert contents.title == contents.paragraphs[0].heading == "Otters at home"


@pytest.mark.parametrize(
    ("head", "heading", "title"),
    [
        ("<title>Otters - The River Post</title>", "Otters", "Otters"),
        ("<title>Otters - The River Post</title><meta property=og:site_name content='The River Post'>", "", "Otters"),
        (
            "<title>The River Post: Otters</title><meta property=og:title content='Otters of Wales'>",
            "",
            "Otters of Wales",
        ),
        ("<title>Re-wilding - a life</title>", "", "Re-wilding - a life"),
        ("", "Otters", "Otters"),
    ],
)
def test_the_title_is_the_pages_own_without_its_sites_name(head, heading, title):
    assert read_html(page(f"<h1>{heading}</h1><p>{PROSE}</p>", head), "a.html").title == title


@pytest.mark.parametrize(
    ("head", "uri"),
    [
        ('<link rel="canonical" href="https://river.example/otters?a=1">', "https://river.example/otters?a=1"),
        ('<meta property="og:url" content="http://river.example/o">', "http://river.example/o"),
        ("<!-- saved from url=(0031)https://river.example/otters/x -->", "https://river.example/otters/x"),
        ('<link rel="canonical" href="javascript:alert(1)">', None),
        ('<link rel="canonical" href="/otters">', None),
        ('<link rel="canonical" href="https://river.example/a b">', None),
        ('<link rel="canonical" href="file:///etc/passwd">', None),
    ],
)
def test_the_address_is_the_canonical_one_if_it_can_be_followed(head, uri):
    assert read_html(page(f"<p>{PROSE}</p>", head), "a.html").uri == uri


def test_a_page_is_read_behind_the_door_as_well():
    document = parse("a.html", page(f"<p>{PROSE}</p>", '<link rel="canonical" href="https://river.example/o">'))
    assert (document.media_type, document.uri) == ("text/html", "https://river.example/o")


def test_a_page_that_leaves_out_its_body_and_its_head_is_read():
    data = f"<!DOCTYPE html><title>Otters</title><nav><a href=/>Home</a></nav><main><h1>Otters</h1><p>{PROSE}</main>"
    assert read_html(data.encode(), "a.html").text == f"Otters\n\n{PROSE.strip()}"
    data = f"<!DOCTYPE html><title>Otters</title><section><h2>Homes</h2>A holt.</section><p>{PROSE}"
    assert read_html(data.encode(), "a.html").text == f"Homes\n\nA holt.\n\n{PROSE.strip()}"


def test_hidden_text_and_what_only_programs_read_is_left_out():
    hidden = """<p hidden>one</p><p style="color: red; display:none">two</p><p style="visibility: hidden">three</p>
    <p aria-hidden="true">four</p><template><p>five</p></template><noscript>six</noscript><!-- seven -->
    <span class="sr-only">eight</span><svg><text>nine</text></svg><select><option>ten</option></select>
    <p hidden="until-found">found</p><details><summary>More</summary>folded</details>"""
    assert paragraphs(page(f"<p>shown</p>{hidden}")) == ["shown", "found", "More", "folded"]


def test_text_is_what_a_browser_shows():
    body = "<p>a <b>b</b>c&nbsp;&amp; d<sup>2</sup>\n\t e<wbr>f g&shy;h 10<sup>6</sup> H<sub>2</sub>O"
    body += " <q>i</q><br>j<br><br>k</p>"
    assert paragraphs(page(body)) == ["a bc & d² ef gh 10⁶ H2O “i”\nj", "k"]


def test_code_keeps_its_lines_and_its_indentation():
    body = "<p>So:</p><pre><code><span>  def f(x):</span>\n      if x:\n\n          return <b>1</b>\n</code></pre>"
    assert paragraphs(page(body)) == ["So:", "def f(x):\n    if x:\n\n        return 1"]


def test_lists_keep_their_numbers_and_what_introduces_them():
    body = "<p>Take:</p><ol start=3><li>Bread<li><p>Butter</p><ul><li>salted</ul><li value=9>Jam</ol><p>Eat.</p>"
    assert paragraphs(page(body)) == ["Take:\n3. Bread\n4. Butter\nsalted\n9. Jam", "Eat."]


def test_a_term_stands_with_its_explanation():
    body = f"<dl><dt>Holt<dt>Couch<dd><p>A den.</p><p>{PROSE * 4}</p><dt>Romp<dd>A group.</dl>"
    assert paragraphs(page(body)) == ["Holt\nCouch\nA den.", (PROSE * 4).strip(), "Romp\nA group."]


def test_a_row_of_a_table_reads_alone():
    table = """<table><caption>Otters</caption><thead><tr><th>Kind<th>Mass<th>Home</thead>
    <tr><td>Sea<td>30 kg<td rowspan=2>Pacific<tr><td>Giant<td>32 kg
    <tr><td>River<td><ul><li>9 kg<li>or more</ul><td></table>"""
    assert paragraphs(page(table)) == [
        "Otters",
        "Kind: Sea; Mass: 30 kg; Home: Pacific\n"
        "Kind: Giant; Mass: 32 kg; Home: Pacific\n"
        "Kind: River; Mass: 9 kg or more",
    ]


def test_a_cell_that_goes_on_through_rows_is_read_in_each():
    table = "<table><tr><th>Kind<th>Mass<th>Sex<tr><td rowspan=2>Sea<td>30<td rowspan=3>m<tr><td>28<tr><td>River<td>9"
    assert paragraphs(page(table + "<tr><td>Giant<td>32<td>f</table>")) == [
        "Kind: Sea; Mass: 30; Sex: m\nKind: Sea; Mass: 28; Sex: m\n"
        "Kind: River; Mass: 9; Sex: m\nKind: Giant; Mass: 32; Sex: f"
    ]


def test_a_table_whose_headers_stand_before_its_rows_reads_alone_too():
    table = "<table><tr><th colspan=2>Ada<tr><th>Born<td>1815<tr><th>Died:<td>1852</table>"
    assert paragraphs(page(table)) == ["Ada\nBorn: 1815\nDied: 1852"]


def test_a_table_that_only_lays_out_the_page_is_read_as_its_cells():
    table = f"<table><tr><td><h2>Left</h2><p>{PROSE}</p><td><table><tr><td>a<td>b<tr><td>c<td>d</table></table>"
    assert paragraphs(page(table)) == [PROSE.strip(), "a | b\nc | d"]


def test_marks_that_lead_to_notes_and_headings_are_left_out():
    body = '<h2>Where<a class="headerlink" href="#w">¶</a></h2>'
    body += '<p>In Wales<sup class="reference"><a href="#n">[1]</a></sup>.</p>'
    contents = read_html(page(body), "a.html")
    assert contents.text == "Where\n\nIn Wales."


def test_a_formula_is_read_by_its_source():
    hidden = '<span style="display:none"><math alttext="{\\displaystyle E=mc^{2}}"><mi>E</mi></math></span>'
    body = f"<p>So {hidden}<img class='math-fallback' aria-hidden=true alt='no'> and <math><mi>x</mi></math>.</p>"
    assert paragraphs(page(body)) == ["So {\\displaystyle E=mc^{2}} and x."]


def test_links_in_the_text_and_in_its_notes_are_read():
    notes = "".join(
        f'<aside class="footnote"><p><a href="https://n.example/{n}">Note {n}</a></p></aside>' for n in "12"
    )
    notes += '<aside role="doc-footnote"><p><a href="https://n.example/3">Note 3</a></p></aside>'
    body = f"""<main><h1>Otters</h1><p>{PROSE}See <a class="reference external" href="/w">the wiki</a>.</p>
    <section id="related-homes"><h2>Related homes</h2><p>A holt.</p></section>
    <div id="the-menu-of-otters"><p>Fish.</p></div><dl id="share-food"><dt>Sharing<dd>Food.</dl>
    <aside class="admonition note"><p><a href=/x>Mind</a> <a href=/y>the</a> <a href=/z>weir</a></p></aside>
    {notes}</main>"""
    text = read_html(page(body), "a.html").text
    for kept in ("See the wiki.", "A holt.", "Fish.", "Food.", "Mind the weir", "Note 1", "Note 3"):
        assert kept in text


def test_a_page_of_links_is_read():
    links = "".join(
        f"<ul><li><a href=/{n}>Chapter {n} of the manual</a><li><a>b</a><li><a href=c>c</a></ul>" for n in range(9)
    )
    assert "Chapter 8 of the manual" in read_html(page(f"<h1>Manual</h1>{links}"), "a.html").text


def test_what_calls_itself_a_menu_and_holds_the_text_is_the_text():
    assert PROSE.strip() in paragraphs(page(f'<div class="sidebar"><nav><p>{PROSE}</p></nav></div><p>Short.</p>'))
    links = "".join(f"<p><a href=/{n}>A page of the manual, number {n}</a></p>" for n in range(20))
    assert PROSE.strip() in paragraphs(page(f'<div role="banner"><p>{PROSE}</p></div>{links}'))


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("<p>Ünïcode".encode(), "Ünïcode"),
        ("\ufeff<p>Ünïcode".encode("utf-16-le"), "Ünïcode"),
        ('<meta charset="ISO-8859-1"><p>„Zitat“ – 5 €'.encode("cp1252"), "„Zitat“ – 5 €"),
        (
            '<meta http-equiv="Content-Type" content="text/html; charset=windows-1251"><p>Выдра'.encode("cp1251"),
            "Выдра",
        ),
        ('<?xml version="1.0" encoding="iso-8859-2"?><html><p>wydra żyje'.encode("iso-8859-2"), "wydra żyje"),
        ('<meta charset="shift_jis"><p>かわうそ'.encode("cp932"), "かわうそ"),
        ('<meta charset="iso-2022-jp"><p>かわうそ'.encode("iso-2022-jp"), "かわうそ"),
        ('<meta charset="iso-8859-1"><p>says Latin, is not: ü'.encode(), "says Latin, is not: ü"),
        (f'<meta charset="utf-8"><p>{"otter " * 200}ü'.encode()[:-1], f"{'otter ' * 200}\ufffd"),
        (
            '<meta charset="x-unheard-of"><p>Die Flüsse führen für Fischer im Frühjahr große Fische, später nie'.encode(
                "cp1252"
            ),
            "Die Flüsse führen",
        ),
    ],
)
def test_the_encoding_is_the_marks_or_the_one_that_fits(data, text):
    assert read_html(data, "a.html").text.startswith(text)


def test_xhtml_elements_that_end_themselves_hold_nothing():
    body = '<script src="x.js"/><p><a id="x"/>Text</p><title/>'
    data = f'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body>{body}</body></html>'
    assert paragraphs(data.encode()) == ["Text"]


@pytest.mark.parametrize("tag", ["font", "b", "span class=x"])
def test_formatting_that_nobody_closed_loses_no_text(tag):
    body = "".join(f"<br><{tag}>word{number}" for number in range(5000))
    assert words(read_html(page(body), "a.html").text) == [f"word{number}" for number in range(5000)]


@pytest.mark.parametrize("tag", ["div", "table><tr><td", "blockquote", "section"])
def test_what_is_nested_beyond_reading_is_refused_in_words(tag):
    with pytest.raises(FormatError, match="nested more than 2048 deep"):
        read_html(page(f"<{tag}>" * 10_000 + PROSE), "a.html")


@pytest.mark.parametrize(
    "body", ["", "<div id=root></div><script>render()</script>", "<frameset><frame src=a></frameset>", " "]
)
def test_a_page_without_text_is_told_so(body):
    with pytest.raises(NoTextError, match=r"a\.html is a web page that shows no text"):
        read_html(page(body), "a.html")


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(FormatError):
        read_html(b"<html>" + bytes(range(256)) * 40, "a.html")


def test_cells_that_claim_to_span_everything_stay_small():
    rows = "<tr>" + "<td rowspan=65534 colspan=1000>x" * 100
    table = f"<table><tr>{'<th colspan=1000>h' * 50}{rows * 200}</table>"
    assert len(read_html(page(table), "a.html").text) < 20 * len(table)


TAGS = [
    *"abipq",
    *re.findall(r"\w+", "div ul ol li dl dt dd table tr td th thead caption h1 h3 pre br span sup section math"),
]
SOUP = st.lists(
    st.one_of(
        st.sampled_from([f"<{tag}>" for tag in TAGS]),
        st.sampled_from([f"</{tag}>" for tag in TAGS]),
        st.just("WORD"),
        st.sampled_from(['<td rowspan="3">', '<td colspan="9">', "&amp;", "<!--", "-->", "<", '<ol start="7">']),
    ),
    max_size=60,
)


@settings(deadline=None, max_examples=300)
@given(SOUP)
def test_no_word_of_the_worst_markup_is_lost(soup):
    pieces = [f" word{place} " if piece == "WORD" else piece for place, piece in enumerate(soup) if piece != "<!--"]
    data = f"<html><body>start {''.join(pieces)} end".encode()
    found = set(words(read_html(data, "a.html").text))
    assert {"start", *(word for piece in pieces for word in re.findall(r"word\d+", piece))} <= found
