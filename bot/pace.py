"""How fast a person may do something; and who goes on although they were told to wait, waits longer."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

_REMEMBERED_PEOPLE = 1_000

_LONGEST = 20
"""Times ``patience`` for which somebody waits at most who goes on."""

_UNANSWERED = 8
"""Refusals in a row after which the next ones are not told any more: each would cost the bot a request."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What is remembered of a person, in seconds of the monotonic clock.

    ``last`` is when something of theirs was taken, ``due`` up to when all of it would reach if it had come evenly,
    ``until`` before when nothing is taken since they went on, and ``told`` up to when they know that they have to wait.
    ``tries`` were refused since something was taken.
    """

    last: float = -math.inf
    due: float = -math.inf
    until: float = -math.inf
    told: float = -math.inf
    tries: int = 0


class Paces:
    """The pace of each person: one thing every ``cooldown`` seconds, after ``in_a_row`` of them one every ``lasting``.

    What is tried before its time is refused. The first refusal costs nothing; each that follows puts the time off, to
    once, twice, … ``_LONGEST`` times ``patience`` seconds from that try, until something is taken.
    """

    def __init__(self, *, cooldown: float, lasting: float, in_a_row: int, patience: float) -> None:
        self._cooldown = cooldown
        self._lasting = lasting
        self._spare = (in_a_row - 1) * (lasting - cooldown)
        self._patience = patience
        self._paces: dict[int, Pace] = {}

    def __len__(self) -> int:
        return len(self._paces)

    def of(self, person: int) -> Pace:
        """Return what is remembered of a person."""
        return self._paces.get(person, Pace())

    def wait(self, person: int, now: float) -> tuple[float, str]:
        """Return for how many seconds nothing of a person is taken (0 or less: it would be now), and why."""
        pace = self.of(person)
        return max(
            (pace.last + self._cooldown - now, "just now"),
            (pace.due - self._spare - now, "several times just now"),
            (pace.until - now, "again and again"),
            key=lambda wait: wait[0],
        )

    def take(self, person: int, now: float) -> Pace:
        """Note that something of a person was taken; returns what was remembered before, for ``put``."""
        before = self.of(person)
        self.put(person, Pace(last=now, due=max(before.due, now) + self._lasting))
        if len(self._paces) > _REMEMBERED_PEOPLE:
            self._paces = {one: pace for one, pace in self._paces.items() if max(pace.due, pace.until) > now}
        return before

    def put(self, person: int, pace: Pace) -> None:
        """Remember this of a person."""
        self._paces[person] = pace

    def refuse(self, person: int, now: float, wait: float = 0.0, *, silently: bool = False) -> float:
        """Note that something of a person is refused, which has to wait so long in any case; returns for how long.

        ``silently``: they aren't told so.
        """
        pace = self.of(person)
        longer = min(pace.tries, _LONGEST) * self._patience
        until = max(pace.until, now + longer)
        wait = max(wait, until - now)
        told = pace.told if silently else max(pace.told, now + wait)
        self.put(person, replace(pace, until=until, told=told, tries=pace.tries + 1))
        return wait

    def knows(self, person: int, now: float) -> bool:
        """Say whether a person was told to wait for longer than until now."""
        return now < self.of(person).told

    def pesters(self, person: int, now: float) -> bool:
        """Say whether a person went on for so long that they aren't answered until they pause."""
        pace = self.of(person)
        return pace.tries >= _UNANSWERED and now < pace.until
