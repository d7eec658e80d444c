"""What commands and their controls have in common: managers are let in, a press is taken once, and pages turn."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Self

import discord

from bot.commands.admission import What
from bot.commands.telling import in_words
from bot.render import Button
from bot.replies import acknowledge

if TYPE_CHECKING:
    from bot.client import QuothBot


@asynccontextmanager
async def let_in(interaction: discord.Interaction[QuothBot], what: What) -> AsyncIterator[None]:
    """Begin a command of managers, which Discord let this person run: acknowledge it, for nobody else to see."""
    async with in_words(interaction):
        await acknowledge(interaction, ephemeral=True, thinking=True)
        interaction.client.admissions.let_in(interaction, what)
        yield


class TakenOnce:
    """Before a ``DynamicItem`` among the bases: takes each press or choice once."""

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Say whether it is taken."""
        return bool(await interaction.client.admits(interaction))


class PageButton(TakenOnce, discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"quoth-[a-z]+:(?P<page>\d{1,6})"):
    """Turns to a page of a list, as long as the message stands: the page is in its ``custom_id``.

    Each list has a class of its own, which gives its ``prefix``, a ``template`` that begins with it, and ``turn``.
    """

    prefix: ClassVar[str]

    def __init__(self, button: Button) -> None:
        self.page = button.page or 1
        super().__init__(
            discord.ui.Button(
                label=button.label,
                style=button.style,
                disabled=button.disabled,
                row=button.row,
                custom_id=f"{self.prefix}:{self.page}",
            )
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button anew from what Discord sends when it is pressed."""
        return cls(Button("page", "…", page=int(match["page"])))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show the page."""
        async with in_words(interaction):
            await self.turn(interaction)

    async def turn(self, interaction: discord.Interaction[QuothBot]) -> None:
        """Acknowledge the press, and show the page that ``page`` names in place of the one before."""
        raise NotImplementedError
