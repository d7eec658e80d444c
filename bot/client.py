"""The client: Discord's events on one side, the bot's services on the other, and the life of both."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import aiohttp
import discord
from discord import app_commands
from discord.ext import tasks

from bot import departures
from bot.asking import Asker
from bot.buttons import AnswerButton
from bot.commands import ask, help, library, menus, privacy, settings, sources, stats
from bot.commands.admission import Admissions
from bot.commands.confirmations import Confirmations
from bot.follow_up import is_follow_up, take_follow_up
from bot.gateway import leave_the_gone
from bot.memory import give_back
from bot.messages import answer_message
from bot.metrics import Metrics
from bot.monitor import watch
from bot.pressing import answer_stale_component, press
from bot.records import GuildSettings, Records
from bot.replies import report, tell
from bot.request import begin_request
from bot.settings import BotSettings
from bot.shelf import Shelf
from bot.uploads import settle_uploads
from quoth.counted import counted
from quoth.encoder import Encoder

log = logging.getLogger(__name__)

COMMANDS = (ask, help, menus, library, settings, sources, stats, privacy)
"""The modules that each add their own commands to the tree."""

REMEMBERED = 10_000
"""Events that are remembered, so that none is taken twice when a connection is resumed."""

RESTARTING = "I'm restarting; please try again in a minute."

PATIENCE = 10.0
"""Seconds that questions in flight get to finish when the bot stops."""

LAST_WORDS = 3.0
"""Seconds that it then takes at most to tell those whose questions did not finish."""


class QuothTree(app_commands.CommandTree["QuothBot"]):
    """The commands. Takes each interaction once, and turns every error into a sentence."""

    async def interaction_check(self, interaction: discord.Interaction[QuothBot], /) -> bool:
        """Say whether an interaction is taken."""
        return await self.client.admits(interaction)

    async def on_error(
        self, interaction: discord.Interaction[QuothBot], error: app_commands.AppCommandError, /
    ) -> None:
        """Tell the person what went wrong, in a sentence."""
        cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
        await report(interaction, cause)


class QuothBot(discord.AutoShardedClient):
    """Quoth in Discord: one process with its libraries, records and threads.

    An ``encoder`` that is loaded already is used instead of loading the model that the settings name.
    """

    def __init__(self, settings: BotSettings, *, encoder: Encoder | None = None) -> None:
        intents = discord.Intents.none()
        intents.guilds = intents.guild_messages = intents.dm_messages = True
        super().__init__(
            intents=intents,
            shard_count=settings.shard_count,
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            allowed_mentions=discord.AllowedMentions.none(),
            http_trace=self._trace(),
        )
        leave_the_gone(self._connection)
        self.token_refused = asyncio.Event()
        self.shard_ids = None if settings.shard_ids is None else list(settings.shard_ids)
        self.settings = settings
        self.records = Records.open(settings.home / "bot.db")
        self.metrics = Metrics()
        self.shelf = Shelf(
            settings.home,
            settings.model,
            settings.open_libraries,
            engine=settings.encoder,
            encoder=encoder,
            memory=settings.memory_bytes,
            reader=settings.reader,
            observe=self.metrics.timed,
        )
        self.asker = Asker(
            self.shelf,
            workers=settings.workers,
            waiting=settings.waiting,
            cooldown=settings.cooldown,
            per_person=settings.per_person,
        )
        self.tree = QuothTree(
            self,
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
        )
        self.admissions = Admissions()
        self.confirmations = Confirmations()
        self.changing_settings = asyncio.Lock()
        for commands in COMMANDS:
            commands.setup(self)
        self.closing = False
        self._closed: asyncio.Task[None] | None = None
        self._in_flight = 0
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._beside: set[asyncio.Task[None]] = set()
        self._seen: OrderedDict[int, None] = OrderedDict()
        self._guild_settings: dict[int, GuildSettings] = {}
        watch(self)

    # -- start and end

    async def setup_hook(self) -> None:
        """Make ready what needs a login, before the first event comes.

        Raises:
            HomeError: the data in ``QUOTH_HOME`` belongs to another application.
            ModelError: the model can't be loaded.
        """
        assert self.application_id is not None
        await self.asker.run(partial(self.records.bind_application, self.application_id))
        await self.asker.run(self.shelf.load)
        await self.asker.run(partial(settle_uploads, self.shelf, self.records, self._owns))
        self._guild_settings = await self.asker.run(lambda: self._settings_of(self.records.known_guilds()))
        self.add_dynamic_items(AnswerButton)
        if self.settings.shard_ids is None or 0 in self.settings.shard_ids:
            await self._sync_commands()

    async def _sync_commands(self) -> None:
        commands = sorted((command.to_dict(self.tree) for command in self.tree.get_commands()), key=_order)
        fingerprint = hashlib.sha256(json.dumps(commands, sort_keys=True).encode()).hexdigest()
        if await self.asker.run(self.records.commands_hash) == fingerprint:
            return
        try:
            await self.tree.sync()
        except discord.HTTPException:
            # The commands of the last start still work, and so do mentions; the next start tries again.
            log.exception("the commands could not be registered with Discord")
            return
        await self.asker.run(partial(self.records.keep_commands_hash, fingerprint))
        log.info("registered %s with Discord", counted(len(commands), "command"))

    async def stop(self, patience: float = PATIENCE) -> None:
        """Take no more questions, give those in flight ``patience`` seconds to finish, and close.

        Whoever has no answer by then is told, instead of looking at "thinking …" for ever.
        """
        self.closing = True
        self.shelf.stop()
        if not await self._quiet_within(patience):
            log.warning("given up after %g s: %s", patience, counted(self._in_flight, "unfinished answer"))
            await self.asker.close(0.0)
            await self._quiet_within(LAST_WORDS)
        await self.close()

    async def _quiet_within(self, seconds: float) -> bool:
        """Wait until nothing is in flight, for so many seconds at most, and say whether it came to that."""
        try:
            await asyncio.wait_for(self._quiet.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def close(self) -> None:
        """Close the connection to Discord, then the threads, libraries and records."""
        self.closing = True
        for loop in (self.housekeeping, self.give_back_what_is_free):
            loop.cancel()
        if self._closed is None:
            self._closed = asyncio.create_task(self._close())
        await asyncio.shield(self._closed)

    async def _close(self) -> None:
        await super().close()
        await self.asker.close(0.0)
        await asyncio.to_thread(self._close_files)

    def _close_files(self) -> None:
        self.shelf.close()
        self.records.close()

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Mark work that a stop waits for."""
        self._in_flight += 1
        self._quiet.clear()
        try:
            yield
        finally:
            self._in_flight -= 1
            if not self._in_flight:
                self._quiet.set()

    def aside(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that nobody waits for; it sees to its failures itself."""
        task = asyncio.create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    def _trace(self) -> aiohttp.TraceConfig:
        async def look(_: object, __: object, answered: aiohttp.TraceRequestEndParams) -> None:
            # Interactions are answered with tokens of their own, which expire; those requests don't carry the bot's
            if answered.response.status == 401 and "Authorization" in answered.headers:
                self.token_refused.set()

        trace = aiohttp.TraceConfig()
        trace.on_request_end.append(look)
        return trace

    # -- each event once

    def take(self, interaction: discord.Interaction) -> bool:
        """Say whether an interaction comes for the first time; a resumed connection may bring it again."""
        return self.first_time(interaction.id)

    async def admits(self, interaction: discord.Interaction) -> bool:
        """Say whether an interaction is taken: once, and not when the bot is about to stop, which the person is told.

        Every command, button and form comes through here before anything is begun. Nothing is said to somebody who goes
        on and on although told to wait: Discord shows them that the application did not respond.
        """
        begin_request()
        if not self.take(interaction) or self.asker.ignores(interaction.user.id):
            return False
        if self.closing and interaction.type is not discord.InteractionType.autocomplete:
            await tell(interaction, RESTARTING)
        return not self.closing

    def first_time(self, event_id: int) -> bool:
        """Say whether a message or an interaction comes for the first time to this process."""
        if event_id in self._seen:
            return False
        self._seen[event_id] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return True

    # -- settings of servers, in memory, since they decide how an interaction is acknowledged

    def _settings_of(self, guilds: Iterable[int]) -> dict[int, GuildSettings]:
        return {guild: self.records.guild_settings(guild) for guild in guilds}

    async def guild_settings(self, guild: int | None) -> GuildSettings:
        """Return the settings of a server; in direct messages (None) there is nothing to set."""
        if guild is None:
            return GuildSettings()
        known = self._guild_settings.get(guild)
        if known is None:
            read = await self.asker.run(partial(self.records.guild_settings, guild))
            # They may have been changed while they were read
            known = self._guild_settings.setdefault(guild, read)
        return known

    async def keep_guild_settings(self, guild: int, settings: GuildSettings, *, by: int) -> None:
        """Change the settings of a server; ``by`` is the id of the manager who does."""
        await self.asker.run(partial(self.records.keep_guild_settings, guild, settings, by))
        self._guild_settings[guild] = settings

    # -- events

    async def on_ready(self) -> None:
        """Catch up with what happened while the bot was away."""
        log.info("ready in %s as %s", counted(len(self.guilds), "server"), self.user)
        for loop in (self.housekeeping, self.give_back_what_is_free):
            if not loop.is_running():
                loop.start()
        # So that no first question has to wait for the disk before it is acknowledged
        unknown = [guild.id for guild in self.guilds if guild.id not in self._guild_settings]
        for guild, kept in (await self.asker.run(partial(self._settings_of, unknown))).items():
            self._guild_settings.setdefault(guild, kept)

    @tasks.loop(hours=1)
    async def housekeeping(self) -> None:
        """Delete what is older than it may get, and what belongs to servers that removed the bot a week ago."""
        try:
            await self.asker.run(self.records.expire)
            sweep = partial(
                departures.sweep,
                self.records,
                self.shelf,
                present={guild.id for guild in self.guilds},
                unavailable={guild.id for guild in self.guilds if guild.unavailable},
                owns=self._owns,
            )
            for guild in (await self.asker.run(sweep)).deleted:
                self._guild_settings.pop(guild, None)
        except Exception:
            # Housekeeping that fails once is tried again in an hour; a loop that raises would never run again.
            log.exception("housekeeping failed")

    @tasks.loop(minutes=10)
    async def give_back_what_is_free(self) -> None:
        """Give back the memory that is free, and what was deleted from the records where that was put off."""
        try:
            await self.asker.run(self.records.catch_up)
            await self.asker.run(give_back)
        except Exception:
            log.exception("what is free could not be given back")

    def _owns(self, guild: int) -> bool:
        count = self.shard_count or 1
        shards = self.settings.shard_ids
        return shards is None or (guild >> 22) % count in shards

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Note that the bot was added to a server; nothing is posted."""
        await self.asker.run(partial(self.records.guild_back, guild.id))
        await self.guild_settings(guild.id)

    async def on_guild_available(self, guild: discord.Guild) -> None:
        """Note that a server is there again; those that are there at start are noted all at once."""
        if self.is_ready():
            await self.asker.run(partial(self.records.guild_back, guild.id))

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Note that the bot was removed; the server's data is deleted after a week."""
        self._guild_settings.pop(guild.id, None)
        await self.asker.run(partial(self.records.guild_left, guild.id))

    async def on_message(self, message: discord.Message) -> None:
        """Answer a message if it is addressed to the bot."""
        begin_request()
        await answer_message(self, message)

    async def on_interaction(self, interaction: discord.Interaction[QuothBot]) -> None:
        """Take what discord.py hands to no command and no view: follow-up modals, and buttons that are no more."""
        if is_follow_up(interaction):
            await take_follow_up(self, interaction)
        elif interaction.type in (discord.InteractionType.component, discord.InteractionType.modal_submit):
            await answer_stale_component(self, interaction)

    async def press(self, interaction: discord.Interaction[QuothBot], button: AnswerButton) -> None:
        """Do what a button below an answer says."""
        await press(self, interaction, button)

    def is_live(self, interaction: discord.Interaction) -> bool:
        """Say whether a view, a modal or a button class of this process takes a component's interaction."""
        data: dict[str, Any] = dict(interaction.data) if interaction.data else {}
        custom_id = str(data.get("custom_id", ""))
        store = self._connection._view_store
        if interaction.type is discord.InteractionType.modal_submit:
            return custom_id in store._modals
        if any(template.fullmatch(custom_id) for template in store._dynamic_items):
            return True
        key = (data.get("component_type"), custom_id)
        message = interaction.message.id if interaction.message else None
        return key in store._views.get(message, {}) or key in store._views.get(None, {})

    async def on_error(self, event_method: str, /, *args: object, **kwargs: object) -> None:
        """Log what an event's handler raised; nobody asked, so nobody is told."""
        if self.is_closed():
            log.info("the handler of %s did not end before the bot did", event_method)
        else:
            log.exception("the handler of %s failed", event_method)


def _order(command: dict[str, object]) -> tuple[str, str]:
    return str(command["type"]), str(command["name"])
