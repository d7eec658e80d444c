"""``/stats``: how often questions were answered, what people thought of it, and which questions had no answer."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from bot.commands.admission import manager_only
from bot.commands.controls import PageButton, let_in
from bot.commands.telling import buttons_of, show
from bot.errors import NotAllowedError
from bot.render import stats_reply
from bot.replies import acknowledge

if TYPE_CHECKING:
    from bot.client import QuothBot


class StatsPage(PageButton, template=r"quoth-stats:(?P<page>\d{1,6})"):
    """Turns to a page of the questions without an answer."""

    prefix = "quoth-stats"

    async def turn(self, interaction: discord.Interaction[QuothBot]) -> None:
        """Show the page to a manager."""
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
    async with let_in(interaction, "stats"):
        await _show_page(interaction, 1)


def setup(bot: QuothBot) -> None:
    """Add the command and its buttons."""
    bot.tree.add_command(stats)
    bot.add_dynamic_items(StatsPage)
