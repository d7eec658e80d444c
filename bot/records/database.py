"""The records' SQLite file: opened at the right version, used by one thread at a time."""

from __future__ import annotations

import itertools
import json
import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import apsw

from bot.records.kept import hashed
from bot.records.schema import APPLICATION_ID, MIGRATIONS, VERSION, WITH_WORDS
from quoth.errors import LibraryBusyError, LibraryError, NotALibraryError, SchemaError
from quoth.store.connection import translated, use_wal
from quoth.store.distrust import check_not_linked, check_schema, distrust

_BUSY_MILLISECONDS = 10_000

_LONG = 0.25
"""Seconds that writing the words anew may take without being put off the next time; nobody gets at the records then."""

_REST = 20
"""Times as long as it took last that the next one is put off after."""


class Database:
    """One connection that threads take turns at; every turn is a transaction."""

    def __init__(self, path: Path, connection: apsw.Connection) -> None:
        self.path = path
        self._connection = connection
        self._lock = threading.Lock()
        self._rested = -math.inf
        # An earlier run may have put it off
        self._is_due = True

    @classmethod
    def open(cls, path: Path) -> Database:
        """Open the file, made or migrated to the newest schema where needed.

        Raises:
            NotALibraryError: it is something else, or damaged.
            SchemaError: a newer bot wrote it.
            LibraryBusyError, LibraryError: another process holds it, or it can't be written.
        """
        check_not_linked(path)
        with translated(path, _BUSY_MILLISECONDS):
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise LibraryError(
                    f"the folder {path.parent} can't be made: {error.strerror}; set another QUOTH_HOME"
                ) from error
            connection = apsw.Connection(str(path))
            try:
                _configure(connection, path)
            except BaseException:
                connection.close()
                raise
        return cls(path, connection)

    def close(self) -> None:
        """Close the file. A database that is closed twice stays closed."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def turn(self) -> Iterator[apsw.Connection]:
        """Read and write all or nothing of what happens inside."""
        with self._lock, translated(self.path, _BUSY_MILLISECONDS):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def forget(self) -> None:
        """Leave nothing of what was deleted in the file or its log: pages that were rearranged can hold copies.

        Only the tables with words in them are written anew; their old pages are overwritten. Where they are so large
        that it takes long and the last time was just now, it is put off until ``catch_up``: else whoever deletes one
        answer after the other would keep everybody waiting.
        """
        self._is_due = True
        if time.monotonic() >= self._rested:
            self.catch_up()

    def catch_up(self) -> None:
        """Do what ``forget`` put off."""
        if not self._is_due:
            return
        begun = time.monotonic()
        # Before it is begun: what is deleted meanwhile may come too late for it
        self._is_due = False
        try:
            self._write_anew()
        except BaseException as error:
            self._is_due = True
            if not isinstance(error, LibraryBusyError):
                raise
        ended = time.monotonic()
        self._rested = ended + _REST * (ended - begun) if ended - begun > _LONG else -math.inf

    def _write_anew(self) -> None:
        with self.turn() as db:
            for table in WITH_WORDS:
                db.execute(f"CREATE TEMP TABLE staying AS SELECT * FROM {table}")
                # Without a condition: this frees the pages as a whole instead of rearranging them
                db.execute(f"DELETE FROM main.{table}")
                db.execute(f"INSERT INTO main.{table} SELECT * FROM staying")
                db.execute("DROP TABLE staying")
        with self._lock, translated(self.path, _BUSY_MILLISECONDS):
            self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)


def _configure(connection: apsw.Connection, path: Path) -> None:
    connection.set_busy_timeout(_BUSY_MILLISECONDS)
    distrust(connection)
    connection.execute("BEGIN IMMEDIATE")
    try:
        application, version = connection.pragma("application_id"), connection.pragma("user_version")
        is_new = (application, version, connection.execute("SELECT count(*) FROM sqlite_master").get) == (0, 0, 0)
        if not is_new and application != APPLICATION_ID:
            raise NotALibraryError(f"{path} is a database of another program; move it away or set another QUOTH_HOME")
        if version > VERSION:
            raise SchemaError(f"{path} has schema {version} and this bot knows up to {VERSION}; upgrade quoth")
        check_schema(connection, path, MIGRATIONS)
        connection.create_scalar_function("without_names", _without_names, 1, deterministic=True)
        for step in MIGRATIONS[version:]:
            connection.execute(step)
        connection.pragma("application_id", APPLICATION_ID)
        connection.pragma("user_version", VERSION)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    use_wal(connection, _BUSY_MILLISECONDS)
    # In WAL mode a power cut can lose the last moments but damages nothing, and no event waits for the disk
    connection.pragma("synchronous", "normal")
    connection.pragma("foreign_keys", True)
    connection.pragma("secure_delete", True)
    # What is held for a moment, too, is words of people
    connection.pragma("temp_store", "memory")
    if 0 < version < VERSION:
        connection.execute("VACUUM")
        # Until then, what the migration took out stands in the file as it was
        with suppress(apsw.BusyError):
            connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)


def _without_names(*values: apsw.SQLiteValue) -> str:
    """Return where quotes stood, packed, with hashes in place of their documents' names."""
    spans = json.loads(str(values[0]))
    for span in itertools.chain.from_iterable(spans.values()):
        span[1] = hashed(span[1])
    return json.dumps(spans)
