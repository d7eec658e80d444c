"""The formats that can be read: from the suffix that such files have to what makes a document of their bytes.

A new format is one module with a reader and one line in ``FORMATS``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from quoth.documents.csv_rows import read_csv
from quoth.documents.decode import decode
from quoth.documents.docx import read_docx
from quoth.documents.epub import read_epub
from quoth.documents.html import read_html
from quoth.documents.kinds import kind_of
from quoth.documents.mail import read_eml, read_mbox
from quoth.documents.markdown import markdown_paragraphs
from quoth.documents.model import Contents, Paragraph
from quoth.documents.odf import read_odf
from quoth.documents.pdf import read_pdf
from quoth.documents.plain import plain_paragraphs, plain_title
from quoth.documents.pptx import read_pptx
from quoth.documents.restructuredtext import restructuredtext_paragraphs
from quoth.documents.subtitles import read_subtitles


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file: its media type, and the reader of its bytes, given the name that errors call it by.

    ``in_process`` is for those whose bytes are the text: all others are read in a process of their own.
    """

    media_type: str
    read: Callable[[bytes, str], Contents]
    in_process: bool = False


def _source(
    paragraphs_of: Callable[[str], tuple[tuple[Paragraph, ...], str | None]],
) -> Callable[[bytes, str], Contents]:
    """Make a reader of a format whose bytes are the text, of what finds paragraphs and title in that."""

    def read(data: bytes, name: str) -> Contents:
        text = decode(data, name)
        return Contents(text, *paragraphs_of(text))

    return read


PLAIN = Format("text/plain", _source(lambda text: (plain_paragraphs(text), plain_title(text))), in_process=True)
MARKDOWN = Format("text/markdown", _source(markdown_paragraphs), in_process=True)
RESTRUCTUREDTEXT = Format("text/x-rst", _source(restructuredtext_paragraphs), in_process=True)
PDF = Format("application/pdf", read_pdf)
ODT = Format("application/vnd.oasis.opendocument.text", read_odf)
ODP = Format("application/vnd.oasis.opendocument.presentation", read_odf)
PPTX = Format("application/vnd.openxmlformats-officedocument.presentationml.presentation", read_pptx)
DOCX = Format("application/vnd.openxmlformats-officedocument.wordprocessingml.document", read_docx)
HTML = Format("text/html", read_html)
VTT = Format("text/vtt", read_subtitles)
SRT = Format("application/x-subrip", read_subtitles)
CSV = Format("text/csv", read_csv)
TSV = Format("text/tab-separated-values", read_csv)
EML = Format("message/rfc822", read_eml)
MBOX = Format("application/mbox", read_mbox)
EPUB = Format("application/epub+zip", read_epub)

FORMATS = {
    ".txt": PLAIN,
    ".text": PLAIN,
    ".rst": RESTRUCTUREDTEXT,
    ".md": MARKDOWN,
    ".markdown": MARKDOWN,
    ".mdown": MARKDOWN,
    ".mkd": MARKDOWN,
    ".pdf": PDF,
    ".docx": DOCX,
    ".docm": DOCX,
    ".dotx": DOCX,
    ".dotm": DOCX,
    ".html": HTML,
    ".htm": HTML,
    ".xhtml": HTML,
    ".odt": ODT,
    ".ott": ODT,
    ".odp": ODP,
    ".otp": ODP,
    ".pptx": PPTX,
    ".pptm": PPTX,
    ".potx": PPTX,
    ".ppsx": PPTX,
    ".vtt": VTT,
    ".srt": SRT,
    ".csv": CSV,
    ".tsv": TSV,
    ".tab": TSV,
    ".eml": EML,
    ".mhtml": EML,
    ".mht": EML,
    ".mbox": MBOX,
    ".epub": EPUB,
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


def format_name(name: str, data: bytes) -> str:
    """Return the key in ``FORMATS`` of how a file is to be read.

    Its content decides, and its name where that is text; see ``kinds``. Text of an unknown suffix is plain text.

    Raises:
        FormatError: it is of a kind that can't be read; the message says which and what to do.
    """
    kind = kind_of(data, suffix(name), name)
    return kind if kind in FORMATS else ".txt"


def readable(stem: str) -> str:
    """Make a title of a file name's stem."""
    return " ".join(stem.replace("_", " ").replace("-", " ").split()) or stem
