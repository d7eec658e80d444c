"""The disk fails at any step of any change: a typed error, the state before or after, and the retry succeeds."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from faultyfiles import FAILURES, Steps, faulty_disk, opened

from quoth.encoder import Encoder
from quoth.errors import LibraryError, NotALibraryError
from quoth.library import Library

QUESTION = "Who counts the boats at dawn?"
BOATS = "The harbour master of Port Quill counts every boat at dawn.\n"
STARS = "The lighthouse keeper of Port Quill counts the stars at night.\n"

EVERY = 1 if os.environ.get("QUOTH_FAULTS") == "all" else 9
"""Each how manieth step fails: all of them with ``make test-faults``."""

Change = Callable[[Library, Path], object]
State = dict[tuple[str, str], str]


def index(library: Library, root: Path) -> object:
    (root / "b.txt").write_text(STARS)
    (root / "c.txt").write_text("Fog bells ring on Mondays.\n")
    (root / "a.txt").unlink(missing_ok=True)
    return library.index([root])


CHANGES: dict[str, Change] = {
    "index": index,
    "upload": lambda library, root: library.add("faq.md", b"# Fog\n\nThe bell rings thrice in fog.\n"),
    "upload anew": lambda library, root: library.add("rules.md", b"Nobody may row at night any more.\n"),
    "remove": lambda library, root: library.remove("a.txt"),
    "remove root": lambda library, root: library.remove_root("upload:rules.md"),
    "check": lambda library, root: library.check(),
}


@pytest.fixture
def disk() -> Iterator[Steps]:
    with faulty_disk() as steps:
        yield steps


@pytest.fixture
def prepared(tmp_path: Path, encoder: Encoder, disk: Steps) -> Path:
    """A folder with a root, and a closed library of it and of an uploaded file."""
    root = tmp_path / "base" / "root"
    root.mkdir(parents=True)
    (root / "a.txt").write_text(BOATS)
    (root / "b.txt").write_text("A first version.\n")
    with Library.open(tmp_path / "base" / "library", encoder=encoder) as library:
        library.index([root])
        library.add("rules.md", b"Nobody may row at night.\n")
    return tmp_path / "base"


def state(library: Library) -> State:
    """What a library holds: each document's root and name, and what it says."""
    return {
        (record.root, record.name): library.document(record.name, record.root).text for record in library.documents()
    }


def is_between(found: State, before: State, after: State) -> bool:
    """Whether each document is as it was before the change, or as it is after it."""
    return all(
        found.get(key) in (before.get(key), after.get(key)) for key in before.keys() | after.keys() | found.keys()
    )


def fresh(base: Path, place: Path) -> tuple[Path, Path]:
    """A copy of the library, and of its root at the place that the library knows."""
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(base / "library", place)
    root = base / "root"
    shutil.rmtree(root)
    root.mkdir()
    (root / "a.txt").write_text(BOATS)
    (root / "b.txt").write_text("A first version.\n")
    return place, root


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "lasting"])
@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("change", CHANGES)
def test_whatever_step_fails_the_error_is_typed_the_state_whole_and_the_retry_succeeds(
    change: str, failure: str, lasting: bool, disk: Steps, prepared: Path, tmp_path: Path, encoder: Encoder
) -> None:
    place, root = fresh(prepared, tmp_path / "tried")
    with Library.open(place, encoder=encoder) as library:
        before = state(library)
        disk.begin(None)
        CHANGES[change](library, root)
        after = state(library)
    steps = len(disk.taken)
    assert steps > 5 or change == "check"
    failed = 0
    for fatal in range(0, steps, EVERY):
        place, root = fresh(prepared, tmp_path / "tried")
        disk.begin(fatal, failure, lasting=lasting)
        try:
            with opened(place, encoder) as library:
                CHANGES[change](library, root)
        except LibraryError as error:
            failed += 1
            assert not isinstance(error, NotALibraryError), "a full or broken disk is no damaged library"
            assert str(place) in str(error)
        disk.begin(None)
        with Library.open(place, encoder=encoder) as library:
            assert library.check().problems == (), f"after step {fatal}, {disk.taken}"
            assert is_between(state(library), before, after), f"step {fatal}"
            if state(library) != after:
                CHANGES[change](library, root)
            assert state(library) == after, f"step {fatal}"
            answer = library.ask(QUESTION)
            assert {quote.document for quote in answer.quotes} <= {name for _, name in after}
    assert failed or change == "check"
