"""The queue: everybody's turn comes, nobody crowds out the rest, and "busy" says how long."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from bot import asking, lanes, pace
from bot.asking import Asker
from bot.errors import BusyError, ClosingError
from bot.lanes import Lane
from quoth.errors import QuestionError
from tests.bot.answers import answer


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


class Gated:
    """Stands in for the shelf: a question begins when it is let through, in the order that this records."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.gate = threading.Semaphore(0)
        self.arrived = threading.Semaphore(0)
        self.stopped = threading.Event()
        self.threads: set[str] = set()
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()

    def ask(self, question: str, **where: Any):
        with self._lock:
            self.begun.append(question)
            self.threads.add(threading.current_thread().name)
            self._now += 1
            self.most = max(self.most, self._now)
        self.arrived.release()
        self.gate.acquire(timeout=30)
        with self._lock:
            self._now -= 1
        if question == "bad":
            raise QuestionError("that can't be asked")
        return answer(question)

    def stop(self) -> None:
        self.stopped.set()

    def open(self) -> None:
        """Let everything through from now on."""
        self.gate.release(10_000)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(asking, "time", clock)
    monkeypatch.setattr(lanes, "time", clock)
    return clock


@pytest.fixture
def shelf() -> Gated:
    return Gated()


@pytest.fixture
async def make(shelf: Gated) -> AsyncIterator[Callable[..., Asker]]:
    made: list[Asker] = []

    def one(**options: Any) -> Asker:
        made.append(Asker(shelf, **({"workers": 1, "cooldown": 0.0, "per_person": 100} | options)))  # type: ignore[arg-type]
        return made[-1]

    yield one
    shelf.open()
    for asker in made:
        await asker.close()


async def arrived(shelf: Gated, count: int = 1) -> None:
    """Wait until this many more questions are in a thread."""
    for _ in range(count):
        await asyncio.to_thread(shelf.arrived.acquire, timeout=30)


def begin(asker: Asker, question: str, *, guild: int | None = 1, person: int = 1) -> asyncio.Task:
    return asyncio.ensure_future(asker.ask(question, guild=guild, person=person))


