"""What the bot remembers, for how long, and that it remembers no more than it says."""

from __future__ import annotations

import json
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import apsw
import pytest

from bot.errors import AnswerGoneError, HomeError
from bot.records import Earlier, Forgotten, GuildSettings, Records, Votes
from bot.records import answers as answers_module
from bot.records import database as database_module
from bot.records import guilds as guilds_module
from bot.records import questions as questions_module
from bot.records.schema import VERSION, WITH_WORDS
from quoth.errors import NotALibraryError, SchemaError
from tests.bot.answers import SECRET, answer, quote
from tests.bot.clock import Clock

GUILD, OTHER, CHANNEL = 1, 2, 77
ALICE, BOB = 111_222_333_444_555_666, 777_888_999_000_111_222
DAY = 86_400


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for module in (answers_module, guilds_module, questions_module):
        monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "bot.db"


@pytest.fixture
def records(path: Path) -> Iterator[Records]:
    with Records.open(path) as opened:
        yield opened


def keep(records: Records, text: str = "Who counts the boats?", **changes) -> str:
    where = {"guild": GUILD, "channel": CHANNEL, "asker": ALICE, "private": False, "history": ()}
    answered = changes.pop("answered", True)
    given = answer(text, status="answered" if answered else "abstained")
    answer_id = records.keep_answer(given, **(where | changes))
    records.log_question(answer_id)
    return answer_id


def bytes_of(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.iterdir())


# -- answers


def record_upload(records: Records, guild: int, name: str, *, by: int, size: int) -> None:
    records.begin_upload(guild, name, by=by, size=size, digest=b"")
    records.settle_upload(guild, name, added=True)


def test_an_answer_is_kept_by_reference_without_a_word_of_a_document(records: Records, path: Path):
    answer_id = records.keep_answer(answer(), guild=GUILD, channel=CHANNEL, asker=ALICE)
    kept = records.answer(answer_id, guild=GUILD)
    (span,) = kept.quotes
    assert (span.start, span.end, span.document_id) == (10, 10 + len(SECRET), 1)
    assert span.is_of("a.txt") and not span.is_of("b.txt")
    assert (span.answer, span.context) == ((14, 21), (0, 9))
    assert span.matches(SECRET)
    assert not span.matches(SECRET.replace("dawn", "dusk"))
    stored = bytes_of(path)
    assert b"Who counts the boats?" in stored
    for word in (b"Quetzalcoatl", b"Xochimilco", b"Tlaloc", b"Port Quill", b"harbour"):
        assert word not in stored


def test_an_answer_s_id_is_unguessable_and_fits_a_button(records: Records):
    ids = {records.keep_answer(answer(), guild=GUILD, channel=CHANNEL, asker=ALICE) for _ in range(50)}
    assert len(ids) == 50
    assert all(len(one) == 16 and one.replace("-", "").replace("_", "").isalnum() for one in ids)


def test_an_answer_is_kept_across_a_restart(path: Path):
    with Records.open(path) as records:
        before = Earlier("Where is Port Quill?", records.person(BOB), 5.5)
        answer_id = keep(records, history=(before,))
        records.link_message(answer_id, 5)
    with Records.open(path) as records:
        kept = records.answer_of_message(5, guild=GUILD)
        assert kept is not None
        assert kept == records.answer(answer_id, guild=GUILD)
        assert (kept.history, kept.question) == ((before,), "Who counts the boats?")
        assert records.is_asker(kept, ALICE)
        assert not records.is_asker(kept, BOB)


def test_another_server_and_direct_messages_get_nothing_of_an_answer(records: Records):
    answer_id = keep(records)
    records.link_message(answer_id, 5)
    for elsewhere in (OTHER, None):
        with pytest.raises(AnswerGoneError):
            records.answer(answer_id, guild=elsewhere)
        with pytest.raises(AnswerGoneError):
            records.vote(answer_id, BOB, True, guild=elsewhere)
        assert records.answer_of_message(5, guild=elsewhere) is None
        records.drop_answer(answer_id, guild=elsewhere)
    assert records.answer(answer_id, guild=GUILD).id == answer_id
    direct = keep(records, guild=None)
    with pytest.raises(AnswerGoneError):
        records.answer(direct, guild=GUILD)
    assert records.answer(direct, guild=None).guild is None


