"""The REST interface: recorded, checked against Discord's limits, and failing where a test says so."""

from __future__ import annotations

import asyncio
import json
import math
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from . import limits
from .world import Channel, Guild, Interaction, Message, Person, new_id

ACKNOWLEDGE_WITHIN = 3.0
TOKEN_LIVES = 15 * 60.0

CALLBACK = r"^/interactions/\d+/[^/]+/callback$"
ORIGINAL = r"/messages/@original$"
FOLLOW_UP = r"^/webhooks/\d+/[^/]+$"
CHANNEL_MESSAGES = r"^/channels/\d+/messages$"


@dataclass
class Request:
    """A request as it came."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    files: dict[str, bytes]
    authorized: bool
    at: float
    status: int = 0
    fault: Fault | None = None

    @property
    def about(self) -> str | None:
        """The id of the interaction or the message that it answers, where it answers one."""
        parts = self.path.split("/")
        if parts[1] == "interactions":
            return parts[2]
        if parts[1] == "webhooks":
            # The fake's tokens hold the interaction's id
            return parts[3].removeprefix("aW50ZXJhY3Rpb24").removesuffix("SeCrEt")
        reference = self.body.get("message_reference") if isinstance(self.body, dict) else None
        return str(reference["message_id"]) if reference else None


@dataclass
class Fault:
    """What the next ``times`` requests that match meet instead of an answer, or before it."""

    method: str
    path: str
    status: int | None = None
    applied: bool = False
    """The request takes effect, and the client is told ``status`` all the same."""
    retry_after: float = 0.05
    everywhere: bool = False
    edge: bool = False
    """The answer comes from what stands before Discord, which speaks no JSON."""
    code: int = 0
    """Discord's code beside the status."""
    drop: bool = False
    """The connection breaks off before the answer; the request takes effect."""
    lost: bool = False
    """The connection breaks off before the request has come through."""
    stall: float = 0.0
    """Seconds that the answer is late."""
    stalled_first: bool = False
    """The request takes effect that late as well."""
    fresh: bool = False
    """Only what answers a question that no fault has met before."""
    times: int = 1
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    release: asyncio.Event | None = None
    """Where there is one, the request waits until it is set."""


SEEN = web.RequestKey("seen", Request)


