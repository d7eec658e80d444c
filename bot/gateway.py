"""How the bot comes back to Discord's gateway: with the session that it had, so that nothing said meanwhile is lost.

discord.py 2.7 resumes a session after its connection broke. Where it departs from that, or from what Discord's
documentation asks for, this stands in for it:

- an attempt to come back that fails is followed by another one to resume, and not by a new session, to which nothing
  of what was missed is sent, and of which there are 1,000 a day;
- after the close codes 4007 and 4009 there is no session left, and none is tried to be resumed;
- attempts that fail one after the other are made ever later, up to a minute, and a connection that works ends that
  (theirs are made at once where the gateway closes the connection, and up to 17 minutes later where it refuses one);
- a server that removed the bot between two sessions, of which no event tells, counts as left once a new session
  doesn't name it;
- a connection is left when nothing came for one and a half heartbeats of the length that Discord names, and a peer
  that is gone gets some seconds to say goodbye, instead of half a minute in which no event is taken.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import discord
import discord.gateway
import discord.http
import discord.shard
from discord.gateway import DiscordClientWebSocketResponse, DiscordWebSocket, KeepAliveHandler, ReconnectWebSocket
from discord.shard import EventItem, EventType, Shard

if TYPE_CHECKING:
    from discord.types.gateway import ReadyEvent

SESSION_GONE = {4007, 4009}
"""Close codes after which Discord wants a new session: a wrong sequence number, a session that timed out."""

SILENT_BEATS = 1.5
"""Heartbeats' length without a word after which a connection counts as dead."""

GOODBYE = 3.0
"""Seconds that the gateway gets to close a connection that the bot leaves."""

_LONGEST_PAUSE = 60.0


class Pauses:
    """Seconds between attempts that fail one after the other: about 1, 2, 4 and so on, up to a minute."""

    def __init__(self) -> None:
        self._failed = 0

    def delay(self) -> float:
        """Return how long to wait after one more failure."""
        pause = min(_LONGEST_PAUSE, 2.0**self._failed)
        self._failed += 1
        return pause * random.uniform(0.5, 1.0)

    def reset(self) -> None:
        """Begin anew: a connection worked."""
        self._failed = 0


class PersistentShard(Shard):
    """A shard that resumes its session as long as there is one."""

    def __init__(
        self, ws: DiscordWebSocket, client: discord.AutoShardedClient, queue_put: Callable[[EventItem], None]
    ) -> None:
        super().__init__(ws, client, self._put)
        self._put_now = queue_put
        self._pauses = Pauses()
        self._backoff = self._pauses  # type: ignore[assignment]
        self._heard: int | None = None

    def _put(self, item: EventItem) -> None:
        """Ask for another connection: at once after one that worked, and in a while after one that didn't."""
        if item.type not in (EventType.resume, EventType.identify):
            self._put_now(item)
            return
        worked, self._heard = self.ws.sequence != self._heard, self.ws.sequence
        if worked:
            self._pauses.reset()
            self._put_now(item)
        else:
            asyncio.get_running_loop().call_later(self._pauses.delay(), self._put_now, item)

    async def reidentify(self, exc: ReconnectWebSocket) -> None:
        """Come back, with a new session only where there is none to be resumed."""
        if self.ws.socket.close_code in SESSION_GONE:
            self.ws.session_id = self.ws.sequence = None
        await super().reidentify(ReconnectWebSocket(self.id, resume=exc.resume and self.ws.session_id is not None))

    async def reconnect(self) -> None:
        """Come back after an attempt that failed."""
        # The address that the session named may be what is gone
        self.ws.gateway = DiscordWebSocket.DEFAULT_GATEWAY
        await self.reidentify(ReconnectWebSocket(self.id))


class PunctualKeepAlive(KeepAliveHandler):
    """Heartbeats that find a dead connection by the interval that Discord gave for them."""

    def __init__(self, *, ws: DiscordWebSocket, interval: float | None = None, shard_id: int | None = None) -> None:
        if interval:
            ws._max_heartbeat_timeout = SILENT_BEATS * interval
        super().__init__(ws=ws, interval=interval, shard_id=shard_id)


class PromptSocket(DiscordClientWebSocketResponse):
    """A connection that is given up when its other end doesn't close it soon."""

    async def close(self, *, code: int = 4000, message: bytes = b"") -> bool:
        """Close the connection, within seconds."""
        try:
            async with asyncio.timeout(GOODBYE):
                return await super().close(code=code, message=message)
        except TimeoutError:
            return True


def leave_the_gone(state: discord.state.AutoShardedConnectionState[Any]) -> None:
    """Have each new session of a client count the servers that it doesn't name as left."""
    parse_ready = state.parsers["READY"]

    def ready(data: ReadyEvent) -> None:
        named = {int(guild["id"]) for guild in data["guilds"]}
        for guild in list(state.guilds):
            if guild.shard_id == data["shard"][0] and guild.id not in named:
                state._remove_guild(guild)
                state.dispatch("guild_remove", guild)
        parse_ready(data)

    state.parsers["READY"] = ready


def persist() -> None:
    """Have every client of this process come back so."""
    discord.shard.Shard = PersistentShard  # type: ignore[misc]
    discord.gateway.KeepAliveHandler = PunctualKeepAlive  # type: ignore[misc,assignment]
    discord.http.DiscordClientWebSocketResponse = PromptSocket  # type: ignore[attr-defined]
