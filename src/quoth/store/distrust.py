"""What is not believed of a database file: that it is where it says, and that its own schema means well.

A file that somebody else made can bring triggers and views, which SQLite would run at the next reading or writing, and
be a link to a file of the user's. What SQLite advises for such files (https://www.sqlite.org/security.html) is done for
every one, but for checking it from end to end, which ``quoth check`` does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import apsw

from quoth.errors import NotALibraryError

_BESIDE = ("", "-wal", "-shm", "-journal")

_BETWEEN = r"(?:[ \t\n\f\r]|--[^\n]*(?:\n|$)|/\*.*?(?:\*/|$))"
_VIRTUAL = re.compile(rf"{_BETWEEN}*CREATE{_BETWEEN}+VIRTUAL", re.IGNORECASE | re.DOTALL)
"""What SQLite takes for the beginning of a virtual table, with its blanks and comments."""

_SETTINGS = (
    (apsw.SQLITE_DBCONFIG_DEFENSIVE, 1),
    (apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0),
    (apsw.SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0),
    (apsw.SQLITE_DBCONFIG_ENABLE_VIEW, 0),
)


def check_not_linked(path: Path) -> None:
    """Check that neither a database nor what SQLite keeps beside it is a link: it would write where that leads.

    Raises:
        NotALibraryError: one is.
    """
    for ending in _BESIDE:
        if (part := path.with_name(path.name + ending)).is_symlink():
            raise NotALibraryError(
                f"{part} is a link, and what it leads to could be overwritten; put the file itself there, "
                "or make the folder a link instead"
            )


def distrust(connection: apsw.Connection) -> None:
    """Let a database's schema call nothing, load nothing and hide nothing; before anything of it is read."""
    for setting, value in _SETTINGS:
        connection.config(setting, value)
    connection.pragma("cell_size_check", True)


def check_schema(connection: apsw.Connection, path: Path, migrations: Sequence[str]) -> None:
    """Check that a database has no trigger, view or virtual table but those that its own migrations make.

    Raises:
        NotALibraryError: it has, so somebody else changed it.
    """
    for kind, name, sql in connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name"):
        harmless = kind in ("table", "index") and not _VIRTUAL.match(str(sql))
        if not harmless and not any(str(sql) in step for step in migrations):
            raise NotALibraryError(
                f"{path} holds the {kind} {str(name)!r}, which Quoth did not make and which could run unasked; "
                "restore a backup, or index the documents anew"
            )
