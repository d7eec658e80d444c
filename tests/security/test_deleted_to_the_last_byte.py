"""What a server deletes is gone to the last byte, from every file and from whatever members can still ask or press.

Three ways: a manager removes one file, a manager erases everything, the bot is removed from the server. Before that,
members ask, vote, follow up and look around, so that every table, index and log has something to forget.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import apsw
import pytest
import simcord
from canaries import ALL, SERVERS, SHARED, Paper, Papers, byte_matches, fill, mark
from crowd import Crowd, Place
from everylevel import logged

from bot.client import QuothBot
from bot.records import Records
from bot.records.guilds import _OF_A_GUILD
from bot.shelf import Shelf
from quoth.encoder import Encoder
from quoth.index import dense
from quoth.index.dense import Plan
from quoth.store.connection import FILE_NAME
from tests.bot.acting import press, private
from tests.bot.conftest import settings_for, text_of

ROUNDS = 10 if ALL else 1
PRESSED = 200 if ALL else 20
"""Buttons that are pressed before, and by a member and a manager after."""

NEIGHBOUR, DOOMED = SERVERS[:2]

SEALED = Plan(20), Plan(10_000_000, step=2, reranked=50)
"""A library of more than twenty passages is served from a sealed index."""

LINES = {
    f"notice {number}": f"Notice {number}: the {thing} is mended on day {number} by whoever finds it broken."
    for number, thing in enumerate(("bench", "lamp", "fence", "pump", "roof", "well") * 4)
}

Way = Callable[[QuothBot, Crowd, Place, Paper], Awaitable[None]]


async def remove_the_file(bot: QuothBot, crowd: Crowd, place: Place, paper: Paper) -> None:
    asked = private(await place.manager.slash(place.channel, "library remove", file=paper.file))
    await press(place.manager, asked, "Remove")
    assert "not quoted any more" in text_of(asked)


async def erase_everything(bot: QuothBot, crowd: Crowd, place: Place, paper: Paper) -> None:
    asked = private(await place.manager.slash(place.channel, "library erase"))
    await press(place.manager, asked, "Delete everything")
    await press(place.manager, asked, "Yes, delete everything")
    assert "All documents of this server are deleted" in text_of(asked)


async def remove_the_bot(bot: QuothBot, crowd: Crowd, place: Place, paper: Paper) -> None:
    crowd.lose(place.guild.id)
    await crowd.env.settle()
    with pytest.MonkeyPatch.context() as patch:
        # The week is over at once
        patch.setattr("bot.records.guilds.DAY", 0)
        await bot.housekeeping()


@pytest.fixture(autouse=True)
def sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense, "INDEXES", SEALED)


@pytest.fixture
def home(tmp_path: Path, encoder: Encoder, papers: Papers, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home with two servers' large libraries, below which temporary files and the log lie as well."""
    home = tmp_path / "home"
    shelf = Shelf(home, encoder=encoder)
    with Records.open(home / "bot.db") as records:
        fill(shelf, records, SHARED, papers.of[SHARED])
        for server in (NEIGHBOUR, DOOMED):
            fill(shelf, records, server, papers.of[server], **LINES)
            assert list(shelf.folder(server).glob("*.sealed"))
    shelf.close()
    for name in ("temporary", "logs"):
        (home / name).mkdir()
    monkeypatch.setenv("SQLITE_TMPDIR", str(home / "temporary"))
    monkeypatch.setattr(tempfile, "tempdir", str(home / "temporary"))
    yield home


@pytest.fixture
async def simcord_bot(home: Path, encoder: Encoder, log_file: Path) -> AsyncIterator[QuothBot]:
    bot = QuothBot(settings_for(home), encoder=encoder)
    yield bot
    await bot.close()


@pytest.fixture
def log_file(home: Path) -> Iterator[Path]:
    """A log of all levels, in the home like everything else."""
    path = home / "logs" / "bot.log"
    with path.open("w", buffering=1) as stream, logged(stream):
        yield path


@pytest.fixture
async def crowd(simcord_env: simcord.Env) -> Crowd:
    simcord_env.settle_timeout = 600.0
    made = Crowd(simcord_env)
    for server in (NEIGHBOUR, DOOMED):
        made.settle_in(server)
    await simcord_env.settle()
    return made


def vectors(home: Path, server: int, names: set[str]) -> set[bytes]:
    """Return the stored vectors of documents of a server."""
    with closing(apsw.Connection(str(home / "guilds" / str(server) / FILE_NAME))) as db:
        rows = db.execute(
            "SELECT document.name, vector.data FROM passage JOIN document ON document.id = document_id "
            "JOIN vector ON vector.id = vector_id"
        )
        return {data for name, data in rows if name in names}


def rows_of(home: Path, server: int) -> dict[str, int]:
    """Return how many rows of each table of the records are a server's, without those of no row."""
    with closing(apsw.Connection(str(home / "bot.db"))) as db:
        counts = {
            table: db.execute(f"SELECT count(*) FROM {table} WHERE {column} = ?", (server,)).get
            for table, column in _OF_A_GUILD.items()
        }
        counts["wording"] = db.execute(
            "SELECT count(*) FROM wording WHERE answer NOT IN (SELECT id FROM answer WHERE guild IS NOT ?)", (server,)
        ).get
    return {table: count for table, count in counts.items() if count}


