"""Opening a library's database: the right file, at the right version, with safe settings."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from quoth.errors import (
    EmptyLibraryError,
    LibraryBusyError,
    LibraryError,
    NotALibraryError,
    PathError,
    SchemaError,
)
from quoth.store.distrust import check_not_linked, check_schema, distrust
from quoth.store.schema import APPLICATION_ID, MIGRATIONS, VERSION

FILE_NAME = "library.sqlite"

BUSY_MILLISECONDS = 30_000
"""How long to wait for a database that another connection is writing to."""

_PAUSE_SECONDS = 0.005
_CACHE_KIB = 16 * 1024


def open_database(folder: Path, *, create: bool) -> apsw.Connection:
    """Open the database in ``folder``, made or migrated to the newest schema where needed.

    Raises:
        EmptyLibraryError: there is none, and ``create`` is false.
        NotALibraryError: what is there is something else, or damaged.
        SchemaError: a newer Quoth wrote it.
        LibraryBusyError: another process held it for half a minute.
        PathError: the folder can't be made or written.
    """
    if folder.exists() and not folder.is_dir():
        raise NotALibraryError(f"{folder} is a file; a library is a folder, so name another with --library")
    path = folder / FILE_NAME
    check_not_linked(path)
    if not path.exists():
        if not create:
            raise EmptyLibraryError(f"there is no library at {folder} yet; index something first: quoth index PATH")
        # The database itself may come to be between the two looks, when several make one library at once
        if folder.is_dir() and not all(found.name.startswith(FILE_NAME) for found in folder.iterdir()):
            raise NotALibraryError(
                f"{folder} holds other files and no library; name an empty or a new folder with --library"
            )
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise PathError(
                f"the library folder {folder} can't be made: {error.strerror}; name another (--library, QUOTH_HOME)"
            ) from error
    with translated(folder):
        connection = apsw.Connection(str(path))
        try:
            _configure(connection, folder)
        except BaseException:
            connection.close()
            raise
    return connection


def _configure(connection: apsw.Connection, folder: Path) -> None:
    connection.set_busy_timeout(BUSY_MILLISECONDS)
    distrust(connection)
    # A setting of the connection that must come before the first page is written
    connection.pragma("auto_vacuum", 0)
    # One state for all three: another process may be making the library at this moment
    with connection:
        application, version = connection.pragma("application_id"), connection.pragma("user_version")
        has_tables = bool(connection.execute("SELECT count(*) FROM sqlite_master").get)
    is_new = application == 0 and version == 0 and not has_tables
    if not is_new and application != APPLICATION_ID:
        raise NotALibraryError(
            f"{folder / FILE_NAME} is a database of another program; name another folder with --library"
        )
    if version > VERSION:
        raise SchemaError(
            f"the library {folder} has schema {version} and this Quoth knows up to {VERSION}; upgrade quoth"
        )
    check_schema(connection, folder / FILE_NAME, MIGRATIONS)
    use_wal(connection, BUSY_MILLISECONDS)
    connection.pragma("synchronous", "full")
    # The inner pages of a database of a million passages, through which each look-up goes; a small one takes its size
    connection.pragma("cache_size", -_CACHE_KIB)
    # What was removed is overwritten, not only unlinked: a removed document leaves no words behind
    connection.pragma("secure_delete", True)
    if version < VERSION:
        _migrate(connection)
    # Only now: a step that makes a table anew drops the old one, with which the rows that refer to it would go
    connection.pragma("foreign_keys", True)


def use_wal(connection: apsw.Connection, milliseconds: int) -> None:
    """Switch a database to the write-ahead log, waiting so long for others that switch it at the same moment.

    Raises:
        apsw.BusyError: they took longer.
    """
    until = time.monotonic() + milliseconds / 1000
    while True:
        try:
            connection.pragma("journal_mode", "wal")
        except apsw.BusyError:
            # Between two that switch at once, SQLite gives up at once, without the busy timeout
            if time.monotonic() >= until:
                raise
            time.sleep(_PAUSE_SECONDS)
        else:
            return


def _migrate(connection: apsw.Connection) -> None:
    # SQLite's own length() stops at a zero
    connection.create_scalar_function("code_points", _code_points, 1, deterministic=True)
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Read again inside the lock: another process may have migrated meanwhile
        for step in MIGRATIONS[connection.pragma("user_version") :]:
            connection.execute(step)
        connection.pragma("application_id", APPLICATION_ID)
        connection.pragma("user_version", VERSION)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _code_points(*values: apsw.SQLiteValue) -> int:
    return len(str(values[0]))


@contextmanager
def translated(place: Path, milliseconds: int = BUSY_MILLISECONDS) -> Iterator[None]:
    """Turn SQLite's errors into ours, with the library's folder or the database's path and what to do about it."""
    try:
        yield
    except (apsw.NotADBError, apsw.CorruptError, UnicodeDecodeError) as error:
        # A text that is no UTF-8 any more is damage that SQLite doesn't look for
        raise NotALibraryError(
            f"{place} holds no database of Quoth or is damaged ({error}); restore it from a backup, "
            "or save what can be read with: quoth check --salvage DIR"
        ) from error
    except (apsw.BusyError, apsw.LockedError) as error:
        raise LibraryBusyError(
            f"another process has been writing to {place} for {milliseconds // 1000} s; try again later"
        ) from error
    except (apsw.ReadOnlyError, apsw.CantOpenError, apsw.PermissionsError) as error:
        raise LibraryError(f"{place} can't be opened for writing ({error}); check its permissions") from error
    except apsw.ConnectionClosedError as error:
        raise LibraryError(f"{place} was closed; open it again") from error
    except (apsw.FullError, apsw.IOError) as error:
        raise LibraryError(
            f"the disk of {place} failed or is full ({error}); nothing of the last step was kept"
        ) from error
