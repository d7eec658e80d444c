"""The menu of a message: "Ask about this"."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from bot.answering import answer_interaction
from bot.messages import without_mention
from bot.replies import tell
from bot.small_talk import has_words
from bot.wording import names_in_message

if TYPE_CHECKING:
    from bot.client import QuothBot


def setup(bot: QuothBot) -> None:
    """Add the menu."""

    @bot.tree.context_menu(name="Ask about this")
    async def ask_about_this(interaction: discord.Interaction[QuothBot], message: discord.Message) -> None:
        text = without_mention(message.content, bot.user.id if bot.user else 0)
        if not has_words(text):
            await tell(interaction, "That message has no text that I could take as a question.")
            return
        await answer_interaction(bot, interaction, text, names=names_in_message(message, interaction.guild))
