"""What each button of an answer does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import discord

from bot.answering import kept_for, library_names, look_up
from bot.buttons import AnswerButton
from bot.errors import AnswerGoneError
from bot.follow_up import FollowUpForm
from bot.persistence import persistently
from bot.records import KeptAnswer, KeptSpan
from bot.removal import remove_answer
from bot.render import MOST_PAGES, PER_PAGE, Excerpt, Reply, closest_reply, context_reply, more_reply, note
from bot.replies import acknowledge, edited, report, tell
from bot.shelf import SHARED

if TYPE_CHECKING:
    from bot.client import QuothBot

STALE = "This button no longer works; please ask again."
NO_MORE = "The documents hold no further passages that fit."
HELPFUL = "Thanks, I noted that this helped. You can change your vote at any time."
NOT_HELPFUL = "Thanks, I noted that this didn't help. You can change your vote at any time."


async def press(bot: QuothBot, interaction: discord.Interaction[QuothBot], button: AnswerButton) -> None:
    """Do what a button says, once; whatever goes wrong is told in a sentence."""
    if not await bot.admits(interaction):
        return
    try:
        with bot.asker.pressing(interaction.user.id):
            async with bot.working():
                await _press(bot, interaction, button)
    except Exception as error:
        await report(interaction, error)


async def _press(bot: QuothBot, interaction: discord.Interaction[QuothBot], button: AnswerButton) -> None:
    match button.action:
        case "follow":
            # Before the form, or what is typed into it would be for nothing
            await look_up(bot, interaction, button.answer_id)
            await persistently(lambda: interaction.response.send_modal(FollowUpForm(button.answer_id)))
        case "remove":
            await remove_answer(bot, interaction, button.answer_id)
        case "context" | "more" | "closest" | "yes" | "no":
            await _show(bot, interaction, button)
        case _:
            await tell(interaction, STALE)


async def answer_stale_component(bot: QuothBot, interaction: discord.Interaction[QuothBot]) -> None:
    """Say that a button, a menu or a form is no more, where nothing in this process knows it."""
    if not bot.is_live(interaction) and bot.take(interaction):
        await tell(interaction, STALE)


async def _show(bot: QuothBot, interaction: discord.Interaction[QuothBot], button: AnswerButton) -> None:
    """Show something to the person who pressed: on the page that they turn, or in a reply of its own."""
    await acknowledge(interaction, ephemeral=not button.turn, thinking=not button.turn)
    person = interaction.user.id
    show = partial(_reply, bot, button, guild=interaction.guild_id, person=person)
    reply = await bot.asker.run(show, person=person)
    await persistently(lambda: interaction.edit_original_response(**edited(reply, button.answer_id, turn=True)))


def _reply(bot: QuothBot, button: AnswerButton, *, guild: int | None, person: int) -> Reply:
    """Return what a button shows. Reads the records and the documents."""
    kept = kept_for(bot, button.answer_id, guild=guild, person=person)
    page = button.page or 1
    match button.action:
        case "yes" | "no":
            helpful = button.action == "yes"
            bot.records.vote(kept.id, person, helpful, guild=guild)
            return note(HELPFUL if helpful else NOT_HELPFUL)
        case "context":
            return _context(bot, kept, page)
        case _:
            return _passages(bot, kept, page, further=button.action == "more")


def _context(bot: QuothBot, kept: KeptAnswer, number: int) -> Reply:
    if not 1 <= number <= len(kept.quotes):
        raise AnswerGoneError(STALE)
    excerpt = _excerpt(bot, kept, kept.quotes[number - 1])
    return context_reply(excerpt, number=number, of=len(kept.quotes), names=_names(bot, kept))


def _passages(bot: QuothBot, kept: KeptAnswer, page: int, *, further: bool) -> Reply:
    """Return a page of passages, the closest first.

    Those ``further`` than the quotes that were shown begin with the quotes that were too weak to be.
    """
    spans = kept.passages
    if further:
        quoted = (*kept.quotes, *kept.weaker)
        # Bold would say "this is the answer", which only the best quote was offered as
        weaker = [replace(span, answer=None) for span in kept.weaker]
        spans = (*weaker, *(span for span in spans if not _quoted(span, quoted)))
    if not spans:
        return note(NO_MORE)
    spans = spans[: MOST_PAGES * PER_PAGE]
    pages = -(-len(spans) // PER_PAGE)
    page = min(max(page, 1), pages)
    excerpts: list[Excerpt] = []
    for span in spans[(page - 1) * PER_PAGE : page * PER_PAGE]:
        try:
            excerpts.append(_excerpt(bot, kept, span))
        except AnswerGoneError:
            # A document that was removed since takes its passages along; the others are still there.
            continue
    quotes = [excerpt for excerpt in excerpts if not _is_title(excerpt)] if further else excerpts
    if excerpts and not quotes:
        return note(NO_MORE)
    if not excerpts:
        raise AnswerGoneError("These passages are no longer in the documents; please ask again.")
    show = more_reply if further else closest_reply
    return show(quotes, page=page, pages=pages, names=_names(bot, kept))


def _is_title(excerpt: Excerpt) -> bool:
    """Say whether an excerpt is only its document's title, which quotes nothing."""
    text = excerpt.document.text[excerpt.start : excerpt.end]
    return " ".join(text.strip("#=* \t\r\n").split()) == " ".join(excerpt.document.title.split())


def _quoted(span: KeptSpan, quotes: Sequence[KeptSpan]) -> bool:
    """Say whether a quote was taken from a passage."""
    return any(
        (quote.library, quote.document_id) == (span.library, span.document_id)
        and quote.start < span.end
        and span.start < quote.end
        for quote in quotes
    )


def _excerpt(bot: QuothBot, kept: KeptAnswer, span: KeptSpan) -> Excerpt:
    if span.library == SHARED and not _asks_shared(bot, kept):
        raise AnswerGoneError("That text is in the shared library, which is not asked here any more.")
    found = bot.shelf.passage(span, guild=kept.guild)
    return Excerpt(span.library, found.document, found.start, found.end, found.answer)


def _names(bot: QuothBot, kept: KeptAnswer) -> dict[str, str]:
    return library_names(bot, kept.guild, shared=_asks_shared(bot, kept))


def _asks_shared(bot: QuothBot, kept: KeptAnswer) -> bool:
    return kept.guild is None or bot.records.guild_settings(kept.guild).shared
