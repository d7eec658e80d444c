"""One indexing of a library at a time, in whatever process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from quoth.errors import LibraryError
from quoth.progress import Progress

WAITING = "waiting for another indexing"
"""What its progress is called."""

_LOCK = "indexing.lock"
_LOOK_SECONDS = 1.0


@contextmanager
def in_turn(folder: Path, report: Callable[[Progress], None]) -> Iterator[None]:
    """Index the library in ``folder`` when no other process or thread does, however long that takes.

    Of two that look through one folder at once, the one that wrote last might have read first, and put back what the
    other one had brought up to date. ``report`` is called every second meanwhile. The system itself lets go of the turn
    of a process that was killed.

    Raises:
        LibraryError: the lock can't be written.
    """
    lock = FileLock(folder / _LOCK)
    waited = False
    try:
        while not lock.is_locked:
            try:
                lock.acquire(timeout=_LOOK_SECONDS)
            except Timeout:
                waited = True
                report(Progress(WAITING, 0, 1))
    except OSError as error:
        raise LibraryError(
            f"the library {folder} can't be locked for indexing ({error.strerror}); check the permissions of its folder"
        ) from error
    try:
        if waited:
            report(Progress(WAITING, 1, 1))
        yield
    finally:
        lock.release()
