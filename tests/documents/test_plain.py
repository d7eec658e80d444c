"""Plain text: paragraphs are numbered as a person would count them."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoth.documents.lines import is_image, is_rule
from quoth.documents.plain import plain_paragraphs, plain_title

ROOT = Path(__file__).parents[2]
SEED = ROOT / "seeds" / "000_05c708fc0495fc3f.txt"
SHARED = ROOT.parent / "shared"

WRAPPED = (
    "The harbour was quiet that morning, and the boats lay side by side\n"
    "along the quay as if nobody would ever sail in them again. A man\n"
    "came down the steps, looked at the water, and went away without a\n"
    "word. Nobody saw him again.\n"
)


def shown(text):
    return [text[paragraph.start : paragraph.end] for paragraph in plain_paragraphs(text)]


def test_each_line_of_the_seed_article_is_a_paragraph():
    text = SEED.read_bytes().decode()
    paragraphs = plain_paragraphs(text)
    assert shown(text) == [line for line in text.splitlines() if line.strip()]
    assert [p.number for p in paragraphs] == list(range(1, 19))
    assert [p.number for p in paragraphs if "70% of cybercrime" in text[p.start : p.end]] == [11]


def test_a_row_of_unclosed_images_is_told_from_prose_at_once():
    started = time.process_time()
    # Eighteen took seconds, and each further one twice as long
    assert not is_image("![](" * 22 + ")x")
    assert not is_image("![](" * 2_000 + ")x")
    assert is_image("![](" * 200 + ")")
    assert time.process_time() - started < 1.0


def test_the_seed_articles_lone_image_link_is_counted_but_is_no_prose():
    paragraphs = plain_paragraphs(SEED.read_bytes().decode())
    assert [p.number for p in paragraphs if not p.prose] == [2]


def test_hard_wrapped_lines_are_one_paragraph_and_blank_lines_part_paragraphs():
    assert shown(WRAPPED + "\n" + WRAPPED) == [WRAPPED.strip()] * 2


def test_a_paragraph_that_ends_early_in_wrapped_text_parts_from_an_indented_one():
    text = WRAPPED + "  " + WRAPPED
    assert shown(text) == [WRAPPED.strip()] * 2


def test_a_margin_before_a_capital_letter_joins_as_well():
    text = (
        "It was on the last evening of that long summer that the painter\n"
        "Leonard Hathersage, whom nobody had invited, walked up to the old\n"
        "Observatory with a lantern in his hand and asked for the keys of\n"
        "Doctor Quillfeather."
    )
    assert shown(text) == [text]


def test_a_headline_in_capitals_says_nothing_of_how_the_lines_below_it_are_broken():
    text = (
        "4. PENSION SCHEME\n"
        "The deficit was estimated at GBP 1.9m as at 30 June 2023. The Trustees will report in\n"
        "January.\n"
    )
    assert shown(text)[-1].endswith("The Trustees will report in\nJanuary.")


def test_an_indented_line_begins_a_paragraph_in_wrapped_text_even_where_the_one_before_fills_its_line():
    first = (
        "  The harbour was quiet that morning, and the boats lay side by side\n"
        "along the quay as if nobody would ever sail in them again. A man\n"
        "came down the steps and looked at the water, and went far away."
    )
    assert shown(first + "\n" + first) == [first.strip()] * 2


def test_unequal_lines_without_blank_lines_are_paragraphs_of_their_own():
    lines = [
        "The first line says something complete and is long enough to stand alone as a paragraph of a text.",
        "The second one is a good deal longer than that, since nobody wrapped it: it runs on and on past any margin, "
        "as lines do that an editor wraps only on the screen.",
        "The third one is short again, but still long enough to be a paragraph of its own.",
    ]
    assert shown("\n".join(lines)) == lines


def test_a_list_stays_with_the_line_that_introduces_it():
    text = "To set up the receiver, do the following:\n- Plug in the cable.\n- Switch it on.\n- Wait for a minute."
    assert shown(text) == [text]


def test_loose_short_lines_are_gathered_up_to_a_sensible_size():
    text = "\n".join(f"Menu entry {number}" for number in range(200))
    sizes = [len(paragraph) for paragraph in shown(text)]
    assert max(sizes) <= 600
    assert sum(size < 300 for size in sizes) <= 1


def test_a_lone_short_line_joins_the_paragraph_below_it_in_the_same_block():
    text = "Smart Hub\nFrom here you can browse the network, install applications, and watch films stored on a disk."
    assert shown(text) == [text]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r", "\u2028", "\x85"])
def test_any_line_ending_gives_the_same_paragraphs(ending):
    expected = [paragraph.split("\n") for paragraph in shown(WRAPPED + "\n- one\n- two\n\nEnd of it all.")]
    text = (WRAPPED + "\n- one\n- two\n\nEnd of it all.").replace("\n", ending)
    assert [paragraph.split(ending) for paragraph in shown(text)] == expected


def test_a_rule_parts_paragraphs_and_is_none():
    assert shown("Before the rule.\n-----\nAfter the rule.\n* * *\n") == ["Before the rule.", "After the rule."]


def test_form_feeds_part_pages_and_paragraphs_know_their_page():
    text = "First page.\n\fSecond page.\n\n\n\f\fFourth page.\n"
    assert [(text[p.start : p.end], p.page) for p in plain_paragraphs(text)] == [
        ("First page.", 1),
        ("Second page.", 2),
        ("Fourth page.", 4),
    ]


def test_a_text_without_form_feeds_has_no_pages():
    assert plain_paragraphs("One.\n\nTwo.")[0].page is None


@pytest.mark.parametrize("text", ["", "\n", " \t\r\n\u2028\f", "\n\n-----\n"])
def test_a_text_that_says_nothing_has_no_paragraphs(text):
    assert plain_paragraphs(text) == ()


@given(st.text(st.sampled_from("ab Z.:,-*1\n\n\r\f\t\u2028\u00a0é()![]")))
def test_paragraphs_are_trimmed_in_order_and_hold_everything_but_white_space_and_rules(text):
    paragraphs = plain_paragraphs(text)
    assert [p.number for p in paragraphs] == list(range(1, len(paragraphs) + 1))
    position = 0
    for paragraph in paragraphs:
        for left in text[position : paragraph.start].splitlines():
            assert not left.strip() or is_rule(left)
        content = text[paragraph.start : paragraph.end]
        assert content
        assert content == content.strip()
        position = paragraph.end
    assert all(not left.strip() or is_rule(left) for left in text[position:].splitlines())


def test_a_short_first_line_is_the_title():
    assert plain_title(SEED.read_bytes().decode()).startswith("The chief of I.R.Iran cyberpolice visited")
    assert plain_title("\n\nHow boats are built\n\nFirst one needs wood.") == "How boats are built"


@pytest.mark.parametrize(
    "text", [WRAPPED, "It rained all day.\nThen it stopped.", "", "x" * 121, "- a list\n- of things"]
)
def test_running_text_gives_no_title(text):
    assert plain_title(text) is None


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data sets are not beside this checkout")
@pytest.mark.parametrize("name", ["nq_oracle", "cranfield", "pquad_val_fa"])
def test_an_encyclopaedia_paragraph_in_one_line_is_one_paragraph(name):
    lines = (SHARED / "eval" / name / "corpus.jsonl").read_text(encoding="utf-8").splitlines()[:200]
    for line in lines:
        text = json.loads(line)["text"]
        if "\n" not in text and text.strip():
            assert shown(text) == [text.strip()]
