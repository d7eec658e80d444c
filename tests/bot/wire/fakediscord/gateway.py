"""The gateway: sessions over WebSockets, with heartbeats, RESUME and its replay, and every way to lose a connection."""

from __future__ import annotations

import asyncio
import json
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from .world import Guild, Person, new_id

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 0, 1, 2, 6, 7, 9, 10, 11

DIRECT = {"MESSAGE_CREATE": 1 << 12, "MESSAGE_UPDATE": 1 << 12, "MESSAGE_DELETE": 1 << 12}
IN_GUILDS = {"MESSAGE_CREATE": 1 << 9, "MESSAGE_UPDATE": 1 << 9, "MESSAGE_DELETE": 1 << 9, "GUILD_CREATE": 1}
"""The intent without which an event is not sent, in direct messages and in servers."""

SESSION_GONE = {4007, 4009}
"""Close codes after which a session can't be resumed."""


class Socket:
    """One WebSocket, compressed as the client asked for."""

    def __init__(self, ws: web.WebSocketResponse, request: web.Request) -> None:
        self._ws = ws
        self._transport = request.transport
        self._deflate = zlib.compressobj() if request.query.get("compress") == "zlib-stream" else None
        self._sending = asyncio.Lock()
        self.silent = False
        """The other end's packets vanish: nothing is sent any more, and what comes is not heard."""

    @property
    def gone(self) -> bool:
        return self._transport is None or self._transport.is_closing()

    async def send(self, payload: dict[str, Any]) -> None:
        """Send, or lose the payload as a network would when the socket is gone."""
        text = json.dumps(payload)
        async with self._sending:
            if self._ws.closed or self.silent:
                return
            try:
                if self._deflate is None:
                    await self._ws.send_str(text)
                else:
                    data = self._deflate.compress(text.encode()) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
                    await self._ws.send_bytes(data)
            except ConnectionError:
                return

    async def close(self, code: int) -> None:
        await self._ws.close(code=code)

    def drop(self) -> None:
        """Tear the connection down without a close frame."""
        if self._transport is not None:
            self._transport.abort()


@dataclass
class Session:
    """What a client resumes: every event since it began, numbered from 1."""

    id: str
    shard: tuple[int, int]
    intents: int
    socket: Socket | None
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    resumable: bool = True
    numbers: dict[str, int] = field(default_factory=dict)
    """The number of the event that brought a message or an interaction, by its id."""
    received: int = 0
    """The number of the last event that the client certainly has."""

    async def dispatch(self, event: str, data: dict[str, Any]) -> None:
        self.events.append((event, data))
        self.numbers[str(data.get("id"))] = len(self.events)
        await self._send(len(self.events))

    async def replay(self, after: int) -> None:
        """Send again every event after the number ``after``."""
        for number in range(after + 1, len(self.events) + 1):
            await self._send(number)

    async def _send(self, number: int) -> None:
        event, data = self.events[number - 1]
        if self.socket is not None:
            await self.socket.send({"op": DISPATCH, "t": event, "s": number, "d": data})


@dataclass(frozen=True)
class Arrival:
    """An IDENTIFY or a RESUME: when (monotonic clock), after what was done to the client, and whether it had to be."""

    op: int
    at: float
    cause: str
    forced: bool


