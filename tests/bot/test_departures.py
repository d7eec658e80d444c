"""Servers that the bot was removed from: nothing is deleted too early, too late, or of the wrong server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import departures
from bot.departures import Swept, sweep
from bot.records import GuildSettings, Records
from bot.records import guilds as guilds_module
from bot.shelf import Shelf
from quoth.encoder import Encoder
from tests.bot.clock import Clock

DAY = 86_400
NOTHING: frozenset[int] = frozenset()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(guilds_module, "time", clock)
    return clock


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    with Records.open(tmp_path / "bot.db") as opened:
        yield opened


@pytest.fixture
def shelf(tmp_path: Path, encoder: Encoder) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path, encoder=encoder)
    for guild in (1, 2, 3):
        with shelf.using(guild, create=True) as library:
            library.add("a.txt", f"The captain Quetzalcoatl{guild} counts every boat.".encode())
    yield shelf
    shelf.close()


def swept(records: Records, shelf: Shelf, present: set[int], unavailable: set[int] = frozenset(), owns=None) -> Swept:  # type: ignore[assignment]
    return sweep(records, shelf, present=present, unavailable=unavailable, owns=owns or (lambda guild: True))


def bytes_below(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_removal_that_was_missed_while_offline_is_found_and_deleted_a_week_later(
    records: Records, shelf: Shelf, clock: Clock, tmp_path: Path
):
    records.keep_guild_settings(3, GuildSettings(), by=5)
    assert swept(records, shelf, {1, 2}) == Swept(frozenset({3}), NOTHING, NOTHING)
    clock.now += departures.GRACE_DAYS * DAY - 1
    assert swept(records, shelf, {1, 2}) == Swept(NOTHING, NOTHING, NOTHING)
    assert shelf.has_documents(3)
    clock.now += 1
    assert swept(records, shelf, {1, 2}) == Swept(NOTHING, NOTHING, frozenset({3}))
    assert shelf.guilds() == {1, 2}
    assert b"Quetzalcoatl3" not in bytes_below(tmp_path)
    assert b"Quetzalcoatl1" in bytes_below(tmp_path)
    assert records.known_guilds() == set()
    assert swept(records, shelf, {1, 2}) == Swept(NOTHING, NOTHING, NOTHING)


def test_a_server_that_is_back_within_the_week_keeps_everything_and_has_a_whole_week_again(
    records: Records, shelf: Shelf, clock: Clock
):
    swept(records, shelf, {1, 2})
    clock.now += 6 * DAY
    assert swept(records, shelf, {1, 2, 3}).back == frozenset({3})
    clock.now += 6 * DAY
    assert swept(records, shelf, {1, 2}).left == frozenset({3})
    clock.now += 6 * DAY
    assert swept(records, shelf, {1, 2}).deleted == NOTHING
    assert shelf.has_documents(3)


def test_an_unavailable_server_was_not_left(records: Records, shelf: Shelf, clock: Clock):
    assert swept(records, shelf, {1}, {2, 3}) == Swept(NOTHING, NOTHING, NOTHING)
    swept(records, shelf, {1, 2})
    clock.now += 8 * DAY
    assert swept(records, shelf, {1, 2}, {3}) == Swept(NOTHING, frozenset({3}), NOTHING)
    assert shelf.guilds() == {1, 2, 3}


def test_another_shard_s_servers_are_not_missing(records: Records, shelf: Shelf, clock: Clock):
    assert swept(records, shelf, {1}, owns=lambda guild: guild == 1) == Swept(NOTHING, NOTHING, NOTHING)
    records.guild_left(2)
    clock.now += 8 * DAY
    assert swept(records, shelf, {1}, owns=lambda guild: guild == 1).deleted == NOTHING
    assert shelf.guilds() == {1, 2, 3}
    assert swept(records, shelf, set(), owns=lambda guild: guild == 2).deleted == frozenset({2})


@pytest.mark.parametrize("step", ["erase", "forget_guild"])
def test_a_deletion_that_was_killed_half_way_is_done_again_at_once(
    records: Records, shelf: Shelf, clock: Clock, monkeypatch: pytest.MonkeyPatch, step: str
):
    swept(records, shelf, {1, 2})
    records.begin_upload(3, "a.txt", by=5, size=1, digest=b"")
    records.settle_upload(3, "a.txt", added=True)
    clock.now += 8 * DAY

    def killed(guild: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(shelf if step == "erase" else records, step, killed)
        with pytest.raises(KeyboardInterrupt):
            swept(records, shelf, {1, 2})
    assert swept(records, shelf, {1, 2}).deleted == frozenset({3})
    assert records.known_guilds() == set()
    assert shelf.guilds() == {1, 2}


def test_a_server_of_which_only_records_are_kept_is_deleted_as_well(records: Records, shelf: Shelf, clock: Clock):
    records.keep_guild_settings(9, GuildSettings(days=3), by=5)
    assert swept(records, shelf, {1, 2, 3}).left == frozenset({9})
    clock.now += 8 * DAY
    assert swept(records, shelf, {1, 2, 3}).deleted == frozenset({9})
    assert records.guild_settings(9) == GuildSettings()


def test_a_server_that_comes_back_while_others_are_deleted_keeps_everything(
    records: Records, shelf: Shelf, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    swept(records, shelf, {1})
    clock.now += 8 * DAY
    erase = shelf.erase

    def erase_slowly(guild: int) -> None:
        erase(guild)
        records.guild_back(3)

    monkeypatch.setattr(shelf, "erase", erase_slowly)
    assert swept(records, shelf, {1}).deleted == frozenset({2})
    assert shelf.guilds() == {1, 3}
