"""Where made libraries and the vectors of halves lie between two measurements, and how a library comes to be there."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from platformdirs import user_cache_path

from quoth.benchmark.making import Plan
from quoth.encoder import ModelIdentity
from quoth.errors import LibraryError, PathError
from quoth.library import Library
from quoth.progress import Progress
from quoth.store import Store

_BYTES_PER_PASSAGE = 6_000
"""What a made passage takes on disk, indexes included, with room to spare."""

_LIBRARIES, _VECTORS = "libraries", "vectors"


def default_folder() -> Path:
    """Return the folder in the user's cache."""
    return user_cache_path("quoth", appauthor=False) / "bench"


def clear(folder: Path) -> int:
    """Remove what benchmarks left in a folder, and nothing else there; return how many bytes that was."""
    from quoth.benchmark.machine import bytes_on_disk

    removed = 0
    for name in (_LIBRARIES, _VECTORS):
        if (folder / name).is_dir():
            removed += bytes_on_disk(folder / name)
            shutil.rmtree(folder / name)
    return removed


@contextmanager
def kept_in(folder: Path, *, keep: bool) -> Iterator[Path]:
    """Yield the folder to keep things in, or inside of it one that is gone afterwards.

    Raises:
        PathError: it can't be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if keep:
            yield folder
            return
        scratch = tempfile.TemporaryDirectory(prefix=".once-", dir=folder)
    except OSError as error:
        raise PathError(f"the folder {folder} can't be made: {error.strerror}; name another with --library") from error
    with scratch as name:
        yield Path(name)


def vectors_folder(folder: Path) -> Path:
    """Return where the vectors of halves are kept."""
    return folder / _VECTORS


def made_library(
    folder: Path,
    plan: Plan,
    identity: ModelIdentity,
    settle: Callable[[Path], None],
    report: Callable[[Progress], None],
) -> Path:
    """Return the folder of the library that a plan describes, made now if it is not there whole.

    It is written aside and renamed once ``settle`` has brought up to date what is derived from it: an interrupted
    making leaves nothing behind.

    Raises:
        PathError: there is too little room on the disk.
        LibraryError: see ``Store``.
    """
    # Of so many passages: two sizes of one material are seen to be two
    place = folder / _LIBRARIES / f"{plan.size}-{plan.key}"
    if _is_whole(place, plan.size):
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    free, needed = shutil.disk_usage(place.parent).free, plan.size * _BYTES_PER_PASSAGE
    if free < needed:
        raise PathError(
            f"{place.parent} has {free / 1e9:.1f} GB free, and a library of {plan.size:,} passages needs up to "
            f"{needed / 1e9:.1f} GB; name a folder elsewhere with --library, or smaller --sizes"
        )
    with tempfile.TemporaryDirectory(prefix=".new-", dir=place.parent) as scratch:
        made = Path(scratch) / "made"
        store = Store.open(made, create=True)
        try:
            plan.write(store, identity, report)
            store.empty_log()
        finally:
            store.close()
        settle(made)
        shutil.rmtree(place, ignore_errors=True)
        made.rename(place)
    return place


def _is_whole(place: Path, size: int) -> bool:
    if not place.is_dir():
        return False
    try:
        with Library.open(place, create=False) as library:
            return library.counts()[1] == size
    except LibraryError:
        return False
