"""Bytes become the text that was written, or an error; never something else."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoth.documents.decode import decode
from quoth.errors import FormatError

TEXT = "Ünïcode\r\nپلیس\rline\n\fend… 😀\u2028last"


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_a_byte_order_mark_decides_the_encoding_and_is_dropped(mark, encoding):
    assert decode(mark + TEXT.encode(encoding), "a.txt") == TEXT


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_recognised(encoding):
    text = "The police discovered 70% of cybercrime.\r\n"
    assert decode(text.encode(encoding), "a.txt") == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (
            "Le café est fermé. Une élève a reçu un prix à l'école, où elle étudie depuis l'été dernier.\r\n" * 3,
            "cp1252",
        ),
        ("Полиция раскрыла большинство преступлений в прошлом году, сообщил начальник.\n" * 3, "cp1251"),
        ("پليس در سال گذشته بيشتر جرايم را کشف کرد و گزارش آن را منتشر نمود.\n" * 3, "cp1256"),
    ],
)
def test_an_older_encoding_is_recognised(text, encoding):
    assert decode(text.encode(encoding), "a.txt") == text


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\r\n\t\f\u2028")))
def test_utf_8_comes_back_character_for_character(text):
    expected = text.removeprefix("\ufeff")
    assert decode(text.encode(), "a.txt") == expected


@pytest.mark.parametrize(
    "data",
    [
        b"abc\x00def",
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
        b"%PDF-1.7\nplain",
        b"PK\x03\x04aa",
        bytes(range(1, 32)) * 9,
    ],
)
def test_binary_content_is_a_format_error_that_names_the_file(data):
    with pytest.raises(FormatError, match=r"notes/a\.txt"):
        decode(data, "notes/a.txt")


def test_a_mark_with_broken_content_is_a_format_error():
    with pytest.raises(FormatError, match="UTF-16"):
        decode(codecs.BOM_UTF16_LE + b"a", "a.txt")


def test_no_bytes_are_an_empty_text():
    assert decode(b"", "a.txt") == ""
