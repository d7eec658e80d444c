"""What the database knows of the sealed index: its record, and which documents went since it was made."""

from __future__ import annotations

import apsw
import numpy as np
import numpy.typing as npt

_KEY = "sealed"


class SealTable:
    """The record of a library's sealed index, whose text means something to who made it, and the log of removals.

    What writes is called within ``Store.writing``.
    """

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db

    def record(self) -> str | None:
        """Return the record of the sealed index in use; None where there is none."""
        return self._value() or None

    def _value(self) -> str | None:
        value = self._db.execute("SELECT value FROM meta WHERE key = ?", (_KEY,)).get
        return None if value is None else str(value)

    def begin(self) -> None:
        """Log the documents that are removed from now on: a sealed index is about to be made of what is there."""
        self._db.execute("INSERT OR IGNORE INTO meta VALUES (?, '')", (_KEY,))

    def finish(self, record: str, generation: int) -> None:
        """Put a sealed index, made of the state of this generation, to use."""
        self._db.execute("UPDATE meta SET value = ? WHERE key = ?", (record, _KEY))
        self._db.execute("DELETE FROM removed WHERE generation <= ?", (generation,))

    def drop(self) -> None:
        """Use no sealed index, and log no removals."""
        self._db.execute("DELETE FROM meta WHERE key = ?", (_KEY,))
        self._db.execute("DELETE FROM removed")

    def log(self, document_id: int) -> None:
        """Note that a document is removed, which may be in a sealed index."""
        if self._value() is not None:
            self._db.execute(
                "INSERT OR IGNORE INTO removed SELECT ?, value + 1 FROM meta WHERE key = 'generation'", (document_id,)
            )

    def removed(self) -> npt.NDArray[np.int64]:
        """Return the ids of the documents that were removed since, ascending."""
        rows = self._db.execute("SELECT document_id FROM removed ORDER BY document_id")
        return np.fromiter((row for (row,) in rows), np.int64)
