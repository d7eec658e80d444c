"""What people in Discord are told of errors: a sentence that is true there, whatever the library says of them."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

import pytest

import bot.errors
from bot.errors import BotError, BusyError, HomeError, NameTakenError, TokenError
from bot.failures import EMPTY_DIRECT, EMPTY_SERVER, told
from quoth.errors import (
    DocumentNotFoundError,
    EmptyLibraryError,
    FileTooLargeError,
    LibraryBusyError,
    MissingReaderError,
    NoRoomError,
    QuestionError,
    QuothError,
    ReaderCrashError,
    ReaderMemoryError,
    TooSlowError,
)

HINT = "the library /srv/home is broken; run: quoth index PATH --library DIR, or set QUOTH_HOME in DISCORD_TOKEN"
FOR_THE_COMMAND_LINE = re.compile(r"quoth |--\w|[A-Z]+_[A-Z]+|/srv|PATH")


def tree(root: type[QuothError]) -> Iterator[type[QuothError]]:
    yield root
    for child in root.__subclasses__():
        if child.__module__ in ("quoth.errors", bot.errors.__name__):
            yield from tree(child)


ALL = sorted(set(tree(QuothError)), key=lambda kind: kind.__name__)
OURS = {kind for kind in ALL if issubclass(kind, BotError)} - {TokenError, HomeError}
AS_WRITTEN = OURS | {QuestionError}
"""Errors whose messages are written for the person who asked."""
FORESEEN = AS_WRITTEN | {EmptyLibraryError, LibraryBusyError, DocumentNotFoundError}
"""Errors that people can do something about."""


def made(kind: type[QuothError], message: str) -> QuothError:
    if kind is NoRoomError:
        return NoRoomError(message, 3, 2)
    if kind is FileTooLargeError:
        return FileTooLargeError(message, 3, 2)
    if kind in (ReaderMemoryError, TooSlowError):
        return kind(message, 2)
    if kind is ReaderCrashError:
        return ReaderCrashError(message, "by signal 11")
    if kind is BusyError:
        return BusyError(3, message)
    if kind is NameTakenError:
        return NameTakenError(message)
    return kind(message)


def test_the_tree_is_walked_whole():
    assert {QuothError, NoRoomError, LibraryBusyError, BusyError, TokenError} < set(ALL)
    assert len(ALL) > 25


@pytest.mark.parametrize("direct", [True, False])
@pytest.mark.parametrize("kind", [kind for kind in ALL if kind not in AS_WRITTEN])
def test_no_error_of_the_library_shows_what_is_meant_for_the_command_line(
    kind: type[QuothError], direct: bool, caplog: pytest.LogCaptureFixture
):
    error = made(kind, HINT)
    text = told(error, direct=direct)
    assert not FOR_THE_COMMAND_LINE.search(text)
    assert text[0].isupper() and text.endswith(".")
    reference = re.search(r"`([0-9a-f]{8})`", text)
    assert (reference is None) == (kind in FORESEEN)
    if reference is not None:
        (record,) = [one for one in caplog.records if one.levelno == logging.ERROR]
        # Who runs the bot finds there what the person was not shown
        assert reference[1] in record.getMessage()
        assert record.exc_info is not None and record.exc_info[1] is error


@pytest.mark.parametrize("kind", sorted(AS_WRITTEN, key=lambda kind: kind.__name__))
def test_what_the_bot_says_itself_is_shown_as_a_sentence(kind: type[QuothError], caplog: pytest.LogCaptureFixture):
    text = told(made(kind, "what you sent can't be used"))
    assert "what you sent can't be used" in text.lower() and text.endswith(".")
    assert not caplog.records


@pytest.mark.parametrize("kind", [kind for kind in ALL if kind not in FORESEEN and issubclass(kind, QuothError)])
def test_each_kind_of_error_but_the_root_says_more_than_that_something_went_wrong(kind: type[QuothError]):
    unknown = {"QuothError", "SettingsError"}
    assert ("Something went wrong" in told(made(kind, HINT))) == (kind.__name__ in unknown)


def test_an_empty_library_is_told_as_it_is_seen_from_where_the_question_came():
    assert told(EmptyLibraryError(HINT)) == EMPTY_SERVER
    assert told(EmptyLibraryError(HINT), direct=True) == EMPTY_DIRECT


def test_a_missing_reader_is_for_who_runs_the_bot_to_install():
    text = told(MissingReaderError("paper.pdf"))
    assert text.startswith("What reads files of this type isn't installed here.")
    assert "pip" not in text
