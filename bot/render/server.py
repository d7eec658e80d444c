"""What managers and members are told about a server: its figures, its settings, and what is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from discord import ButtonStyle

from bot.render.blocks import one_line
from bot.render.reply import Button, Reply, card, nearest, turning
from quoth.counted import counted

if TYPE_CHECKING:
    from bot.records import Forgotten, GuildSettings, Stats

PER_PAGE = 10
"""Unanswered questions on a page of ``stats_reply``."""

POSTED = (
    "Answers that I posted stay in their channels until they are removed; "
    "the button *Remove* below them goes on working."
)
"""What is true of messages when the records behind them are deleted."""

_QUESTION = 150
_CHANNELS = 40


def stats_reply(stats: Stats, *, days: int, log: bool = True, page: int = 1) -> Reply:
    """Return a server's figures of the last ``days`` days and a page of the questions that found no answer."""
    if not log:
        said = "The question log is off here, so there are no figures. Turn it on with `/settings`."
        return Reply(embeds=(card([said], title="Statistics"),))
    pages = max(1, -(-len(stats.unanswered) // PER_PAGE))
    page = nearest(page, pages)
    counts = "Private and direct questions are never counted; votes on private answers are."
    lines = [f"The last {counted(days, 'day')}. {counts}"]
    if stats.unanswered:
        lines += ["", "**Questions that found no answer**"]
    for question in stats.unanswered[(page - 1) * PER_PAGE : page * PER_PAGE]:
        times = f" · {question.times:,} times" if question.times > 1 else ""
        follows = f" · following: {one_line(question.follows, _QUESTION)}" if question.follows else ""
        lines.append(f"{one_line(question.text, _QUESTION)}\n-# <t:{int(question.at.timestamp())}:R>{times}{follows}")
    embed = card(lines, title="Statistics", footer=f"Page {page} of {pages}" if pages > 1 else "")
    for name, figure in (
        ("Asked", stats.asked),
        ("Answered", stats.answered),
        ("Declined", stats.declined),
        ("Helpful", stats.helpful),
        ("Not helpful", stats.not_helpful),
    ):
        embed.add_field(name=name, value=f"{figure:,}")
    return Reply(embeds=(embed,), buttons=turning("page", page, pages))


def settings_reply(settings: GuildSettings) -> Reply:
    """Return a server's settings in words."""
    channels = sorted(settings.channels)
    named = ", ".join(f"<#{channel}>" for channel in channels[:_CHANNELS]) or "everywhere it may speak"
    if len(channels) > _CHANNELS:
        named += f" and {len(channels) - _CHANNELS:,} more"
    log = f"on, kept for {counted(settings.days, 'day')}" if settings.question_log else "off"
    lines = [
        f"**Answers in** {named}",
        f"**Mentions and replies** {_switch(settings.mentions)}",
        f"**Private answers unless asked otherwise** {_switch(settings.private)}",
        f"**Asks the shared library too** {_switch(settings.shared)}",
        f"**Question log** {log}",
    ]
    return Reply(embeds=(card(lines, title="Settings"),))


def privacy_reply(*, days: int, log: bool, direct: bool = False) -> Reply:
    """Return what is kept of people, here or in direct messages, with the button that deletes it."""
    lines = ["I answer from documents alone, and nothing that you write is used to train a model.", "", "**Kept**"]
    if direct:
        lines.append("- Direct questions are in no log and no statistics.")
    elif log:
        lines.append(
            f"- The text of questions asked openly, for {counted(days, 'day')}, so that managers see what the "
            "documents lack. Private questions are in no log."
        )
    else:
        lines.append("- No questions: the question log is off here.")
    lines += [
        f"- What the buttons of an answer need, for {counted(days, 'day')}: your question, and where its quotes stand.",
        f"- Your votes on answers, for {counted(days, 'day')}.",
        "- Instead of your name or id, a keyed hash of it.",
        "- Who added or removed documents and changed settings, by id.",
        "",
        "**Delete my data** deletes what I keep of your questions, the answers to them and your votes, everywhere that "
        f"I run. {POSTED}",
    ]
    return Reply(
        embeds=(card(lines, title="Privacy"),),
        buttons=(Button("forget", "Delete my data", ButtonStyle.danger),),
    )


def forgotten_reply(forgotten: Forgotten) -> Reply:
    """Return what was deleted of a person."""
    kinds = ((forgotten.questions, "question"), (forgotten.answers, "answer"), (forgotten.votes, "vote"))
    counts = [counted(number, noun) for number, noun in kinds if number]
    said = f"Deleted: {', '.join(counts)}." if counts else "There was nothing of yours to delete."
    lines = [said, POSTED] if forgotten.answers else [said]
    return Reply(embeds=(card(lines, title="Privacy"),))


def _switch(on: bool) -> str:
    return "on" if on else "off"
