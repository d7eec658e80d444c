"""What comes back from the reading process: taken as it was sent, or not at all."""

from __future__ import annotations

import io
import json
import struct
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoth.documents.model import Contents, Paragraph
from quoth.documents.wire import (
    MOST_PARAGRAPHS,
    MOST_TEXT,
    Request,
    WireError,
    read_reply,
    read_request,
    write_contents,
    write_refusal,
    write_request,
)
from quoth.errors import FormatError, MissingReaderError, NoTextError, ReaderCrashError, ReaderMemoryError, SourceError

PARTS = "Über Boote.", "The captain counts 🛶 every boat.", "Nobody counts the waves."
TEXT = "\n\n".join(PARTS)
CONTENTS = Contents(
    TEXT,
    (
        Paragraph(1, 0, 11, None, None, False),
        Paragraph(2, 13, 13 + len(PARTS[1]), "Boats > Many", 3),
        Paragraph(3, len(TEXT) - len(PARTS[2]), len(TEXT), "Boats > Many", 4),
    ),
    "On boats",
    "https://example.org/boats?all=1",
)
HEADER = {"title": None, "uri": None, "headings": ["One"]}


def received(data: bytes) -> Contents:
    return read_reply(io.BytesIO(data), "a.pdf", 2 * 1024**3)


def sent(contents: Contents) -> bytes:
    stream = io.BytesIO()
    write_contents(stream, contents, "a.pdf")
    return stream.getvalue()


def framed(header: object = HEADER, rows: object = (0, 5, 1, 1, 1), text: bytes = b"Words and words.") -> bytes:
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    body = rows if isinstance(rows, bytes) else array("I", rows).tobytes()  # type: ignore[arg-type]
    return struct.pack("<IIQ", len(head), len(body), len(text)) + head + body + text


def test_a_request_arrives_as_it_was_sent():
    stream = io.BytesIO()
    request = Request(".pdf", "böats \ud800.pdf", bytes(range(256)))
    write_request(stream, request)
    stream.seek(0)
    assert read_request(stream) == request


def test_what_was_read_arrives_as_it_was_sent():
    assert received(sent(CONTENTS)) == CONTENTS


@pytest.mark.parametrize(
    "error",
    [
        FormatError("a.pdf is damaged; save it again"),
        NoTextError("a.pdf is a scan; recognise its text (OCR) first"),
        MissingReaderError("a.pdf"),
        ReaderCrashError("a.pdf", "KeyError"),
        ReaderMemoryError("a.pdf", 2 * 1024**3),
    ],
)
def test_a_refusal_arrives_as_what_it_is(error: SourceError):
    stream = io.BytesIO()
    write_refusal(stream, error)
    with pytest.raises(type(error)) as caught:
        received(stream.getvalue())
    assert str(caught.value) == str(error)


FORGED = {
    "a paragraph before the one before it": framed(rows=(6, 9, 0, 0, 1, 0, 5, 0, 0, 1)),
    "paragraphs that share words": framed(rows=(0, 5, 0, 0, 1, 4, 9, 0, 0, 1)),
    "a paragraph that ends before it begins": framed(rows=(5, 0, 0, 0, 1)),
    "an empty paragraph": framed(rows=(3, 3, 0, 0, 1)),
    "a paragraph beyond the text": framed(rows=(0, 17, 0, 0, 1)),
    "a paragraph far beyond the text": framed(rows=(2**32 - 2, 2**32 - 1, 0, 0, 1)),
    "a paragraph that begins with a space": framed(rows=(5, 9, 0, 0, 1)),
    "a paragraph that ends with a space": framed(rows=(0, 6, 0, 0, 1)),
    "offsets that count bytes": framed(rows=(0, 5, 0, 0, 1), text="äöü".encode()),
    "a heading that isn't there": framed(rows=(0, 5, 2, 0, 1)),
    "a page beyond all books": framed(rows=(0, 5, 0, 2**31, 1)),
    "prose that is neither": framed(rows=(0, 5, 0, 0, 2)),
    "half a row": framed(rows=(0, 5, 0)),
    "a broken row": framed(rows=b"\x00\x00\x00"),
    "text that is no UTF-8": framed(text=b"Words \xff and words"),
    "half a surrogate pair": framed(text=b"Words \xed\xa0\x80 and"),
    "a zero byte in the text": framed(text=b"Words \x00 and words"),
    "a header that is no JSON": framed(header=b"\x80\x04K\x01."),
    "a header that is a list": framed(header=[1, 2]),
    "a header nested without end": framed(header=b"[" * 100_000),
    "no headings": framed(header={"title": "a"}),
    "headings that are numbers": framed(header={**HEADER, "headings": [1]}),
    "a title that is a list": framed(header={**HEADER, "title": ["a"]}),
    "an unknown refusal": framed(header={"refused": "os.system", "message": "a"}),
    "a refusal that is a list": framed(header={"refused": ["format"], "message": "a"}),
    "a refusal without words": framed(header={"refused": "format"}),
    "an endless header": struct.pack("<IIQ", 2**32 - 1, 0, 0),
    "endless rows": struct.pack("<IIQ", 10, 2**32 - 1, 0),
    "an endless text": struct.pack("<IIQ", 10, 0, 2**63),
    "rows above the limit": struct.pack("<IIQ", 10, MOST_PARAGRAPHS * 20 + 20, 0),
    "a text above the limit": struct.pack("<IIQ", 10, 0, MOST_TEXT + 1),
}


@pytest.mark.parametrize("data", FORGED.values(), ids=FORGED.keys())
def test_a_forged_reply_is_refused(data: bytes):
    with pytest.raises(WireError):
        received(data)


@pytest.mark.parametrize("cut", [0, 1, 15, 16, 17, 40, -1])
def test_a_reply_that_breaks_off_is_none(cut: int):
    with pytest.raises(EOFError):
        received(sent(CONTENTS)[:cut])


def test_strings_come_as_single_lines_of_characters_that_can_be_stored():
    header = {"title": "a\u0000\ud800b\nc" + "x" * 1_000, "uri": None, "headings": ["one\x1b[31m\ntwo"]}
    contents = received(framed(header))
    assert contents.title is not None
    assert contents.title.startswith("a ?b c") and len(contents.title) == 300
    assert contents.paragraphs[0].heading == "one [31m two"
    with pytest.raises(FormatError, match=r"^is [x ]+$") as caught:
        received(framed({"refused": "format", "message": "is \x1b " + "x" * 100_000}))
    assert len(str(caught.value)) <= 2_000


@pytest.mark.parametrize(
    "uri", ["javascript:alert(1)", "file:///etc/passwd", "https://a b", "https://", "https://a>b", "x" * 5_000, 5, []]
)
def test_no_address_but_of_the_web_is_taken_over(uri: object):
    assert received(framed({**HEADER, "uri": uri})).uri is None


@given(st.binary(max_size=200), st.integers(0, 200), st.integers(0, 2))
def test_whatever_comes_is_contents_or_an_error_that_is_foreseen(noise: bytes, place: int, kind: int):
    good = sent(CONTENTS)
    data = (noise, good[:place] + noise + good[place + len(noise) :], good[:place] + noise + good[place:])[kind]
    try:
        contents = received(data)
    except (WireError, EOFError, SourceError):
        return
    for paragraph in contents.paragraphs:
        shown = contents.text[paragraph.start : paragraph.end]
        assert shown and shown == shown.strip()
        assert paragraph.page is None or paragraph.page >= 1
    (contents.text + (contents.title or "")).encode()
