"""``/privacy``: what is kept of a person, for everybody and in direct messages too, and its deletion on request."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import discord
from discord import app_commands

from bot.commands.controls import TakenOnce
from bot.commands.telling import buttons_of, in_words, show
from bot.render import Button, forgotten_reply, privacy_reply
from bot.replies import acknowledge

if TYPE_CHECKING:
    from bot.client import QuothBot


class ForgetButton(TakenOnce, discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"quoth-privacy:forget"):
    """Deletes the questions, answers and votes of whoever presses it, in every server."""

    def __init__(self, button: Button) -> None:
        super().__init__(
            discord.ui.Button(label=button.label, style=button.style, row=button.row, custom_id="quoth-privacy:forget")
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button anew from what Discord sends when it is pressed."""
        return cls(Button("forget", "…"))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Delete what is kept of this person, and say how much it was."""
        bot = interaction.client
        async with in_words(interaction):
            await acknowledge(interaction)
            forgotten = await bot.asker.run(partial(bot.records.forget_person, interaction.user.id))
            await show(interaction, forgotten_reply(forgotten))


@app_commands.command(description="What I keep of you, and how to have it deleted")
async def privacy(interaction: discord.Interaction[Any]) -> None:
    """Say what is kept, with a button that deletes it."""
    async with in_words(interaction):
        await acknowledge(interaction, ephemeral=True, thinking=True)
        settings = await interaction.client.guild_settings(interaction.guild_id)
        reply = privacy_reply(days=settings.days, log=settings.question_log, direct=interaction.guild_id is None)
        await show(interaction, reply, buttons_of(reply, ForgetButton))


def setup(bot: QuothBot) -> None:
    """Add the command and its button."""
    bot.tree.add_command(privacy)
    bot.add_dynamic_items(ForgetButton)
