"""What a log's lines about one event of Discord have in common: a random id, which names nobody and nothing."""

from __future__ import annotations

import secrets
from contextvars import ContextVar

_current: ContextVar[str] = ContextVar("request", default="")


def new_reference() -> str:
    """Return a random id by which a person can name what happened."""
    return secrets.token_hex(4)


def begin_request() -> None:
    """Give the task that runs now, and all that it starts from here on, an id of its own."""
    _current.set(new_reference())


def current_request() -> str:
    """Return the id of what is being done, or an empty string where nobody asked for it."""
    return _current.get()
