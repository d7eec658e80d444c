"""``/library``: what managers do with a server's own library, and the message menu "Add to library"."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from bot import uploads
from bot.commands.adding import AddForm, add_after_warning, files_of, is_hidden
from bot.commands.admission import SERVERS_ONLY, manager_only
from bot.commands.confirmations import ConfirmButton
from bot.commands.controls import PageButton, let_in
from bot.commands.sources import MOST_CHOICES, label
from bot.commands.telling import buttons_of, in_words, show
from bot.errors import BotError, NotAllowedError
from bot.escape import plain, shown
from bot.persistence import persistently
from bot.records import Records
from bot.render import POSTED, library_list_reply, note
from bot.replies import acknowledge
from bot.shelf import Shelf
from bot.uploads import LibraryFile
from quoth.counted import counted
from quoth.errors import DocumentNotFoundError, LibraryError
from quoth.library import CheckReport

if TYPE_CHECKING:
    from bot.client import QuothBot

_MOST_PROBLEMS = 10
_KEPT = "Nothing was deleted."
ERASED = (
    "All documents of this server are deleted, with the questions, answers and votes that were kept of it. "
    f"Its settings stay, and so does the list of who changed what. {POSTED}"
)
NOTHING_TO_ERASE = "This server has no documents, and no questions, answers or votes are kept of it: nothing to delete."

library = app_commands.Group(
    name="library",
    description="The documents of this server",
    default_permissions=manager_only(),
    allowed_contexts=SERVERS_ONLY,
)


def _guild(interaction: discord.Interaction[QuothBot]) -> int:
    if interaction.guild_id is None:
        raise NotAllowedError("Only servers have a library of their own.")
    return interaction.guild_id


# -- add


@library.command(description="Add files to this server's library, up to ten at once")
@app_commands.describe(file="One file; leave it out for a form that takes up to ten")
async def add(interaction: discord.Interaction[Any], file: discord.Attachment | None = None) -> None:
    """Take in a file, or open the form for several."""
    async with in_words(interaction):
        interaction.client.admissions.let_in(interaction, "library")
        if file is None:
            form = AddForm(guild=_guild(interaction), person=interaction.user.id, hidden=is_hidden(interaction))
            await persistently(lambda: interaction.response.send_modal(form))
            return
        await acknowledge(interaction, ephemeral=True, thinking=True)
        await add_after_warning(interaction, [file], "library")


@app_commands.context_menu(name="Add to library")
@app_commands.default_permissions(manager_only())
@app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
async def add_message(interaction: discord.Interaction[Any], message: discord.Message) -> None:
    """Take in the files of a message."""
    async with let_in(interaction, "add"):
        files = files_of(message)
        if not files:
            await show(
                interaction, note("This message has no files. Only files can be added, not what a message says.")
            )
            return
        await add_after_warning(interaction, files, "add")


# -- remove


def _value(file: LibraryFile) -> str:
    """Return what a choice stands for: a file's name may be longer than the 100 characters of a value."""
    return f"file:{hashlib.sha256(repr((file.root, file.name)).encode()).hexdigest()[:32]}"


def _find(shelf: Shelf, records: Records, guild: int, wanted: str) -> list[LibraryFile]:
    files = uploads.files(shelf, records, guild)
    return [file for file in files if _value(file) == wanted] or [file for file in files if file.name == wanted]


def _choices(shelf: Shelf, records: Records, guild: int, typed: str) -> list[app_commands.Choice[str]]:
    part = typed.casefold().strip()
    found = [file for file in uploads.files(shelf, records, guild) if part in file.name.casefold()]
    found.sort(key=lambda file: not file.name.casefold().startswith(part))
    return [app_commands.Choice(name=label("", file.name), value=_value(file)) for file in found[:MOST_CHOICES]]


@library.command(description="Remove a file; from then on it is never quoted again")
@app_commands.describe(file="The file; start typing to find it")
async def remove(interaction: discord.Interaction[Any], file: str) -> None:
    """Ask whether to remove a file, and remove it."""
    bot = interaction.client
    async with let_in(interaction, "library"):
        guild = _guild(interaction)
        matching = await bot.asker.run_list(partial(_find, bot.shelf, bot.records, guild, file), guild=guild)
        if len(matching) != 1:
            many = f"{len(matching)} files" if matching else "no file"
            called = "that you chose" if file.startswith("file:") else f"called {plain(file, 100)!r}"
            how = "choose one from the list that opens as you type."
            await show(interaction, note(f"The library has {many} {called}; {how}"))
            return
        found = matching[0]

        async def go_on(pressed: discord.Interaction[QuothBot]) -> None:
            name = shown(found.name)
            await show(pressed, note(f"Removing **{name}** …", markup=True))
            job = partial(
                uploads.remove_upload,
                bot.shelf,
                bot.records,
                guild=guild,
                by=pressed.user.id,
                name=found.name,
                root=found.root,
            )
            try:
                removed = await bot.asker.run_long(job, guild=guild)
            except DocumentNotFoundError:
                await show(
                    pressed, note(f"**{name}** isn't in the library any more; nothing was removed.", markup=True)
                )
                return
            size = _size(removed.documents, removed.passages)
            await show(pressed, note(f"Removed **{name}** ({size}). It is not quoted any more.", markup=True))

        view = bot.confirmations.ask(
            interaction, "library", yes="Remove", no="Keep", declined="Nothing was removed.", step=go_on
        )
        size = _size(found.documents, found.passages)
        question = f"Remove **{shown(found.name)}** ({size}) from this server's library? This can't be undone."
        await show(interaction, note(question, markup=True), view)


