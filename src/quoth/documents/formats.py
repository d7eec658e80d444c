"""The formats that can be read: from a file's suffix to what makes a document of its bytes.

A new format is one module with a reader and one line in ``FORMATS``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from quoth.documents.decode import decode
from quoth.documents.markdown import markdown_paragraphs
from quoth.documents.model import Contents, Document
from quoth.documents.plain import plain_paragraphs, plain_title


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file: its media type, and the reader of its bytes, given the name that errors call it by."""

    media_type: str
    read: Callable[[bytes, str], Contents]


def _read_plain(data: bytes, name: str) -> Contents:
    text = decode(data, name)
    return Contents(text, plain_paragraphs(text), plain_title(text))


def _read_markdown(data: bytes, name: str) -> Contents:
    text = decode(data, name)
    paragraphs, title = markdown_paragraphs(text)
    return Contents(text, paragraphs, title)


PLAIN = Format("text/plain", _read_plain)
MARKDOWN = Format("text/markdown", _read_markdown)

FORMATS = {
    ".txt": PLAIN,
    ".text": PLAIN,
    ".rst": PLAIN,
    ".md": MARKDOWN,
    ".markdown": MARKDOWN,
    ".mdown": MARKDOWN,
    ".mkd": MARKDOWN,
}
# One file, many documents: read by `quoth.documents.jsonl`.
CORPUS_SUFFIX = ".jsonl"


def suffix(name: str) -> str:
    """Give a name's suffix in lower case, with its dot, or an empty string."""
    return PurePosixPath(name).suffix.lower()


def content_hash(data: bytes) -> str:
    """SHA-256 of a file's bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


def parse(name: str, data: bytes) -> Document:
    """Make a document of a file's bytes, by its name's suffix; an unknown suffix is read as plain text.

    ``name`` is the path within the root. Raises FormatError where the bytes are not what the suffix says.
    """
    format_ = FORMATS.get(suffix(name), PLAIN)
    contents = format_.read(data, name)
    title = contents.title or readable(PurePosixPath(name).stem)
    return Document(
        name, title, contents.text, format_.media_type, content_hash(data), contents.paragraphs, contents.uri
    )


def readable(stem: str) -> str:
    """Make a title of a file name's stem."""
    return " ".join(stem.replace("_", " ").replace("-", " ").split()) or stem
