"""``/ask`` and the menu "Ask about this"."""

from __future__ import annotations

import logging
import shutil
from functools import partial
from pathlib import Path

import discord
import pytest
import simcord
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle, GuildHandle

from bot.client import QuothBot
from bot.errors import BusyError
from bot.small_talk import ABOUT
from quoth.store.connection import FILE_NAME
from tests.bot.acting import press, said_after
from tests.bot.conftest import GUILD, QUESTION, UNANSWERABLE, MakeBot, Restart, deliver_again, labels, text_of


def requests(env: simcord.Env, method: str, ending: str) -> list[dict[str, object]]:
    return [r.json or {} for r in env.http_requests if r.method == method and r.path.endswith(ending)]


async def test_an_answer_stands_where_the_acknowledgement_stood(
    env: simcord.Env, channel: ChannelHandle, ann: MemberActor
) -> None:
    result = await ann.slash(channel, "ask", question=QUESTION)
    (callback,) = requests(env, "POST", "/callback")
    assert callback["type"] == discord.InteractionResponseType.deferred_channel_message.value
    assert not result.ephemeral
    assert result.response is not None
    assert "cybercrime" in text_of(result.response)
    assert not result.followups
    assert len(channel.history()) == 1
    assert len(requests(env, "PATCH", "/messages/@original")) == 1


