"""The fake Discord, driven by a plain discord.py client: what the other tests here rest on."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import discord
import pytest
import yarl
from discord import app_commands
from fakediscord import CALLBACK, CHANNEL_MESSAGES, FOLLOW_UP, ORIGINAL, FakeDiscord, Guild, Person
from fakediscord.limits import callback_problems, command_problems, message_problems, modal_problems

OWNER, READER = Person("owner"), Person("reader")


class Echo(discord.AutoShardedClient):
    """A bot as small as can be: /echo, a modal, an answer to mentions and direct messages."""

    def __init__(self, **options: object) -> None:
        intents = discord.Intents(guilds=True, guild_messages=True, dm_messages=True)
        super().__init__(intents=intents, allowed_mentions=discord.AllowedMentions.none(), **options)
        self.tree = app_commands.CommandTree(self)
        self.seen: list[str] = []
        self.tree.add_command(app_commands.Command(name="echo", description="Say it again", callback=self.echo))
        self.tree.add_command(app_commands.Command(name="form", description="Open a form", callback=self.form))
        self.tree.add_command(app_commands.ContextMenu(name="Quote it", callback=self.quote))

    async def setup_hook(self) -> None:
        await self.tree.sync()

    async def echo(self, interaction: discord.Interaction, text: str, private: bool = False) -> None:
        await interaction.response.defer(thinking=True, ephemeral=private)
        view = discord.ui.View()
        view.add_item(discord.ui.Button(label="Again", custom_id="again"))
        await interaction.edit_original_response(content=text, view=view)

    async def form(self, interaction: discord.Interaction) -> None:
        modal = discord.ui.Modal(title="Form", custom_id="form")
        modal.add_item(discord.ui.TextInput(label="Text", custom_id="text"))
        await interaction.response.send_modal(modal)

    async def quote(self, interaction: discord.Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(f"> {message.content}")

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        self.seen.append(f"{interaction.type.name} {interaction.id}")
        if interaction.type is discord.InteractionType.component:
            await interaction.response.defer(thinking=True, ephemeral=True)
            await interaction.followup.send("again")
        elif interaction.type is discord.InteractionType.modal_submit:
            await interaction.response.send_message("thanks", ephemeral=True)

    async def on_message(self, message: discord.Message) -> None:
        self.seen.append(message.content)
        if message.author.id != self.user.id and (self.user in message.mentions or message.guild is None):
            await message.reply(f"you said {message.content}")


@asynccontextmanager
async def running(fake: FakeDiscord, monkeypatch: pytest.MonkeyPatch, **options: object) -> AsyncIterator[Echo]:
    monkeypatch.setattr(discord.http.Route, "BASE", fake.api_base)
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(fake.gateway_url))
    async with Echo(**options) as client:
        task = asyncio.create_task(client.start(fake.token))
        try:
            await fake.ready(shards=fake.rest.shards)
            yield client
        finally:
            await client.close()
            await asyncio.wait_for(task, 10)


@pytest.fixture
async def fake() -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord() as fake:
        fake.add_guild("harbour", OWNER)
        yield fake


@pytest.fixture
def guild(fake: FakeDiscord) -> Guild:
    return fake.rest.guilds[0]


async def test_a_command_is_acknowledged_and_its_reply_edited(fake, guild, monkeypatch):
    async with running(fake, monkeypatch):
        asked = await fake.command(READER, guild.channels[0], "echo", text="ahoy", private=True)
        reply = await fake.finished(asked)
        assert (reply.content, reply.seen_by, asked.ephemeral) == ("ahoy", READER, True)
        again = await fake.press(READER, reply, "Again")
        assert (await fake.finished(again)).content == "again"
    assert not fake.problems and fake.gateway.identified and len(fake.rest.syncs) == 1


async def test_a_menu_a_modal_a_mention_and_a_direct_message_are_answered(fake, guild, monkeypatch):
    channel = guild.channels[0]
    async with running(fake, monkeypatch):
        said = await fake.say(OWNER, channel, f"<@{fake.bot.id}> land ho", mention=True)
        await fake.until(lambda: fake.bot_messages(channel), "the mention is answered")
        assert fake.bot_messages(channel)[0].reply_to is said
        menu = await fake.message_menu(READER, said, "Quote it")
        assert (await fake.finished(menu)).content.endswith("land ho")
        form = await fake.command(READER, channel, "form")
        await fake.until(lambda: form.finished is not None, "the modal opens")
        assert (await fake.finished(await fake.submit(form, "words"))).content == "thanks"
        await fake.say(READER, fake.direct_channel(READER), "psst")
        await fake.until(lambda: fake.bot_messages(fake.direct_channel(READER)), "the direct message is answered")
    assert not fake.problems


async def test_text_that_mentions_nobody_does_not_reach_a_bot_without_the_intent(fake, guild, monkeypatch):
    async with running(fake, monkeypatch) as client:
        await fake.say(OWNER, guild.channels[0], "a secret")
        await fake.say(OWNER, guild.channels[0], f"<@{fake.bot.id}> not a secret", mention=True)
        await fake.until(lambda: fake.bot_messages(guild.channels[0]), "the mention is answered")
        assert client.seen[0] == "" and "not a secret" in client.seen[1]


async def test_events_missed_while_the_socket_was_gone_are_replayed_in_order(fake, guild, monkeypatch):
    async with running(fake, monkeypatch) as client:
        session = fake.gateway.sessions[0]
        fake.gateway.drop(session)
        first = await fake.command(READER, guild.channels[0], "echo", text="one")
        second = await fake.command(READER, guild.channels[0], "echo", text="two")
        await fake.finished(first)
        await fake.finished(second)
        assert client.seen == [f"application_command {first.id}", f"application_command {second.id}"]
    assert fake.gateway.resumed == 1 and len(fake.gateway.identified) == 1


async def test_op_7_resumes_and_replays_what_is_told_to(fake, guild, monkeypatch):
    async with running(fake, monkeypatch) as client:
        asked = await fake.command(READER, guild.channels[0], "form")
        await fake.until(lambda: asked.finished is not None, "the form opens")
        fake.gateway.replay_extra = 1
        await fake.gateway.ask_to_reconnect(fake.gateway.sessions[0])
        await fake.until(lambda: fake.gateway.resumed == 1, "the client resumes")
        await fake.until(lambda: any(r.status == 400 for r in fake.rest.requests), "the second answer is refused")
        assert client.seen == [f"application_command {asked.id}"] * 2


async def test_op_9_resumes_or_identifies_as_it_says(fake, guild, monkeypatch):
    monkeypatch.setattr(discord.AutoShardedClient, "before_identify_hook", _no_wait)
    async with running(fake, monkeypatch):
        await fake.gateway.invalidate(fake.gateway.sessions[0], resumable=True)
        await fake.until(lambda: fake.gateway.resumed == 1, "the client resumes")
        await fake.gateway.invalidate(fake.gateway.sessions[0], resumable=False)
        await fake.until(lambda: len(fake.gateway.identified) == 2, "the client identifies again")


def statuses(fake: FakeDiscord, path: str) -> list[int]:
    return [request.status for request in fake.rest.requests if re.search(path, request.path)]


async def _no_wait(self: object, shard_id: int | None, *, initial: bool = False) -> None:
    """discord.py waits 5 s before every further IDENTIFY."""


async def test_a_close_code_that_forbids_to_come_back_ends_the_client(fake, monkeypatch):
    monkeypatch.setattr(discord.http.Route, "BASE", fake.api_base)
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(fake.gateway_url))
    async with Echo() as client:
        task = asyncio.create_task(client.start(fake.token))
        await fake.ready()
        await fake.gateway.close(fake.gateway.sessions[0], 4004)
        with pytest.raises(discord.ConnectionClosed):
            await asyncio.wait_for(task, 10)


async def test_each_shard_gets_the_events_of_its_own_servers(monkeypatch):
    monkeypatch.setattr(discord.AutoShardedClient, "before_identify_hook", _no_wait)
    async with FakeDiscord(shards=2) as fake:
        guilds = [fake.add_guild(name, OWNER, shard=(number, 2)) for number, name in enumerate(("port", "starboard"))]
        async with running(fake, monkeypatch):
            for guild in guilds:
                await fake.finished(await fake.command(READER, guild.channels[0], "echo", text=guild.name))
            sent = [[event for event, _ in session.events] for session in fake.gateway.sessions]
        assert [events.count("INTERACTION_CREATE") for events in sent] == [1, 1]


async def test_429_and_500_are_retried_and_401_is_not(fake, guild, monkeypatch):
    async with running(fake, monkeypatch):
        fake.fault("PATCH", ORIGINAL, status=429)
        fake.fault("POST", CHANNEL_MESSAGES, status=429, everywhere=True)
        asked = await fake.command(READER, guild.channels[0], "echo", text="ahoy")
        assert (await fake.finished(asked)).content == "ahoy"
        await fake.say(OWNER, guild.channels[0], f"<@{fake.bot.id}> hi", mention=True)
        await fake.until(lambda: len(fake.bot_messages(guild.channels[0])) == 2, "the mention is answered")
    monkeypatch.setattr(fake.rest, "token", "another")
    async with Echo() as client:
        with pytest.raises(discord.LoginFailure):
            await client.login(fake.token)
    assert fake.rest.requests[-1].status == 401


async def test_a_reply_that_took_effect_before_its_500_stands_once_with_a_nonce_and_twice_as_a_follow_up(
    fake, guild, monkeypatch
):
    channel = guild.channels[0]
    async with running(fake, monkeypatch):
        fake.fault("POST", CHANNEL_MESSAGES, status=500, applied=True)
        await fake.say(OWNER, channel, f"<@{fake.bot.id}> hi", mention=True)
        await fake.until(lambda: statuses(fake, CHANNEL_MESSAGES) == [500, 200], "it is retried")
        assert len(fake.bot_messages(channel)) == 1
        fake.fault("POST", FOLLOW_UP, status=500, applied=True)
        reply = await fake.finished(await fake.command(READER, channel, "echo", text="ahoy"))
        again = await fake.press(READER, reply, "Again")
        await fake.until(lambda: len(again.replies) == 2, "the follow-up appears twice")


async def test_an_interaction_that_is_too_old_or_unknown_or_acknowledged_is_refused(fake, guild, monkeypatch):
    async with running(fake, monkeypatch) as client:
        held = fake.hold("POST", CALLBACK)
        asked = await fake.command(READER, guild.channels[0], "form")
        await fake.until(held.arrived.is_set, "the callback comes")
        fake.rest.requests[-1].at = asked.sent + 4
        held.release.set()
        await fake.until(lambda: fake.rest.unknown_interactions == 1, "it is refused")
        assert asked.callback is None and client.is_ready() is not None


async def test_heartbeats_come_and_a_silent_gateway_is_left_and_resumed(fake, monkeypatch):
    fake.gateway.heartbeat_ms = 200
    async with running(fake, monkeypatch, heartbeat_timeout=1.0):
        await fake.until(lambda: len(fake.gateway.beats) >= 3, "heartbeats come")
        fake.gateway.answer_heartbeats = False
        await fake.until(lambda: fake.gateway.connections >= 2, "the client leaves")
        fake.gateway.answer_heartbeats = True
        await fake.until(lambda: fake.gateway.resumed >= 1, "the client resumes")


NONE = {"parse": []}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"content": "x" * 2001}, "content has 2001"),
        ({}, "empty"),
        ({"embeds": [{"description": "x" * 4097}]}, "description has 4097"),
        ({"embeds": [{"description": "x" * 4000}, {"description": "x" * 2001}]}, "hold 6001"),
        ({"embeds": [{"title": "t", "fields": [{"name": "n", "value": "v"}] * 26}]}, "26 fields"),
        ({"embeds": [{"title": "t", "fields": [{"name": "", "value": "v"}]}]}, "field.name has 0"),
        ({"embeds": [{"title": "t", "url": "javascript:x"}]}, "not http"),
        ({"embeds": [{}]}, "an embed is empty"),
        ({"content": "x", "components": [{"type": 1, "components": []}]}, "row is empty"),
        ({"content": "x", "components": [{"type": 1, "components": [{"type": 2, "style": 1}]}]}, "neither label"),
        ({"content": "x", "flags": 64}, "flags 64"),
    ],
)
def test_what_breaks_a_limit_of_messages_is_named(body, words):
    assert words in " ".join(message_problems(body))


def test_what_breaks_a_limit_of_callbacks_modals_and_commands_is_named():
    assert callback_problems(2, {"type": 5, "data": {"content": "x"}}) == ["a deferred reply carries ['content']"]
    assert "can't be answered" in callback_problems(4, {"type": 4})[0]
    assert "26 choices" in callback_problems(4, {"type": 8, "data": {"choices": [{"name": "n", "value": "v"}] * 26}})[0]
    assert "modal.title" in modal_problems({"title": "x" * 46, "custom_id": "c", "components": [{"type": 1}]})[0]
    problems = command_problems([{"name": "Ask", "type": 1, "description": "x" * 101}])
    assert "not allowed" in problems[0] and "101" in problems[1]
    options = [{"name": "a", "description": "a", "type": 3}, {"name": "b", "description": "b", "type": 3}]
    options[1]["required"] = True
    problems = command_problems([{"name": "ask", "description": "d", "options": options}])
    assert problems == ["an optional option of 'ask' stands before a required one"]


async def test_a_message_over_a_limit_is_refused_and_recorded(fake, guild, monkeypatch):
    async with running(fake, monkeypatch):
        await fake.command(READER, guild.channels[0], "echo", text="x" * 2001)
        await fake.until(lambda: fake.problems, "the limit is found")
        await fake.until(lambda: fake.rest.requests[-1].status == 400, "it is refused")
        assert "content has 2001" in fake.problems[0]
