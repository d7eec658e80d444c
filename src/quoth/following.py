"""Roots that live: telling, as long as somebody wants to know, which of them changed on disk."""

from __future__ import annotations

import stat
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from quoth.documents.ignore import IGNORE_FILE
from quoth.errors import LibraryBusyError, LibraryError, PathError, SettingsError, SourceError

_TICK_MS = 1_000
"""Between two looks at what no event tells of: roots that are files, that vanished, or that came back."""

_GATHERED_MS = 1_600
"""Changes that come closer together than this are taken up together, as when a folder is copied."""

Mark = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Follower:
    """Brings roots up to date whenever something changes in them.

    ``update`` indexes one root and ``tell`` is given the error where it can't, each error once while it lasts. A root
    that isn't there, or a library that another process writes to, is tried again every second, anything else when it
    changes. ``apart`` is the library's own folder, whose changes are its own doing.
    """

    roots: Sequence[Path]
    update: Callable[[Path], None]
    tell: Callable[[SourceError | LibraryError], None]
    apart: Path

    def follow(self, stop: threading.Event | None = None) -> None:
        """Follow the roots, absolute paths, until ``stop`` is set; without one, until Ctrl-C (KeyboardInterrupt).

        Every root is brought up to date once at the beginning, when changes are told already, and every folder again
        whenever what is watched was another for a moment, so that no change is missed.

        Raises:
            SettingsError: watchfiles isn't installed, or the system can't watch so many folders.
        """
        roots, stop = self.roots, stop or threading.Event()
        waiting = dict.fromkeys(roots)
        told: dict[Path, str] = {}
        marks = {root: _mark(root) for root in roots}
        while not stop.is_set():
            folders = [root for root in roots if root.is_dir()]
            waiting |= dict.fromkeys(folders)
            for changed in _changes(folders, self._concerns, stop):
                marks_now = {root: _mark(root) for root in roots}
                waiting |= dict.fromkeys(root for root in roots if _is_below(changed, root))
                waiting |= dict.fromkeys(root for root in roots if marks_now[root] != marks[root])
                for root in list(waiting):
                    if self._is_updated(root, told):
                        del waiting[root]
                are_others = any(_is_another(marks[root], marks_now[root]) for root in roots)
                marks = marks_now
                if are_others:
                    break  # what is watched is no longer the folder of that name

    def _is_updated(self, root: Path, told: dict[Path, str]) -> bool:
        try:
            self.update(root)
        except (SourceError, LibraryError) as error:
            if told.get(root) != str(error):
                self.tell(error)
            told[root] = str(error)
            return not isinstance(error, PathError | LibraryBusyError)
        told.pop(root, None)
        return True

    def _concerns(self, change: object, path: str) -> bool:
        """Whether a changed path may matter: hidden files don't but for those that say what is ignored."""
        changed = Path(path)
        return not changed.is_relative_to(self.apart) and any(
            not any(part.startswith(".") and part != IGNORE_FILE for part in changed.relative_to(root).parts)
            for root in self.roots
            if changed.is_relative_to(root)
        )


def _changes(
    folders: Sequence[Path], concerns: Callable[[object, str], bool], stop: threading.Event
) -> Iterable[set[Path]]:
    """Yield what changed in these folders, and at least every second an empty set."""
    try:
        from watchfiles import watch
    except ImportError as error:
        raise SettingsError("following folders needs watchfiles; install it: pip install 'quoth[watch]'") from error
    if not folders:
        while not stop.wait(_TICK_MS / 1000):
            yield set()
        return
    try:
        for changes in watch(
            *folders,
            watch_filter=concerns,
            debounce=_GATHERED_MS,
            stop_event=stop,
            rust_timeout=_TICK_MS,
            yield_on_timeout=True,
            ignore_permission_denied=True,
        ):
            yield {Path(path) for _, path in changes}
    except FileNotFoundError:
        return  # gone between a look and the next; the follower looks again
    except OSError as error:
        raise SettingsError(
            f"the system can't watch so many folders: {error}; raise fs.inotify.max_user_watches, "
            "or set WATCHFILES_FORCE_POLLING=1"
        ) from error


def _mark(root: Path) -> Mark:
    """Return what tells a root from itself after a change: for a folder only which one it is. () if it isn't there."""
    try:
        found = root.stat()
    except OSError:
        return ()
    which = (found.st_dev, found.st_ino)
    return which if stat.S_ISDIR(found.st_mode) else (*which, found.st_size, found.st_mtime_ns)


def _is_another(before: Mark, now: Mark) -> bool:
    return before[:2] != now[:2] or len(before) != len(now)


def _is_below(changed: Iterable[Path], root: Path) -> bool:
    return any(path.is_relative_to(root) for path in changed)
