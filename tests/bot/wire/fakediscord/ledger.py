"""The ledger: each question, whether it reached the bot, what was said to whom, and each IDENTIFY with its cause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from .gateway import IDENTIFY
from .rest import Request
from .server import FakeDiscord
from .world import Interaction, Message

EXPIRED = {10015, 50027}
"""Codes with which a fault tells that an interaction's token is no more, so that nobody can be told anything."""


@dataclass
class Asked:
    """A question, as an interaction or as a message."""

    kind: str
    by: Interaction | Message

    @property
    def id(self) -> str:
        return str(self.by.id)


@dataclass
class Outcome:
    """What became of a question: in a word, and what is wrong with that (nothing, where it is as it should be)."""

    word: str
    wrong: str | None = None
    tries: list[Request] = field(default_factory=list)
    """The requests that were made for it."""


@dataclass
class Ledger:
    """Everything that was asked of the bot in a fake Discord."""

    fake: FakeDiscord
    asked: list[Asked] = field(default_factory=list)

    def enter(self, kind: str, by: Interaction | Message) -> None:
        self.asked.append(Asked(kind, by))

    def outcomes(self) -> list[tuple[Asked, Outcome]]:
        """Return what became of each question until now."""
        delivered = {
            id
            for session in self.fake.gateway.every_session
            for id, number in session.numbers.items()
            if number <= session.received
        }
        requests: dict[str, list[Request]] = {}
        for request in self.fake.rest.requests:
            if request.about is not None:
                requests.setdefault(request.about, []).append(request)
        replies: dict[int, list[Message]] = {}
        for message in self.fake.rest.messages.values():
            if message.reply_to is not None and message.author is self.fake.bot and not message.deleted:
                replies.setdefault(message.reply_to.id, []).append(message)
        found = []
        for asked in self.asked:
            came, tries = asked.id in delivered, requests.get(asked.id, [])
            if isinstance(asked.by, Message):
                outcome = _of_message(replies.get(asked.by.id, []), tries, came)
            else:
                outcome = _of_interaction(asked.by, tries, came)
            outcome.tries = tries
            found.append((asked, outcome))
        return found

    @property
    def settled(self) -> bool:
        """Whether the bot has everything that was sent to it, and is done with each question."""
        newest = self.fake.gateway.every_session[-1]
        if newest.received < len(newest.events):
            return False
        return not any(outcome.wrong for _, outcome in self.outcomes())

    def problems(self) -> list[str]:
        """Return what must not be: questions left alone or answered twice, and sessions that were given up."""
        return [*self._wrong(), *self._unforced()]

    def _wrong(self) -> Iterator[str]:
        for asked, outcome in self.outcomes():
            if outcome.wrong:
                text = asked.by.content if isinstance(asked.by, Message) else asked.by.data
                yield f"{asked.kind} {asked.id}: {outcome.wrong} ({text}); {' | '.join(map(_shown, outcome.tries))}"

    def _unforced(self) -> Iterator[str]:
        for arrival in self.fake.gateway.arrivals:
            if not arrival.forced:
                yield f"an IDENTIFY after {arrival.cause}, though there was a session to resume"

    def summary(self) -> dict[str, dict[str, int]]:
        """Return how many questions of each kind came to each outcome, and how many connections each cause made."""
        counts: dict[str, Counter[str]] = {}
        for asked, outcome in self.outcomes():
            counts.setdefault(asked.kind, Counter())[outcome.word] += 1
        for arrival in self.fake.gateway.arrivals:
            counts.setdefault("IDENTIFY" if arrival.op == IDENTIFY else "RESUME", Counter())[arrival.cause] += 1
        return {kind: dict(sorted(counter.items())) for kind, counter in sorted(counts.items())}


def _shown(request: Request) -> str:
    met = f" met {request.fault}" if request.fault is not None else ""
    return f"{request.method} {request.path[-20:]} {request.status or 'unanswered'} at {request.at:.2f}{met}"


def _of_message(replies: list[Message], tries: list[Request], came: bool) -> Outcome:
    if len(replies) > 1:
        return Outcome("twice", f"{len(replies)} replies")
    if _unasked(tries):
        return Outcome("again", "it was replied to again though nothing had failed")
    if replies:
        return Outcome(_said(replies[0]))
    return Outcome("none", "no reply") if came else Outcome("never came")


def _of_interaction(by: Interaction, tries: list[Request], came: bool) -> Outcome:
    callbacks = [request for request in tries if request.path.endswith("/callback")]
    if _unasked(callbacks):
        return Outcome("again", "it was acknowledged again though nothing had failed")
    if by.callback is None:
        if came and not callbacks:
            return Outcome("none", "it was never acknowledged")
        return Outcome("Discord told" if callbacks else "never came")
    # A sentence whose answer got lost may stand twice; an answer may not
    answers = [reply for reply in by.replies if _said(reply) == "answered"]
    if len(answers) > 1:
        return Outcome("twice", f"{len(answers)} answers")
    if any(request.fault is not None and request.fault.code in EXPIRED for request in tries):
        return Outcome("token expired")
    if by.original is not None and by.original.loading and not by.original.deleted:
        return Outcome("thinking", "it says for ever that the bot thinks")
    if not by.replies:
        return Outcome("none", "it was acknowledged and nothing was said")
    return Outcome("answered" if answers else "told")


def _unasked(tries: list[Request]) -> bool:
    """Say whether a request was repeated after one that nothing had happened to."""
    return any(earlier.fault is None for earlier in tries[:-1])


def _said(message: Message) -> str:
    return "answered" if message.embeds else "told"
