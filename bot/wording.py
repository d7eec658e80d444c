"""What a person wrote, in words: Discord sends people, roles, channels, emoji and times as ids within the text.

An id means nothing to a reader and nothing to a search, and has no business in the records: names take its place where
the event brings them. People's names are shown to those who see them anyway, and are not kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import discord

from bot.permissions import open_to_everyone

SOMEONE = "@someone"
"""What stands for a person whose name is not known or not kept."""

_MARKUP = re.compile(
    r"<@!?(?P<person>[0-9]{1,20})>"
    r"|<@&(?P<role>[0-9]{1,20})>"
    r"|<#(?P<channel>[0-9]{1,20})>"
    r"|<a?:(?P<emoji>\w{1,40}):[0-9]{1,20}>"
    r"|</(?P<command>[^<>:\n]{1,100}):[0-9]{1,20}>"
    r"|<t:(?P<time>-?[0-9]{1,16})(?::[A-Za-z])?>"
    r"|<sound:[0-9]{1,20}:[0-9]{1,20}>"
)


@dataclass(frozen=True, slots=True)
class Names:
    """What an event says of the ids in its text: people's names, and the server whose roles and channels they are."""

    people: Mapping[int, str] = field(default_factory=dict)
    guild: discord.Guild | None = None


@dataclass(frozen=True, slots=True)
class Wording:
    """A text in words. ``kept`` is the same without anybody's name, for the records."""

    text: str
    kept: str


def names_in_message(message: discord.Message, guild: discord.Guild | None) -> Names:
    """Return the names for the ids in a message of this server."""
    return Names({person.id: person.display_name for person in message.mentions}, guild)


def names_in_interaction(interaction: discord.Interaction[Any]) -> Names:
    """Return the names for the ids in what was typed into a command's option."""
    data: dict[str, Any] = dict(interaction.data) if interaction.data else {}
    resolved = data.get("resolved", {})
    members = resolved.get("members", {})
    people = {
        int(person): members.get(person, {}).get("nick") or user.get("global_name") or user["username"]
        for person, user in resolved.get("users", {}).items()
    }
    return Names(people, interaction.guild)


def worded(text: str, names: Names) -> Wording:
    """Return a text with names in place of ids."""
    return Wording(
        _MARKUP.sub(lambda found: _words(found, names, names.people), text).strip(),
        _MARKUP.sub(lambda found: _words(found, names, {}), text).strip(),
    )


def without_markup(text: str) -> str:
    """Return what a person wrote in letters: a text without the people, emoji and so on that stand in it as ids."""
    return _MARKUP.sub(" ", text)


def _words(found: re.Match[str], names: Names, people: Mapping[int, str]) -> str:
    match found.lastgroup:
        case "person":
            name = people.get(int(found["person"]))
            return SOMEONE if name is None else f"@{name}"
        case "role":
            role = names.guild.get_role(int(found["role"])) if names.guild else None
            return "@role" if role is None else f"@{role.name.removeprefix('@')}"
        case "channel":
            channel = names.guild.get_channel_or_thread(int(found["channel"])) if names.guild else None
            # Whoever knows a hidden channel's id must not learn its name from the bot
            return f"#{channel.name}" if channel is not None and open_to_everyone(channel) else "#channel"
        case "emoji":
            return f":{found['emoji']}:"
        case "command":
            return f"/{found['command']}"
        case "time":
            return _moment(int(found["time"]))
        case _:
            return ""


def _moment(seconds: int) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError, OSError):
        return "a time"
