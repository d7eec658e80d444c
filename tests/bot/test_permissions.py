"""Threads and the permissions that they need."""

from __future__ import annotations

import discord
import simcord
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle, GuildHandle

from bot.client import QuothBot
from bot.permissions import answers_here, elsewhere
from bot.records import GuildSettings
from tests.bot.conftest import GUILD, QUESTION


def thread_in(env: simcord.Env, channel: ChannelHandle, owner: MemberActor) -> ChannelHandle:
    thread = env.backend.create_thread(channel.id, "a thread", owner_id=owner.id)
    return ChannelHandle(env, channel.guild, thread)


async def test_a_thread_without_permission_to_write_in_threads_is_named(
    env: simcord.Env, guild: GuildHandle, ann: MemberActor
) -> None:
    role = guild.roles[env.backend.bot_user.name]
    denied = discord.PermissionOverwrite(send_messages_in_threads=False)
    channel = guild.create_text_channel("restricted", overwrites={role: denied})
    result = await ann.slash(thread_in(env, channel, ann), "ask", question=QUESTION)
    assert result.ephemeral and result.response is not None
    assert "**Send Messages in Threads**" in result.response.content


async def test_questions_in_a_thread_are_answered_there(
    env: simcord.Env, channel: ChannelHandle, ann: MemberActor
) -> None:
    thread = thread_in(env, channel, ann)
    result = await ann.slash(thread, "ask", question=QUESTION)
    assert result.response is not None and result.response.embeds and result.response.channel_id == thread.id
    assert env.bot.user is not None
    await ann.send(thread, f"{env.bot.user.mention} {QUESTION}")
    assert thread.last_message is not None and thread.last_message.embeds


async def test_a_thread_belongs_to_its_channel(
    env: simcord.Env, bot: QuothBot, channel: ChannelHandle, ann: MemberActor
) -> None:
    await bot.keep_guild_settings(GUILD, GuildSettings(channels=frozenset({channel.id})), by=1)
    result = await ann.slash(thread_in(env, channel, ann), "ask", question=QUESTION)
    assert result.response is not None and result.response.embeds


def test_a_server_that_names_no_channel_wants_answers_in_all() -> None:
    assert answers_here(GuildSettings(), 5, None)
    assert not answers_here(GuildSettings(channels=frozenset({4})), 5, None)
    assert answers_here(GuildSettings(channels=frozenset({4})), 5, 4)


def test_many_channels_fit_into_one_sentence() -> None:
    assert len(elsewhere(GuildSettings(channels=frozenset(range(10**18, 10**18 + 500))))) < 2000
