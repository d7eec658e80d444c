"""Where a quote stands, in one line: title, paragraph, page, heading, and the plain host of its link.

A document's link is its author's claim. What a reader sees of it is the host it really leads to, in ASCII, so that
no letter of another alphabet and no title can pass for an address; Discord refuses links whose label holds a scheme.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import quote as percent
from urllib.parse import urlsplit

from bot.escape import shown
from bot.render.blocks import one_line
from quoth.answer import Place

MAX_URL = 300
_TITLE, _HEADING, _NAME = 90, 70, 50
_PLACES = 3
_LONGEST_URI = 10_000
_HOST = re.compile(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63}){0,9}")


def citation(
    title: str | None,
    paragraph: int,
    *,
    page: int | None = None,
    heading: str | None = None,
    uri: str | None = None,
    document: str | None = None,
    library: str | None = None,
) -> str:
    """Return markup of one line. Without ``title``, it is of the document that was cited just above.

    ``document`` and ``library`` are named where they are given.
    """
    called = "same document" if title is None else f"**{one_line(title, _TITLE) or 'untitled'}**"
    parts = [f"{called}, paragraph {paragraph}"]
    if page is not None:
        parts[0] += f", page {page}"
    if heading is not None and (words := one_line(heading.replace(" > ", " › "), _HEADING)):
        parts.append(words)
    if document is not None and (name := one_line(document, _NAME)):
        parts.append(name)
    if uri is not None and (where := link(uri)):
        parts.append(where)
    if library is not None and (name := one_line(library, _NAME)):
        parts.append(name)
    return " · ".join(parts)


def below(title: str, heading: str | None) -> str | None:
    """Return a heading's path without a first step that only says the document's title again, as in Markdown."""
    if heading is None or heading == title:
        return None
    return heading.removeprefix(f"{title} > ")


def link(uri: str) -> str | None:
    """Return markup of a web address: its host, leading to it. None for anything else, or a host that is none."""
    if len(uri) > _LONGEST_URI:
        return None
    try:
        parts = urlsplit(uri)
        host = (parts.hostname or "").encode("idna").decode("ascii").lower()
        port = f":{parts.port}" if parts.port is not None else ""
        if parts.username is not None or parts.password is not None:
            return None
        path, query, fragment = (
            percent(part, safe="/%:!$&+,;=~?") for part in (parts.path or "/", parts.query, parts.fragment)
        )
    except ValueError:  # not an address: bad port, brackets, a host that IDNA refuses, half a character
        return None
    if parts.scheme.lower() not in ("http", "https") or not _HOST.fullmatch(host) or len(host) > 100:
        return None
    target = f"{parts.scheme.lower()}://{host}{port}{path}"
    target += (f"?{query}" if query else "") + (f"#{fragment}" if fragment else "")
    return f"[{host}]({target})" if len(target) <= MAX_URL else shown(host)


def also_in(places: Sequence[Place], document: str) -> str:
    """Return markup that names where else a quote's text stands; ``document`` is the one that it is quoted from."""
    named = [
        (f"{one_line(place.document, _NAME)}, " if place.document != document else "") + f"paragraph {place.paragraph}"
        for place in places[:_PLACES]
    ]
    more = len(places) - len(named)
    return "also in " + "; ".join(named) + (f" and {more:,} more" if more else "")


def names_library(names: Mapping[str, str], library: str) -> str | None:
    """Return what to call a quote's library, where several were asked and it matters."""
    return names.get(library, library) if len(names) > 1 else None
