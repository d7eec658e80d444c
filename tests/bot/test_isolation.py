"""A member of one server never gets a passage, a title, a name or a count of another server's library.

Two servers hold documents with words of their own that no other text has (canaries). Whatever a member of the first
sends, forged or stale, none of the second's words come back, and nothing of the second changes.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle, GuildHandle
from simcord.enums import AppCommandType, InteractionType

from bot.client import QuothBot
from bot.commands.library import _choices, _find, _value
from bot.commands.sources import SHARED, choices, one_document, shelves
from bot.errors import AnswerGoneError
from bot.records import KeptSpan, Records
from bot.records.kept import hashed
from bot.shelf import Shelf
from bot.uploads import UploadLimits, add_upload, files
from quoth.encoder import Encoder
from tests.bot.acting import documents, forge, private
from tests.bot.conftest import GUILD

OTHER = GUILD + (1 << 30)
MINE, THEIRS = "flamingo", "ocelot"
"""The canaries: the first server's and the second's. Each stands in names, titles and texts of its own."""

SECRET = "tamarind"
"""A word of the second server's texts and titles that nobody sends: a name that is guessed may be repeated to them."""

QUESTION = f"What does the {THEIRS} eat?"
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def fill(shelf: Shelf, records: Records, guild: int, canary: str, count: int = 3) -> None:
    """Put documents with a canary into a server's library, with the same numbers as another server's."""
    for number in range(count):
        food = SECRET if canary == THEIRS else "almond"
        text = f"# The {canary} {number} and the {food}\n\nThe {canary} eats {food} biscuits at {number} o'clock.\n"
        add_upload(
            shelf,
            records,
            guild=guild,
            by=guild + 7,
            name=f"{canary}-{number}.md",
            data=text.encode(),
            replace=False,
            limits=UploadLimits(),
        )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty folder for the bot."""
    return tmp_path


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder) -> Iterator[tuple[Shelf, Records]]:
    """Libraries of two servers, for what needs no Discord."""
    folder = tmp_path_factory.mktemp("isolation")
    shelf, records = Shelf(folder, encoder=encoder), Records.open(folder / "bot.db")
    fill(shelf, records, GUILD, MINE)
    fill(shelf, records, OTHER, THEIRS)
    yield shelf, records
    shelf.close()
    records.close()


@pytest.fixture
def other(env: simcord.Env, bot: QuothBot, guild: GuildHandle) -> GuildHandle:
    """The second server; both have their documents."""
    fill(bot.shelf, bot.records, guild.id, MINE)
    server = env.create_guild("Another server", id=OTHER)
    fill(bot.shelf, bot.records, OTHER, THEIRS)
    return server


@pytest.fixture
def stranger(env: simcord.Env, other: GuildHandle) -> MemberActor:
    """A manager of the second server."""
    role = other.create_role("managers", permissions=discord.Permissions(manage_guild=True))
    return other.add_member(env.create_user("otto"), roles=[role])


@pytest.fixture
def there(other: GuildHandle) -> ChannelHandle:
    """A channel of the second server."""
    return other.create_text_channel("general")


def sent_since(env: simcord.Env, cursor: int) -> str:
    """Return everything that the bot sent to Discord since ``cursor``."""
    return repr([(request.path, request.json) for request in env.http_requests[cursor:]])


def state(bot: QuothBot) -> tuple[object, ...]:
    """Return what the second server has, to see that nothing of it changes."""
    return documents(bot, OTHER), bot.records.stats(OTHER), bot.records.actions(OTHER)


# What a changed client may send in place of a choice: numbers and names, of both servers and of none.
numbers = st.integers(0, 30) | st.sampled_from([GUILD, OTHER, 2**63 - 1, 10**17])
forged_values = st.one_of(
    st.builds("{}:{}".format, st.sampled_from(["own", "shared", "file", "other", str(OTHER), "guild"]), numbers),
    st.builds("{}-{}.md".format, st.sampled_from([THEIRS, THEIRS.upper()]), numbers),
    st.sampled_from(
        [THEIRS, f"The {THEIRS} 1", f"../{OTHER}", f"guilds/{OTHER}/{THEIRS}-1.md", "*", "%", "' OR 1=1 --", "file:"]
    ),
    st.text(max_size=40),
)


@given(forged_values)
@FEW
def test_a_forged_choice_finds_nothing_of_another_server(filled: tuple[Shelf, Records], value: str) -> None:
    shelf, records = filled
    for shared in (True, False):
        reply = one_document(shelf, GUILD, value, shared=shared)
        assert SECRET not in repr([embed.to_dict() for embed in reply.embeds])
        offered = choices(shelf, GUILD, value, shared=shared)
        assert all(MINE in choice.name for choice in offered)
    assert all(MINE in file.name for file in _find(shelf, records, GUILD, value))
    assert all(MINE in choice.name for choice in _choices(shelf, records, GUILD, value))
    assert one_document(shelf, None, value, shared=True).embeds == ()
    assert choices(shelf, None, value, shared=True) == []


def test_the_true_choices_of_another_server_find_nothing(filled: tuple[Shelf, Records]) -> None:
    shelf, records = filled
    for choice in choices(shelf, OTHER, "", shared=True):
        said = repr([embed.to_dict() for embed in one_document(shelf, GUILD, choice.value, shared=True).embeds])
        assert THEIRS not in said and SECRET not in said
    for file in files(shelf, records, OTHER):
        assert _find(shelf, records, GUILD, _value(file)) == []
        assert _find(shelf, records, GUILD, file.name) == []


def test_lists_and_counts_are_of_one_server(filled: tuple[Shelf, Records]) -> None:
    shelf, records = filled
    fill(shelf, records, OTHER + (1 << 30), "gannet", count=5)
    listed = shelves(shelf, GUILD, shared=True)
    assert SHARED not in listed
    assert [record.title for records_ in listed.values() for record in records_] == [
        f"The {MINE} {n} and the almond" for n in range(3)
    ]
    assert shelf.counts(GUILD)[0] == 3
    assert set(records.uploads(GUILD)) == {f"{MINE}-{n}.md" for n in range(3)}
    assert shelves(shelf, None, shared=True) == {}


@given(st.sampled_from([QUESTION, THEIRS, f"{THEIRS} biscuits", f"What is said of the {MINE}?"]), st.booleans())
@FEW
def test_an_answer_quotes_and_counts_the_asking_server_alone(
    filled: tuple[Shelf, Records], question: str, shared: bool
) -> None:
    answer = filled[0].ask(question, guild=GUILD, shared=shared)
    assert answer.documents_searched == 3
    assert {quote.library for quote in answer.quotes} <= {str(GUILD)}
    shown = answer.as_json(explain=True) | {"question": ""}
    assert THEIRS not in repr(shown) and SECRET not in repr(shown)


@given(
    library=st.sampled_from([str(OTHER), str(GUILD), "shared", "", f"../{OTHER}", f"{OTHER} "]),
    document=numbers,
    start=st.integers(-5, 60),
    length=st.integers(0, 80),
)
@FEW
def test_a_forged_span_shows_nothing_of_another_server(
    filled: tuple[Shelf, Records], library: str, document: int, start: int, length: int
) -> None:
    shelf, _ = filled
    with shelf.using(OTHER) as theirs:
        text = theirs.document_by_id(theirs.documents()[0].id).text
    digest = hashed(text[start : start + length])
    span = KeptSpan(library, hashed(f"{THEIRS}-0.md"), document, start, start + length, digest)
    try:
        found = shelf.passage(span, guild=GUILD)
    except AnswerGoneError:
        return
    assert THEIRS not in found.document.text


async def test_the_true_buttons_of_another_server_do_nothing(
    env: simcord.Env,
    bot: QuothBot,
    ann: MemberActor,
    manager: MemberActor,
    channel: ChannelHandle,
    stranger: MemberActor,
    there: ChannelHandle,
) -> None:
    answer = (await stranger.slash(there, "ask", question=QUESTION)).response
    removal = private(await stranger.slash(there, "library remove", file=f"{THEIRS}-1.md"))
    erasure = private(await stranger.slash(there, "library erase"))
    assert answer is not None
    buttons = [part for shown in (answer, removal, erasure) for row in shown.components for part in row["components"]]
    assert len(buttons) >= 7
    before = state(bot)
    for person in (ann, manager):
        for button in buttons:
            cursor = len(env.http_requests)
            result = await forge(env, person, channel, button["custom_id"])
            assert result.acknowledged
            sent = sent_since(env, cursor)
            assert THEIRS not in sent and SECRET not in sent
            assert state(bot) == before
    assert env.backend.get_message(answer.channel_id, answer.id)


@given(data=st.data())
@FEW
async def test_no_forged_press_brings_anything_of_another_server(
    env: simcord.Env,
    bot: QuothBot,
    ann: MemberActor,
    manager: MemberActor,
    channel: ChannelHandle,
    stranger: MemberActor,
    there: ChannelHandle,
    data: st.DataObject,
) -> None:
    answer = (await stranger.slash(there, "ask", question=QUESTION)).response
    asked = private(await stranger.slash(there, "library remove", file=f"{THEIRS}-1.md"))
    assert answer is not None
    true_ids = [part["custom_id"] for each in (answer, asked) for row in each.components for part in row["components"]]
    answer_id = next(custom_id.split(":")[2] for custom_id in true_ids if custom_id.startswith("quoth:"))
    pages = st.integers(0, 10**6)
    custom_id = data.draw(
        st.one_of(
            st.sampled_from(true_ids),
            st.builds(
                "quoth:{}:{}:{}".format,
                st.sampled_from(["context", "more", "closest", "yes", "no", "remove", "follow", "page", "forget", "x"]),
                st.sampled_from([answer_id, secrets.token_urlsafe(12), answer_id[:-1] + "A"]),
                st.integers(0, 999),
            ),
            st.builds("quoth-{}:{}".format, st.sampled_from(["sources", "list", "stats"]), pages),
            st.builds("quoth-confirm:{}:{}".format, st.sampled_from(["yes", "no"]), st.just(secrets.token_urlsafe(12))),
            st.text("abcdefghijklmnopqrstuvwxyz:-0123456789_", min_size=1, max_size=100),
        )
    )
    person = data.draw(st.sampled_from([ann, manager]))
    before = state(bot)
    cursor = len(env.http_requests)
    result = await forge(env, person, channel, custom_id)
    assert result.acknowledged
    sent = sent_since(env, cursor)
    assert THEIRS not in sent and SECRET not in sent
    assert state(bot) == before


@given(value=forged_values)
@FEW
async def test_no_forged_option_brings_anything_of_another_server(
    env: simcord.Env,
    bot: QuothBot,
    manager: MemberActor,
    channel: ChannelHandle,
    other: GuildHandle,
    value: str,
) -> None:
    before = documents(bot, OTHER)
    for name, option in (("sources", "document"), ("library remove", "file")):
        cursor = len(env.http_requests)
        await send(env, manager, channel, name, option, value, InteractionType.APPLICATION_COMMAND)
        sent = sent_since(env, cursor)
        assert SECRET not in sent
        assert THEIRS not in sent or THEIRS in value.casefold()
        cursor = len(env.http_requests)
        await send(env, manager, channel, name, option, value, InteractionType.APPLICATION_COMMAND_AUTOCOMPLETE)
        offered: list[Any] = env.http_requests[cursor].json["data"]["choices"]
        assert all(THEIRS not in choice["name"] for choice in offered)
    assert documents(bot, OTHER) == before


async def test_autocomplete_pages_and_lists_show_a_member_their_own_server_alone(
    env: simcord.Env, manager: MemberActor, channel: ChannelHandle, other: GuildHandle, ann: MemberActor
) -> None:
    cursor = len(env.http_requests)
    for command in ("sources", "library list", "library check", "stats", "settings", "privacy"):
        private(await manager.slash(channel, command))
    for typed in ("", THEIRS, THEIRS[:3], "md"):
        await ann.autocomplete(channel, "sources", "document", typed)
        await manager.autocomplete(channel, "library remove", "file", typed)
        await ann.user.autocomplete("sources", "document", typed)
    await ann.user.slash("sources")
    sent = sent_since(env, cursor)
    assert MINE in sent and THEIRS not in sent and SECRET not in sent
    assert "3 documents" in sent and "6 documents" not in sent


async def send(
    env: simcord.Env,
    person: MemberActor,
    channel: ChannelHandle,
    name: str,
    option: str,
    value: str,
    kind: InteractionType,
) -> None:
    """Send an option's value as it is, past all that a true client checks."""
    root, *nested = name.split()
    command = env.backend.find_command(root, channel.guild.id, type=AppCommandType.CHAT_INPUT)
    assert command is not None
    options: list[dict[str, Any]] = [{"name": option, "type": 3, "value": value}]
    if kind is InteractionType.APPLICATION_COMMAND_AUTOCOMPLETE:
        options[0]["focused"] = True
    for part in reversed(nested):
        options = [{"name": part, "type": 1, "options": options}]
    data = {"id": command["id"], "name": root, "type": 1, "options": options}
    await person._dispatch_interaction(kind, channel, data)
