"""JSONL: one document a line, as in the BEIR layout's ``corpus.jsonl``."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from quoth.documents.decode import decode
from quoth.documents.model import LONGEST_NAME, LONGEST_TITLE, Document
from quoth.documents.plain import plain_paragraphs, plain_title
from quoth.errors import FormatError

_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


JSONL_MEDIA_TYPE = "application/jsonl"
"""Media type of a document that is a line of a JSONL file; its text is plain."""


@dataclass(frozen=True, slots=True)
class Record:
    """One checked line: what it says, not yet parted into paragraphs."""

    name: str
    title: str
    text: str
    uri: str | None

    @property
    def content_hash(self) -> str:
        """SHA-256, in hex, of what the line says, whatever the order and spacing of its JSON."""
        fields = json.dumps([self.name, self.title, self.text, self.uri], ensure_ascii=False)
        return hashlib.sha256(fields.encode()).hexdigest()

    def document(self) -> Document:
        """Build the document."""
        title = self.title.strip()[:LONGEST_TITLE].rstrip() or plain_title(self.text) or self.name
        paragraphs = plain_paragraphs(self.text)
        return Document(self.name, title, self.text, JSONL_MEDIA_TYPE, self.content_hash, paragraphs, self.uri)


def jsonl_records(data: bytes, path: str) -> list[Record]:
    """Read and check a whole JSONL file; ``path`` is what errors call it.

    A line needs ``_id`` and ``text``, may have ``title`` and ``uri`` or ``url``, all strings; other fields are
    ignored, and so are blank lines. Raises FormatError that names path and line for the first line that breaks this.
    """
    records: list[Record] = []
    seen: dict[str, int] = {}
    # Only the line feed parts lines: JSON strings may hold U+2028 and its like unescaped.
    for number, line in enumerate(decode(data, path).split("\n"), 1):
        if not line.strip():
            continue
        record = _record(line, f"{path}, line {number}")
        if record.name in seen:
            raise FormatError(
                f'{path}, line {number}: the _id "{record.name}" already stands in line {seen[record.name]}; '
                "every document needs an _id of its own"
            )
        seen[record.name] = number
        records.append(record)
    return records


def parse_jsonl(path: str, data: bytes) -> list[Document]:
    """Read a whole JSONL file into documents. Raises FormatError as ``jsonl_records`` does."""
    return [record.document() for record in jsonl_records(data, path)]


def _record(line: str, where: str) -> Record:
    try:
        fields = json.loads(line)
    except ValueError as error:
        why = f"{error.msg} at character {error.colno}" if isinstance(error, json.JSONDecodeError) else str(error)
        raise FormatError(f"{where} is not JSON ({why}); every line has to be one JSON object") from error
    except RecursionError as error:
        raise FormatError(f"{where} is nested too deeply; every line has to be one flat JSON object") from error
    if not isinstance(fields, dict):
        raise FormatError(f"{where} is a JSON {type(fields).__name__}; every line has to be one JSON object")
    name = _string(fields, "_id", where, required=True)
    if len(name) > LONGEST_NAME:
        raise FormatError(f"{where}: the _id has {len(name):,} characters and may have {LONGEST_NAME:,}; shorten it")
    if not name.strip() or _CONTROL.search(name):
        raise FormatError(f"{where}: the _id {name!r} is empty or holds control characters; give it a plain name")
    return Record(
        name=name,
        title=_string(fields, "title", where),
        text=_string(fields, "text", where, required=True),
        uri=_string(fields, "uri", where) or _string(fields, "url", where) or None,
    )


def _string(fields: dict[str, Any], key: str, where: str, required: bool = False) -> str:
    value = fields.get(key)
    if value is None:
        if required:
            raise FormatError(f'{where} has no "{key}"; a line looks like {{"_id": "a", "title": "b", "text": "c"}}')
        return ""
    if not isinstance(value, str):
        raise FormatError(f'{where}: "{key}" is a {type(value).__name__}; it has to be a string')
    lone = _SURROGATE.search(value)
    if lone:
        raise FormatError(
            f'{where}: "{key}" holds half a surrogate pair (U+{ord(lone.group()):04X}) at {lone.start()}, '
            "which is no character; write the whole pair or leave it out"
        )
    return value
