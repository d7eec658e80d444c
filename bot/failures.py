"""What a person is told when something went wrong: never an exception's own text, unless it was written for them."""

from __future__ import annotations

import logging

from discord import app_commands

from bot.errors import BotError, HomeError, RefusedUploadError, TokenError
from bot.escape import shown
from bot.request import current_request, new_reference
from quoth.errors import (
    DocumentNotFoundError,
    EmptyLibraryError,
    IntegrityError,
    LibraryBusyError,
    LibraryError,
    MissingReaderError,
    ModelError,
    ModelMismatchError,
    QuestionError,
    SourceError,
)

log = logging.getLogger(__name__)

EMPTY_SERVER = (
    "There are no documents here yet, so there is nothing I could quote. "
    "Whoever manages this server can add some with `/library add`."
)
EMPTY_DIRECT = (
    "In direct messages I only know the shared library, and it has no documents. Please ask me in a server instead."
)


def told(error: BaseException, *, direct: bool = False) -> str:
    """Return the sentence for an error, as Discord's markup; ``direct`` says that it happened in direct messages.

    The library's own sentences tell an operator what to run, which means nothing here: only those on a question, and
    the bot's own, are shown. What people in Discord can't mend is logged, and told with the reference to find it by.
    """
    match error:
        case EmptyLibraryError():
            return EMPTY_DIRECT if direct else EMPTY_SERVER
        case LibraryBusyError():
            return "Something else is writing to my files right now; please try again in a minute."
        case DocumentNotFoundError():
            return "That document isn't in the library any more."
        case RefusedUploadError():
            # It may begin with the file's name, which stays as it is
            return _ended(shown(str(error)))
        case TokenError() | HomeError():
            return _to_operator("I'm not set up as I should be.", error)
        case BotError() | QuestionError():
            return _sentence(shown(str(error)))
        case app_commands.MissingPermissions() | app_commands.NoPrivateMessage():
            return _sentence(shown(str(error)))
        case app_commands.CommandNotFound() | app_commands.CommandSignatureMismatch():
            return "This command has changed; please reload Discord and try again."
        case app_commands.TransformerError():
            return "I can't use one of the values you gave; please choose another."
        case app_commands.CheckFailure():
            return "You can't use this here."
        case ModelError() | ModelMismatchError():
            return _to_operator("My language model doesn't work with these documents.", error)
        case IntegrityError():
            return _to_operator("A quote was not what its document says, so I show none.", error)
        case LibraryError():
            return _to_operator("I can't use my files of these documents.", error)
        case MissingReaderError():
            return _to_operator("What reads files of this type isn't installed here.", error)
        case SourceError():
            return _to_operator("I can't read this file.", error)
    return _to_operator("Something went wrong on my side.", error)


def _to_operator(what: str, error: BaseException) -> str:
    reference = current_request() or new_reference()
    log.error("an error that was told with the reference %s", reference, exc_info=error)
    return f"{what} Please try again; if it happens again, tell whoever runs me this reference: `{reference}`."


def _sentence(text: str) -> str:
    return _ended(text[:1].upper() + text[1:])


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else text + "."