def left_alone(home: Path, server: int) -> list[str]:
    """Return what is in a server's library without what it belongs to."""
    lost = {
        "passage": "document_id NOT IN (SELECT id FROM document)",
        "paragraph": "document_id NOT IN (SELECT id FROM document)",
        "vector": "id NOT IN (SELECT vector_id FROM passage)",
        "root": "id NOT IN (SELECT root_id FROM document)",
        "term": "passages = 0",
    }
    with closing(apsw.Connection(str(home / "guilds" / str(server) / FILE_NAME))) as db:
        return [table for table, those in lost.items() if db.execute(f"SELECT 1 FROM {table} WHERE {those}").get]


async def live(crowd: Crowd, papers: Papers, chance: random.Random, *, names: bool) -> str:
    """Let both servers' members do all that there is to do, and return what the doomed one was shown.

    With ``names``, their questions hold canaries as well.
    """
    shown = []
    for server, place in crowd.places.items():
        for paper in papers.of[server]:
            asked = list(paper.questions if server == DOOMED else paper.questions[:1])
            if names:
                asked += [f"{paper.title}? {asked[0]}", f"How many moons has {paper.told}?"]
            for question in asked:
                ways = (
                    partial(crowd.command, place.member, "ask", question=question, private=chance.random() < 0.3),
                    partial(crowd.ask_about, place.manager, question),
                    partial(crowd.write, place.member, f"<@{crowd.env.backend.bot_user.id}> {question}"),
                )
                for ask in ways if ALL else ways[:1]:
                    ask()
                if ALL:
                    # Whoever asked them all at once would be told to wait
                    shown.append(await crowd.shown())
    shown.append(await crowd.shown())
    for place in crowd.places.values():
        look(crowd, place)
        for custom_id in chance.sample(place.buttons, min(len(place.buttons), PRESSED)):
            if "remove" not in custom_id:
                crowd.press(chance.choice([place.member, place.manager]), custom_id)
        for custom_id in [found for found in place.buttons if found.startswith("quoth:follow:")][: PRESSED // 10]:
            crowd.send_form(place.member, f"quoth-follow:{custom_id.split(':')[2]}", "And who says so?")
    shown.append(await crowd.shown())
    return "\n".join(each.get(DOOMED, "") for each in shown)


def look(crowd: Crowd, place: Place) -> None:
    """Look at all that there is to see in a server."""
    for name in ("stats", "sources", "library list", "library check"):
        crowd.command(place.manager, name)
    crowd.command(place.member, "sources", typed="", document="")
    crowd.command(place.manager, "library remove", typed="", file="")
    for number in range(1, 6):
        crowd.command(place.member, "sources", document=f"own:{number}")


@pytest.mark.parametrize("number", range(ROUNDS))
@pytest.mark.parametrize("way", [remove_the_file, erase_everything, remove_the_bot])
async def test_what_is_deleted_is_in_no_file_and_shown_by_nothing(
    way: Way, number: int, crowd: Crowd, simcord_bot: QuothBot, papers: Papers, home: Path
) -> None:
    bot, chance, place = simcord_bot, random.Random(number), crowd.places[DOOMED]
    one = way is remove_the_file
    deleted = papers.of[DOOMED][:1] if one else papers.of[DOOMED]
    canaries = [canary for paper in deleted for canary in (paper.named, paper.told)]
    again = f"# {deleted[0].title}\n\n{deleted[0].body} It was read again.\n".encode()
    asked = private(await place.manager.slash(place.channel, "library add", file=(deleted[0].file, again)))
    await press(place.manager, asked, "Replace")

    before = await live(crowd, papers, chance, names=not one)
    for paper in deleted:
        assert {mark(paper.named), mark(paper.told)} <= papers.seen_in(before), "what was never shown can't be gone"
    raw = vectors(home, DOOMED, {paper.file for paper in deleted})
    held = byte_matches(home, canaries, raw)
    for where in (f"a vector in guilds/{DOOMED}", f"{canaries[1]} in guilds/{DOOMED}", f"{canaries[0]} in bot.db"):
        assert any(found.startswith(where) for found in held)
    documents = bot.shelf.counts(DOOMED)[0]
    buttons, messages = list(place.buttons), list(crowd.env.backend.messages[place.channel.id])

    await way(bot, crowd, place, deleted[0])

    assert byte_matches(home, canaries, raw) == []
    rows = rows_of(home, DOOMED)
    if one:
        assert bot.shelf.counts(DOOMED)[0] == documents - 1 and left_alone(home, DOOMED) == []
    elif way is erase_everything:
        assert set(rows) == {"action"}
    else:
        assert rows == {}
        crowd.regain(DOOMED)
    await crowd.shown()
    for person in (place.member, place.manager):
        for custom_id in chance.sample(buttons, min(len(buttons), PRESSED)):
            crowd.press(person, custom_id)
            if custom_id.startswith("quoth:"):
                crowd.send_form(person, f"quoth-follow:{custom_id.split(':')[2][:16]}", "And who says so?")
    for message in messages[-PRESSED // 10 :]:
        crowd.write(place.member, f"<@{crowd.env.backend.bot_user.id}> And who says so?", reply_to=message)
    look(crowd, place)
    for paper in papers.of[DOOMED]:
        crowd.command(place.member, "ask", question=paper.questions[0])
    for paper in papers.of[NEIGHBOUR]:
        crowd.command(crowd.places[NEIGHBOUR].member, "ask", question=paper.questions[0])
    shown = await crowd.shown()
    seen = papers.seen_in(shown[DOOMED])
    assert not seen & {mark(canary) for canary in canaries}
    assert papers.crossings(shown[DOOMED], DOOMED) == []
    assert {mark(paper.told) for paper in papers.of[NEIGHBOUR]} <= papers.seen_in(shown[NEIGHBOUR])
    assert byte_matches(home, canaries, raw) == []
    await bot.close()
    assert byte_matches(home, canaries, raw) == []
