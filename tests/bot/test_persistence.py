"""What has to reach Discord is tried again, but not where it might be done twice."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import aiohttp
import discord
import pytest

from bot import persistence
from bot.persistence import NONCE, OUTAGE, persistently


class Clock:
    """Stands in for ``time`` and ``asyncio.sleep``: it moves when somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(persistence, "time", clock)
    monkeypatch.setattr(persistence, "asyncio", SimpleNamespace(sleep=clock.sleep))
    return clock


def answered(status: int, **headers: str) -> discord.HTTPException:
    return discord.HTTPException(SimpleNamespace(status=status, reason="", headers=headers), "")  # type: ignore[arg-type]


def unreachable() -> aiohttp.ClientConnectorError:
    return aiohttp.ClientConnectorError(SimpleNamespace(ssl=None), OSError(111, "refused"))  # type: ignore[arg-type]


class Failing:
    """Fails as it is told for so many seconds, and then does not."""

    def __init__(self, clock: Clock, seconds: float, error: Callable[[], Exception]) -> None:
        self.clock, self.seconds, self.error = clock, seconds, error
        self.tries: list[float] = []

    async def __call__(self) -> str:
        self.tries.append(self.clock.now)
        if self.clock.now < self.seconds:
            raise self.error()
        return "done"


@pytest.mark.parametrize(
    "error", [lambda: answered(503), lambda: answered(500), unreachable, aiohttp.ServerDisconnectedError]
)
async def test_what_can_be_repeated_is_tried_for_as_long_as_an_interaction_lives(clock: Clock, error) -> None:
    failing = Failing(clock, OUTAGE - 70, error)
    assert await persistently(failing) == "done"
    assert failing.tries[-1] >= OUTAGE - 70


async def test_what_fails_for_longer_than_an_interaction_lives_is_given_up(clock: Clock) -> None:
    failing = Failing(clock, 2 * OUTAGE, unreachable)
    with pytest.raises(aiohttp.ClientConnectorError):
        await persistently(failing)
    assert OUTAGE - 60 < failing.tries[-1] <= OUTAGE


@pytest.mark.parametrize("error", [lambda: answered(500), lambda: answered(504), aiohttp.ServerDisconnectedError])
async def test_a_message_that_may_stand_already_is_not_sent_after_its_nonce_may_be_forgotten(
    clock: Clock, error
) -> None:
    failing = Failing(clock, 300, error)
    with pytest.raises(type(error())):
        await persistently(failing, repeatable=NONCE)
    assert 60 < failing.tries[-1] <= NONCE


@pytest.mark.parametrize("error", [unreachable, lambda: answered(429, **{"Retry-After": "20"})])
async def test_a_message_that_surely_does_not_stand_is_sent_whenever_discord_is_back(clock: Clock, error) -> None:
    failing = Failing(clock, 600, error)
    assert await persistently(failing, repeatable=NONCE) == "done"
    assert failing.tries[-1] >= 600


async def test_how_long_it_is_told_to_wait_it_waits(clock: Clock) -> None:
    failing = Failing(clock, 1, lambda: answered(429, **{"Retry-After": "20"}))
    await persistently(failing)
    assert failing.tries == [0.0, 20.0]


@pytest.mark.parametrize("status", [400, 401, 403, 404])
async def test_what_another_try_can_not_change_is_not_tried_again(clock: Clock, status: int) -> None:
    failing = Failing(clock, 10, lambda: answered(status))
    with pytest.raises(discord.HTTPException):
        await persistently(failing)
    assert failing.tries == [0.0]