@remove.autocomplete("file")
async def _complete(interaction: discord.Interaction[Any], current: str) -> list[app_commands.Choice[str]]:
    bot: QuothBot = interaction.client
    if interaction.guild_id is None:
        return []
    try:
        job = partial(_choices, bot.shelf, bot.records, interaction.guild_id, current)
        return await bot.asker.run_list(job, guild=interaction.guild_id)
    except (BotError, LibraryError):
        # Too busy, or the library can't be read: the command itself says so in words when it is sent
        return []


# -- list


class ListPage(PageButton, template=r"quoth-list:(?P<page>\d{1,6})"):
    """Turns to a page of ``/library list``."""

    prefix = "quoth-list"

    async def turn(self, interaction: discord.Interaction[QuothBot]) -> None:
        """Show the page to a manager."""
        interaction.client.admissions.require(interaction, "library")
        await acknowledge(interaction)
        await _show_list(interaction, self.page)


async def _show_list(interaction: discord.Interaction[QuothBot], page: int) -> None:
    bot = interaction.client
    guild = _guild(interaction)
    files = await bot.asker.run_list(partial(uploads.files, bot.shelf, bot.records, guild), guild=guild)
    reply = library_list_reply(files, page=page)
    await show(interaction, reply, buttons_of(reply, ListPage))


@library.command(name="list", description="See the files of this server, and who added them when")
async def list_files(interaction: discord.Interaction[Any]) -> None:
    """Page through the server's files."""
    async with let_in(interaction, "library"):
        await _show_list(interaction, 1)


# -- check


def _check(shelf: Shelf, guild: int) -> CheckReport:
    with shelf.using(guild) as opened:
        return opened.check()


@library.command(description="Check that nothing in this server's library is missing or damaged")
async def check(interaction: discord.Interaction[Any]) -> None:
    """Verify the library from end to end."""
    bot = interaction.client
    async with let_in(interaction, "library"):
        guild = _guild(interaction)
        if not await bot.asker.run(partial(bot.shelf.has_documents, guild)):
            await show(interaction, note("This server's library is empty; there is nothing to check."))
            return
        report = await bot.asker.run_long(partial(_check, bot.shelf, guild), guild=guild)
        size = _size(report.documents, report.passages)
        if not report.problems:
            await show(interaction, note(f"Everything is in order: {size}, nothing missing or damaged."))
            return
        problems = "\n".join(f"- {problem}" for problem in report.problems[:_MOST_PROBLEMS])
        found = counted(len(report.problems), "problem")
        await show(interaction, note(f"The library has {found} ({size}); tell whoever runs me:\n{problems}"))


# -- erase


@library.command(description="Delete everything of this server: its documents, questions and votes")
async def erase(interaction: discord.Interaction[Any]) -> None:
    """Ask twice, then delete what the server has."""
    bot = interaction.client
    async with let_in(interaction, "library"):
        guild = _guild(interaction)
        documents, passages = await bot.asker.run(partial(bot.shelf.counts, guild))
        if not documents and not await bot.asker.run(partial(bot.records.keeps_questions, guild)):
            await show(interaction, note(NOTHING_TO_ERASE))
            return
        size = _size(documents, passages)

        async def ask_again(pressed: discord.Interaction[QuothBot]) -> None:
            last = bot.confirmations.ask(
                pressed, "library", yes="Yes, delete everything", no="Keep", declined=_KEPT, step=go_on
            )
            await show(pressed, note(f"Really? {size} will be gone, and nobody can bring them back."), last)

        async def go_on(pressed: discord.Interaction[QuothBot]) -> None:
            await show(pressed, note("Deleting everything of this server …"))
            job = partial(uploads.erase_library, bot.shelf, bot.records, guild=guild, by=pressed.user.id)
            await bot.asker.run_long(job, guild=guild)
            await show(pressed, note(ERASED, markup=True))

        first = bot.confirmations.ask(
            interaction, "library", yes="Delete everything …", no="Keep", declined=_KEPT, step=ask_again
        )
        question = f"Delete this server's whole library ({size}), with all questions, answers and votes kept of it?"
        await show(interaction, note(question), first)


def _size(documents: int, passages: int) -> str:
    return f"{counted(documents, 'document')}, {counted(passages, 'passage')}"


def setup(bot: QuothBot) -> None:
    """Add the commands, the message menu and their buttons."""
    bot.tree.add_command(library)
    bot.tree.add_command(add_message)
    bot.add_dynamic_items(ListPage, ConfirmButton)
