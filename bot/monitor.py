"""A loopback port where an operator's monitoring asks whether the bot is well (/healthz) and how it does (/metrics)."""

from __future__ import annotations

import logging
import math
from functools import partial
from typing import TYPE_CHECKING

from aiohttp import web

from bot.lanes import Lane
from bot.metrics import CONTENT_TYPE
from quoth.errors import SettingsError

if TYPE_CHECKING:
    from bot.client import QuothBot

log = logging.getLogger(__name__)

HOST = "127.0.0.1"


class Monitor:
    """Serves a bot's health and figures on 127.0.0.1, to whoever is on this machine; GET alone, nothing can be changed.

    ``port`` 0 takes any free one.
    """

    def __init__(self, bot: QuothBot, port: int) -> None:
        self._bot = bot
        self.port = port
        app = web.Application(client_max_size=1024)
        app.add_routes([web.get("/healthz", self._health), web.get("/metrics", self._metrics)])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)

    async def start(self) -> None:
        """Begin to listen.

        Raises:
            SettingsError: the port can't be had.
        """
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, self.port)
        try:
            await site.start()
        except OSError as error:
            await self._runner.cleanup()
            raise SettingsError(
                f"QUOTH_MONITOR_PORT is {self.port}, which can't be listened on: {error.strerror}; choose another port"
            ) from error
        self.port = self._runner.addresses[0][1]
        log.info("health and metrics are on http://%s:%d", HOST, self.port)

    async def close(self) -> None:
        """Listen no more."""
        await self._runner.cleanup()

    async def _health(self, _: web.Request) -> web.Response:
        status = state(self._bot)
        return web.json_response({"status": status}, status=200 if status == "ok" else 503)

    async def _metrics(self, _: web.Request) -> web.Response:
        return web.Response(body=self._bot.metrics.exposition(), headers={"Content-Type": CONTENT_TYPE})


def state(bot: QuothBot) -> str:
    """Return how a bot is: ok, starting, disconnected (a shard has no connection to Discord) or stopping."""
    if bot.closing:
        return "stopping"
    if not bot.is_ready():
        return "starting"
    return "disconnected" if connected(bot) < len(bot.shards) else "ok"


def connected(bot: QuothBot) -> int:
    """Return how many of the bot's shards have a connection to Discord that answers."""
    return sum(not shard.is_closed() and math.isfinite(shard.latency) for shard in bot.shards.values())


def watch(bot: QuothBot) -> None:
    """Let a bot's metrics show what its parts can tell at any moment."""
    metrics, asker, shelf = bot.metrics, bot.asker, bot.shelf
    waiting = {name: partial(_waiting, lane) for name, lane in asker.lanes.items()}
    running = {name: partial(_running, lane) for name, lane in asker.lanes.items()}
    metrics.gauges("waiting", "Work that waits for a thread", "lane", waiting)
    metrics.gauges("running", "Work in a thread", "lane", running)
    metrics.gauge("libraries_open", "Libraries that are open", lambda: shelf.open_count)
    metrics.gauge("index_bytes", "Bytes that the indexes of open libraries take", lambda: shelf.index_bytes)
    metrics.gauge("servers", "Servers that the bot is in", lambda: len(bot.guilds))
    metrics.gauge("shards", "Shards of this process", lambda: len(bot.shards))
    metrics.gauge("shards_connected", "Shards with a connection to Discord that answers", lambda: connected(bot))
    metrics.gauge(
        "gateway_latency_seconds", "From a heartbeat to Discord's word, the mean of all shards", lambda: bot.latency
    )


def _waiting(lane: Lane) -> float:
    return lane.waiting


def _running(lane: Lane) -> float:
    return lane.running
