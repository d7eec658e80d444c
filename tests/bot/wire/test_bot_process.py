"""The bot as its own process over real sockets, answering from a real library; only Discord is fake."""

from __future__ import annotations

from contextlib import closing

import apsw
import pytest
from fakediscord import CALLBACK, CHANNEL_MESSAGES, ORIGINAL, Interaction, Message, Person
from port import QUESTION, QUOTED, Port, someone

from quoth.library import Library

pytestmark = pytest.mark.asyncio(loop_scope="session")

GUILDS, GUILD_MESSAGES, DIRECT_MESSAGES = 1 << 0, 1 << 9, 1 << 12


async def ask(port: Port, person: Person | None = None, question: str = QUESTION, **options: bool) -> Interaction:
    return await port.fake.command(person or someone(), port.guild.channels[0], "ask", question=question, **options)


async def answered(port: Port, person: Person | None = None) -> Message:
    reply = await port.fake.finished(await ask(port, person))
    assert QUOTED in reply.text
    return reply


async def fence(port: Port) -> None:
    """Wait until a later question is answered: what came before it has been taken or passed over by then."""
    for _ in range(2):
        await answered(port)


def left(port: Port) -> set[int]:
    """Return the servers that the bot knows to have removed it."""
    with closing(apsw.Connection(str(port.home / "bot.db"), flags=apsw.SQLITE_OPEN_READONLY)) as db:
        return {guild for (guild,) in db.execute("SELECT id FROM guild WHERE left_at IS NOT NULL")}


async def test_the_bot_identifies_with_no_more_intents_than_it_needs(running):
    identify = next(p["d"] for p in reversed(running.fake.gateway.received) if p["op"] == 2)
    assert identify["intents"] == GUILDS | GUILD_MESSAGES | DIRECT_MESSAGES


async def test_commands_are_registered_for_servers_and_direct_messages(running):
    commands = {command["name"]: command for command in running.fake.rest.syncs[-1]}
    assert {"ask", "sources", "library", "settings", "stats", "privacy", "Ask about this"} <= set(commands)
    for command in commands.values():
        assert command["integration_types"] == [0]
        assert set(command["contexts"]) <= {0, 1}
    for name in ("library", "settings", "stats"):
        assert int(commands[name]["default_member_permissions"]) == 1 << 5


async def test_ask_is_acknowledged_and_then_answered_once_from_the_documents(running):
    asked = await ask(running)
    reply = await running.fake.finished(asked)
    assert asked.callback["type"] == 5 and not asked.ephemeral
    assert QUOTED in reply.text and "The chief of I.R.Iran cyberpolice visited" in reply.text
    assert asked.replies == [reply]


async def test_a_private_question_is_answered_to_the_asker_alone(running):
    asked = await ask(running, private=True)
    reply = await running.fake.finished(asked)
    assert asked.ephemeral and reply.seen_by is asked.person


async def test_a_mention_of_the_bot_is_answered_as_a_reply_and_one_of_everyone_is_not(running):
    channel, fake = running.guild.channels[0], running.fake
    before = len(fake.bot_messages(channel))
    await fake.say(someone(), channel, f"@everyone {QUESTION}", everyone=True)
    said = await fake.say(someone(), channel, f"<@{fake.bot.id}> {QUESTION}", mention=True)
    await fake.until(lambda: len(fake.bot_messages(channel)) > before, "the mention is answered")
    new = fake.bot_messages(channel)[before:]
    assert [message.reply_to for message in new] == [said] and QUOTED in new[0].text
    again = await fake.say(someone(), channel, "And of developed countries?", reply_to=new[0])
    await fake.until(lambda: len(fake.bot_messages(channel)) > before + 1, "the reply is answered")
    assert fake.bot_messages(channel)[-1].reply_to is again


async def test_a_direct_message_asks_the_shared_library_only(running):
    person = someone()
    channel = running.fake.direct_channel(person)
    await running.fake.say(person, channel, QUESTION)
    await running.fake.until(lambda: running.fake.bot_messages(channel), "the direct message is answered")
    assert QUOTED not in running.fake.bot_messages(channel)[0].text


