"""Questions as messages: mentions, replies, direct messages, and all the messages that are nobody's question."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import discord
import pytest
import simcord
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle, GuildHandle

from bot import messages
from bot.client import QuothBot
from bot.render import Reply, note
from tests.bot.acting import RULES, forge, form_of, press, said_after
from tests.bot.conftest import GUILD, QUESTION, Restart, labels, text_of


def me(env: simcord.Env) -> str:
    assert env.bot.user is not None
    return env.bot.user.mention


def said(env: simcord.Env, channel: ChannelHandle) -> list[discord.Message]:
    """What the bot wrote in a channel."""
    return [message for message in channel.history() if message.author.id == env.backend.bot_user.id]


async def test_a_message_that_begins_with_a_mention_is_answered_by_a_reply(
    env: simcord.Env, channel: ChannelHandle, ann: MemberActor
) -> None:
    question = await ann.send(channel, f"{me(env)} {QUESTION}")
    (answer,) = said(env, channel)
    assert answer.embeds
    assert answer.reference is not None and answer.reference.message_id == question.id


@pytest.mark.parametrize(
    "text",
    [
        "@everyone {question}",
        "@here {question}",
        "{question}",
        "{question} {me}",
        "hey {me} {question}",
        "<@&{role}> {question}",
    ],
)
async def test_a_message_that_is_not_addressed_to_the_bot_is_passed_over(
    env: simcord.Env, guild: GuildHandle, channel: ChannelHandle, manager: MemberActor, text: str
) -> None:
    role = guild.roles[env.backend.bot_user.name].id
    await manager.send(channel, text.format(me=me(env), question=QUESTION, role=role))
    assert said(env, channel) == []


async def test_other_bots_and_webhooks_are_passed_over(
    env: simcord.Env, guild: GuildHandle, channel: ChannelHandle
) -> None:
    robot = guild.add_member(env.create_user("robot", bot=True))
    await robot.send(channel, f"{me(env)} {QUESTION}")
    await guild.create_webhook(channel).send(f"{me(env)} {QUESTION}")
    assert said(env, channel) == []


@pytest.mark.bot_settings(cooldown=60.0)
async def test_whoever_asks_again_and_again_too_soon_is_told_so_once(
    env: simcord.Env, channel: ChannelHandle, ann: MemberActor, ben: MemberActor
) -> None:
    for _ in range(4):
        await ann.send(channel, f"{me(env)} {QUESTION}")
    answer, refusal = said(env, channel)
    assert answer.embeds and "try again in" in refusal.content
    await ben.send(channel, f"{me(env)} {QUESTION}")
    assert said(env, channel)[-1].embeds


@pytest.mark.bot_settings(cooldown=60.0)
@pytest.mark.parametrize("text", ["", "thanks!", "🎉"])
async def test_whoever_says_nothing_again_and_again_is_answered_as_often_as_whoever_asks(
    env: simcord.Env, channel: ChannelHandle, ann: MemberActor, ben: MemberActor, text: str
) -> None:
    for _ in range(4):
        await ann.send(channel, f"{me(env)} {text}")
    line, refusal = said(env, channel)
    assert "try again in" not in line.content and "try again in" in refusal.content
    await ben.send(channel, f"{me(env)} {text}")
    assert said(env, channel)[-1].content == line.content


async def test_an_edit_asks_nothing(env: simcord.Env, channel: ChannelHandle, ann: MemberActor) -> None:
    message = await ann.send(channel, "hello")
    await ann.edit(message, f"{me(env)} {QUESTION}")
    assert said(env, channel) == []


async def test_a_mention_without_a_question_gets_a_hint(
    env: simcord.Env, channel: ChannelHandle, ann: MemberActor
) -> None:
    await ann.send(channel, me(env))
    (hint,) = said(env, channel)
    assert "in words" in hint.content


async def test_a_message_that_discord_delivers_twice_is_answered_once(
    env: simcord.Env, channel: ChannelHandle, ann: MemberActor
) -> None:
    await ann.send(channel, f"{me(env)} {QUESTION}")
    payload = next(
        body
        for _, name, body in env.backend.transcript
        if name == "MESSAGE_CREATE" and body["author"]["id"] == str(ann.id)
    )
    env.backend.emit("MESSAGE_CREATE", payload)
    await env.settle()
    assert len(said(env, channel)) == 1


async def test_a_message_is_not_answered_again_by_the_next_process(
    env: simcord.Env, channel: ChannelHandle, ann: MemberActor, restart: Restart
) -> None:
    await ann.send(channel, f"{me(env)} {QUESTION}")
    payload = next(
        body
        for _, name, body in env.backend.transcript
        if name == "MESSAGE_CREATE" and body["author"]["id"] == str(ann.id)
    )
    await restart()
    env.backend.emit("MESSAGE_CREATE", payload)
    await env.settle()
    assert len(said(env, channel)) == 1


async def test_a_reply_to_an_answer_is_understood_with_the_question_before_it(
    env: simcord.Env, channel: ChannelHandle, ann: MemberActor, bot: QuothBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    histories: list[tuple[str, ...]] = []
    real = bot.shelf.ask
    monkeypatch.setattr(
        bot.shelf,
        "ask",
        lambda *a, history=(), **k: (histories.append(tuple(history)), real(*a, history=history, **k))[1],
    )
    await ann.send(channel, f"{me(env)} {QUESTION}")
    (first,) = said(env, channel)
    await ann.send(channel, "And in 2012?", reply_to=first)
    assert len(said(env, channel)) == 2
    await ann.send(channel, "Why?", reply_to=said(env, channel)[-1])
    assert histories == [(), (QUESTION,), (QUESTION, "And in 2012?")]


async def test_a_reply_whose_text_does_not_reach_the_bot_is_told_what_does_once_an_answer(
    env: simcord.Env, channel: ChannelHandle, ann: MemberActor, ben: MemberActor, restart: Restart
) -> None:
    answer = (await ann.slash(channel, "ask", question=QUESTION)).response
    await ben.send(channel, "And in 2012?", reply_to=answer)
    hint = said(env, channel)[-1]
    assert "Follow up" in hint.content and "mention" in hint.content and not hint.embeds
    await ann.send(channel, "And in 2011?", reply_to=answer)
    await ann.send(channel, "And in 2011?", reply_to=hint)
    await restart()
    await ann.send(channel, "And in 2010?", reply_to=answer)
    assert len(said(env, channel)) == 2
    await ann.send(channel, f"{me(env)} And in 2012?", reply_to=answer)
    assert "following" in text_of(said(env, channel)[-1])


async def test_a_picture_in_reply_to_an_answer_is_passed_over(
    env: simcord.Env, channel: ChannelHandle, ann: MemberActor
) -> None:
    await ann.send(channel, f"{me(env)} {QUESTION}")
    (answer,) = said(env, channel)
    await ann.send(channel, "", attachments=[("picture.png", b"x")], reply_to=answer)
    assert len(said(env, channel)) == 1


async def test_a_private_question_is_no_part_of_what_a_reply_in_the_channel_follows(
    env: simcord.Env, channel: ChannelHandle, ann: MemberActor, bot: QuothBot
) -> None:
    private = (await ann.slash(channel, "ask", question=QUESTION, private=True)).response
    assert private is not None
    posted = await ann.send(channel, "hello")
    bot.records.link_message(labels(private)["Helpful"].split(":")[2], posted.id)
    await ann.send(channel, f"{me(env)} And in 2012?", reply_to=posted)
    assert "following" not in text_of(said(env, channel)[-1])


async def test_a_reply_to_what_is_no_answer_is_passed_over(
    env: simcord.Env, channel: ChannelHandle, ann: MemberActor, ben: MemberActor
) -> None:
    await ann.send(channel, me(env))
    (hint,) = said(env, channel)
    await ann.send(channel, "thanks", reply_to=hint)
    other = await ben.send(channel, "hello")
    await ann.send(channel, "hi", reply_to=other)
    assert len(said(env, channel)) == 1


async def test_direct_messages_are_answered_from_the_shared_library(
    env: simcord.Env, ann: MemberActor, home: Path, seed_folder: Path
) -> None:
    shutil.copytree(seed_folder, home / "shared")
    await ann.send_dm(QUESTION)
    (answer,) = said(env, ann.user.dm_channel)
    assert answer.embeds


async def test_direct_messages_are_never_answered_from_a_server(env: simcord.Env, ann: MemberActor) -> None:
    await ann.send_dm(QUESTION)
    (answer,) = said(env, ann.user.dm_channel)
    assert not answer.embeds and "shared library" in text_of(answer)


async def test_a_server_can_switch_mentions_off(
    env: simcord.Env, channel: ChannelHandle, ann: MemberActor, bot: QuothBot
) -> None:
    await bot.keep_guild_settings(GUILD, type(await bot.guild_settings(GUILD))(mentions=False), by=1)
    await ann.send(channel, f"{me(env)} {QUESTION}")
    assert said(env, channel) == []


async def test_mentions_are_answered_only_in_the_channels_that_a_server_names(
    env: simcord.Env, guild: GuildHandle, channel: ChannelHandle, ann: MemberActor, bot: QuothBot
) -> None:
    wanted = guild.create_text_channel("questions")
    settings = type(await bot.guild_settings(GUILD))(channels=frozenset({wanted.id}))
    await bot.keep_guild_settings(GUILD, settings, by=1)
    await ann.send(channel, f"{me(env)} {QUESTION}")
    await ann.send(wanted, f"{me(env)} {QUESTION}")
    assert said(env, channel) == [] and len(said(env, wanted)) == 1


@pytest.mark.parametrize(
    ("permission", "name"), [("embed_links", "Embed Links"), ("read_message_history", "Read Message History")]
)
async def test_a_permission_that_a_reply_lacks_is_named_in_words(
    env: simcord.Env, guild: GuildHandle, ann: MemberActor, permission: str, name: str
) -> None:
    role = guild.roles[env.backend.bot_user.name]
    overwrite = discord.PermissionOverwrite(**{permission: False})
    everyone = discord.PermissionOverwrite(**{permission: False}) if permission == "read_message_history" else None
    overwrites = {role: overwrite} | ({guild.default_role: everyone} if everyone else {})
    channel = guild.create_text_channel("restricted", overwrites=overwrites)
    await ann.send(channel, f"{me(env)} {QUESTION}")
    (message,) = said(env, channel)
    assert f"**{name}**" in message.content and not message.embeds
    assert not [r for r in env.http_requests if r.path.endswith("/messages") and (r.json or {}).get("embeds")]


async def test_where_the_bot_may_not_write_it_does_not_try(
    env: simcord.Env, guild: GuildHandle, ann: MemberActor
) -> None:
    role = guild.roles[env.backend.bot_user.name]
    channel = guild.create_text_channel("silent", overwrites={role: discord.PermissionOverwrite(send_messages=False)})
    before = len(env.http_requests)
    await ann.send(channel, f"{me(env)} {QUESTION}")
    assert len(env.http_requests) == before


async def test_a_reply_that_discord_refuses_ends_in_the_log(
    env: simcord.Env, channel: ChannelHandle, ann: MemberActor, caplog: pytest.LogCaptureFixture
) -> None:
    env.inject_error("POST", f"/channels/{channel.id}/messages", status=403, code=50013)
    await ann.send(channel, f"{me(env)} {QUESTION}")
    assert said(env, channel) == []
    assert "50013" in caplog.text


async def test_nothing_is_answered_once_the_bot_is_stopping(
    env: simcord.Env, channel: ChannelHandle, ann: MemberActor, bot: QuothBot
) -> None:
    bot.closing = True
    await ann.send(channel, f"{me(env)} {QUESTION}")
    result = await ann.slash(channel, "ask", question=QUESTION)
    assert said(env, channel) == [] or all("restarting" in message.content for message in said(env, channel))
    assert result.ephemeral and result.response is not None and "restarting" in result.response.content


async def test_whoever_presses_or_sends_a_form_while_the_bot_stops_is_told_and_nothing_fails(
    env: simcord.Env,
    channel: ChannelHandle,
    ann: MemberActor,
    manager: MemberActor,
    bot: QuothBot,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await ann.send(channel, f"{me(env)} {QUESTION}")
    (answer,) = said(env, channel)
    form = await form_of(manager, channel)
    erase = await manager.slash(channel, "library erase")
    bot.closing = True
    results = [
        await ann.click(answer, custom_id=labels(answer)["Helpful"]),
        await ann.click(answer, custom_id=labels(answer)["Follow up"]),
        await press(manager, erase.response, "Delete everything"),
        await forge(env, manager, channel, "quoth-list:1"),
        await manager.submit_modal(form, {"files": [("rules.txt", RULES)]}),
    ]
    for result in results:
        assert "restarting" in said_after(result)
    assert not [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")]


@pytest.mark.parametrize("discord_says", ["done", "forbidden", "nothing"])
async def test_a_question_that_takes_long_shows_that_the_bot_is_at_work_and_does_not_wait_for_that(
    monkeypatch: pytest.MonkeyPatch, discord_says: str
) -> None:
    # Timers of a simulated bot stand still while it works, so this one test has a channel and an answer of its own.
    shown = asyncio.Event()

    class Channel:
        async def typing(self) -> None:
            shown.set()
            if discord_says == "nothing":
                await asyncio.Event().wait()
            if discord_says == "forbidden":
                raise discord.HTTPException(SimpleNamespace(status=403, reason="Forbidden"), "Missing Permissions")  # type: ignore[arg-type]

    async def once_shown(*_: object) -> tuple[Reply, None]:
        await asyncio.wait_for(shown.wait(), 60)
        return note("an answer"), None

    monkeypatch.setattr(messages, "PATIENT", 0.0)
    monkeypatch.setattr(messages, "answer_question", once_shown)
    message: Any = SimpleNamespace(channel=Channel())
    beside: list[asyncio.Task[None]] = []
    bot: Any = SimpleNamespace(aside=lambda work: beside.append(asyncio.create_task(work)))
    question: Any = None
    assert await messages._patiently(bot, message, question) == (note("an answer"), None)
    for task in beside:
        task.cancel()


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("<@7> where?", "where?"),
        ("<@7>, where?", "where?"),
        ("<@!7>: where?", "where?"),
        ("<@7> <@7> where?", "where?"),
        ("<@7><@7>,", ""),
        ("<@7> <@8> where?", "<@8> where?"),
        ("<@7> :) where <@7>", ":) where <@7>"),
    ],
)
def test_what_is_asked_is_what_stands_behind_the_mentions(content: str, text: str) -> None:
    assert messages.without_mention(content, 7) == text


async def test_a_reply_that_names_a_message_of_another_channel_follows_nothing(
    env: simcord.Env, bot: QuothBot, guild: GuildHandle, channel: ChannelHandle, ann: MemberActor, ben: MemberActor
) -> None:
    await ann.slash(channel, "ask", question=QUESTION)
    (answer,) = said(env, channel)
    other = guild.create_text_channel("other")
    there = env.backend.create_message(other.id, env.backend.bot_user.id, "something")
    answer_id = next(custom_id for custom_id in labels(answer).values()).split(":")[2]
    bot.records.link_message(answer_id, there.id)
    question = f"{me(env)} And who says so?"
    reference = {"message_id": str(there.id), "channel_id": str(other.id)}
    env.backend.create_message(other.id, ben.id, question, reference=reference)
    await env.settle()
    assert QUESTION not in text_of(said(env, other)[-1])
