"""The buttons below an answer. All that a press needs stands in its ``custom_id``, so they outlive a restart."""

from __future__ import annotations

import re
from typing import Any, Self

import discord

from bot.render import Button


class AnswerButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"quoth:(?P<action>[a-z]{1,10}):(?P<id>[A-Za-z0-9_-]{16})(?::(?P<page>\d{1,3}))?(?P<turn>t)?",
):
    """One button of an answer, named by what it does, the answer's id and a page.

    ``turn`` says that the press changes the message that it stands on, as a page is turned, instead of adding a reply.
    """

    def __init__(
        self, button: discord.ui.Button[Any], action: str, answer_id: str, page: int | None, turn: bool
    ) -> None:
        super().__init__(button)
        self.action = action
        self.answer_id = answer_id
        self.page = page
        self.turn = turn

    @classmethod
    def of(cls, button: Button, answer_id: str, *, turn: bool) -> Self:
        """Return the button that Discord is sent for a reply's ``button``."""
        page = "" if button.page is None else f":{button.page}"
        sent: discord.ui.Button[Any] = discord.ui.Button(
            label=button.label,
            style=button.style,
            disabled=button.disabled,
            row=button.row,
            custom_id=f"quoth:{button.action}:{answer_id}{page}{'t' if turn else ''}",
        )
        return cls(sent, button.action, answer_id, button.page, turn)

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button anew from what Discord sends when it is pressed."""
        assert isinstance(item, discord.ui.Button)
        page = int(match["page"]) if match["page"] else None
        return cls(item, match["action"], match["id"], page, match["turn"] is not None)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the press to the bot."""
        await interaction.client.press(interaction, self)
