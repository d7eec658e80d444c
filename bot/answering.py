"""The one way from a question, however it was asked, to its reply."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import discord

from bot.errors import AnswerGoneError
from bot.failures import told
from bot.permissions import answers_here, elsewhere, missing_for_interaction
from bot.records import KeptAnswer
from bot.render import Reply, answer_reply, note
from bot.replies import acknowledge, edited, tell
from bot.shelf import SHARED
from bot.small_talk import small_talk
from bot.wording import Names, Wording, names_in_interaction, worded
from quoth.answer import Answer

if TYPE_CHECKING:
    from bot.client import QuothBot

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Question:
    """A question, where and by whom it was asked, and the questions before it, oldest first."""

    wording: Wording
    guild: int | None
    channel: int
    asker: int
    private: bool = False
    history: tuple[str, ...] = ()


async def answer_question(bot: QuothBot, question: Question) -> tuple[Reply, str | None]:
    """Return the reply to a question, and the id of the answer that was kept for its buttons.

    Whatever goes wrong becomes a sentence, without an answer to keep.
    """
    try:
        settings = await bot.guild_settings(question.guild)
        answer = await bot.asker.ask(
            question.wording.text,
            guild=question.guild,
            person=question.asker,
            shared=settings.shared,
            history=question.history,
        )
        return await bot.asker.run(partial(_kept, bot, question, answer, settings.shared))
    except Exception as error:
        return note(told(error, direct=question.guild is None), markup=True), None


def _kept(bot: QuothBot, question: Question, answer: Answer, shared: bool) -> tuple[Reply, str]:
    answer_id = bot.records.keep_answer(
        replace(answer, question=question.wording.kept),
        guild=question.guild,
        channel=question.channel,
        asker=question.asker,
        private=question.private,
        history=question.history,
    )
    bot.records.log_question(answer_id)
    names = library_names(bot, question.guild, shared=shared)
    following = question.history[-1] if question.history else None
    return answer_reply(answer, names=names, private=question.private, following=following), answer_id


def library_names(bot: QuothBot, guild: int | None, *, shared: bool) -> dict[str, str]:
    """Return how the libraries with documents that answer here are called. Reads files."""
    names: dict[str, str] = {}
    if guild is not None and bot.shelf.has_documents(guild):
        names[str(guild)] = "this server"
    if (shared or guild is None) and bot.shelf.has_documents(None):
        names[SHARED] = "shared library"
    return names


def kept_for(bot: QuothBot, answer_id: str, *, guild: int | None, person: int) -> KeptAnswer:
    """Return the answer that a button belongs to. Reads the records.

    Raises:
        AnswerGoneError: it is no more, is another server's, or is another person's private one.
    """
    kept = bot.records.answer(answer_id, guild=guild)
    if kept.private and not bot.records.is_asker(kept, person):
        raise AnswerGoneError("This answer is no longer there; please ask again.")
    return kept


async def answer_interaction(
    bot: QuothBot,
    interaction: discord.Interaction[QuothBot],
    text: str,
    *,
    private: bool | None = None,
    after: str | None = None,
    names: Names | None = None,
) -> None:
    """Acknowledge an interaction at once, and put the answer in place of the acknowledgement.

    ``private`` says who sees it (as the server's settings have it, where it is None); ``after`` is the id of the answer
    that the question follows; ``names`` are those of the ids in the text, where the interaction doesn't have them.
    """
    async with bot.working():
        settings = await bot.guild_settings(interaction.guild_id)
        hidden = settings.private if private is None else private
        parent = getattr(interaction.channel, "parent_id", None)
        if not answers_here(settings, interaction.channel_id, parent):
            await tell(interaction, elsewhere(settings))
            return
        said = small_talk(text)
        if said is not None:
            await tell(interaction, said)
            return
        missing = missing_for_interaction(interaction, private=hidden)
        if missing:
            await tell(interaction, missing)
            return
        await acknowledge(interaction, ephemeral=hidden, thinking=True)
        if not await bot.asker.run(partial(bot.records.first_time, interaction.id)):
            log.warning("another process answers a question that came to this one too")
            return
        history: Sequence[str] = ()
        if after is not None:
            person = interaction.user.id
            kept = await bot.asker.run(partial(kept_for, bot, after, guild=interaction.guild_id, person=person))
            history = (*kept.history, kept.question)
        question = Question(
            worded(text, names or names_in_interaction(interaction)),
            interaction.guild_id,
            interaction.channel_id or 0,
            interaction.user.id,
            private=hidden,
            history=tuple(history),
        )
        reply, answer_id = await answer_question(bot, question)
        message = await interaction.edit_original_response(**edited(reply, answer_id))
        if answer_id is not None:
            await link(bot, answer_id, message.id)


async def link(bot: QuothBot, answer_id: str, message: int) -> None:
    """Remember which message shows an answer, so that replies to it are understood as follow-ups."""
    try:
        await bot.asker.run(partial(bot.records.link_message, answer_id, message))
    except Exception:
        # The answer stands there already; all that is lost is the history of replies to it.
        log.exception("the message of an answer could not be recorded")
