"""Showing a reply to the person who acted, and telling them in words whatever goes wrong."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import discord

from bot.persistence import persistently
from bot.render import Button, Reply
from bot.replies import TOO_LATE, edited, report, sent

if TYPE_CHECKING:
    from bot.client import QuothBot

log = logging.getLogger(__name__)


async def show(interaction: discord.Interaction[QuothBot], reply: Reply, view: discord.ui.View | None = None) -> None:
    """Show ``reply`` to the person who acted and nobody else, in place of what this interaction showed before."""
    if not interaction.response.is_done():
        buttons = discord.utils.MISSING if view is None else view
        await persistently(lambda: interaction.response.send_message(**sent(reply), view=buttons, ephemeral=True))
        return
    try:
        await persistently(lambda: interaction.edit_original_response(**{**edited(reply), "view": view}))
    except discord.HTTPException as error:
        if error.code not in TOO_LATE:
            raise
        log.warning("a reply could not be shown any more: Discord's code %s", error.code)


def buttons_of(reply: Reply, make: Callable[[Button], discord.ui.Item[Any]]) -> discord.ui.View | None:
    """Return the buttons of a reply, each as ``make`` makes it; None where it has none."""
    if not reply.buttons:
        return None
    view = discord.ui.View(timeout=None)
    for button in reply.buttons:
        view.add_item(make(button))
    return view


@asynccontextmanager
async def in_words(interaction: discord.Interaction[QuothBot]) -> AsyncIterator[None]:
    """Tell the person in a sentence what goes wrong inside, and let a stop of the bot wait for what happens inside."""
    try:
        async with interaction.client.working():
            yield
    except Exception as error:
        await report(interaction, error)
