"""Taking files into a server's library: each is fetched, indexed and answered for by itself.

An attachment's address is used once to fetch it and is neither kept nor logged; while the bot asks whether to replace
or to go on, it is held in memory, for 15 minutes at most.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import discord

from bot.commands.admission import What
from bot.commands.telling import in_words, show
from bot.errors import NameTakenError, NotAllowedError, RefusedUploadError
from bot.escape import plain, shown
from bot.failures import told
from bot.permissions import open_to_everyone
from bot.persistence import FAILURES, described
from bot.render import Reply, note
from bot.replies import acknowledge
from bot.uploads import Added, add_upload, check_name_size
from quoth.counted import counted
from quoth.progress import Progress

if TYPE_CHECKING:
    from bot.client import QuothBot

log = logging.getLogger(__name__)

T = TypeVar("T")

MOST_FILES = 10
"""Files that are taken in at once: as many as Discord lets a message or a form hold."""

_NAME = 60
_MOST_REPORTED = 4_000
"""Characters of a name that are shown, and of a report, which an embed must hold."""

_PROGRESS_EVERY = 4.0
"""Seconds between two words on how far it is; more often, Discord would make the work wait for them."""

READABLE = "Everyone who can use /ask in this server will be able to read what these files say."
HIDDEN = "This channel is not open to everyone in the server, but the library is."


def is_hidden(interaction: discord.Interaction[QuothBot]) -> bool:
    """Return whether some members can't see this channel; True as well where that can't be told."""
    channel, guild = interaction.channel, interaction.guild
    if guild is None or not isinstance(channel, discord.Thread | discord.abc.GuildChannel):
        return True
    return not open_to_everyone(channel)


def files_of(message: discord.Message) -> list[discord.Attachment]:
    """Return the files of a message, those of messages that it forwards included."""
    forwarded = [attachment for snapshot in message.message_snapshots for attachment in snapshot.attachments]
    return [*message.attachments, *forwarded][:MOST_FILES]


class AddForm(discord.ui.Modal, title="Add files to the library"):
    """The form that ``/library add`` opens: room for ten files, and what becomes of them."""

    def __init__(self, *, guild: int | None, person: int, hidden: bool) -> None:
        super().__init__(timeout=15 * 60)
        self._for = (guild, person)
        self.files: discord.ui.FileUpload[Any] = discord.ui.FileUpload(
            custom_id="files", min_values=1, max_values=MOST_FILES
        )
        self.add_item(discord.ui.TextDisplay(f"{HIDDEN} {READABLE}" if hidden else READABLE))
        self.add_item(
            discord.ui.Label(
                text="Files",
                description="PDF, Word, web pages, text and more; up to ten at once.",
                component=self.files,
            )
        )

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Take the form once."""
        return bool(await interaction.client.admits(interaction))

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Take in the files of the form."""
        async with in_words(interaction):
            if (interaction.guild_id, interaction.user.id) != self._for:
                raise NotAllowedError("Only the person who opened this form can send it.")
            interaction.client.admissions.require(interaction, "library")
            await acknowledge(interaction, ephemeral=True, thinking=True)
            await add_files(interaction, self.files.values, what="library")


async def add_after_warning(
    interaction: discord.Interaction[QuothBot], files: Sequence[discord.Attachment], what: What
) -> None:
    """Take in ``files``; where the channel is hidden from some members, ask first. The interaction is acknowledged."""
    if not is_hidden(interaction):
        await add_files(interaction, files, what=what)
        return

    async def go_on(pressed: discord.Interaction[QuothBot]) -> None:
        await add_files(pressed, files, what=what)

    view = interaction.client.confirmations.ask(
        interaction, what, yes="Add", no="Don't add", declined="Nothing was added.", step=go_on
    )
    await show(interaction, note(f"{HIDDEN} {READABLE}\n\nAdd {_names(files)}?", markup=True), view)


async def add_files(
    interaction: discord.Interaction[QuothBot],
    files: Sequence[discord.Attachment],
    *,
    what: What,
    replace: bool = False,
    before: Sequence[str] = (),
) -> None:
    """Take in ``files`` one after the other, and show what became of each. The interaction is acknowledged.

    Names that are there already are asked about at the end, unless ``replace`` says to replace them. ``before`` are the
    lines on files that were taken in before, to be shown once more.
    """
    lines = [*before]
    taken: list[discord.Attachment] = []
    done: set[str] = set()
    readable = False
    shown_at = -_PROGRESS_EVERY
    for number, file in enumerate(files, 1):
        if time.monotonic() - shown_at >= _PROGRESS_EVERY:
            shown_at = time.monotonic()
            await show(
                interaction, note(f"Reading file {number} of {len(files)}: {_bold(file.filename)} …", markup=True)
            )
        try:
            if file.filename in done:
                raise RefusedUploadError("another file of these has the same name; rename one and add it again.")
            added = await _add(interaction, file, replace, f"Reading file {number} of {len(files)}")
        except NameTakenError:
            taken.append(file)
        except Exception as error:
            # One file that fails keeps none of the others out
            lines.append(f"Not added: {_bold(file.filename)}: {told(error)}")
        else:
            lines.append(_told_of(added))
            done.add(file.filename)
            readable = readable or not added.unchanged
    said = [READABLE] if readable else []
    if not taken:
        await show(interaction, _report(said, lines))
        return

    async def replace_them(pressed: discord.Interaction[QuothBot]) -> None:
        await add_files(pressed, taken, what=what, replace=True, before=lines)

    view = interaction.client.confirmations.ask(
        interaction, what, yes="Replace", no="Keep the old", declined="The old files stay.", step=replace_them
    )
    several = len(taken) > 1
    said.append(
        f"The library already has {_names(taken)}, with other content. "
        f"Replace {'them with the new files' if several else 'it with the new file'}?"
    )
    await show(interaction, _report(said, lines), view)


async def _add(
    interaction: discord.Interaction[QuothBot], file: discord.Attachment, replace: bool, doing: str
) -> Added:
    """Take in a file. Where that takes a while, the person sees how far it is, after what it is ``doing``."""
    bot, guild = interaction.client, interaction.guild_id
    if guild is None:
        raise NotAllowedError("Files can only be added in a server.")
    limits = bot.settings.upload_limits
    check_name_size(file.filename, file.size, limits)
    try:
        data = await file.read()
    except FAILURES as error:
        # The error's own text may hold the file's address
        log.warning("an attachment could not be fetched: %s", type(error).__name__)
        raise RefusedUploadError("Discord did not hand the file over; please send it again.") from None
    job = partial(
        add_upload,
        bot.shelf,
        bot.records,
        guild=guild,
        by=interaction.user.id,
        name=file.filename,
        data=data,
        replace=replace,
        limits=limits,
        report=(reports := deque[Progress](maxlen=1)).append,
    )

    async def tell() -> None:
        await show(interaction, note(f"{doing}: {_bold(file.filename)} … {far(reports)}", markup=True))

    return await told_of_meanwhile(bot.asker.run_long(job, guild=guild), tell)


async def told_of_meanwhile(job: Coroutine[Any, Any, T], tell: Callable[[], Awaitable[None]]) -> T:
    """Return what a job returns; while it runs, ``tell`` is called every few seconds."""
    running = asyncio.create_task(job)
    try:
        while not (await asyncio.wait({running}, timeout=_PROGRESS_EVERY))[0]:
            try:
                await tell()
            except FAILURES as error:
                # The file comes in whether or not Discord takes another word on it
                log.info("could not show how far a file is: %s", described(error))
        return await running
    finally:
        running.cancel()


def far(reports: Sequence[Progress]) -> str:
    """Return how far a file is, by the last report of its indexing."""
    if not reports:
        return "waiting for its turn"
    last = reports[-1]
    return f"{last.done * 100 // max(1, last.total)} %" if last.stage == "embedding" else "parted into passages"


def _told_of(added: Added) -> str:
    if added.unchanged:
        return f"Already there, unchanged: {_bold(added.name)}"
    verb = "Replaced" if added.replaced else "Added"
    documents = f"{counted(added.documents, 'document')}, " if added.documents != 1 else ""
    return f"{verb}: {_bold(added.name)} ({documents}{counted(added.passages, 'passage')})"


def _report(said: Sequence[str], lines: Sequence[str]) -> Reply:
    """Return what became of each file as an embed, below what there is to say or to ask about them all."""
    kept = list(lines)
    while len("\n".join(kept)) > _MOST_REPORTED:
        kept.pop()
    if len(kept) < len(lines):
        kept.append(f"… and {len(lines) - len(kept)} more; see /library list.")
    embeds = (discord.Embed(description="\n".join(kept)),) if kept else ()
    return Reply(embeds=embeds, content="\n\n".join(said) or None)


def _names(files: Sequence[discord.Attachment]) -> str:
    return ", ".join(_bold(file.filename) for file in files)


def _bold(name: str) -> str:
    return f"**{shown(plain(name, _NAME))}**"