async def settle() -> None:
    """Let every task that was begun come as far as it can."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_servers_take_turns_whoever_came_first(shelf: Gated, make, clock: Clock):
    asker = make()
    tasks = [begin(asker, f"a{n}") for n in range(5)]
    tasks += [begin(asker, f"b{n}", guild=2) for n in range(2)] + [begin(asker, "c0", guild=None)]
    await settle()
    shelf.open()
    await asyncio.gather(*tasks)
    # a0 found the thread idle; from then on the three take turns
    assert shelf.begun == ["a0", "a1", "b0", "c0", "a2", "b1", "a3", "a4"]


async def test_no_more_run_at_once_than_there_are_workers_and_none_on_the_event_loop(shelf: Gated, make):
    asker = make(workers=2)
    tasks = [begin(asker, f"{n}", person=n) for n in range(6)]
    await arrived(shelf, 2)
    shelf.open()
    await asyncio.gather(*tasks)
    assert shelf.most == 2
    assert threading.current_thread().name not in shelf.threads


async def test_an_answer_and_an_error_reach_whoever_asked(shelf: Gated, make):
    asker = make(workers=2)
    shelf.open()
    good, bad = begin(asker, "good"), begin(asker, "bad", person=2)
    assert (await good).question == "good"
    with pytest.raises(QuestionError):
        await bad


async def test_a_full_queue_says_busy_and_after_that_many_seconds_there_is_room(shelf: Gated, make, clock: Clock):
    asker = make(waiting=4)
    tasks = [begin(asker, f"{n}", guild=n, person=n) for n in range(5)]
    await settle()
    with pytest.raises(BusyError) as caught:
        await asker.ask("too much", guild=9, person=9)
    # Five questions, half a second each as a first guess, in one thread
    assert caught.value.seconds == 3
    assert "try again in 3 s" in str(caught.value)
    assert "too much" not in shelf.begun
    # It learns from how long questions really take: 2 s each
    for _ in tasks:
        await arrived(shelf)
        clock.now += 2
        shelf.gate.release()
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        await settle()
    await asyncio.gather(*tasks)
    late = [begin(asker, f"late {n}", guild=n, person=n) for n in range(5)]
    await settle()
    with pytest.raises(BusyError) as caught:
        await asker.ask("too much", guild=9, person=9)
    assert 6 <= caught.value.seconds <= 10
    shelf.open()
    await asyncio.gather(*late)


async def test_one_server_can_t_fill_the_queue_so_that_another_finds_no_place(shelf: Gated, make, clock: Clock):
    asker = make(waiting=16)
    tasks = [begin(asker, f"a{n}", person=n) for n in range(30)]
    await settle()
    refused = [task for task in tasks if task.done() and task.exception()]
    assert len(refused) == 30 - 1 - 14
    tasks += [begin(asker, f"b{n}", guild=2, person=100 + n) for n in range(2)]
    await settle()
    assert not any(task.done() for task in tasks[-2:])
    with pytest.raises(BusyError):
        await asker.ask("a more", guild=1, person=200)
    shelf.open()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert shelf.begun.index("b1") < 6


async def test_a_person_waits_before_the_next_question_and_is_told_how_long(shelf: Gated, make, clock: Clock):
    asker = make(cooldown=3.0)
    shelf.open()
    await asker.ask("one", guild=1, person=7)
    clock.now += 1.2
    with pytest.raises(BusyError, match="You asked just now") as caught:
        await asker.ask("two", guild=2, person=7)
    assert caught.value.seconds == 2
    await asker.ask("another person's", guild=1, person=8)
    clock.now += caught.value.seconds
    await asker.ask("two", guild=2, person=7)


async def test_who_asks_as_soon_as_told_waits_three_times_as_long_after_five_questions_until_a_pause(
    shelf: Gated, make, clock: Clock
):
    asker = make(cooldown=3.0)
    shelf.open()
    for _ in range(5):
        await asker.ask("in a row", guild=1, person=7)
        clock.now += 3.0
    taken = []
    while len(taken) < 6:
        try:
            await asker.ask("on and on", guild=len(taken), person=7)
        except BusyError as error:
            assert error.seconds <= 9 and "just now" in str(error)
            clock.now += error.seconds
        else:
            taken.append(clock.now)
    assert {after - before for before, after in itertools.pairwise(taken)} == {9}
    clock.now += 60.0
    for _ in range(5):
        await asker.ask("in a row", guild=1, person=7)
        clock.now += 3.0


async def test_who_tries_on_although_told_to_wait_waits_longer_each_time_and_a_minute_at_most(
    shelf: Gated, make, clock: Clock
):
    asker = make(cooldown=3.0)
    shelf.open()
    await asker.ask("taken", guild=1, person=7)
    clock.now += 1.0
    told = []
    for _ in range(30):
        with pytest.raises(BusyError) as refused:
            await asker.ask("again", guild=1, person=7)
        told.append(refused.value.seconds)
        clock.now += 1.0
    # The first refusal costs nothing, the second puts it off by no more than a cooldown
    assert told[:3] == [2, 3, 6]
    assert told == sorted(told) and told[-1] == 60
    # Somebody else is not kept waiting, and the promise holds to the second
    await asker.ask("another person's", guild=1, person=8)
    clock.now += 58.0
    with pytest.raises(BusyError, match="again and again"):
        asker.check(7, guild=1)
    clock.now += 60.0
    await asker.ask("after the wait", guild=1, person=7)
    # All is forgiven then
    clock.now += 1.0
    with pytest.raises(BusyError, match="try again in 2 s"):
        asker.check(7, guild=1)


async def test_messages_that_come_before_the_time_that_was_told_are_nagging_and_count(shelf: Gated, make, clock: Clock):
    asker = make(cooldown=3.0)
    shelf.open()
    await asker.ask("taken", guild=1, person=7)
    assert not asker.nags(7)  # to be told
    with pytest.raises(BusyError):
        await asker.ask("too soon", guild=1, person=7)
    assert [asker.nags(7) for _ in range(4)] == [True] * 4
    clock.now += 3.0
    # The time that was told is over, the nagging put it off: that is told once more
    assert not asker.nags(7)
    with pytest.raises(BusyError, match="again and again") as refused:
        await asker.ask("too soon", guild=1, person=7)
    assert refused.value.seconds == 15
    assert asker.nags(7) and not asker.nags(8)


async def test_who_goes_on_and_on_gets_no_reply_until_they_pause(shelf: Gated, make, clock: Clock):
    asker = make(cooldown=3.0)
    shelf.open()
    await asker.ask("taken", guild=1, person=7)
    replies = 0
    for _ in range(40):
        clock.now += 0.5
        if not asker.ignores(7):
            replies += 1
            with pytest.raises(BusyError):
                asker.check(7, guild=1)
    assert replies == 8
    assert not asker.ignores(8)
    clock.now += 60.0
    assert not asker.ignores(7)
    asker.check(7, guild=1)


async def test_buttons_have_a_pace_of_their_own(make, clock: Clock):
    asker = make(cooldown=3.0)
    for _ in range(20):
        with asker.pressing(7):
            pass
    with pytest.raises(BusyError, match="You pressed buttons several times just now") as refused, asker.pressing(7):
        pass
    asker.check(7, guild=1)
    with asker.pressing(8):
        pass
    for _ in range(10):
        with pytest.raises(BusyError), asker.pressing(7):
            pass
    assert asker.ignores(7)
    clock.now += 60.0
    assert refused.value.seconds == 3 and not asker.ignores(7)
    with asker.pressing(7):
        pass


async def test_the_people_of_a_server_take_turns(shelf: Gated, make):
    asker = make()
    tasks = [begin(asker, f"a{n}", person=1) for n in range(4)]
    tasks += [begin(asker, f"b{n}", person=2) for n in range(2)] + [begin(asker, "c0", person=3)]
    await settle()
    shelf.open()
    await asyncio.gather(*tasks)
    # a0 found the thread idle; b and c had no turn yet
    assert shelf.begun == ["a0", "b0", "c0", "a1", "b1", "a2", "a3"]


async def test_who_had_a_turn_waits_for_those_who_had_none_in_whatever_server_and_not_for_ever(
    shelf: Gated, make, clock: Clock
):
    asker = make()
    tasks = [begin(asker, "a0", guild=1, person=1)]
    await arrived(shelf)
    tasks.append(begin(asker, "a1", guild=2, person=1))
    tasks += [begin(asker, f"b{n}", guild=1, person=100 + n) for n in range(3)]
    await settle()
    for _ in range(3):
        shelf.gate.release()
        await arrived(shelf)
    assert shelf.begun == ["a0", "b0", "b1", "b2"]
    # A minute later there is always somebody else, but now it is their turn too
    clock.now += 60
    tasks.append(begin(asker, "c", guild=1, person=200))
    await settle()
    shelf.gate.release()
    await arrived(shelf)
    assert shelf.begun[-1] == "a1"
    shelf.open()
    await asyncio.gather(*tasks)


async def test_one_person_s_questions_fill_one_thread_alone_in_however_many_servers(shelf: Gated, make):
    asker = make(workers=2)
    tasks = [begin(asker, f"a{n}", guild=n, person=1) for n in range(4)]
    await arrived(shelf)
    tasks.append(begin(asker, "b", guild=9, person=2))
    await arrived(shelf)
    assert shelf.begun == ["a0", "b"]
    shelf.open()
    await asyncio.gather(*tasks)
    assert sorted(shelf.begun) == ["a0", "a1", "a2", "a3", "b"]


async def test_one_person_s_buttons_keep_no_other_work_waiting(make):
    asker, gate = make(), threading.Event()
    pressed = [asyncio.ensure_future(asker.run(lambda: gate.wait(60), person=1)) for _ in range(20)]
    try:
        async with asyncio.timeout(30):
            assert await asker.run(lambda: "a record") == "a record"
            assert await asker.run(lambda: "their page", person=2) == "their page"
    finally:
        gate.set()
        await asyncio.gather(*pressed)


async def test_one_button_of_a_person_is_worked_on_at_a_time(make):
    asker = make()
    with asker.pressing(1), asker.pressing(2):
        with pytest.raises(BusyError, match="pressed before"), asker.pressing(1):
            raise AssertionError("not admitted")
        with pytest.raises(BusyError), asker.pressing(1):
            raise AssertionError("not admitted")
    with asker.pressing(1):
        pass


async def test_a_person_has_only_so_many_questions_in_the_queue(shelf: Gated, make, clock: Clock):
    asker = make(per_person=2)
    tasks = [begin(asker, f"mine {n}", person=7, guild=n) for n in range(3)]
    others = [begin(asker, f"other {n}", person=n) for n in range(2)]
    await settle()
    with pytest.raises(BusyError, match="2 questions of yours"):
        tasks[2].result()
    shelf.open()
    await asyncio.gather(*tasks[:2], *others)
    assert (await asker.ask("again", guild=1, person=7)).question == "again"


async def test_a_question_that_was_not_taken_costs_no_waiting(shelf: Gated, make, clock: Clock):
    asker = make(waiting=1, cooldown=3.0)
    tasks = [begin(asker, f"{n}", guild=n, person=n) for n in range(2)]
    await settle()
    with pytest.raises(BusyError, match="busy with other questions"):
        await asker.ask("mine", guild=9, person=9)
    shelf.open()
    await asyncio.gather(*tasks)
    assert (await asker.ask("mine", guild=9, person=9)).question == "mine"


async def test_a_question_whose_asker_went_away_is_not_begun(shelf: Gated, make):
    asker = make()
    first, gone, last = begin(asker, "first"), begin(asker, "gone"), begin(asker, "last")
    await arrived(shelf)
    gone.cancel()
    await settle()
    shelf.open()
    await asyncio.gather(first, last)
    assert shelf.begun == ["first", "last"]
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_a_cancelled_question_that_runs_leaves_the_queue_working(shelf: Gated, make):
    asker = make()
    first, second = begin(asker, "first"), begin(asker, "second")
    await arrived(shelf)
    first.cancel()
    await settle()
    shelf.open()
    assert (await second).question == "second"


async def test_people_are_not_remembered_beyond_their_waiting_time(shelf: Gated, make, clock: Clock, monkeypatch):
    monkeypatch.setattr(pace, "_REMEMBERED_PEOPLE", 5)
    asker = make(cooldown=3.0)
    shelf.open()
    for person in range(20):
        clock.now += 1
        await asker.ask("one", guild=1, person=person)
    # Each for three times as long as between two questions
    assert len(asker._paces) <= 10


# -- other work


async def test_lists_of_one_server_keep_neither_another_s_lists_nor_short_work_waiting(make):
    asker, gate = make(), threading.Event()
    slow = [asyncio.ensure_future(asker.run_list(lambda: gate.wait(60), guild=1)) for _ in range(20)]
    try:
        async with asyncio.timeout(30):
            assert await asker.run_list(lambda: "their list", guild=2) == "their list"
            assert await asker.run(lambda: "a record") == "a record"
    finally:
        gate.set()
        await asyncio.gather(*slow)


async def test_short_work_goes_on_while_questions_and_long_work_fill_their_threads(shelf: Gated, make):
    asker = make()
    release = threading.Event()
    question = begin(asker, "slow")
    long = [asyncio.ensure_future(asker.run_long(lambda: release.wait(30), guild=n)) for n in range(4)]
    await arrived(shelf)
    name = await asker.run(lambda: threading.current_thread().name)
    assert name != threading.current_thread().name
    release.set()
    shelf.open()
    await asyncio.gather(question, *long)


async def test_a_server_s_long_work_is_done_one_after_the_other_and_keeps_no_other_server_waiting(make):
    asker = make()
    order: list[str] = []
    first = threading.Event()

    def work(name: str, wait: bool = False) -> None:
        if wait:
            first.wait(30)
        order.append(name)

    tasks = [asyncio.ensure_future(asker.run_long(lambda: work("one, first", True), guild=1))]
    await settle()
    tasks.append(asyncio.ensure_future(asker.run_long(lambda: work("one, second"), guild=1)))
    await asker.run_long(lambda: work("two"), guild=2)
    first.set()
    await asyncio.gather(*tasks)
    assert order == ["two", "one, first", "one, second"]


async def test_too_much_long_work_says_busy(make):
    asker = make()
    release = threading.Event()
    tasks = [asyncio.ensure_future(asker.run_long(lambda: release.wait(30), guild=n)) for n in range(18)]
    await settle()
    with pytest.raises(BusyError):
        await asker.run_long(lambda: None, guild=99)
    release.set()
    await asyncio.gather(*tasks)


async def test_an_error_of_other_work_reaches_its_caller(make):
    asker = make()

    def fail() -> None:
        raise KeyError("x")

    for call in (asker.run(fail), asker.run_long(fail, guild=1)):
        with pytest.raises(KeyError):
            await call


# -- closing


async def test_closing_takes_nothing_new_and_finishes_what_was_taken(shelf: Gated, make):
    asker = make()
    running, waiting = begin(asker, "running"), begin(asker, "waiting")
    await arrived(shelf)
    closing = asyncio.ensure_future(asker.close(30))
    await settle()
    with pytest.raises(ClosingError, match="ask again in a minute"):
        await asker.ask("new", guild=1, person=1)
    with pytest.raises(ClosingError):
        await asker.run_long(lambda: None, guild=1)
    # Answers must still be kept and sent
    assert await asker.run(lambda: 5) == 5
    assert not closing.done()
    shelf.open()
    assert [(await task).question for task in (running, waiting)] == ["running", "waiting"]
    await closing
    assert shelf.stopped.is_set()
    with pytest.raises(ClosingError):
        await asker.run(lambda: 5)


async def test_closing_waits_no_longer_than_it_may_and_tells_those_who_have_no_answer(shelf: Gated, make):
    asker = make()
    running, waiting = begin(asker, "running"), begin(asker, "waiting")
    await arrived(shelf)
    # What is broken must fail here, and not wait for ever: far longer than either takes
    await asyncio.wait_for(asker.close(0.01), 10)
    assert shelf.stopped.is_set()
    for unfinished in (running, waiting):
        with pytest.raises(ClosingError):
            await asyncio.wait_for(unfinished, 10)
    shelf.open()


async def test_closing_an_idle_queue_is_immediate(make):
    await asyncio.wait_for(make().close(1_000), 5)


async def test_a_lane_has_no_task_of_its_own(shelf: Gated, make):
    before = asyncio.all_tasks()
    asker = make()
    shelf.open()
    await asker.ask("one", guild=1, person=1)
    assert asyncio.all_tasks() == before


async def test_an_owner_waits_for_its_own_limit_while_threads_are_free():
    lane = Lane("test", workers=2, waiting=10, pace=1.0, at_once=1)
    release, begun = threading.Event(), []
    first = asyncio.ensure_future(lane.run(lambda: release.wait(30), "one"))
    second = asyncio.ensure_future(lane.run(lambda: begun.append("second"), "one"))
    await settle()
    assert (lane.running, lane.waiting, begun) == (1, 1, [])
    release.set()
    await asyncio.gather(first, second)
    assert (lane.running, lane.waiting, begun) == (0, 0, ["second"])
    lane.shut()
