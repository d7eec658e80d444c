"""Replies as Discord takes them, and the plain sentences that stand in for one."""

from __future__ import annotations

import logging
from typing import Any

import discord

from bot.buttons import AnswerButton
from bot.failures import told
from bot.persistence import FAILURES, described, persistently
from bot.render import Reply, note

log = logging.getLogger(__name__)

UNKNOWN_INTERACTION = 10062
ACKNOWLEDGED_ALREADY = 40060
TOO_LATE = {UNKNOWN_INTERACTION, ACKNOWLEDGED_ALREADY, 10008, 10015, 50027}
"""Discord's codes for an interaction, its token or its message that is no more, or that another process took."""

ACKNOWLEDGING = 60.0
"""Seconds for which an acknowledgement is tried; whether it took effect in time, Discord says when it answers."""


def view_of(reply: Reply, answer_id: str | None, *, turn: bool = False) -> discord.ui.View | None:
    """Return a reply's buttons, which belong to an answer; with ``turn``, they change the message they stand on."""
    if answer_id is None or not reply.buttons:
        return None
    view = discord.ui.View(timeout=None)
    for button in reply.buttons:
        # A follow-up is always a reply of its own.
        view.add_item(AnswerButton.of(button, answer_id, turn=turn and button.action != "follow"))
    return view


def sent(reply: Reply, answer_id: str | None = None, *, turn: bool = False) -> dict[str, Any]:
    """Return a reply as arguments for a new message."""
    arguments: dict[str, Any] = {
        "content": reply.content,
        "embeds": list(reply.embeds),
        "allowed_mentions": discord.AllowedMentions.none(),
    }
    view = view_of(reply, answer_id, turn=turn)
    if view is not None:
        arguments["view"] = view
    return arguments


def edited(reply: Reply, answer_id: str | None = None, *, turn: bool = False) -> dict[str, Any]:
    """Return a reply as arguments for an edit: what it does not have is taken away."""
    return {**sent(reply, answer_id, turn=turn), "view": view_of(reply, answer_id, turn=turn)}


async def acknowledge(
    interaction: discord.Interaction[Any], *, ephemeral: bool = False, thinking: bool = False
) -> None:
    """Acknowledge an interaction: ``thinking`` promises a reply of its own, which is otherwise the pressed message.

    An acknowledgement that took effect although Discord answered with a 5xx, or not at all, is tried again, and
    refused then; it counts all the same, or the person would be shown for ever that the bot thinks.
    """
    try:
        await persistently(
            lambda: interaction.response.defer(ephemeral=ephemeral, thinking=thinking), seconds=ACKNOWLEDGING
        )
    except discord.HTTPException as error:
        if error.code != ACKNOWLEDGED_ALREADY:
            raise
        log.warning("an interaction was acknowledged already")
        kind = discord.InteractionResponseType
        interaction.response._response_type = (
            kind.deferred_channel_message if thinking else kind.deferred_message_update
        )


async def tell(interaction: discord.Interaction[Any], said: str | Reply, *, take_back: bool = False) -> None:
    """Tell a person something that is no answer: a sentence, as Discord's markup, or a reply without buttons.

    Nobody else sees it, unless it stands in for a reply that was to be public; with ``take_back``, that one goes.
    """
    message = note(said, markup=True) if isinstance(said, str) else said
    try:
        if not interaction.response.is_done():
            await persistently(lambda: interaction.response.send_message(**sent(message), ephemeral=True))
            return
        if interaction.response.type is discord.InteractionResponseType.deferred_channel_message:
            # The first message after a public acknowledgement is public, whatever its flags (discord-api-docs 2866),
            # and one after an acknowledgement that was deleted has failed (2739): so this order, which loses nothing
            await persistently(lambda: interaction.edit_original_response(**edited(message)))
            if not take_back:
                return
        # Not again if it fails: it may have taken effect, and what stands in place of the reply stays then
        await interaction.followup.send(**sent(message), ephemeral=True)
        if take_back:
            await persistently(interaction.delete_original_response)
    except FAILURES as error:
        if not _is_code(error, ACKNOWLEDGED_ALREADY):
            log.warning("a sentence did not reach a person: %s", described(error))


async def report(interaction: discord.Interaction[Any], error: BaseException) -> None:
    """Tell a person what went wrong, where they can still be told."""
    if _is_code(error, *TOO_LATE):
        log.warning("an interaction could not be answered: %s", described(error))
        return
    await tell(interaction, told(error, direct=interaction.guild_id is None))


def _is_code(error: BaseException, *codes: int) -> bool:
    return isinstance(error, discord.HTTPException) and error.code in codes
