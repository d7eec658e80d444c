"""What is read from and written to a library's database, beside documents themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from quoth.encoder import Vectors
from quoth.passages import Passage
from quoth.store.postings import TermCounts


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """A stored document without its text. ``indexed_at`` is UTC, ISO 8601."""

    id: int
    root: str
    name: str
    title: str
    uri: str | None
    media_type: str
    content_hash: str
    indexed_at: str
    characters: int
    passages: int


@dataclass(frozen=True, slots=True)
class PassageText:
    """A stored passage with its words: where it stands, its text, and the name and title of its document.

    ``text`` is None where it is cheaper to take it from the document as a whole.
    """

    passage: Passage
    text: str | None
    name: str
    title: str


@dataclass(frozen=True, slots=True)
class PassageRow:
    """A passage as it will be stored: where it stands, the key of its vector and its terms."""

    passage: Passage
    vector_key: bytes
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoredPassages:
    """Passages as the indexes are built from, in the order of their ids.

    ``ids`` and ``document_ids`` have shape ``(n,)``, ``vectors`` ``(n, dimension)``; ``terms`` holds n packed
    arrays of (term id, count), see ``postings``.
    """

    ids: npt.NDArray[np.int64]
    document_ids: npt.NDArray[np.int64]
    vectors: Vectors
    terms: TermCounts
