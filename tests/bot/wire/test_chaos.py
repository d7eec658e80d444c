"""Discord fails in every way it can while people ask: each is answered once or told, and sessions are resumed.

The long form (``QUOTH_FAULTS=all``) takes half an hour; ``QUOTH_CHAOS_SECONDS`` and ``QUOTH_CHAOS_SEED`` change it.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import statistics
import sys
import time
from collections.abc import AsyncIterator
from itertools import cycle
from pathlib import Path

import pytest
import pytest_asyncio
from botprocess import BotProcess
from fakediscord import MANAGE_GUILD, ORDINARY, Channel, FakeDiscord, Person
from fakediscord.chaos import Chaos
from fakediscord.ledger import Ledger
from port import QUESTION, QUOTED, SEEDS, Port, someone

from quoth.encoder import Encoder
from quoth.library import Library

pytestmark = pytest.mark.asyncio(loop_scope="session")

ALL = os.environ.get("QUOTH_FAULTS") == "all"
SECONDS = float(os.environ.get("QUOTH_CHAOS_SECONDS", "1800")) if ALL else 0.0
"""How long faults are made; in any case until each kind was there."""

SEED = int(os.environ.get("QUOTH_CHAOS_SEED", "14"))
A_SECOND = 5
"""Questions."""

REPORT = os.environ.get("QUOTH_CHAOS_REPORT")
"""A folder for the ledger's figures and the bot's log."""

QUESTIONS = (
    QUESTION,
    "What gift was presented at the end of the meeting?",
    "When was the cyber police launched?",
    "Who visited the chief of the cyber police?",
    "How many provinces have a cyber police?",
    "What is the melting point of tungsten?",
)

SINCE_ANSWERED = 300
"""Questions after which nobody presses a button of an answer any more."""

FIVE_MINUTES = 300.0

NO_TOKEN = 3


@pytest_asyncio.fixture(loop_scope="session")
async def stormy(tmp_path: Path, encoder: Encoder) -> AsyncIterator[Port]:
    """A bot of its own, whose Discord wants a heartbeat every four seconds."""
    owner = Person("owner", permissions=ORDINARY | MANAGE_GUILD)
    async with FakeDiscord() as fake:
        fake.gateway.heartbeat_ms = 4_000
        guild = fake.add_guild("harbour", owner)
        for name in ("north", "east", "south"):
            channel = Channel(name, guild=guild)
            guild.channels.append(channel)
            fake.rest.channels[channel.id] = channel
        home = tmp_path / "home"
        with Library.open(home / "guilds" / str(guild.id), encoder=encoder) as library:
            library.index([SEEDS])
        port = Port(fake, tmp_path, home, guild, owner)
        # A queue that a busy machine has done within a minute
        await port.start(QUOTH_WAITING="16")
        yield port
        await port.stop()


async def ask_on(port: Port, ledger: Ledger) -> None:
    """Ask, some times a second and for ever, as people ask: by command, by mention, by a button."""
    fake, chance, questions = port.fake, random.Random(SEED), cycle(QUESTIONS)
    due = time.monotonic()
    for kind in cycle(("command", "mention", "command", "mention", "button")):
        due = max(due + 1 / A_SECOND, time.monotonic() - 1)
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        if fake.gateway.session(port.guild) is None:
            # Discord has nobody to hand a question to; it tells the person so
            continue
        channel, question = chance.choice(port.guild.channels), next(questions)
        pressable = [a.by.original for a in ledger.asked[-SINCE_ANSWERED:] if a.kind == "command" and a.by.original]
        pressable = [message for message in pressable if "In context" in message.buttons()]
        if kind == "mention":
            ledger.enter(kind, await fake.say(someone(), channel, f"<@{fake.bot.id}> {question}", mention=True))
        elif kind == "button" and pressable:
            ledger.enter(kind, await fake.press(someone(), chance.choice(pressable), "In context"))
        else:
            ledger.enter("command", await fake.command(someone(), channel, "ask", question=question))


async def measure(bot: BotProcess, into: list[tuple[float, int, int]]) -> None:
    """Note the moment, the bytes of memory and the open files of a process, every second."""
    process = Path("/proc") / str(bot.pid)
    while process.is_dir():
        pages = int((process / "statm").read_text().split()[1])
        into.append((time.monotonic(), pages * os.sysconf("SC_PAGE_SIZE"), len(list((process / "fd").iterdir()))))
        await asyncio.sleep(1)


async def test_whatever_fails_each_question_is_answered_once_or_told_and_sessions_are_resumed(stormy: Port):
    fake, ledger, figures = stormy.fake, Ledger(stormy.fake), list[tuple[float, int, int]]()
    ledger.enter("command", first := await fake.command(someone(), stormy.guild.channels[0], "ask", question=QUESTION))
    assert QUOTED in (await fake.finished(first, patience=60)).text
    chaos = Chaos(fake, stormy.guild, seed=SEED, brisk=not ALL)
    beside = [asyncio.create_task(ask_on(stormy, ledger))]
    if sys.platform == "linux":
        beside.append(asyncio.create_task(measure(stormy.bot, figures)))
    running = asyncio.create_task(chaos.run(SECONDS))
    try:
        await asyncio.wait((running, *beside), return_when=asyncio.FIRST_COMPLETED)
        for task in (running, *beside):
            if task.done():
                task.result()
    finally:
        for task in (running, *beside):
            task.cancel()
        await asyncio.gather(running, *beside, return_exceptions=True)
    fake.rest.faults.clear()
    patience = time.monotonic() + 240
    while not ledger.settled and time.monotonic() < patience:
        await asyncio.sleep(0.5)
    told = {"faults": dict(chaos.made), **ledger.summary()}
    if REPORT:
        (Path(REPORT) / "chaos.json").write_text(json.dumps(told | {"figures": figures}, indent=1))
        (Path(REPORT) / "chaos.log").write_text(stormy.bot.log)
    assert ledger.problems() == [], json.dumps(told, indent=1)
    assert stormy.bot.running and not fake.problems
    for kind in ("command", "mention", "button"):
        assert told[kind].get("answered"), json.dumps(told, indent=1)
    assert not re.findall(r".* ERROR +bot.*", stormy.bot.log)
    if SECONDS >= 1_200 and figures:
        flat(figures)


def flat(figures: list[tuple[float, int, int]]) -> None:
    """Check that memory and open files are at the end what they were at the beginning."""
    begun, ended = figures[0][0], figures[-1][0]
    first = [figure for figure in figures if figure[0] < begun + FIVE_MINUTES]
    last = [figure for figure in figures if figure[0] > ended - FIVE_MINUTES]
    before, after = (statistics.fmean(memory for _, memory, _ in part) for part in (first, last))
    assert after < 1.05 * before, f"{before / 2**20:.0f} MB in the first five minutes, {after / 2**20:.0f} in the last"
    assert max(files for *_, files in last) <= max(files for *_, files in first) + 10


async def test_a_token_that_is_refused_while_it_runs_ends_the_process_with_a_sentence(stormy: Port):
    fake, channel = stormy.fake, stormy.guild.channels[0]
    fake.forget()
    fake.rest.token = "another"
    await fake.say(someone(), channel, f"<@{fake.bot.id}> {QUESTION}", mention=True)
    assert await stormy.ended() == NO_TOKEN
    assert [request.status for request in fake.rest.requests].count(401) == 1
    assert stormy.logs[-1].count("refuses the token") == 1 and "Traceback" not in stormy.logs[-1]


async def test_a_token_that_is_refused_by_the_gateway_ends_the_process_with_a_sentence(stormy: Port):
    await stormy.bot.wrote("ready in", patience=60)
    connections = stormy.fake.gateway.connections
    await stormy.fake.gateway.close(stormy.fake.gateway.sessions[0], 4004)
    assert await stormy.ended() == NO_TOKEN
    assert stormy.logs[-1].count("refuses the token") == 1 and "Traceback" not in stormy.logs[-1]
    assert stormy.fake.gateway.connections == connections
