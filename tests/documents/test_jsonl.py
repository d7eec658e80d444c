"""JSONL: the whole file is right, or nothing of it is used."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoth.documents.jsonl import jsonl_records, parse_jsonl
from quoth.documents.model import LONGEST_TITLE
from quoth.errors import FormatError

GOOD = b'{"_id": "a", "title": "A", "text": "Text."}'


def test_a_line_becomes_a_document():
    (document,) = parse_jsonl(
        "c.jsonl",
        b'\xef\xbb\xbf{"_id": "a/1", "title": "A", "text": "One.\\r\\n\\nTwo.", "url": "https://x.example"}\r\n\n',
    )
    assert (document.name, document.title, document.text) == ("a/1", "A", "One.\r\n\nTwo.")
    assert document.uri == "https://x.example"
    assert [document.text[p.start : p.end] for p in document.paragraphs] == ["One.", "Two."]


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"[]",
        b"null",
        b"[" * 100_000,
        b'{"title": "A", "text": "x"}',
        b'{"_id": "b", "title": "A"}',
        b'{"_id": "b", "text": 5}',
        b'{"_id": 5, "text": "x"}',
        b'{"_id": "b", "text": "x", "title": []}',
        b'{"_id": "b", "text": "x", "uri": 1}',
        b'{"_id": "", "text": "x"}',
        b'{"_id": "b\\n", "text": "x"}',
        b'{"_id": "b", "text": "\\ud83d"}',
        b'{"_id": "\\udc00", "text": "x"}',
        GOOD,
    ],
)
def test_a_broken_line_is_an_error_that_names_path_and_line(line):
    with pytest.raises(FormatError, match=r"dir/c\.jsonl, line 3"):
        parse_jsonl("dir/c.jsonl", GOOD + b"\n\n" + line + b'\n{"_id": "z", "text": "x"}')


def test_a_whole_surrogate_pair_is_one_character():
    assert parse_jsonl("c.jsonl", b'{"_id": "a", "text": "\\ud83d\\ude00"}')[0].text == "😀"


def test_a_missing_title_is_taken_from_the_text_or_is_the_id():
    documents = parse_jsonl(
        "c", b'{"_id": "a", "text": "Boats\\n\\nOf wood."}\n{"_id": "b", "title": "", "text": "Wood."}'
    )
    assert [document.title for document in documents] == ["Boats", "b"]


def test_a_title_is_cut_and_a_name_too_long_is_refused():
    (document,) = parse_jsonl("a.jsonl", json.dumps({"_id": "a", "title": "b" * 10_000, "text": "c"}).encode())
    assert document.title == "b" * LONGEST_TITLE
    with pytest.raises(FormatError, match=r"a\.jsonl, line 1: the _id has 1,001 characters and may have 1,000"):
        parse_jsonl("a.jsonl", json.dumps({"_id": "\x00" * 1_001, "text": "c"}).encode())


def test_the_hash_follows_what_a_line_says_not_how_it_is_written():
    spaced = b'{"text":"Text.",   "title":"\\u0041","_id":"a", "other": 1}'
    (one,), (two,) = jsonl_records(GOOD, "c"), jsonl_records(spaced, "c")
    (changed,) = jsonl_records(GOOD.replace(b"Text", b"text"), "c")
    assert one.content_hash == two.content_hash != changed.content_hash


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))), st.booleans())
def test_any_text_comes_back_character_for_character(texts, ascii_only):
    lines = [json.dumps({"_id": str(n), "text": t}, ensure_ascii=ascii_only) for n, t in enumerate(texts)]
    assert [record.text for record in jsonl_records("\n".join(lines).encode(), "c")] == texts
