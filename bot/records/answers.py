"""Answers that buttons and replies refer to, and the votes on them."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Sequence
from dataclasses import astuple
from datetime import UTC, datetime
from typing import Any

import apsw

from bot.errors import AnswerGoneError
from bot.records.database import Database
from bot.records.kept import DAY, Earlier, KeptAnswer, KeptSpan, Votes
from quoth.answer import Answer

_HISTORY = 3
_A_DAY = 500
"""Answers, and questions in a server's log, that are kept of one person and day."""
_ID_BYTES = 12  # 16 characters in base64
_GONE = "This answer is no longer kept, so its buttons don't work any more; please ask again."


class AnswerRecords:
    """Kept answers. Who asks for one says in which server, and gets none of another's."""

    def __init__(self, database: Database, key: bytes) -> None:
        self._database = database
        self._key = key

    def person(self, user: int) -> bytes:
        """Return the keyed hash that a person's Discord user id is kept as."""
        return hashlib.blake2b(str(user).encode(), key=self._key, digest_size=16).digest()

    def keep_answer(
        self,
        answer: Answer,
        *,
        guild: int | None,
        channel: int,
        asker: int,
        private: bool = False,
        history: Sequence[Earlier] = (),
    ) -> str:
        """Keep what buttons need of an answer (references only) and return its id, 16 url-safe characters.

        Of a person's answers of one day the newest 500 are kept, so that nobody's script fills the disk.
        """
        answer_id = secrets.token_urlsafe(_ID_BYTES)
        offered = answer.offered
        spans = {
            "quotes": [astuple(KeptSpan.of(quote)) for quote in offered],
            "weaker": [astuple(KeptSpan.of(quote)) for quote in answer.quotes if quote not in offered],
            "passages": [astuple(KeptSpan.of(passage)) for passage in answer.passages],
        }
        person, now = self.person(asker), time.time()
        with self._database.turn() as db:
            db.execute(
                "INSERT INTO answer VALUES (?, ?, ?, ?, ?, NULL, ?, ?, ?, ?, ?)",
                (
                    answer_id,
                    guild,
                    channel,
                    person,
                    private,
                    answer.answered,
                    answer.confidence,
                    answer.documents_searched,
                    json.dumps(spans),
                    now,
                ),
            )
            db.execute(
                "INSERT INTO wording VALUES (?, ?, ?)",
                (answer_id, answer.question, packed_history(list(history)[-_HISTORY:])),
            )
            keep_newest_of_day(db, "answer", person, now)
        return answer_id

    def answer(self, answer_id: str, *, guild: int | None) -> KeptAnswer:
        """Return a kept answer of this server (None: direct messages).

        Raises:
            AnswerGoneError: it expired, was removed, never was, or belongs to another server.
        """
        with self._database.turn() as db:
            return _found(db, answer_id, guild)

    def answer_of_message(self, message_id: int, *, guild: int | None) -> KeptAnswer | None:
        """Return the answer that one of the bot's messages in this server shows, where it is kept."""
        with self._database.turn() as db:
            answer_id = db.execute("SELECT id FROM answer WHERE message = ? AND guild IS ?", (message_id, guild)).get
            return _found(db, answer_id, guild) if answer_id is not None else None

    def link_message(self, answer_id: str, message_id: int) -> None:
        """Remember which message shows an answer, so that replies to it are follow-ups."""
        with self._database.turn() as db:
            db.execute("UPDATE answer SET message = NULL WHERE message = ?", (message_id,))
            db.execute("UPDATE answer SET message = ? WHERE id = ?", (message_id, answer_id))

    def is_asker(self, kept: KeptAnswer, person: int) -> bool:
        """Whether this person asked the question."""
        return kept.asker == self.person(person)

    def drop_answer(self, answer_id: str, *, guild: int | None) -> None:
        """Forget an answer of this server; the votes on it stay counted. One that is gone already stays gone."""
        with self._database.turn() as db:
            db.execute("DELETE FROM answer WHERE id = ? AND guild IS ?", (answer_id, guild))

    def vote(self, answer_id: str, person: int, helpful: bool, *, guild: int | None) -> Votes:
        """Count a person's vote, in place of the one that they gave before, and return all votes.

        Raises:
            AnswerGoneError: see ``answer``.
        """
        with self._database.turn() as db:
            _found(db, answer_id, guild)
            db.execute(
                "INSERT INTO vote VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET helpful = excluded.helpful",
                (answer_id, guild, self.person(person), helpful, time.time()),
            )
            return _votes(db, answer_id)

    def votes(self, answer_id: str) -> Votes:
        """Return the votes on an answer, which may be gone."""
        with self._database.turn() as db:
            return _votes(db, answer_id)


def _votes(db: apsw.Connection, answer_id: str) -> Votes:
    query = "SELECT count(*) FILTER (WHERE helpful), count(*) FILTER (WHERE NOT helpful) FROM vote WHERE answer = ?"
    return Votes(*db.execute(query, (answer_id,)).get)


def _found(db: apsw.Connection, answer_id: str, guild: int | None) -> KeptAnswer:
    row = db.execute(
        "SELECT id, guild, channel, asker, private, message, question, history, answered, confidence, "
        "documents_searched, spans, at FROM answer JOIN wording ON wording.answer = id WHERE id = ? AND guild IS ?",
        (answer_id, guild),
    ).get
    if row is None:
        raise AnswerGoneError(_GONE)
    *first, question, history, answered, confidence, searched, packed, at = row
    kept_id, its_guild, channel, asker, private, message = first
    spans = json.loads(packed)
    return KeptAnswer(
        id=kept_id,
        guild=its_guild,
        channel=channel,
        asker=asker,
        private=bool(private),
        message=message,
        question=question,
        history=tuple(unpacked_history(history)),
        answered=bool(answered),
        confidence=confidence,
        documents_searched=searched,
        quotes=tuple(_span(values) for values in spans["quotes"]),
        weaker=tuple(_span(values) for values in spans["weaker"]),
        passages=tuple(_span(values) for values in spans["passages"]),
        asked_at=datetime.fromtimestamp(at, UTC),
    )


def keep_newest_of_day(db: apsw.Connection, table: str, person: bytes, now: float) -> None:
    """Delete what a person has in a table of the day before ``now``, but for the newest."""
    db.execute(
        f"DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} WHERE asker = ? AND at > ? "
        "ORDER BY at DESC, rowid DESC LIMIT -1 OFFSET ?)",
        (person, now - DAY, _A_DAY),
    )


def packed_history(history: Sequence[Earlier]) -> str:
    """Return the questions before a question as they are kept."""
    return json.dumps([[earlier.text, earlier.asker.hex(), earlier.at] for earlier in history])


def unpacked_history(packed: str) -> list[Earlier]:
    """Return the questions before a question, oldest first."""
    return [Earlier(text, bytes.fromhex(asker), at) for text, asker, at in json.loads(packed)]


def _span(values: list[Any]) -> KeptSpan:
    library, called, document_id, start, end, digest, answer, context = values
    return KeptSpan(
        library,
        called,
        document_id,
        start,
        end,
        digest,
        tuple(answer) if answer else None,
        tuple(context) if context else None,
    )