def _json(data: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    # With a charset beside it, discord.py would hand the body on as a string
    body = json.dumps(data).encode()
    return web.Response(body=body, status=status, content_type="application/json", headers=headers)


def _error(status: int, code: int, message: str, **more: Any) -> web.Response:
    return _json({"code": code, "message": message} | more, status=status)


class Rest:
    """Routes under ``/api``. What a client sent wrongly is a sentence in ``problems``."""

    def __init__(self, token: str, application_id: int, bot: Person, changed: Callable[[], None]) -> None:
        self.token = token
        self.application_id = application_id
        self.bot = bot
        self.gateway_url = ""
        self.shards = 1
        self.guilds: list[Guild] = []
        self.channels: dict[int, Channel] = {}
        self.direct: dict[int, Channel] = {}
        self.messages: dict[int, Message] = {}
        self.interactions: dict[str, Interaction] = {}
        self.commands: list[dict[str, Any]] = []
        self.syncs: list[list[dict[str, Any]]] = []
        self.files: dict[str, bytes] = {}
        self.requests: list[Request] = []
        self.faults: list[Fault] = []
        self._hit: set[str | None] = set()
        self.problems: list[str] = []
        self.unknown_interactions = 0
        self.refused = 0
        self._changed = changed

    def routes(self) -> list[web.RouteDef]:
        """Return the routes, without the prefix."""
        hook = "/webhooks/{application}/{token}"
        message = "/channels/{channel}/messages/{message}"
        return [
            web.get("/users/@me", self._me),
            web.get("/applications/@me", self._application),
            web.get("/oauth2/applications/@me", self._application),
            web.get("/gateway/bot", self._gateway),
            web.put("/applications/{application}/commands", self._sync),
            web.get("/applications/{application}/commands", self._synced),
            web.post("/interactions/{interaction}/{token}/callback", self._callback),
            web.get(f"{hook}/messages/@original", self._original),
            web.patch(f"{hook}/messages/@original", self._edit_original),
            web.delete(f"{hook}/messages/@original", self._delete_original),
            web.post(hook, self._follow_up),
            web.patch(f"{hook}/messages/{{message}}", self._edit_follow_up),
            web.delete(f"{hook}/messages/{{message}}", self._delete_message),
            web.post("/users/@me/channels", self._open_direct),
            web.get("/channels/{channel}", self._channel),
            web.post("/channels/{channel}/typing", self._typing),
            web.post("/channels/{channel}/messages", self._send),
            web.get(message, self._message),
            web.patch(message, self._edit),
            web.delete(message, self._delete_message),
        ]

    # -- before and after every request

    @web.middleware
    async def middleware(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if not request.path.startswith("/api"):
            return await handler(request)
        body, files = await _read(request)
        path = re.sub(r"^/api(/v\d+)?", "", request.path)
        authorized = request.headers.get("Authorization") == f"Bot {self.token}"
        seen = Request(request.method, path, dict(request.query), body, files, authorized, time.monotonic())
        self.requests.append(seen)
        request[SEEN] = seen
        fault = next((fault for fault in self.faults if self._meets(fault, seen)), None)
        if fault is not None:
            seen.fault = fault
            self._hit.add(seen.about)
            fault.times -= 1
            fault.arrived.set()
        self._changed()
        response = await self._answer(request, handler, fault)
        seen.status = response.status
        if response.status in (401, 403, 429):
            self.refused += 1
        self._changed()
        return response

    def _meets(self, fault: Fault, seen: Request) -> bool:
        if not fault.times or fault.method != seen.method or not re.search(fault.path, seen.path):
            return False
        return not fault.fresh or seen.about not in self._hit

    async def _answer(
        self,
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
        fault: Fault | None,
    ) -> web.StreamResponse:
        seen = request[SEEN]
        if fault is not None and fault.release is not None:
            await fault.release.wait()
        if fault is not None and (fault.drop or fault.lost) and request.transport is not None:
            request.transport.abort()
        if fault is not None and fault.lost:
            return web.Response(status=499)
        if fault is not None and fault.stalled_first:
            await asyncio.sleep(fault.stall)
            seen.at = time.monotonic()
        if fault is None or fault.status is None or fault.applied:
            needs_token = not re.match(r"^/(interactions|webhooks)/", seen.path)
            if needs_token and not seen.authorized:
                return _json({"message": "401: Unauthorized", "code": 0}, status=401)
            response = await self._handled(request, handler)
            if fault is not None and not fault.stalled_first:
                await asyncio.sleep(fault.stall)
            if fault is None or fault.status is None:
                return response
        if fault.edge:
            late = {"Retry-After": str(math.ceil(fault.retry_after))} if fault.status == 429 else {}
            return web.Response(status=fault.status, text="<html>error</html>", content_type="text/html", headers=late)
        if fault.status == 429:
            headers = {"Via": "1.1 fake", "Retry-After": str(fault.retry_after)}
            headers |= {"X-RateLimit-Global": "true"} if fault.everywhere else {"X-RateLimit-Scope": "user"}
            limited = {
                "message": "You are being rate limited.",
                "retry_after": fault.retry_after,
                "global": fault.everywhere,
            }
            return _json(limited, status=429, headers=headers)
        return _error(fault.status, fault.code, f"{fault.status}: told to fail")

    async def _handled(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        seen = request[SEEN]
        try:
            return await handler(request)
        except web.HTTPException as error:
            self.problems.append(f"{seen.method} {seen.path} is no route: {error.status}")
            return _error(error.status, 0, f"{error.status}: {error.reason}")
        except Exception as error:
            self.problems.append(f"{seen.method} {seen.path} broke the fake: {error!r}")
            raise

    def _check(self, request: web.Request, problems: list[str]) -> web.Response | None:
        if not problems:
            return None
        seen = request[SEEN]
        self.problems += [f"{seen.method} {seen.path}: {problem}" for problem in problems]
        return _error(400, 50035, "Invalid Form Body", errors={"_errors": problems})

    def _promises(self, request: web.Request, body: dict[str, Any]) -> None:
        """Note what Discord would take and Quoth promises never to send."""
        mentions = body.get("allowed_mentions")
        if mentions is None or any(mentions.get(kind) for kind in ("parse", "users", "roles", "replied_user")):
            seen = request[SEEN]
            self.problems.append(f"{seen.method} {seen.path}: allowed_mentions is {mentions!r}, not none")

    # -- the application

    async def _me(self, request: web.Request) -> web.Response:
        return _json(self.bot.user() | {"verified": True, "mfa_enabled": True, "flags": 0, "email": None})

    async def _application(self, request: web.Request) -> web.Response:
        owner = Person("operator")
        return _json(
            {
                "id": str(self.application_id),
                "name": self.bot.name,
                "icon": None,
                "description": "",
                "bot_public": True,
                "bot_require_code_grant": False,
                "verify_key": "00" * 32,
                "flags": 0,
                "owner": owner.user(),
                "team": None,
                "rpc_origins": [],
                "summary": "",
            }
        )

    async def _gateway(self, request: web.Request) -> web.Response:
        limit = {"total": 1000, "remaining": 999, "reset_after": 14_400_000, "max_concurrency": 1}
        return _json({"url": self.gateway_url, "shards": self.shards, "session_start_limit": limit})

    async def _sync(self, request: web.Request) -> web.Response:
        seen = request[SEEN]
        refused = self._check(request, limits.command_problems(seen.body))
        if refused is not None:
            return refused
        self.syncs.append(seen.body)
        ids = {(c["name"], c["type"]): c["id"] for c in self.commands}
        self.commands = [
            {"application_id": str(self.application_id), "version": str(new_id()), "description": "", "type": 1}
            | command
            | {"id": ids.get((command["name"], command.get("type", 1)), str(new_id()))}
            for command in seen.body
        ]
        return _json(self.commands)

    async def _synced(self, request: web.Request) -> web.Response:
        return _json(self.commands)

    # -- interactions

    async def _callback(self, request: web.Request) -> web.Response:
        seen = request[SEEN]
        interaction = self.interactions.get(request.match_info["token"])
        if interaction is None or str(interaction.id) != request.match_info["interaction"]:
            return self._unknown_interaction()
        if interaction.callback is not None:
            return _error(400, 40060, "Interaction has already been acknowledged.")
        if seen.at - interaction.sent > ACKNOWLEDGE_WITHIN:
            return self._unknown_interaction()
        refused = self._check(request, limits.callback_problems(interaction.kind, seen.body, len(seen.files)))
        if refused is not None:
            return refused
        interaction.acknowledged, interaction.callback = seen.at, seen.body
        kind, data = seen.body["type"], seen.body.get("data") or {}
        if kind in (4, 7):
            self._promises(request, data)
        if kind in (4, 5):
            flags = data.get("flags", 0)
            interaction.original = self._keep(Message(interaction.channel, self.bot, webhook=self.application_id))
            interaction.original.flags = flags
            interaction.original.seen_by = interaction.person if flags & limits.EPHEMERAL else None
            interaction.original.apply(data)
            interaction.original.loading = kind == 5
        elif kind in (6, 7):
            interaction.original = interaction.message
            if kind == 7 and interaction.message is not None:
                interaction.message.apply(data)
                interaction.message.edits += 1
        if kind not in (5, 6):
            interaction.finished = seen.at
        if request.query.get("with_response") not in ("1", "true"):
            return web.Response(status=204)
        return _json(self._callback_response(interaction, kind))

    def _callback_response(self, interaction: Interaction, kind: int) -> dict[str, Any]:
        about: dict[str, Any] = {"id": str(interaction.id), "type": interaction.kind}
        response: dict[str, Any] = {"interaction": about}
        if kind in (4, 5, 6, 7) and interaction.original is not None:
            message = interaction.original
            about |= {
                "response_message_id": str(message.id),
                "response_message_loading": message.loading,
                "response_message_ephemeral": interaction.ephemeral,
            }
            response["resource"] = {"type": kind, "message": message.payload()}
        return response

    def _unknown_interaction(self) -> web.Response:
        self.unknown_interactions += 1
        return _error(404, 10062, "Unknown interaction")

    def _hook(self, request: web.Request) -> Interaction | None:
        interaction = self.interactions.get(request.match_info["token"])
        if interaction is None or interaction.callback is None:
            return None
        return interaction if time.monotonic() - interaction.sent < TOKEN_LIVES else None

    async def _original(self, request: web.Request) -> web.Response:
        interaction = self._hook(request)
        if interaction is None or interaction.original is None or interaction.original.deleted:
            return _error(404, 10008, "Unknown Message")
        return _json(interaction.original.payload())

    async def _edit_original(self, request: web.Request) -> web.Response:
        interaction = self._hook(request)
        if interaction is None:
            return _error(404, 10015, "Unknown Webhook")
        if interaction.original is None or interaction.original.deleted:
            return _error(404, 10008, "Unknown Message")
        return self._edited(request, interaction.original, interaction)

    def _edited(self, request: web.Request, message: Message, interaction: Interaction | None = None) -> web.Response:
        seen = request[SEEN]
        where = "interaction" if interaction else "sent"
        problems = limits.message_problems(seen.body, files=len(seen.files), edit=True, where=where)
        refused = self._check(request, problems)
        if refused is not None:
            return refused
        self._promises(request, seen.body)
        message.apply(seen.body)
        message.edits += 1
        if interaction is not None:
            interaction.finished = seen.at
        return _json(message.payload())

    async def _delete_original(self, request: web.Request) -> web.Response:
        interaction = self._hook(request)
        if interaction is None or interaction.original is None or interaction.original.deleted:
            return _error(404, 10008, "Unknown Message")
        interaction.original.deleted = True
        return web.Response(status=204)

    async def _follow_up(self, request: web.Request) -> web.Response:
        seen = request[SEEN]
        interaction = self._hook(request)
        if interaction is None:
            return _error(404, 10015, "Unknown Webhook")
        refused = self._check(request, limits.message_problems(seen.body, files=len(seen.files), where="interaction"))
        if refused is not None:
            return refused
        self._promises(request, seen.body)
        interaction.finished = seen.at
        if interaction.original is not None and interaction.original.loading:
            # The first follow-up after "thinking" becomes the reply, and is as private as that was
            interaction.original.apply(seen.body)
            return _json(interaction.original.payload())
        message = self._keep(Message(interaction.channel, self.bot, webhook=self.application_id))
        message.apply(seen.body)
        message.flags = seen.body.get("flags", 0)
        message.seen_by = interaction.person if message.flags & limits.EPHEMERAL else None
        interaction.followups.append(message)
        return _json(message.payload())

    async def _edit_follow_up(self, request: web.Request) -> web.Response:
        interaction, message = self._hook(request), self._found(request)
        if interaction is None or message is None:
            return _error(404, 10008, "Unknown Message")
        return self._edited(request, message, interaction)

    # -- channels and messages

    def _keep(self, message: Message) -> Message:
        self.messages[message.id] = message
        return message

    def _found(self, request: web.Request) -> Message | None:
        message = self.messages.get(int(request.match_info["message"]))
        return None if message is None or message.deleted else message

    async def _open_direct(self, request: web.Request) -> web.Response:
        seen = request[SEEN]
        person = int(seen.body["recipient_id"])
        if person not in self.direct:
            return _error(403, 50007, "Cannot send messages to this user")
        return _json(self.direct[person].payload())

    async def _channel(self, request: web.Request) -> web.Response:
        channel = self.channels.get(int(request.match_info["channel"]))
        if channel is None:
            return _error(404, 10003, "Unknown Channel")
        return _json(channel.payload())

    async def _typing(self, request: web.Request) -> web.Response:
        return web.Response(status=204)

    async def _send(self, request: web.Request) -> web.Response:
        seen = request[SEEN]
        channel = self.channels.get(int(request.match_info["channel"]))
        if channel is None:
            return _error(404, 10003, "Unknown Channel")
        refused = self._check(request, limits.message_problems(seen.body, files=len(seen.files)))
        if refused is not None:
            return refused
        self._promises(request, seen.body)
        nonce = seen.body.get("nonce")
        if nonce is not None and seen.body.get("enforce_nonce"):
            for message in self.messages.values():
                if message.nonce == str(nonce) and message.channel is channel and message.author is self.bot:
                    return _json(message.payload())
        reference = seen.body.get("message_reference")
        replied = self.messages.get(int(reference["message_id"])) if reference else None
        if reference and replied is None and reference.get("fail_if_not_exists", True):
            return _error(400, 50035, "Invalid Form Body")
        message = self._keep(Message(channel, self.bot, reply_to=replied, nonce=None if nonce is None else str(nonce)))
        message.apply(seen.body)
        return _json(message.payload())

    async def _message(self, request: web.Request) -> web.Response:
        message = self._found(request)
        return _json(message.payload()) if message else _error(404, 10008, "Unknown Message")

    async def _edit(self, request: web.Request) -> web.Response:
        message = self._found(request)
        if message is None:
            return _error(404, 10008, "Unknown Message")
        if message.author is not self.bot:
            return _error(403, 50005, "Cannot edit a message authored by another user")
        return self._edited(request, message)

    async def _delete_message(self, request: web.Request) -> web.Response:
        message = self._found(request)
        if message is None:
            return _error(404, 10008, "Unknown Message")
        message.deleted = True
        return web.Response(status=204)

    # -- attachments

    async def file(self, request: web.Request) -> web.Response:
        """Serve an attachment, as the content delivery network does."""
        data = self.files.get(request.path)
        return web.Response(status=404) if data is None else web.Response(body=data)


async def _read(request: web.Request) -> tuple[Any, dict[str, bytes]]:
    if request.content_type.startswith("multipart/"):
        body: Any = None
        files: dict[str, bytes] = {}
        reader = await request.multipart()
        async for part in reader:
            data = await part.read()  # type: ignore[union-attr]
            if part.name == "payload_json":  # type: ignore[union-attr]
                body = json.loads(data)
            else:
                files[part.filename or part.name or ""] = bytes(data)  # type: ignore[union-attr]
        return body or {}, files
    text = await request.text()
    return (json.loads(text) if text else None), {}
