"""What the tests of the bot's process share: a server with a real library, and the process itself."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field
from pathlib import Path

from botprocess import BotProcess
from fakediscord import FakeDiscord, Guild, Person

SEEDS = Path(__file__).parents[3] / "seeds"
QUESTION = "How much cybercrime was discovered by police in 2013?"
QUOTED = "of cybercrime was discovered by police in 2013"
"""Words of the seed article that answer it."""


@dataclass
class Port:
    """A fake Discord with one server, the bot's data, and the bot."""

    fake: FakeDiscord
    folder: Path
    home: Path
    guild: Guild
    owner: Person
    bot: BotProcess | None = None
    logs: list[str] = field(default_factory=list)

    async def start(self, *, shards: int = 1, **settings: str) -> BotProcess:
        """Start the bot; one that runs is stopped first."""
        await self.stop()
        self.fake.gateway.sessions.clear()
        self.fake.rest.shards = shards
        self.bot = await BotProcess.start(
            self.folder,
            DISCORD_TOKEN=self.fake.token,
            DISCORD_API_BASE=self.fake.api_base,
            DISCORD_GATEWAY=self.fake.gateway_url,
            QUOTH_HOME=str(self.home),
            QUOTH_LOG_LEVEL="DEBUG",
            **settings,
        )
        await self.bot.ready(self.fake, shards)
        return self.bot

    async def stop(self) -> int | None:
        """Stop the bot if it runs, keep its log, and return its exit code."""
        if self.bot is None:
            return None
        if self.bot.running:
            self.bot.signal(signal.SIGTERM)
        return await self.ended()

    async def ended(self) -> int:
        """Wait until the bot has ended, keep its log, and return its exit code."""
        assert self.bot is not None
        code = await self.bot.ended()
        self.logs.append(self.bot.log)
        self.bot = None
        return code


def someone() -> Person:
    """A member who never asked before: the bot lets a person ask every few seconds only."""
    return Person("reader")
