"""However a question is asked: small talk is none, ids in it become names, and a follow-up says what it follows."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle, GuildHandle

from bot.client import QuothBot
from bot.small_talk import ASK_IN_WORDS, GREETED, THANKED
from tests.bot.acting import press
from tests.bot.conftest import GUILD, QUESTION, UNANSWERABLE, labels, text_of

Way = Callable[[str], Awaitable[Any]]


def said(env: simcord.Env, channel: Any) -> list[discord.Message]:
    """What the bot wrote in a channel."""
    return [message for message in channel.history() if message.author.id == env.backend.bot_user.id]


@pytest.fixture(params=["mention", "reply", "direct", "menu", "command", "form"])
async def ask(
    request: pytest.FixtureRequest,
    env: simcord.Env,
    bot: QuothBot,
    channel: ChannelHandle,
    ann: MemberActor,
    ben: MemberActor,
    home: Path,
    seed_folder: Path,
) -> Way:
    """A way to ask, which gives the bot's reply."""
    assert bot.user is not None
    shutil.copytree(seed_folder, home / "shared")
    answer = (await ben.slash(channel, "ask", question=QUESTION)).response
    asked = await ben.send(channel, f"{bot.user.mention} {QUESTION}")
    posted = said(env, channel)[-1]

    async def mention(text: str) -> Any:
        await ann.send(channel, f"{bot.user.mention} {text}")
        return said(env, channel)[-1]

    async def reply(text: str) -> Any:
        await ann.send(channel, text, reply_to=posted)
        return said(env, channel)[-1]

    async def direct(text: str) -> Any:
        await ann.send_dm(text)
        return said(env, ann.user.dm_channel)[-1]

    async def private(result: Any) -> Any:
        assert result.ephemeral or result.response.embeds
        return result.response

    async def menu(text: str) -> Any:
        message = await ben.send(channel, text)
        return await private(await ann.context_menu(channel, "Ask about this", message))

    async def command(text: str) -> Any:
        return await private(await ann.slash(channel, "ask", question=text))

    async def form(text: str) -> Any:
        opened = await press(ann, answer, "Follow up")
        return await private(await ann.submit_modal(opened, {"question": text}))

    assert asked
    ways: dict[str, Way] = {
        "mention": mention, "reply": reply, "direct": direct, "menu": menu, "command": command, "form": form,
    }  # fmt: skip
    return ways[request.param]


@pytest.mark.parametrize(("text", "line"), [("thanks!", THANKED), ("Hi", GREETED), ("👍?", ASK_IN_WORDS)])
async def test_small_talk_gets_a_line_without_buttons_and_is_in_no_log(
    bot: QuothBot, ask: Way, text: str, line: str
) -> None:
    before = bot.records.stats(GUILD).asked
    reply = await ask(text)
    shown = text_of(reply).replace("\\", "")
    assert line in shown or (text == "👍?" and "no text that I could take" in shown)
    assert not reply.embeds and not labels(reply)
    assert bot.records.stats(GUILD).asked == before


async def test_ids_reach_neither_the_reply_nor_the_log_nor_the_search(
    bot: QuothBot, ask: Way, ben: MemberActor, guild: GuildHandle, channel: ChannelHandle, monkeypatch: Any
) -> None:
    searched: list[str] = []
    real = bot.shelf.ask
    monkeypatch.setattr(bot.shelf, "ask", lambda text, **k: (searched.append(text), real(text, **k))[1])
    role = guild.create_role("captains")
    reply = await ask(f"How many moons has <@{ben.id}> of <@&{role.id}> in <#{channel.id}> <:moon:123456789>?")
    stored = "".join(one.text for one in bot.records.stats(GUILD).unanswered) + text_of(reply) + searched[-1]
    for number in (ben.id, role.id, channel.id, 123456789):
        assert str(number) not in stored
    assert "of @" in searched[-1] and ":moon:?" in searched[-1]


async def test_a_persons_name_is_shown_and_searched_for_but_not_kept(
    env: simcord.Env, bot: QuothBot, channel: ChannelHandle, ann: MemberActor, ben: MemberActor, guild: GuildHandle
) -> None:
    role = guild.create_role("captains")
    assert bot.user is not None
    await ann.send(channel, f"{bot.user.mention} Does <@{ben.id}> of <@&{role.id}> in <#{channel.id}> own a moon?")
    (reply,) = said(env, channel)
    assert reply.embeds[0].author.name == "Does @ben of @captains in #general own a moon?"
    (logged,) = bot.records.stats(GUILD).unanswered
    assert logged.text == "Does @someone of @captains in #general own a moon?"
    await ann.send(channel, "And two?", reply_to=reply)
    assert "following: Does \\@someone of" in text_of(said(env, channel)[-1])


async def test_a_hidden_channel_is_not_named(
    env: simcord.Env, bot: QuothBot, guild: GuildHandle, channel: ChannelHandle, ann: MemberActor
) -> None:
    overwrites: Any = {guild.default_role: discord.PermissionOverwrite(view_channel=False)}
    hidden = guild.create_text_channel("mergers", overwrites=overwrites)
    assert bot.user is not None
    await ann.send(channel, f"{bot.user.mention} What is decided in <#{hidden.id}>?")
    assert "in #channel?" in text_of(said(env, channel)[-1])


@pytest.mark.parametrize("question", [QUESTION, UNANSWERABLE])
async def test_a_follow_up_says_what_it_follows(
    channel: ChannelHandle, ann: MemberActor, env: simcord.Env, question: str
) -> None:
    first = (await ann.slash(channel, "ask", question="Who is *Hadianfar*?")).response
    assert first is not None and "following" not in text_of(first)
    result = await ann.submit_modal(await press(ann, first, "Follow up"), {"question": question})
    assert result.response is not None
    description = result.response.embeds[0].description
    assert description.split("\n")[0] == r"-# following: Who is \*Hadianfar\*?"
    assert result.response.embeds[0].author.name == question
