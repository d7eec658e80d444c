"""What is kept of servers: settings, who added which file, what managers did, and which servers were left."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from datetime import UTC, datetime

import apsw

from bot.records.database import Database
from bot.records.kept import DAY, Action, GuildSettings, PendingUpload, Upload

_OF_A_GUILD = {
    "guild_settings": "guild",
    "answer": "guild",
    "question": "guild",
    "vote": "guild",
    "upload": "guild",
    "pending_upload": "guild",
    "action": "guild",
    "guild": "id",
}
"""Every table that says something of a server, and the column that names it."""

_ERASED = ("upload", "pending_upload", "question", "answer", "vote")
"""The tables that go with a server's library."""


_ACTIONS = 1_000
"""Managers' newest actions that are kept of a server; all of them are written anew when something is deleted."""


class GuildRecords:
    """Servers' records."""

    _database: Database

    def guild_settings(self, guild: int) -> GuildSettings:
        """Return a server's settings; the defaults where it set nothing."""
        with self._database.turn() as db:
            return self._settings(db, guild)

    def keep_guild_settings(self, guild: int, settings: GuildSettings, by: int) -> None:
        """Keep a server's settings, set by this manager; turning the question log off empties it."""
        values = asdict(settings) | {"channels": sorted(settings.channels)}
        with self._database.turn() as db:
            db.execute("INSERT OR REPLACE INTO guild_settings VALUES (?, ?)", (guild, json.dumps(values)))
            _act(db, guild, "settings", by, "")
            if not settings.question_log:
                db.execute("DELETE FROM question WHERE guild = ?", (guild,))
                emptied = db.changes()
            else:
                emptied = 0
        if emptied:
            self._database.forget()

    def _settings(self, db: apsw.Connection, guild: int) -> GuildSettings:
        kept = db.execute("SELECT settings FROM guild_settings WHERE guild = ?", (guild,)).get
        if kept is None:
            return GuildSettings()
        values = json.loads(kept)
        return GuildSettings(**(values | {"channels": frozenset(values["channels"])}))

    def begin_upload(self, guild: int, name: str, *, by: int, size: int, digest: bytes) -> None:
        """Remember who is adding a file (``size`` in bytes), until ``settle_upload`` says what came of it."""
        with self._database.turn() as db:
            db.execute(
                "INSERT OR REPLACE INTO pending_upload VALUES (?, ?, ?, ?, ?, ?)",
                (guild, name, by, time.time(), size, digest),
            )

    def pending_uploads(self) -> list[PendingUpload]:
        """Return the files that are being added to servers' libraries, or were when the bot was killed."""
        with self._database.turn() as db:
            query = "SELECT guild, name, digest FROM pending_upload ORDER BY guild, name"
            return [PendingUpload(*row) for row in db.execute(query)]

    def settle_upload(self, guild: int, name: str, *, added: bool) -> None:
        """Keep who added a file, in place of who added one of that name before; or forget it, as nothing was added."""
        with self._database.turn() as db:
            pending = db.execute(
                "DELETE FROM pending_upload WHERE guild = ? AND name = ? RETURNING guild, name, by, at, size",
                (guild, name),
            ).fetchone()
            if added and pending is not None:
                db.execute("INSERT OR REPLACE INTO upload VALUES (?, ?, ?, ?, ?)", pending)
                _act(db, guild, "add", pending[2], name)

    def drop_upload(self, guild: int, name: str, *, by: int) -> None:
        """Forget a file's name and who added it; remember that somebody removed a file."""
        with self._database.turn() as db:
            db.execute("DELETE FROM upload WHERE guild = ? AND name = ?", (guild, name))
            db.execute("UPDATE action SET detail = '' WHERE guild = ? AND detail = ?", (guild, name))
            _act(db, guild, "remove", by, "")
        self._database.forget()

    def forget_library(self, guild: int, *, by: int) -> None:
        """Delete a server's questions, answers, votes and names of files; remember who erased its library."""
        with self._database.turn() as db:
            for table in _ERASED:
                db.execute(f"DELETE FROM {table} WHERE guild = ?", (guild,))
            db.execute("UPDATE action SET detail = '' WHERE guild = ?", (guild,))
            _act(db, guild, "erase", by, "")
        self._database.forget()

    def keeps_questions(self, guild: int) -> bool:
        """Whether there is anything that ``forget_library`` would delete of a server."""
        with self._database.turn() as db:
            return any(db.execute(f"SELECT 1 FROM {table} WHERE guild = ? LIMIT 1", (guild,)).get for table in _ERASED)

    def uploads(self, guild: int) -> dict[str, Upload]:
        """Return who added each file of a server's library, by the file's name."""
        with self._database.turn() as db:
            rows = list(db.execute("SELECT name, by, at, size FROM upload WHERE guild = ? ORDER BY name", (guild,)))
        return {name: Upload(name, by, datetime.fromtimestamp(at, UTC), size) for name, by, at, size in rows}

    def record_action(self, guild: int, what: str, *, by: int, detail: str = "") -> None:
        """Remember what a manager did."""
        with self._database.turn() as db:
            _act(db, guild, what, by, detail)

    def actions(self, guild: int) -> list[Action]:
        """Return what managers did, the newest first."""
        with self._database.turn() as db:
            rows = list(
                db.execute("SELECT what, detail, by, at FROM action WHERE guild = ? ORDER BY id DESC", (guild,))
            )
        return [Action(what, detail, by, datetime.fromtimestamp(at, UTC)) for what, detail, by, at in rows]

    # -- departures

    def guild_left(self, guild: int) -> None:
        """Remember that the bot was removed from a server; the first time counts."""
        with self._database.turn() as db:
            db.execute(
                "INSERT INTO guild VALUES (?, ?) "
                "ON CONFLICT DO UPDATE SET left_at = coalesce(left_at, excluded.left_at)",
                (guild, time.time()),
            )

    def guild_back(self, guild: int) -> None:
        """Remember that the bot is in a server (again): nothing of it will be deleted."""
        with self._database.turn() as db:
            db.execute("DELETE FROM guild WHERE id = ?", (guild,))

    def left_guilds(self) -> set[int]:
        """Return the servers that the bot was removed from and that are not deleted yet."""
        with self._database.turn() as db:
            return {guild for (guild,) in db.execute("SELECT id FROM guild WHERE left_at IS NOT NULL")}

    def overdue(self, days: float = 7) -> list[int]:
        """Return the servers that were left ``days`` ago or earlier."""
        with self._database.turn() as db:
            query = "SELECT id FROM guild WHERE left_at <= ? ORDER BY id"
            return [guild for (guild,) in db.execute(query, (time.time() - days * DAY,))]

    def known_guilds(self) -> set[int]:
        """Return every server of which anything is kept."""
        union = " UNION ".join(f"SELECT {column} FROM {table}" for table, column in _OF_A_GUILD.items())
        with self._database.turn() as db:
            return {guild for (guild,) in db.execute(union) if guild is not None}

    def forget_guild(self, guild: int) -> None:
        """Delete everything that is kept of a server."""
        with self._database.turn() as db:
            for table, column in _OF_A_GUILD.items():
                db.execute(f"DELETE FROM {table} WHERE {column} = ?", (guild,))
        self._database.forget()


def _act(db: apsw.Connection, guild: int, what: str, by: int, detail: str) -> None:
    db.execute(
        "INSERT INTO action (guild, what, detail, by, at) VALUES (?, ?, ?, ?, ?)",
        (guild, what, detail, by, time.time()),
    )
    db.execute(
        "DELETE FROM action WHERE guild = ?1 AND id <= "
        "(SELECT id FROM action WHERE guild = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
        (guild, _ACTIONS),
    )
