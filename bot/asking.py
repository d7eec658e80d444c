"""Where the event loop hands work to threads: questions in a fair queue, and everything else that blocks."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from bot.errors import BusyError, ClosingError
from bot.lanes import Lane
from bot.pace import Paces
from bot.shelf import Shelf
from quoth.answer import Answer
from quoth.counted import counted

T = TypeVar("T")

_SHORT_WORKERS = 4
_SHORT_WAITING = 4_096
_LIST_WORKERS = 2
_LIST_WAITING = 128
_LONG_WORKERS = 2
_LONG_WAITING = 16

_IN_A_ROW = 5
"""Questions that a person may ask as fast as ``cooldown`` allows."""

_LASTING = 3
"""Times ``cooldown`` that lie between the questions of a person who goes on after that."""

_PRESSES = 20
"""Buttons that a person may press as fast as they like; then one every ``cooldown`` seconds."""


class Asker:
    """Hands blocking work to threads; the event loop never waits for a model, a disk or a lock.

    ``workers`` questions are answered at a time and up to ``waiting`` wait, servers in turn, and in each its people. A
    person may ask again ``cooldown`` seconds after a question was taken, after ``_IN_A_ROW`` of them three times as
    late, and have ``per_person`` questions in the queue; who goes on although told to wait, waits longer.
    """

    def __init__(
        self, shelf: Shelf, *, workers: int = 2, waiting: int = 64, cooldown: float = 3.0, per_person: int = 2
    ) -> None:
        self._shelf = shelf
        self._per_person = per_person
        self._paces = Paces(cooldown=cooldown, lasting=_LASTING * cooldown, in_a_row=_IN_A_ROW, patience=cooldown)
        self._presses = Paces(cooldown=0.0, lasting=cooldown, in_a_row=_PRESSES, patience=cooldown)
        self._questions = Lane("questions", workers=workers, waiting=waiting, pace=0.5)
        self._short = Lane("short", workers=_SHORT_WORKERS, waiting=_SHORT_WAITING, pace=0.01)
        self._lists = Lane("lists", workers=_LIST_WORKERS, waiting=_LIST_WAITING, pace=0.1, at_once=1)
        self._long = Lane("long", workers=_LONG_WORKERS, waiting=_LONG_WAITING, pace=30.0, at_once=1)
        self._asking: Counter[int] = Counter()
        self._pressing: set[int] = set()
        self._is_closing = False

    @property
    def lanes(self) -> dict[str, Lane]:
        """The queues, by name."""
        return {lane.name: lane for lane in (self._questions, self._short, self._lists, self._long)}

    async def ask(
        self,
        question: str,
        *,
        guild: int | None,
        person: int,
        shared: bool = True,
        history: Sequence[str] = (),
        quotes: int = 3,
    ) -> Answer:
        """Answer a question of a server's member (``guild`` None: in a direct message); see ``Shelf.ask``.

        Raises:
            BusyError: the queue is full, or this person asked too much; it says when to try again.
            ClosingError: the bot is about to stop.
            QuothError: see ``Shelf.ask``.
        """
        self._check_open()
        now = time.monotonic()
        self._check_person(person, now)
        call = partial(self._shelf.ask, question, guild=guild, shared=shared, history=tuple(history), quotes=quotes)
        self._asking[person] += 1
        before = self._paces.take(person, now)
        try:
            return await self._questions.run(call, guild, person)
        except BusyError:
            # A question that wasn't taken costs no waiting
            self._paces.put(person, before)
            raise
        finally:
            self._asking[person] -= 1
            if not self._asking[person]:
                del self._asking[person]

    def check(self, person: int, *, guild: int | None) -> None:
        """Pass over a person whose question would be taken now, without looking at anything that could wait.

        Raises: see ``ask``.
        """
        self._check_open()
        self._check_person(person, time.monotonic())
        self._questions.admit(guild)

    def nags(self, person: int) -> bool:
        """Say whether a person asks too soon once more, although they were told until when to wait.

        A reply to each such message would make the bot write as fast as one person does, in everybody's channel.
        """
        now = time.monotonic()
        if self._refusal(person, now) is None or not self._paces.knows(person, now):
            return False
        self._paces.refuse(person, now, silently=True)
        return True

    def ignores(self, person: int) -> bool:
        """Say whether a command or a press of a person gets no reply: they were told again and again to wait."""
        now = time.monotonic()
        pestered = [paces for paces in (self._paces, self._presses) if paces.pesters(person, now)]
        for paces in pestered:
            paces.refuse(person, now, silently=True)
        return bool(pestered)

    @contextmanager
    def pressing(self, person: int) -> Iterator[None]:
        """Mark what a button of a person's takes; one at a time, since each costs reading and two requests.

        Raises:
            BusyError: another one of theirs is not done yet, or they pressed too much.
        """
        now = time.monotonic()
        wait, often = self._presses.wait(person, now)
        if wait > 0:
            raise BusyError(_whole(self._presses.refuse(person, now, wait)), f"You pressed buttons {often}")
        if person in self._pressing:
            wait = self._presses.refuse(person, now, self._short.seconds)
            raise BusyError(_whole(wait), "I'm still at what you pressed before")
        self._presses.take(person, now)
        self._pressing.add(person)
        try:
            yield
        finally:
            self._pressing.discard(person)

    def take_turn(self, person: int) -> None:
        """Take a message that asks nothing of the documents, at the same pace as questions.

        Raises:
            BusyError: this person wrote too soon after the last one.
        """
        now = time.monotonic()
        self._check_person(person, now)
        self._paces.take(person, now)

    async def run(self, job: Callable[[], T], *, person: int | None = None) -> T:
        """Run something short that blocks (records, buttons) in a thread.

        What reads documents should name the ``person`` who asked for it: one such job of each runs at a time.
        """
        return await self._short.run(job, person, person)

    async def run_list(self, job: Callable[[], T], *, guild: int | None) -> T:
        """Run something that goes through all documents of a server in a thread, one at a time for a server.

        It comes with every key that somebody presses in an option, and must not keep the records from anyone.

        Raises:
            BusyError: too much of it waits already.
        """
        return await self._lists.run(job, guild)

    async def run_long(self, job: Callable[[], T], *, guild: int) -> T:
        """Run something that may take minutes (adding, checking, erasing) in a thread, one at a time for a server.

        Raises:
            BusyError: too much of it waits already.
            ClosingError: the bot is about to stop, or stopped it.
        """
        self._check_open()
        return await self._long.run(job, guild)

    async def close(self, patience: float = 10.0) -> None:
        """Take nothing new, finish what was taken within ``patience`` seconds, then stop what takes longer.

        ``run`` goes on working meanwhile, so that answers can be kept and sent.
        """
        self._is_closing = True
        lanes = (self._questions, self._long)
        _, late = await asyncio.wait([asyncio.ensure_future(lane.idle()) for lane in lanes], timeout=patience)
        self._shelf.stop()
        for task in late:
            task.cancel()
        for lane in (*lanes, self._lists, self._short):
            lane.refuse(_closing())
            lane.shut()

    def _check_open(self) -> None:
        if self._is_closing:
            raise _closing()

    def _check_person(self, person: int, now: float) -> None:
        refusal = self._refusal(person, now)
        if refusal is not None:
            seconds, reason = refusal
            raise BusyError(_whole(self._paces.refuse(person, now, seconds)), reason)

    def _refusal(self, person: int, now: float) -> tuple[int, str] | None:
        """Return for how many seconds a question of a person is not taken, and why; None where it would be now."""
        wait, often = self._paces.wait(person, now)
        if wait > 0:
            return _whole(wait), f"You asked {often}"
        if self._asking[person] >= self._per_person:
            asking = counted(self._asking[person], "question")
            return self._questions.seconds, f"I'm still working on {asking} of yours"
        return None


def _whole(seconds: float) -> int:
    return max(1, math.ceil(seconds))


def _closing() -> ClosingError:
    return ClosingError("I'm restarting; please ask again in a minute.")
