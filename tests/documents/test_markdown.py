"""Markdown: what a reader of the page would count, under the headings it stands under."""

import sys
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from quoth.documents.markdown import markdown_paragraphs
from quoth.documents.markdown_blocks import blocks
from quoth.documents.model import LONGEST_TITLE

PAGE = """---
title: "Boats, a guide"
tags: [a, b]
---

# Boats

Boats are made of wood. They are
*old* things.

Sails
-----

## Linen & [hemp](http://x.example) ##

Linen is light.

### Care

> Dry them
> in the sun.

## Cotton

![a sail](sail.png)

<!-- to do -->
<div>

Last words.
"""


def shown(text):
    return [text[paragraph.start : paragraph.end] for paragraph in markdown_paragraphs(text)[0]]


def test_paragraphs_stand_under_the_path_of_their_headings():
    paragraphs, _ = markdown_paragraphs(PAGE)
    assert [(PAGE[p.start : p.end], p.heading) for p in paragraphs] == [
        ("Boats are made of wood. They are\n*old* things.", "Boats"),
        ("Linen is light.", "Boats > Linen & hemp"),
        ("Dry them\n> in the sun.", "Boats > Linen & hemp > Care"),
        ("![a sail](sail.png)", "Boats > Cotton"),
        ("Last words.", "Boats > Cotton"),
    ]


def test_a_heading_of_any_length_is_kept_once_and_cut():
    text = "# " + "Sails " * 50_000 + "\n\n## Linen\n\n" + "a\n\n" * 2_000
    paragraphs, title = markdown_paragraphs(text)
    path = f"{title} > Linen"
    assert title == ("Sails " * 50_000)[:LONGEST_TITLE].rstrip()
    assert {paragraph.heading for paragraph in paragraphs} == {path}
    assert len({id(paragraph.heading) for paragraph in paragraphs}) == 1


@pytest.mark.parametrize("text", ["---\ntitle: a{}b\n---\n", "# a{}b\n", "# {}{{#b}} c\n"])
def test_blanks_in_a_title_cost_no_time(text):
    started = time.process_time()
    markdown_paragraphs(text.format(" " * 100_000))
    assert time.process_time() - started < 1.0


def test_a_lone_image_is_counted_but_is_no_prose():
    assert [p.number for p in markdown_paragraphs(PAGE)[0] if not p.prose] == [4]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (PAGE, "Boats, a guide"),
        ("Intro\n\n# A `code` *title*\n\nText", "A code title"),
        ("Setext\n======\n\nText", "Setext"),
        ("## Only a second level\n\nText", None),
    ],
)
def test_the_title_is_the_front_matters_else_the_first_heading(text, title):
    assert markdown_paragraphs(text)[1] == title


def test_a_code_block_is_whole_whatever_blank_lines_it_holds():
    text = "Run this.\n\n```sh\nmake\n\n# no heading\nmake install\n```\n\nDone.\n\n    indented\n\n    code\n"
    assert shown(text) == ["Run this.", "make\n\n# no heading\nmake install", "Done.", "indented\n\n    code"]


def test_an_unclosed_fence_runs_to_the_end():
    assert shown("~~~\na\nb") == ["a\nb"]


def test_a_list_of_short_items_is_one_paragraph_with_its_introduction():
    text = "You need:\n\n* a saw\n* wood\n  * oak\n  * pine\n\n1. Saw.\n2. Glue."
    assert shown(text) == ["You need:\n\n* a saw\n* wood\n  * oak\n  * pine", "1. Saw.\n2. Glue."]


def test_long_items_are_paragraphs_of_their_own():
    items = ["- " + letter * 20 + " word" * 100 for letter in "abc"]
    assert shown("\n".join(items)) == items


def test_a_table_is_one_paragraph():
    table = "| a | b |\n|---|---|\n| 1 | 2 |"
    assert shown(f"Before.\n\n{table}\n\nAfter.") == ["Before.", table, "After."]


def test_html_counts_where_it_shows_text():
    text = "<p>Shown</p>\n\n<script>\nhidden()\n</script>\n\n<!-- hidden -->\n\n[ref]: http://x.example\n"
    assert shown(text) == ["<p>Shown</p>"]


