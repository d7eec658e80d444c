"""Python's own calls on files through the same count of steps: what is derived from a library is written by these."""

from __future__ import annotations

import builtins
import io
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from faultyfiles import Steps

_CALLS = ("open", "fsync", "rename", "replace", "unlink", "remove", "rmdir", "mkdir", "link", "truncate", "ftruncate")
_MADE_UP = re.compile(r"[0-9a-f]{32}|(?<=^\.new-)\w+")
"""What differs between two runs in the name of a file."""


class _File(io.FileIO):
    """A file whose every write is a step, and every read where ``reading`` says so."""

    def __init__(self, steps: Steps, label: str, reading: bool, path: Any, mode: str, opener: Any) -> None:
        self._steps, self._label, self._reading = steps, label, reading
        super().__init__(path, mode, opener=opener)

    def write(self, data: Any) -> int:
        self._steps.take(f"write {self._label}", OSError)
        return super().write(data)

    def truncate(self, size: int | None = None) -> int:
        self._steps.take(f"truncate {self._label}", OSError)
        return super().truncate(size)

    def _read(self) -> None:
        if self._reading:
            self._steps.take(f"read {self._label}", OSError)

    def readinto(self, into: Any) -> int:
        self._read()
        return super().readinto(into)

    def read(self, size: int | None = -1) -> bytes:
        self._read()
        return super().read(-1 if size is None else size)

    def readall(self) -> bytes:
        self._read()
        return super().readall()


class _Calls:
    """The calls in place of Python's: what concerns a file below one of the folders is a step."""

    def __init__(self, steps: Steps, folders: tuple[Path, ...], reading: bool) -> None:
        self._steps = steps
        self._folders = tuple(folder.resolve() for folder in folders)
        self._reading = reading
        self._open = io.open

    def label(self, path: Any, directory: int | None = None) -> str | None:
        """Return what a file is called among the steps, or None where it lies elsewhere."""
        if isinstance(path, int):
            path = _path_of(path)
        if directory is not None:
            path = Path(_path_of(directory), os.fsdecode(path))
        # Not resolved: a link that is deleted is not what it leads to
        absolute = Path(os.fsdecode(path)).absolute()
        if any(absolute.is_relative_to(folder) for folder in self._folders):
            return _MADE_UP.sub("*", absolute.name)
        return None

    def open(
        self,
        file: Any,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        closefd: bool = True,
        opener: Any = None,
    ) -> Any:
        """Open a file as ``open`` does, its writes steps of their own."""
        label = None if isinstance(file, int) else self.label(file)
        if label is None:
            return self._open(file, mode, buffering, encoding, errors, newline, closefd, opener)
        self._steps.take(f"open {label}", OSError)
        raw = _File(self._steps, label, self._reading, file, mode.replace("b", "").replace("t", ""), opener)
        if buffering == 0:
            return raw
        kind = io.BufferedRandom if "+" in mode else io.BufferedReader if mode[0] == "r" else io.BufferedWriter
        buffered = kind(raw)
        return buffered if "b" in mode else io.TextIOWrapper(buffered, encoding, errors, newline)

    def of(self, name: str) -> Callable[..., Any]:
        """Return a call of the module os."""
        original = getattr(os, name)

        def call(path: Any, *arguments: Any, **options: Any) -> Any:
            label = self.label(path, options.get("dir_fd"))
            if label is not None:
                self._steps.take(f"{name} {label}", OSError)
            return original(path, *arguments, **options)

        return call


def _path_of(descriptor: int) -> str:
    if sys.platform == "darwin":
        import fcntl

        return os.fsdecode(fcntl.fcntl(descriptor, fcntl.F_GETPATH, bytes(1024)).rstrip(b"\0"))
    return str(Path(f"/proc/self/fd/{descriptor}").readlink())


@contextmanager
def faulty_calls(steps: Steps, *folders: Path, reading: bool = False) -> Iterator[None]:
    """Let the calls on files below these folders fail, or kill, as ``steps`` says; reads as well where told so.

    What is written to mapped memory is no call: it comes between the steps of opening a file and of syncing it.
    """
    calls = _Calls(steps, folders, reading)
    replaced: dict[str, Callable[..., Any]] = {name: calls.of(name) for name in _CALLS}
    with (
        patch.multiple(os, **replaced),
        patch.object(builtins, "open", calls.open),
        patch.object(io, "open", calls.open),
    ):
        yield
