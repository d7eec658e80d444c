"""Files that a server's managers add to its library, and take out again.

A file is checked before it is fetched (name and size), then by its content, then against the server's share. It is in
the library as a whole or not at all, and nothing else of it is kept: no copy, no address.
"""

from __future__ import annotations

import hashlib
import logging
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from bot.errors import LeftOverError, NameTakenError, QuotaError, RefusedUploadError
from bot.records import Records
from bot.shelf import Shelf
from quoth.counted import counted
from quoth.documents.decode import decode
from quoth.documents.formats import CORPUS_SUFFIX, FORMATS, format_name, suffix
from quoth.errors import EmptyLibraryError, FileTooLargeError, FormatError, LibraryError, NoRoomError
from quoth.indexing import documents_of, is_upload, upload_root
from quoth.library import Library
from quoth.progress import Progress
from quoth.store import DocumentRecord

_log = logging.getLogger(__name__)

_LONGEST_NAME = 100

MOST_LINES = 150_000
"""Lines of a file. Ten megabytes of empty ones would take gigabytes and minutes to find nothing but blanks in."""

# What shows nothing by itself and is not of the category of format characters
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)

_LINE_ENDS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """A server's share: bytes a file, files, and passages of everything in its library."""

    file_bytes: int = 10 * 1024 * 1024
    files: int = 500
    passages: int = 20_000


@dataclass(frozen=True, slots=True)
class Added:
    """A file that is in the library now: how many documents and passages it makes, and whether it replaced one.

    One that is ``unchanged`` was there already, to the letter.
    """

    name: str
    documents: int
    passages: int
    replaced: bool
    unchanged: bool = False


@dataclass(frozen=True, slots=True)
class Removed:
    """A file that is in the library no more, with what it held."""

    name: str
    documents: int
    passages: int


@dataclass(frozen=True, slots=True)
class LibraryFile:
    """A file in a server's library. ``by`` is the manager who added it; None: the operator, outside of Discord.

    ``root`` tells two files of one name apart. ``characters`` is the length of its documents' texts.
    """

    name: str
    root: str
    documents: int
    passages: int
    characters: int
    at: datetime
    by: int | None


def check_name_size(name: str, size: int, limits: UploadLimits) -> None:
    """Check a file of ``size`` bytes before it is fetched.

    Raises:
        RefusedUploadError: no file of this name, or so large, can be taken in.
    """
    if not name.strip() or len(name) > _LONGEST_NAME or "/" in name or _has_control(name):
        raise RefusedUploadError(
            f"{name[:_LONGEST_NAME]!r} can't be a name here; "
            f"use up to {_LONGEST_NAME} plain characters, without slashes."
        )
    known = [*FORMATS, CORPUS_SUFFIX]
    if suffix(name) not in known:
        ending = f"ends in {PurePosixPath(name).suffix!r}" if suffix(name) else "has no ending"
        raise RefusedUploadError(f"It {ending}; I can read files that end in {', '.join(known)}.")
    if size > limits.file_bytes:
        raise RefusedUploadError(
            f"It has {_size(size)} and a file may have {_size(limits.file_bytes)}; split it or shorten it."
        )
    if size == 0:
        raise RefusedUploadError("It is empty; there is nothing in it to quote.")


def add_upload(
    shelf: Shelf,
    records: Records,
    *,
    guild: int,
    by: int,
    name: str,
    data: bytes,
    replace: bool,
    limits: UploadLimits,
    report: Callable[[Progress], None] | None = None,
) -> Added:
    """Add a file to a server's library, or put it in place of the one of its name where ``replace`` is true.

    For one server, call it for one file at a time (``Asker.run_long`` sees to that). ``report`` is called, in the same
    thread, as the work goes on.

    Raises:
        RefusedUploadError: it is too large, of the wrong type, or damaged; the message says what.
        QuotaError: the server's library has no room for it.
        NameTakenError: another file of this name is there, and ``replace`` is false.
        MissingReaderError: the library that reads this format isn't installed.
        ClosingError: the bot is about to stop; nothing was added.
    """
    name = unicodedata.normalize("NFC", name)
    check_name_size(name, len(data), limits)
    try:
        _check_lines(name, data)
        documents = documents_of(name, data)
    except (FormatError, FileTooLargeError) as error:
        raise RefusedUploadError(f"I can't read this file: {error}.") from error
    if not any(paragraph.prose for document in documents for paragraph in document.paragraphs):
        raise RefusedUploadError("It holds no text that could be quoted.")
    there = shelf.documents(guild)
    root = upload_root(name)
    old = [record for record in there if record.root == root]
    files = {record.root for record in there if is_upload(record.root)}
    for other in files - {root}:
        if _visible(other) == _visible(root):
            raise RefusedUploadError("Its name looks like that of another file here; rename it.")
    if {record.name: record.content_hash for record in old} == {one.name: one.content_hash for one in documents}:
        return Added(name, len(old), sum(record.passages for record in old), replaced=False, unchanged=True)
    if old and not replace:
        raise NameTakenError(name)
    if not old and len(files) >= limits.files:
        held = counted(len(files), "file")
        raise QuotaError(f"This server's library holds {held}, as many as it may; remove one before you add {name}.")
    room = limits.passages - sum(record.passages for record in there if record.root != root)
    if room <= 0:
        raise QuotaError(_full(name, limits))

    def go_on(progress: Progress) -> None:
        shelf.check_running()
        if report is not None:
            report(progress)

    digest = _digest((one.name, one.content_hash) for one in documents)
    with shelf.using(guild, create=True) as library:
        records.begin_upload(guild, name, by=by, size=len(data), digest=digest)
        try:
            library.add_documents(name, documents, room=room, report=go_on)
        except NoRoomError as error:
            raise QuotaError(
                f"It makes {counted(error.passages, 'passage')} and this server's library has room for "
                f"{error.room:,} of {limits.passages:,}; remove something first, or add a shorter file."
            ) from error
        finally:
            _settle(library, records, guild, name, digest)
        new = [record for record in library.documents() if record.root == root]
    return Added(name, len(new), sum(record.passages for record in new), bool(old))


