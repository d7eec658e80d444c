"""Sentences are exact spans, and their boundaries are where a reader sees them."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoth.sentences import WINDOW, sentences

SEED = Path(__file__).parents[1] / "seeds" / "000_05c708fc0495fc3f.txt"
WRAPPED = (
    "The harbour was quiet that morning, and the boats lay side by side\n"
    "along the quay as if nobody would ever sail in them again. A man\n"
    "came down the steps, and went to see Mr. Smith without a word. No\n"
    "one saw him again."
)


def shown(text):
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    "sentence",
    [
        "Mr. Leik Boonwaat visited.",
        "I.R.Iran cyber police launched in 2011.",
        "Use Node.js 3.5 from example.com, e.g.x here.",
        "See www.Example.Com and http://a.example/B.Page?q=1.Next today.",
        "Call System.Out.println or foo.Bar() or write to john.Smith@x.example today.",
        "The value of Eq. 3 and Vol. 2 is approx. 5 here.",
        "He paused ... and went on.",
        "It rose to ۳.۵ درصد.",
        "![A picture of the chief](",
    ],
)
def test_a_full_stop_inside_a_sentence_does_not_split_it(sentence):
    assert shown(sentence) == [sentence]


@pytest.mark.parametrize(
    "parts",
    [
        ("I.R.Iran cyber police launched in 2011.", "He added this."),
        ("He lived in the U.S.", "He left."),
        ("He waited...", "Then he left."),
        ("It is equipped to the forensics devices.”", "Cyber Crime was discovered."),
        ("It is known [1].", "Others disagree."),
        ("What?", "No!", "Yes."),
        ("این چیست؟", "او رفت۔", "خوب است."),
        ("ما هذا؟", "لا أعرف."),
        ("the first result .", "the second result ."),
    ],
)
def test_the_end_of_a_sentence_splits(parts):
    assert shown(" ".join(parts)) == list(parts)


@pytest.mark.parametrize(
    "parts",
    [
        ("AVA Diplomatic Reports.", "Representetive of UNODC visited."),
        ("今天天气很好。", "我们去公园吧！", "好吗？"),
        ("He said it.", "“Then we go,” she said."),
    ],
)
def test_a_sentence_ends_without_a_space_behind_it_too(parts):
    assert shown("".join(parts)) == list(parts)


def test_a_reference_behind_the_full_stop_stays_with_its_sentence():
    assert shown("Others disagree.[2] We do not know.") == ["Others disagree.[2]", "We do not know."]


def test_an_item_keeps_its_number():
    assert shown("1. Press menu. 2. Select it.") == ["1. Press menu.", "2. Select it."]


def test_each_item_of_a_list_is_a_sentence():
    items = ["- First item", "- Second item here", "- third", "4. Fourth"]
    assert shown("\n".join(items)) == items


def test_a_margin_is_no_boundary():
    assert [sentence.replace("\n", " ") for sentence in shown(WRAPPED)] == [
        "The harbour was quiet that morning, and the boats lay side by side along the quay as if nobody would ever "
        "sail in them again.",
        "A man came down the steps, and went to see Mr. Smith without a word.",
        "No one saw him again.",
    ]


def test_each_line_of_code_is_a_sentence_and_dots_split_none():
    lines = ["x = foo.bar(1)", "y = foo.baz. Quux(2)", 'if (x) { call("A. B"); }', "return x"]
    assert shown("\n".join(lines)) == lines


def test_a_line_of_code_that_begins_in_lower_case_is_no_continuation():
    lines = ["Boat = {sail: [1, 2]}", "boat = Boat(sail)", "boat.swim()"]
    assert shown("\n".join(lines)) == lines


def test_a_rule_before_a_line_is_kept_as_a_span():
    assert shown("-----\nThe boat.\n=====\nThe sail.\n***") == ["-----", "The boat.", "=====", "The sail.", "***"]


@pytest.mark.parametrize("shift", range(8))
def test_a_word_that_a_window_cuts_in_two_is_read_whole(shift):
    before = "word " * (WINDOW // 5)
    text = before[: -5 - shift] + " file.TXT " + "word " * 200
    assert len(shown(text)) == 1


def test_the_seed_article_is_split_at_its_glued_sentence_and_at_no_abbreviation():
    found = shown(SEED.read_bytes().decode())
    assert any(sentence.endswith("AVA Diplomatic Reports.") for sentence in found)
    assert not any(sentence.endswith(("Mr.", "I.R.", "I.")) for sentence in found)
    assert any(s.startswith("He also added that 70% of cybercrime") and s.endswith("of cybercrime.") for s in found)


def covers(text, spans, start, end):
    position = start
    for first, last in spans:
        assert start <= first < last <= end
        assert not text[position:first].strip()
        assert text[first:last] == text[first:last].strip()
        position = last
    assert not text[position:end].strip()


WORDS = st.sampled_from(
    ["Mr.", "The end.", "a", "I.R.Iran", "“No.", "”", "…", "\n", "\r\n", "\n\n", " ", "\u00a0", "-----", "- ", "1. ",
     "(",
     "؟", "。", "😀", "e\u0301", "x = {1};", "\f", "\u2028", "!", "Reports.The", "\x1c", "https://a.B/c.D", "."]
)  # fmt: skip


@given(st.lists(WORDS | st.text(max_size=5)).map("".join), st.integers(0, 40), st.integers(0, 40))
def test_spans_cover_everything_but_white_space_exactly_once(text, first, second):
    start, end = sorted((min(first, len(text)), min(second, len(text))))
    covers(text, sentences(text), 0, len(text))
    covers(text, sentences(text, start, end), start, end)


@given(
    st.lists(
        st.sampled_from(["The boat sails. ", "word ", "Mr. Smith ", "end.Then ", "“Yes. ", "[1] "]),
        min_size=600,
        max_size=700,
    )
)
def test_a_line_of_many_windows_is_covered_and_split_as_in_one_window(parts):
    text = "".join(parts)
    spans = sentences(text)
    covers(text, spans, 0, len(text))
    assert any(start > WINDOW for start, _ in spans) or "." not in text


def test_windows_make_no_boundary_of_their_own():
    text = "word " * 3000 + "end. The next one."
    assert len(shown(text)) == 2


@pytest.mark.parametrize("unit", ["a", "word ", "The boat sails. ", "[", '"', "“a. ", "1. ", ". "])
def test_time_is_linear(unit):
    def seconds(length):
        text = (unit * (length // len(unit) + 1))[:length]
        began = time.perf_counter()
        covers(text, sentences(text), 0, length)
        return time.perf_counter() - began

    # Quadratic time would take sixteen times as long.
    assert seconds(160_000) < 9 * seconds(40_000) + 0.5
