"""What the fake Discord holds: people, servers, channels, messages and interactions, with their payloads."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

EPOCH = 1_420_070_400_000
"""Milliseconds of the Unix clock at which Discord's ids begin."""

_serial = itertools.count(1)

GUILD_TEXT, DM = 0, 1
ALL_PERMISSIONS = (1 << 53) - 1
MANAGE_GUILD = 1 << 5
ORDINARY = 1 << 10 | 1 << 11 | 1 << 14 | 1 << 16 | 1 << 31 | 1 << 38
"""View, send, embed, read the history, use commands, send in threads."""


def new_id() -> int:
    """Return a snowflake of this moment, different from every earlier one."""
    return (int(time.time() * 1000) - EPOCH) << 22 | (next(_serial) & 0x3FFFFF)


def guild_id_of_shard(shard: int, count: int) -> int:
    """Return a new server's id that falls to ``shard`` of ``count``."""
    moment = int(time.time() * 1000) - EPOCH
    moment -= (moment - shard) % count
    return moment << 22 | (next(_serial) & 0x3FFFFF)


def now() -> str:
    """Return this moment as Discord writes it."""
    return datetime.now(UTC).isoformat()


@dataclass(frozen=True)
class Person:
    """A user, with the permissions that they have in every server."""

    name: str
    id: int = field(default_factory=new_id)
    bot: bool = False
    permissions: int = ORDINARY

    def user(self) -> dict[str, Any]:
        return {
            "id": str(self.id),
            "username": self.name,
            "global_name": self.name.title(),
            "discriminator": "0",
            "avatar": None,
            "bot": self.bot,
            "public_flags": 0,
        }

    def member(self) -> dict[str, Any]:
        return {
            "roles": [],
            "joined_at": "2024-01-01T00:00:00+00:00",
            "premium_since": None,
            "nick": None,
            "avatar": None,
            "deaf": False,
            "mute": False,
            "pending": False,
            "flags": 0,
            "communication_disabled_until": None,
        }


@dataclass
class Channel:
    """A text channel of a server, or the direct messages with ``recipient``."""

    name: str
    guild: Guild | None = None
    recipient: Person | None = None
    id: int = field(default_factory=new_id)

    def payload(self) -> dict[str, Any]:
        common = {"id": str(self.id), "last_message_id": None, "flags": 0}
        if self.recipient is not None:
            return common | {"type": DM, "recipients": [self.recipient.user()]}
        return common | {
            "type": GUILD_TEXT,
            "name": self.name,
            "position": 0,
            "permission_overwrites": [],
            "nsfw": False,
            "parent_id": None,
            "topic": None,
            "rate_limit_per_user": 0,
            **({"guild_id": str(self.guild.id)} if self.guild else {}),
        }


@dataclass
class Guild:
    """A server with one text channel (more can be added to ``channels``)."""

    name: str
    owner: Person
    id: int = field(default_factory=new_id)
    channels: list[Channel] = field(default_factory=list)
    everyone: int = ORDINARY

    def __post_init__(self) -> None:
        if not self.channels:
            self.channels.append(Channel("general", guild=self))

    def payload(self, bot: Person) -> dict[str, Any]:
        role = {
            "id": str(self.id),
            "name": "@everyone",
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "position": 0,
            "permissions": str(self.everyone),
            "managed": False,
            "mentionable": False,
            "flags": 0,
        }
        return {
            "id": str(self.id),
            "name": self.name,
            "icon": None,
            "owner_id": str(self.owner.id),
            "unavailable": False,
            "joined_at": now(),
            "large": False,
            "member_count": 2,
            "features": [],
            "roles": [role],
            "emojis": [],
            "stickers": [],
            "channels": [channel.payload() for channel in self.channels],
            "threads": [],
            "members": [bot.member() | {"user": bot.user()}],
            "voice_states": [],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
            "preferred_locale": "en-US",
            "verification_level": 0,
            "default_message_notifications": 1,
            "explicit_content_filter": 0,
            "mfa_level": 0,
            "nsfw_level": 0,
            "premium_tier": 0,
            "system_channel_flags": 0,
        }