class Gateway:
    """All sessions of the fake. What a client sent wrongly is a sentence in ``problems``."""

    def __init__(self, token: str, application_id: int, bot: Person, changed: Callable[[], None]) -> None:
        self.url = ""
        self.token = token
        self.application_id = application_id
        self.bot = bot
        self.guilds: list[Guild] = []
        self.sessions: list[Session] = []
        self.every_session: list[Session] = []
        self.arrivals: list[Arrival] = []
        self.cause = "the start"
        """What was done last, in words: why a client comes (back)."""
        self.received: list[dict[str, Any]] = []
        self.identified: list[float] = []
        self.beats: list[float] = []
        self.resumed = 0
        self.connections = 0
        self.problems: list[str] = []
        self.heartbeat_ms = 10_000
        self.answer_heartbeats = True
        self.replay_extra = 0
        """How many events that a client already had are sent again on its next RESUME."""
        self.shut: str | None = None
        """How a new connection is met: "refused" (502), "closed" before HELLO, or "stalled" without a word."""
        self._changed = changed

    # -- what tests do to it

    def session(self, guild: Guild | None) -> Session | None:
        """Return the newest session whose shard has ``guild`` (direct messages: shard 0)."""
        for session in reversed(self.sessions):
            number, count = session.shard
            if number == ((guild.id >> 22) % count if guild else 0) and session.resumable:
                return session
        return None

    async def dispatch(self, event: str, data: dict[str, Any], guild: Guild | None) -> None:
        """Send an event to the shard that it belongs to, or keep it for its RESUME."""
        session = self.session(guild)
        assert session is not None, f"no client is identified for {guild.name if guild else 'direct messages'}"
        needed = (IN_GUILDS if guild else DIRECT).get(event, 0)
        if needed & session.intents == needed:
            await session.dispatch(event, data)

    async def ask_to_reconnect(self, session: Session) -> None:
        """Op 7: the client should come back and resume."""
        if session.socket is not None:
            await session.socket.send({"op": RECONNECT, "d": None})

    async def invalidate(self, session: Session, *, resumable: bool) -> None:
        """Op 9."""
        session.resumable = session.resumable and resumable
        self._is_heard(session)
        if session.socket is not None:
            await session.socket.send({"op": INVALID_SESSION, "d": resumable})

    def drop(self, session: Session) -> None:
        """The network fails: no close frame."""
        if session.socket is not None:
            session.socket.drop()
            session.socket = None

    async def close(self, session: Session, code: int) -> None:
        """Close the socket with one of Discord's codes; 4004, 4010 to 4014 forbid to come back."""
        session.resumable = session.resumable and code not in SESSION_GONE
        self._is_heard(session)
        if session.socket is not None:
            await session.socket.close(code)
            session.socket = None

    def silence(self, session: Session) -> None:
        """Leave the connection half open: TCP stays up, nothing comes, and nothing is heard."""
        if session.socket is not None:
            session.socket.silent = True
            session.socket = None

    def _is_heard(self, session: Session) -> None:
        """Note that a client has every event that it was sent before it is told to leave."""
        if session.socket is not None and not session.socket.silent:
            session.received = len(session.events)

    # -- the protocol

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.connections += 1
        self._changed()
        while self.shut == "stalled":
            await asyncio.sleep(0.05)
        if self.shut == "refused" or request.transport is None:
            # Or the client gave up waiting
            return web.Response(status=502)
        ws = web.WebSocketResponse(max_msg_size=0, autoping=True, autoclose=False)
        await ws.prepare(request)
        if self.shut == "closed":
            await ws.close(code=1001)
            return ws
        if request.query.get("v") != "10" or request.query.get("encoding") != "json":
            self.problems.append(f"the gateway was asked for {dict(request.query)}")
        socket, session = Socket(ws, request), None
        await socket.send({"op": HELLO, "d": {"heartbeat_interval": self.heartbeat_ms, "_trace": []}})
        async for frame in ws:
            if socket.silent:
                continue
            if frame.type is not WSMsgType.TEXT:
                break
            if len(frame.data.encode()) > 4_096:
                self.problems.append(f"a gateway payload of {len(frame.data)} characters")
            payload = json.loads(frame.data)
            self.received.append(payload)
            session = await self._received(socket, session, payload["op"], payload.get("d"))
            self._changed()
        while socket.silent and not socket.gone:
            await asyncio.sleep(0.05)
        await ws.close()
        if session is not None and session.socket is socket:
            session.socket = None
        self._changed()
        return ws

    async def _received(self, socket: Socket, session: Session | None, op: int, data: Any) -> Session | None:
        if op == HEARTBEAT:
            self.beats.append(time.monotonic())
            if session is not None and session.socket is socket:
                session.received = max(session.received, data or 0)
            if self.answer_heartbeats:
                await socket.send({"op": HEARTBEAT_ACK})
        elif op == IDENTIFY:
            return await self._identify(socket, data)
        elif op == RESUME:
            return await self._resume(socket, data)
        elif session is None:
            await socket.close(4003)
        elif op not in (3, 4, 8):
            self.problems.append(f"op {op} was sent")
            await socket.close(4001)
        return session

    async def _identify(self, socket: Socket, data: dict[str, Any]) -> Session | None:
        self.identified.append(time.monotonic())
        if data.get("token") != self.token:
            await socket.close(4004)
            return None
        if any(name not in data["properties"] for name in ("os", "browser", "device")):
            self.problems.append(f"IDENTIFY names its properties {data['properties']}")
        number, count = data.get("shard") or (0, 1)
        if not 0 <= number < count:
            await socket.close(4010)
            return None
        session = Session(f"session{new_id()}", (number, count), data["intents"], socket)
        before = next((s for s in self.sessions if s.shard == session.shard), None)
        self.arrivals.append(Arrival(IDENTIFY, time.monotonic(), self.cause, before is None or not before.resumable))
        self.every_session.append(session)
        self.sessions = [s for s in self.sessions if s.shard != session.shard] + [session]
        mine = [guild for guild in self.guilds if (guild.id >> 22) % count == number]
        ready = {
            "v": 10,
            "user": self.bot.user() | {"verified": True, "mfa_enabled": True, "flags": 0, "email": None},
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in mine],
            "session_id": session.id,
            "resume_gateway_url": self.url,
            "shard": [number, count],
            "application": {"id": str(self.application_id), "flags": 0},
            "private_channels": [],
            "relationships": [],
        }
        await session.dispatch("READY", ready)
        for guild in mine:
            await session.dispatch("GUILD_CREATE", guild.payload(self.bot))
        return session

    async def _resume(self, socket: Socket, data: dict[str, Any]) -> Session | None:
        session = next((s for s in self.sessions if s.id == data.get("session_id")), None)
        self.arrivals.append(Arrival(RESUME, time.monotonic(), self.cause, True))
        if data.get("token") != self.token:
            await socket.close(4004)
            return None
        if session is not None:
            session.received = max(session.received, data.get("seq") or 0)
        if session is None or not session.resumable:
            await socket.send({"op": INVALID_SESSION, "d": False})
            return None
        seq = data.get("seq") or 0
        if seq > len(session.events):
            session.resumable = False
            await socket.close(4007)
            return None
        session.socket = socket
        extra, self.replay_extra = self.replay_extra, 0
        await session.replay(max(1, seq - extra))
        self.resumed += 1
        await session.dispatch("RESUMED", {"_trace": []})
        return session
