"""``/sources``: everybody sees what can be asked here, page by page or one document closer."""

from __future__ import annotations

from pathlib import Path

import pytest
import simcord
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle, GuildHandle

from bot.client import QuothBot
from quoth.encoder import Encoder
from quoth.library import Library
from tests.bot.acting import RULES, documents, press, private, send_form, told
from tests.bot.conftest import GUILD, Restart, labels, text_of


@pytest.fixture
def shared(home: Path, encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a document in the shared library."""
    source = tmp_path_factory.mktemp("operator") / "tides.txt"
    source.write_text("About tides\n\nThe moon pulls the sea twice a day.\n")
    with Library.open(home / "shared", encoder=encoder) as library:
        library.index([source])
    return "tides.txt"


async def test_everybody_sees_the_documents_with_their_sizes_and_dates(
    bot: QuothBot, ann: MemberActor, channel: ChannelHandle
) -> None:
    text = told(await ann.slash(channel, "sources"))
    with bot.shelf.using(GUILD) as library:
        records = library.documents()
    assert f"{records[0].characters:,}" in text and "<t:" in text
    assert str(ann.id) not in text


async def test_a_line_of_an_uploaded_jsonl_file_is_found_by_the_files_name(
    manager: MemberActor, ann: MemberActor, channel: ChannelHandle
) -> None:
    await send_form(manager, channel, ("games.jsonl", b'{"_id": "g1", "text": "Moss Court needs four players."}\n'))
    assert "Moss Court" in told(await ann.slash(channel, "sources", document="games.jsonl"))
    assert await ann.autocomplete(channel, "sources", "document", "games")


async def test_own_and_shared_documents_are_told_apart(shared: str, ann: MemberActor, channel: ChannelHandle) -> None:
    text = told(await ann.slash(channel, "sources"))
    assert text.index("This server") < text.index("Shared library") < text.index(shared)


async def test_a_server_that_leaves_the_shared_library_out_does_not_see_it(
    shared: str, manager: MemberActor, ann: MemberActor, channel: ChannelHandle
) -> None:
    await press(manager, private(await manager.slash(channel, "settings")), "Shared library")
    assert shared not in told(await ann.slash(channel, "sources"))
    assert await ann.autocomplete(channel, "sources", "document", "tides") == []
    assert "no document" in told(await ann.slash(channel, "sources", document=shared))


async def test_direct_messages_see_the_shared_library_alone(shared: str, bot: QuothBot, ann: MemberActor) -> None:
    text = told(await ann.user.slash("sources"))
    assert shared in text
    assert not any(name in text for name in documents(bot, GUILD))
    choices = await ann.user.autocomplete("sources", "document", "")
    assert len(choices) == 1
    assert "twice a day" in told(await ann.user.slash("sources", document=choices[0]["value"]))


async def test_without_documents_it_says_who_can_add_some(
    env: simcord.Env, other_guild: GuildHandle, ann: MemberActor
) -> None:
    olga = other_guild.add_member(env.create_user("olga"))
    assert "/library add" in told(await olga.slash(other_guild.create_text_channel("general"), "sources"))
    assert "no documents" in told(await ann.user.slash("sources"))


async def test_one_document_is_chosen_by_what_is_typed(
    manager: MemberActor, ann: MemberActor, channel: ChannelHandle
) -> None:
    await send_form(manager, channel, ("house.txt", RULES))
    (choice,) = await ann.autocomplete(channel, "sources", "document", "hOuSe.t")
    assert "house.txt" in choice["name"]
    for named in (choice["value"], "house.txt"):
        assert "shoes at the door" in told(await ann.slash(channel, "sources", document=named))


async def test_a_choice_whose_document_was_removed_shows_nothing_of_it(
    manager: MemberActor, ann: MemberActor, channel: ChannelHandle
) -> None:
    await send_form(manager, channel, ("house.txt", RULES))
    (choice,) = await ann.autocomplete(channel, "sources", "document", "house.txt")
    await press(manager, private(await manager.slash(channel, "library remove", file="house.txt")), "Remove")
    text = told(await ann.slash(channel, "sources", document=choice["value"]))
    assert "any more" in text and "shoes" not in text


async def test_what_nobody_called_a_document_is_answered_in_words(ann: MemberActor, channel: ChannelHandle) -> None:
    text = told(await ann.slash(channel, "sources", document="@everyone **nothing**"))
    assert "no document called" in text and "**nothing**" not in text


async def test_pages_turn_after_a_restart_and_follow_what_is_there(
    bot: QuothBot, manager: MemberActor, ann: MemberActor, channel: ChannelHandle, restart: Restart
) -> None:
    for tens in range(2):
        files = [(f"n{tens}{ones}.txt", f"Number {tens}{ones}.\n".encode()) for ones in range(10)]
        await send_form(manager, channel, *files)
    listed = private(await ann.slash(channel, "sources"))
    first = text_of(listed)
    await restart()
    seen = first
    while any(label.startswith("Next") for label in labels(listed)):
        before = text_of(listed)
        await press(ann, listed, "Next")
        seen += text_of(listed)
        if "page 3 of 3" in text_of(listed).casefold():
            break
        assert text_of(listed) != before
    assert all(name in seen for name in documents(bot, GUILD) if name.startswith("n"))


async def test_documents_indexed_by_another_program_are_listed_without_a_restart(
    ann: MemberActor, channel: ChannelHandle, home: Path, encoder: Encoder, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert "late.txt" not in told(await ann.slash(channel, "sources"))
    source = tmp_path_factory.mktemp("operator") / "late.txt"
    source.write_text("It came late.\n")
    with Library.open(home / "guilds" / str(GUILD), encoder=encoder) as library:
        library.index([source])
    assert await ann.autocomplete(channel, "sources", "document", "late.txt")
