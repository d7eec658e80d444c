"""What of a message Discord would bring to life: mentions, links, emoji, times, formatting.

Written from Discord's documentation ("Message Formatting", and the markdown of its help pages) and not from the code
that escapes, so that both would have to be wrong in the same way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_ESCAPED = re.compile(r"\\[^0-9A-Za-z\s]")
_LIVE = {
    "everyone": re.compile(r"@(?:everyone|here)"),
    "mention": re.compile(r"<(?:@[!&]?|#)\d+>"),
    "command": re.compile(r"</[^<>\n]+:\d+>"),
    "navigation": re.compile(r"<id:\w+>|<\d+:\w+>"),
    "time": re.compile(r"<t:-?\d+(?::\w)?>"),
    "emoji": re.compile(r"<a?:\w+:\d+>|(?<![\w:]):[A-Za-z]\w+:"),
    "link": re.compile(r"\[[^\]\n]*\]\([^)\n]+\)"),
    "address": re.compile(r"(?<![\w(])<?(?:https?|discord|steam|mailto)://?\S+|<?mailto:\S+"),
    "spoiler": re.compile(r"\|\|"),
    "code": re.compile(r"`"),
    "strikeout": re.compile(r"~~"),
    "italics": re.compile(r"(?<![*\w])\*(?![*\s])|(?<![\w_])_(?![_\s])"),
    "bold": re.compile(r"\*\*|__"),
    "heading": re.compile(r"^\s*(?:> )?#{1,3} ", re.MULTILINE),
    "small": re.compile(r"^\s*(?:> )?-# ", re.MULTILINE),
    "list": re.compile(r"^\s*(?:> )?(?:[-*+]|\d+[.)]) ", re.MULTILINE),
    "block": re.compile(r"^\s*>>> |^> > ", re.MULTILINE),
}
UNSEEN = re.compile("[\u202a-\u202e\u2066-\u2069\ufff9-\ufffb\U000e0000-\U000e007f\x00-\x08\x0e-\x1f]")
"""Characters that turn the reading direction around, carry hidden text, or control a terminal."""


def live(markup: str) -> list[tuple[str, str]]:
    """Return each kind of markup that is read in a text, and its words."""
    left = _ESCAPED.sub("\ufffc", markup)
    return [(kind, found.group()) for kind, pattern in _LIVE.items() for found in pattern.finditer(left)]


def messages_in(body: Any) -> Iterator[dict[str, Any]]:
    """Yield every part of a request's body that is a message: it has contents or embeds."""
    if isinstance(body, dict):
        if body.get("content") or body.get("embeds"):
            yield body
        for part in body.values():
            yield from messages_in(part)
    elif isinstance(body, list):
        for part in body:
            yield from messages_in(part)


def markup_of(message: dict[str, Any]) -> Iterator[str]:
    """Yield each text of a message in which Discord reads markup."""
    if message.get("content"):
        yield message["content"]
    for embed in message.get("embeds") or []:
        yield from (embed[name] for name in ("title", "description") if embed.get(name))
        for field in embed.get("fields", []):
            yield from (field["name"], field["value"])


def plain_of(message: dict[str, Any]) -> Iterator[str]:
    """Yield each text of a message that Discord shows as it stands."""
    for embed in message.get("embeds") or []:
        yield (embed.get("author") or {}).get("name") or ""
        yield (embed.get("footer") or {}).get("text") or ""


def links_of(message: dict[str, Any]) -> Iterator[str]:
    """Yield each address that an embed leads to or fetches from outside of its texts."""
    for embed in message.get("embeds") or []:
        yield from (part["url"] for part in embed.values() if isinstance(part, dict) and part.get("url"))
        if embed.get("url"):
            yield embed["url"]
