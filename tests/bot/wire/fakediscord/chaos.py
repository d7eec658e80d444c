"""Chaos: every way in which Discord and the way to it fail, one after the other in an order that a seed decides."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from .gateway import Session
from .rest import CALLBACK, CHANNEL_MESSAGES, ORIGINAL, Fault
from .server import FakeDiscord
from .world import Guild

PATIENCE = 180.0
"""Seconds within which the bot has to be back after a connection was lost."""

STALL = 10.0

MOST_TRIES = 20
"""Connections that a bot may try to make while the gateway takes none, for 75 s at most."""

REQUESTS = {"acknowledgement": ("POST", CALLBACK), "answer": ("PATCH", ORIGINAL), "reply": ("POST", CHANNEL_MESSAGES)}
"""What faults of the REST interface hit."""

FAILURES: dict[str, dict[str, Any]] = {
    "10 s before the effect": {"stall": STALL, "stalled_first": True},
    "10 s before the answer": {"stall": STALL},
    "429": {"status": 429, "retry_after": 1.5},
    "429 for all routes": {"status": 429, "retry_after": 1.5, "everywhere": True},
    "429 of the edge": {"status": 429, "retry_after": 1.5, "edge": True},
    "500": {"status": 500},
    "500 after the effect": {"status": 500, "applied": True},
    "502 of the edge": {"status": 502, "edge": True},
    "503": {"status": 503},
    "lost request": {"lost": True},
    "lost answer": {"drop": True},
}
"""How they fail."""

EXPIRED = {
    "acknowledgement: interaction unknown": ("POST", CALLBACK, {"status": 404, "code": 10062}),
    "answer: token expired": ("PATCH", ORIGINAL, {"status": 404, "code": 10015}),
}


@dataclass
class Chaos:
    """Faults for a bot in one server, until a time is over and each was there once.

    ``brisk`` leaves out what takes minutes and waits for nothing between the faults. ``made`` counts them.
    """

    fake: FakeDiscord
    guild: Guild
    seed: int = 1
    brisk: bool = False
    made: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    async def run(self, seconds: float) -> None:
        """Make faults for so many seconds, and go on until each was made once."""
        end = time.monotonic() + seconds
        async with asyncio.TaskGroup() as group:
            group.create_task(self._rounds(self._on_the_gateway(), end, (2.0, 8.0)))
            group.create_task(self._rounds(self._on_rest(), end, (1.0, 4.0)))

    async def _rounds(
        self, kinds: dict[str, Callable[[], Awaitable[None]]], end: float, gap: tuple[float, float]
    ) -> None:
        names = list(kinds)
        while True:
            for name in names:
                if not self.brisk and time.monotonic() > end and self.made.keys() >= kinds.keys():
                    return
                await kinds[name]()
                self.made[name] += 1
                await asyncio.sleep(0.1 if self.brisk else self._random.uniform(*gap))
            if time.monotonic() > end:
                return
            self._random.shuffle(names)

    # -- the gateway

    def _on_the_gateway(self) -> dict[str, Callable[[], Awaitable[None]]]:
        gateway = self.fake.gateway
        kinds: dict[str, Callable[[], Awaitable[None]]] = {
            "half-open": lambda: self._loses("half-open", gateway.silence),
            "op 7": lambda: self._loses("op 7", gateway.ask_to_reconnect),
            "op 9, resumable": lambda: self._loses("op 9, resumable", lambda s: gateway.invalidate(s, resumable=True)),
            "op 9": lambda: self._loses("op 9", lambda s: gateway.invalidate(s, resumable=False)),
            "dropped": lambda: self._loses("dropped", gateway.drop),
            "repeated events": self._repeats,
            "heartbeats unanswered": self._leaves_heartbeats,
            "session lost meanwhile": self._forgets,
        }
        for code in (1001, 4000, 4008, 4009):
            kinds[f"close {code}"] = self._closes(code)
        for how in ("refused", "closed", "stalled"):
            kinds[f"new connections {how}"] = self._shuts(how)
        if not self.brisk:
            kinds["close 1000"] = self._closes(1000)
            kinds["close 4007"] = self._closes(4007)
            kinds["op 9, new connections refused"] = self._shuts("refused", lost=True)
        return kinds

    async def _loses(self, cause: str, how: Callable[[Session], Awaitable[None] | None]) -> None:
        """Have the bot lose its connection, and wait until it is back."""
        session = await self._session()
        before = len(self.fake.gateway.arrivals)
        self.fake.gateway.cause = cause
        doing = how(session)
        if doing is not None:
            await doing
        await self._is_back(before, cause)

    async def _session(self) -> Session:
        await self.fake.until(self._is_connected, "the bot is connected", PATIENCE)
        session = self.fake.gateway.session(self.guild)
        assert session is not None
        return session

    def _is_connected(self) -> bool:
        session = self.fake.gateway.session(self.guild)
        return session is not None and session.socket is not None

    async def _is_back(self, before: int, cause: str) -> None:
        def back() -> bool:
            return len(self.fake.gateway.arrivals) > before and self._is_connected()

        await self.fake.until(back, f"the bot is back after {cause}", PATIENCE)

    def _closes(self, code: int) -> Callable[[], Awaitable[None]]:
        return lambda: self._loses(f"close {code}", lambda session: self.fake.gateway.close(session, code))

    def _shuts(self, how: str, *, lost: bool = False) -> Callable[[], Awaitable[None]]:
        """Drop the connection, and every new one for a while."""

        async def shut() -> None:
            gateway, cause = self.fake.gateway, f"new connections {how}{', session lost' if lost else ''}"
            session, before, connections = await self._session(), len(gateway.arrivals), gateway.connections
            gateway.cause, gateway.shut = cause, how
            if lost:
                await gateway.invalidate(session, resumable=False)
            gateway.drop(session)
            await self.fake.until(lambda: gateway.connections > connections, "the bot comes back", PATIENCE)
            await asyncio.sleep(1.0 if self.brisk else self._random.choice((5.0, 20.0, 75.0)))
            gateway.shut = None
            tried = gateway.connections - connections
            assert tried <= MOST_TRIES, f"{tried} connections within a minute while new ones were {how}"
            await self._is_back(before, cause)

        return shut

    async def _repeats(self) -> None:
        """Send events again, on the RESUME after a drop, that the bot has already."""
        session = await self._session()
        self.fake.gateway.replay_extra = min(100, len(session.events) - 1)
        await self._loses("dropped, with events repeated", self.fake.gateway.drop)

    async def _leaves_heartbeats(self) -> None:
        """Acknowledge no heartbeats for a while, though events come."""
        self.fake.gateway.answer_heartbeats = False
        await asyncio.sleep(1.5 * self.fake.gateway.heartbeat_ms / 1000)
        self.fake.gateway.answer_heartbeats = True

    async def _forgets(self) -> None:
        """Drop the connection, and refuse the RESUME with op 9."""

        def forget(session: Session) -> None:
            session.resumable = False
            self.fake.gateway.drop(session)

        await self._loses("session lost meanwhile", forget)

    # -- REST

    def _on_rest(self) -> dict[str, Callable[[], Awaitable[None]]]:
        kinds: dict[str, Callable[[], Awaitable[None]]] = {}
        for failure, how in FAILURES.items():
            for what, (method, path) in REQUESTS.items():
                kinds[f"{what}: {failure}"] = self._fails(method, path, how)
        for name, (method, path, how) in EXPIRED.items():
            kinds[name] = self._fails(method, path, how)
        if not self.brisk:
            kinds["everything: 503 for 40 s"] = self._is_out
        return kinds

    def _fails(self, method: str, path: str, how: dict[str, Any]) -> Callable[[], Awaitable[None]]:
        async def fail() -> None:
            fault = self.fake.fault(method, path, fresh=True, **how)
            await self.fake.until(lambda: not fault.times, f"{method} {path} is hit", PATIENCE)
            self.fake.rest.faults.remove(fault)

        return fail

    async def _is_out(self) -> None:
        """Answer each request with 503."""
        faults = [Fault(method, "", status=503, times=1_000_000) for method in ("GET", "POST", "PATCH", "DELETE")]
        self.fake.rest.faults += faults
        await asyncio.sleep(40)
        self.fake.rest.faults = [fault for fault in self.fake.rest.faults if fault not in faults]
