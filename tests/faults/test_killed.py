"""The process is killed (SIGKILL) at any moment of any change: nothing acknowledged is lost, nothing is half there."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
import writer

from quoth.encoder import Encoder
from quoth.index import dense
from quoth.library import Library

ALL = os.environ.get("QUOTH_FAULTS") == "all"
AT_RANDOM = 200 if ALL else 3
STEPS = range(400) if ALL else range(7, 400, 97)
"""Steps on the disk at which it dies: the first 400 are some two rounds of all kinds of changes."""

QUESTION = "Who is the owner of the boat with the number 7?"

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
    return folder


def write(root: Path, held: writer.State) -> None:
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    for name, text in held.items():
        (root / name).write_text(text)


@pytest.fixture
def folder(base: Path) -> Iterator[Path]:
    """The base as it was: the root stays at its place, since the library knows it by that."""
    write(base / "root", writer.first())
    shutil.copytree(base / "library", base / "kept")
    yield base
    shutil.rmtree(base / "library")
    (base / "kept").rename(base / "library")


def killed(folder: Path, seconds: float | None, fatal: int | None = None) -> int:
    """Let the writer run until it is killed, and return how many changes it acknowledged before."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OMP_NUM_THREADS": "1"}
    if fatal is not None:
        environment["FATAL"] = str(fatal)
    command = [sys.executable, writer.__file__, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        if seconds is not None:
            time.sleep(seconds)
            process.kill()
        done = process.stdout.read().splitlines()
        assert process.wait() == -9
    return len(done)


def check_after(folder: Path, acknowledged: int, encoder: Encoder) -> None:
    """See that the library holds what was acknowledged, perhaps the next change as well, and answers as a new one."""
    possible = [writer.first(), *(held for _, _, held in islice(writer.states(), acknowledged + 1))]
    done = list(islice(writer.states(), acknowledged + 1))
    started = time.perf_counter()
    with Library.open(folder / "library", encoder=encoder) as library:
        answer = library.ask(QUESTION)
        assert time.perf_counter() - started < 5, "reopening is a promise of its own, and far from its limit"
        assert library.check().problems == ()
        found = {record.name: library.document(record.name).text for record in library.documents()}
        assert found in (possible[acknowledged], possible[acknowledged + 1]), done[acknowledged][:2]
        answer = library.ask(QUESTION)
        assert library.index().failed == []
    with Library.open(folder / "rebuilt", encoder=encoder) as rebuilt:
        write(folder / "again", found)
        rebuilt.index([folder / "again"])
        expected = rebuilt.ask(QUESTION)
    shutil.rmtree(folder / "rebuilt")
    assert [(quote.document, quote.text) for quote in answer.quotes] == [
        (quote.document, quote.text) for quote in expected.quotes
    ]
    assert answer.confidence == pytest.approx(expected.confidence, abs=1e-6)


@pytest.mark.parametrize("fatal", STEPS)
def test_killed_at_a_step_on_the_disk_nothing_acknowledged_is_lost(fatal: int, folder: Path, encoder: Encoder) -> None:
    check_after(folder, killed(folder, None, fatal), encoder)


@pytest.mark.parametrize("seed", range(AT_RANDOM))
def test_killed_at_a_random_moment_nothing_acknowledged_is_lost(seed: int, folder: Path, encoder: Encoder) -> None:
    check_after(folder, killed(folder, random.Random(seed).uniform(0.0, 2.0)), encoder)