async def test_the_message_menu_asks_about_a_message(running):
    said = await running.fake.say(someone(), running.guild.channels[0], QUESTION)
    menu = await running.fake.message_menu(someone(), said, "Ask about this")
    assert QUOTED in (await running.fake.finished(menu)).text


async def test_the_buttons_of_an_answer_work(running):
    asker = someone()
    reply = await answered(running, asker)
    context = await running.fake.press(someone(), reply, "In context")
    shown = await running.fake.finished(context)
    assert context.ephemeral and QUOTED in shown.text
    opened = await running.fake.press(someone(), reply, "Follow up")
    await running.fake.until(lambda: opened.finished is not None, "the modal opens")
    follow_up = await running.fake.submit(opened, "And in developed countries?")
    assert (await running.fake.finished(follow_up)).embeds
    vote = await running.fake.press(someone(), reply, "Helpful")
    await running.fake.until(lambda: vote.callback is not None, "the vote is acknowledged")
    removed = await running.fake.press(asker, reply, "Remove")
    await running.fake.until(lambda: reply.deleted, "the answer is removed")
    assert removed.callback is not None


@pytest.mark.parametrize("custom_id", ["quoth:context:AAAAAAAAAAAAAAAA", "quoth:remove:../../../../../..", "x" * 100])
async def test_a_forged_button_does_nothing_and_says_so(running, custom_id):
    reply = await answered(running)
    button = {"type": 2, "style": 2, "label": "Forged", "custom_id": custom_id}
    reply.components.append({"type": 1, "components": [button]})
    forged = await running.fake.press(someone(), reply, "Forged")
    told = await running.fake.finished(forged)
    assert forged.ephemeral and QUOTED not in told.text
    assert not reply.deleted and QUOTED in reply.text


async def test_a_document_that_is_added_while_the_bot_runs_is_found(running):
    channel, fake = running.guild.channels[0], running.fake
    text = b"# Ferries\n\nThe ferry to Hormuz Island leaves Bandar Abbas every forty minutes.\n"
    adding = await fake.command(running.owner, channel, "library add", files=[("ferries.md", text)])
    told = await fake.finished(adding)
    await fake.until(lambda: "Added: ferries.md" in told.text, "the file is added")
    assert told.seen_by is running.owner
    asked = await ask(running, question="How often does the ferry to Hormuz Island leave?")
    assert "every forty minutes" in (await fake.finished(asked)).text
    completed = await fake.autocomplete(someone(), channel, "sources", "document", "ferr")
    await fake.until(lambda: completed.callback is not None, "the name is completed")
    assert "ferries.md" in str(completed.callback["data"]["choices"])


async def test_what_another_process_puts_into_the_shared_library_is_found_in_direct_messages(
    running, encoder, tmp_path
):
    (tmp_path / "lighthouse.md").write_text("# Qeshm\n\nThe lighthouse of Qeshm is painted green and white.\n")
    with Library.open(running.home / "shared", encoder=encoder) as library:
        library.index([tmp_path])
    person = someone()
    channel = running.fake.direct_channel(person)
    await running.fake.say(person, channel, "How is the lighthouse of Qeshm painted?")
    await running.fake.until(lambda: running.fake.bot_messages(channel), "the direct message is answered")
    assert "painted green and white" in running.fake.bot_messages(channel)[0].text


@pytest.mark.parametrize(("method", "path"), [("POST", CALLBACK), ("PATCH", ORIGINAL)])
@pytest.mark.parametrize("failure", [{"status": 429}, {"status": 500}, {"status": 500, "applied": True}])
async def test_a_failure_of_discord_delays_an_answer_and_never_doubles_it(running, method, path, failure):
    fault = running.fake.fault(method, path, **failure)
    asked = await ask(running)
    reply = await running.fake.finished(asked)
    assert not fault.times
    await running.fake.until(lambda: QUOTED in reply.text, "the answer stands")
    await fence(running)
    assert asked.replies == [reply] and not asked.followups


