"""The formats that can be read: from the suffix that such files have to what makes a document of their bytes.

A new format is one module with a reader and one line in ``FORMATS``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from quoth.documents.decode import decode
from quoth.documents.docx import read_docx
from quoth.documents.kinds import kind_of
from quoth.documents.markdown import markdown_paragraphs
from quoth.documents.model import Contents, Document
from quoth.documents.pdf import read_pdf
from quoth.documents.plain import plain_paragraphs, plain_title
from quoth.errors import FileTooLargeError, FormatError


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
PDF = Format("application/pdf", read_pdf)
DOCX = Format("application/vnd.openxmlformats-officedocument.wordprocessingml.document", read_docx)

FORMATS = {
    ".txt": PLAIN,
    ".text": PLAIN,
    ".rst": PLAIN,
    ".md": MARKDOWN,
    ".markdown": MARKDOWN,
    ".mdown": MARKDOWN,
    ".mkd": MARKDOWN,
    ".pdf": PDF,
    ".docx": DOCX,
    ".docm": DOCX,
    ".dotx": DOCX,
    ".dotm": DOCX,
}
# What ``kinds`` may tell, and how a person calls it
KNOWN = {
    ".pdf": "a PDF",
    ".docx": "a Word document",
    ".odt": "an OpenDocument text",
    ".odp": "an OpenDocument presentation",
    ".pptx": "a PowerPoint presentation",
    ".epub": "an e-book (EPUB)",
    ".html": "a web page",
    ".eml": "a mail",
    ".mbox": "a mailbox",
}
MOST_BYTES = 256 * 1024 * 1024
"""Bytes of a file that makes one document. A JSONL file makes many and may have any number."""
# One file, many documents: read by `quoth.documents.jsonl`.
CORPUS_SUFFIX = ".jsonl"


def suffix(name: str) -> str:
    """Give a name's suffix in lower case, with its dot, or an empty string."""
    return PurePosixPath(name).suffix.lower()


def content_hash(data: bytes) -> str:
    """SHA-256 of a file's bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


def format_of(name: str, data: bytes) -> Format:
    """Return how a file is to be read. Its content decides, its name where that is text; see ``kinds``.

    Raises:
        FormatError: it is of a kind that can't be read; the message says which and what to do.
    """
    kind = kind_of(data, suffix(name), name)
    if kind in FORMATS:
        return FORMATS[kind]
    if kind in KNOWN:
        raise FormatError(
            f"{name} is {KNOWN[kind]}, which can't be read yet; convert it to plain text or Markdown first"
        )
    return PLAIN


def parse(name: str, data: bytes) -> Document:
    """Make a document of a file's bytes, whatever kind of file they are; text of an unknown suffix is plain text.

    ``name`` is the path within the root.

    Raises:
        FormatError: the bytes are damaged, or of a kind that can't be read.
        FileTooLargeError: there are more than ``MOST_BYTES``.
    """
    if len(data) > MOST_BYTES:
        raise FileTooLargeError(name, len(data), MOST_BYTES)
    format_ = format_of(name, data)
    contents = format_.read(data, name)
    title = contents.title or readable(PurePosixPath(name).stem)
    return Document(
        name, title, contents.text, format_.media_type, content_hash(data), contents.paragraphs, contents.uri
    )


def readable(stem: str) -> str:
    """Make a title of a file name's stem."""
    return " ".join(stem.replace("_", " ").replace("-", " ").split()) or stem
