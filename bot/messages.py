"""Questions that come as messages: a mention at the beginning, a reply to an answer, a direct message."""

from __future__ import annotations

import asyncio
import logging
import re
from functools import partial
from typing import TYPE_CHECKING

import discord

from bot.answering import Question, answer_question, link
from bot.errors import BusyError
from bot.failures import told
from bot.permissions import answers_here, may_read_history, may_speak, missing_for_reply
from bot.persistence import FAILURES, NONCE, described, persistently
from bot.records import Earlier
from bot.render import Reply, note
from bot.replies import sent
from bot.small_talk import small_talk
from bot.wording import names_in_message, worded

if TYPE_CHECKING:
    from bot.client import QuothBot

log = logging.getLogger(__name__)

PATIENT = 1.0
"""Seconds after which a person is shown that the bot is at work."""

UNREADABLE = (
    "If this is a question to me: Discord doesn't show me what a reply to this answer says. Please press **Follow up** "
    "below the answer, or begin your message with a mention of me."
)

_SPOKEN = (discord.MessageType.default, discord.MessageType.reply)


async def answer_message(bot: QuothBot, message: discord.Message) -> None:
    """Answer a message that is addressed to the bot, and pass over every other."""
    if message.author.bot or message.webhook_id is not None or message.type not in _SPOKEN or bot.closing:
        return
    if message.guild is None and not isinstance(message.channel, discord.DMChannel):
        # A server that this process does not know (yet): not a direct message, and nothing is known of its settings.
        return
    assert bot.user is not None
    mentioned = begins_with_mention(message.content, bot.user.id) and bot.user in message.mentions
    referred = _referred(message, bot.user.id)
    if message.guild is not None and not mentioned and referred is None:
        return
    if not bot.first_time(message.id):
        return
    async with bot.working():
        await _answer(bot, message, mentioned, referred)


def _referred(message: discord.Message, user: int) -> int | None:
    """Return the id of the message that this one replies to, unless somebody else than ``user`` wrote that."""
    if message.type is not discord.MessageType.reply or message.reference is None:
        return None
    to = message.reference.resolved
    return None if isinstance(to, discord.Message) and to.author.id != user else message.reference.message_id


async def _answer(bot: QuothBot, message: discord.Message, mentioned: bool, referred: int | None) -> None:
    guild = message.guild.id if message.guild else None
    history: tuple[Earlier, ...] = ()
    empty = guild is not None and not mentioned and not message.content.strip()
    if empty and (message.attachments or message.stickers):
        return
    if referred is not None:
        before = await bot.asker.run(partial(bot.records.answer_of_message, referred, guild=guild))
        # Whoever names a message of another channel as the one that this replies to made that up
        if before is not None and not before.private and before.channel == message.channel.id:
            history = before.followed
        elif guild is not None and not mentioned:
            return
    settings = await bot.guild_settings(guild)
    parent = getattr(message.channel, "parent_id", None)
    if guild is not None and not (settings.mentions and answers_here(settings, message.channel.id, parent)):
        return
    if not may_speak(message):
        log.info("a question in channel %d can't be answered: I may not write there", message.channel.id)
        return
    if bot.asker.nags(message.author.id):
        return
    # A reply without text may be meant for anybody, so that only the first one to an answer is answered
    if not await bot.asker.run(partial(bot.records.first_time, referred if empty and referred else message.id)):
        return
    if empty:
        await _send(message, note(UNREADABLE, markup=True), None)
        return
    missing = missing_for_reply(message)
    assert bot.user is not None
    text = without_mention(message.content, bot.user.id)
    said = note(missing, markup=True) if missing else _said(text)
    if said is not None:
        try:
            bot.asker.take_turn(message.author.id)
        except BusyError as error:
            said = note(told(error), markup=True)
        await _send(message, said, None)
    else:
        wording = worded(text, names_in_message(message, message.guild))
        question = Question(wording, guild, message.channel.id, message.author.id, history=history)
        try:
            reply, answer_id = await _patiently(bot, message, question)
        except Exception as error:
            await _send(message, note(told(error, direct=guild is None), markup=True), None)
            return
        posted = await _send(message, reply, answer_id)
        if posted is not None:
            await link(bot, answer_id, posted.id)


def _said(text: str) -> Reply | None:
    line = small_talk(text)
    return None if line is None else note(line, markup=True)


async def _patiently(bot: QuothBot, message: discord.Message, question: Question) -> tuple[Reply, str]:
    """Answer, and show that the bot is at work where that takes a while."""
    answering = asyncio.create_task(answer_question(bot, question))
    done, _ = await asyncio.wait({answering}, timeout=PATIENT)
    if not done:
        # Beside the answer, which must not wait for it
        bot.aside(_type(message))
    return await answering


async def _type(message: discord.Message) -> None:
    try:
        await message.channel.typing()
    except FAILURES as error:
        log.info("could not show that I am at work: %s", described(error))


async def _send(message: discord.Message, reply: Reply, answer_id: str | None) -> discord.Message | None:
    """Reply to a message, or write below it where a reply can't refer to it; the nonce keeps it from standing twice."""
    arguments = sent(reply, answer_id)
    if may_read_history(message):
        arguments["reference"] = message.to_reference(fail_if_not_exists=False)
        arguments["mention_author"] = False
    try:
        return await persistently(lambda: message.channel.send(**arguments, nonce=message.id), repeatable=NONCE)
    except FAILURES as error:
        log.warning("a reply could not be posted: %s", described(error))
        return None


def begins_with_mention(content: str, user: int) -> bool:
    """Say whether a message begins with a mention of ``user``: not of everyone, and not of a role."""
    return re.match(rf"\s*<@!?{user}>", content) is not None


def without_mention(content: str, user: int) -> str:
    """Return a message's text without mentions of ``user`` at its beginning, and what parts them from the question."""
    return re.sub(rf"^(\s*<@!?{user}>(\s*[,:;]+(?=\s|<|$))?)+", "", content).strip()
