"""The question log behind a server's statistics, and forgetting: at a person's wish, and after some days."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import apsw

from bot.records.answers import AnswerRecords, keep_newest_of_day, packed_history, unpacked_history
from bot.records.guilds import GuildRecords
from bot.records.kept import DAY, DEFAULT_DAYS, PRIVATE_DAYS, Earlier, Forgotten, Stats, UnansweredQuestion

_UNANSWERED_SHOWN = 50
_UNANSWERED_READ = 5_000
"""So many of the newest questions not answered are looked through for those that are the same."""
_KEPT_FOR_DAYS = ("question", "answer", "vote")


class QuestionRecords(AnswerRecords, GuildRecords):
    """The log. Private and direct questions are never in it, and none where a server's log is off."""

    def log_question(self, answer_id: str) -> None:
        """Add the question of a kept answer to its server's log, where it may be in it.

        Of a person's questions of one day the newest 500 are kept, as of their answers.
        """
        with self._database.turn() as db:
            row = db.execute("SELECT guild, private, asker, at FROM answer WHERE id = ?", (answer_id,)).get
            if row is None or row[0] is None or row[1] or not self._settings(db, row[0]).question_log:
                return
            db.execute(
                "INSERT INTO question (answer, guild, asker, text, answered, confidence, at) "
                "SELECT id, guild, asker, wording.question, answered, confidence, at "
                "FROM answer JOIN wording ON wording.answer = id WHERE id = ? "
                "ON CONFLICT DO NOTHING",
                (answer_id,),
            )
            keep_newest_of_day(db, "question", row[2], row[3])

    def stats(self, guild: int) -> Stats:
        """Return a server's figures of the days that are kept, with the newest of the questions not answered."""
        with self._database.turn() as db:
            since = time.time() - self._settings(db, guild).days * DAY
            asked, answered = db.execute(
                "SELECT count(*), count(*) FILTER (WHERE answered) FROM question WHERE guild = ? AND at > ?",
                (guild, since),
            ).get
            helpful, not_helpful = db.execute(
                "SELECT count(*) FILTER (WHERE helpful), count(*) FILTER (WHERE NOT helpful) "
                "FROM vote WHERE guild = ? AND at > ?",
                (guild, since),
            ).get
            rows = list(
                db.execute(
                    "SELECT text, question.at, json_extract(history, '$[#-1][0]') FROM question "
                    "LEFT JOIN wording ON wording.answer = question.answer "
                    "WHERE question.guild = ? AND question.at > ? AND NOT question.answered "
                    "ORDER BY question.at DESC, question.id DESC LIMIT ?",
                    (guild, since, _UNANSWERED_READ),
                )
            )
        newest: dict[tuple[str, str | None], UnansweredQuestion] = {}
        for text, at, follows in rows:
            same = " ".join(text.casefold().split()).rstrip("?؟ "), follows
            first = newest.get(same, UnansweredQuestion(text, datetime.fromtimestamp(at, UTC), 0, follows))
            newest[same] = replace(first, times=first.times + 1)
        unanswered = tuple(newest.values())[:_UNANSWERED_SHOWN]
        return Stats(asked, answered, asked - answered, helpful, not_helpful, unanswered)

    def forget_person(self, user: int) -> Forgotten:
        """Delete a person's questions, the answers to them and their votes, in every server; return how many."""
        person = self.person(user)
        with self._database.turn() as db:
            asked = db.execute(
                "SELECT count(*) FROM (SELECT answer FROM question WHERE asker = ?1 UNION "
                "SELECT id FROM answer WHERE asker = ?1)",
                (person,),
            ).get
            counts = []
            for table, column in (("question", "asker"), ("vote", "person"), ("answer", "asker")):
                db.execute(f"DELETE FROM {table} WHERE {column} = ?", (person,))
                counts.append(db.changes())
            rows = db.execute("SELECT answer, history FROM wording WHERE history LIKE ?", (f"%{person.hex()}%",))
            followed = _take_out_of_histories(db, rows, lambda earlier: earlier.asker == person)
        if asked or followed or any(counts):
            # Writing tables anew takes a while, and whoever has nothing here may press as often as they like
            self._database.forget()
        return Forgotten(questions=asked, answers=counts[2], votes=counts[1])

    def expire(self) -> None:
        """Delete what is older than each server keeps: questions, answers and votes; and the ids of old events."""
        now = time.time()
        with self._database.turn() as db:
            before = db.total_changes()
            union = " UNION ".join(f"SELECT guild FROM {table}" for table in _KEPT_FOR_DAYS)
            guilds = [guild for (guild,) in db.execute(union)]
            for guild in guilds:
                days = self._settings(db, guild).days if guild is not None else DEFAULT_DAYS
                for table in _KEPT_FOR_DAYS:
                    db.execute(f"DELETE FROM {table} WHERE guild IS ? AND at < ?", (guild, now - days * DAY))
                rows = db.execute(
                    "SELECT wording.answer, history FROM answer JOIN wording ON wording.answer = id "
                    "WHERE guild IS ? AND history <> '[]'",
                    (guild,),
                )
                _take_out_of_histories(db, rows, partial(_is_over, before=now - days * DAY))
            db.execute("DELETE FROM answer WHERE private AND at < ?", (now - PRIVATE_DAYS * DAY,))
            expired = db.total_changes() - before
            db.execute("DELETE FROM event WHERE at < ?", (now - DAY,))
        if expired:
            self._database.forget()


def _take_out_of_histories(
    db: apsw.Connection, rows: Iterable[tuple[str, str]], goes: Callable[[Earlier], bool]
) -> bool:
    """Take questions out of what follow-ups remember of those before them; return whether there were any."""
    found = False
    for answer_id, packed in list(rows):
        history = unpacked_history(packed)
        kept = [earlier for earlier in history if not goes(earlier)]
        if len(kept) < len(history):
            found = True
            db.execute("UPDATE wording SET history = ? WHERE answer = ?", (packed_history(kept), answer_id))
    return found


def _is_over(earlier: Earlier, before: float) -> bool:
    return earlier.at < before
