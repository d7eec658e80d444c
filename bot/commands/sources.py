"""``/sources``: the documents that can be asked here, and one of them closer.

A server sees its own documents and the shared ones, direct messages the shared ones alone. What a button or an option
brings back is looked up in those libraries only, so a number from elsewhere finds nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from bot.commands.controls import PageButton
from bot.commands.telling import buttons_of, in_words, show
from bot.errors import BotError
from bot.escape import plain
from bot.render import Reply, document_reply, note, sources_reply
from bot.replies import acknowledge
from bot.shelf import Shelf
from quoth.errors import LibraryError
from quoth.indexing import upload_root
from quoth.store import DocumentRecord

if TYPE_CHECKING:
    from bot.client import QuothBot

OWN = "This server"
SHARED = "Shared library"

Shelves = dict[str, Sequence[DocumentRecord]]

MOST_CHOICES = 25
"""Choices that Discord shows while somebody types."""

_CHOICE_NAME = 100
_REFERENCE = re.compile(r"(own|shared):(\d{1,18})")


def shelves(shelf: Shelf, guild: int | None, *, shared: bool) -> Shelves:
    """Return the documents that can be asked in a server (in direct messages where it is None), by library."""
    found: Shelves = {OWN: shelf.documents(guild)} if guild is not None else {}
    if shared or guild is None:
        found[SHARED] = shelf.documents(None)
    return {name: records for name, records in found.items() if records}


def one_document(shelf: Shelf, guild: int | None, wanted: str, *, shared: bool) -> Reply:
    """Return what there is to say about the document that ``wanted`` names: by a choice's value, a name or a title."""
    there = [(name, record) for name, records in shelves(shelf, guild, shared=shared).items() for record in records]
    matches = (
        [entry for entry in there if _reference(*entry) == wanted]
        or [entry for entry in there if entry[1].name == wanted]
        or [entry for entry in there if wanted.casefold() in (entry[1].name.casefold(), entry[1].title.casefold())]
        or [entry for entry in there if file_name(entry[1].root).casefold() == wanted.casefold()]
    )
    if matches:
        name, record = matches[0]
        with shelf.using(None if name == SHARED else guild) as library:
            return document_reply(record, library.document_by_id(record.id), library=name)
    if _REFERENCE.fullmatch(wanted):
        return note("That document isn't here any more.")
    return note(f"I have no document called {plain(wanted, 100)!r}; choose one from the list that opens as you type.")


def choices(shelf: Shelf, guild: int | None, typed: str, *, shared: bool) -> list[app_commands.Choice[str]]:
    """Return the documents whose name or title holds what was typed, those that begin with it first."""
    part = typed.casefold().strip()
    first: list[tuple[str, DocumentRecord]] = []
    others: list[tuple[str, DocumentRecord]] = []
    for name, records in shelves(shelf, guild, shared=shared).items():
        for record in records:
            texts = (record.title.casefold(), record.name.casefold(), file_name(record.root).casefold())
            if any(part in text for text in texts):
                fitting = first if any(text.startswith(part) for text in texts) else others
                fitting.append((name, record))
    return [
        app_commands.Choice(name=label(record.title, record.name), value=_reference(name, record))
        for name, record in [*first, *others][:MOST_CHOICES]
    ]


def file_name(root: str) -> str:
    """Return the name of the file that a document came from."""
    return PurePath(root.removeprefix(upload_root(""))).name


def label(title: str, name: str) -> str:
    """Return how a document is called in a list of choices: at most 100 characters, never empty."""
    both = name if title in ("", name) else f"{title} ({name})"
    return plain(both, _CHOICE_NAME).strip() or "(a document without a name)"


def _reference(shelf_name: str, record: DocumentRecord) -> str:
    return f"{'shared' if shelf_name == SHARED else 'own'}:{record.id}"


class SourcesPage(PageButton, template=r"quoth-sources:(?P<page>\d{1,6})"):
    """Turns to a page of ``/sources``."""

    prefix = "quoth-sources"

    async def turn(self, interaction: discord.Interaction[QuothBot]) -> None:
        """Show the page."""
        await acknowledge(interaction)
        await _show_page(interaction, self.page)


async def _show_page(interaction: discord.Interaction[QuothBot], page: int) -> None:
    bot = interaction.client
    shared = (await bot.guild_settings(interaction.guild_id)).shared
    job = partial(shelves, bot.shelf, interaction.guild_id, shared=shared)
    found = await bot.asker.run_list(job, guild=interaction.guild_id)
    if not found:
        where = "A manager can add some with /library add." if interaction.guild_id else "The operator adds them."
        await show(interaction, note(f"There are no documents here yet. {where}"))
        return
    reply = sources_reply(found, page=page)
    await show(interaction, reply, buttons_of(reply, SourcesPage))


@app_commands.command(description="See the documents that I answer from")
@app_commands.describe(document="One document to see closer; start typing to find it")
async def sources(interaction: discord.Interaction[Any], document: str | None = None) -> None:
    """Page through the documents, or see one of them."""
    async with in_words(interaction):
        await acknowledge(interaction, ephemeral=True, thinking=True)
        if document is None:
            await _show_page(interaction, 1)
            return
        bot = interaction.client
        shared = (await bot.guild_settings(interaction.guild_id)).shared
        job = partial(one_document, bot.shelf, interaction.guild_id, document, shared=shared)
        await show(interaction, await bot.asker.run_list(job, guild=interaction.guild_id))


@sources.autocomplete("document")
async def _complete(interaction: discord.Interaction[Any], current: str) -> list[app_commands.Choice[str]]:
    bot: QuothBot = interaction.client
    try:
        shared = (await bot.guild_settings(interaction.guild_id)).shared
        job = partial(choices, bot.shelf, interaction.guild_id, current, shared=shared)
        return await bot.asker.run_list(job, guild=interaction.guild_id)
    except (BotError, LibraryError):
        # Too busy, or the library can't be read: the command itself says so in words when it is sent
        return []


def setup(bot: QuothBot) -> None:
    """Add the command and its buttons."""
    bot.tree.add_command(sources)
    bot.add_dynamic_items(SourcesPage)
