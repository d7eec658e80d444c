"""What passes between a process that reads documents and the one that asked for it, in frames of stated lengths.

What comes back is checked as if an attacker had written it: whoever took over the reading process can give a wrong
text, and nothing else.
"""

from __future__ import annotations

import json
import re
import struct
from array import array
from dataclasses import dataclass
from typing import Any, BinaryIO

from quoth.documents.model import LONGEST_TITLE, Contents, Paragraph
from quoth.errors import FormatError, MissingReaderError, NoTextError, ReaderCrashError, ReaderMemoryError, SourceError

MOST_TEXT = 32 * 1024 * 1024
"""Bytes of a document's text, in UTF-8."""
MOST_PARAGRAPHS = 250_000
"""Paragraphs of a document."""

_MOST_HEADER = 16 * 1024 * 1024
_MOST_MESSAGE = 2_000
_MOST_PATH = 20 * LONGEST_TITLE
_MOST_PAGE = 10_000_000
_REQUEST = struct.Struct("<IQ")
_REPLY = struct.Struct("<IIQ")
# Start, end, number of the heading in the header's list (0: none), page (0: none), prose
_ROW = 5
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ADDRESS = re.compile(r"https?://[^\s<>\"\x00-\x20\x7f-\x9f]{1,2000}", re.IGNORECASE)
_REFUSALS = {"format": FormatError, "no text": NoTextError}


class WireError(Exception):
    """What came over the wire is not what is agreed: the other side is broken, or taken over."""


@dataclass(frozen=True, slots=True)
class Request:
    """A file to read: its kind (a key of ``FORMATS``), what errors call it, and its bytes."""

    kind: str
    name: str
    data: bytes | bytearray


def write_request(stream: BinaryIO, request: Request) -> None:
    """Send a request."""
    header = json.dumps([request.kind, request.name]).encode()
    stream.write(_REQUEST.pack(len(header), len(request.data)))
    stream.write(header)
    stream.write(request.data)
    stream.flush()


def read_request(stream: BinaryIO) -> Request:
    """Wait for a request. Raises EOFError where there will be none."""
    header_length, length = _REQUEST.unpack(_exactly(stream, _REQUEST.size))
    kind, name = json.loads(_exactly(stream, header_length))
    return Request(kind, name, bytes(_exactly(stream, length)))


def write_contents(stream: BinaryIO, contents: Contents, name: str) -> None:
    """Send what was read of a file, or that it is too much."""
    text = contents.text.encode("utf-8", "replace")
    paragraphs = contents.paragraphs
    if len(text) > MOST_TEXT or len(paragraphs) > MOST_PARAGRAPHS:
        write_refusal(
            stream,
            FormatError(
                f"{name} makes {len(text):,} bytes of text in {len(paragraphs):,} paragraphs, and a document may have "
                f"{MOST_TEXT:,} in {MOST_PARAGRAPHS:,}; split it"
            ),
        )
        return
    headings: dict[str, int] = {}
    rows = array("I")
    for one in paragraphs:
        heading = headings.setdefault(one.heading, len(headings) + 1) if one.heading else 0
        rows.extend((one.start, one.end, heading, one.page or 0, one.prose))
    header = {"title": contents.title, "uri": contents.uri, "headings": list(headings)}
    _write_reply(stream, header, rows.tobytes(), text)


def write_refusal(stream: BinaryIO, error: SourceError) -> None:
    """Send that a file can't be read, and why."""
    if isinstance(error, MissingReaderError):
        header = {"refused": "missing", "message": error.extra}
    elif isinstance(error, ReaderCrashError):
        header = {"refused": "crash", "message": error.how}
    elif isinstance(error, ReaderMemoryError):
        header = {"refused": "memory", "message": ""}
    else:
        header = {"refused": "no text" if isinstance(error, NoTextError) else "format", "message": str(error)}
    _write_reply(stream, header, b"", b"")


