"""What can go wrong in the bot, beneath Quoth's own tree of errors.

    QuothError
    └── BotError
        ├── BusyError              too many questions at once, or too soon after the last one
        ├── ClosingError           the bot is about to stop
        ├── AnswerGoneError        an old button whose answer, document or text is no longer there
        ├── RefusedUploadError     a file that can't be taken in, and why
        │   └── QuotaError         it can't because the server's share is used up
        ├── NameTakenError         a file of that name is there; replacing it has to be asked for
        ├── LeftOverError          an erased library whose files can't be deleted yet
        ├── NotAllowedError        a button or a form that is another person's, or needs a permission
        ├── ExpiredError           a question or a form that was answered already, or is too old
        ├── HomeError              the folder of data belongs to another Discord application
        └── TokenError             the bot's token is missing, or Discord refuses it

A message is a sentence that can be shown to a person as it stands: the value that was wrong and what to do about it.
"""

from __future__ import annotations

from quoth.errors import QuothError


class BotError(QuothError):
    """Base of what goes wrong in the bot and not in the library."""


class BusyError(BotError):
    """A question that has to wait; ``seconds`` from now it can be asked again."""

    def __init__(self, seconds: int, reason: str = "I'm busy with other questions") -> None:
        self.seconds = seconds
        super().__init__(f"{reason}; please try again in {seconds} s.")


class ClosingError(BotError):
    """The bot is about to stop and takes nothing new."""


class AnswerGoneError(BotError):
    """An answer, or the text that it quotes, is no longer there."""


class RefusedUploadError(BotError):
    """A file that is not taken in. Nothing of it is kept."""


class QuotaError(RefusedUploadError):
    """A file for which the server's library has no room left."""


class NameTakenError(BotError):
    """A file called ``name`` is in the library already, and nobody said that it may be replaced."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"The library already holds a file called {name!r}; say whether to replace it.")


class LeftOverError(BotError):
    """A library that was erased and is asked no more, whose files could not be deleted yet."""


class NotAllowedError(BotError):
    """A button or a form that belongs to another person, or that needs a permission which this one lacks."""


class ExpiredError(BotError):
    """A question or a form that was answered already, is too old, or comes from before a restart."""


class HomeError(BotError):
    """The folder of the bot's data belongs to another Discord application."""


class TokenError(BotError):
    """The bot's token is missing or can't be one, or Discord refuses it. The message never holds it."""
