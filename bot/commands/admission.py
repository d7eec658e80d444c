"""Who may do what managers do.

Discord itself checks who may run a command, and a server can change that in its own settings. Nothing of that covers
buttons: for them Manage Server is checked here, and whoever a server's own settings let run the command a moment ago
is let through as well.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

import discord
from discord import app_commands

from bot.errors import NotAllowedError

if TYPE_CHECKING:
    from bot.client import QuothBot

What = Literal["library", "add", "settings", "stats"]
"""The commands of managers: ``/library``, the menu "Add to library", ``/settings``, ``/stats``."""

LASTS = timedelta(minutes=15)
"""How long it is remembered that a server's own settings let a person run a command."""

_MOST_REMEMBERED = 10_000


SERVERS_ONLY = app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False)
"""Where managers' commands can be run. (``guild_only`` is overruled by what the tree allows.)"""


def manager_only() -> discord.Permissions:
    """Return the permissions that a person needs for a manager's command, unless the server says otherwise."""
    return discord.Permissions(manage_guild=True)


class Admissions:
    """Remembers whom Discord let run a command of managers without Manage Server; in memory only."""

    def __init__(self) -> None:
        self._let_in: OrderedDict[tuple[int, int, What], datetime] = OrderedDict()

    def let_in(self, interaction: discord.Interaction[QuothBot], what: What) -> None:
        """Note that Discord let this person run ``what`` here, now."""
        if interaction.permissions.manage_guild:
            return
        key = self._key(interaction, what)
        self._let_in[key] = interaction.created_at
        self._let_in.move_to_end(key)
        if len(self._let_in) > _MOST_REMEMBERED:
            self._let_in.popitem(last=False)

    def require(self, interaction: discord.Interaction[QuothBot], what: What) -> None:
        """Pass over a person who may do ``what``.

        Raises:
            NotAllowedError: anybody else.
        """
        if interaction.guild_id is not None:
            if interaction.permissions.manage_guild:
                return
            since = self._let_in.get(self._key(interaction, what))
            if since is not None and interaction.created_at - since <= LASTS:
                return
        raise NotAllowedError("This needs the permission Manage Server; if you may run the command, run it again.")

    @staticmethod
    def _key(interaction: discord.Interaction[QuothBot], what: What) -> tuple[int, int, What]:
        return interaction.guild_id or 0, interaction.user.id, what
