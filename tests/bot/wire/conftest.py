"""One fake Discord and one bot process over many tests: loading the model takes seconds."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from fakediscord import MANAGE_GUILD, ORDINARY, FakeDiscord, Person
from port import SEEDS, Port

from quoth.encoder import Encoder
from quoth.library import Library


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def port(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder) -> AsyncIterator[Port]:
    """The seed article in a server's library, and nothing in the shared one."""
    folder = tmp_path_factory.mktemp("wire")
    owner = Person("owner", permissions=ORDINARY | MANAGE_GUILD)
    async with FakeDiscord() as fake:
        guild = fake.add_guild("harbour", owner, shard=(1, 2))
        home = folder / "home"
        with Library.open(home / "guilds" / str(guild.id), encoder=encoder) as library:
            library.index([SEEDS])
        port = Port(fake, folder, home, guild, owner)
        yield port
        await port.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def running(port: Port) -> AsyncIterator[Port]:
    """A bot that runs, with the records of earlier tests gone. Whatever it sends keeps Discord's limits."""
    if port.bot is None or not port.bot.running:
        await port.start()
    port.fake.forget()
    yield port
    assert not port.fake.problems
