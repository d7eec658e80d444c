"""The one SQLite database that holds everything a library knows."""

from quoth.store.store import DocumentRecord, PassageRow, Store, StoredPassages

__all__ = ["DocumentRecord", "PassageRow", "Store", "StoredPassages"]