@pytest.mark.parametrize("failure", [{"status": 429, "everywhere": True}, {"status": 500, "applied": True}])
async def test_a_failure_of_discord_never_doubles_the_answer_to_a_mention(running, failure):
    channel, fake = running.guild.channels[0], running.fake
    before = len(fake.bot_messages(channel))
    fault = fake.fault("POST", CHANNEL_MESSAGES, **failure)
    said = await fake.say(someone(), channel, f"<@{fake.bot.id}> {QUESTION}", mention=True)
    tries = [r for r in fake.rest.requests if r.path.endswith("/messages")]
    await fake.until(lambda: len(fake.bot_messages(channel)) > before, "the mention is answered")
    await fence(running)
    assert not fault.times and len(tries) <= 2
    assert [m.reply_to for m in fake.bot_messages(channel) if m.reply_to is said] == [said]


async def test_what_was_asked_while_the_socket_was_gone_is_answered_once_after_a_resume(running):
    fake, channel = running.fake, running.guild.channels[0]
    resumed, identified = fake.gateway.resumed, len(fake.gateway.identified)
    before = await answered(running)
    said = await fake.say(someone(), channel, f"<@{fake.bot.id}> {QUESTION}", mention=True)
    await fake.until(lambda: any(m.reply_to is said for m in fake.bot_messages(channel)), "the mention is answered")
    session = fake.gateway.session(running.guild)
    fake.gateway.replay_extra = sum(event in ("INTERACTION_CREATE", "MESSAGE_CREATE") for event, _ in session.events)
    fake.gateway.drop(session)
    asked = await ask(running)
    assert QUOTED in (await fake.finished(asked)).text
    await fence(running)
    assert fake.gateway.resumed == resumed + 1 and len(fake.gateway.identified) == identified
    assert asked.replies == [asked.original]
    assert sum(m.reply_to is said for m in fake.bot_messages(channel)) == 1
    callbacks = [r.path for r in fake.rest.requests if "/callback" in r.path]
    assert len(callbacks) == len(set(callbacks)) and before.text


async def test_op_7_is_followed_by_a_resume(running):
    resumed, identified = running.fake.gateway.resumed, len(running.fake.gateway.identified)
    await running.fake.gateway.ask_to_reconnect(running.fake.gateway.session(running.guild))
    await running.fake.until(lambda: running.fake.gateway.resumed == resumed + 1, "the bot resumes")
    await answered(running)
    assert len(running.fake.gateway.identified) == identified


async def test_op_9_is_followed_by_a_new_session_that_answers(running):
    identified = len(running.fake.gateway.identified)
    await running.fake.gateway.invalidate(running.fake.gateway.session(running.guild), resumable=False)
    await running.fake.until(lambda: len(running.fake.gateway.identified) == identified + 1, "the bot identifies again")
    await answered(running)
    assert len(running.fake.rest.syncs) == 1


async def test_a_server_that_removed_the_bot_between_two_sessions_counts_as_left(running):
    gateway, gone = running.fake.gateway, running.fake.add_guild("gone", Person("owner"))
    await running.fake.join(gone)
    await fence(running)
    gateway.guilds.remove(gone)
    assert left(running) == set()
    await gateway.invalidate(gateway.session(running.guild), resumable=False)
    await running.fake.until(lambda: left(running) == {gone.id}, "the bot notes that it was removed")
    await answered(running)


async def test_neither_tokens_nor_questions_are_in_a_log_at_debug(running):
    await answered(running)
    running.fake.fault("PATCH", ORIGINAL, status=400)
    failed = await ask(running)
    await running.fake.until(lambda: running.fake.rest.faults[-1].times == 0, "an edit is refused")
    await fence(running)
    log = "".join([*running.logs, running.bot.log])
    assert "DEBUG" in log
    assert running.fake.token not in log
    assert not [i.token for i in running.fake.rest.interactions.values() if i.token in log]
    assert failed.token not in log and QUESTION not in log and QUOTED not in log
    # Nor any part of them that is secret on its own
    assert "SeCrEt" not in log and running.fake.token.rpartition(".")[2] not in log
