"""Libraries as older versions of Quoth had them: their tables, filled with what they held of today's."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import apsw

from quoth.store.connection import FILE_NAME
from quoth.store.schema import APPLICATION_ID, MIGRATIONS


def write_old(version: int, current: Path, folder: Path) -> None:
    """Write the library in ``current`` as one of an older schema into ``folder``; version 0 is none at all.

    Between two schemas only columns and tables were added, so what the older one has of a row is what it would hold.
    """
    folder.mkdir()
    if not version:
        return
    with closing(apsw.Connection(str(folder / FILE_NAME))) as db:
        db.pragma("journal_mode", "wal")
        db.create_scalar_function("code_points", lambda *values: len(str(values[0])), 1, deterministic=True)
        db.execute("".join(MIGRATIONS[:version]))
        db.pragma("application_id", APPLICATION_ID)
        db.pragma("user_version", version)
        db.execute("ATTACH ? AS today", (str(current / FILE_NAME),))
        db.execute("DELETE FROM meta; DELETE FROM sqlite_sequence")
        with db:
            for table in _tables(db):
                columns = ", ".join(f'"{name}"' for _, name, *_ in db.execute(f"PRAGMA main.table_info({table})"))
                db.execute(f"INSERT INTO main.{table} SELECT {columns} FROM today.{table}")
            db.execute("DELETE FROM meta WHERE key <> 'generation'")


def _tables(db: apsw.Connection) -> list[str]:
    return [name for (name,) in db.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'")]
