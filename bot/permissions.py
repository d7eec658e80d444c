"""What the bot may do where it is asked, found before a request fails for want of it."""

from __future__ import annotations

from typing import Any

import discord

from bot.records import GuildSettings

_NAMES = {
    "send_messages": "Send Messages",
    "send_messages_in_threads": "Send Messages in Threads",
    "embed_links": "Embed Links",
    "read_message_history": "Read Message History",
}


def missing_for_interaction(interaction: discord.Interaction[Any], *, private: bool) -> str | None:
    """Return a sentence that names what an answer here would lack, None when nothing is missing.

    An answer that only its asker sees needs none: it is no message in the channel.
    """
    if interaction.guild_id is None or private:
        return None
    thread = isinstance(interaction.channel, discord.Thread)
    speaking = "send_messages_in_threads" if thread else "send_messages"
    sentence = _missing(interaction.app_permissions, [speaking, "embed_links"])
    if sentence:
        return f"{sentence} Until then, `private: True` still works."
    return sentence


def may_speak(message: discord.Message) -> bool:
    """Say whether the bot can write anything at all where this message stands."""
    permissions = _here(message)
    if permissions is None:
        return True
    if isinstance(message.channel, discord.Thread):
        return permissions.send_messages_in_threads
    return permissions.send_messages


def missing_for_reply(message: discord.Message) -> str | None:
    """Return a sentence that names what a reply to this message would lack, None when nothing is missing."""
    permissions = _here(message)
    return None if permissions is None else _missing(permissions, ["embed_links", "read_message_history"])


def may_read_history(message: discord.Message) -> bool:
    """Say whether a reply can refer to this message."""
    permissions = _here(message)
    return permissions is None or permissions.read_message_history


def answers_here(settings: GuildSettings, channel: int | None, parent: int | None) -> bool:
    """Say whether a server wants answers in a channel, or in a thread by its ``parent``."""
    return not settings.channels or channel in settings.channels or parent in settings.channels


def open_to_everyone(channel: discord.abc.GuildChannel | discord.Thread) -> bool:
    """Say whether every member of a server can see a channel."""
    if isinstance(channel, discord.Thread):
        return not channel.is_private() and channel.parent is not None and open_to_everyone(channel.parent)
    return channel.permissions_for(channel.guild.default_role).view_channel


def elsewhere(settings: GuildSettings) -> str:
    """Return the sentence for a channel in which a server wants no answers."""
    channels = sorted(settings.channels)
    named = ", ".join(f"<#{channel}>" for channel in channels[:10]) + (" and others" if len(channels) > 10 else "")
    return f"I don't answer in this channel; please ask me in {named}."


def _here(message: discord.Message) -> discord.Permissions | None:
    """Return what the bot may do in a message's channel; None where nothing can be known or nothing is restricted."""
    if message.guild is None or isinstance(message.channel, discord.PartialMessageable | discord.GroupChannel):
        return None
    if isinstance(message.channel, discord.Thread) and message.channel.parent is None:
        return None
    return message.channel.permissions_for(message.guild.me)


def _missing(permissions: discord.Permissions, needed: list[str]) -> str | None:
    lacking = [_NAMES[name] for name in needed if not getattr(permissions, name)]
    if not lacking:
        return None
    listed = " and ".join(f"**{name}**" for name in lacking)
    noun, it = ("permissions", "them") if len(lacking) > 1 else ("permission", "it")
    return f"I can't answer here without the {noun} {listed}; whoever manages this server can give {it} to me."
