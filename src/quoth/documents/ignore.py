"""What a folder's ``.quothignore`` says is not to be indexed: gitignore's syntax, in a root and in folders below it."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

from quoth.errors import PathError

IGNORE_FILE = ".quothignore"

_MOST_BYTES = 1_000_000
_FIX = "mend it or remove it"


@dataclass(frozen=True, slots=True)
class Ignored:
    """The patterns that count in a folder: those of its own file and of the folders above it, the deepest first."""

    specs: tuple[tuple[str, GitIgnoreSpec], ...] = ()

    def entered(self, folder: Path, prefix: str) -> Ignored:
        """Return what counts inside a folder, ``prefix`` being its path within the root, "" or ending in "/".

        Raises:
            PathError: the folder's file is there but can't be followed. Indexing without it could show what it hides.
        """
        lines = _lines(folder / IGNORE_FILE, prefix + IGNORE_FILE)
        return Ignored(((prefix, _compiled(lines, prefix + IGNORE_FILE)), *self.specs)) if lines else self

    def __contains__(self, name: str) -> bool:
        """Whether a path within the root is passed over; a folder's ends in "/". The last pattern to match decides.

        What lies below a folder that is passed over is not asked about: as in git, nothing brings it back.
        """
        for prefix, spec in self.specs:
            verdict = spec.check_file(name.removeprefix(prefix)).include
            if verdict is not None:
                return verdict
        return False


def _lines(path: Path, name: str) -> list[str]:
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        return []
    except OSError as error:
        if path.is_symlink():
            raise PathError(f"{name} is a link, which is not followed; copy its patterns into a file") from error
        raise PathError(f"{name} can't be read: {(error.strerror or str(error)).lower()}; {_FIX}") from error
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise PathError(f"{name} is not a file; {_FIX}")
        data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise PathError(f"{name} has more than {_MOST_BYTES:,} bytes; {_FIX}")
    try:
        return data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise PathError(f"{name} is not valid UTF-8 at byte {error.start}; {_FIX}") from error


def _compiled(lines: list[str], name: str) -> GitIgnoreSpec:
    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError as error:
        for number, line in enumerate(lines, 1):
            try:
                GitIgnoreSpec.from_lines([line])
            except ValueError:
                raise PathError(f"{name} has no valid pattern in line {number}, {line!r}; {_FIX}") from error
        raise PathError(f"{name} has a pattern that is not valid: {error}; {_FIX}") from error
