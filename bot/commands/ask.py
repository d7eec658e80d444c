"""``/ask``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.answering import answer_interaction
from quoth.library import MAX_QUESTION

if TYPE_CHECKING:
    from bot.client import QuothBot


def setup(bot: QuothBot) -> None:
    """Add ``/ask``."""

    @bot.tree.command(name="ask", description="Ask the documents; the answer is quoted from them word for word")
    @app_commands.describe(
        question="What you want to know, in your own words", private="Whether only you see the answer"
    )
    async def ask(
        interaction: discord.Interaction[QuothBot],
        question: app_commands.Range[str, 1, MAX_QUESTION],
        private: bool | None = None,
    ) -> None:
        await answer_interaction(bot, interaction, question, private=private)
