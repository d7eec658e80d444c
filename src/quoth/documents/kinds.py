"""What kind of file bytes are: told by the bytes, and by the name only where all that it could be is text."""

from __future__ import annotations

import codecs
import re
import struct

from quoth.documents.magic import MAGIC, NAMES
from quoth.errors import FormatError

# Kinds that are never text underneath: a text that is called so is plain text
_BINARY = frozenset(
    {
        ".pdf",
        ".docx",
        ".docm",
        ".dotx",
        ".dotm",
        ".odt",
        ".ott",
        ".odp",
        ".otp",
        ".pptx",
        ".pptm",
        ".potx",
        ".ppsx",
        ".epub",
    }
)
_HEAD = 4096
# Viewers look for a PDF's mark so far into the file
_PDF_WITHIN = 1024
_CONTROL = re.compile(b"[\x00-\x07\x0e-\x1a]")
_BEFORE_HTML = re.compile(r"(?:\ufeff|\s|<\?xml[^>]{0,300}>|<!--.{0,2000}?-->)*", re.DOTALL)
_HTML = re.compile(r"<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_HEADER = re.compile(rb"([A-Za-z][A-Za-z0-9-]{0,60}):[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*(?:\r?\n|\Z)")
_MBOX = re.compile(rb"From [^\s]{1,300} [^\r\n]{5,100}\d{4}[^\r\n]{0,20}\r?\n(?=[A-Za-z][A-Za-z0-9-]{0,60}:)")
# Notes may begin with "From:" and "Date:", but these only a program writes
_OF_PROGRAMS = frozenset({b"message-id", b"received", b"mime-version", b"return-path", b"delivered-to"})
_MOST_ENTRIES = 2_000
_MEDIA_TYPES = {
    b"application/epub+zip": ".epub",
    b"application/vnd.oasis.opendocument.text": ".odt",
    b"application/vnd.oasis.opendocument.text-template": ".odt",
    b"application/vnd.oasis.opendocument.presentation": ".odp",
    b"application/vnd.oasis.opendocument.presentation-template": ".odp",
    b"application/vnd.oasis.opendocument.spreadsheet": "ods",
    b"application/vnd.oasis.opendocument.graphics": "odg",
}


def kind_of(data: bytes, suffix: str, name: str) -> str:
    """Return the kind of a file's bytes, as the suffix that such files have: ".pdf", ".html".

    Where the bytes tell it, the file's own ``suffix`` (lower case, with its dot, or empty) doesn't count. Where they
    are text without a mark, it is returned as it is; ".txt" instead of one that no text has.

    Raises:
        FormatError: they are of a kind that is known and never read (a picture, an archive, a program); the message
            calls the file ``name``, and says what it is and what to do.
    """
    head = data[:_HEAD]
    kind = _by_magic(data, head, suffix) or _by_text(head)
    if kind is None:
        return ".txt" if suffix in _BINARY and not _CONTROL.search(head) else suffix
    if not kind.startswith("."):
        what, remedy = NAMES[kind]
        raise FormatError(f"{name} is {what}, which can't be read; {remedy}")
    return kind


def _by_magic(data: bytes, head: bytes, suffix: str) -> str | None:
    """Return a kind that is told by the bytes at a known place. What is not read has a kind without a dot."""
    if head.startswith(b"%PDF-"):
        return ".pdf"
    binary = _CONTROL.search(head) is not None
    if b"%PDF-" in head[:_PDF_WITHIN] and (binary or suffix == ".pdf"):
        return ".pdf"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_kind(data)
    for place, magic, kind in MAGIC:
        # A text may as well begin with "BM" or "ID3"
        if head.startswith(magic, place) and (binary or not magic.isascii() or kind in ("rtf", "postscript")):
            return _ole_kind(data) if kind == "ole" else kind
    return None


def _by_text(head: bytes) -> str | None:
    text = _head_text(head)
    if _HTML.match(text, _begin(text)):
        return ".html"
    if _MBOX.match(head):
        return ".mbox"
    names: set[bytes] = set()
    place = 0
    while (header := _HEADER.match(head, place)) is not None:
        names.add(header.group(1).lower())
        place = header.end()
    whole = head[place : place + 1] in (b"\r", b"\n") or place >= len(head) - 1
    return ".eml" if whole and {b"from", b"date"} & names and names & _OF_PROGRAMS and len(names) > 2 else None


def _begin(text: str) -> int:
    before = _BEFORE_HTML.match(text)
    return before.end() if before else 0


def _head_text(head: bytes) -> str:
    """Decode a beginning so that markup can be seen in it."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return head[: len(head) // 2 * 2].decode("utf-16", "replace")
    return head.removeprefix(codecs.BOM_UTF8).decode("latin-1")


def _zip_kind(data: bytes) -> str:
    if data[30:38] == b"mimetype":
        # OpenDocument and EPUB put their type first, unpacked
        length, extra = struct.unpack_from("<I4xHH", data, 18)[0], int.from_bytes(data[28:30], "little")
        declared = data[38 + extra : 38 + extra + min(length, 100)].strip()
        if declared in _MEDIA_TYPES:
            return _MEDIA_TYPES[declared]
    names = _entry_names(data)
    folders = {name.partition(b"/")[0] for name in names if b"/" in name}
    if b"[Content_Types].xml" in names:
        for folder, kind in ((b"word", ".docx"), (b"ppt", ".pptx"), (b"xl", "xlsx")):
            if folder in folders:
                return kind
    if b"META-INF/container.xml" in names:
        return ".epub"
    return ".odt" if {b"content.xml", b"META-INF/manifest.xml"} <= names else "zip"


def _entry_names(data: bytes) -> set[bytes]:
    """Return the names of a ZIP's first entries by its headers, wherever they lie: its end may be missing."""
    names: set[bytes] = set()
    for mark, length_at, name_at in ((b"PK\x01\x02", 28, 46), (b"PK\x03\x04", 26, 30)):
        place = data.find(mark)
        for _ in range(_MOST_ENTRIES):
            if place < 0:
                break
            length = int.from_bytes(data[place + length_at : place + length_at + 2], "little")
            names.add(data[place + name_at : place + name_at + min(length, 300)].replace(b"\\", b"/"))
            place = data.find(mark, place + name_at)
        if len(names) > 1:
            break
    return names


def _ole_kind(data: bytes) -> str:
    """Tell the programs that use Microsoft's compound file apart, by the names of the streams in it."""
    for stream, kind in (
        ("EncryptedPackage", "encrypted"),
        ("WordDocument", "doc"),
        ("PowerPoint Document", "ppt"),
        ("Workbook", "xls"),
        ("__substg1.0_", "msg"),
    ):
        if stream.encode("utf-16-le") in data:
            return kind
    return "ole"
