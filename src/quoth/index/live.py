"""The indexes of a library as it is now: brought up to date from the store, by difference, whenever that changed.

A small library's are in memory as a whole. A large one is served from a sealed index, with what was added since in
memory and what was removed since passed over.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from quoth.encoder import ModelIdentity, Vectors
from quoth.errors import EmptyLibraryError
from quoth.index import dense
from quoth.index.dense import DenseIndex
from quoth.index.lexical import LexicalIndex
from quoth.index.nearest import NearestByCodes
from quoth.index.pruned import PrunedLexical
from quoth.index.sealed import SealedIndex, UnsealedError, recorded, sealed_document_ids
from quoth.index.vocabulary import Vocabulary
from quoth.store import Store
from quoth.store.postings import TermCounts

MOST_ADDED = 0.05
"""Share of a sealed index's passages that may be added before it is made anew."""

MOST_REMOVED = 0.02
"""Share of a sealed index's passages that may be removed before it is made anew."""

SOON_MADE = 100_000
"""Passages up to which a sealed index, which is made in seconds, is made anew as soon as anything was removed."""

_ASKED_MEANWHILE = 2
"""Times ``MOST_ADDED`` that questions are answered with: until an indexing is done, none makes the index anew."""


@dataclass(frozen=True, slots=True)
class LoadedPassages:
    """Passages with what their indexes are made of, in memory.

    ``ids`` and ``document_ids`` have shape ``(n,)`` and ascend by document, then passage.
    """

    ids: npt.NDArray[np.int64]
    document_ids: npt.NDArray[np.int64]
    terms: TermCounts
    dense: DenseIndex
    lexical: LexicalIndex

    @property
    def bytes(self) -> int:
        """Bytes that they take."""
        return self.ids.nbytes * 2 + self.terms.bytes + self.dense.bytes + self.lexical.bytes


