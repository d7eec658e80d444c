"""The database's tables, and the way from each older version of them to the newest."""

from __future__ import annotations

APPLICATION_ID = 0x51754F74
"""Marks a SQLite file as a Quoth library (``PRAGMA application_id``): "QuOt"."""

MIGRATIONS: tuple[str, ...] = (
    # 0 -> 1
    """
    CREATE TABLE meta (
        key TEXT PRIMARY KEY,
        value NOT NULL
    ) WITHOUT ROWID;
    INSERT INTO meta VALUES ('generation', 0);

    CREATE TABLE model (
        id INTEGER PRIMARY KEY,
        identity TEXT NOT NULL UNIQUE,
        is_current INTEGER NOT NULL DEFAULT 0
    );

    CREATE TABLE root (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        path TEXT NOT NULL UNIQUE
    );

    -- AUTOINCREMENT: the id of a removed document or passage never comes back as another's
    CREATE TABLE document (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        root_id INTEGER NOT NULL REFERENCES root ON DELETE CASCADE,
        name TEXT NOT NULL,
        title TEXT NOT NULL,
        uri TEXT,
        media_type TEXT NOT NULL,
        content_hash TEXT NOT NULL,
        indexed_at TEXT NOT NULL,
        text TEXT NOT NULL,
        UNIQUE (root_id, name)
    );

    CREATE TABLE paragraph (
        document_id INTEGER NOT NULL REFERENCES document ON DELETE CASCADE,
        number INTEGER NOT NULL,
        start INTEGER NOT NULL,
        "end" INTEGER NOT NULL,
        heading TEXT,
        page INTEGER,
        prose INTEGER NOT NULL,
        PRIMARY KEY (document_id, number)
    ) WITHOUT ROWID;

    -- One row for each distinct text that the encoder was given, whoever holds it
    CREATE TABLE vector (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        model_id INTEGER NOT NULL REFERENCES model ON DELETE CASCADE,
        key BLOB NOT NULL,
        data BLOB NOT NULL,
        UNIQUE (model_id, key)
    );

    CREATE TABLE passage (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        model_id INTEGER NOT NULL REFERENCES model ON DELETE CASCADE,
        document_id INTEGER NOT NULL REFERENCES document ON DELETE CASCADE,
        start INTEGER NOT NULL,
        "end" INTEGER NOT NULL,
        paragraph INTEGER NOT NULL,
        heading TEXT,
        page INTEGER,
        vector_id INTEGER NOT NULL REFERENCES vector,
        terms BLOB NOT NULL
    );
    CREATE INDEX passage_of_document ON passage (document_id, model_id);
    CREATE INDEX passage_of_vector ON passage (vector_id);

    -- "passages" counts the passages that hold a term; at 0 the row goes, so that no word outlives its document
    CREATE TABLE term (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        text TEXT NOT NULL UNIQUE,
        passages INTEGER NOT NULL
    );
    """,
    # 1 -> 2: the length of a text stands in a column of its own, and the text behind all others: whoever lists
    # documents reads no text. The highest id goes along, so that none comes back as another's
    """
    CREATE TABLE listed_document (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        root_id INTEGER NOT NULL REFERENCES root ON DELETE CASCADE,
        name TEXT NOT NULL,
        title TEXT NOT NULL,
        uri TEXT,
        media_type TEXT NOT NULL,
        content_hash TEXT NOT NULL,
        indexed_at TEXT NOT NULL,
        changed_on TEXT,
        characters INTEGER NOT NULL,
        text TEXT NOT NULL,
        UNIQUE (root_id, name)
    );
    INSERT INTO listed_document
        SELECT id, root_id, name, title, uri, media_type, content_hash, indexed_at, NULL, code_points(text), text
        FROM document;
    DELETE FROM sqlite_sequence WHERE name = 'listed_document';
    UPDATE sqlite_sequence SET name = 'listed_document' WHERE name = 'document';
    DROP TABLE document;
    ALTER TABLE listed_document RENAME TO document;
    """,
    # 2 -> 3: what serving from a sealed index needs: the number of passages without counting a million, and which
    # documents went since it was made (by the generation that they went in). Emptied when one is made anew
    """
    ALTER TABLE model ADD COLUMN passages INTEGER NOT NULL DEFAULT 0;
    UPDATE model SET passages = (SELECT count(*) FROM passage WHERE model_id = model.id);
    CREATE TABLE removed (
        document_id INTEGER PRIMARY KEY,
        generation INTEGER NOT NULL
    );
    """,
)

VERSION = len(MIGRATIONS)
"""The schema version that this Quoth writes (``PRAGMA user_version``)."""
