"""The button *Remove*: takes an answer's message away, for whoever asked and for whoever manages messages.

What was kept of an answer may be gone before its message is: its asker had it deleted, or its days are over. Who asked
then stands in the message itself, as Discord says whose command it answers or whose message it replies to.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import discord

from bot.errors import AnswerGoneError, NotAllowedError
from bot.persistence import FAILURES, persistently
from bot.records import KeptAnswer
from bot.replies import TOO_LATE, acknowledge

if TYPE_CHECKING:
    from bot.client import QuothBot

NOT_YOURS = "Only the person who asked, or someone who manages messages here, can remove this answer."
UNKNOWN_ASKER = (
    "I can't tell any more who asked this, because the question is gone. "
    "Someone who manages messages here can remove the answer."
)


async def remove_answer(bot: QuothBot, interaction: discord.Interaction[QuothBot], answer_id: str) -> None:
    """Take the message away on which the button stands, and forget what is kept of its answer.

    Raises:
        NotAllowedError: another person asked, and this one doesn't manage messages.
    """
    await acknowledge(interaction)
    kept = await _kept(bot, interaction, answer_id)
    permissions = interaction.permissions
    if not (permissions.manage_messages or permissions.manage_guild):
        await _check_asker(bot, interaction, kept)
    try:
        await persistently(interaction.delete_original_response)
    except discord.HTTPException as error:
        if error.code not in TOO_LATE:
            raise
    if kept is not None:
        await bot.asker.run(partial(bot.records.drop_answer, kept.id, guild=interaction.guild_id))


async def _kept(bot: QuothBot, interaction: discord.Interaction[QuothBot], answer_id: str) -> KeptAnswer | None:
    """Return what is kept of the answer that the message shows; an id that is another answer's was forged."""
    try:
        kept = await bot.asker.run(partial(bot.records.answer, answer_id, guild=interaction.guild_id))
    except AnswerGoneError:
        return None
    return kept if interaction.message is not None and kept.message == interaction.message.id else None


async def _check_asker(bot: QuothBot, interaction: discord.Interaction[QuothBot], kept: KeptAnswer | None) -> None:
    if kept is None:
        # In direct messages nobody else ever asked
        if interaction.guild_id is not None and await _asker_of(interaction.message) != interaction.user.id:
            raise NotAllowedError(NOT_YOURS)
        return
    if not await bot.asker.run(partial(bot.records.is_asker, kept, interaction.user.id)):
        raise NotAllowedError(NOT_YOURS)


async def _asker_of(message: discord.Message | None) -> int:
    """Return the id of the person whom one of the bot's messages answers.

    Raises:
        NotAllowedError: the message does not say.
    """
    if message is not None and message.interaction_metadata is not None:
        return message.interaction_metadata.user.id
    reference = message.reference if message is not None else None
    if message is None or reference is None or reference.message_id is None:
        raise NotAllowedError(UNKNOWN_ASKER)
    question = reference.resolved
    if question is None:
        try:
            question = await message.channel.fetch_message(reference.message_id)
        except FAILURES:
            raise NotAllowedError(UNKNOWN_ASKER) from None
    if isinstance(question, discord.DeletedReferencedMessage):
        raise NotAllowedError(UNKNOWN_ASKER)
    return question.author.id
