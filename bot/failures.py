"""What a person is told when something went wrong: never an exception's own text, unless it was written for them."""

from __future__ import annotations

import logging
import secrets

from discord import app_commands

from bot.errors import BotError, RefusedUploadError
from bot.escape import shown
from quoth.errors import DocumentNotFoundError, EmptyLibraryError, LibraryBusyError, QuestionError

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

    What was not foreseen is logged with a short reference, and the sentence holds that reference alone.
    """
    match error:
        case EmptyLibraryError():
            return EMPTY_DIRECT if direct else EMPTY_SERVER
        case LibraryBusyError():
            return "The documents are being changed right now; please try again in a minute."
        case DocumentNotFoundError():
            return "That document isn't in the library any more."
        case RefusedUploadError():
            # It may begin with the file's name, which stays as it is
            return _ended(shown(str(error)))
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
    reference = secrets.token_hex(4)
    log.error("unexpected error, reference %s", reference, exc_info=error)
    return (
        "Something went wrong on my side. Please try again; "
        f"if it happens again, tell whoever runs me this reference: `{reference}`."
    )


def _sentence(text: str) -> str:
    return _ended(text[:1].upper() + text[1:])


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else text + "."
