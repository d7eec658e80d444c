"""Servers that come and go, and the bot's own folder."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import simcord
from simcord.builders import GuildHandle

from bot.client import QuothBot
from bot.errors import HomeError
from bot.records import GuildSettings
from tests.bot.conftest import GUILD, MakeBot, Restart


async def test_a_server_that_removed_the_bot_is_noted_and_keeps_its_library_for_now(
    env: simcord.Env, guild: GuildHandle, bot: QuothBot, home: Path
) -> None:
    env.backend.remove_guild(GUILD)
    await env.settle()
    assert await bot.asker.run(partial(bot.records.overdue, 0)) == [GUILD]
    assert (home / "guilds" / str(GUILD)).is_dir()


async def test_a_server_that_comes_back_is_noted(env: simcord.Env, guild: GuildHandle, bot: QuothBot) -> None:
    created = next(body for _, name, body in env.backend.transcript if name == "GUILD_CREATE")
    env.backend.remove_guild(GUILD)
    await env.settle()
    env.backend.emit("GUILD_CREATE", created)
    await env.settle()
    assert await bot.asker.run(partial(bot.records.overdue, 0)) == []


async def test_a_removal_while_the_bot_was_away_is_found_at_start(
    env: simcord.Env, guild: GuildHandle, restart: Restart
) -> None:
    env.backend.subscribers, listeners = [], env.backend.subscribers
    env.backend.remove_guild(GUILD)
    env.backend.subscribers = listeners
    bot = await restart()
    assert await bot.asker.run(partial(bot.records.overdue, 0)) == [GUILD]


async def test_an_unavailable_server_is_not_a_removed_one(env: simcord.Env, guild: GuildHandle, bot: QuothBot) -> None:
    env.backend.emit("GUILD_DELETE", {"id": str(GUILD), "unavailable": True})
    await env.settle()
    await bot.housekeeping()
    assert await bot.asker.run(partial(bot.records.overdue, 0)) == []


async def test_another_shards_servers_are_not_missing(home: Path, make_bot: MakeBot) -> None:
    shard = (GUILD >> 22) % 2
    bot = make_bot(shard_count=2, shard_ids=(1 - shard,))
    async with simcord.run(bot) as env:
        await env.settle()
        assert await bot.asker.run(partial(bot.records.overdue, 0)) == []
    assert (home / "guilds" / str(GUILD)).is_dir()


async def test_the_folder_of_another_application_is_refused(make_bot: MakeBot) -> None:
    async with make_bot() as first:
        await first.asker.run(partial(first.records.bind_application, 42))
    with pytest.raises(HomeError):
        async with simcord.run(make_bot()):
            pass


async def test_settings_of_a_server_that_was_deleted_are_gone_from_memory_too(
    env: simcord.Env, guild: GuildHandle, restart: Restart, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(env.bot, QuothBot)
    await env.bot.keep_guild_settings(GUILD, GuildSettings(private=True), by=1)
    env.backend.subscribers, listeners = [], env.backend.subscribers
    env.backend.remove_guild(GUILD)
    env.backend.subscribers = listeners
    bot = await restart()
    assert (await bot.guild_settings(GUILD)).private
    await bot.housekeeping()
    monkeypatch.setattr("bot.records.guilds.DAY", 0)
    await bot.housekeeping()
    assert GUILD not in bot.shelf.guilds()
    assert await bot.guild_settings(GUILD) == GuildSettings()


async def test_settings_that_change_while_they_are_read_are_the_newer_ones(
    env: simcord.Env, guild: GuildHandle, bot: QuothBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot._guild_settings.clear()
    read, run = asyncio.Event(), bot.asker.run

    async def slow(job: Callable[[], Any]) -> Any:
        found = await run(job)
        await read.wait()
        return found

    monkeypatch.setattr(bot.asker, "run", slow)
    reading = asyncio.create_task(bot.guild_settings(GUILD))
    await asyncio.sleep(0.2)
    monkeypatch.setattr(bot.asker, "run", run)
    await bot.keep_guild_settings(GUILD, GuildSettings(private=True), by=1)
    read.set()
    assert (await reading).private
    assert (await bot.guild_settings(GUILD)).private


async def test_the_settings_of_every_server_are_known_before_the_first_question(
    env: simcord.Env, other_guild: GuildHandle, restart: Restart
) -> None:
    bot = await restart()
    await env.settle()
    assert bot._guild_settings[other_guild.id] == GuildSettings()
