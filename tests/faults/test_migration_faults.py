"""A library of an older schema is opened, and the process killed or the disk failing at any step: nothing is lost."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import apsw
import migrator
import pytest
import writer
from faultycalls import faulty_calls
from faultyfiles import FAILURES, Steps, faulty_disk, opened
from killing import run_until_killed
from oldlibrary import write_old
from remembered import Noted, noting

from quoth.answer import Answer
from quoth.encoder import Encoder
from quoth.errors import LibraryError, NotALibraryError
from quoth.index import dense
from quoth.library import Library
from quoth.store.connection import FILE_NAME
from quoth.store.schema import VERSION

ALL = os.environ.get("QUOTH_FAULTS") == "all"
QUESTION = "Who is the owner of the boat with the number 7?"
OLDER = range(VERSION)
"""Every older schema; 0 is a library that is just made."""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL to send")


class Today(NamedTuple):
    """A folder with a root and the library of it, what that answers, and what the encoder says of it."""

    folder: Path
    answer: Answer
    noted: Noted


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense, "INDEXES", writer.SMALL)


@pytest.fixture(scope="module")
def today(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder) -> Iterator[Today]:
    folder = tmp_path_factory.mktemp("migrated")
    (folder / "root").mkdir()
    for name, text in writer.first().items():
        (folder / "root" / name).write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dense, "INDEXES", writer.SMALL)
        listening, noted = noting(encoder)
        with Library.open(folder / "today", encoder=listening) as library:
            library.index([folder / "root"])
        with Library.open(folder / "today", encoder=encoder, reader=False) as library:
            answer = library.ask(QUESTION)
        for version in OLDER:
            write_old(version, folder / "today", folder / f"schema {version}")
        yield Today(folder, answer, noted)


def renewed(today: Today, version: int) -> Path:
    shutil.rmtree(today.folder / "library", ignore_errors=True)
    shutil.copytree(today.folder / f"schema {version}", today.folder / "library")
    return today.folder


def chosen(steps: list[str], version: int) -> list[int]:
    """The numbers of the steps that are met: all of them, or the last one of some kinds, others at each version."""
    if ALL:
        return list(range(len(steps)))
    return list({step: number for number, step in enumerate(steps)}.values())[version :: 2 * len(OLDER)]


def check_after(today: Today, version: int, was_indexed: bool, encoder: Encoder) -> float:
    """See that the library opens unaided, holds all that it held, and answers as one that was made today.

    Returns how many seconds opening and the first answer took.
    """
    folder = today.folder / "library"
    started = time.perf_counter()
    with Library.open(folder, encoder=encoder, reader=False) as library:
        held = {record.name: library.document(record.name).text for record in library.documents()}
        if version or was_indexed or held:
            assert held == writer.first()
            library.ask(QUESTION)
        seconds = time.perf_counter() - started
        assert library.check().problems == ()
        summary = library.index([today.folder / "root"])
        assert (summary.added, summary.unchanged) == ((0, writer.OLD) if held else (writer.OLD, 0))
        answer = library.ask(QUESTION)
        assert [(quote.document, quote.text) for quote in answer.quotes] == [
            (quote.document, quote.text) for quote in today.answer.quotes
        ]
        assert answer.confidence == pytest.approx(today.answer.confidence, abs=1e-6)
    with closing(apsw.Connection(str(folder / FILE_NAME))) as db:
        assert db.pragma("user_version") == VERSION
    assert len(list(folder.glob("*.seal*"))) == 1
    return seconds


@pytest.mark.parametrize("version", OLDER)
def test_killed_at_each_step_of_a_migration_nothing_is_lost(version: int, today: Today, encoder: Encoder) -> None:
    told, was_killed = run_until_killed(migrator.main, renewed(today, version), None, today.noted)
    assert not was_killed
    steps: list[str] = told[-1]
    assert {"write library.sqlite-wal", "fsync *.sealing", "rename *.sealing"} <= set(steps)
    seconds = 0.0
    for fatal in chosen(steps, version):
        told, was_killed = run_until_killed(migrator.main, renewed(today, version), fatal, today.noted)
        assert was_killed, f"step {fatal}, {steps[fatal]}"
        seconds = max(seconds, check_after(today, version, "indexed" in told, encoder))
    sys.stdout.write(
        f"killed at {len(chosen(steps, version))} of {len(steps)} steps; opened and answered within {seconds:.2f} s\n"
    )


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "lasting"])
@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("version", OLDER)
def test_whatever_step_of_a_migration_fails_nothing_is_lost(
    version: int, failure: str, lasting: bool, today: Today, encoder: Encoder
) -> None:
    with faulty_disk() as disk, faulty_calls(disk, today.folder / "library"):
        disk.begin(None)
        migrate(renewed(today, version), encoder)
        steps = list(disk.taken)
        failed = 0
        for fatal in chosen(steps, version):
            folder = renewed(today, version)
            disk.begin(fatal, failure, lasting=lasting)
            try:
                migrate(folder, encoder)
            except LibraryError as error:
                failed += 1
                assert not isinstance(error, NotALibraryError), "a full or broken disk is no damaged library"
                assert str(folder) in str(error)
            disk.begin(None)
            check_after(today, version, was_indexed=False, encoder=encoder)
        assert failed
        sys.stdout.write(f"failed at {len(chosen(steps, version))} of {len(steps)} steps, told of {failed}\n")


def migrate(folder: Path, encoder: Encoder) -> None:
    with opened(folder / "library", encoder) as library:
        library.index([folder / "root"])


def test_steps_that_fail_are_counted_among_the_calls_on_files(tmp_path: Path) -> None:
    """The layer itself: what lies below the folder is met, by whichever way it is written, and nothing else is."""
    steps = Steps()
    (tmp_path / "in").mkdir()
    with faulty_calls(steps, tmp_path / "in"):
        (tmp_path / "out.txt").write_text("not counted")
        with (tmp_path / "in" / "a.txt").open("w") as file:
            file.write("counted")
            file.flush()
            os.fsync(file.fileno())
        (tmp_path / "in" / "a.txt").rename(tmp_path / "in" / "b.txt")
        (tmp_path / "in" / "b.txt").unlink()
        assert steps.taken == ["open a.txt", "write a.txt", "fsync a.txt", "rename a.txt", "unlink b.txt"]
        for fatal in range(2):
            steps.begin(fatal, "full", lasting=True)
            with pytest.raises(OSError, match="No space left"):
                (tmp_path / "in" / "c.txt").write_text("fails")
    assert (tmp_path / "in" / "c.txt").read_bytes() == b""