def read_reply(stream: BinaryIO, name: str, memory_bytes: int) -> Contents:
    """Wait for the reply to a request about the file ``name`` and return what was read.

    Raises:
        SourceError: the file can't be read.
        WireError: the reply is not what is agreed.
        EOFError: there will be no reply.
    """
    header_length, rows_length, text_length = _REPLY.unpack(_exactly(stream, _REPLY.size))
    if header_length > _MOST_HEADER or rows_length > MOST_PARAGRAPHS * _ROW * 4 or text_length > MOST_TEXT:
        raise WireError("a reply beyond the limits")
    raw_header = _exactly(stream, header_length)
    rows = array("I")
    raw_rows = _exactly(stream, rows_length)
    raw_text = _exactly(stream, text_length)
    try:
        header = json.loads(raw_header)
        rows.frombytes(raw_rows)
        text = str(raw_text, "utf-8")
    except (ValueError, RecursionError) as error:
        raise WireError("a reply that can't be decoded") from error
    if not isinstance(header, dict):
        raise WireError("a header that is no object")
    if "refused" in header:
        raise _refusal(header, name, memory_bytes)
    if "\x00" in text:
        raise WireError("a text with a zero byte")
    headings = header.get("headings")
    if not isinstance(headings, list):
        raise WireError("headings that are no list")
    path = [None, *(_line(heading, _MOST_PATH) for heading in headings)]
    uri = header.get("uri")
    address = uri if isinstance(uri, str) and _ADDRESS.fullmatch(uri) else None
    title = header.get("title")
    return Contents(
        text, _paragraphs(rows, text, path), None if title is None else _line(title, LONGEST_TITLE) or None, address
    )


def _paragraphs(rows: array[int], text: str, headings: list[str | None]) -> tuple[Paragraph, ...]:
    if len(rows) % _ROW:
        raise WireError("a paragraph in part")
    paragraphs: list[Paragraph] = []
    before = 0
    for place in range(0, len(rows), _ROW):
        start, end, heading, page, prose = rows[place : place + _ROW]
        if not before <= start < end <= len(text) or text[start].isspace() or text[end - 1].isspace():
            raise WireError("a paragraph that is not in the text")
        if heading >= len(headings) or page > _MOST_PAGE or prose > 1:
            raise WireError("a paragraph of no heading or no page")
        number = len(paragraphs) + 1
        paragraphs.append(Paragraph(number, start, end, headings[heading], page or None, prose == 1))
        before = end
    return tuple(paragraphs)


def _refusal(header: dict[str, Any], name: str, memory_bytes: int) -> SourceError:
    kind, message = header["refused"], _line(header.get("message"), _MOST_MESSAGE)
    if kind == "memory":
        return ReaderMemoryError(name, memory_bytes)
    if kind == "missing":
        return MissingReaderError(name, message)
    if kind == "crash":
        return ReaderCrashError(name, message)
    if not isinstance(kind, str) or kind not in _REFUSALS:
        raise WireError("an unknown refusal")
    return _REFUSALS[kind](message)


def _line(value: object, most: int) -> str:
    """Check a string and give it as one line of at most ``most`` characters."""
    if not isinstance(value, str):
        raise WireError("a string that is none")
    # JSON may hold halves of surrogate pairs
    whole = value[:most].encode("utf-8", "replace").decode()
    return " ".join(_UNFIT.sub(" ", whole).split())


def _write_reply(stream: BinaryIO, header: dict[str, Any], rows: bytes, text: bytes) -> None:
    encoded = json.dumps(header).encode()
    stream.write(_REPLY.pack(len(encoded), len(rows), len(text)))
    for part in (encoded, rows, text):
        stream.write(part)
    stream.flush()


def _exactly(stream: BinaryIO, length: int) -> bytearray:
    data = bytearray(length)
    view = memoryview(data)
    while view:
        got = stream.readinto(view)  # type: ignore[attr-defined]
        if not got:
            raise EOFError("the other side has gone")
        view = view[got:]
    return data
