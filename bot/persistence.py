"""What has to reach Discord is tried again while Discord, or the way to it, fails.

discord.py itself waits where it is told to (429) and tries five times within half a minute where Discord answers with
500, 502 or 504. What lasts longer, a 503 and a connection that breaks off come here.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

import aiohttp
import discord

log = logging.getLogger(__name__)

T = TypeVar("T")

FAILURES = (discord.HTTPException, aiohttp.ClientError, OSError)
"""What a request to Discord raises, be it an answer of Discord's or none."""

OUTAGE = 14 * 60.0
"""Seconds for which an answer is held ready: an interaction can be answered for 15 minutes."""

NONCE = 120.0
"""Seconds for which a message with the nonce of one that stands already surely is that one: Discord's documentation
says "the past few minutes"."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 60.0


async def persistently(call: Callable[[], Awaitable[T]], *, seconds: float = OUTAGE, repeatable: float = math.inf) -> T:
    """Do what may be done twice without harm, again and again for so many ``seconds`` while Discord fails.

    It may be done twice for ``repeatable`` seconds only: that long after a try that may have taken effect, no other one
    is begun.

    Raises: what the last try raised, and at once what another try can't change.
    """
    end, pause, doubt = time.monotonic() + seconds, _FIRST_PAUSE, math.inf
    while True:
        begun = time.monotonic()
        try:
            return await call()
        except FAILURES as error:
            wait = max(pause, _told_to_wait(error))
            if _may_have_taken_effect(error):
                doubt = min(doubt, begun)
            if not _may_pass(error) or time.monotonic() + wait > min(end, doubt + repeatable):
                raise
            log.warning("trying again in %g s: %s", wait, described(error))
        await asyncio.sleep(wait)
        pause = min(2 * pause, _LONGEST_PAUSE)


def _may_pass(failure: BaseException) -> bool:
    """Say whether the cause of one of FAILURES may be over in a while."""
    return not isinstance(failure, discord.HTTPException) or failure.status >= 500 or failure.status == 429


def _may_have_taken_effect(failure: BaseException) -> bool:
    """Say whether Discord may have done what it was asked: all but a refusal, and a connection that was never made."""
    if isinstance(failure, discord.HTTPException):
        return failure.status >= 500
    return not isinstance(failure, aiohttp.ClientConnectorError)


def described(error: BaseException) -> str:
    """Return what became of a request, without its address, which may hold a token."""
    if isinstance(error, discord.HTTPException):
        return f"Discord answered {error.status}, code {error.code}"
    return f"no answer came from Discord ({type(error).__name__})"


def _told_to_wait(error: BaseException) -> float:
    """Return the seconds that an answer says to wait; what stands before Discord tells it in a header alone."""
    if isinstance(error, discord.HTTPException) and error.response is not None:
        with suppress(AttributeError, TypeError, ValueError):
            return float(error.response.headers.get("Retry-After", 0))
    return 0.0
