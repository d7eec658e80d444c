"""``python -m bot``: run the bot until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from enum import IntEnum

import aiohttp
import discord
import discord.gateway
import discord.http
import yarl

from bot.client import QuothBot
from bot.errors import HomeError, TokenError
from bot.gateway import persist
from bot.logs import DiscreetFormatter, last_words, start_logging
from bot.monitor import Monitor
from bot.settings import BotSettings, read_settings
from quoth.errors import QuothError, SettingsError

log = logging.getLogger("bot")

REFUSED = (
    "Discord refuses the token in DISCORD_TOKEN, or in the file of DISCORD_TOKEN_FILE; copy it anew from the page Bot "
    "of your application in Discord's developer portal"
)


WRONG_SHARDS = {
    4010: "Discord refuses a shard of this process; correct QUOTH_SHARD_IDS and QUOTH_SHARD_COUNT, or unset both",
    4011: "Discord refuses so many servers in so few shards; raise QUOTH_SHARD_COUNT, or unset it for what it advises",
}
"""What to do after the close codes that say that the shards don't fit."""


class ExitCode(IntEnum):
    """What the process ends with. A supervisor should start it again after ``FAILED`` alone."""

    STOPPED = 0
    """It was told to stop, by SIGTERM or Ctrl-C."""
    FAILED = 1
    """Something unexpected, like a connection that can't be made."""
    UNUSABLE = 2
    """A setting, or the data in QUOTH_HOME, that can't be used as it is."""
    NO_TOKEN = 3
    """The token is missing, or Discord refuses it."""
    FOREIGN_HOME = 4
    """The data in QUOTH_HOME belongs to another Discord application."""


def main() -> ExitCode:
    """Run the bot and return the code to exit with; on failure, one sentence on standard error says why."""
    try:
        settings = read_settings()
        token = settings.usable_token()
    except QuothError as error:
        return _fail(error)
    # No process that this one starts gets it
    os.environ.pop("DISCORD_TOKEN", None)
    start_logging(settings.log_level, token, form=settings.log_format)
    _point_to(settings)
    persist()
    with last_words():
        return _run(settings, token)


def _run(settings: BotSettings, token: str) -> ExitCode:
    try:
        return asyncio.run(serve(settings, token))
    except QuothError as error:
        return _fail(error)
    except discord.LoginFailure:
        return _fail(TokenError(REFUSED))
    except discord.ConnectionClosed as error:
        if error.code == 4004:
            return _fail(TokenError(REFUSED))
        if error.code in WRONG_SHARDS:
            return _fail(SettingsError(WRONG_SHARDS[error.code]))
        log.error("Discord closed the connection for good, code %s", error.code)
    except (discord.HTTPException, discord.GatewayNotFound, aiohttp.ClientError, OSError) as error:
        log.error("Discord can't be reached or does not work: %s", error)
    except Exception:
        log.exception("the bot came to an unexpected end")
    return ExitCode.FAILED


async def serve(settings: BotSettings, token: str) -> ExitCode:
    """Run the bot until a signal comes: the first one stops it gently, a second one at once.

    Raises:
        TokenError: Discord refused the token of a request.

    It raises as well what ends the bot otherwise.
    """
    stop, hurry = asyncio.Event(), asyncio.Event()

    def stop_or_hurry() -> None:
        (hurry if stop.is_set() else stop).set()

    _on_signals(stop_or_hurry)
    async with QuothBot(settings) as bot:
        monitor = None if settings.monitor_port is None else Monitor(bot, settings.monitor_port)
        try:
            if monitor is not None:
                await monitor.start()
            # Models that can't be used are found before Discord is asked for anything
            await asyncio.to_thread(bot.shelf.load)
            running = asyncio.create_task(bot.start(token))
            asked = asyncio.create_task(stop.wait())
            refused = asyncio.create_task(bot.token_refused.wait())
            await asyncio.wait({running, asked, refused}, return_when=asyncio.FIRST_COMPLETED)
            asked.cancel()
            refused.cancel()
            if bot.token_refused.is_set():
                # Each further request with it would count towards a ban of this machine's address
                await bot.close()
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
                raise TokenError(REFUSED)
            if not stop.is_set():
                await running
                return ExitCode.FAILED
            log.info("stopping: taking no more questions")
            hurried = asyncio.create_task(hurry.wait())
            stopping = asyncio.create_task(bot.stop())
            await asyncio.wait({stopping, hurried}, return_when=asyncio.FIRST_COMPLETED)
            for task in (stopping, hurried, running):
                task.cancel()
            await asyncio.gather(stopping, hurried, running, return_exceptions=True)
        finally:
            await bot.close()
            if monitor is not None:
                await monitor.close()
    log.info("stopped")
    return ExitCode.STOPPED


def _on_signals(call: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, call)
        except NotImplementedError:
            # Windows has no signal handlers in its event loop.
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(call))


def _point_to(settings: BotSettings) -> None:
    """Direct every request, and the gateway, to the server that the settings name."""
    if settings.api_base and settings.gateway:
        discord.http.Route.BASE = settings.api_base
        discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(settings.gateway)


def _fail(error: QuothError) -> ExitCode:
    # A token that was put behind another setting's name stands in the message about it
    sys.stderr.write(f"{DiscreetFormatter().discreet(str(error))}\n")
    match error:
        case TokenError():
            return ExitCode.NO_TOKEN
        case HomeError():
            return ExitCode.FOREIGN_HOME
        case _:
            return ExitCode.UNUSABLE


def read_arguments(given: Sequence[str] | None = None) -> None:
    """Take no arguments, and print the help where it is asked for; both end the process."""
    argparse.ArgumentParser(
        prog="python -m bot",
        description="Run Quoth's Discord bot until it is told to stop (SIGTERM, Ctrl-C).",
        epilog="It takes no arguments: settings come from the environment and a file .env, DISCORD_TOKEN before all. "
        "docs/bot.md has all of them.",
    ).parse_args(given)


if __name__ == "__main__":
    read_arguments()
    sys.exit(main())
