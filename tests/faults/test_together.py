"""Several processes index and ask one library: nobody meets an error, nothing breaks, every answer is of one state."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import townsfolk
import writer

from quoth.cli import main
from quoth.encoder import Encoder
from quoth.index import dense
from quoth.library import Library
from quoth.progress import Progress

ALL = os.environ.get("QUOTH_FAULTS") == "all"
SECONDS, ROUNDS, ASKERS = (600.0, 20, 8) if ALL else (0.0, 6, 2)

QUOTH = [sys.executable, "-c", "import sys; from quoth.cli import main; sys.exit(main())"]


@pytest.fixture
def folder(tmp_path: Path, encoder: Encoder) -> Path:
    """A closed library of enough passages for a sealed index, and the first round of all roots."""
    (tmp_path / "old").mkdir()
    for name, said in writer.first().items():
        (tmp_path / "old" / name).write_text(said)
    for root in ("a", "b", "common"):
        townsfolk.write_round(tmp_path, root, 0)
    with Library.open(tmp_path / "library", encoder=encoder) as library:
        library.index([tmp_path / name for name in ("old", "a", "b", "common")])
    return tmp_path


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OMP_NUM_THREADS": "1"}


def started(stack: ExitStack, command: list[str]) -> subprocess.Popen[str]:
    process = stack.enter_context(
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
        )
    )
    # Should a test fail, nobody goes on asking
    stack.callback(process.kill)
    return process


@pytest.fixture(params=[False, True], ids=["in memory", "sealed"])
def sealed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[bool]:
    """Whether the library is served from a sealed index."""
    if request.param:
        monkeypatch.setattr(dense, "INDEXES", writer.SMALL)
    yield request.param


def test_indexed_and_asked_by_several_processes_every_answer_is_of_one_state_and_none_of_an_earlier_one(
    sealed: bool, folder: Path, encoder: Encoder
) -> None:
    plan: dict[str, Any] = {
        "library": str(folder / "library"),
        "root": str(folder),
        "rounds": ROUNDS,
        "seconds": SECONDS,
        "stop": str(folder / "stop"),
        "sealed": sealed,
    }
    roles = [("index", "a"), ("index", "b"), *(("ask", f"asker {number}") for number in range(ASKERS))]
    with ExitStack() as stack:
        processes = []
        for role, who in roles:
            told = json.dumps(plan | {"role": role, "who": who})
            processes.append(started(stack, [sys.executable, townsfolk.__file__, told]))
        for process in processes:
            assert process.stdout is not None and process.stdin is not None
            assert process.stdout.readline() == "ready\n", process.communicate()[1]
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("begin\n")
            process.stdin.flush()
        found: Counter[str] = Counter()
        for number, process in enumerate(processes):
            out, err = process.communicate()
            if number == 1:
                (folder / "stop").touch()
            assert process.returncode == 0 and not err, f"{roles[number]}: {err[-3000:]}"
            found.update(json.loads(out))
    assert found["rounds"] >= 2 * ROUNDS and found["answers"] >= ASKERS * ROUNDS
    assert min(found[root] for root in ("a", "b", "common")) > 0
    if ALL:
        sys.stderr.write(f"\n{'sealed' if sealed else 'in memory'}: {dict(found)}\n")
    with Library.open(folder / "library", encoder=encoder) as library:
        assert library.check().problems == ()
        names = {record.name: record.root for record in library.documents()}
        for name, root in names.items():
            if (folder / root / name).is_file():
                assert library.document(name).text == (folder / root / name).read_text()
        on_disk = {path.name for root in ("old", "a", "b", "common") for path in (folder / root).iterdir()}
        assert {name for name in names if not names[name].startswith("upload:")} == on_disk
        assert bool(list((folder / "library").glob("*.sealed"))) == sealed


def test_two_commands_that_index_one_new_library_at_once_both_succeed(tmp_path: Path, capsys: Any) -> None:
    root = tmp_path / "root"
    root.mkdir()
    for name, said in writer.first().items():
        (root / name).write_text(said)
    with ExitStack() as stack:
        command = [*QUOTH, "index", str(root), "--library", str(tmp_path / "library")]
        processes = [started(stack, command) for _ in range(2)]
        for process in processes:
            out, err = process.communicate()
            assert process.returncode == 0, out + err
    assert main(["check", "--library", str(tmp_path / "library")]) == 0
    assert main(["sources", "--library", str(tmp_path / "library"), "--json"]) == 0
    listed = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert sorted(record["document"] for record in listed["documents"]) == sorted(writer.first())


def test_an_indexing_that_began_first_puts_back_nothing_that_a_later_one_brought_up_to_date(
    folder: Path, encoder: Encoder
) -> None:
    file = folder / "a" / "a-harbour.txt"
    told: list[str] = []
    waits = threading.Event()

    def report(progress: Progress) -> None:
        told.append(progress.stage)
        waits.set()

    def later() -> None:
        with Library.open(folder / "library", encoder=encoder) as library:
            library.index([folder / "a"], report)
        waits.set()

    others: list[threading.Thread] = []

    def meanwhile(progress: Progress) -> None:
        if progress.stage == "embedding" and not others:
            # Read, and not written yet
            file.write_text("The harbour was closed for good.\n")
            others.append(threading.Thread(target=later))
            others[0].start()
            assert waits.wait(60)

    with Library.open(folder / "library", encoder=encoder) as library:
        file.write_text("The harbour is open again.\n")
        library.index([folder / "a"], meanwhile)
        others[0].join()
        assert library.document(file.name).text == file.read_text()
    assert told[0] == "waiting for another indexing"
