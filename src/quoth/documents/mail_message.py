"""One mail: who wrote what to whom, and which of its parts holds the words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

from quoth.documents.decode import decode, python_encoding
from quoth.documents.model import LONGEST_TITLE
from quoth.errors import FormatError

DEEPEST = 50
"""How deep the parts of a mail may stand in each other."""
MOST_PARTS = 2_000

_CHARSET = re.compile(r"[\w.:-]{1,40}")
_SPACE = re.compile(r"\s+")
# Headers are taken apart by code that was made for short ones
_LONGEST_HEADER = 20_000
_MOST_PEOPLE = 50


@dataclass(frozen=True, slots=True)
class Body:
    """A part of a mail that is read: its bytes, whether they are HTML, and the encoding that it names.

    ``flowed`` is for plain text in which a space before a line's end says that the paragraph goes on.
    """

    data: bytes
    is_html: bool
    encoding: str | None
    flowed: bool = False


class Mail:
    """A mail of its bytes. ``name`` is what errors call the file.

    Raises:
        FormatError: its parts stand too deep in each other, or are too many.
    """

    def __init__(self, data: bytes, name: str) -> None:
        self._name = name
        try:
            self._message = message_from_bytes(data, policy=policy.compat32)
        except (RecursionError, ValueError, LookupError) as error:
            raise self._damaged() from error
        # Headers as they stand: what is no ASCII in them is kept as halves of surrogate pairs
        self._headers: dict[str, list[str]] = {}
        for header, value in self._message.raw_items():
            self._headers.setdefault(header.lower(), []).append(str(value)[:_LONGEST_HEADER])
        self.subject = self._header("Subject")[:LONGEST_TITLE]
        self.sender = self._people("From") or self._people("Sender")
        self.recipients = ", ".join(filter(None, (self._people("To"), self._people("Cc"))))
        self.date = self._date()
        # Browsers save pages as mails
        self.saved_from = self._header("Snapshot-Content-Location")
        self.bodies: list[Body] = []
        self.attachments: list[str] = []
        for part in self._parts():
            self._take(part)

    @property
    def first_sender(self) -> str:
        """The name of who wrote it, or the address where there is no name."""
        return self.sender.split(" <")[0].split(", ")[0]

    def _parts(self) -> Iterator[Message]:
        """Yield the parts to read, in order: of several forms of one text the plain one, if it has words."""
        waiting: list[tuple[Message, int]] = [(self._message, 0)]
        count = 0
        while waiting:
            part, depth = waiting.pop()
            count += 1
            if depth > DEEPEST or count > MOST_PARTS:
                raise FormatError(
                    f"{self._name} is a mail whose parts stand more than {DEEPEST} deep in each other, or of more than "
                    f"{MOST_PARTS:,} parts; save the text you need from it and index that"
                )
            payload = part.get_payload()
            if not isinstance(payload, list):
                yield part
                continue
            parts = [child for child in payload if isinstance(child, Message)]
            if part.get_content_subtype() == "alternative" and len(parts) > 1:
                parts = [_preferred(parts)]
            waiting += [(child, depth + 1) for child in reversed(parts)]

    def _take(self, part: Message) -> None:
        kind = part.get_content_type()
        file = self._decoded(part.get_filename())
        if file or "attachment" in str(part.get("Content-Disposition", "")).lower()[:30]:
            self.attachments.append(file or kind)
        elif kind in ("text/plain", "text/html"):
            self.bodies.append(_body(part, kind == "text/html"))

    def _header(self, name: str) -> str:
        return self._decoded(self._headers.get(name.lower(), [""])[0])

    def _decoded(self, value: str | None) -> str:
        """Return a header's value with what was encoded in it, on one line."""
        value = value or ""
        if not value.isascii():
            raw = value.encode("utf-8", "surrogateescape")
            try:
                value = decode(raw, self._name)
            except FormatError:
                value = raw.decode("latin-1")
        with suppress(HeaderParseError, LookupError, UnicodeError, ValueError):
            value = str(make_header(decode_header(value)))
        return _SPACE.sub(" ", value).strip()

    def _people(self, name: str) -> str:
        values = self._headers.get(name.lower(), [])[:_MOST_PEOPLE]
        # Addresses are told apart before names are decoded, which may hold commas
        try:
            people = getaddresses(values)[:_MOST_PEOPLE]
        except (RecursionError, ValueError, IndexError):
            people = []
        shown = [(self._decoded(person), address) for person, address in people]
        return ", ".join(
            f"{person} <{address}>" if person and address else person or address for person, address in shown
        ) or self._header(name)

    def _date(self) -> str:
        """Return the day and the time at which it was sent, in the sender's own time zone."""
        try:
            return parsedate_to_datetime(self._headers.get("date", [""])[0][:200]).strftime("%Y-%m-%d %H:%M")
        except (ValueError, TypeError, OverflowError, IndexError):
            return ""

    def _damaged(self) -> FormatError:
        return FormatError(f"{self._name} is a damaged mail; save it again in its program and try once more")


def _preferred(parts: list[Message]) -> Message:
    """Return the form of a text to read: plain text, else what holds HTML, else the first."""
    for part in parts:
        if part.get_content_type() == "text/plain" and _data(part).strip():
            return part
    for part in parts:
        if part.get_content_type() == "text/html" or part.is_multipart():
            return part
    return parts[0]


def _body(part: Message, is_html: bool) -> Body:
    charset = part.get_param("charset")
    named = charset if isinstance(charset, str) and _CHARSET.fullmatch(charset) else ""
    flowed = str(part.get_param("format", "")).lower() == "flowed"
    return Body(_data(part), is_html, python_encoding(named), flowed)


def _data(part: Message) -> bytes:
    try:
        data = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):
        return b""
    return data if isinstance(data, bytes) else b""