@dataclass
class Message:
    """A message as it stands; ``seen_by`` is the only reader of an ephemeral one."""

    channel: Channel
    author: Person
    content: str = ""
    embeds: list[dict[str, Any]] = field(default_factory=list)
    components: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[dict[str, Any]] = field(default_factory=list)
    mentions: list[Person] = field(default_factory=list)
    mention_everyone: bool = False
    reply_to: Message | None = None
    flags: int = 0
    webhook: int | None = None
    nonce: str | None = None
    loading: bool = False
    deleted: bool = False
    edits: int = 0
    seen_by: Person | None = None
    id: int = field(default_factory=new_id)

    def apply(self, body: dict[str, Any]) -> None:
        """Take over what a request sends or edits."""
        for name in ("content", "embeds", "components"):
            if name in body:
                setattr(self, name, body[name] or ("" if name == "content" else []))
        self.loading = False

    def payload(self, *, nested: bool = False) -> dict[str, Any]:
        data: dict[str, Any] = {
            "id": str(self.id),
            "channel_id": str(self.channel.id),
            "type": 19 if self.reply_to else 0,
            "author": self.author.user(),
            "content": self.content,
            "embeds": [{"type": "rich"} | embed for embed in self.embeds],
            "components": self.components,
            "attachments": self.attachments,
            "mentions": [person.user() for person in self.mentions],
            "mention_roles": [],
            "mention_everyone": self.mention_everyone,
            "pinned": False,
            "tts": False,
            "timestamp": now(),
            "edited_timestamp": now() if self.edits else None,
            "flags": self.flags | (1 << 7 if self.loading else 0),
        }
        if self.nonce is not None:
            data["nonce"] = self.nonce
        if self.webhook is not None:
            data |= {"webhook_id": str(self.webhook), "application_id": str(self.webhook)}
        if self.reply_to is not None:
            data["message_reference"] = {
                "type": 0,
                "message_id": str(self.reply_to.id),
                "channel_id": str(self.channel.id),
                **({"guild_id": str(self.channel.guild.id)} if self.channel.guild else {}),
            }
            if not nested:
                data["referenced_message"] = self.reply_to.payload(nested=True)
        return data

    @property
    def text(self) -> str:
        """Everything a person can read in the message, for looking a word up in it."""
        parts = [self.content]
        for embed in self.embeds:
            parts += [embed.get("title") or "", embed.get("description") or ""]
            parts += [f"{part['name']}\n{part['value']}" for part in embed.get("fields", [])]
            parts.append((embed.get("footer") or {}).get("text") or "")
        # Bold is seen, not read
        return "\n".join(parts).replace("**", "")

    def buttons(self) -> dict[str, str]:
        """Return the custom_id of each button that can be pressed, by its label."""
        return {
            part["label"]: part["custom_id"]
            for row in self.components
            for part in row.get("components", [])
            if part.get("type") == 2 and part.get("custom_id") and not part.get("disabled")
        }


@dataclass
class Interaction:
    """An interaction that was sent, and what came back. Times are seconds of the monotonic clock."""

    kind: int
    person: Person
    channel: Channel
    data: dict[str, Any]
    message: Message | None = None
    sent: float = 0.0
    acknowledged: float | None = None
    finished: float | None = None
    callback: dict[str, Any] | None = None
    original: Message | None = None
    followups: list[Message] = field(default_factory=list)
    id: int = field(default_factory=new_id)

    @property
    def token(self) -> str:
        """The secret that the bot answers with; in no log, ever."""
        return f"aW50ZXJhY3Rpb24{self.id}SeCrEt"

    @property
    def ephemeral(self) -> bool:
        """Whether the reply is seen by the asker alone."""
        return bool(((self.callback or {}).get("data") or {}).get("flags", 0) & 1 << 6)

    @property
    def replies(self) -> list[Message]:
        """Everything that stands in the channel as an answer to it and is no longer "thinking"."""
        found = [self.original] if self.original and self.original is not self.message else []
        return [m for m in [*found, *self.followups] if not m.deleted and not m.loading]

    def payload(self, application_id: int) -> dict[str, Any]:
        guild = self.channel.guild
        channel = self.channel.payload() | {"permissions": str(self.person.permissions)}
        data: dict[str, Any] = {
            "id": str(self.id),
            "application_id": str(application_id),
            "type": self.kind,
            "token": self.token,
            "version": 1,
            "channel_id": str(self.channel.id),
            "channel": channel,
            "locale": "en-US",
            "entitlements": [],
            "attachment_size_limit": 10 * 2**20,
            "data": self.data,
        }
        if self.message is not None and self.kind != 2:
            data["message"] = self.message.payload()
        if guild is None:
            return data | {
                "user": self.person.user(),
                "context": 1,
                "app_permissions": str(ALL_PERMISSIONS),
                "authorizing_integration_owners": {"0": "0"},
            }
        member = self.person.member() | {"user": self.person.user(), "permissions": str(self.person.permissions)}
        return data | {
            "guild_id": str(guild.id),
            "guild": {"id": str(guild.id), "locale": "en-US", "features": []},
            "guild_locale": "en-US",
            "member": member,
            "context": 0,
            "app_permissions": str(guild.everyone),
            "authorizing_integration_owners": {"0": str(guild.id)},
        }
