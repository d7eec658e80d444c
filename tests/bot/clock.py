"""A clock for tests of what is kept for days."""

from __future__ import annotations


class Clock:
    """A time of day that a test sets."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def time(self) -> float:
        return self.now
