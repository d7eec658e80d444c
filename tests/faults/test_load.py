"""Many servers, one flooder, many questions: what is kept stays bounded, and nobody waits long for one person."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from bot import asking, lanes
from bot.asking import Asker
from bot.errors import BusyError
from bot.shelf import Shelf
from quoth.encoder import Encoder
from quoth.library import Library
from tests.bot.answers import answer

ALL = os.environ.get("QUOTH_FAULTS") == "all"
LIBRARIES, OPEN, ROUNDS = (200, 32, 20) if ALL else (12, 4, 4)

SEEDS = range(200 if ALL else 20)


@pytest.fixture
def home(tmp_path: Path, encoder: Encoder) -> Path:
    """A library for each server, of a document that names the server."""
    for number in range(LIBRARIES):
        with Library.open(tmp_path / "guilds" / str(number), encoder=encoder) as library:
            library.add("keys.txt", f"The key of the lighthouse is kept by Ismene the {number}th.\n".encode())
    return tmp_path


def handles() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.skipif(sys.platform != "linux", reason="handles are counted in /proc")
def test_more_libraries_in_use_than_are_kept_open_leave_no_library_no_handle_and_no_file_behind(
    home: Path, encoder: Encoder
) -> None:
    shelf = Shelf(home, capacity=OPEN, encoder=encoder)
    shelf.load()
    before_any = handles()
    files = {path for path in home.rglob("*") if path.is_file()}
    errors: list[BaseException] = []
    most_open: list[int] = []

    def reader(seed: int) -> None:
        chance = random.Random(seed)
        try:
            for number in chance.sample(range(LIBRARIES), LIBRARIES):
                told = shelf.ask("Who keeps the key of the lighthouse?", guild=number)
                assert told.quotes[0].text == f"The key of the lighthouse is kept by Ismene the {number}th."
                most_open.append(shelf.open_count)
        except BaseException as error:
            errors.append(error)

    held: list[tuple[int, int, int]] = []
    for number in range(ROUNDS):
        threads = [threading.Thread(target=reader, args=(2 * number + one,)) for one in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        gc.collect()
        held.append((shelf.open_count, handles(), len(list(home.rglob("*")))))
    assert not errors
    # Two are in use at a time, and one that is in use is never closed
    assert max(most_open) <= OPEN + 2
    assert all(count <= OPEN for count, _, _ in held)
    # Each open library has its database, the log of that, and its memory
    assert max(count for _, count, _ in held[1:]) <= held[0][1] <= before_any + 3 * OPEN
    shelf.close()
    assert handles() <= before_any
    assert {path for path in home.rglob("*") if path.is_file()} == files


class Order:
    """Stands in for the shelf: one thread, which records whose question begins and waits until it may end."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.gate = threading.Semaphore(0)
        self.arrived = threading.Semaphore(0)

    def ask(self, question: str, **where: Any) -> Any:
        self.begun.append(question)
        self.arrived.release()
        self.gate.acquire(timeout=60)
        return answer(question)

    def stop(self) -> None:
        """Nothing is to stop."""


class Clock:
    """A clock that moves when a question is done."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


async def positions(monkeypatch: pytest.MonkeyPatch, seed: int, servers: int) -> tuple[list[int], Counter[str]]:
    """Let a flooder try a question each second, in so many servers, and 60 others one each, faster than is answered.

    Returns how many of the flooder's questions began between each other's asking and its turn, and what became of the
    flooder's.
    """
    clock, shelf, chance = Clock(), Order(), random.Random(seed)
    monkeypatch.setattr(asking, "time", clock)
    monkeypatch.setattr(lanes, "time", clock)
    asker = Asker(shelf, workers=1, waiting=64)  # type: ignore[arg-type]
    flooder: Counter[str] = Counter()
    asked_at: dict[str, int] = {}
    tasks: set[asyncio.Task[Any]] = set()

    def ask(name: str, guild: int, person: int) -> None:
        task = asyncio.ensure_future(asker.ask(name, guild=guild, person=person))
        tasks.add(task)

        def done(ended: asyncio.Task[Any]) -> None:
            if person == 1:
                flooder["refused" if isinstance(ended.exception(), BusyError) else "answered"] += 1

        task.add_done_callback(done)

    others = [f"other {number}" for number in range(60)]
    for number, name in enumerate(others):
        ask(f"flood {number}", chance.randrange(servers), 1)
        ask(name, chance.randrange(3), 100 + number)
        await asyncio.sleep(0)
        asked_at[name] = len(shelf.begun)
        clock.now += 1.0
        if number % 2:
            await asyncio.to_thread(shelf.arrived.acquire, timeout=60)
            shelf.gate.release()
            await asyncio.sleep(0.001)
    shelf.gate.release(10_000)
    await asyncio.gather(*tasks, return_exceptions=True)
    await asker.close()
    return [
        sum(begun.startswith("flood") for begun in shelf.begun[asked_at[name] : shelf.begun.index(name)])
        for name in others
    ], flooder


@pytest.mark.parametrize("servers", [1, 3, 50])
@pytest.mark.parametrize("seed", SEEDS)
async def test_one_who_floods_has_one_turn_and_then_none_while_they_go_on(
    seed: int, servers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    between, flooder = await positions(monkeypatch, seed, servers)
    assert max(between) <= 1, between
    assert flooder == {"answered": 1, "refused": 59}