@pytest.mark.parametrize("answer_id", ["", "A" * 16, "' OR 1=1 --", "%"])
def test_a_forged_id_is_no_answer(records: Records, answer_id: str):
    keep(records)
    with pytest.raises(AnswerGoneError):
        records.answer(answer_id, guild=GUILD)
    with pytest.raises(AnswerGoneError):
        records.vote(answer_id, ALICE, True, guild=GUILD)


def test_a_dropped_answer_is_gone_with_its_message_and_what_it_counted_for_stays(records: Records):
    answer_id = keep(records)
    records.link_message(answer_id, 5)
    records.vote(answer_id, BOB, True, guild=GUILD)
    records.drop_answer(answer_id, guild=GUILD)
    records.drop_answer(answer_id, guild=GUILD)
    with pytest.raises(AnswerGoneError):
        records.answer(answer_id, guild=GUILD)
    assert records.answer_of_message(5, guild=GUILD) is None
    # What an owner should write next does not depend on who tidied the channel
    assert (records.stats(GUILD).asked, records.stats(GUILD).helpful) == (1, 1)
    with pytest.raises(AnswerGoneError):
        records.vote(answer_id, ALICE, True, guild=GUILD)


def test_quotes_that_were_shown_are_kept_apart_from_those_that_were_too_weak(records: Records):
    found = (quote(), quote("Far off.", rank=2, score=0.01, answer=None, context=None))
    for status, shown in (("answered", 1), ("abstained", 0)):
        given = answer(quotes=found, status=status)
        kept = records.answer(records.keep_answer(given, guild=GUILD, channel=1, asker=1), guild=GUILD)
        assert (len(kept.quotes), len(kept.weaker)) == (shown, 2 - shown)
        assert kept.weaker[-1].matches("Far off.")


def test_everybody_has_one_vote_and_may_change_it(records: Records):
    answer_id = keep(records)
    assert records.vote(answer_id, ALICE, True, guild=GUILD) == Votes(1, 0)
    assert records.vote(answer_id, ALICE, True, guild=GUILD) == Votes(1, 0)
    assert records.vote(answer_id, BOB, True, guild=GUILD) == Votes(2, 0)
    assert records.vote(answer_id, ALICE, False, guild=GUILD) == Votes(1, 1)
    assert records.votes(answer_id) == Votes(1, 1)


# -- people


def test_people_stand_in_the_records_only_as_a_hash_with_a_key_of_their_own(records: Records, path: Path, tmp_path):
    answer_id = keep(records)
    records.vote(answer_id, BOB, True, guild=GUILD)
    stored = bytes_of(path)
    for person in (ALICE, BOB):
        assert str(person).encode() not in stored
        assert person.to_bytes(8) not in stored
        assert person.to_bytes(8, "little") not in stored
    with Records.open(tmp_path / "other" / "bot.db") as other:
        assert other.person(ALICE) != records.person(ALICE)


def test_the_key_of_the_hashes_stays_over_a_restart(path: Path):
    with Records.open(path) as records:
        person = records.person(ALICE)
    with Records.open(path) as records:
        assert records.person(ALICE) == person


