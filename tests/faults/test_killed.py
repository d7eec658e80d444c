"""The process is killed (SIGKILL) at any moment of any change: nothing acknowledged is lost, nothing is half there."""

from __future__ import annotations

import os
import random
import shutil
import sys
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest
import writer
from killing import run_until_killed
from remembered import Noted, noting

from quoth.encoder import Encoder
from quoth.index import dense
from quoth.library import Library

ALL = os.environ.get("QUOTH_FAULTS") == "all"
AT_RANDOM, ROUNDS, MOMENTS = (200, 8, 1.0) if ALL else (2, 3, 0.3)
"""How often it dies at a random moment, within so many rounds of changes and seconds."""

BEFORE = range(writer.ROUND)
"""How many changes were made before the one at whose steps it dies."""

QUESTION = "Who is the owner of the boat with the number 7?"

READER = False
"""It reads what was stored, and nothing depends on how: without it a library answers in a third of the time."""

Answer = tuple[list[tuple[str, str]], float]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL to send")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense, "INDEXES", writer.SMALL)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder) -> Path:
    """A root, and a closed library of it that is served from a sealed index."""
    folder = tmp_path_factory.mktemp("killed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dense, "INDEXES", writer.SMALL)
        write(folder / "root", writer.first())
        with Library.open(folder / "library", encoder=encoder) as library:
            library.index([folder / "root"])
            assert library.ask(QUESTION).quotes
        assert list((folder / "library").glob("*.sealed"))
    (folder / "library").rename(folder / "kept 0")
    return folder


def write(root: Path, held: writer.State) -> None:
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    for name, text in held.items():
        (root / name).write_text(text)


def held_after(changes: int) -> writer.State:
    """What the library holds once so many changes are made."""
    return [writer.first(), *(held for _, _, held in islice(writer.states(), changes))][-1]


def renewed(base: Path, before: int = 0) -> Path:
    """The base as it was before a change: the root stays at its place, since the library knows it by that."""
    held = held_after(before)
    write(base / "root", {name: text for name, text in held.items() if not name.startswith("upload")})
    shutil.rmtree(base / "library", ignore_errors=True)
    shutil.copytree(base / f"kept {before}", base / "library")
    return base


@pytest.fixture(scope="module")
def answer_of(base: Path, encoder: Encoder) -> Callable[[writer.State], Answer]:
    """What a library answers that was made anew of what a killed one holds; made once for each such state."""
    made: dict[tuple[tuple[str, str], ...], Answer] = {}

    def answer(held: writer.State) -> Answer:
        key = tuple(sorted(held.items()))
        if key not in made:
            write(base / "again", held)
            with Library.open(base / "rebuilt", encoder=encoder, reader=READER) as rebuilt:
                rebuilt.index([base / "again"])
                made[key] = answered(rebuilt)
            shutil.rmtree(base / "rebuilt")
        return made[key]

    return answer


def answered(library: Library) -> Answer:
    answer = library.ask(QUESTION)
    return [(quote.document, quote.text) for quote in answer.quotes], answer.confidence


def check_after(
    folder: Path, acknowledged: int, encoder: Encoder, answer_of: Callable[[writer.State], Answer]
) -> float:
    """See that the library holds what was acknowledged, perhaps the next change as well, and answers as a new one.

    Returns how many seconds opening and the first answer took.
    """
    started = time.perf_counter()
    with Library.open(folder / "library", encoder=encoder, reader=READER) as library:
        answer = answered(library)
        seconds = time.perf_counter() - started
        assert library.check().problems == ()
        found = {record.name: library.document(record.name).text for record in library.documents()}
        assert found in (held_after(acknowledged), held_after(acknowledged + 1))
        assert library.index().failed == []
    # Whatever the killed one left there is gone with the next indexing
    assert len(list((folder / "library").glob("*.seal*"))) == 1
    quotes, confidence = answer_of(found)
    assert answer[0] == quotes
    assert answer[1] == pytest.approx(confidence, abs=1e-6)
    return seconds


@pytest.fixture(scope="module")
def noted(base: Path, encoder: Encoder) -> Noted:
    """What the encoder says of all that is written."""
    listening, said = noting(encoder)
    renewed(base)
    with pytest.MonkeyPatch.context() as patch, Library.open(base / "library", encoder=listening) as library:
        patch.setattr(dense, "INDEXES", writer.SMALL)
        for done, name, held in islice(writer.states(), ROUNDS * writer.ROUND):
            writer.change(library, base / "root", done, name, held)
    return said


@pytest.fixture(scope="module")
def course(base: Path, noted: Noted) -> list[list[str]]:
    """What each change does to the disk when nobody kills it, step by step; the library before each is kept."""
    renewed(base)
    steps: list[list[str]] = []
    for before in BEFORE:
        told, was_killed = run_until_killed(writer.main, base, None, range(before, before + 1), noted)
        assert not was_killed
        assert told[:2] == ["ready", before]
        steps.append(told[2])
        shutil.copytree(base / "library", base / f"kept {before + 1}")
    return steps


def chosen(steps: list[str], before: int) -> list[int]:
    """The numbers of a change's steps to be killed at: all of them, or the last of some kinds, other ones each time."""
    if ALL:
        return list(range(len(steps)))
    kinds = list({step: number for number, step in enumerate(steps)}.values())
    return kinds[before % len(kinds) :: len(BEFORE)]


def test_sealing_and_all_that_sqlite_does_is_among_the_steps(course: list[list[str]]) -> None:
    every = set().union(*course)
    assert {"write *.sealing", "fsync *.sealing", "rename *.sealing", "fsync library", "unlink *.sealed"} <= every
    assert {"write library.sqlite", "write library.sqlite-wal", "sync library.sqlite-wal"} <= every


@pytest.mark.parametrize("before", BEFORE)
def test_killed_at_each_step_on_the_disk_nothing_acknowledged_is_lost(
    before: int,
    base: Path,
    course: list[list[str]],
    noted: Noted,
    encoder: Encoder,
    answer_of: Callable[[writer.State], Answer],
) -> None:
    steps = course[before]
    seconds, wrong = [], []
    for fatal in chosen(steps, before):
        folder = renewed(base, before)
        told, was_killed = run_until_killed(writer.main, folder, fatal, range(before, before + 1), noted)
        assert was_killed, f"step {fatal}, {steps[fatal]}, of {len(steps)} did not come"
        try:
            seconds.append(check_after(folder, before + max(len(told) - 1, 0), encoder, answer_of))
        except Exception as error:
            wrong.append(f"step {fatal}, {steps[fatal]}: {error!r}")
    # Shown by a run with -rP
    sys.stdout.write(
        f"killed at {len(seconds) + len(wrong)} of {len(steps)} steps, wrong after {len(wrong)}; "
        f"opened and answered within {max(seconds, default=0):.2f} s\n"
    )
    assert wrong == []


@pytest.mark.parametrize("seed", range(AT_RANDOM))
def test_killed_at_a_random_moment_nothing_acknowledged_is_lost(
    seed: int, base: Path, noted: Noted, encoder: Encoder, answer_of: Callable[[writer.State], Answer]
) -> None:
    folder, moment = renewed(base), random.Random(seed).uniform(0.0, MOMENTS)
    changes = range(ROUNDS * writer.ROUND)
    told, was_killed = run_until_killed(writer.main, folder, None, changes, noted, seconds=moment)
    assert was_killed
    check_after(folder, len(told) - 1, encoder, answer_of)
