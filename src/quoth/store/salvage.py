"""What can still be read of a damaged library: its documents' texts, written as a corpus that can be indexed anew."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from quoth.errors import EmptyLibraryError, NotALibraryError, PathError
from quoth.store.connection import FILE_NAME
from quoth.store.distrust import check_not_linked, distrust

CORPUS = "corpus.jsonl"

_GUESSED_HIGHEST = 100_000
"""Id up to which documents are looked for behind damage, where nothing tells the highest one."""

_MOST_IN_VAIN = 1_000_000
"""Ids in a row that are looked for in vain behind damage: what tells the highest one may be damaged itself."""

_DAMAGE = (apsw.CorruptError, apsw.IOError, apsw.FormatError, apsw.CantOpenError, UnicodeDecodeError)


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What became of a damaged library's documents: how many were written, and the ids of those that can't be read."""

    corpus: Path
    documents: int
    lost: tuple[int, ...]


def salvage(folder: Path, into: Path) -> Salvaged:
    """Write every document of the library in ``folder`` that can be read to ``into/corpus.jsonl``, changing nothing.

    A document is read by itself, so that a damaged one costs no other. A text whose length is not the recorded one
    counts as lost; other damage within a text can't be told, since SQLite keeps no checksums. Pages and headings are
    not kept: the corpus holds text, and where a name stands in several roots, the root's path before it.

    Raises:
        EmptyLibraryError: there is no database.
        NotALibraryError: nothing at all can be read.
        PathError: there is a corpus in ``into`` already, or it can't be written.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        raise EmptyLibraryError(f"there is no library at {folder}, so there is nothing to salvage")
    check_not_linked(path)
    lost: list[int] = []
    try:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        with closing(connection), connection:
            distrust(connection)
            lines = [json.dumps(one, ensure_ascii=False) + "\n" for one in _documents(connection, lost)]
    except apsw.Error as error:
        raise NotALibraryError(
            f"nothing can be read of {path} ({error}); restore it from a backup, or index the documents anew"
        ) from error
    if not lines:
        raise NotALibraryError(f"no document can be read of {path}; restore it from a backup")
    corpus = into / CORPUS
    if corpus.exists():
        raise PathError(f"{corpus} is there already; name a new folder to salvage into")
    try:
        _write(corpus, lines)
    except OSError as error:
        raise PathError(f"{corpus} can't be written: {error.strerror}; make room or name another folder") from error
    return Salvaged(corpus, len(lines), tuple(lost))


def _write(corpus: Path, lines: list[str]) -> None:
    """Write the corpus aside and rename it, so that half of one is never taken for what could be saved."""
    corpus.parent.mkdir(parents=True, exist_ok=True)
    aside = corpus.with_name(f"{CORPUS}.unfinished")
    try:
        with aside.open("w", encoding="utf-8", newline="") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        aside.rename(corpus)
    except OSError:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        raise


def _documents(connection: apsw.Connection, lost: list[int]) -> Iterator[dict[str, Any]]:
    taken: set[str] = set()
    roots: dict[int, str] = {}
    for number in _numbers(connection):
        try:
            found = connection.execute(
                "SELECT root_id, name, title, uri, characters, text FROM document WHERE id = ?", (number,)
            ).fetchone()
        except _DAMAGE:
            lost.append(number)
            continue
        if found is None:
            continue
        root_id, name, title, uri, characters, text = found
        if not all(isinstance(value, str) for value in (name, title, text)) or len(text) != characters:
            lost.append(number)
            continue
        if name in taken:
            name = f"{_root(connection, roots, root_id)}/{name}"
        if name in taken:
            name = f"{name} ({number})"
        taken.add(name)
        yield {"_id": name, "title": title, "text": text} | ({"uri": uri} if isinstance(uri, str) else {})


def _root(connection: apsw.Connection, known: dict[int, str], root_id: int) -> str:
    if root_id not in known:
        try:
            known[root_id] = str(connection.execute("SELECT path FROM root WHERE id = ?", (root_id,)).get)
        except _DAMAGE:
            known[root_id] = f"root {root_id}"
    return known[root_id]


def _numbers(connection: apsw.Connection) -> Iterator[int]:
    """Return the ids of documents; where damage hides which there are, each that there could be."""
    highest = _highest(connection)
    number = in_vain = 0
    while True:
        try:
            following = connection.execute("SELECT min(id) FROM document WHERE id > ?", (number,)).get
            if following is None:
                return
            if not isinstance(following, int) or following <= number:
                raise apsw.CorruptError(f"{following!r} follows {number}")
            in_vain = 0
        except _DAMAGE:
            following = number + 1
            in_vain += 1
            if following > highest or in_vain > _MOST_IN_VAIN:
                return
        number = following
        yield number


def _highest(connection: apsw.Connection) -> int:
    """Return the id up to which documents may be hidden by damage: one number alone is not believed."""
    highest: list[int] = []
    is_damaged = False
    for query in (
        "SELECT seq FROM sqlite_sequence WHERE name = 'document'",
        "SELECT max(id) FROM document",
        "SELECT max(document_id) FROM paragraph",
    ):
        try:
            value = connection.execute(query).get
        except _DAMAGE:
            is_damaged = True
            continue
        if isinstance(value, int) and value > 0:
            highest.append(value)
    if not highest:
        return _GUESSED_HIGHEST if is_damaged else 0
    return sorted(highest)[-2:][0]