def test_a_person_s_questions_answers_and_votes_are_deleted_everywhere_to_the_last_byte(records: Records, path: Path):
    mine = [
        keep(records, "Where is Huitzilopochtli buried?"),
        keep(records, "Where is Huitzilopochtli buried?", guild=OTHER),
        keep(records, "Where is Huitzilopochtli really?", guild=None),
        keep(records, "Where is Huitzilopochtli hiding?", private=True),
    ]
    before = records.answer(mine[0], guild=GUILD).followed
    own = Earlier("Who is who?", records.person(BOB), time.time())
    hers = keep(records, "And who was he?", asker=BOB, history=(*before, own))
    records.drop_answer(mine[1], guild=OTHER)
    records.vote(hers, ALICE, True, guild=GUILD)
    records.vote(hers, BOB, True, guild=GUILD)
    forgotten = records.forget_person(ALICE)
    assert (forgotten.questions, forgotten.answers, forgotten.votes) == (4, 3, 1)
    assert records.votes(hers) == Votes(1, 0)
    assert records.answer(hers, guild=GUILD).history == (own,)
    for guild, answer_id in ((GUILD, mine[0]), (None, mine[2]), (GUILD, mine[3])):
        with pytest.raises(AnswerGoneError):
            records.answer(answer_id, guild=guild)
    assert (records.stats(GUILD).asked, records.stats(OTHER).asked) == (1, 0)
    assert b"Huitzilopochtli" not in bytes_of(path)
    assert records.forget_person(ALICE).questions == 0


@pytest.mark.parametrize("log", [True, False])
def test_a_question_is_taken_out_of_follow_ups_even_when_its_own_answer_went_before(
    records: Records, path: Path, log: bool
):
    records.keep_guild_settings(GUILD, GuildSettings(question_log=log), by=BOB)
    mine = keep(records, "Where is Huitzilopochtli buried?")
    followed = records.answer(mine, guild=GUILD).followed
    hers = keep(records, "And who was he?", asker=BOB, history=followed)
    records.drop_answer(mine, guild=GUILD)
    records.forget_person(ALICE)
    assert records.answer(hers, guild=GUILD).history == ()
    assert b"Huitzilopochtli" not in bytes_of(path)


def test_a_question_before_a_follow_up_expires_by_its_own_age(records: Records, path: Path, clock: Clock):
    mine = keep(records, "Where is Huitzilopochtli buried?")
    followed = records.answer(mine, guild=GUILD).followed
    clock.now += 20 * DAY
    hers = keep(records, "And who was he?", asker=BOB, history=followed)
    clock.now += 11 * DAY
    records.expire()
    assert records.answer(hers, guild=GUILD).history == ()
    assert b"Huitzilopochtli" not in bytes_of(path)


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_that_a_person_asked_is_left_in_pages_that_were_rearranged(records: Records, path: Path, seed: int):
    chance = random.Random(seed)
    for number in range(200):
        is_mine = chance.random() < 0.5
        text = f"{'Where is Huitzilopochtli' if is_mine else 'Who is it'} {'x' * chance.randint(0, 400)}?"
        answer_id = keep(records, text, asker=ALICE if is_mine else BOB + number)
        records.link_message(answer_id, 1_000 + number)
        if chance.random() < 0.3:
            records.drop_answer(answer_id, guild=GUILD)
    records.forget_person(ALICE)
    assert b"Huitzilopochtli" not in bytes_of(path)


def test_forgetting_does_not_write_the_whole_file_anew(records: Records, path: Path):
    for number in range(300):
        keep(records, asker=BOB + number)
    keep(records, "Where is Huitzilopochtli buried?")
    written: list[str] = []
    records._database._connection.trace_v2(apsw.SQLITE_TRACE_STMT, lambda event: written.append(event["sql"]))
    records.forget_person(ALICE)
    assert written and not any("VACUUM" in one for one in written)


