"""What is kept of libraries' texts between questions: within one budget, however many libraries share it."""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

DEFAULT_BYTES = 256 * 1024 * 1024
"""What one library that shares with no other keeps."""

_ENTRY = 250
"""Bytes that keeping a value takes beside the value: its key, and its place in the order."""


class Memory:
    """Values in the order in which they were used, at most ``limit`` bytes of them; what was used longest ago goes.

    Each owner (a library's texts) finds its own values only. May be used by several threads.
    """

    def __init__(self, limit: int = DEFAULT_BYTES) -> None:
        self.limit = limit
        self._values: OrderedDict[tuple[int, str, Hashable], tuple[Any, int]] = OrderedDict()
        self._total = 0
        self._lock = threading.Lock()
        self._owners = itertools.count()

    @property
    def bytes(self) -> int:
        """Bytes of all that is kept, as far as can be told from its texts."""
        return self._total

    def owner(self) -> int:
        """Return what tells a new owner's values from all others'."""
        return next(self._owners)

    def get(self, owner: int, kind: str, key: Hashable, make: Callable[[], V], size: Callable[[V], int]) -> V:
        """Return an owner's value of a kind, made now if it is not kept. ``size`` tells its bytes."""
        (found,) = self.get_all(owner, kind, (key,), lambda _: (make(),), size)
        return found

    def get_all(
        self,
        owner: int,
        kind: str,
        keys: Sequence[K],
        make: Callable[[list[K]], Sequence[V]],
        size: Callable[[V], int],
    ) -> list[V]:
        """Return an owner's values of a kind, in order; those that are not kept are made all at once."""
        found: dict[K, V] = {}
        with self._lock:
            for key in keys:
                kept = self._values.get((owner, kind, key))
                if kept is not None:
                    self._values.move_to_end((owner, kind, key))
                    found[key] = kept[0]
        missing = [key for key in dict.fromkeys(keys) if key not in found]
        if missing:
            # Outside of the lock: it reads a database, and other libraries' questions go on meanwhile
            made = dict(zip(missing, make(missing), strict=True))
            found |= made
            with self._lock:
                for key, value in made.items():
                    self._keep((owner, kind, key), value, size(value) + _ENTRY)
        return [found[key] for key in keys]

    def _keep(self, place: tuple[int, str, Hashable], value: object, taken: int) -> None:
        before = self._values.pop(place, None)
        self._values[place] = (value, taken)
        self._total += taken - (before[1] if before is not None else 0)
        while self._total > self.limit and len(self._values) > 1:
            _, (_, gone) = self._values.popitem(last=False)
            self._total -= gone

    def forget(self, owner: int) -> None:
        """Let go of all of an owner's values."""
        with self._lock:
            for place in [place for place in self._values if place[0] == owner]:
                self._total -= self._values.pop(place)[1]