async def test_the_acknowledgement_comes_before_the_question_is_looked_at(
    env: simcord.Env, channel: ChannelHandle, ann: MemberActor, bot: QuothBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_after: list[int] = []
    real = bot.shelf.ask
    monkeypatch.setattr(
        bot.shelf,
        "ask",
        lambda *a, **k: (asked_after.append(len(requests(env, "POST", "/callback"))), real(*a, **k))[1],
    )
    await ann.slash(channel, "ask", question=QUESTION)
    assert asked_after == [1]


async def test_no_payload_lets_anything_be_pinged(env: simcord.Env, channel: ChannelHandle, ann: MemberActor) -> None:
    await ann.slash(channel, "ask", question=QUESTION)
    await ann.send(channel, f"{env.bot.user.mention} {QUESTION}")
    edits = requests(env, "PATCH", "/messages/@original")
    posts = requests(env, "POST", f"/channels/{channel.id}/messages")
    assert edits and posts
    for body in (*edits, *posts):
        mentions = body["allowed_mentions"]
        assert isinstance(mentions, dict)
        assert not mentions["parse"] and not mentions.get("replied_user") and not mentions.get("users")


async def test_a_private_answer_is_seen_by_its_asker_alone(
    channel: ChannelHandle, ann: MemberActor, ben: MemberActor
) -> None:
    result = await ann.slash(channel, "ask", question=QUESTION, private=True)
    assert result.ephemeral
    assert channel.history(viewer=ann) and not channel.history(viewer=ben)
    assert result.response is not None and "Remove" not in labels(result.response)


async def test_a_server_can_make_answers_private_by_default(
    bot: QuothBot, channel: ChannelHandle, ann: MemberActor
) -> None:
    settings = await bot.guild_settings(GUILD)
    await bot.keep_guild_settings(GUILD, type(settings)(private=True), by=1)
    assert (await ann.slash(channel, "ask", question=QUESTION)).ephemeral
    assert not (await ann.slash(channel, "ask", question=QUESTION, private=False)).ephemeral


async def test_the_settings_hold_after_a_restart(
    env: simcord.Env, bot: QuothBot, channel: ChannelHandle, ann: MemberActor, restart: Restart
) -> None:
    await bot.keep_guild_settings(GUILD, type(await bot.guild_settings(GUILD))(private=True), by=1)
    await restart()
    assert (await ann.slash(channel, "ask", question=QUESTION)).ephemeral


async def test_where_the_documents_do_not_answer_it_says_so(channel: ChannelHandle, ann: MemberActor) -> None:
    result = await ann.slash(channel, "ask", question=UNANSWERABLE)
    assert result.response is not None
    buttons = labels(result.response)
    assert not any(":context:" in custom_id for custom_id in buttons.values())
    assert any(":closest:" in custom_id for custom_id in buttons.values())


async def test_a_server_without_documents_is_told_what_to_do(env: simcord.Env, other_guild: GuildHandle) -> None:
    channel = other_guild.create_text_channel("general")
    ada = other_guild.add_member(env.create_user("ada"))
    result = await ada.slash(channel, "ask", question=QUESTION)
    assert "/library add" in said_after(result)
    assert channel.history() == []


async def test_a_member_of_one_server_never_gets_another_servers_passage(
    env: simcord.Env, guild: GuildHandle, other_guild: GuildHandle
) -> None:
    channel = other_guild.create_text_channel("general")
    ada = other_guild.add_member(env.create_user("ada"))
    result = await ada.slash(channel, "ask", question=QUESTION)
    assert not any(message.embeds for message in result.followups) and channel.history() == []


async def test_every_server_and_direct_messages_ask_the_shared_library(
    env: simcord.Env, other_guild: GuildHandle, home: Path, seed_folder: Path
) -> None:
    shutil.copytree(seed_folder, home / "shared")
    channel = other_guild.create_text_channel("general")
    ada = other_guild.add_member(env.create_user("ada"))
    result = await ada.slash(channel, "ask", question=QUESTION)
    direct = await ada.user.slash("ask", question=QUESTION)
    assert result.response is not None and result.response.embeds
    assert direct.response is not None and direct.response.embeds


async def test_direct_messages_never_ask_a_servers_library(
    env: simcord.Env, guild: GuildHandle, ann: MemberActor
) -> None:
    result = await ann.user.slash("ask", question=QUESTION)
    assert result.response is not None and not result.response.embeds
    assert "shared library" in text_of(result.response)


async def test_an_interaction_that_discord_delivers_twice_is_answered_once(
    env: simcord.Env, channel: ChannelHandle, ann: MemberActor
) -> None:
    await ann.slash(channel, "ask", question=QUESTION)
    before = len(env.http_requests)
    await deliver_again(env, "INTERACTION_CREATE")
    assert len(env.http_requests) == before
    assert len(channel.history()) == 1


async def test_an_interaction_that_another_process_took_is_left_to_it(
    env: simcord.Env, channel: ChannelHandle, ann: MemberActor, bot: QuothBot
) -> None:
    env._register_dispatch_observer(lambda interaction: bot.records.first_time(interaction.id))
    env.inject_error("POST", "/interactions/*/callback", status=400, code=40060)
    await ann.slash(channel, "ask", question=QUESTION)
    assert len(requests(env, "POST", "/callback")) == 1
    assert not requests(env, "PATCH", "/messages/@original")


async def test_an_interaction_that_expired_is_given_up(
    env: simcord.Env, channel: ChannelHandle, ann: MemberActor, caplog: pytest.LogCaptureFixture
) -> None:
    env.inject_error("POST", "/interactions/*/callback", status=404, code=10062)
    await ann.slash(channel, "ask", question=QUESTION)
    assert len(requests(env, "POST", "/callback")) == 1
    assert not requests(env, "PATCH", "/messages/@original")
    assert "10062" in caplog.text and "unexpected" not in caplog.text
    assert len(env.errors) == 1


async def test_a_question_that_is_too_long_never_leaves_the_client(channel: ChannelHandle, ann: MemberActor) -> None:
    with pytest.raises(simcord.SetupError, match="at most 2000"):
        await ann.slash(channel, "ask", question="x" * 2001)


async def test_no_exception_text_reaches_a_person(
    env: simcord.Env,
    channel: ChannelHandle,
    ann: MemberActor,
    bot: QuothBot,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("/srv/secret/path is on fire")

    monkeypatch.setattr(bot.shelf, "ask", fail)
    result = await ann.slash(channel, "ask", question=QUESTION)
    text = said_after(result)
    assert "secret" not in text and "RuntimeError" not in text
    reference = text.split("`")[1]
    assert any(reference in record.getMessage() and record.exc_info for record in caplog.records)


async def test_an_error_that_names_a_folder_of_the_operator_is_not_shown(
    channel: ChannelHandle, ann: MemberActor, home: Path
) -> None:
    database = home / "guilds" / str(GUILD) / FILE_NAME
    database.write_bytes(b"no database at all" * 1000)
    said = said_after(await ann.slash(channel, "ask", question=QUESTION))
    assert str(home) not in said
    assert "can't use my files" in said


async def test_a_channel_where_the_server_wants_no_answers_gets_none(
    bot: QuothBot, guild: GuildHandle, channel: ChannelHandle, ann: MemberActor, ben: MemberActor
) -> None:
    wanted = guild.create_text_channel("questions")
    settings = await bot.guild_settings(GUILD)
    await bot.keep_guild_settings(GUILD, type(settings)(channels=frozenset({wanted.id})), by=1)
    refused = await ann.slash(channel, "ask", question=QUESTION)
    assert refused.ephemeral and refused.response is not None
    assert wanted.mention in refused.response.content
    answered = await ann.slash(wanted, "ask", question=QUESTION)
    assert answered.response is not None and answered.response.embeds


def denied(guild: GuildHandle, env: simcord.Env, **permissions: bool) -> ChannelHandle:
    role = guild.roles[env.backend.bot_user.name]
    return guild.create_text_channel("restricted", overwrites={role: discord.PermissionOverwrite(**permissions)})


@pytest.mark.parametrize(("permission", "name"), [("embed_links", "Embed Links"), ("send_messages", "Send Messages")])
async def test_a_missing_permission_is_named_and_costs_no_failed_request(
    env: simcord.Env, guild: GuildHandle, ann: MemberActor, permission: str, name: str
) -> None:
    channel = denied(guild, env, **{permission: False})
    result = await ann.slash(channel, "ask", question=QUESTION)
    assert result.ephemeral and result.response is not None
    assert f"**{name}**" in result.response.content


async def test_a_private_answer_needs_no_permission(env: simcord.Env, guild: GuildHandle, ann: MemberActor) -> None:
    channel = denied(guild, env, send_messages=False, embed_links=False)
    refused = await ann.slash(channel, "ask", question=QUESTION)
    assert refused.response is not None and "can give them to me" in refused.response.content
    assert "`private: True` still works" in refused.response.content
    result = await ann.slash(channel, "ask", question=QUESTION, private=True)
    assert result.response is not None and result.response.embeds


async def test_the_menu_asks_what_a_message_says(
    env: simcord.Env, channel: ChannelHandle, ann: MemberActor, ben: MemberActor
) -> None:
    message = await ben.send(channel, QUESTION)
    result = await ann.context_menu(channel, "Ask about this", message)
    assert result.response is not None and result.response.embeds


async def test_the_menu_on_a_message_without_text_says_so(
    env: simcord.Env, channel: ChannelHandle, ann: MemberActor
) -> None:
    message = await ann.send(channel, "", attachments=[("picture.png", b"x")])
    result = await ann.context_menu(channel, "Ask about this", message)
    assert result.ephemeral and result.response is not None
    assert "no text" in result.response.content


@pytest.mark.parametrize("command", [("help", {}), ("ask", {"question": "what can you do?"})])
async def test_what_the_bot_does_is_said_to_whoever_asks_it_without_buttons_and_logged_nowhere(
    bot: QuothBot, channel: ChannelHandle, ann: MemberActor, command: tuple[str, dict[str, str]]
) -> None:
    name, options = command
    result = await ann.slash(channel, name, **options)
    assert result.ephemeral and result.response is not None
    assert result.response.content == ABOUT and not result.response.components
    assert bot.records.stats(GUILD).asked == 0


@pytest.mark.bot_settings(cooldown=60.0)
async def test_one_person_who_asks_too_fast_is_told_alone_when_to_come_back(
    env: simcord.Env, channel: ChannelHandle, ann: MemberActor, ben: MemberActor
) -> None:
    await ann.slash(channel, "ask", question=QUESTION)
    again = await ann.slash(channel, "ask", question=QUESTION)
    assert again.ephemeral and again.response is not None and "try again in" in again.response.content
    assert len(channel.history(viewer=ben)) == 1
    other = await ben.slash(channel, "ask", question=QUESTION)
    assert other.response is not None and other.response.embeds


@pytest.mark.bot_settings(cooldown=60.0)
async def test_who_asks_on_and_on_is_told_eight_times_and_then_gets_no_reply(
    channel: ChannelHandle, ann: MemberActor, ben: MemberActor
) -> None:
    answer = (await ann.slash(channel, "ask", question=QUESTION)).response
    replies = [(await ann.slash(channel, "ask", question=QUESTION)).response for _ in range(12)]
    assert [reply is not None for reply in replies] == [True] * 8 + [False] * 4
    assert all("try again in" in reply.content for reply in replies[:8] if reply is not None)
    # Nor do their presses; anybody else is answered
    assert (await press(ann, answer, "More")).response is None
    other = await ben.slash(channel, "ask", question=QUESTION)
    assert other.response is not None and other.response.embeds


@pytest.mark.parametrize("private", [False, True])
async def test_who_is_told_that_too_many_ask_is_told_alone(
    bot: QuothBot, channel: ChannelHandle, ann: MemberActor, monkeypatch: pytest.MonkeyPatch, private: bool
) -> None:
    def busy(*_: object, **__: object) -> None:
        raise BusyError(7)

    monkeypatch.setattr(bot.asker, "check", busy)
    early = await ann.slash(channel, "ask", question=QUESTION, private=private)
    assert early.ephemeral and early.response is not None and "try again in 7 s" in early.response.content
    monkeypatch.undo()
    # The queue may fill up between the acknowledgement and the question
    monkeypatch.setattr(bot.asker._questions, "run", busy)
    late = await ann.slash(channel, "ask", question=QUESTION, private=private)
    shown = late.response if private else late.followups[-1]
    assert shown is not None and shown.ephemeral and "try again in 7 s" in shown.content
    assert channel.history() == []


async def test_commands_are_registered_only_when_they_changed(
    env: simcord.Env, restart: Restart, channel: ChannelHandle, ann: MemberActor
) -> None:
    assert len(requests(env, "PUT", "/commands")) == 1
    bot = await restart()
    assert len(requests(env, "PUT", "/commands")) == 1
    await bot.asker.run(partial(bot.records.keep_commands_hash, "of an older version"))
    await restart()
    assert len(requests(env, "PUT", "/commands")) == 2
    assert (await ann.slash(channel, "ask", question=QUESTION)).response is not None


async def test_only_the_process_with_shard_0_registers_commands(make_bot: MakeBot) -> None:
    async with simcord.run(make_bot(shard_count=2, shard_ids=(1,))) as env:
        assert not requests(env, "PUT", "/commands")
    async with simcord.run(make_bot(shard_count=2, shard_ids=(0,))) as env:
        assert len(requests(env, "PUT", "/commands")) == 1


async def test_commands_are_for_servers_and_direct_messages_of_server_installs(env: simcord.Env) -> None:
    (registered,) = requests(env, "PUT", "/commands")
    ask = next(command for command in registered if command["name"] == "ask")  # type: ignore[index]
    assert ask["contexts"] == [0, 1] and ask["integration_types"] == [0]  # type: ignore[index]


async def test_the_bot_listens_to_no_privileged_intent_and_keeps_no_members_or_messages(bot: QuothBot) -> None:
    assert {name for name, on in bot.intents if on} == {"guilds", "guild_messages", "dm_messages"}
    assert not any(on for _, on in bot._connection.member_cache_flags)
    assert not list(bot.cached_messages)


async def test_it_posts_nothing_when_it_joins(env: simcord.Env, bot: QuothBot) -> None:
    guild = env.create_guild("New here")
    channel = guild.create_text_channel("general")
    await env.settle()
    assert channel.history() == []


async def test_no_interaction_token_is_logged_at_any_level(
    env: simcord.Env, channel: ChannelHandle, ann: MemberActor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await ann.slash(channel, "ask", question=QUESTION)
    tokens = list(env.backend.interaction_tokens)
    assert tokens and not any(token in caplog.text for token in tokens)
