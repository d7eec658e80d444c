"""The records as one: opened, bound to an application, and with the events that were seen already."""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from types import TracebackType

from bot.errors import HomeError
from bot.records.database import Database
from bot.records.questions import QuestionRecords


class Records(QuestionRecords):
    """Everything that the bot remembers. May be used by several threads, which take turns; each call is short."""

    @classmethod
    def open(cls, path: Path) -> Records:
        """Open the records in this file; where there are none, they are made, with a key of their own for hashes.

        Raises: see ``Database.open``.
        """
        database = Database.open(path)
        with database.turn() as db:
            db.execute("INSERT INTO meta VALUES ('key', ?) ON CONFLICT DO NOTHING", (secrets.token_bytes(32),))
            key = db.execute("SELECT value FROM meta WHERE key = 'key'").get
        return cls(database, key)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def __enter__(self) -> Records:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def bind_application(self, application_id: int) -> None:
        """Make this the data of a Discord application, which it stays: another one's bot would delete its servers.

        Raises:
            HomeError: it is another application's.
        """
        with self._database.turn() as db:
            db.execute("INSERT INTO meta VALUES ('application', ?) ON CONFLICT DO NOTHING", (application_id,))
            bound = db.execute("SELECT value FROM meta WHERE key = 'application'").get
        if bound != application_id:
            raise HomeError(
                f"{self._database.path.parent} holds the data of the Discord application {bound} and the token is of "
                f"{application_id}; use that application's token, or set QUOTH_HOME to another folder"
            )

    def commands_hash(self) -> str | None:
        """Return the hash of the commands that were synced last, None before the first time."""
        with self._database.turn() as db:
            kept = db.execute("SELECT value FROM meta WHERE key = 'commands'").get
        return None if kept is None else str(kept)

    def catch_up(self) -> None:
        """Leave nothing of what was deleted in the file, where that was put off."""
        self._database.catch_up()

    def keep_commands_hash(self, value: str) -> None:
        """Remember the hash of the commands that were synced."""
        with self._database.turn() as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES ('commands', ?)", (value,))

    def first_time(self, event_id: int) -> bool:
        """Whether this interaction or message was not seen before, by any run of the bot in the last day."""
        with self._database.turn() as db:
            db.execute("INSERT INTO event VALUES (?, ?) ON CONFLICT DO NOTHING", (event_id, time.time()))
            return bool(db.changes())
