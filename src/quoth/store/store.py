"""Reading and writing a library's database, a whole document at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import apsw

from quoth.documents.model import Document, Paragraph
from quoth.encoder import ModelIdentity, Vectors
from quoth.errors import LibraryError
from quoth.store.check import problems
from quoth.store.connection import BUSY_MILLISECONDS, open_database, translated
from quoth.store.passages import PassageTable
from quoth.store.records import DocumentRecord, PassageRow
from quoth.store.seals import SealTable
from quoth.store.terms import TermTable

_REWRITTEN_BYTES = 256 * 1024 * 1024
_LOG_MILLISECONDS = 2_000


class Store:
    """One library's database. Not for use by two threads at once."""

    def __init__(self, folder: Path, connection: apsw.Connection) -> None:
        self.folder = folder
        self._db = connection
        self.terms = TermTable(connection)
        self.passages = PassageTable(connection, folder, self.terms)
        self.seals = SealTable(connection)

    @classmethod
    def open(cls, folder: Path, *, create: bool = False) -> Store:
        """Open the database in ``folder``; see ``open_database`` for what it raises."""
        return cls(folder, open_database(folder, create=create))

    def close(self) -> None:
        """Close the database. A store that is closed twice stays closed."""
        self._db.close()

    # -- transactions

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Hold one state of the database for all reads inside."""
        with translated(self.folder):
            self._db.execute("BEGIN")
            try:
                yield
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write all or nothing of what happens inside, and count the library's generation up."""
        with translated(self.folder):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.terms.write_counts()
                self._db.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")
                self._db.execute("COMMIT")
            except BaseException:
                self.terms.forget_ids()
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def forget(self) -> None:
        """Write the database anew without what was removed; call outside of a transaction, after a removal.

        SQLite overwrites what it deletes, but pages that were rearranged before can hold copies. Left out above
        ``_REWRITTEN_BYTES``, where it would take minutes: there, copies go as their pages are used again.
        """
        with translated(self.folder):
            # The removal itself is done: a library that others are writing to is tidied after their removals
            with suppress(apsw.BusyError, apsw.LockedError):
                if self._db.pragma("page_count") * self._db.pragma("page_size") <= _REWRITTEN_BYTES:
                    self._db.execute("VACUUM")
            # Where another process brings the log into the database already, ``empty_log`` waits for it
            with suppress(apsw.BusyError, apsw.LockedError):
                self._db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)

    def empty_log(self) -> None:
        """Empty the write-ahead log, which holds what was removed until it is written over; see ``forget``.

        Waits for whoever reads; given up after ``_LOG_MILLISECONDS``, since the next removal does it as well.
        """
        with translated(self.folder):
            self._db.set_busy_timeout(_LOG_MILLISECONDS)
            try:
                with suppress(apsw.BusyError, apsw.LockedError):
                    self._db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
            finally:
                self._db.set_busy_timeout(BUSY_MILLISECONDS)

    def generation(self) -> int:
        """Return a number that changes with every committed change, by whichever process."""
        with translated(self.folder):
            return int(self._db.execute("SELECT value FROM meta WHERE key = 'generation'").get)

    def note(self, name: str) -> str | None:
        """Return what was noted of the whole library by this name."""
        value = self._db.execute("SELECT value FROM meta WHERE key = ?", (f"note:{name}",)).get
        return None if value is None else str(value)

    def take_note(self, name: str, value: str | None) -> None:
        """Note something of the whole library, or forget it (None); call within ``writing``."""
        self._db.execute("DELETE FROM meta WHERE key = ?", (f"note:{name}",))
        if value is not None:
            self._db.execute("INSERT INTO meta VALUES (?, ?)", (f"note:{name}", value))

    # -- models

    def current_model(self) -> tuple[int, ModelIdentity] | None:
        """Return the id and identity of the model whose vectors are searched; None before anything was indexed."""
        row = self._db.execute("SELECT id, identity FROM model WHERE is_current").get
        return (row[0], ModelIdentity.from_json(row[1])) if row else None

    def model_id(self, identity: ModelIdentity) -> int:
        """Return the id of a model, recorded now if it is new; the first one recorded becomes the current one."""
        self._db.execute(
            "INSERT INTO model (identity, is_current) VALUES (?, NOT EXISTS (SELECT 1 FROM model)) "
            "ON CONFLICT DO NOTHING",
            (identity.to_json(),),
        )
        return int(self._db.execute("SELECT id FROM model WHERE identity = ?", (identity.to_json(),)).get)

    def make_current(self, model_id: int) -> None:
        """Search the vectors of this model from now on, and drop those of every other."""
        others = [row for (row,) in self._db.execute("SELECT id FROM model WHERE id <> ?", (model_id,))]
        for other in others:
            self.passages.drop_vectors(self.passages.drop_of_model(other))
            self._db.execute("DELETE FROM model WHERE id = ?", (other,))
        self._db.execute("UPDATE model SET is_current = 1 WHERE id = ?", (model_id,))

    def documents_without(self, model_id: int) -> list[int]:
        """Return the ids of documents that have prose but no passages of this model."""
        return [
            row
            for (row,) in self._db.execute(
                "SELECT id FROM document d WHERE EXISTS "
                "(SELECT 1 FROM paragraph WHERE document_id = d.id AND prose) AND NOT EXISTS "
                "(SELECT 1 FROM passage WHERE document_id = d.id AND model_id = ?) ORDER BY id",
                (model_id,),
            )
        ]

    def counts(self) -> tuple[int, int]:
        """Return how many documents and passages (of the model whose vectors are searched) there are."""
        model = self.current_model()
        documents = int(self._db.execute("SELECT count(*) FROM document").get)
        return documents, self.passages.count(model[0]) if model else 0

    # -- roots and documents

    def root_id(self, path: str) -> int:
        """Return the id of a root, recorded now if it is new."""
        self._db.execute("INSERT INTO root (path) VALUES (?) ON CONFLICT DO NOTHING", (path,))
        return int(self._db.execute("SELECT id FROM root WHERE path = ?", (path,)).get)

    def roots(self) -> list[str]:
        """Return the paths of all roots, in the order they were first indexed."""
        return [path for (path,) in self._db.execute("SELECT path FROM root ORDER BY id")]

    def known_documents(self, root: str) -> dict[str, tuple[str, str]]:
        """Return the content hash and media type of each document of a root, by name."""
        rows = self._db.execute(
            "SELECT name, content_hash, media_type FROM document JOIN root ON root.id = root_id WHERE path = ?", (root,)
        )
        return {name: (content_hash, media_type) for name, content_hash, media_type in rows}

    def documents(self) -> list[DocumentRecord]:
        """Return all documents, ordered by name and root."""
        return [
            DocumentRecord(*row)
            for row in self._db.execute(
                "SELECT d.id, path, name, title, uri, media_type, content_hash, indexed_at, characters, "
                "(SELECT count(*) FROM passage p JOIN model m ON m.id = p.model_id "
                " WHERE p.document_id = d.id AND m.is_current) "
                "FROM document d JOIN root ON root.id = root_id ORDER BY name, path"
            )
        ]

    def has_document(self, document_id: int) -> bool:
        """Whether a document has this id."""
        return bool(self._db.execute("SELECT count(*) FROM document WHERE id = ?", (document_id,)).get)

    def document(self, document_id: int) -> Document:
        """Return a document with its text and paragraphs.

        Raises:
            LibraryError: no document has this id.
        """
        row = self._db.execute(
            "SELECT name, title, text, media_type, content_hash, uri, coalesce(changed_on, date(indexed_at)) "
            "FROM document WHERE id = ?",
            (document_id,),
        ).get
        if row is None:
            raise LibraryError(f"the library {self.folder} has no document {document_id}; run: quoth check")
        paragraphs = tuple(
            Paragraph(number, start, end, heading, page, bool(prose))
            for number, start, end, heading, page, prose in self._db.execute(
                'SELECT number, start, "end", heading, page, prose FROM paragraph WHERE document_id = ? '
                "ORDER BY number",
                (document_id,),
            )
        )
        name, title, text, media_type, content_hash, uri, dated = row
        return Document(name, title, text, media_type, content_hash, paragraphs, uri, dated)

    def add(
        self,
        root_id: int,
        model_id: int,
        document: Document,
        rows: Sequence[PassageRow],
        vectors: Mapping[bytes, Vectors],
    ) -> None:
        """Store a document with its passages in place of the one of the same name; call within ``writing``.

        ``vectors`` holds the vector of each key; those that are stored already stay as they are.
        """
        old = self._db.execute("SELECT id FROM document WHERE root_id = ? AND name = ?", (root_id, document.name)).get
        perhaps_unused: set[int] = set()
        if old is not None:
            perhaps_unused = self.passages.drop_of_document(old)
            self._db.execute("DELETE FROM document WHERE id = ?", (old,))
            self.seals.log(int(old))
        document_id = self._db.execute(
            "INSERT INTO document (root_id, name, title, uri, media_type, content_hash, indexed_at, "
            "changed_on, characters, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
            (
                root_id,
                document.name,
                document.title,
                document.uri,
                document.media_type,
                document.content_hash,
                datetime.now(UTC).isoformat(timespec="seconds"),
                document.dated,
                len(document.text),
                document.text,
            ),
        ).get
        self._db.executemany(
            "INSERT INTO paragraph VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(document_id, p.number, p.start, p.end, p.heading, p.page, p.prose) for p in document.paragraphs],
        )
        self.passages.add(int(document_id), model_id, rows, vectors)
        self.passages.drop_vectors(perhaps_unused)

    def remove(self, document_ids: Iterable[int]) -> None:
        """Take documents out with everything of theirs; call within ``writing``."""
        for document_id in document_ids:
            self.passages.drop_vectors(self.passages.drop_of_document(document_id))
            self._db.execute("DELETE FROM document WHERE id = ?", (document_id,))
            self.seals.log(document_id)
        self._db.execute("DELETE FROM root WHERE NOT EXISTS (SELECT 1 FROM document WHERE root_id = root.id)")

    def document_ids(self, root: str, names: Iterable[str]) -> list[int]:
        """Return the ids of the documents of these names in a root; names that are not there are left out."""
        query = "SELECT d.id FROM document d JOIN root ON root.id = root_id WHERE path = ? AND name = ?"
        return [row for name in names for (row,) in self._db.execute(query, (root, name))]

    def check(self) -> tuple[int, int, tuple[str, ...]]:
        """Return how many documents and passages there are, and what is wrong, a sentence each; see ``check``."""
        return *self.counts(), problems(self._db, self.current_model())
