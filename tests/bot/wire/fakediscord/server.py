"""The fake Discord as a whole: started on loopback, driven by a test as people drive Discord."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from aiohttp import web

from .gateway import Gateway
from .rest import Fault, Rest
from .world import Channel, Guild, Interaction, Message, Person, guild_id_of_shard, new_id

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL = 2, 3, 4, 5
SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN = 1, 2, 3, 4, 5


class FakeDiscord:
    """One application in some servers. ``problems`` holds every sentence about what the bot sent wrongly.

    Only the host is fake: payloads, limits, error codes, deadlines and the gateway's protocol are as documented.
    """

    def __init__(self, *, token: str = "MTIzNDU2Nzg5.GabcDE.fake-token-for-the-loopback", shards: int = 1) -> None:
        self.application_id = new_id()
        self.bot = Person("quoth", id=self.application_id, bot=True)
        self.token = token
        self._changed = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        self.gateway = Gateway(token, self.application_id, self.bot, self._notify)
        self.rest = Rest(token, self.application_id, self.bot, self._notify)
        self.rest.shards = shards
        self.gateway.guilds = self.rest.guilds = []
        self._runner: web.AppRunner | None = None
        self.host = ""

    # -- life

    async def __aenter__(self) -> FakeDiscord:
        api = web.Application(client_max_size=64 * 2**20, middlewares=[self.rest.middleware])
        for version in ("", "/v10"):
            for route in self.rest.routes():
                api.router.add_route(route.method, f"/api{version}{route.path}", route.handler)
        api.router.add_get("/gateway/", self.gateway.handle)
        api.router.add_get("/gateway", self.gateway.handle)
        api.router.add_get("/attachments/{tail:.*}", self.rest.file)
        self._runner = web.AppRunner(api, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.host = f"127.0.0.1:{port}"
        self.gateway.url = self.rest.gateway_url = self.gateway_url
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for fault in self.rest.faults:
            if fault.release is not None:
                fault.release.set()
        for session in self.gateway.sessions:
            self.gateway.drop(session)
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def api_base(self) -> str:
        return f"http://{self.host}/api/v10"

    @property
    def gateway_url(self) -> str:
        return f"ws://{self.host}/gateway/"

    @property
    def problems(self) -> list[str]:
        return self.rest.problems + self.gateway.problems

    def forget(self) -> None:
        """Begin a test's own records: requests, problems and faults."""
        self.rest.requests.clear()
        self.rest.problems.clear()
        self.rest.faults.clear()
        self.gateway.problems.clear()

    # -- waiting

    def _notify(self) -> None:
        async def notify() -> None:
            async with self._changed:
                self._changed.notify_all()

        task = asyncio.get_running_loop().create_task(notify())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def until(self, holds: Callable[[], bool], what: str, patience: float = 20.0) -> None:
        """Wait until ``holds``, looking again after everything that the bot sends; ``patience`` in seconds."""
        try:
            async with asyncio.timeout(patience), self._changed:
                await self._changed.wait_for(holds)
        except TimeoutError:
            last = [f"{r.method} {r.path} {r.status}" for r in self.rest.requests[-5:]]
            raise AssertionError(f"{what}: not within {patience:g} s; last requests: {last}") from None

    async def ready(self, shards: int = 1, patience: float = 60.0) -> None:
        """Wait until every shard has identified."""
        await self.until(lambda: len(self.gateway.sessions) >= shards, f"{shards} shards identified", patience)

    # -- the world

    def add_guild(self, name: str, owner: Person, *, shard: tuple[int, int] | None = None) -> Guild:
        """Add a server before the bot comes (afterwards: ``join``), on a shard where that matters."""
        guild = Guild(name, owner)
        if shard is not None:
            guild.id = guild_id_of_shard(*shard)
        self.rest.guilds.append(guild)
        for channel in guild.channels:
            self.rest.channels[channel.id] = channel
        return guild

    async def join(self, guild: Guild) -> None:
        """The bot is invited to a server that ``add_guild`` made."""
        await self.gateway.dispatch("GUILD_CREATE", guild.payload(self.bot), guild)

    async def leave(self, guild: Guild, *, unavailable: bool = False) -> None:
        """The bot is removed from a server, or the server has an outage."""
        data: dict[str, Any] = {"id": str(guild.id)} | ({"unavailable": True} if unavailable else {})
        await self.gateway.dispatch("GUILD_DELETE", data, guild)

    def direct_channel(self, person: Person) -> Channel:
        """The direct messages of a person with the bot."""
        if person.id not in self.rest.direct:
            channel = Channel("", recipient=person)
            self.rest.direct[person.id] = self.rest.channels[channel.id] = channel
        return self.rest.direct[person.id]

    def fault(self, method: str, path: str, **how: Any) -> Fault:
        """Make the next requests that match fail or wait; see ``Fault``."""
        fault = Fault(method, path, **how)
        self.rest.faults.append(fault)
        return fault

    def hold(self, method: str, path: str) -> Fault:
        """Make the next request that matches wait until its ``release`` is set."""
        return self.fault(method, path, release=asyncio.Event())

    def bot_messages(self, channel: Channel) -> list[Message]:
        """What the bot said in a channel and everyone there can read now."""
        return [
            message
            for message in self.rest.messages.values()
            if message.channel is channel and message.author is self.bot and not message.deleted and not message.loading
        ]

    # -- what people do

    async def say(
        self,
        person: Person,
        channel: Channel,
        content: str,
        *,
        mention: bool = False,
        reply_to: Message | None = None,
        everyone: bool = False,
    ) -> Message:
        """A person writes a message. Its text reaches the bot as without the Message Content intent."""
        mentions = [self.bot] if mention or (reply_to and reply_to.author is self.bot and not reply_to.webhook) else []
        message = Message(channel, person, content, mentions=mentions, mention_everyone=everyone, reply_to=reply_to)
        self.rest.messages[message.id] = message
        await self.send_message(message)
        return message

    async def send_message(self, message: Message, event: str = "MESSAGE_CREATE") -> None:
        """Dispatch a message that exists (again, or as edited)."""
        data, guild = message.payload(), message.channel.guild
        if guild is not None:
            data |= {"guild_id": str(guild.id), "member": message.author.member()}
            if self.bot not in message.mentions:
                data |= {"content": "", "embeds": [], "components": [], "attachments": []}
        await self.gateway.dispatch(event, data, guild)

    def _command(self, name: str, kind: int = 1) -> dict[str, Any]:
        found = [c for c in self.rest.commands if c["name"] == name and c["type"] == kind]
        assert found, f"no command {name!r} was synced; there are {[c['name'] for c in self.rest.commands]}"
        return found[0]

    async def command(
        self, person: Person, channel: Channel, name: str, /, *, files: Sequence[tuple[str, bytes]] = (), **options: Any
    ) -> Interaction:
        """A slash command; a space in ``name`` parts it from its subcommand."""
        parts = name.split()
        given: list[dict[str, Any]] = []
        resolved: dict[str, Any] = {}
        for option, value in options.items():
            kind = BOOLEAN if isinstance(value, bool) else INTEGER if isinstance(value, int) else STRING
            given.append({"name": option, "type": kind, "value": value})
        for number, (file, data) in enumerate(files):
            attachment = self.attachment(file, data)
            option = "file" if number == 0 else f"file{number + 1}"
            given.append({"name": option, "type": 11, "value": attachment["id"]})
            resolved.setdefault("attachments", {})[attachment["id"]] = attachment
        for subcommand in reversed(parts[1:]):
            given = [{"name": subcommand, "type": SUBCOMMAND, "options": given}]
        data = {"id": self._command(parts[0])["id"], "name": parts[0], "type": 1, "options": given}
        return await self.interact(Interaction(COMMAND, person, channel, data | {"resolved": resolved}))

    async def autocomplete(self, person: Person, channel: Channel, name: str, option: str, text: str) -> Interaction:
        """A person types into an option that completes itself."""
        parts = name.split()
        given: list[dict[str, Any]] = [{"name": option, "type": STRING, "value": text, "focused": True}]
        for subcommand in reversed(parts[1:]):
            given = [{"name": subcommand, "type": SUBCOMMAND, "options": given}]
        data = {"id": self._command(parts[0])["id"], "name": parts[0], "type": 1, "options": given}
        return await self.interact(Interaction(AUTOCOMPLETE, person, channel, data))

    async def message_menu(self, person: Person, message: Message, name: str) -> Interaction:
        """A command of a message's menu."""
        data = {
            "id": self._command(name, 3)["id"],
            "name": name,
            "type": 3,
            "target_id": str(message.id),
            "resolved": {"messages": {str(message.id): message.payload()}},
        }
        return await self.interact(Interaction(COMMAND, person, message.channel, data))

    async def press(self, person: Person, message: Message, label: str) -> Interaction:
        """A button of a message, by its label."""
        buttons = message.buttons()
        assert label in buttons, f"no button {label!r} can be pressed; there are {list(buttons)}"
        data = {"custom_id": buttons[label], "component_type": 2, "id": 1}
        return await self.interact(Interaction(COMPONENT, person, message.channel, data, message=message))

    async def submit(self, opened: Interaction, *texts: str) -> Interaction:
        """Fill in the text fields of the modal that answered ``opened``, in order, and send it."""
        assert opened.callback is not None and opened.callback["type"] == 9, f"no modal came: {opened.callback}"
        modal, given = opened.callback["data"], iter(texts)

        def filled(part: dict[str, Any]) -> dict[str, Any]:
            answer: dict[str, Any] = {"type": part["type"], "id": part.get("id", 1)}
            if part["type"] == 4:
                answer |= {"custom_id": part["custom_id"], "value": next(given, "")}
            if "components" in part:
                answer["components"] = [filled(inner) for inner in part["components"]]
            if "component" in part:
                answer["component"] = filled(part["component"])
            return answer

        data = {"custom_id": modal["custom_id"], "components": [filled(part) for part in modal["components"]]}
        return await self.interact(Interaction(MODAL, opened.person, opened.channel, data, message=opened.message))

    async def interact(self, interaction: Interaction) -> Interaction:
        """Send an interaction to its shard."""
        self.rest.interactions[interaction.token] = interaction
        interaction.sent = time.monotonic()
        await self.gateway.dispatch(
            "INTERACTION_CREATE", interaction.payload(self.application_id), interaction.channel.guild
        )
        return interaction

    def attachment(self, name: str, data: bytes) -> dict[str, Any]:
        """Put a file where attachments lie and return how a payload names it."""
        number = new_id()
        path = f"/attachments/{number}/{number}/{name}"
        self.rest.files[path] = data
        return {
            "id": str(number),
            "filename": name,
            "size": len(data),
            "url": f"http://{self.host}{path}",
            "proxy_url": f"http://{self.host}{path}",
            "content_type": "text/plain; charset=utf-8",
            "flags": 0,
        }

    async def finished(self, interaction: Interaction, patience: float = 20.0) -> Message:
        """Wait for an interaction's reply and return it."""
        await self.until(lambda: interaction.finished is not None, f"{interaction.data} is answered", patience)
        replies = interaction.replies
        if replies:
            return replies[0]
        assert interaction.original is not None, f"the interaction's answer was {interaction.callback}"
        return interaction.original
