"""Listening to what the bot logs, at every level."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from bot.logs import WORDY_LOGGERS, start_logging


@contextmanager
def logged(stream: TextIO) -> Iterator[None]:
    """Write to ``stream`` all that is logged at every level, as the bot's own process does."""
    root = logging.getLogger()
    level, levels = root.level, {name: logging.getLogger(name).level for name in WORDY_LOGGERS}
    handler = start_logging("DEBUG", stream=stream)
    yield
    root.removeHandler(handler)
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
