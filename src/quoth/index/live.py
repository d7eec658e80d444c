"""The indexes of a library as it is now: brought up to date from the store, by difference, whenever that changed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from quoth.encoder import ModelIdentity
from quoth.errors import EmptyLibraryError
from quoth.index.dense import DenseIndex
from quoth.index.lexical import LexicalIndex
from quoth.store import Store
from quoth.store.postings import TermCounts

# Bytes of a term in a dictionary: its text, its number and its place
_TERM = 200


@dataclass(frozen=True, slots=True)
class IndexedPassages:
    """n passages by row, with their indexes: one state of a library, never changed after it was made.

    ``ids`` and ``document_ids`` have shape ``(n,)`` and ascend by document, then passage; ``term_ids`` maps terms to
    the ids that ``terms`` and ``lexical`` know them by.
    """

    generation: int
    model: tuple[int, ModelIdentity]
    ids: npt.NDArray[np.int64]
    document_ids: npt.NDArray[np.int64]
    terms: TermCounts
    term_ids: dict[str, int]
    dense: DenseIndex
    lexical: LexicalIndex

    @property
    def size(self) -> int:
        """How many passages there are."""
        return len(self.ids)

    @property
    def bytes(self) -> int:
        """Bytes that this state of the library takes, as far as can be told from its arrays and terms."""
        spelled = len(self.term_ids) * _TERM
        return self.ids.nbytes * 2 + self.terms.bytes + self.dense.bytes + self.lexical.bytes + spelled

    def count_documents(self, among: npt.NDArray[np.int64] | None = None) -> int:
        """Return how many documents these rows (ascending; all, where it is None) belong to."""
        documents = self.document_ids if among is None else self.document_ids[among]
        # Ascending by document, so that counting the steps will do, without sorting a large library for each question
        return int(np.count_nonzero(np.diff(documents))) + bool(len(documents))

    def rows_of(self, documents: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the first row of each of these documents and the one behind its last, both of their shape."""
        return np.searchsorted(self.document_ids, documents), np.searchsorted(self.document_ids, documents, "right")


def load(store: Store, before: IndexedPassages | None) -> IndexedPassages:
    """Return the library's passages as they are now; call within ``store.reading()``.

    ``before`` is the state that was loaded last, whose passages are taken over where they are still there: they
    never change, and an id never comes back as another's.

    Raises:
        EmptyLibraryError: the library holds no passage.
    """
    generation = store.generation()
    if before is not None and before.generation == generation:
        return before
    model = store.current_model()
    ids = store.passage_ids(model[0]) if model else np.empty(0, np.int64)
    if model is None or not len(ids):
        raise EmptyLibraryError(f"the library {store.folder} is empty; index something first: quoth index PATH")
    if before is None or before.model != model or not before.dense.is_exact:
        stored = store.load_passages(model, ids)
        document_ids, vectors, terms = stored.document_ids, stored.vectors, stored.terms
    else:
        kept = np.flatnonzero(np.isin(before.ids, ids, assume_unique=True))
        stored = store.load_passages(model, ids[~np.isin(ids, before.ids, assume_unique=True)])
        ids = np.concatenate((before.ids[kept], stored.ids))
        document_ids = np.concatenate((before.document_ids[kept], stored.document_ids))
        vectors = np.concatenate((before.dense.vectors(kept), stored.vectors))
        terms = before.terms.take(kept).joined(stored.terms)
    order = np.lexsort((ids, document_ids))
    if (order[1:] < order[:-1]).any():
        ids, document_ids, vectors, terms = ids[order], document_ids[order], vectors[order], terms.take(order)
    return IndexedPassages(
        generation, model, ids, document_ids, terms, store.terms(), DenseIndex(vectors), LexicalIndex(terms)
    )
