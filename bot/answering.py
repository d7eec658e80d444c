"""The one way from a question, however it was asked, to its reply."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import discord

from bot.errors import AnswerGoneError, BusyError, ClosingError
from bot.failures import told
from bot.permissions import answers_here, elsewhere, missing_for_interaction
from bot.persistence import persistently
from bot.records import Earlier, GuildSettings, KeptAnswer
from bot.render import Reply, answer_reply, refused_reply
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
    history: tuple[Earlier, ...] = ()


async def answer_question(bot: QuothBot, question: Question) -> tuple[Reply, str]:
    """Return the reply to a question, and the id of the answer that was kept for its buttons.

    Raises: see ``Asker.ask``.
    """
    settings = await bot.guild_settings(question.guild)
    with bot.metrics.question() as asked:
        answer = await bot.asker.ask(
            question.wording.text,
            guild=question.guild,
            person=question.asker,
            shared=settings.shared,
            history=tuple(earlier.text for earlier in question.history),
        )
        asked.outcome = answer.status
    log.info("%s in %.3f s", answer.status, asked.seconds)
    return await bot.asker.run(partial(_kept, bot, question, answer, settings.shared))


def _kept(bot: QuothBot, question: Question, answer: Answer, shared: bool) -> tuple[Reply, str]:
    # Whoever erases the library waits for this, and then deletes what was kept here as well
    with bot.shelf.holding(answer, guild=question.guild):
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
    following = question.history[-1].text if question.history else None
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
        AnswerGoneError: it is no more, is another server's, or is another person's private or direct one.
    """
    kept = bot.records.answer(answer_id, guild=guild)
    if (kept.private or guild is None) and not bot.records.is_asker(kept, person):
        raise AnswerGoneError("This answer is no longer there; please ask again.")
    return kept


async def look_up(bot: QuothBot, interaction: discord.Interaction[QuothBot], answer_id: str) -> KeptAnswer:
    """Return the answer that an interaction is about.

    Raises: as ``kept_for`` does.
    """
    find = partial(kept_for, bot, answer_id, guild=interaction.guild_id, person=interaction.user.id)
    return await bot.asker.run(find)


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
    What is no answer is for the person alone who asked.
    """
    async with bot.working():
        settings = await bot.guild_settings(interaction.guild_id)
        hidden = settings.private if private is None else private
        # A form is gone once it was sent: what was typed into it would be lost with a refusal
        typed = text if after is not None else None
        refusal = _elsewhere(interaction, settings)
        if refusal is None and (said := small_talk(text)) is not None:
            await tell(interaction, said)
            return
        refusal = refusal or _refusal(bot, interaction, hidden)
        if refusal is not None:
            await tell(interaction, refused_reply(refusal, typed))
            return
        await acknowledge(interaction, ephemeral=hidden, thinking=True)
        if not await bot.asker.run(partial(bot.records.first_time, interaction.id)):
            log.warning("another process answers a question that came to this one too")
            return
        try:
            question = Question(
                worded(text, names or names_in_interaction(interaction)),
                interaction.guild_id,
                interaction.channel_id or 0,
                interaction.user.id,
                private=hidden,
                history=() if after is None else (await look_up(bot, interaction, after)).followed,
            )
            reply, answer_id = await answer_question(bot, question)
        except Exception as error:
            direct = interaction.guild_id is None
            refusal = told(error, direct=direct)
            await tell(interaction, refused_reply(refusal, typed), take_back=not hidden and not direct)
            return
        message = await persistently(lambda: interaction.edit_original_response(**edited(reply, answer_id)))
        await link(bot, answer_id, message.id)


def _elsewhere(interaction: discord.Interaction[QuothBot], settings: GuildSettings) -> str | None:
    parent = getattr(interaction.channel, "parent_id", None)
    return None if answers_here(settings, interaction.channel_id, parent) else elsewhere(settings)


def _refusal(bot: QuothBot, interaction: discord.Interaction[QuothBot], hidden: bool) -> str | None:
    """Return why a question is not taken, as far as that can be told before it is acknowledged."""
    missing = missing_for_interaction(interaction, private=hidden)
    if missing is not None:
        return missing
    try:
        bot.asker.check(interaction.user.id, guild=interaction.guild_id)
    except (BusyError, ClosingError) as error:
        return told(error)
    return None


async def link(bot: QuothBot, answer_id: str, message: int) -> None:
    """Remember which message shows an answer, so that replies to it are understood as follow-ups."""
    try:
        await bot.asker.run(partial(bot.records.link_message, answer_id, message))
    except Exception:
        # The answer stands there already; all that is lost is the history of replies to it.
        log.exception("the message of an answer could not be recorded")