@dataclass(frozen=True, slots=True)
class IndexedPassages:
    """The passages of a library by row, with their indexes: one state of it, never changed after it was made.

    ``ids`` and ``document_ids`` ascend by document, then passage; ``size`` passages are there. In a library that is
    served from ``sealed``, removed passages keep their rows, which no search finds; ``loaded`` are those added since,
    or all of a small library. Call within ``store.reading()`` of that state.
    """

    generation: int
    model: tuple[int, ModelIdentity]
    ids: npt.NDArray[np.int64]
    document_ids: npt.NDArray[np.int64]
    size: int
    documents: int
    vocabulary: Vocabulary
    loaded: LoadedPassages
    sealed: SealedIndex | None
    dense: DenseIndex | NearestByCodes
    lexical: LexicalIndex | PrunedLexical

    @property
    def bytes(self) -> int:
        """Bytes that this state of the library takes, as far as can be told from its arrays."""
        if self.sealed is None:
            return self.loaded.bytes
        own = self.ids.nbytes * 2 + self.dense.bytes + self.lexical.bytes
        return own + self.sealed.bytes + self.loaded.terms.bytes

    def count_documents(self, among: npt.NDArray[np.int64] | None = None) -> int:
        """Return how many documents these rows (ascending; all, where it is None) belong to."""
        return self.documents if among is None else _steps(self.document_ids[among])

    def rows_of(self, documents: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the first row of each of these documents and the one behind its last, both of their shape."""
        return np.searchsorted(self.document_ids, documents), np.searchsorted(self.document_ids, documents, "right")


def load(store: Store, before: IndexedPassages | None) -> IndexedPassages:
    """Return the library's passages as they are now; call within ``store.reading()``.

    ``before`` is the state that was loaded last, whose passages are taken over where they are still there: they
    never change, and an id never comes back as another's.

    Raises:
        EmptyLibraryError: the library holds no passage.
        UnsealedError: it is large, and its sealed index is missing, damaged or too old.
    """
    generation = store.generation()
    if before is not None and before.generation == generation:
        return before
    model = store.current_model()
    count = store.passages.count(model[0]) if model else 0
    if model is None or not count:
        raise EmptyLibraryError(f"the library {store.folder} is empty; index something first: quoth index PATH")
    if before is not None and before.model != model:
        before = None
    if is_sealed(count):
        return _with_sealed(store, model, generation, before)
    loaded = _loaded(store, model, before.loaded if before is not None and before.sealed is None else None, 0)
    return IndexedPassages(
        generation,
        model,
        loaded.ids,
        loaded.document_ids,
        len(loaded.ids),
        _steps(loaded.document_ids),
        Vocabulary(store.terms),
        loaded,
        None,
        loaded.dense,
        loaded.lexical,
    )


def is_sealed(count: int) -> bool:
    """Whether a library of so many passages is served from a sealed index."""
    return dense.plan(count).step > 0


def large_model(store: Store) -> int | None:
    """Return the id of the model whose passages are served from a sealed index; None in a small library.

    Call within ``store.reading()``.
    """
    model = store.current_model()
    return model[0] if model is not None and is_sealed(store.passages.count(model[0])) else None


def is_due(store: Store) -> bool:
    """Whether the sealed index should be made anew, or at all; call within ``store.reading()``."""
    model_id = large_model(store)
    if model_id is None:
        return False
    seal = recorded(store)
    if seal is None or seal.model_id != model_id:
        return True
    try:
        document_ids = sealed_document_ids(store.folder, seal)
    except UnsealedError:
        return True
    removed = int(np.count_nonzero(~_alive(document_ids, store)))
    added = store.passages.count(model_id) - (seal.passages - removed)
    may_be_removed = MOST_REMOVED * seal.passages if seal.passages > SOON_MADE else 0
    return added > MOST_ADDED * seal.passages or removed > may_be_removed


def _with_sealed(
    store: Store, model: tuple[int, ModelIdentity], generation: int, before: IndexedPassages | None
) -> IndexedPassages:
    seal = recorded(store)
    if seal is None or seal.model_id != model[0]:
        raise UnsealedError(store.folder, "there is none of these passages")
    was = before.sealed if before is not None else None
    sealed = was if was is not None and was.seal == seal else SealedIndex(store.folder, seal)
    count = store.passages.count(model[0])
    alive = _alive(sealed.document_ids, store)
    kept = int(np.count_nonzero(alive))
    if count - kept > _ASKED_MEANWHILE * MOST_ADDED * seal.passages:
        raise UnsealedError(store.folder, "much was added since")
    last = int(sealed.ids[-1]) if sealed.size else 0
    loaded = _loaded(store, model, before.loaded if before is not None and sealed is was else None, last)
    if kept + len(loaded.ids) != count or (
        len(loaded.ids) and sealed.size and int(loaded.document_ids[0]) <= int(sealed.document_ids[-1])
    ):
        raise UnsealedError(store.folder, "it is of another state of the library")
    ids = np.concatenate((sealed.ids, loaded.ids))

    def exact_vectors(rows: npt.NDArray[np.int64]) -> Vectors:
        return store.passages.vectors(model[1], sealed.vector_ids[rows])

    has_added = len(loaded.ids) > 0
    return IndexedPassages(
        generation,
        model,
        ids,
        np.concatenate((sealed.document_ids, loaded.document_ids)),
        count,
        _steps(sealed.document_ids[alive]) + _steps(loaded.document_ids),
        Vocabulary(store.terms),
        loaded,
        sealed,
        NearestByCodes(sealed, alive, loaded.dense if has_added else None, exact_vectors),
        PrunedLexical(
            sealed,
            alive,
            loaded.lexical if has_added else None,
            loaded.terms.lengths,
            are_counted=store.passages.models() == 1,
        ),
    )


def _alive(document_ids: npt.NDArray[np.int64], store: Store) -> npt.NDArray[np.bool_]:
    """Return which rows of a sealed index, given by their documents, are still there, shape ``(n,)``."""
    alive = np.ones(len(document_ids), bool)
    removed = store.seals.removed()
    first = np.searchsorted(document_ids, removed)
    last = np.searchsorted(document_ids, removed, "right")
    for start, stop in zip(first.tolist(), last.tolist(), strict=True):
        alive[start:stop] = False
    return alive


def _loaded(
    store: Store, model: tuple[int, ModelIdentity], before: LoadedPassages | None, above: int
) -> LoadedPassages:
    """Return the passages with ids above one, in memory; those that were loaded ``before`` are taken over."""
    ids = store.passages.ids(model[0], above)
    if before is None:
        stored = store.passages.load(model, ids)
        document_ids, vectors, terms = stored.document_ids, stored.vectors, stored.terms
    elif len(before.ids) == len(ids) and (np.sort(before.ids) == ids).all():
        return before
    else:
        kept = np.flatnonzero(np.isin(before.ids, ids, assume_unique=True))
        stored = store.passages.load(model, ids[~np.isin(ids, before.ids, assume_unique=True)])
        ids = np.concatenate((before.ids[kept], stored.ids))
        document_ids = np.concatenate((before.document_ids[kept], stored.document_ids))
        vectors = np.concatenate((before.dense.vectors(kept), stored.vectors))
        terms = before.terms.take(kept).joined(stored.terms)
    order = np.lexsort((ids, document_ids))
    if (order[1:] < order[:-1]).any():
        ids, document_ids, vectors, terms = ids[order], document_ids[order], vectors[order], terms.take(order)
    return LoadedPassages(ids, document_ids, terms, DenseIndex(vectors), LexicalIndex(terms))


def _steps(ascending: npt.NDArray[np.int64]) -> int:
    """Return how many different numbers there are."""
    return int(np.count_nonzero(np.diff(ascending))) + bool(len(ascending))
