"""Making a library's sealed index: from the store, in bounded memory, and put to use all at once."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt
from filelock import FileLock

from quoth.encoder import ModelIdentity
from quoth.errors import LibraryError
from quoth.index.blocks import BlockWriter, Contents
from quoth.index.codes import new_codes
from quoth.index.dense import plan
from quoth.index.lexical import norms
from quoth.index.sealed import SUFFIX, Seal, recorded
from quoth.store import Store
from quoth.store.postings import TermCounts

# Its type stubs know neither the parts of a quantiser nor arrays in place of pointers
_faiss: Any = faiss

_LOCK = "sealing.lock"
_UNFINISHED = ".sealing"
_AT_ONCE = 16_384
_SAMPLED = 32_768
_SEED = 20261124

Report = Callable[[int, int], None]


def seal(store: Store, report: Report, *, instead_of: str | None) -> None:
    """Make a sealed index of what ``store`` holds now and put it to use; call outside of a transaction.

    ``instead_of`` is the store's record of the one that is not to be used any more. Whoever comes while another
    process or thread makes one waits for that one and leaves it at that. ``report`` is told how many steps are done,
    of how many. Whatever ends it, the library is whole: served from the index before, or without one.

    Raises:
        LibraryError: the disk is full, or the folder can't be written to.
    """
    with _telling(store.folder), FileLock(store.folder / _LOCK):
        if store.seals.record() != instead_of:
            return
        # Whoever held the lock before may have been killed
        _delete_left_over(store)
        try:
            _seal(store, store.folder / f"{uuid.uuid4().hex}{_UNFINISHED}", report)
        finally:
            _delete_left_over(store)


def tidy(store: Store) -> None:
    """Delete what a killed process left of a sealed index, as far as can be done now; call outside of a transaction."""
    with suppress(OSError):
        if _left_over(store):
            # Whoever holds the lock makes one, and tidies afterwards
            with FileLock(store.folder / _LOCK, timeout=0):
                _delete_left_over(store)


def unseal(store: Store) -> None:
    """Use no sealed index any more and delete its file; call outside of a transaction.

    Raises:
        LibraryError: the folder can't be written to.
    """
    if store.seals.record() is not None:
        with _telling(store.folder), FileLock(store.folder / _LOCK), store.writing():
            store.seals.drop()
    tidy(store)


@contextmanager
def _telling(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LibraryError(
            f"the index of {folder} can't be written ({error.strerror}); it takes about 800 MB for a million "
            "passages, so make room and check the permissions of the folder"
        ) from error


def _seal(store: Store, unfinished: Path, report: Report) -> None:
    with store.writing():
        store.seals.begin()
    with store.reading():
        generation, model = store.generation(), store.current_model()
        if model is None:
            return
        made = _Made.of(store, model)
        contents = made.write(unfinished, report)
    # Renamed while nobody else can: any other file of a sealed index is one that was in use before
    with store.writing():
        final = store.folder / f"{unfinished.stem}{SUFFIX}"
        unfinished.rename(final)
        _sync(store.folder)
        record = Seal(final.name, generation, model[0], len(made.ids), contents)
        store.seals.finish(record.to_json(), generation)


def _left_over(store: Store) -> list[Path]:
    """Return the files of sealed indexes that are not in use: unfinished ones, and those that were in use before."""
    with store.reading():
        in_use = recorded(store)
    sealed = [path for path in store.folder.glob(f"*{SUFFIX}") if in_use is None or path.name != in_use.file]
    return [*store.folder.glob(f"*{_UNFINISHED}"), *sealed]


def _delete_left_over(store: Store) -> None:
    with suppress(LibraryError):
        for path in _left_over(store):
            # A system that can't delete what another process reads leaves it to the next time
            with suppress(OSError):
                path.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Bring a renaming to the disk, where the system can open folders."""
    with suppress(PermissionError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


@dataclass(slots=True)
class _Made:
    """A sealed index in the making, of one state of a store."""

    store: Store
    model: tuple[int, ModelIdentity]
    ids: npt.NDArray[np.int64]
    document_ids: npt.NDArray[np.int64]
    vector_ids: npt.NDArray[np.int64]

    @classmethod
    def of(cls, store: Store, model: tuple[int, ModelIdentity]) -> _Made:
        document_ids, ids, vector_ids = store.passages.places(model[0])
        if (np.diff(ids) <= 0).any():
            raise LibraryError(
                f"the passages of {store.folder} are not in the order of their documents; index them in a new library"
            )
        return cls(store, model, ids, document_ids, vector_ids)

    def write(self, path: Path, report: Report) -> Contents:
        """Write the file in two passes over the store: one to count what goes where, one to put it there."""
        count = len(self.ids)
        codes = self._trained()
        lengths = np.empty(count, np.uint32)
        holders, most_count = np.zeros(1, np.int64), 0
        for at, stop in self._batches():
            stored = self.store.passages.load(self.model, self.ids[at:stop])
            codes.add(stored.vectors)
            lengths[at:stop] = stored.terms.lengths
            held = np.bincount(stored.terms.term_ids, minlength=len(holders))
            held[: len(holders)] += holders
            holders = held
            most_count = max(most_count, int(stored.terms.counts.max(initial=0)))
            report(stop, 2 * count)

        terms = np.flatnonzero(holders)
        starts = np.append(0, np.cumsum(holders[terms]))
        packed = _faiss.AlignedTable_to_array(codes.codes)
        small = {
            "ids": self.ids,
            "document_ids": self.document_ids,
            "vector_ids": self.vector_ids.astype(np.min_scalar_type(int(self.vector_ids.max(initial=0)))),
            "lengths": lengths,
            "centroids": _faiss.vector_to_array(codes.pq.centroids).reshape(codes.pq.M, codes.pq.ksub, codes.pq.dsub),
            "codes": packed,
            "terms": terms.astype(np.uint32),
            "term_starts": starts,
        }
        large: dict[str, tuple[npt.DTypeLike, tuple[int, ...]]] = {
            "term_most": (np.float32, (len(terms),)),
            "rows": (np.int32, (int(starts[-1]),)),
            "counts": (np.uint8 if most_count < 256 else np.uint16, (int(starts[-1]),)),
        }
        writer = BlockWriter(path, {name: (array.dtype, array.shape) for name, array in small.items()} | large)
        for name, array in small.items():
            writer.mapped(name)[...] = array

        norm = norms(lengths.astype(np.float64), float(lengths.mean(dtype=np.float64)))
        most = np.zeros(len(holders), np.float32)
        free = np.zeros(len(holders), np.int64)
        free[terms] = starts[:-1]
        for at, stop in self._batches():
            _put_postings(writer, self.store.passages.terms(self.ids[at:stop]), at, free, most, norm)
            report(count + stop, 2 * count)
        writer.mapped("term_most")[...] = most[terms]
        return writer.finish()

    def _trained(self) -> Any:  # noqa: ANN401
        """Return the index of codes, trained by a sample."""
        dimension = self.model[1].dimension
        codes = new_codes(dimension, plan(len(self.ids)).segments(dimension))
        # FAISS asks for more than a small library has, on the standard error
        codes.pq.cp.min_points_per_centroid = 1
        count = min(len(self.ids), _SAMPLED)
        chosen = np.sort(np.random.default_rng(_SEED).choice(len(self.ids), count, replace=False))
        sample = self.store.passages.vectors(self.model[1], self.vector_ids[chosen])
        codes.train(sample[np.arange(max(count, codes.pq.ksub)) % count])
        return codes

    def _batches(self) -> Iterator[tuple[int, int]]:
        """Yield the first row of each batch of all passages, and the one behind its last."""
        for at in range(0, len(self.ids), _AT_ONCE):
            yield at, min(at + _AT_ONCE, len(self.ids))


def _put_postings(
    writer: BlockWriter,
    terms: TermCounts,
    first: int,
    free: npt.NDArray[np.int64],
    most: npt.NDArray[np.float32],
    norm: npt.NDArray[np.float32],
) -> None:
    """Write the postings of the passages from row ``first`` on to the next free places of each term."""
    rows = np.repeat(np.arange(first, first + len(terms.starts) - 1, dtype=np.int32), np.diff(terms.starts))
    order = np.argsort(terms.term_ids, kind="stable")
    ids, rows, counts = terms.term_ids[order], rows[order], terms.counts[order]
    if not len(ids):
        return
    there, starts, sizes = np.unique(ids, return_index=True, return_counts=True)
    places = np.repeat(free[there] - starts, sizes) + np.arange(len(ids))
    writer.mapped("rows")[places] = rows
    writer.mapped("counts")[places] = counts
    free[there] += sizes
    shares = counts / (counts + norm[rows])
    most[there] = np.maximum(most[there], np.maximum.reduceat(shares.astype(np.float32), starts))