def test_front_matter_is_not_quoted_but_a_rule_further_down_is_no_front_matter():
    assert shown("---\na: b\n---\nText") == ["Text"]
    assert shown("Text\n\n---\n\nmore\n\n---\n") == ["Text", "more"]


@pytest.mark.parametrize("ending", ["\r\n", "\r"])
def test_any_line_ending_gives_the_same_paragraphs(ending):
    expected = [paragraph.replace("\n", ending) for paragraph in shown(PAGE)]
    assert shown(PAGE.replace("\n", ending)) == expected


@given(st.text(st.sampled_from("ab #>-*1.`|[]()!\n\n\r\t\u2028<é:")))
def test_paragraphs_are_trimmed_in_order_and_apart(text):
    paragraphs, _ = markdown_paragraphs(text)
    position = 0
    for number, paragraph in enumerate(paragraphs, 1):
        content = text[paragraph.start : paragraph.end]
        assert paragraph.number == number
        assert content
        assert content == content.strip()
        assert paragraph.start >= position
        position = paragraph.end


@given(st.lists(st.text(st.sampled_from("abc ,."), min_size=1).map(str.strip).filter(lambda t: t[:1].isalpha())))
def test_no_plain_paragraph_is_lost(paragraphs):
    assert shown("\n\n".join(paragraphs)) == paragraphs


_WIDE = "|a" * 1_000 + "|\n" + "|-" * 1_000 + "|\n"
_HOSTILE = {
    "a table of many cells": _WIDE + ("|b" * 1_000 + "|\n") * 100,
    "a table of rows that are short of cells": _WIDE + "|b\n" * 65,
    "definitions of links": "".join(f"[a{number}]: http://x.example/{number}\n" for number in range(2_000)),
    "headings": "".join(f"# h{number}\n\n" for number in range(2_000)),
    "items": "".join(f"- i{number}\n" for number in range(2_000)),
}


@pytest.mark.parametrize("kind", _HOSTILE)
def test_no_markup_costs_many_times_its_own_memory(kind):
    text = _HOSTILE[kind]
    markdown_paragraphs(text[:10_000])
    tracemalloc.start()
    try:
        markdown_paragraphs(text)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    lines = text.count("\n")
    assert peak < 5 * len(text) + 500 * lines


@pytest.mark.parametrize(("kind", "most"), [("definitions of links", 60), ("headings", 100)])
def test_each_line_costs_few_steps(kind, most):
    calls = 0

    def count(_frame, event, _argument):
        nonlocal calls
        calls += event == "call"

    text = _HOSTILE[kind]
    sys.setprofile(count)
    try:
        markdown_paragraphs(text)
    finally:
        sys.setprofile(None)
    assert calls < most * text.count("\n")


_PIECES = (
    *(
        "a",
        "b c",
        "|",
        "| a | b |",
        "|-|-|",
        "| --- | :-: |",
        "-",
        "---",
        "===",
        "# ",
        "> ",
        "- ",
        "1. ",
        "```",
        "<!--",
    ),
    *("    ", "\t", " ", "\n", "\n", "\n\n", "[a]: http://x", '[b]: /u "t"', "[c]: javascript:x", '"t"', "[x]:", "-->"),
    *("<div>", "\\|", "\\", "|a|b\n|-|-\n", "|b\n", "\r\n", "\0", ":-", "\u00a0", "[a]: <b c>"),
)


@given(st.lists(st.sampled_from(_PIECES), max_size=25).map("".join))
def test_the_blocks_are_those_that_markdown_it_finds(text):
    parser = MarkdownIt("commonmark").enable("table")
    parser.core.ruler.enableOnly(["normalize", "block"])
    kinds = ("heading_open", "paragraph_open", "table_open", "fence", "code_block", "html_block")
    found: list[tuple[str, list[int] | None]] = []
    blocks(text, lambda token, _: found.append((token.type, token.map)))
    expected = [(token.type, token.map) for token in parser.parse(text) if token.type in kinds]
    assert [block for block in found if block[0] in kinds] == expected