def _check_lines(name: str, data: bytes) -> None:
    """Check a file whose bytes are the text that is read; every other one is read within limits of its own."""
    if suffix(name) != CORPUS_SUFFIX and not FORMATS[format_name(name, data)].in_process:
        return
    text = decode(data, name)
    lines = sum(text.count(end) for end in _LINE_ENDS) - text.count("\r\n") + 1
    if lines > MOST_LINES:
        raise RefusedUploadError(f"It has {lines:,} lines and a file may have {MOST_LINES:,}; split it.")


def settle_uploads(shelf: Shelf, records: Records, owns: Callable[[int], bool] = lambda guild: True) -> None:
    """Find out what became of the files that were being added when the bot was killed; call it at its start.

    ``owns`` says which servers are this process's: another one may be adding a file to one of the others.
    """
    for pending in records.pending_uploads():
        if not owns(pending.guild):
            continue
        try:
            with shelf.using(pending.guild) as library:
                _settle(library, records, pending.guild, pending.name, pending.digest)
        except EmptyLibraryError:
            records.settle_upload(pending.guild, pending.name, added=False)
        except LibraryError:
            _log.exception("who added a file of server %d stays unknown until its library opens", pending.guild)


def _settle(library: Library, records: Records, guild: int, name: str, digest: bytes) -> None:
    """Keep who added a file if the library holds it as it was to be added: all of it is there, or nothing."""
    root = upload_root(name)
    held = _digest((record.name, record.content_hash) for record in library.documents() if record.root == root)
    records.settle_upload(guild, name, added=held == digest)


def _digest(documents: Iterable[tuple[str, str]]) -> bytes:
    return hashlib.sha256(repr(sorted(documents)).encode("utf-8", "surrogatepass")).digest()


def files(shelf: Shelf, records: Records, guild: int) -> list[LibraryFile]:
    """Return the files of a server's library by name: those that were uploaded, and the operator's documents."""
    uploads = records.uploads(guild)
    by_root: dict[tuple[str, str], list[DocumentRecord]] = {}
    for record in shelf.documents(guild):
        name = record.root.removeprefix(upload_root("")) if is_upload(record.root) else record.name
        by_root.setdefault((name, record.root), []).append(record)
    found = []
    for (name, root), its in sorted(by_root.items(), key=lambda one: (one[0][0].casefold(), one[0])):
        upload = uploads.get(name) if is_upload(root) else None
        at = upload.at if upload else max(datetime.fromisoformat(record.indexed_at) for record in its)
        found.append(
            LibraryFile(
                name,
                root,
                len(its),
                sum(record.passages for record in its),
                sum(record.characters for record in its),
                at,
                upload.by if upload else None,
            )
        )
    return found


def remove_upload(
    shelf: Shelf, records: Records, *, guild: int, by: int, name: str, root: str | None = None
) -> Removed:
    """Take a file out of a server's library; nothing of its text is left in any file of the bot.

    ``root`` tells which, where several have this name; an uploaded one comes first.

    Raises:
        DocumentNotFoundError: there is no such file.
    """
    with shelf.using(guild) as library:
        removed = _remove(library, name, root)
    if is_upload(removed[0].root):
        records.drop_upload(guild, name, by=by)
    else:
        records.record_action(guild, "remove", by=by)
    return Removed(name, len(removed), sum(record.passages for record in removed))


def erase_library(shelf: Shelf, records: Records, *, guild: int, by: int) -> None:
    """Delete a server's library, and the questions, answers and votes of that server; its settings stay.

    Raises:
        LeftOverError: all is out of use, but the library's files can't be deleted yet.
    """
    try:
        shelf.erase(guild)
    except LeftOverError:
        # Its files are the operator's to delete now; nothing else of it stays
        records.forget_library(guild, by=by)
        raise
    records.forget_library(guild, by=by)


def _remove(library: Library, name: str, root: str | None) -> Sequence[DocumentRecord]:
    roots = {record.root for record in library.documents()}
    if root in (None, upload_root(name)) and upload_root(name) in roots:
        return library.remove_root(upload_root(name))
    return [library.remove(name, root)]


def _full(name: str, limits: UploadLimits) -> str:
    return (
        f"This server's library holds {counted(limits.passages, 'passage')}, as many as it may; "
        f"remove something before you add {name}."
    )


def _visible(name: str) -> str:
    """Return a name as it looks, without the characters that nobody sees."""
    return "".join(one for one in name if unicodedata.category(one) != "Cf" and not _UNSEEN.match(one))


def _has_control(name: str) -> bool:
    return any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in name)


def _size(size: int) -> str:
    return f"{size / 1024 / 1024:.1f} MB" if size >= 1024 * 1024 // 10 else f"{size / 1024:.1f} kB"
