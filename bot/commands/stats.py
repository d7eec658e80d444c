"""``/stats``: how often questions were answered, what people thought of it, and which questions had no answer."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import discord
from discord import app_commands

from bot.commands.admission import manager_only
from bot.commands.telling import buttons_of, in_words, show
from bot.errors import NotAllowedError
from bot.render import Button, stats_reply
from bot.replies import acknowledge

if TYPE_CHECKING:
    from bot.client import QuothBot


class StatsPage(discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"quoth-stats:(?P<page>\d{1,6})"):
    """Turns to a page of the questions without an answer."""

    def __init__(self, button: Button) -> None:
        self.page = button.page or 1
        super().__init__(
            discord.ui.Button(
                label=button.label,
                style=button.style,
                disabled=button.disabled,
                row=button.row,
                custom_id=f"quoth-stats:{self.page}",
            )
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button anew from what Discord sends when it is pressed."""
        return cls(Button("page", "…", page=int(match["page"])))

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Take each press once."""
        return bool(interaction.client.take(interaction))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show the page."""
        async with in_words(interaction):
            interaction.client.admissions.require(interaction, "stats")
            await acknowledge(interaction)
            await _show_page(interaction, self.page)


async def _show_page(interaction: discord.Interaction[QuothBot], page: int) -> None:
    bot, guild = interaction.client, interaction.guild_id
    if guild is None:
        raise NotAllowedError("Questions are counted in servers only.")
    settings = await bot.guild_settings(guild)
    counted = await bot.asker.run(partial(bot.records.stats, guild))
    reply = stats_reply(counted, days=settings.days, log=settings.question_log, page=page)
    await show(interaction, reply, buttons_of(reply, StatsPage))


@app_commands.command(description="How often I could answer, and which questions I could not")
@app_commands.default_permissions(manager_only())
@app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
async def stats(interaction: discord.Interaction[Any]) -> None:
    """Show the figures of this server."""
    async with in_words(interaction):
        await acknowledge(interaction, ephemeral=True, thinking=True)
        interaction.client.admissions.let_in(interaction, "stats")
        await _show_page(interaction, 1)


def setup(bot: QuothBot) -> None:
    """Add the command and its buttons."""
    bot.tree.add_command(stats)
    bot.add_dynamic_items(StatsPage)
