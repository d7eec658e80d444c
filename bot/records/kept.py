"""What the records give back: plain values, none of which holds a document's text."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from quoth.answer import FoundPassage, Quote

DAY = 86_400
"""Seconds."""

DEFAULT_DAYS = 30
"""Days that questions and answers are kept where a server didn't set it, and in direct messages."""

PRIVATE_DAYS = 1
"""Days that a private answer is kept for its buttons: Discord itself forgets the message when the app restarts."""


@dataclass(frozen=True, slots=True)
class KeptSpan:
    """Where a quote or passage stood, and the hash of its text; text and names stay in the library alone.

    Offsets count code points of the document. ``document_id`` finds the document while it is unchanged, ``called`` (the
    hash of its name) after it was taken in anew; ``matches`` tells whether the text found there is the one that was
    shown.
    """

    library: str
    called: str
    document_id: int
    start: int
    end: int
    digest: str
    answer: tuple[int, int] | None = None
    context: tuple[int, int] | None = None

    @classmethod
    def of(cls, shown: Quote | FoundPassage) -> KeptSpan:
        """Return what is kept of a quote or a passage."""
        answer = context = None
        if isinstance(shown, Quote):
            answer = (shown.answer.start, shown.answer.end) if shown.answer else None
            context = (shown.context.start, shown.context.end) if shown.context else None
        called, digest = hashed(shown.document), hashed(shown.text)
        return cls(shown.library, called, shown.document_id, shown.start, shown.end, digest, answer, context)

    def is_of(self, name: str) -> bool:
        """Whether a document of this name is the one that the text was shown from."""
        return hashed(name) == self.called

    def matches(self, text: str) -> bool:
        """Whether this is, to the letter, the text that was shown."""
        return len(text) == self.end - self.start and hashed(text) == self.digest


def hashed(text: str) -> str:
    """Return what is kept in place of a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Earlier:
    """A question before another one: its text, whose it was (a keyed hash), and when it was asked (Unix time)."""

    text: str
    asker: bytes
    at: float


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer that buttons and replies refer to. ``asker`` is a keyed hash; see ``Records.is_asker``.

    ``history`` holds the questions before this one, oldest first; ``message`` is the id of the bot's message. The
    ``quotes`` were shown, the ``weaker`` ones were not.
    """

    id: str
    guild: int | None
    channel: int
    asker: bytes
    private: bool
    message: int | None
    question: str
    history: tuple[Earlier, ...]
    answered: bool
    confidence: float
    documents_searched: int
    quotes: tuple[KeptSpan, ...]
    weaker: tuple[KeptSpan, ...]
    passages: tuple[KeptSpan, ...]
    asked_at: datetime

    @property
    def followed(self) -> tuple[Earlier, ...]:
        """What is the history of a question that follows this answer."""
        return (*self.history, Earlier(self.question, self.asker, self.asked_at.timestamp()))


@dataclass(frozen=True, slots=True)
class Votes:
    """How many people found an answer helpful, and how many did not."""

    helpful: int
    not_helpful: int


@dataclass(frozen=True, slots=True)
class GuildSettings:
    """What a server's managers decide. ``channels`` names where the bot answers (none: everywhere).

    ``mentions``: answers messages that mention it. ``private``: answers to ``/ask`` are private unless asked
    otherwise. ``shared``: asks the shared library as well. ``question_log``: keeps questions for the statistics.
    ``days``: how many days questions, answers and votes are kept.
    """

    channels: frozenset[int] = frozenset()
    mentions: bool = True
    private: bool = False
    shared: bool = True
    question_log: bool = True
    days: int = DEFAULT_DAYS


@dataclass(frozen=True, slots=True)
class UnansweredQuestion:
    """A question that found no answer, when it was asked last, how many times, and the question that it follows."""

    text: str
    at: datetime
    times: int
    follows: str | None = None


@dataclass(frozen=True, slots=True)
class Stats:
    """A server's questions and votes of the days that are kept.

    Private and direct questions are not among them; votes on private answers are, since they tell nothing else.
    """

    asked: int
    answered: int
    declined: int
    helpful: int
    not_helpful: int
    unanswered: tuple[UnansweredQuestion, ...]


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was deleted at a person's wish."""

    questions: int
    answers: int
    votes: int


@dataclass(frozen=True, slots=True)
class Upload:
    """A file in a server's library: who added it (a Discord user id), when, and its size in bytes."""

    name: str
    by: int
    at: datetime
    size: int


@dataclass(frozen=True, slots=True)
class PendingUpload:
    """A file that was about to be in a server's library: its name, and the digest of the documents that it makes."""

    guild: int
    name: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Action:
    """Something that a manager did, by Discord user id."""

    what: str
    detail: str
    by: int
    at: datetime
