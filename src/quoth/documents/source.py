"""What a root holds: its files, listed first and cheaply, read and parsed only where they changed."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from quoth.documents.formats import CORPUS_SUFFIX, FORMATS, MOST_BYTES, content_hash, suffix
from quoth.documents.ignore import Ignored
from quoth.documents.jsonl import Record, jsonl_records
from quoth.documents.model import Document
from quoth.documents.reading import parse
from quoth.errors import FileTooLargeError, FormatError, PathError, SourceError


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to index: ``name`` is its path within the root, with ``/``; ``path`` is where it lies."""

    name: str
    path: Path

    def read_bytes(self) -> bytes:
        """Read the file whole.

        Raises:
            PathError: it can't be read.
            FileTooLargeError: it is no corpus and has more than ``MOST_BYTES``; nothing of it was read.
        """
        most = MOST_BYTES if suffix(self.name) != CORPUS_SUFFIX else None
        try:
            # It was a file when it was listed; what took its place since must not make this wait
            descriptor = os.open(self.path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
            with os.fdopen(descriptor, "rb") as file:
                found = os.fstat(descriptor)
                if not stat.S_ISREG(found.st_mode):
                    raise PathError(f"{_shown(self.path)} can't be read: it is no file any more")
                if most is not None and found.st_size > most:
                    raise FileTooLargeError(self.name, found.st_size, most)
                # One that grows meanwhile is cut, and refused for it by whoever reads what is given
                return file.read() if most is None else file.read(most + 1)
        except OSError as error:
            raise PathError(f"{_shown(self.path)} can't be read: {_reason(error)}") from error

    def entries(self) -> list[Entry]:
        """Read the file and give its documents, hashed but not yet parsed; a JSONL file is checked wholly.

        Raises PathError and FileTooLargeError, and FormatError for a JSONL file that breaks its format.
        """
        data = self.read_bytes()
        if suffix(self.name) == CORPUS_SUFFIX:
            return [_record_entry(self, record) for record in jsonl_records(data, str(self.path))]
        changed_on = self._changed_on()
        return [Entry(self.name, content_hash(data), self, lambda: replace(parse(self.name, data), dated=changed_on))]

    def _changed_on(self) -> str | None:
        try:
            return datetime.fromtimestamp(self.path.stat().st_mtime, UTC).date().isoformat()
        except (OSError, OverflowError, ValueError):  # gone since it was read, or of a year that no calendar has
            return None


@dataclass(frozen=True, slots=True)
class Entry:
    """One document of a root before it is parsed: enough to see whether it changed.

    ``parse()`` gives the document, or raises a SourceError.
    """

    name: str
    content_hash: str
    file: SourceFile
    parse: Callable[[], Document]


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something in a folder that is not indexed, and why: no error, but worth telling."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file in a folder that should be indexed but can't be read, and the error."""

    name: str
    error: SourceError


@dataclass(frozen=True, slots=True)
class Listing:
    """What ``discover`` found below a root, each part sorted by name. ``folder`` tells a folder from one named file."""

    root: Path
    folder: bool
    files: tuple[SourceFile, ...]
    skipped: tuple[Skipped, ...]
    unreadable: tuple[Unreadable, ...]


def discover(root: Path) -> Listing:
    """List what a root holds, without reading a file: one named file, or the files of a folder and below.

    Hidden files are passed over, and what a ``.quothignore`` in the root or below names. Links that lead out of the
    root are not followed, and of a dataset folder (``corpus.jsonl`` with ``queries.jsonl`` or ``qrels``) only the
    corpus is taken. Raises PathError for a root that doesn't exist or can't be listed, or whose ``.quothignore`` can't
    be followed.
    """
    try:
        resolved = root.expanduser().resolve(strict=True)
        mode = resolved.stat().st_mode
    except (OSError, RuntimeError, ValueError) as error:
        reason = _reason(error) if isinstance(error, OSError) else str(error)
        raise PathError(f"{_shown(root)} can't be read: {reason}; check the path") from error
    if stat.S_ISREG(mode):
        if not _is_utf8(resolved.name):
            raise PathError(f"{_shown(root)} has a name that is not valid UTF-8; rename it")
        return Listing(resolved, False, (SourceFile(resolved.name, resolved),), (), ())
    if not stat.S_ISDIR(mode):
        raise PathError(f"{_shown(root)} is neither a file nor a folder; name one of these")
    walk = _Walk(resolved)
    walk.all()
    return walk.listing()


def scan(listing: Listing) -> Iterator[Entry | Unreadable]:
    """Read a listing's files one after the other and yield their documents, hashed but not parsed.

    In a folder, a file that can't be read is yielded as Unreadable, and so is a JSONL file that breaks its format
    or repeats an ``_id`` of another file. A named file's error is raised instead (PathError, FormatError).
    """
    yield from listing.unreadable
    owners: dict[str, str] = {file.name: file.name for file in listing.files if suffix(file.name) != CORPUS_SUFFIX}
    for file in listing.files:
        try:
            entries = file.entries()
            for entry in entries:
                owner = owners.setdefault(entry.name, file.name)
                if owner != file.name:
                    raise FormatError(
                        f'{file.name} holds a document "{entry.name}", which {owner} holds as well; '
                        "give it another _id or index the files as two roots"
                    )
        except SourceError as error:
            if not listing.folder:
                raise
            yield Unreadable(file.name, error)
        else:
            yield from entries


class _Walk:
    """One pass through a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files: list[SourceFile] = []
        self.skipped: list[Skipped] = []
        self.unreadable: list[Unreadable] = []
        # Folders still to be listed, what names of theirs begin with, and what is ignored above them
        self._waiting = [(root, "", Ignored())]

    def all(self) -> None:
        # No call in a call: folders can be nested deeper than that goes
        while self._waiting:
            self._folder(*self._waiting.pop())

    def listing(self) -> Listing:
        return Listing(
            self.root,
            True,
            tuple(sorted(self.files, key=lambda file: file.name)),
            tuple(sorted(self.skipped, key=lambda skipped: skipped.name)),
            tuple(sorted(self.unreadable, key=lambda unreadable: unreadable.name)),
        )

    def _folder(self, path: Path, prefix: str, above: Ignored) -> None:
        try:
            with os.scandir(path) as found:
                entries = sorted(found, key=lambda entry: entry.name)
            ignored = above.entered(path, prefix)
        except (OSError, PathError) as error:
            reason = _reason(error) if isinstance(error, OSError) else str(error)
            refused = PathError(f"{_shown(path)} can't be listed: {reason}")
            if not prefix:
                raise refused from error
            self.unreadable.append(Unreadable(prefix.rstrip("/"), refused))
            return
        names = {entry.name for entry in entries}
        dataset = "corpus.jsonl" in names and bool(names & {"queries.jsonl", "qrels"})
        for entry in entries:
            if entry.name.startswith("."):
                continue
            name = prefix + entry.name
            if not _is_utf8(entry.name):
                self._fail(name, "its name is not valid UTF-8; rename it")
            elif dataset and entry.name != "corpus.jsonl":
                self.skipped.append(Skipped(name, "part of a dataset, of which only corpus.jsonl is indexed"))
            else:
                self._entry(entry, name, ignored)

    def _entry(self, entry: os.DirEntry[str], name: str, ignored: Ignored) -> None:
        path = Path(entry.path)
        if (name + "/" if entry.is_dir(follow_symlinks=False) else name) in ignored:
            return
        try:
            if entry.is_symlink():
                target = path.resolve(strict=True)
                if not target.is_relative_to(self.root):
                    self.skipped.append(Skipped(name, "a link that leads out of the folder"))
                    return
                if target.is_dir():
                    self.skipped.append(Skipped(name, "a link to a folder that is indexed at its own place"))
                    return
            mode = entry.stat().st_mode
        except (OSError, RuntimeError) as error:
            self._fail(name, _reason(error) if isinstance(error, OSError) else "it is a link to itself")
            return
        if stat.S_ISDIR(mode):
            self._waiting.append((path, name + "/", ignored))
        elif not stat.S_ISREG(mode):
            self.skipped.append(Skipped(name, "neither a file nor a folder"))
        elif suffix(name) in FORMATS or suffix(name) == CORPUS_SUFFIX:
            self.files.append(SourceFile(name, path))
        else:
            ending = f'the suffix "{suffix(name)}"' if suffix(name) else "a name without a suffix"
            self.skipped.append(
                Skipped(name, f"{ending} is none that documents have; index it by its name if it is one")
            )

    def _fail(self, name: str, reason: str) -> None:
        shown = name.encode("utf-8", "backslashreplace").decode()
        self.unreadable.append(Unreadable(shown, PathError(f"{shown} can't be read: {reason}")))


def _record_entry(file: SourceFile, record: Record) -> Entry:
    return Entry(record.name, record.content_hash, file, record.document)


def _is_utf8(name: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in name)


def _shown(path: Path) -> str:
    return str(path).encode("utf-8", "backslashreplace").decode()


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