def test_of_one_person_s_answers_of_a_day_the_newest_are_kept(
    records: Records, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(answers_module, "_A_DAY", 3)
    yesterday = keep(records)
    others = keep(records, asker=BOB)
    clock.now += DAY + 1
    ids = [keep(records) for _ in range(5)]
    for answer_id in ids[:2]:
        with pytest.raises(AnswerGoneError):
            records.answer(answer_id, guild=GUILD)
    for answer_id in (yesterday, others, *ids[2:]):
        assert records.answer(answer_id, guild=GUILD)


def test_of_one_person_s_questions_of_a_day_the_newest_are_in_the_log(
    records: Records, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(answers_module, "_A_DAY", 3)
    keep(records, "Asked yesterday?")
    keep(records, "Somebody else?", asker=BOB)
    clock.now += DAY + 1
    for number in range(5):
        keep(records, f"Question {number}?")
    texts = {text for (text,) in records._database._connection.execute("SELECT text FROM question")}
    assert texts == {"Asked yesterday?", "Somebody else?", "Question 2?", "Question 3?", "Question 4?"}


def test_whoever_has_nothing_to_delete_makes_the_file_not_be_written_anew(
    records: Records, monkeypatch: pytest.MonkeyPatch
):
    keep(records, "Where is Huitzilopochtli buried?")
    monkeypatch.setattr(database_module.Database, "forget", lambda self: pytest.fail("written anew"))
    assert records.forget_person(BOB) == Forgotten(0, 0, 0)


def test_of_deletions_one_after_the_other_the_words_are_written_anew_once_where_that_takes_long_and_again_later(
    records: Records, monkeypatch: pytest.MonkeyPatch
):
    statements: list[str] = []
    database = records._database
    database._connection.exec_trace = lambda cursor, statement, bindings: statements.append(statement) or True

    def written_anew() -> int:
        count = sum(statement == "DROP TABLE staying" for statement in statements)
        statements.clear()
        return count // len(WITH_WORDS)

    people = range(ALICE, ALICE + 5)
    for person in people:
        keep(records, "Where is Huitzilopochtli buried?", asker=person)
    assert [(records.forget_person(person), written_anew())[1] for person in people[:2]] == [1, 1]
    records.catch_up()
    assert written_anew() == 0
    monkeypatch.setattr(database_module, "_LONG", 0.0)
    monkeypatch.setattr(database_module, "_REST", 1e6)
    assert [(records.forget_person(person), written_anew())[1] for person in people[2:]] == [1, 0, 0]
    records.catch_up()
    records.catch_up()
    assert written_anew() == 1
    assert b"Huitzilopochtli" not in b"".join(path.read_bytes() for path in database.path.parent.iterdir())


def test_what_an_earlier_run_put_off_is_done(records: Records, path: Path):
    keep(records, "Where is Huitzilopochtli buried?")
    statements: list[str] = []
    with Records.open(path) as again:
        again._database._connection.exec_trace = lambda cursor, statement, bindings: (
            statements.append(statement) or True
        )
        again.catch_up()
    assert "DROP TABLE staying" in statements


# -- the question log


def test_statistics_count_what_was_asked_and_list_what_could_not_be_answered(records: Records, clock: Clock):
    keep(records, "Who counts the boats?")
    for text in ("Where are the stars?", "where  are the STARS", "Where are the stars?"):
        clock.now += 1
        keep(records, text, answered=False)
    clock.now += 1
    voted = keep(records, "When is dawn?", answered=False)
    records.vote(voted, BOB, True, guild=GUILD)
    records.vote(voted, ALICE, False, guild=GUILD)
    stats = records.stats(GUILD)
    assert (stats.asked, stats.answered, stats.declined) == (5, 1, 4)
    assert (stats.helpful, stats.not_helpful) == (1, 1)
    assert [(one.text, one.times) for one in stats.unanswered] == [("When is dawn?", 1), ("Where are the stars?", 3)]
    assert stats.unanswered[1].at.timestamp() == clock.now - 1


def test_private_and_direct_questions_are_in_no_statistics(records: Records):
    keep(records, "A private one?", private=True, answered=False)
    keep(records, "A direct one?", guild=None, answered=False)
    stats = records.stats(GUILD)
    assert (stats.asked, stats.declined, stats.unanswered) == (0, 0, ())


def test_votes_on_private_answers_count_even_when_those_are_kept_no_more(records: Records, clock: Clock):
    private, direct = keep(records, "A private one?", private=True), keep(records, "A direct one?", guild=None)
    records.vote(private, ALICE, True, guild=GUILD)
    records.vote(direct, ALICE, True, guild=None)
    clock.now += 2 * DAY
    records.expire()
    with pytest.raises(AnswerGoneError):
        records.answer(private, guild=GUILD)
    assert (records.stats(GUILD).helpful, records.stats(GUILD).asked) == (1, 0)


def test_votes_are_deleted_after_the_server_s_days_or_when_its_library_is_erased(records: Records, clock: Clock):
    records.keep_guild_settings(GUILD, GuildSettings(days=3), by=BOB)
    old, direct = keep(records), keep(records, guild=None)
    records.vote(old, ALICE, True, guild=GUILD)
    records.vote(direct, ALICE, True, guild=None)
    records.drop_answer(old, guild=GUILD)
    clock.now += 3 * DAY + 1
    records.expire()
    assert (records.votes(old), records.votes(direct)) == (Votes(0, 0), Votes(1, 0))
    clock.now += 28 * DAY
    records.expire()
    assert records.votes(direct) == Votes(0, 0)
    new = keep(records)
    records.vote(new, ALICE, True, guild=GUILD)
    records.forget_library(GUILD, by=BOB)
    assert records.stats(GUILD).helpful == 0 and records.votes(new) == Votes(0, 0)


def test_a_server_s_statistics_hold_nothing_of_another_s(records: Records):
    records.vote(keep(records, "Theirs?", guild=OTHER, answered=False), BOB, True, guild=OTHER)
    stats = records.stats(GUILD)
    assert (stats.asked, stats.helpful, stats.unanswered) == (0, 0, ())


def test_a_question_is_counted_once_however_often_it_is_logged(records: Records):
    answer_id = keep(records)
    records.log_question(answer_id)
    assert records.stats(GUILD).asked == 1


def test_where_the_log_is_off_nothing_is_logged_and_what_was_is_deleted(records: Records, path: Path):
    answer_id = keep(records, "Where is Huitzilopochtli buried?", answered=False)
    records.drop_answer(answer_id, guild=GUILD)
    keep(records, "Of another server?", guild=OTHER)
    records.keep_guild_settings(GUILD, GuildSettings(question_log=False), by=BOB)
    assert b"Huitzilopochtli" not in bytes_of(path)
    keep(records, "And now?")
    assert records.stats(GUILD).asked == 0
    assert records.stats(OTHER).asked == 1


def test_questions_and_answers_expire_after_each_server_s_own_days(records: Records, clock: Clock, path: Path):
    records.keep_guild_settings(GUILD, GuildSettings(days=3), by=BOB)
    short, long = keep(records, "Where is Huitzilopochtli?"), keep(records, guild=OTHER)
    direct, private = keep(records, guild=None), keep(records, guild=OTHER, private=True)
    clock.now += DAY + 1
    records.expire()
    with pytest.raises(AnswerGoneError):
        records.answer(private, guild=OTHER)
    assert records.answer(short, guild=GUILD)
    clock.now += 2 * DAY
    assert records.stats(GUILD).asked == 0
    records.expire()
    with pytest.raises(AnswerGoneError):
        records.answer(short, guild=GUILD)
    assert b"Huitzilopochtli" not in bytes_of(path)
    assert records.answer(long, guild=OTHER)
    clock.now += 28 * DAY
    records.expire()
    for guild, answer_id in ((OTHER, long), (None, direct)):
        with pytest.raises(AnswerGoneError):
            records.answer(answer_id, guild=guild)
    assert records.stats(OTHER).asked == 0


# -- servers


def test_a_server_has_its_own_settings_and_the_defaults_until_it_sets_any(records: Records, path: Path):
    assert records.guild_settings(GUILD) == GuildSettings()
    wanted = GuildSettings(frozenset({5, 2**63 - 1}), False, True, False, True, 7)
    records.keep_guild_settings(GUILD, wanted, by=BOB)
    records.keep_guild_settings(OTHER, replace(wanted, days=9), by=BOB)
    with Records.open(path) as again:
        assert again.guild_settings(GUILD) == wanted
    assert [(one.what, one.by) for one in records.actions(GUILD)] == [("settings", BOB)]


def test_who_added_and_removed_files_is_remembered_and_their_names_while_they_are_there(records: Records, clock: Clock):
    record_upload(records, GUILD, "a.txt", by=ALICE, size=10)
    clock.now += 1
    record_upload(records, GUILD, "a.txt", by=BOB, size=12)
    upload = records.uploads(GUILD)["a.txt"]
    assert (upload.by, upload.size, upload.at.timestamp()) == (BOB, 12, clock.now)
    assert records.uploads(OTHER) == {}
    assert [one.detail for one in records.actions(GUILD)] == ["a.txt", "a.txt"]
    records.drop_upload(GUILD, "a.txt", by=ALICE)
    assert records.uploads(GUILD) == {}
    assert [(one.what, one.detail, one.by) for one in records.actions(GUILD)] == [
        ("remove", "", ALICE),
        ("add", "", BOB),
        ("add", "", ALICE),
    ]
    assert records.actions(OTHER) == []


def test_of_a_server_s_managers_actions_the_newest_are_kept(records: Records, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(guilds_module, "_ACTIONS", 3)
    records.record_action(OTHER, "settings", by=ALICE)
    for number in range(5):
        records.record_action(GUILD, f"{number}", by=ALICE)
    assert [one.what for one in records.actions(GUILD)] == ["4", "3", "2"]
    assert len(records.actions(OTHER)) == 1


def test_a_server_is_overdue_only_when_it_was_left_long_ago_and_the_first_time_counts(records: Records, clock: Clock):
    records.guild_left(GUILD)
    clock.now += 6 * DAY
    records.guild_left(GUILD)
    records.guild_left(OTHER)
    assert records.overdue() == []
    clock.now += DAY + 1
    assert records.overdue() == [GUILD]
    records.guild_back(GUILD)
    assert records.overdue() == []
    records.guild_left(GUILD)
    assert records.left_guilds() == {GUILD, OTHER}
    assert records.overdue() == []


def test_everything_of_a_forgotten_server_is_gone_to_the_last_byte_and_nothing_of_another(records: Records, path: Path):
    for guild in (GUILD, OTHER):
        answer_id = keep(records, f"Where is Huitzilopochtli{guild}?", guild=guild)
        records.vote(answer_id, BOB, True, guild=guild)
        record_upload(records, guild, f"tenochtitlan{guild}.txt", by=BOB, size=1)
        records.keep_guild_settings(guild, GuildSettings(days=9), by=BOB)
        records.guild_left(guild)
    records.forget_guild(GUILD)
    assert records.known_guilds() == {OTHER}
    stored = bytes_of(path)
    assert b"Huitzilopochtli1" not in stored
    assert b"tenochtitlan1" not in stored
    assert records.stats(OTHER).asked == 1
    assert records.guild_settings(OTHER).days == 9


@pytest.mark.parametrize(
    "touch",
    [
        lambda records: keep(records),
        lambda records: records.keep_guild_settings(GUILD, GuildSettings(), by=BOB),
        lambda records: record_upload(records, GUILD, "a.txt", by=BOB, size=1),
        lambda records: records.record_action(GUILD, "check", by=BOB),
        lambda records: records.guild_left(GUILD),
    ],
    ids=["question", "settings", "upload", "action", "departure"],
)
def test_a_server_of_which_anything_is_kept_is_known(records: Records, touch: Callable[[Records], object]):
    touch(records)
    assert records.known_guilds() == {GUILD}


def test_every_table_with_a_server_in_it_is_emptied_when_the_server_is_forgotten(records: Records):
    with records._database.turn() as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        holding = {
            table
            for table in tables
            if table == "guild" or "guild" in [column[1] for column in db.execute(f"PRAGMA table_info({table})")]
        }
    assert holding == set(guilds_module._OF_A_GUILD)


# -- the file


def test_the_records_are_one_application_s(path: Path):
    with Records.open(path) as records:
        records.bind_application(10)
        records.bind_application(10)
    with Records.open(path) as records, pytest.raises(HomeError, match="10 and the token is of 20"):
        records.bind_application(20)
    with Records.open(path) as records:
        records.bind_application(10)


def test_the_hash_of_the_commands_is_kept(path: Path):
    with Records.open(path) as records:
        assert records.commands_hash() is None
        records.keep_commands_hash("abc")
        records.keep_commands_hash("def")
    with Records.open(path) as records:
        assert records.commands_hash() == "def"


def test_an_event_is_new_once_even_after_a_restart(path: Path, clock: Clock):
    with Records.open(path) as records:
        assert records.first_time(2**63 - 1)
        assert not records.first_time(2**63 - 1)
        assert records.first_time(6)
    with Records.open(path) as records:
        assert not records.first_time(6)
        assert records.first_time(7)


def test_the_ids_of_events_are_pruned_after_a_day(records: Records, monkeypatch: pytest.MonkeyPatch, clock: Clock):
    from bot.records import records as records_module

    monkeypatch.setattr(records_module, "time", clock)
    records.first_time(1)
    clock.now += DAY - 1
    records.expire()
    assert not records.first_time(1)
    clock.now += 2
    records.expire()
    assert records.first_time(1)


def test_threads_take_turns_at_the_records(records: Records):
    firsts: list[bool] = []

    def see() -> None:
        for event in range(50):
            firsts.append(records.first_time(event))

    threads = [threading.Thread(target=see) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(firsts), firsts.count(True)) == (200, 50)


def test_what_fails_half_way_leaves_nothing(records: Records):
    with pytest.raises(RuntimeError), records._database.turn() as db:
        db.execute("INSERT INTO event VALUES (1, 1)")
        raise RuntimeError
    assert records.first_time(1)


def test_a_file_that_is_something_else_or_newer_or_damaged_is_refused_in_words(tmp_path: Path):
    foreign = tmp_path / "foreign.db"
    db = sqlite3.connect(foreign)
    db.execute("CREATE TABLE x (y)")
    db.commit()
    db.close()
    with pytest.raises(NotALibraryError, match="another program"):
        Records.open(foreign)
    newer = tmp_path / "newer.db"
    Records.open(newer).close()
    raw = apsw.Connection(str(newer))
    raw.pragma("user_version", VERSION + 1)
    raw.close()
    with pytest.raises(SchemaError, match="upgrade quoth"):
        Records.open(newer)
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(b"no database at all, and rather long to be one" * 100)
    with pytest.raises(NotALibraryError, match="damaged"):
        Records.open(damaged)


def test_the_votes_and_answers_of_an_older_version_are_still_there(path: Path, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as patched:
        patched.setattr(database_module, "MIGRATIONS", database_module.MIGRATIONS[:1])
        patched.setattr(database_module, "VERSION", 1)
        Records.open(path).close()
    span = ["1", "a.txt", 1, 0, 4, "digest", None, None]
    old = apsw.Connection(str(path))
    old.execute(
        "INSERT INTO answer VALUES ('id', ?, 7, x'00', 0, NULL, 'Who?', '[]', 1, 0.9, 3, ?, ?)",
        (GUILD, json.dumps({"quotes": [span], "passages": []}), time.time()),
    )
    old.execute("INSERT INTO vote VALUES ('id', x'01', 1)")
    old.close()
    with Records.open(path) as records:
        kept = records.answer("id", guild=GUILD)
        assert (len(kept.quotes), kept.weaker) == (1, ())
        assert kept.quotes[0].is_of("a.txt") and b"a.txt" not in bytes_of(path)
        assert records.stats(GUILD).helpful == 1
        assert records.vote("id", ALICE, False, guild=GUILD) == Votes(1, 1)


def test_a_migration_that_fails_leaves_an_empty_file(path: Path, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as patched:
        patched.setattr(
            database_module, "MIGRATIONS", (*database_module.MIGRATIONS, "CREATE TABLE half (x); SELECT broken")
        )
        with pytest.raises(apsw.SQLError):
            Records.open(path)
    with Records.open(path) as records:
        assert records.first_time(1)


def test_hashes_tell_texts_of_any_characters(records: Records):
    for text in ("قایق\u200cها", "a\x00b", "🚤" * 9):
        kept = records.answer(
            records.keep_answer(answer(quotes=(quote(text, answer=None, context=None),)), guild=1, channel=1, asker=1),
            guild=1,
        )
        assert kept.quotes[0].matches(text)
        assert not kept.quotes[0].matches(text + " ")
