"""A lane: a bounded queue before a few threads, in which servers take turns, and the people of each.

Everything here runs on the event loop, so that it needs no locks; only the jobs run in threads. There is no task that
waits for work: a job starts another one when it is added and when one ends.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, copy_context
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from bot.errors import BusyError, ClosingError

T = TypeVar("T")

_PACE_SHARE = 0.2
_FREE_FOR_OTHERS = 8


@dataclass(slots=True, eq=False)
class _Job(Generic[T]):
    """What waits: a call, the context that it was asked in, and the future that its result goes to."""

    call: Callable[[], T]
    owner: Hashable
    person: int | None
    context: Context
    done: asyncio.Future[T]


RECENTLY = 30.0
"""Seconds for which a person who had a turn lets those go first who had none."""

_REMEMBERED_PEOPLE = 1_000

_Queue = OrderedDict[int | None, deque[_Job[Any]]]
"""What waits of one owner, by the person who asked for it."""


class Lane:
    """Runs blocking calls in ``workers`` threads; up to ``waiting`` more wait. Owners (servers) take turns.

    So do the people of an owner, and whoever had a turn within ``RECENTLY`` seconds waits for those who had none, in
    whatever server. One call of a person runs at a time, since otherwise a single one could fill all threads.
    ``at_once`` is how many of one owner run at the same time. ``pace`` is a first guess of the seconds that a call
    takes; how long they really take is measured as they end.
    """

    def __init__(self, name: str, *, workers: int, waiting: int, pace: float, at_once: int | None = None) -> None:
        self.name = name
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix=name)
        self._workers = workers
        self._most = waiting
        self._pace = pace
        self._at_once = at_once or workers
        self._queues: OrderedDict[Hashable, _Queue] = OrderedDict()
        self._running: Counter[Hashable] = Counter()
        self._people: set[int] = set()
        self._served: dict[int, float] = {}
        self._futures: dict[asyncio.Future[Any], _Job[Any]] = {}
        self._is_shut = False

    @property
    def waiting(self) -> int:
        """How many calls wait."""
        return sum(map(_length, self._queues.values()))

    @property
    def running(self) -> int:
        """How many calls are in a thread."""
        return self._running.total()

    @property
    def seconds(self) -> int:
        """Whole seconds until what is here now will be done, as far as the calls before tell; at least 1."""
        return max(1, math.ceil((self.waiting + self.running) * self._pace / self._workers))

    async def run(self, call: Callable[[], T], owner: Hashable, person: int | None = None) -> T:
        """Run a call in a thread when its turn comes, and return its result or raise its error.

        ``person`` is who takes turns with the owner's other people; None stands for work that nobody in particular
        asked for.

        Raises: see ``admit``.
        """
        self.admit(owner)
        job: _Job[T] = _Job(call, owner, person, copy_context(), asyncio.get_running_loop().create_future())
        self._queues.setdefault(owner, OrderedDict()).setdefault(person, deque()).append(job)
        self._start()
        try:
            return await job.done
        finally:
            # Whoever asked went away: what has not begun need not begin
            people = self._queues.get(owner)
            mine = None if people is None else people.get(person)
            if mine is not None and job in mine:
                mine.remove(job)
                self._turn(owner, person, is_over=False)

    def admit(self, owner: Hashable) -> None:
        """Pass over an owner whose call would be taken now.

        Raises:
            ClosingError: the lane was shut.
            BusyError: no more may wait. The last eighth of the places is left to owners with less than an equal share
                (of half the places, where there is one owner).
        """
        if self._is_shut:
            raise ClosingError("I'm restarting; please try again in a minute.")
        waiting = self.waiting
        mine = _length(self._queues.get(owner, {}))
        share = self._most // max(2, len(self._queues) + (owner not in self._queues))
        is_crowded = waiting >= self._most - self._most // _FREE_FOR_OTHERS
        if waiting >= self._most or (is_crowded and mine >= share):
            raise BusyError(self.seconds)

    def _start(self) -> None:
        while self.running < self._workers and (job := self._next()) is not None:
            loop = asyncio.get_running_loop()
            self._running[job.owner] += 1
            started = time.monotonic()
            if job.person is not None:
                self._people.add(job.person)
                self._serve(job.person, started)
            future = loop.run_in_executor(self._threads, job.context.run, job.call)
            self._futures[future] = job
            future.add_done_callback(partial(self._end, job, started))

    def _next(self) -> _Job[Any] | None:
        """Take the first job of the person whose turn it is; that person and its owner then wait for all others."""
        before = time.monotonic() - RECENTLY
        late: tuple[Hashable, int | None] | None = None
        for owner, people in self._queues.items():
            if self._running[owner] >= self._at_once:
                continue
            for person in people:
                if person is None or (self._served.get(person, before) <= before and person not in self._people):
                    return self._taken(owner, person)
                if late is None and person not in self._people:
                    late = owner, person
        return None if late is None else self._taken(*late)

    def _taken(self, owner: Hashable, person: int | None) -> _Job[Any]:
        job = self._queues[owner][person].popleft()
        self._turn(owner, person, is_over=True)
        return job

    def _turn(self, owner: Hashable, person: int | None, *, is_over: bool) -> None:
        """Let go of queues that are empty; a turn that ``is_over`` makes the others the next ones."""
        people = self._queues[owner]
        if not people[person]:
            del people[person]
        elif is_over:
            people.move_to_end(person)
        if not people:
            del self._queues[owner]
        elif is_over:
            self._queues.move_to_end(owner)

    def _serve(self, person: int, now: float) -> None:
        self._served[person] = now
        if len(self._served) > _REMEMBERED_PEOPLE:
            self._served = {other: at for other, at in self._served.items() if at + RECENTLY > now}

    def _end(self, job: _Job[T], started: float, ended: asyncio.Future[T]) -> None:
        self._pace += _PACE_SHARE * (time.monotonic() - started - self._pace)
        del self._futures[ended]
        self._running[job.owner] -= 1
        if not self._running[job.owner]:
            del self._running[job.owner]
        if job.person is not None:
            self._people.discard(job.person)
        error = None if ended.cancelled() else ended.exception()
        if not job.done.done():
            if ended.cancelled():
                job.done.cancel()
            elif error is not None:
                job.done.set_exception(error)
            else:
                job.done.set_result(ended.result())
        self._start()

    def refuse(self, error: Exception) -> None:
        """End every wait for a result with an error; a thread goes on with what it runs, for nobody."""
        queues, self._queues = self._queues, OrderedDict()
        waiting = (job for people in queues.values() for jobs in people.values() for job in jobs)
        for job in [*self._futures.values(), *waiting]:
            if not job.done.done():
                job.done.set_exception(error)

    async def idle(self) -> None:
        """Wait until nothing runs and nothing waits."""
        while self._futures:
            # What ended has started what waits when this goes on: its callback came first
            await asyncio.wait(list(self._futures))

    def shut(self) -> None:
        """Take nothing more, and let the threads end when what they run is done; waits for nothing."""
        self._is_shut = True
        self._threads.shutdown(wait=False, cancel_futures=True)


def _length(people: Mapping[int | None, deque[_Job[Any]]]) -> int:
    return sum(map(len, people.values()))
