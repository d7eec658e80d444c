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
from remembered import Noted

from quoth.encoder import Encoder
from quoth.index import dense
from quoth.library import Library

ALL = os.environ.get("QUOTH_FAULTS") == "all"
AT_RANDOM = 200 if ALL else 2
CHANGES = writer.ROUND
"""Each step of so many changes is one at which it dies; in the short form, the last step of each kind."""

PARTS = 20 if ALL else 1
"""Tests that the steps are dealt out to."""

QUESTION = "Who is the owner of the boat with the number 7?"

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
    (folder / "library").rename(folder / "kept")
    return folder


def write(root: Path, held: writer.State) -> None:
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    for name, text in held.items():
        (root / name).write_text(text)


def renewed(base: Path) -> Path:
    """The base as it was: the root stays at its place, since the library knows it by that."""
    write(base / "root", writer.first())
    shutil.rmtree(base / "library", ignore_errors=True)
    shutil.copytree(base / "kept", base / "library")
    return base


@pytest.fixture(scope="module")
def answer_of(base: Path, encoder: Encoder) -> Callable[[writer.State], Answer]:
    """What a library answers that was made anew of what a killed one holds; made once for each such state."""
    made: dict[tuple[tuple[str, str], ...], Answer] = {}

    def answer(held: writer.State) -> Answer:
        key = tuple(sorted(held.items()))
        if key not in made:
            write(base / "again", held)
            with Library.open(base / "rebuilt", encoder=encoder) as rebuilt:
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
    possible = [writer.first(), *(held for _, _, held in islice(writer.states(), acknowledged + 1))]
    started = time.perf_counter()
    with Library.open(folder / "library", encoder=encoder) as library:
        answer = answered(library)
        seconds = time.perf_counter() - started
        assert seconds < 5, "reopening is a promise of its own, and far from its limit"
        assert library.check().problems == ()
        found = {record.name: library.document(record.name).text for record in library.documents()}
        assert found in possible[acknowledged:]
        assert library.index().failed == []
    # Whatever the killed one left there is gone with the next indexing
    assert len(list((folder / "library").glob("*.seal*"))) == 1
    quotes, confidence = answer_of(found)
    assert answer[0] == quotes
    assert answer[1] == pytest.approx(confidence, abs=1e-6)
    return seconds


@pytest.fixture(scope="module")
def course(base: Path) -> tuple[list[str], Noted]:
    """What the writer does to the disk when nobody kills it, step by step, and what the encoder says meanwhile."""
    told, was_killed = run_until_killed(writer.main, renewed(base), None, CHANGES, None)
    assert not was_killed
    assert len(told) == CHANGES + 3
    return told[-2], told[-1]


def chosen(steps: list[str]) -> list[int]:
    """The numbers of the steps to be killed at: all of them, or the last one of each kind."""
    return list(range(len(steps)) if ALL else {step: number for number, step in enumerate(steps)}.values())


@pytest.mark.parametrize("part", range(PARTS))
def test_killed_at_each_step_on_the_disk_nothing_acknowledged_is_lost(
    part: int,
    base: Path,
    course: tuple[list[str], Noted],
    encoder: Encoder,
    answer_of: Callable[[writer.State], Answer],
) -> None:
    steps, noted = course
    assert {"write *.sealing", "fsync *.sealing", "rename *.sealing", "fsync library", "unlink *.sealed"} <= set(steps)
    assert {"write library.sqlite", "write library.sqlite-wal", "sync library.sqlite-wal"} <= set(steps)
    seconds, wrong = [], []
    for fatal in chosen(steps)[part::PARTS]:
        folder = renewed(base)
        told, was_killed = run_until_killed(writer.main, folder, fatal, CHANGES, noted)
        assert was_killed, f"step {fatal}, {steps[fatal]}, of {len(steps)} did not come"
        try:
            seconds.append(check_after(folder, len(told) - 1, encoder, answer_of))
        except Exception as error:
            wrong.append(f"step {fatal}, {steps[fatal]}: {error!r}")
    seconds.sort()
    # Shown by a run with -rP
    median = seconds[len(seconds) // 2]
    sys.stdout.write(
        f"killed at {len(seconds) + len(wrong)} of {len(steps)} steps of {len(set(steps))} kinds, wrong after "
        f"{len(wrong)}; opened and answered in {median:.2f} s in the median, {seconds[-1]:.2f} s at most\n"
    )
    assert wrong == []


@pytest.mark.parametrize("seed", range(AT_RANDOM))
def test_killed_at_a_random_moment_nothing_acknowledged_is_lost(
    seed: int, base: Path, encoder: Encoder, answer_of: Callable[[writer.State], Answer]
) -> None:
    folder, moment = renewed(base), random.Random(seed).uniform(0.0, 2.0)
    told, was_killed = run_until_killed(writer.main, folder, None, 10_000, None, seconds=moment)
    assert was_killed
    check_after(folder, len(told) - 1, encoder, answer_of)
