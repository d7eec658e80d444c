"""Paths as people write them: with a ``~`` for somebody's home."""

from __future__ import annotations

from pathlib import Path

from quoth.errors import PathError


def at_home(path: Path | str) -> Path:
    """Return a path with the home folder in place of a ``~`` at its beginning.

    Raises:
        PathError: it names the home of a user that there is not.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise PathError(f"{str(path)!r} names the home of a user that there is not; write the folder out") from error
