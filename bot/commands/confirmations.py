"""Questions that the bot asks back before it does something, and the buttons that answer them.

What a *yes* would do is kept in memory alone: it belongs to the person who was asked, counts once, and is gone after
15 minutes or a restart, which its buttons then say.
"""

from __future__ import annotations

import re
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Self, cast

import discord

from bot.commands.admission import LASTS, What
from bot.commands.controls import TakenOnce
from bot.commands.telling import in_words, show
from bot.errors import ExpiredError, NotAllowedError
from bot.render import note
from bot.replies import acknowledge

if TYPE_CHECKING:
    from bot.client import QuothBot

Choice = Literal["yes", "no"]
Step = Callable[[discord.Interaction["QuothBot"]], Awaitable[None]]
"""What a *yes* does. Its interaction is acknowledged already; it shows what came of it in place of the question."""

_MOST_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class _Question:
    guild: int | None
    person: int
    what: What
    asked_at: datetime
    step: Step
    declined: str


class Confirmations:
    """The questions that wait for a person's yes or no."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, _Question] = OrderedDict()

    def ask(
        self, interaction: discord.Interaction[QuothBot], what: What, *, yes: str, no: str, declined: str, step: Step
    ) -> discord.ui.View:
        """Return the two buttons of a question, labelled ``yes`` and ``no``.

        ``step`` is what a *yes* does, ``declined`` what is shown after a *no*.
        """
        token = secrets.token_urlsafe(12)
        self._waiting[token] = _Question(
            interaction.guild_id, interaction.user.id, what, interaction.created_at, step, declined
        )
        if len(self._waiting) > _MOST_KEPT:
            self._waiting.popitem(last=False)
        view = discord.ui.View(timeout=None)
        view.add_item(ConfirmButton("yes", token, yes, discord.ButtonStyle.danger))
        view.add_item(ConfirmButton("no", token, no, discord.ButtonStyle.secondary))
        return view

    def take(self, token: str, interaction: discord.Interaction[QuothBot]) -> _Question:
        """Return a question of this person in this server, which can't be answered a second time.

        Raises:
            ExpiredError: it was answered, is too old, or comes from before a restart.
            NotAllowedError: another person was asked, or this one may no longer do it.
        """
        question = self._waiting.get(token)
        if question is None or interaction.created_at - question.asked_at > LASTS:
            self._waiting.pop(token, None)
            raise ExpiredError("This question has expired, and nothing was done; please run the command again.")
        if (interaction.guild_id, interaction.user.id) != (question.guild, question.person):
            raise NotAllowedError("Only the person who was asked can answer this.")
        interaction.client.admissions.require(interaction, question.what)
        return self._waiting.pop(token)


class ConfirmButton(
    TakenOnce,
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"quoth-confirm:(?P<choice>yes|no):(?P<token>[A-Za-z0-9_-]{16})",
):
    """The yes or the no of a question."""

    def __init__(self, choice: Choice, token: str, label: str, style: discord.ButtonStyle) -> None:
        self.choice = choice
        self.token = token
        super().__init__(discord.ui.Button(label=label, style=style, custom_id=f"quoth-confirm:{choice}:{token}"))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button anew from what Discord sends when it is pressed."""
        return cls(cast(Choice, match["choice"]), match["token"], "…", discord.ButtonStyle.secondary)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Do what was asked about, or say that nothing was done."""
        async with in_words(interaction):
            question = interaction.client.confirmations.take(self.token, interaction)
            await acknowledge(interaction)
            if self.choice == "yes":
                await question.step(interaction)
            else:
                await show(interaction, note(question.declined))
