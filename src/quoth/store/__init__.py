"""The one SQLite database that holds everything a library knows."""

from quoth.store.records import DocumentRecord, PassageRow, StoredPassages
from quoth.store.store import Store

__all__ = ["DocumentRecord", "PassageRow", "Store", "StoredPassages"]
