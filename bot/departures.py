"""Servers that the bot was removed from: what is kept of them is deleted a week later."""

from __future__ import annotations

import logging
from collections.abc import Callable, Set
from contextlib import suppress
from dataclasses import dataclass

from bot.errors import LeftOverError
from bot.records import Records
from bot.shelf import Shelf

_log = logging.getLogger(__name__)

GRACE_DAYS = 7
"""Days between the bot's removal from a server and the deletion of that server's library and records."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep found: servers that are gone since, those that are back, and those that were deleted."""

    left: frozenset[int]
    back: frozenset[int]
    deleted: frozenset[int]


def sweep(
    records: Records,
    shelf: Shelf,
    *,
    present: Set[int],
    unavailable: Set[int],
    owns: Callable[[int], bool],
    days: float = GRACE_DAYS,
) -> Swept:
    """Mark the servers that the bot is in no more, and delete those that were marked ``days`` ago and are still gone.

    Removals while the bot was offline are found so. ``present`` and ``unavailable`` are what Discord told: a server
    that is unavailable was not left. ``owns`` tells which servers this process's shards serve: of others it knows
    nothing. Call it once all shards are ready, after ``Records.bind_application``.
    """
    here = present | unavailable
    before = records.left_guilds()
    known = {guild for guild in records.known_guilds() | shelf.guilds() if owns(guild)}
    back = frozenset(before & here)
    for guild in back:
        records.guild_back(guild)
    left = frozenset(known - here - before)
    for guild in left:
        records.guild_left(guild)
    deleted: set[int] = set()
    for guild in records.overdue(days):
        # Deleting takes a while, and a server that is back meanwhile has lost its mark
        if not owns(guild) or guild in here or guild not in records.left_guilds():
            continue
        # The records go last: killed in between, the next sweep finds the mark and does it again
        with suppress(LeftOverError):
            # Told in the log: the next start tries to delete the files again
            shelf.erase(guild)
        records.forget_guild(guild)
        deleted.add(guild)
    if left or back or deleted:
        _log.info("departures: %d left, %d back, %d deleted", len(left), len(back), len(deleted))
    return Swept(left, back, frozenset(deleted))
