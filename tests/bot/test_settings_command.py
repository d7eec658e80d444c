"""``/settings``: every control takes effect at once, for managers alone, and outlives a restart."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
import simcord
from simcord.actors import MemberActor
from simcord.backend import serializers
from simcord.builders import ChannelHandle, GuildHandle
from simcord.enums import ComponentType

from bot.client import QuothBot
from bot.commands.settings import DAYS
from bot.records import GuildSettings
from tests.bot.acting import forge, press, private, said_after
from tests.bot.conftest import GUILD, QUESTION, Restart, deliver_again, text_of


async def kept(bot: QuothBot) -> GuildSettings:
    """Return the settings as they are used and as they are on disk, which must be the same."""
    used = await bot.guild_settings(GUILD)
    assert used == bot.records.guild_settings(GUILD)
    return used


def payload_of(env: simcord.Env, channel: ChannelHandle) -> dict[str, Any]:
    """Return a channel as Discord sends it when it was chosen."""
    stored = env.backend.get_channel(channel.id)
    return {**serializers.channel_payload(env.backend, stored), "permissions": "0"}


async def test_the_panel_shows_what_is_set(manager: MemberActor, channel: ChannelHandle) -> None:
    panel = private(await manager.slash(channel, "settings"))
    text = text_of(panel)
    assert "Answers in" in text and "30 days" in text


@pytest.mark.parametrize(
    ("label", "changed"),
    [
        ("Answer mentions", {"mentions": False}),
        ("Private by default", {"private": True}),
        ("Shared library", {"shared": False}),
        ("Question log", {"question_log": False}),
    ],
)
async def test_each_switch_turns_its_setting_and_back(
    bot: QuothBot, manager: MemberActor, channel: ChannelHandle, label: str, changed: dict[str, bool]
) -> None:
    panel = private(await manager.slash(channel, "settings"))
    await press(manager, panel, label)
    assert await kept(bot) == GuildSettings(**changed)
    await press(manager, panel, label)
    assert await kept(bot) == GuildSettings()


async def test_channels_are_chosen_and_taken_back(
    bot: QuothBot, guild: GuildHandle, manager: MemberActor, channel: ChannelHandle
) -> None:
    helpdesk = guild.create_forum_channel("help")
    panel = private(await manager.slash(channel, "settings"))
    await manager.select(panel, [channel, helpdesk], custom_id="quoth-settings:channels")
    assert (await kept(bot)).channels == {channel.id, helpdesk.id}
    assert f"<#{channel.id}>" in text_of(panel)
    await manager.select(panel, [], custom_id="quoth-settings:channels")
    assert (await kept(bot)).channels == frozenset()


async def test_a_channel_that_is_not_of_this_server_is_never_set(
    env: simcord.Env, bot: QuothBot, manager: MemberActor, channel: ChannelHandle, other_guild: GuildHandle
) -> None:
    elsewhere = other_guild.create_text_channel("elsewhere")
    await forge(
        env,
        manager,
        channel,
        "quoth-settings:channels",
        kind=ComponentType.CHANNEL_SELECT,
        values=[str(elsewhere.id), str(channel.id)],
        resolved={"channels": {str(one.id): payload_of(env, one) for one in (elsewhere, channel)}},
    )
    assert (await kept(bot)).channels == {channel.id}


async def test_days_are_chosen_from_those_offered(
    env: simcord.Env, bot: QuothBot, manager: MemberActor, channel: ChannelHandle
) -> None:
    panel = private(await manager.slash(channel, "settings"))
    await manager.select(panel, [str(DAYS[0])], custom_id="quoth-settings:days")
    assert (await kept(bot)).days == DAYS[0]
    for value in ("99999999", "-1", "x", "²"):
        await forge(env, manager, channel, "quoth-settings:days", kind=ComponentType.STRING_SELECT, values=[value])
        assert (await kept(bot)).days == DAYS[0]


async def test_an_old_panel_works_after_a_restart(
    manager: MemberActor, channel: ChannelHandle, bot: QuothBot, restart: Restart
) -> None:
    panel = private(await manager.slash(channel, "settings"))
    new = await restart()
    await press(manager, panel, "Private by default")
    assert (await kept(new)).private


async def test_nobody_else_changes_a_setting(
    env: simcord.Env, bot: QuothBot, ann: MemberActor, channel: ChannelHandle
) -> None:
    for custom_id in ("quoth-settings:private:on", "quoth-settings:mentions:off", "quoth-settings:nothing:on"):
        result = await forge(env, ann, channel, custom_id)
        assert result.acknowledged and said_after(result)
    assert await kept(bot) == GuildSettings()


async def test_two_presses_at_once_both_count(bot: QuothBot, manager: MemberActor, channel: ChannelHandle) -> None:
    async def change(**changes: bool) -> None:
        async with bot.changing_settings:
            before = await bot.guild_settings(GUILD)
            await asyncio.sleep(0)
            await bot.keep_guild_settings(GUILD, replace(before, **changes), by=manager.id)

    await asyncio.gather(change(private=True), change(mentions=False))
    assert await kept(bot) == GuildSettings(private=True, mentions=False)


async def test_a_press_that_is_delivered_twice_changes_one_thing_once(
    env: simcord.Env, bot: QuothBot, manager: MemberActor, channel: ChannelHandle
) -> None:
    panel = private(await manager.slash(channel, "settings"))
    await press(manager, panel, "Private by default")
    await deliver_again(env, "INTERACTION_CREATE")
    assert (await kept(bot)).private
    changes = [action for action in bot.records.actions(GUILD) if action.what == "settings"]
    assert [action.by for action in changes] == [manager.id]


async def test_turning_the_log_off_empties_it(
    bot: QuothBot, manager: MemberActor, ann: MemberActor, channel: ChannelHandle
) -> None:
    await ann.slash(channel, "ask", question=QUESTION)
    assert bot.records.stats(GUILD).asked == 1
    panel = private(await manager.slash(channel, "settings"))
    await press(manager, panel, "Question log")
    assert bot.records.stats(GUILD).asked == 0
