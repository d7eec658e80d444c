"""Many servers and the people in them, for `bot_load.py` and `bot_flood.py`; the bot is a process of its own.

Each library in use holds the documents in `seeds/` and one of its server's own, which names that server's number: an
answer with another's number came out of another server's library. Some servers are asked much and most of them little
(the n-th in use 1/n as much as the first). Questions come at random moments, whether or not earlier ones are answered.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import shutil
import socket
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "bot" / "wire"))

from botprocess import BotProcess  # noqa: E402
from fakediscord import FakeDiscord, Guild, Interaction, Person  # noqa: E402

from quoth.encoder import Encoder  # noqa: E402
from quoth.library import Library  # noqa: E402

QUESTIONS = (
    "Who keeps the key of the lighthouse?",
    "How much cybercrime was discovered by police in 2013?",
    "Who visited the chief of the cyber police?",
    "What gift was presented at the end of the meeting?",
    "When is the key of the lighthouse handed over?",
    "When was the cyber police launched?",
    "What did the director emphasize?",
    "What is the capital of Mongolia?",
)
PEOPLE = 200
"""Members who ask in each server; they take turns, so that none asks again too soon."""

GIVEN_UP = 120.0
"""Seconds after which a question counts as never answered."""

_OWN = "The key of the lighthouse is kept by Ismene the {0}th.\n\nIsmene the {0}th hands the key over at noon.\n"
_NUMBER = re.compile(r"Ismene the (\d+)th")


@dataclass(frozen=True)
class Arrival:
    """A question that is to be asked ``at`` so many seconds, in the server in use with this number."""

    at: float
    server: int
    question: str


@dataclass
class Asked:
    """A question that was asked, and what it came to. ``seconds`` is None where no answer came."""

    server: int
    interaction: Interaction
    seconds: float | None = None
    refused: bool = False
    foreign: bool = False


def say(what: str) -> None:
    """Tell whoever waits how far a measurement is."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {what}\n")
    sys.stderr.flush()


def arrivals(rate: float, seconds: float, servers: int, seed: int) -> list[Arrival]:
    """Return the questions of so many seconds: at random moments, ``rate`` a second in the mean."""
    chance = random.Random(seed)
    weights = [1 / (number + 1) for number in range(servers)]
    found, at = [], chance.expovariate(rate)
    while at < seconds:
        (server,) = chance.choices(range(servers), weights)
        found.append(Arrival(at, server, chance.choice(QUESTIONS)))
        at += chance.expovariate(rate)
    return found


@dataclass
class Town:
    """The fake Discord, the bot, and the servers whose libraries are in use."""

    fake: FakeDiscord
    bot: BotProcess
    home: Path
    port: int
    in_use: list[Guild]
    _people: list[list[Person]] = field(default_factory=list)
    _next: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._people = [
            [Person(f"reader{server}x{number}") for number in range(PEOPLE)] for server in range(len(self.in_use))
        ]
        self._next = [0] * len(self.in_use)

    def person(self, server: int) -> Person:
        """Return the member of a server whose last question is longest ago."""
        self._next[server] += 1
        return self._people[server][self._next[server] % PEOPLE]

    async def ask(self, server: int, question: str, person: Person | None = None) -> Asked:
        """Ask, and wait until the reply is there."""
        asked = Asked(
            server,
            await self.fake.command(
                person or self.person(server), self.in_use[server].channels[0], "ask", question=question
            ),
        )
        interaction = asked.interaction
        while interaction.finished is None and time.monotonic() - interaction.sent < GIVEN_UP:
            await asyncio.sleep(0.05)
        if interaction.finished is not None:
            asked.seconds = interaction.finished - interaction.sent
            text = "\n".join(reply.text for reply in interaction.replies)
            asked.refused = not any(reply.embeds for reply in interaction.replies)
            asked.foreign = any(int(number) != server for number in _NUMBER.findall(text))
        return asked

    async def ask_all(self, coming: Sequence[Arrival]) -> list[Asked]:
        """Ask each question at its moment from now, and return when all are answered."""
        began = time.monotonic()
        tasks: list[asyncio.Task[Asked]] = []
        for arrival in coming:
            await asyncio.sleep(max(0.0, began + arrival.at - time.monotonic()))
            tasks.append(asyncio.create_task(self.ask(arrival.server, arrival.question)))
        return [await task for task in tasks]

    def processor_seconds(self) -> float:
        """Return the seconds of a processor that the bot took since its start."""
        fields = Path(f"/proc/{self.bot.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def forget(self) -> None:
        """Let go of what the fake Discord remembers of questions that are over, which is not the bot's memory."""
        self.fake.rest.requests.clear()
        for token, interaction in list(self.fake.rest.interactions.items()):
            if interaction.finished is not None and time.monotonic() - interaction.finished > GIVEN_UP:
                del self.fake.rest.interactions[token]
                for message in (interaction.original, *interaction.followups):
                    if message is not None:
                        self.fake.rest.messages.pop(message.id, None)


@asynccontextmanager
async def town(
    folder: Path,
    *,
    servers: int,
    libraries: int,
    command: Sequence[str] = (sys.executable, "-m", "bot"),
    **settings: str,
) -> AsyncIterator[Town]:
    """Make the servers and the libraries of the first ``libraries`` of them, and let the bot come."""
    home = folder / "home"
    async with FakeDiscord() as fake:
        owner = Person("owner")
        guilds = [fake.add_guild(f"server {number}", owner) for number in range(servers)]
        say(f"making {libraries} libraries")
        _make_libraries(home, guilds[:libraries])
        port = _free_port()
        began = time.monotonic()
        bot = await BotProcess.start(
            folder,
            command=command,
            DISCORD_TOKEN=fake.token,
            DISCORD_API_BASE=fake.api_base,
            DISCORD_GATEWAY=fake.gateway_url,
            QUOTH_HOME=str(home),
            QUOTH_MONITOR_PORT=str(port),
            QUOTH_LOG_LEVEL="WARNING",
            **settings,
        )
        try:
            await bot.ready(fake, patience=300.0)
            made = Town(fake, bot, home, port, guilds[:libraries])
            first = await made.ask(0, QUESTIONS[0])
            assert first.seconds is not None and not first.refused, "the first question was not answered"
            say(f"in {servers:,} servers and answering {time.monotonic() - began:.0f} s after its start")
            yield made
        finally:
            code = await bot.stop(patience=120)
            say(f"the bot ended with {code}")


def _make_libraries(home: Path, guilds: Sequence[Guild]) -> None:
    encoder = Encoder.load()
    template = home.parent / "template"
    with Library.open(template, encoder=encoder) as library:
        library.index([ROOT / "seeds"])
    for number, guild in enumerate(guilds):
        folder = home / "guilds" / str(guild.id)
        shutil.copytree(template, folder)
        with Library.open(folder, encoder=encoder) as library:
            library.add("lighthouse.txt", _OWN.format(number).encode())
    shutil.rmtree(template)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
