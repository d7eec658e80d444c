"""The tables of the bot's records, and the way from each older version of them to the newest.

Times are UTC seconds since 1970. People stand in them as keyed hashes, but for managers' own actions. No table holds
a word of a document, and none but those of files and actions a file's name.
"""

from __future__ import annotations

APPLICATION_ID = 0x51754274
"""Marks a SQLite file as the bot's records (``PRAGMA application_id``): "QuBt"."""

MIGRATIONS: tuple[str, ...] = (
    # 0 -> 1
    """
    CREATE TABLE meta (
        key TEXT PRIMARY KEY,
        value NOT NULL
    ) WITHOUT ROWID;

    CREATE TABLE event (
        id INTEGER PRIMARY KEY,
        at REAL NOT NULL
    );

    CREATE TABLE guild (
        id INTEGER PRIMARY KEY,
        left_at REAL
    );

    CREATE TABLE guild_settings (
        guild INTEGER PRIMARY KEY,
        settings TEXT NOT NULL
    );

    CREATE TABLE answer (
        id TEXT PRIMARY KEY,
        guild INTEGER,
        channel INTEGER NOT NULL,
        asker BLOB NOT NULL,
        private INTEGER NOT NULL,
        message INTEGER UNIQUE,
        question TEXT NOT NULL,
        history TEXT NOT NULL,
        answered INTEGER NOT NULL,
        confidence REAL NOT NULL,
        documents_searched INTEGER NOT NULL,
        spans TEXT NOT NULL,
        at REAL NOT NULL
    );
    CREATE INDEX answer_of_guild ON answer (guild, at);
    CREATE INDEX answer_of_asker ON answer (asker);

    CREATE TABLE vote (
        answer TEXT NOT NULL REFERENCES answer ON DELETE CASCADE,
        person BLOB NOT NULL,
        helpful INTEGER NOT NULL,
        PRIMARY KEY (answer, person)
    ) WITHOUT ROWID;
    CREATE INDEX vote_of_person ON vote (person);

    -- The log behind the statistics: what is in it stands on its own, so that a removed answer stays counted
    CREATE TABLE question (
        id INTEGER PRIMARY KEY,
        answer TEXT NOT NULL UNIQUE,
        guild INTEGER NOT NULL,
        asker BLOB NOT NULL,
        text TEXT NOT NULL,
        answered INTEGER NOT NULL,
        confidence REAL NOT NULL,
        at REAL NOT NULL
    );
    CREATE INDEX question_of_guild ON question (guild, at);
    CREATE INDEX question_of_asker ON question (asker);

    CREATE TABLE upload (
        guild INTEGER NOT NULL,
        name TEXT NOT NULL,
        by INTEGER NOT NULL,
        at REAL NOT NULL,
        size INTEGER NOT NULL,
        PRIMARY KEY (guild, name)
    ) WITHOUT ROWID;

    CREATE TABLE action (
        id INTEGER PRIMARY KEY,
        guild INTEGER NOT NULL,
        what TEXT NOT NULL,
        detail TEXT NOT NULL,
        by INTEGER NOT NULL,
        at REAL NOT NULL
    );
    CREATE INDEX action_of_guild ON action (guild);
    """,
    # 1 -> 2: votes stand on their own, as the log does, so that those on answers that are gone stay counted; the quotes
    # that were too weak to be shown stand apart from those that were
    """
    CREATE TABLE standing_vote (
        answer TEXT NOT NULL,
        guild INTEGER,
        person BLOB NOT NULL,
        helpful INTEGER NOT NULL,
        at REAL NOT NULL,
        PRIMARY KEY (answer, person)
    ) WITHOUT ROWID;
    INSERT INTO standing_vote
        SELECT answer, guild, person, helpful, at FROM vote JOIN answer ON answer.id = vote.answer;
    DROP TABLE vote;
    ALTER TABLE standing_vote RENAME TO vote;
    CREATE INDEX vote_of_guild ON vote (guild, at);
    CREATE INDEX vote_of_person ON vote (person);

    UPDATE answer SET spans = json_set(spans, '$.weaker', json('[]'));
    """,
    # 2 -> 3: what is being added, so that a kill in between takes nobody's name from it
    """
    CREATE TABLE pending_upload (
        guild INTEGER NOT NULL,
        name TEXT NOT NULL,
        by INTEGER NOT NULL,
        at REAL NOT NULL,
        size INTEGER NOT NULL,
        digest BLOB NOT NULL,
        PRIMARY KEY (guild, name)
    ) WITHOUT ROWID;
    """,
    # 3 -> 4: what people wrote stands in a small table of its own, which is soon written anew when some of it goes; the
    # questions before a question say whose they were. Those that were kept without it are not kept on
    """
    CREATE TABLE wording (
        answer TEXT PRIMARY KEY,
        question TEXT NOT NULL,
        history TEXT NOT NULL
    ) WITHOUT ROWID;
    INSERT INTO wording SELECT id, question, '[]' FROM answer;
    ALTER TABLE answer DROP COLUMN question;
    ALTER TABLE answer DROP COLUMN history;
    CREATE TRIGGER wording_of_answer AFTER DELETE ON answer BEGIN
        DELETE FROM wording WHERE answer = old.id;
    END;
    """,
    # 4 -> 5: names of documents go with the documents: hashes stand for them where quotes stood, and what managers did
    # to a file that is no longer there tells no name
    """
    UPDATE answer SET spans = without_names(spans);
    UPDATE action SET detail = '' WHERE NOT EXISTS (
        SELECT 1 FROM upload WHERE upload.guild = action.guild AND upload.name = action.detail
    );
    """,
)

VERSION = len(MIGRATIONS)
"""The schema version that this bot writes (``PRAGMA user_version``)."""

WITH_WORDS = ("wording", "question", "upload", "pending_upload", "action")
"""The tables that hold what people wrote: questions, and the names of files."""
