"""Members and managers of many servers in a simulated Discord, who act at once, and what each server is shown."""

from __future__ import annotations

import json
import random
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import discord
import simcord
from simcord import interactions
from simcord.actors import MemberActor
from simcord.backend import serializers
from simcord.builders import ChannelHandle, GuildHandle
from simcord.enums import AppCommandType, ComponentType, InteractionType

_ADDRESS = re.compile(r"/(?:interactions/\d+|webhooks/\d+|channels)/([^/]+)")
"""The path of a request that shows somebody something, with the interaction's token or the channel's id."""

_BUTTON = re.compile(r'"custom_id": "([^"]+)"')


@dataclass
class Place:
    """A server with a member and a manager."""

    guild: GuildHandle
    channel: ChannelHandle
    member: MemberActor
    manager: MemberActor
    buttons: list[str] = field(default_factory=list)
    """The ``custom_id`` of every button and form that was sent there."""


@dataclass
class Crowd:
    """Everybody. What they do is sent at once, before the bot does anything of it; ``shown`` then waits for the bot."""

    env: simcord.Env
    places: dict[int, Place] = field(default_factory=dict)
    _server_of: dict[str, int | None] = field(default_factory=dict)
    _cursor: int = 0
    _lost: dict[int, tuple[Any, dict[int, tuple[Any, Any]]]] = field(default_factory=dict)

    def settle_in(self, server: int) -> Place:
        """Make a server with a channel, a member and a manager."""
        guild = self.env.create_guild(f"Server {server}", id=server)
        channel = guild.create_text_channel("general")
        role = guild.create_role("managers", permissions=discord.Permissions(manage_guild=True))
        place = Place(
            guild,
            channel,
            guild.add_member(self.env.create_user(f"member{server}")),
            guild.add_member(self.env.create_user(f"manager{server}"), roles=[role]),
        )
        self.places[server] = place
        self._server_of[str(channel.id)] = server
        return place

    def lose(self, server: int) -> None:
        """Remove the bot from a server, to which it may come back: ``regain``."""
        backend = self.env.backend
        guild = backend.get_guild(server)
        self._lost[server] = guild, {at: (backend.channels[at], backend.messages[at]) for at in guild.channel_ids}
        backend.remove_guild(server)

    def regain(self, server: int) -> None:
        """Add the bot to a server again, in which everything stands as it did."""
        backend = self.env.backend
        guild, channels = self._lost.pop(server)
        backend.guilds[server] = guild
        for at, (channel, messages) in channels.items():
            backend.channels[at], backend.messages[at] = channel, messages
        backend.emit("GUILD_CREATE", dict(serializers.guild_create_payload(backend, guild)))

    def interact(
        self, person: MemberActor, kind: InteractionType, data: dict[str, Any], *, direct: bool = False, **extra: Any
    ) -> None:
        """Send an interaction as it is, past all that a true client checks."""
        channel = person.user.dm_channel if direct else self.places[person.guild.id].channel
        record, payload = interactions.base_payload(
            self.env.backend,
            type=kind,
            channel_id=channel.id,
            guild_id=None if direct else person.guild.id,
            user_id=person.id,
            data=data,
        )
        self._server_of[record.token] = None if direct else person.guild.id
        self.env._notify_dispatch_observers(record)
        self.env.backend.emit("INTERACTION_CREATE", payload | extra)

    def command(
        self, person: MemberActor, name: str, *, typed: str | None = None, direct: bool = False, **options: Any
    ) -> None:
        """Run a command, or type into its last option."""
        root, *nested = name.split()
        guild = None if direct else person.guild.id
        found = self.env.backend.find_command(root, guild or 0, type=AppCommandType.CHAT_INPUT)
        assert found is not None
        kinds = {bool: 5, int: 4, str: 3}
        given: list[dict[str, Any]] = [
            {"name": option, "type": kinds[type(value)], "value": value} for option, value in options.items()
        ]
        if typed is not None:
            given[-1]["focused"] = True
        for part in reversed(nested):
            given = [{"name": part, "type": 1, "options": given}]
        kind = (
            InteractionType.APPLICATION_COMMAND if typed is None else InteractionType.APPLICATION_COMMAND_AUTOCOMPLETE
        )
        self.interact(person, kind, {"id": found["id"], "name": root, "type": 1, "options": given}, direct=direct)

    def press(self, person: MemberActor, custom_id: str, *, direct: bool = False) -> None:
        """Press a button on a message of the bot's in the person's own channel, whether or not the bot sent it."""
        channel = person.user.dm_channel if direct else self.places[person.guild.id].channel
        row = {"type": 1, "components": [{"type": 2, "style": 2, "label": "x", "custom_id": custom_id}]}
        message = self.env.backend.create_message(channel.id, self.env.backend.bot_user.id, "x", components=[row])
        self.interact(
            person,
            InteractionType.MESSAGE_COMPONENT,
            {"custom_id": custom_id, "component_type": int(ComponentType.BUTTON)},
            direct=direct,
            message=dict(serializers.message_payload(self.env.backend, message)),
        )

    def send_form(self, person: MemberActor, custom_id: str, text: str) -> None:
        """Send the form of a follow-up, whether or not the bot opened it."""
        field = {"type": 18, "component": {"type": 4, "custom_id": "question", "value": text}}
        self.interact(person, InteractionType.MODAL_SUBMIT, {"custom_id": custom_id, "components": [field]})

    def ask_about(self, person: MemberActor, text: str) -> None:
        """Choose "Ask about this" in a message's menu."""
        channel = self.places[person.guild.id].channel
        found = self.env.backend.find_command("Ask about this", person.guild.id, type=AppCommandType.MESSAGE)
        assert found is not None
        message = self.env.backend.create_message(channel.id, person.id, text)
        sent = dict(serializers.message_payload(self.env.backend, message))
        data = {"id": found["id"], "name": found["name"], "type": 3, "target_id": str(message.id)}
        self.interact(
            person, InteractionType.APPLICATION_COMMAND, data | {"resolved": {"messages": {str(message.id): sent}}}
        )

    def write(self, person: MemberActor, text: str, *, reply_to: int | None = None, direct: bool = False) -> None:
        """Write a message, perhaps one that says to be a reply to any message of this id."""
        channel = person.user.dm_channel if direct else self.places[person.guild.id].channel
        if direct:
            self._server_of[str(channel.id)] = None
        backend = self.env.backend
        message = backend.create_message(channel.id, person.id, text, broadcast=False)
        payload = dict(serializers.message_payload(backend, message))
        if not direct:
            guild = backend.get_guild(person.guild.id)
            payload["member"] = dict(
                serializers.member_payload(backend, guild, guild.members[person.id], with_user=False)
            )
        if reply_to is not None:
            payload |= {"type": 19, "message_reference": {"message_id": str(reply_to), "channel_id": str(channel.id)}}
        backend.emit("MESSAGE_CREATE", payload)

    async def shown(self) -> dict[int | None, str]:
        """Wait until the bot has done everything, and return what it sent to each server since the last time.

        Under None stands what it sent in direct messages, and to nobody.
        """
        await self.env.settle()
        sent = self.env.http_requests[self._cursor :]
        self._cursor += len(sent)
        seen: dict[int | None, list[str]] = defaultdict(list)
        for request in sent:
            if request.json is None:
                continue
            address = _ADDRESS.search(request.path)
            server = self._shown_in(address[1]) if address is not None else None
            seen[server].append(json.dumps(request.json, ensure_ascii=False))
            if server is not None:
                self.places[server].buttons += _BUTTON.findall(seen[server][-1])
        return {server: "\n".join(texts) for server, texts in seen.items()}

    def _shown_in(self, place: str) -> int | None:
        if place not in self._server_of:
            sent = {one.token: one.guild_id for one in self.env.backend.interactions.values()}
            self._server_of |= sent
        return self._server_of[place]


def some(chance: random.Random, found: list[str]) -> str:
    """Return one of what was found lately, or something of no meaning."""
    return chance.choice(found[-60:]) if found else "quoth:context:AAAAAAAAAAAAAAAA"
