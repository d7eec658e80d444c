"""``/help``: what the bot does and how to ask it, for whoever wants to know and nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from bot.commands.telling import in_words, show
from bot.render import note
from bot.small_talk import ABOUT

if TYPE_CHECKING:
    from bot.client import QuothBot


@app_commands.command(name="help", description="What I do, and how to ask me")
async def show_help(interaction: discord.Interaction[Any]) -> None:
    """Say what the bot does."""
    async with in_words(interaction):
        await show(interaction, note(ABOUT, markup=True))


def setup(bot: QuothBot) -> None:
    """Add the command."""
    bot.tree.add_command(show_help)
