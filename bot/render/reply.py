"""What a reply is made of, before anything of Discord's client is asked: at most one embed, and buttons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from discord import ButtonStyle, Embed

from bot.cutting import units, window
from bot.escape import plain, shown
from bot.render.blocks import block

MAX_CONTENT = 2_000
MAX_DESCRIPTION = 4_096
MAX_AUTHOR = 256
MAX_FOOTER = 2_048
MAX_LABEL = 80

Action = Literal["context", "more", "follow", "yes", "no", "remove", "closest", "page", "forget"]
"""What a button does. ``page`` and ``forget`` belong to replies that no kept answer stands behind."""

SURE, LIKELY, UNSURE, QUIET = 0x2E9E6B, 0x4A7FD6, 0xD9A441, 0x80848E
"""Colours of an embed's edge: how sure an answer is, and everything that is no answer."""


@dataclass(frozen=True, slots=True)
class Button:
    """A button under a reply. ``page`` counts from 1 and tells apart buttons that do the same."""

    action: Action
    label: str
    style: ButtonStyle = ButtonStyle.secondary
    row: int = 0
    page: int | None = None
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """One message. No limit of Discord is exceeded, whatever texts it was made from."""

    embeds: tuple[Embed, ...] = ()
    buttons: tuple[Button, ...] = ()
    content: str | None = None


def note(text: str, *, markup: bool = False) -> Reply:
    """Return a sentence of the bot's own. With ``markup`` it is sent as it is, and names in it are escaped already."""
    cut = text if markup else shown(text)
    if units(cut) > MAX_CONTENT:
        _, end = window(text, (0, 0), MAX_CONTENT - 4, units if markup else lambda part: units(shown(part)))
        cut = (text[:end] if markup else shown(text[:end])) + " […]"
    return Reply(content=cut)


def refused_reply(refusal: str, question: str | None) -> Reply:
    """Return the sentence (as markup) that a question was not taken, with the ``question`` to be copied, if given."""
    if question is None:
        return note(refusal, markup=True)
    text, _ = block(question, None, MAX_DESCRIPTION)
    return Reply(content=refusal, embeds=(card([text], title="Your question"),))


def card(
    lines: Sequence[str], *, title: str | None = None, author: str = "", footer: str = "", colour: int = QUIET
) -> Embed:
    """Return an embed of lines of markup; those that no longer fit are left out with all that follow.

    ``title`` is the bot's own words, ``author`` and ``footer`` are plain text of any length.
    """
    kept = len(lines)
    while not fits(lines[:kept]):
        kept -= 1
    embed = Embed(title=title, description="\n".join(lines[:kept]).rstrip("\n"), colour=colour)
    if name := plain(author, MAX_AUTHOR):
        embed.set_author(name=name)
    if words := plain(footer, MAX_FOOTER // 4):
        embed.set_footer(text=words)
    return embed


def fits(lines: Sequence[str]) -> bool:
    """Whether lines of markup fit in one embed."""
    return units("\n".join(lines)) <= MAX_DESCRIPTION


def turning(action: Action, page: int, pages: int, *, row: int = 0) -> tuple[Button, ...]:
    """Return the buttons that turn to the page before and after, where there are several."""
    if pages < 2:
        return ()
    return (
        Button(action, "Back", row=row, page=page - 1, disabled=page <= 1),
        Button(action, "Next", row=row, page=page + 1, disabled=page >= pages),
    )


def nearest(page: int, pages: int) -> int:
    """Return the page that is there and nearest to the one asked for."""
    return max(1, min(page, max(1, pages)))
