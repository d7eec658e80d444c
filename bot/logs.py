"""Logging that never shows a secret: neither the bot's token nor an interaction's, at any level.

An interaction's token lets whoever has it write as the bot for 15 minutes. discord.py logs addresses and bodies that
carry them at DEBUG, so its two loggers that do never go below INFO; whatever else is logged, tracebacks
included, passes through a formatter that replaces what looks like such a token.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Literal, TextIO

import discord

from bot.request import current_request

WORDY_LOGGERS = ("discord.http", "discord.gateway", "discord.webhook.async_")
"""Loggers that write whole requests, events and addresses at DEBUG, with tokens and what people wrote in them."""

HIDDEN = "[hidden]"

_SECRETS = (
    # An interaction's or a webhook's token within an address
    (re.compile(r"(/(?:webhooks|interactions)/\d+/)[^/\s'\"?]+"), rf"\1{HIDDEN}"),
    # The same as a field of JSON or of a Python dict
    (re.compile(r"""(["']token["']\s*:\s*["'])[^"']+"""), rf"\1{HIDDEN}"),
    # An interaction's token by its own shape: base64 of "interaction:…"
    (re.compile(r"aW50ZXJhY3Rpb2[\w+/=-]{20,}"), HIDDEN),
    # A bot's token by its own shape: id, time and signature
    (re.compile(r"\b[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}"), HIDDEN),
    (re.compile(r"(\bBot )[\w.-]{20,}"), rf"\1{HIDDEN}"),
)


LogFormat = Literal["text", "json"]


class DiscreetFormatter(logging.Formatter):
    """Formats records, tracebacks included, with every token replaced; a request's lines end with its id."""

    def __init__(self, token: str = "") -> None:
        super().__init__("{asctime} {levelname:<7} {name}: {message}", "%Y-%m-%d %H:%M:%S", style="{")
        self._token = token

    def format(self, record: logging.LogRecord) -> str:
        """Return the whole text of a record."""
        return self.discreet(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Return the line of a record, without what is below it."""
        line, request = super().formatMessage(record), current_request()
        return f"{line} [{request}]" if request else line

    def discreet(self, text: str) -> str:
        """Return a text with every token replaced."""
        if self._token:
            text = text.replace(self._token, HIDDEN)
        for pattern, replacement in _SECRETS:
            text = pattern.sub(replacement, text)
        return text


class JsonFormatter(DiscreetFormatter):
    """Formats each record as an object on a line of its own, for programs that collect logs."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as JSON: time (ISO 8601, UTC), level, logger, message, and request and exception if any."""
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request := current_request():
            entry["request"] = request
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps({name: self.discreet(value) for name, value in entry.items()}, ensure_ascii=False)


class DiscreetHandler(logging.StreamHandler[TextIO]):
    """Writes to a stream; of a record that can't be written it tells no more than where it came from."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Say that a record is lost. Python's own way shows its arguments, addresses with tokens among them."""
        try:
            self.stream.write(f"a log record of {record.name} (line {record.lineno}) can't be written\n")
        except (OSError, ValueError):
            # Nobody reads any more
            return


@contextmanager
def last_words() -> Iterator[None]:
    """Log what Python would print as it is: warnings, the end of a thread, errors where nobody can catch them."""
    log = logging.getLogger("bot")
    before = sys.unraisablehook, threading.excepthook

    def unraisable(told: sys.UnraisableHookArgs) -> None:
        log.error("an error that nobody could be told of", exc_info=told.exc_value)

    def ended(told: threading.ExceptHookArgs) -> None:
        log.error("a thread came to an unexpected end", exc_info=told.exc_value)

    sys.unraisablehook, threading.excepthook = unraisable, ended
    logging.captureWarnings(True)
    try:
        yield
    finally:
        logging.captureWarnings(False)
        sys.unraisablehook, threading.excepthook = before


def start_logging(
    level: str, token: str = "", stream: TextIO | None = None, *, form: LogFormat = "text"
) -> logging.Handler:
    """Send all logs to ``stream`` (standard error) and return the handler that does; ``token`` is never shown."""
    handler = DiscreetHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter(token) if form == "json" else DiscreetFormatter(token))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(level)
    # A bot that never speaks needs no library for voice, and whoever runs it no two warnings that there is none
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    for name in WORDY_LOGGERS:
        logger = logging.getLogger(name)
        logger.setLevel(max(logging.INFO, root.level))
    return handler
