"""From a file's bytes to a document: the one door that every file goes through.

Bytes that are themselves the text are read here. Everything else is read in a process of its own, since its reader is
large, or written in a language in which a damaged file can do anything.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from quoth.documents.formats import FORMATS, MOST_BYTES, content_hash, format_name, readable
from quoth.documents.model import Document
from quoth.documents.workers import WORKERS
from quoth.errors import FileTooLargeError


def parse(name: str, data: bytes) -> Document:
    """Make a document of a file's bytes, whatever kind of file they are; text of an unknown suffix is plain text.

    ``name`` is the path within the root.

    Raises:
        FormatError: the bytes are damaged, or of a kind that can't be read.
        FileTooLargeError: there are more than ``MOST_BYTES``.
        MissingReaderError: the library that reads such files isn't installed.
        SourceError: no process can be started to read them.
    """
    if len(data) > MOST_BYTES:
        raise FileTooLargeError(name, len(data), MOST_BYTES)
    kind = format_name(name, data)
    format_ = FORMATS[kind]
    contents = format_.read(data, name) if format_.in_process else WORKERS.read(kind, data, name)
    title = contents.title or readable(PurePosixPath(name).stem)
    return Document(
        name, title, contents.text, format_.media_type, content_hash(data), contents.paragraphs, contents.uri
    )
