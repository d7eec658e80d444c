"""A simulated Discord with the real bot, the real encoder, and real libraries of the seed documents on disk."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle, GuildHandle

from bot.client import QuothBot
from bot.settings import BotSettings
from quoth.encoder import Encoder
from quoth.library import Library

SEEDS = Path(__file__).parent.parent.parent / "seeds"

QUESTION = "How much cybercrime was discovered in 2013?"
"""A question that the seed documents answer."""

UNANSWERABLE = "How many moons does Saturn have?"
"""A question that they don't."""

GUILD = 900_000_000_000_000_000
"""The id of the first server, whose library holds the seed documents."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "bot_settings(**changes): settings of the bot under test")


@pytest.fixture(scope="session")
def seed_folder(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder) -> Iterator[Path]:
    """A closed library of the seed documents, to be copied."""
    folder = tmp_path_factory.mktemp("bot") / "seeds"
    with Library.open(folder, encoder=encoder) as library:
        library.index([SEEDS])
    yield folder


@pytest.fixture
def home(tmp_path: Path, seed_folder: Path) -> Path:
    """The bot's folder: the library of the server ``GUILD`` holds the seeds, the shared one is not there."""
    shutil.copytree(seed_folder, tmp_path / "guilds" / str(GUILD))
    return tmp_path


class OnlyWhatIsGiven(BotSettings):
    """Settings that read neither the environment nor a file, and go by the names of their fields."""

    model_config = SettingsConfigDict(populate_by_name=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        **_: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def settings_for(home: Path, **changes: Any) -> BotSettings:
    """The settings of a bot under test."""
    values: dict[str, Any] = {"token": "simulated", "home": home, "shard_count": 1, "cooldown": 0.0, "per_person": 10}
    return OnlyWhatIsGiven.model_validate(values | changes)


MakeBot = Callable[..., QuothBot]


@pytest.fixture
async def make_bot(home: Path, encoder: Encoder) -> AsyncIterator[MakeBot]:
    """Make bots that share the folder, and close them when the test is over."""
    made: list[QuothBot] = []

    def make(**changes: Any) -> QuothBot:
        bot = QuothBot(settings_for(home, **changes), encoder=encoder)
        made.append(bot)
        return bot

    yield make
    for bot in made:
        await bot.close()


@pytest.fixture
async def simcord_bot(make_bot: MakeBot, request: pytest.FixtureRequest) -> QuothBot:
    """The bot under test; the marker ``bot_settings`` changes its settings."""
    marker = request.node.get_closest_marker("bot_settings")
    return make_bot(**(marker.kwargs if marker else {}))


@pytest.fixture
def env(simcord_env: simcord.Env) -> simcord.Env:
    """The simulated Discord, with the bot logged in. It waits for the bot's work however busy the machine is."""
    simcord_env.settle_timeout = 120.0
    return simcord_env


@pytest.fixture
def bot(env: simcord.Env, simcord_bot: QuothBot) -> QuothBot:
    """The bot under test, logged in."""
    return simcord_bot


Restart = Callable[[], Coroutine[Any, Any, QuothBot]]


@pytest.fixture
def restart(env: simcord.Env, make_bot: MakeBot) -> Restart:
    """Close the bot and start another process' worth of it on the same folder."""

    async def again() -> QuothBot:
        old = env.bot
        assert isinstance(old, QuothBot)
        new = make_bot()
        await env.restart_bot(new)
        await old.close()
        return new

    return again


@pytest.fixture
def guild(env: simcord.Env) -> GuildHandle:
    """A server whose library holds the seed documents."""
    return env.create_guild(id=GUILD)


@pytest.fixture
def other_guild(env: simcord.Env) -> GuildHandle:
    """A server without a library."""
    return env.create_guild("Another server")


@pytest.fixture
def channel(guild: GuildHandle) -> ChannelHandle:
    """A channel where everyone may read and write."""
    return guild.create_text_channel("general")


@pytest.fixture
def ann(env: simcord.Env, guild: GuildHandle) -> MemberActor:
    """A member like any other."""
    return guild.add_member(env.create_user("ann"))


@pytest.fixture
def ben(env: simcord.Env, guild: GuildHandle) -> MemberActor:
    """Another member like any other."""
    return guild.add_member(env.create_user("ben"))


@pytest.fixture
def manager(env: simcord.Env, guild: GuildHandle) -> MemberActor:
    """A member with Manage Server."""
    role = guild.create_role("managers", permissions=discord.Permissions(manage_guild=True))
    return guild.add_member(env.create_user("mia"), roles=[role])


def labels(message: Any) -> dict[str, str]:
    """Return a message's buttons: label to ``custom_id``."""
    rows = message.components
    if rows and not isinstance(rows[0], dict):
        return {button.label: button.custom_id for row in rows for button in row.children}
    return {button["label"]: button["custom_id"] for row in rows for button in row["components"]}


def text_of(message: Any) -> str:
    """Return all that a message shows: its content and everything in its embeds."""
    parts = [message.content or ""]
    for embed in message.embeds:
        parts += [embed.title or "", embed.description or "", embed.author.name or "", embed.footer.text or ""]
        for field in embed.fields:
            parts += [field.name or "", field.value or ""]
    return "\n".join(parts)


async def deliver_again(env: simcord.Env, event: str) -> None:
    """Send the bot the last event of this name a second time, as Discord may when a connection is resumed."""
    payload = next(
        body for kind, name, body in reversed(env.backend.transcript) if name == event and isinstance(body, dict)
    )
    env.backend.emit(event, payload)
    await env.settle()
