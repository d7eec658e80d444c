"""``/settings``: what a server's managers decide, as a panel whose controls take effect at once.

Each control says what it sets, not that it flips something, so a press that arrives twice changes nothing more.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, Self, cast

import discord
from discord import app_commands

from bot.commands.admission import manager_only
from bot.commands.controls import TakenOnce, let_in
from bot.commands.telling import in_words, show
from bot.errors import NotAllowedError
from bot.records import GuildSettings
from bot.render import Reply, settings_reply
from bot.replies import acknowledge
from quoth.counted import counted

if TYPE_CHECKING:
    from bot.client import QuothBot

Switch = Literal["mentions", "private", "shared", "question_log"]

SWITCHES: dict[Switch, str] = {
    "mentions": "Answer mentions",
    "private": "Private by default",
    "shared": "Shared library",
    "question_log": "Question log",
}
DAYS = (1, 7, 14, 30, 90, 180, 365)
_MOST_CHANNELS = 25
_CHANNELS = [
    discord.ChannelType.text,
    discord.ChannelType.news,
    discord.ChannelType.forum,
    discord.ChannelType.voice,
    discord.ChannelType.stage_voice,
]


class SwitchButton(
    TakenOnce,
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"quoth-settings:(?P<switch>mentions|private|shared|question_log):(?P<to>on|off)",
):
    """Turns one setting on or off."""

    def __init__(self, switch: Switch, *, on: bool) -> None:
        self.switch = switch
        self.on = on
        super().__init__(
            discord.ui.Button(
                label=f"{SWITCHES[switch]}: turn {'on' if on else 'off'}",
                style=discord.ButtonStyle.secondary if on else discord.ButtonStyle.primary,
                row=2,
                custom_id=f"quoth-settings:{switch}:{'on' if on else 'off'}",
            )
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button anew from what Discord sends when it is pressed."""
        return cls(cast(Switch, match["switch"]), on=match["to"] == "on")

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Change the setting."""
        await _change(interaction, {self.switch: self.on})


class ChannelsSelect(
    TakenOnce,
    discord.ui.DynamicItem[discord.ui.ChannelSelect[Any]],
    template=r"quoth-settings:channels",
):
    """Chooses the channels where questions are answered; none chosen means everywhere."""

    def __init__(self, chosen: list[discord.Object]) -> None:
        super().__init__(
            discord.ui.ChannelSelect(
                custom_id="quoth-settings:channels",
                channel_types=_CHANNELS,
                placeholder="Answer in every channel",
                min_values=0,
                max_values=_MOST_CHANNELS,
                default_values=chosen,
                row=0,
            )
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the list anew from what Discord sends when it is used."""
        return cls([])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Answer in the chosen channels of this server from now on."""
        guild = interaction.guild
        chosen = frozenset(
            channel.id for channel in self.item.values if guild is not None and guild.get_channel(channel.id)
        )
        await _change(interaction, {"channels": chosen})


class DaysSelect(TakenOnce, discord.ui.DynamicItem[discord.ui.Select[Any]], template=r"quoth-settings:days"):
    """Chooses for how many days questions and votes are kept."""

    def __init__(self, days: int) -> None:
        choices = sorted({*DAYS, days})
        super().__init__(
            discord.ui.Select(
                custom_id="quoth-settings:days",
                options=[
                    discord.SelectOption(
                        label=f"Keep questions and votes for {counted(choice, 'day')}",
                        value=str(choice),
                        default=choice == days,
                    )
                    for choice in choices
                ],
                row=1,
            )
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the list anew from what Discord sends when it is used."""
        return cls(DAYS[0])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Keep questions and votes for that long from now on."""
        offered = [int(value) for value in self.item.values if value.isdecimal() and int(value) in DAYS]
        await _change(interaction, {"days": offered[0]} if offered else {})


def _panel(interaction: discord.Interaction[QuothBot], settings: GuildSettings) -> tuple[Reply, discord.ui.View]:
    guild = interaction.guild
    there = [channel for channel in sorted(settings.channels) if guild is not None and guild.get_channel(channel)]
    view = discord.ui.View(timeout=None)
    view.add_item(ChannelsSelect([discord.Object(channel) for channel in there[:_MOST_CHANNELS]]))
    view.add_item(DaysSelect(settings.days))
    for switch in SWITCHES:
        view.add_item(SwitchButton(switch, on=not getattr(settings, switch)))
    return settings_reply(settings), view


async def _change(interaction: discord.Interaction[QuothBot], changes: dict[str, Any]) -> None:
    bot = interaction.client
    async with in_words(interaction):
        bot.admissions.require(interaction, "settings")
        guild = interaction.guild_id
        if guild is None:
            raise NotAllowedError("There are settings in servers only.")
        await acknowledge(interaction)
        async with bot.changing_settings:
            before = await bot.guild_settings(guild)
            after = replace(before, **changes)
            if after != before:
                await bot.keep_guild_settings(guild, after, by=interaction.user.id)
        reply, view = _panel(interaction, after)
        await show(interaction, reply, view)


@app_commands.command(description="Where and how I answer in this server")
@app_commands.default_permissions(manager_only())
@app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
async def settings(interaction: discord.Interaction[Any]) -> None:
    """Show the panel."""
    async with let_in(interaction, "settings"):
        reply, view = _panel(interaction, await interaction.client.guild_settings(interaction.guild_id))
        await show(interaction, reply, view)


def setup(bot: QuothBot) -> None:
    """Add the command and the controls of its panel."""
    bot.tree.add_command(settings)
    bot.add_dynamic_items(SwitchButton, ChannelsSelect, DaysSelect)
