"""A disk that fails at a chosen step: SQLite's files through a layer that counts, and fails or kills in between."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import apsw

from quoth.encoder import Encoder
from quoth.library import Library

FAILURES: dict[str, tuple[type[apsw.Error], int]] = {
    "full": (apsw.FullError, errno.ENOSPC),
    "broken": (apsw.IOError, errno.EIO),
}
"""What a step can fail with, as SQLite and as the system has it: no space is left, or the device does not answer."""


class Steps:
    """Counts what changes a disk, and lets the step with the number ``fatal`` fail, and after it all others."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.fatal: int | None = None
        self.failure = "broken"
        self.lasting = False

    def begin(self, fatal: int | None, failure: str = "broken", *, lasting: bool = False) -> None:
        """Count anew. ``failure`` is a name in FAILURES or ``killed``; a lasting one meets every later step too."""
        self.taken, self.fatal, self.failure, self.lasting = [], fatal, failure, lasting

    def take(self, step: str, error: type[apsw.Error] | type[OSError] | None = None) -> None:
        """Note a step before it is taken; ``error`` is what it raises where that is not the failure's own of SQLite."""
        number = len(self.taken)
        self.taken.append(step)
        if self.fatal is None or number < self.fatal or (number > self.fatal and not self.lasting):
            return
        if self.failure == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        usual, code = FAILURES[self.failure]
        if error is OSError:
            raise OSError(code, f"{os.strerror(code)}: step {number} fails on purpose", step)
        raise (error or usual)(f"step {number}, {step}, fails on purpose")


class _File(apsw.VFSFile):
    def __init__(self, steps: Steps, name: Any, flags: list[int]) -> None:
        self._steps = steps
        self._name = Path(name.filename() if isinstance(name, apsw.URIFilename) else name or "temporary").name
        # Whatever keeps a file from being opened, SQLite says only that it can't be
        self._steps.take(f"open {self._name}", apsw.CantOpenError)
        super().__init__("unix", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:
        self._steps.take(f"write {self._name}")
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:
        self._steps.take(f"sync {self._name}")
        super().xSync(flags)

    def xTruncate(self, size: int) -> None:
        self._steps.take(f"truncate {self._name}")
        super().xTruncate(size)


class _Disk(apsw.VFS):
    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        super().__init__("faulty", "unix", makedefault=True)

    def xOpen(self, name: Any, flags: list[int]) -> _File:
        return _File(self._steps, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        self._steps.take(f"delete {Path(filename).name}")
        super().xDelete(filename, syncdir)


@contextmanager
def faulty_disk() -> Iterator[Steps]:
    """Let every database that is opened meanwhile lie on a disk that fails as ``Steps`` says."""
    steps = Steps()
    disk = _Disk(steps)
    try:
        yield steps
    finally:
        disk.unregister()
        apsw.set_default_vfs("unix")


@contextmanager
def opened(place: Path, encoder: Encoder) -> Iterator[Library]:
    """Open a library that lies on such a disk."""
    library = Library.open(place, encoder=encoder)
    try:
        yield library
    finally:
        # SQLite itself says nothing of a log that can't be put into the database when that is closed: the next one to
        # open it reads the log. Only what Python's layer raised comes through
        with suppress(apsw.IOError, apsw.FullError):
            library.close()
