"""``/library``: what managers can do to a server's documents, what is asked before, and who may not."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import discord
import pytest
import simcord
from simcord.actors import MemberActor
from simcord.backend.errors import SetupError
from simcord.builders import ChannelHandle, GuildHandle
from simcord.enums import AppCommandType

from bot import uploads
from bot.client import QuothBot
from bot.commands import adding
from bot.commands.adding import HIDDEN, READABLE
from quoth.encoder import Encoder
from quoth.library import Library
from quoth.progress import Progress
from tests.bot.acting import (
    BINARY,
    NEW_RULES,
    RULES,
    documents,
    forge,
    form_of,
    press,
    private,
    said_after,
    send_form,
    told,
)
from tests.bot.answers import answer
from tests.bot.conftest import GUILD, QUESTION, Restart, labels, text_of
from tests.documents.pdf_samples import with_fpdf

HOUSE = "When is dinner served?"


@pytest.fixture
def hidden(guild: GuildHandle, manager: MemberActor) -> ChannelHandle:
    """A channel that only the manager (and the bot) can see."""
    return guild.create_text_channel(
        "staff",
        overwrites={
            guild.default_role: discord.PermissionOverwrite(view_channel=False),
            manager: discord.PermissionOverwrite(view_channel=True),
            guild.me: discord.PermissionOverwrite(view_channel=True),
        },
    )


# -- add


async def test_the_form_takes_ten_files_and_says_who_will_read_them(
    manager: MemberActor, channel: ChannelHandle, hidden: ChannelHandle
) -> None:
    here = str((await form_of(manager, channel)).modal)
    assert READABLE in here and HIDDEN not in here
    assert "'max_values': 10" in here
    there = str((await form_of(manager, hidden)).modal)
    assert READABLE in there and HIDDEN in there


async def test_files_of_the_form_are_answered_for_one_by_one_and_quoted_at_once(
    bot: QuothBot, manager: MemberActor, ann: MemberActor, channel: ChannelHandle
) -> None:
    before = set(documents(bot, GUILD))
    result = await send_form(
        manager, channel, ("house.txt", RULES), ("tool.txt", BINARY), ("notes.md", b"# Notes\n\nTea is at four.\n")
    )
    text = told(result)
    assert "Added: **house.txt**" in text and "Added: **notes.md**" in text
    assert "Not added: **tool.txt**" in text
    assert READABLE in text
    assert set(documents(bot, GUILD)) == before | {"house.txt", "notes.md"}
    answer = await ann.slash(channel, "ask", question=HOUSE)
    assert answer.response is not None
    assert "seven in the evening" in text_of(answer.response)


async def test_files_of_programs_come_through_the_same_door_and_are_cited_by_page_and_heading(
    manager: MemberActor, ann: MemberActor, channel: ChannelHandle
) -> None:
    paper = with_fpdf([["The harbour is described on this page."], ["The beacon was lit by Ismene Vahl in 1874."]])
    page = b"<!doctype html><html><body><nav>Home</nav><h1>Fees</h1><p>A berth costs four crowns a night.</p></body>"
    result = await send_form(
        manager,
        channel,
        ("paper.txt", paper),
        ("fees.html", page),
        ("torn.pdf", paper[:200]),
        ("photo.pdf", b"\x89PNG\r\n\x1a\n" + bytes(100)),
    )
    text = told(result)
    assert "Added: **paper.txt**" in text and "Added: **fees.html**" in text
    assert "Not added: **torn.pdf**" in text and "damaged PDF" in text
    assert "Not added: **photo.pdf**" in text and "a picture" in text
    lit = (await ann.slash(channel, "ask", question="Who lit the beacon in 1874?")).response
    assert "Ismene Vahl" in text_of(lit) and "page 2" in text_of(lit)
    costs = (await ann.slash(channel, "ask", question="What does a berth cost a night?")).response
    assert "four crowns" in text_of(costs) and "Fees" in text_of(costs)


async def test_an_empty_file_is_named_once_and_nobody_is_told_that_it_can_be_read(
    manager: MemberActor, channel: ChannelHandle
) -> None:
    text = told(await send_form(manager, channel, ("empty.txt", b"")))
    assert text.count("empty.txt") == 1 and READABLE not in text


async def test_what_was_taken_in_before_a_replacement_stays_in_its_report(
    manager: MemberActor, channel: ChannelHandle
) -> None:
    await send_form(manager, channel, ("house.txt", RULES), ("same.txt", b"Tea is at four."))
    asked = await send_form(
        manager, channel, ("house.txt", NEW_RULES), ("same.txt", b"Tea is at four."), ("c.txt", b"Cake is at five.")
    )
    assert "Replace it with the new file?" in told(asked)
    await press(manager, private(asked), "Replace")
    text = told(asked)
    assert "Replaced: **house.txt**" in text and "unchanged: **same.txt**" in text and "Added: **c.txt**" in text


async def test_a_file_that_two_people_were_asked_about_is_removed_once_and_the_second_is_told(
    bot: QuothBot, manager: MemberActor, channel: ChannelHandle
) -> None:
    await send_form(manager, channel, ("house.txt", RULES))
    first, second = [private(await manager.slash(channel, "library remove", file="house.txt")) for _ in range(2)]
    await press(manager, first, "Remove")
    await press(manager, second, "Remove")
    assert "isn't in the library any more; nothing was removed" in text_of(second)


async def test_a_file_given_to_the_command_needs_no_form(
    env: simcord.Env, bot: QuothBot, manager: MemberActor, channel: ChannelHandle
) -> None:
    result = await manager.slash(channel, "library add", file=("house.txt", RULES))
    acknowledged = next(request for request in env.http_requests if request.path.endswith("/callback"))
    assert acknowledged.json["type"] == discord.InteractionResponseType.deferred_channel_message.value
    assert "Added: **house.txt**" in told(result)
    assert documents(bot, GUILD)["house.txt"] == RULES.decode()


@pytest.mark.parametrize("refused", [False, True])
async def test_whoever_adds_a_long_file_sees_again_and_again_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch, refused: bool
) -> None:
    monkeypatch.setattr(adding, "_PROGRESS_EVERY", 0.001)
    told_three_times = asyncio.Event()
    reports: list[Progress] = []
    seen: list[str] = []

    async def job() -> str:
        await told_three_times.wait()
        return "added"

    async def tell() -> None:
        seen.append(adding.far(reports))
        reports.append([Progress("parting", 0, 1), Progress("embedding", 64, 200)][min(len(seen), 2) - 1])
        if len(seen) == 3:
            told_three_times.set()
        if refused:
            raise discord.HTTPException(SimpleNamespace(status=503, reason="busy"), "busy")

    assert await adding.told_of_meanwhile(job(), tell) == "added"
    assert seen[:3] == ["waiting for its turn", "parted into passages", "32 %"]


async def test_the_first_file_of_a_server_makes_its_library(
    env: simcord.Env, bot: QuothBot, other_guild: GuildHandle
) -> None:
    role = other_guild.create_role("managers", permissions=discord.Permissions(manage_guild=True))
    person = other_guild.add_member(env.create_user("olga"), roles=[role])
    await person.slash(other_guild.create_text_channel("general"), "library add", file=("house.txt", RULES))
    assert set(documents(bot, other_guild.id)) == {"house.txt"}
    assert "house.txt" not in documents(bot, GUILD)


async def test_a_name_that_is_there_is_replaced_only_after_a_yes(
    bot: QuothBot, manager: MemberActor, channel: ChannelHandle
) -> None:
    await send_form(manager, channel, ("house.txt", RULES))
    asked = private(await send_form(manager, channel, ("house.txt", NEW_RULES), ("other.txt", b"Something else.\n")))
    assert "already has **house.txt**" in text_of(asked)
    assert "Added: **other.txt**" in text_of(asked)
    assert documents(bot, GUILD)["house.txt"] == RULES.decode()
    await press(manager, asked, "Replace")
    assert "Replaced: **house.txt**" in text_of(asked)
    assert not labels(asked)
    assert documents(bot, GUILD)["house.txt"] == NEW_RULES.decode()


async def test_a_file_that_is_there_already_is_said_to_be_and_not_offered_to_be_replaced(
    manager: MemberActor, channel: ChannelHandle
) -> None:
    await send_form(manager, channel, ("house.txt", RULES))
    said = private(await send_form(manager, channel, ("house.txt", RULES)))
    assert "Already there, unchanged: **house.txt**" in text_of(said) and not labels(said)


async def test_a_no_keeps_the_old_file(bot: QuothBot, manager: MemberActor, channel: ChannelHandle) -> None:
    await send_form(manager, channel, ("house.txt", RULES))
    asked = private(await send_form(manager, channel, ("house.txt", NEW_RULES)))
    await press(manager, asked, "Keep")
    assert "old files stay" in text_of(asked)
    assert documents(bot, GUILD)["house.txt"] == RULES.decode()


async def test_two_files_of_one_name_do_not_overwrite_each_other(
    bot: QuothBot, manager: MemberActor, channel: ChannelHandle
) -> None:
    text = told(await send_form(manager, channel, ("house.txt", RULES), ("house.txt", NEW_RULES)))
    assert "another file of these has the same name" in text.casefold()
    assert documents(bot, GUILD)["house.txt"] == RULES.decode()


@pytest.mark.bot_settings(file_bytes=200)
async def test_a_file_that_is_too_large_is_never_fetched(
    env: simcord.Env,
    bot: QuothBot,
    manager: MemberActor,
    channel: ChannelHandle,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fetched: list[str] = []
    get = env.backend.cdn.get
    monkeypatch.setattr(env.backend.cdn, "get", lambda url: fetched.append(url) or get(url))
    text = told(await send_form(manager, channel, ("large.txt", b"A sentence. " * 100), ("house.txt", RULES)))
    assert "Not added: **large.txt**" in text and "Added: **house.txt**" in text
    assert len(fetched) == 1 and fetched[0].endswith("house.txt")
    assert "large.txt" not in documents(bot, GUILD)


async def test_a_file_that_cant_be_fetched_is_named_and_its_address_is_logged_nowhere(
    env: simcord.Env,
    bot: QuothBot,
    manager: MemberActor,
    channel: ChannelHandle,
    home: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    await send_form(manager, channel, ("house.txt", RULES))
    monkeypatch.setattr(env.backend.cdn, "get", lambda url: None)
    text = told(await send_form(manager, channel, ("lost.txt", RULES)))
    assert "Not added: **lost.txt**" in text and "send it again" in text
    own = [record.getMessage() for record in caplog.records if record.name.startswith(("bot", "quoth"))]
    assert any("could not be fetched" in line for line in own)
    assert not any("cdn." in line or "attachments/" in line for line in own)
    for kept in home.rglob("*"):
        assert not kept.is_file() or b"cdn.simcord" not in kept.read_bytes()


async def test_a_name_is_shown_as_it_stands(bot: QuothBot, manager: MemberActor, channel: ChannelHandle) -> None:
    name = "_x_ ||y|| @everyone [a](evil.example).txt"
    text = told(await manager.slash(channel, "library add", file=(name, RULES)))
    assert "Added" in text
    assert "||y||" not in text and "[a](" not in text.replace("\\[a", "") and "_x_" not in text.replace("\\_", "")
    listed = told(await manager.slash(channel, "library list"))
    assert "||y||" not in listed


async def test_what_a_hidden_channel_holds_is_added_only_after_a_warning(
    bot: QuothBot, manager: MemberActor, hidden: ChannelHandle
) -> None:
    asked = private(await manager.slash(hidden, "library add", file=("house.txt", RULES)))
    assert HIDDEN in text_of(asked) and READABLE in text_of(asked)
    assert "house.txt" not in documents(bot, GUILD)
    await press(manager, asked, "Don't add")
    assert "house.txt" not in documents(bot, GUILD)
    asked = private(await manager.slash(hidden, "library add", file=("house.txt", RULES)))
    await press(manager, asked, "Add")
    assert "Added: **house.txt**" in text_of(asked)
    assert "house.txt" in documents(bot, GUILD)


async def test_the_menu_adds_the_files_of_a_message(
    bot: QuothBot, ann: MemberActor, manager: MemberActor, channel: ChannelHandle
) -> None:
    message = await ann.send(channel, "our rules", attachments=[("house.txt", RULES), ("tool.txt", BINARY)])
    text = told(await manager.context_menu(channel, "Add to library", message))
    assert "Added: **house.txt**" in text and "Not added: **tool.txt**" in text and READABLE in text
    assert bot.records.uploads(GUILD)["house.txt"].by == manager.id


async def test_the_menu_says_when_a_message_has_no_files(
    bot: QuothBot, ann: MemberActor, manager: MemberActor, channel: ChannelHandle
) -> None:
    before = documents(bot, GUILD)
    message = await ann.send(channel, "Dinner is at eight.")
    assert "no files" in told(await manager.context_menu(channel, "Add to library", message))
    assert documents(bot, GUILD) == before


async def test_the_menu_asks_first_where_not_everyone_can_see_the_message(
    bot: QuothBot, manager: MemberActor, hidden: ChannelHandle
) -> None:
    message = await manager.send(hidden, "secret", attachments=[("house.txt", RULES)])
    asked = private(await manager.context_menu(hidden, "Add to library", message))
    assert HIDDEN in text_of(asked)
    assert "house.txt" not in documents(bot, GUILD)
    await press(manager, asked, "Add")
    assert "house.txt" in documents(bot, GUILD)


async def test_the_menu_takes_the_files_of_a_message_that_was_forwarded(
    bot: QuothBot, ann: MemberActor, manager: MemberActor, guild: GuildHandle, channel: ChannelHandle
) -> None:
    message = await ann.send(guild.create_text_channel("rules"), "ours", attachments=[("house.txt", RULES)])
    forwarded = await ann.forward(message, channel)
    assert "Added: **house.txt**" in told(await manager.context_menu(channel, "Add to library", forwarded))


@pytest.mark.parametrize(
    ("kind", "hidden_from_some"),
    [(discord.ChannelType.public_thread, False), (discord.ChannelType.private_thread, True)],
)
async def test_a_thread_is_as_open_as_it_is(
    env: simcord.Env,
    guild: GuildHandle,
    manager: MemberActor,
    channel: ChannelHandle,
    kind: discord.ChannelType,
    hidden_from_some: bool,
) -> None:
    thread = env.backend.create_thread(channel.id, "talk", manager.id, type=kind.value)
    env.backend.add_thread_member(thread.id, manager.id)
    await env.settle()
    form = await form_of(manager, ChannelHandle(env, guild, thread))
    assert (HIDDEN in str(form.modal)) is hidden_from_some


@pytest.mark.bot_settings(files=2)
async def test_a_server_that_used_up_its_room_is_told_so(
    bot: QuothBot, manager: MemberActor, channel: ChannelHandle
) -> None:
    files = [(f"{number}.txt", f"Sentence number {number} stands here.\n".encode()) for number in range(4)]
    text = told(await send_form(manager, channel, *files))
    assert "Not added" in text
    assert len(bot.records.uploads(GUILD)) <= 2


# -- remove


async def test_remove_offers_what_there_is_asks_and_removes(
    bot: QuothBot, manager: MemberActor, ann: MemberActor, channel: ChannelHandle
) -> None:
    await send_form(manager, channel, ("house.txt", RULES), ("garden.txt", b"The garden gate is green.\n"))
    (choice,) = await manager.autocomplete(channel, "library remove", "file", "HOU")
    assert choice["name"] == "house.txt"
    asked = private(await manager.slash(channel, "library remove", file=choice["value"]))
    assert "Remove **house.txt**" in text_of(asked)
    assert "house.txt" in documents(bot, GUILD)
    await press(manager, asked, "Remove")
    assert "not quoted any more" in text_of(asked)
    assert "house.txt" not in documents(bot, GUILD) and "garden.txt" in documents(bot, GUILD)
    answer = await ann.slash(channel, "ask", question=HOUSE)
    assert answer.response is not None
    assert "seven in the evening" not in text_of(answer.response)


async def test_remove_takes_a_typed_name_and_keeps_on_a_no(
    bot: QuothBot, manager: MemberActor, channel: ChannelHandle
) -> None:
    await send_form(manager, channel, ("house.txt", RULES))
    asked = private(await manager.slash(channel, "library remove", file="house.txt"))
    await press(manager, asked, "Keep")
    assert "Nothing was removed" in text_of(asked)
    assert "house.txt" in documents(bot, GUILD)


@pytest.mark.parametrize("name", ["no such file", "file:0123456789abcdef0123456789abcdef", "*"])
async def test_remove_says_when_there_is_no_such_file(
    bot: QuothBot, manager: MemberActor, channel: ChannelHandle, name: str
) -> None:
    before = documents(bot, GUILD)
    message = private(await manager.slash(channel, "library remove", file=name))
    assert "no file" in text_of(message) and not labels(message)
    assert documents(bot, GUILD) == before


async def test_a_choice_fits_into_discords_limits_whatever_a_file_is_called(
    manager: MemberActor, channel: ChannelHandle, home: Path, encoder: Encoder, tmp_path_factory: pytest.TempPathFactory
) -> None:
    source = tmp_path_factory.mktemp("operator") / ("ü" * 110 + ".txt")
    source.write_text("A long name.\n")
    with Library.open(home / "guilds" / str(GUILD), encoder=encoder) as library:
        library.index([source])
    (choice,) = await manager.autocomplete(channel, "library remove", "file", "ü")
    assert 1 <= len(choice["name"]) <= 100 and 1 <= len(choice["value"]) <= 100
    asked = private(await manager.slash(channel, "library remove", file=choice["value"]))
    assert text_of(asked).startswith("Remove ")


# -- list, check


async def test_list_says_who_added_what_and_when(bot: QuothBot, manager: MemberActor, channel: ChannelHandle) -> None:
    await send_form(manager, channel, ("house.txt", RULES))
    text = told(await manager.slash(channel, "library list"))
    assert "house.txt" in text and f"<@{manager.id}>" in text
    upload = bot.records.uploads(GUILD)["house.txt"]
    assert f"<t:{int(upload.at.timestamp())}" in text
    assert abs((datetime.now(UTC) - upload.at).total_seconds()) < 600


async def test_the_pages_of_a_list_turn_after_a_restart(
    manager: MemberActor, channel: ChannelHandle, restart: Restart
) -> None:
    for tens in range(2):
        files = [(f"n{tens}{ones}.txt", f"Number {tens}{ones}.\n".encode()) for ones in range(10)]
        await send_form(manager, channel, *files)
    listed = private(await manager.slash(channel, "library list"))
    first = text_of(listed)
    await restart()
    await press(manager, listed, "Next")
    assert text_of(listed) != first
    assert "n00.txt" in first and "n10.txt" in text_of(listed)


async def test_check_says_that_nothing_is_missing(manager: MemberActor, channel: ChannelHandle) -> None:
    assert "1 document, 17 passages, nothing missing" in told(await manager.slash(channel, "library check"))


async def test_check_and_list_of_an_empty_library_say_so(env: simcord.Env, other_guild: GuildHandle) -> None:
    role = other_guild.create_role("managers", permissions=discord.Permissions(manage_guild=True))
    person = other_guild.add_member(env.create_user("olga"), roles=[role])
    place = other_guild.create_text_channel("general")
    assert "empty" in told(await person.slash(place, "library check"))
    assert "Nothing was added" in told(await person.slash(place, "library list"))
    assert await person.autocomplete(place, "library remove", "file", "") == []


async def test_check_names_what_is_wrong(bot: QuothBot, manager: MemberActor, channel: ChannelHandle) -> None:
    with bot.shelf.using(GUILD) as library:
        library._store._db.execute("UPDATE passage SET terms = x'' WHERE id = (SELECT min(id) FROM passage)")
    text = told(await manager.slash(channel, "library check"))
    assert "problems (1 document, 17 passages)" in text and "other words than it holds" in text


@pytest.mark.parametrize(("name", "data"), [("empty.txt", b""), ("tool.exe", BINARY)])
async def test_a_refused_file_is_called_by_its_own_name(manager, channel, name, data):
    text = told(await send_form(manager, channel, (name, data)))
    assert f"**{name}**: It " in text and text.count(name) == 1


# -- erase


async def test_erase_asks_twice_and_leaves_nothing(
    bot: QuothBot, manager: MemberActor, ann: MemberActor, channel: ChannelHandle, home: Path
) -> None:
    await send_form(manager, channel, ("house.txt", RULES))
    await ann.slash(channel, "ask", question=QUESTION)
    asked = private(await manager.slash(channel, "library erase"))
    await press(manager, asked, "Delete everything")
    assert "Really?" in text_of(asked)
    assert "house.txt" in documents(bot, GUILD)
    await press(manager, asked, "Yes, delete everything")
    assert "deleted" in text_of(asked) and "Its settings stay" in text_of(asked) and not labels(asked)
    assert documents(bot, GUILD) == {}
    assert not (home / "guilds" / str(GUILD)).exists()
    assert bot.records.uploads(GUILD) == {}
    assert bot.records.stats(GUILD).asked == 0
    assert bot.records.actions(GUILD)[0].what == "erase" and bot.records.actions(GUILD)[0].by == manager.id


@pytest.mark.parametrize(("what", "said"), [("everything", "no documents here"), ("one file", "were changed while")])
async def test_an_answer_that_was_on_its_way_while_what_it_quotes_is_deleted_is_neither_shown_nor_kept(
    what: str, said: str, bot: QuothBot, manager: MemberActor, ann: MemberActor, channel: ChannelHandle, monkeypatch
) -> None:
    await send_form(manager, channel, ("house.txt", RULES))
    ask = bot.shelf.ask

    def ask_and_lose(*args: object, **options: object) -> object:
        answered = ask(*args, **options)
        if what == "everything":
            uploads.erase_library(bot.shelf, bot.records, guild=GUILD, by=manager.id)
        else:
            uploads.remove_upload(bot.shelf, bot.records, guild=GUILD, by=manager.id, name="house.txt")
        return answered

    monkeypatch.setattr(bot.shelf, "ask", ask_and_lose)
    result = await ann.slash(channel, "ask", question=HOUSE)
    assert said in said_after(result) and "seven" not in said_after(result)
    assert bot.records.stats(GUILD).asked == 0 and not bot.records.keeps_questions(GUILD)


async def test_erase_says_so_where_there_is_nothing_and_offers_no_button(
    env: simcord.Env, bot: QuothBot, other_guild: GuildHandle
) -> None:
    role = other_guild.create_role("managers", permissions=discord.Permissions(manage_guild=True))
    olga = other_guild.add_member(env.create_user("olga"), roles=[role])
    channel = other_guild.create_text_channel("general")
    said = private(await olga.slash(channel, "library erase"))
    assert "nothing to delete" in text_of(said) and not labels(said)
    bot.records.keep_answer(answer(), guild=other_guild.id, channel=channel.id, asker=olga.id)
    asked = private(await olga.slash(channel, "library erase"))
    assert "0 documents" in text_of(asked) and labels(asked)


@pytest.mark.parametrize("steps", [0, 1])
async def test_a_no_at_either_question_keeps_everything(
    bot: QuothBot, manager: MemberActor, channel: ChannelHandle, steps: int
) -> None:
    before = documents(bot, GUILD)
    asked = private(await manager.slash(channel, "library erase"))
    for _ in range(steps):
        await press(manager, asked, "Delete everything")
    await press(manager, asked, "Keep")
    assert "Nothing was deleted" in text_of(asked)
    assert documents(bot, GUILD) == before


# -- who may, and for how long


async def test_commands_of_managers_need_manage_server_by_default(env: simcord.Env, bot: QuothBot) -> None:
    commands = {name: command for (name, _), command in env.backend.commands[None].items()}
    needed = str(discord.Permissions(manage_guild=True).value)
    for name in ("library", "settings", "stats", "Add to library"):
        assert str(commands[name]["default_member_permissions"]) == needed
        assert commands[name]["contexts"] == [0]
    for name in ("sources", "privacy"):
        assert commands[name]["default_member_permissions"] is None
        assert commands[name]["contexts"] == [0, 1]
    assert all(command["integration_types"] == [0] for command in commands.values())


async def test_a_member_does_not_get_at_what_managers_do(ann: MemberActor, channel: ChannelHandle) -> None:
    message = await ann.send(channel, "x", attachments=[("house.txt", RULES)])
    for name in ("library add", "library list", "library check", "library erase", "settings", "stats"):
        with pytest.raises(SetupError, match="default-member-permissions"):
            await ann.slash(channel, name)
    with pytest.raises(SetupError, match="default-member-permissions"):
        await ann.context_menu(channel, "Add to library", message)


async def test_a_servers_own_settings_win_over_manage_server(
    env: simcord.Env, bot: QuothBot, guild: GuildHandle, channel: ChannelHandle
) -> None:
    role = guild.create_role("librarians")
    librarian = guild.add_member(env.create_user("lea"), roles=[role])
    command = env.backend.find_command("library", guild.id, type=AppCommandType.CHAT_INPUT)
    assert command is not None
    guild.set_command_permissions(int(command["id"]), {role: True})
    for tens in range(2):
        files = [(f"n{tens}{ones}.txt", f"Number {tens}{ones}.\n".encode()) for ones in range(10)]
        assert "Added" in told(await send_form(librarian, channel, *files))
    listed = private(await librarian.slash(channel, "library list"))
    first = text_of(listed)
    await press(librarian, listed, "Next")
    assert text_of(listed) != first
    asked = private(await librarian.slash(channel, "library remove", file="n00.txt"))
    await press(librarian, asked, "Remove")
    assert "n00.txt" not in documents(bot, GUILD)
    refused = await forge(env, librarian, channel, "quoth-stats:1")
    assert "Manage Server" in said_after(refused)


async def test_a_page_of_the_list_is_for_those_who_may_see_it(
    env: simcord.Env, ann: MemberActor, manager: MemberActor, channel: ChannelHandle
) -> None:
    await send_form(manager, channel, ("house.txt", RULES))
    refused = said_after(await forge(env, ann, channel, "quoth-list:1"))
    assert "Manage Server" in refused and "house.txt" not in refused


async def test_a_manager_who_is_none_any_more_can_confirm_nothing(
    env: simcord.Env, bot: QuothBot, manager: MemberActor, channel: ChannelHandle
) -> None:
    before = documents(bot, GUILD)
    asked = private(await manager.slash(channel, "library remove", file=next(iter(before))))
    env.backend.get_guild(GUILD).members[manager.id].role_ids.clear()
    assert "Manage Server" in said_after(await press(manager, asked, "Remove"))
    assert documents(bot, GUILD) == before


async def test_a_question_belongs_to_the_person_who_was_asked(
    env: simcord.Env, bot: QuothBot, guild: GuildHandle, manager: MemberActor, channel: ChannelHandle
) -> None:
    before = documents(bot, GUILD)
    other = guild.add_member(env.create_user("max"), roles=[guild.roles["managers"]])
    asked = private(await manager.slash(channel, "library remove", file=next(iter(before))))
    for custom_id in labels(asked).values():
        assert "Only the person who was asked" in said_after(await forge(env, other, channel, custom_id))
    assert documents(bot, GUILD) == before
    await press(manager, asked, "Remove")
    assert len(documents(bot, GUILD)) == len(before) - 1


async def test_a_question_can_be_answered_once(
    env: simcord.Env, bot: QuothBot, manager: MemberActor, channel: ChannelHandle
) -> None:
    await send_form(manager, channel, ("house.txt", RULES))
    asked = private(await manager.slash(channel, "library remove", file="house.txt"))
    yes = next(custom_id for label, custom_id in labels(asked).items() if label == "Remove")
    await press(manager, asked, "Remove")
    await send_form(manager, channel, ("house.txt", RULES))
    assert "expired" in said_after(await forge(env, manager, channel, yes))
    assert "house.txt" in documents(bot, GUILD)


async def test_a_question_expires_after_fifteen_minutes(
    env: simcord.Env, bot: QuothBot, manager: MemberActor, channel: ChannelHandle
) -> None:
    before = documents(bot, GUILD)
    asked = private(await manager.slash(channel, "library remove", file=next(iter(before))))
    await env.advance_time(15 * 60 + 1)
    assert "expired" in said_after(await press(manager, asked, "Remove"))
    assert documents(bot, GUILD) == before


async def test_a_question_from_before_a_restart_says_that_it_expired(
    manager: MemberActor, channel: ChannelHandle, bot: QuothBot, restart: Restart
) -> None:
    name = next(iter(documents(bot, GUILD)))
    asked = private(await manager.slash(channel, "library remove", file=name))
    new = await restart()
    assert "expired" in said_after(await press(manager, asked, "Remove"))
    assert name in documents(new, GUILD)


async def test_a_form_from_before_a_restart_adds_nothing_and_says_so(
    manager: MemberActor, channel: ChannelHandle, restart: Restart
) -> None:
    form = await form_of(manager, channel)
    new = await restart()
    result = await manager.submit_modal(form, {"files": [("house.txt", RULES)]})
    assert result.acknowledged and result.ephemeral
    assert "house.txt" not in documents(new, GUILD)


async def test_what_managers_do_is_recorded_with_who_did_it(
    bot: QuothBot, manager: MemberActor, channel: ChannelHandle
) -> None:
    await send_form(manager, channel, ("house.txt", RULES))
    assert [action.detail for action in bot.records.actions(GUILD)] == ["house.txt"]
    asked = private(await manager.slash(channel, "library remove", file="house.txt"))
    await press(manager, asked, "Remove")
    done = [(action.what, action.detail, action.by) for action in reversed(bot.records.actions(GUILD))]
    assert done == [("add", "", manager.id), ("remove", "", manager.id)], "a file's name goes with the file"
