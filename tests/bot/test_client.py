"""Servers that come and go, and the bot's own folder."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
import simcord
from simcord.builders import GuildHandle

from bot.client import QuothBot
from bot.errors import HomeError
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
