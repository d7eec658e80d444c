"""Follow-up questions to an answer whose replies don't reach the bot: a button that opens a form.

The form needs nothing but the answer's id in its ``custom_id``, so it can be sent after a restart too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import discord

from bot.answering import answer_interaction
from bot.replies import report
from quoth.library import MAX_QUESTION

if TYPE_CHECKING:
    from bot.client import QuothBot

FIELD = "question"
"""The ``custom_id`` of the form's only field."""

_FORM = re.compile(r"quoth-follow:(?P<id>[A-Za-z0-9_-]{16})")


class FollowUpForm(discord.ui.Modal, title="Ask a follow-up"):
    """The form. What is sent comes to ``take_follow_up``, whether or not this object still lives by then."""

    def __init__(self, answer_id: str) -> None:
        super().__init__(custom_id=f"quoth-follow:{answer_id}", timeout=900)
        field: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id=FIELD, style=discord.TextStyle.paragraph, max_length=MAX_QUESTION, placeholder="And …?"
        )
        self.add_item(discord.ui.Label(text="Your question", component=field))


def is_follow_up(interaction: discord.Interaction[Any]) -> bool:
    """Say whether an interaction is a form that was sent."""
    return interaction.type is discord.InteractionType.modal_submit and _answer_id(interaction) is not None


async def take_follow_up(bot: QuothBot, interaction: discord.Interaction[QuothBot]) -> None:
    """Answer the question in a form; only its asker sees the answer if only they saw the one before."""
    if not await bot.admits(interaction):
        return
    try:
        private = interaction.message is not None and interaction.message.flags.ephemeral
        await answer_interaction(
            bot, interaction, _question(interaction), private=private or None, after=_answer_id(interaction)
        )
    except Exception as error:
        await report(interaction, error)


def _answer_id(interaction: discord.Interaction[Any]) -> str | None:
    found = _FORM.fullmatch(str(_sent(interaction).get("custom_id", "")))
    return found["id"] if found else None


def _sent(interaction: discord.Interaction[Any]) -> dict[str, Any]:
    return dict(interaction.data) if interaction.data else {}


def _question(interaction: discord.Interaction[Any]) -> str:
    """Return what was typed, wherever Discord put the field among the rows and labels of the form."""
    waiting: list[Any] = list(_sent(interaction).get("components", ()))
    while waiting:
        part = waiting.pop()
        if part.get("custom_id") == FIELD:
            return str(part.get("value") or "")
        waiting.extend(part.get("components", ()))
        if part.get("component"):
            waiting.append(part["component"])
    return ""
