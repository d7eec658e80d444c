"""Writing a sealed index fails at any call on a file, or its file is damaged anywhere: never a wrong answer."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import writer
from damage import damaged
from faultycalls import faulty_calls
from faultyfiles import FAILURES, Steps

from quoth.encoder import Encoder
from quoth.errors import LibraryError, NotALibraryError
from quoth.index import blocks, dense, live
from quoth.library import Library

ALL = os.environ.get("QUOTH_FAULTS") == "all"
EVERY = 1 if ALL else 31
"""Each how manieth call fails."""
PLACES = 300 if ALL else 30
QUESTION = "Who is the owner of the boat with the number 7?"

Answer = tuple[list[tuple[str, str]], float]


class Whole(NamedTuple):
    """A folder with a root and a closed library of it that is served from a sealed index, and what it answers."""

    folder: Path
    answer: Answer


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense, "INDEXES", writer.SMALL)
    # Many blocks in a small file, so that some are read by no question
    monkeypatch.setattr(blocks, "BLOCK", 512)


@pytest.fixture
def whole(tmp_path: Path, encoder: Encoder, small: None) -> Whole:
    (tmp_path / "root").mkdir()
    for name, text in writer.first().items():
        (tmp_path / "root" / name).write_text(text)
    with Library.open(tmp_path / "kept", encoder=encoder, reader=False) as library:
        library.index([tmp_path / "root"])
        return Whole(tmp_path, answered(library))


def answered(library: Library) -> Answer:
    answer = library.ask(QUESTION)
    return [(quote.document, quote.text) for quote in answer.quotes], round(answer.confidence, 6)


def renewed(whole: Whole) -> Path:
    shutil.rmtree(whole.folder / "library", ignore_errors=True)
    shutil.copytree(whole.folder / "kept", whole.folder / "library")
    return whole.folder / "library"


def sealed_in(folder: Path) -> list[Path]:
    return list(folder.glob("*.seal*"))


def lose(library: Library) -> None:
    sealed_in(library.folder)[0].unlink()


def remove_alone(library: Library) -> None:
    """Remove a document without making the index anew, as in a library of more than a hundred thousand passages."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live, "SOON_MADE", 0)
        library.remove("old19.txt")


def add_much(library: Library) -> object:
    return library.add("more.txt", "".join(f"Mooring {n} is let.\n\n" for n in range(12)).encode())


MAKINGS: dict[str, tuple[Callable[[Library], object], Callable[[Library], object]]] = {
    "indexing": (Library.counts, add_much),
    "asking": (lose, lambda library: library.ask(QUESTION)),
    "checking": (remove_alone, Library.check),
}
"""What makes a sealed index anew, behind what is done before."""


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "lasting"])
@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("making", MAKINGS)
def test_whatever_call_fails_while_it_is_made_the_error_is_typed_and_the_retry_succeeds(
    making: str, failure: str, lasting: bool, whole: Whole, encoder: Encoder
) -> None:
    (prepare, make), steps = MAKINGS[making], Steps()

    def made(folder: Path, fatal: int | None) -> bool:
        """Make it with that call failing, and return whether that was told of."""
        with Library.open(folder, encoder=encoder, reader=False) as library:
            prepare(library)
            steps.begin(fatal, failure, lasting=lasting)
            with faulty_calls(steps, folder, reading=True):
                try:
                    make(library)
                except LibraryError as error:
                    assert not isinstance(error, NotALibraryError), "a full or broken disk is no damaged library"
                    assert str(folder) in str(error)
                    return True
                finally:
                    steps.fatal = None
        return False

    folder = renewed(whole)
    assert not made(folder, None)
    calls = list(steps.taken)
    assert {"open *.sealing", "write *.sealing", "fsync *.sealing", "rename *.sealing", "fsync library"} <= set(calls)
    with Library.open(folder, encoder=encoder, reader=False) as library:
        after, expected = {record.name for record in library.documents()}, answered(library)
    before = set(writer.first()) if making == "indexing" else after
    told = 0
    for fatal in range(0, len(calls), EVERY):
        folder = renewed(whole)
        told += made(folder, fatal)
        # What a disk leaves that deletes nothing any more is one file, which the next who can deletes
        assert len(sealed_in(folder)) <= 2, calls[fatal]
        with Library.open(folder, encoder=encoder, reader=False) as library:
            held = {record.name for record in library.documents()}
            assert held in (before, after), calls[fatal]
            if held == after:
                assert answered(library) == expected, calls[fatal]
            library.index()
            assert library.check().problems == ()
            assert len(sealed_in(folder)) == 1, calls[fatal]
    sys.stdout.write(f"failed at {len(range(0, len(calls), EVERY))} of {len(calls)} calls, told of {told}\n")
    assert told or not (ALL or lasting)


def test_a_making_that_fails_again_and_again_leaves_no_more_behind_each_time(whole: Whole, encoder: Encoder) -> None:
    folder, steps = renewed(whole), Steps()

    def ask() -> None:
        with Library.open(folder, encoder=encoder, reader=False) as library, faulty_calls(steps, folder):
            library.ask(QUESTION)

    sealed_in(folder)[0].unlink()
    ask()
    named = steps.taken.index("fsync library")
    sealed_in(folder)[0].unlink()
    for _ in range(5):
        # From here on nothing can be deleted either
        steps.begin(named, "broken", lasting=True)
        with pytest.raises(LibraryError):
            ask()
        # It goes with the next attempt
        assert len(sealed_in(folder)) == 1
    for _ in range(2):
        steps.begin(named, "broken")
        with pytest.raises(LibraryError):
            ask()
        assert sealed_in(folder) == []


@pytest.mark.parametrize("seed", range(PLACES))
def test_a_file_that_is_cut_or_has_a_bit_flipped_is_never_answered_from(
    seed: int, whole: Whole, encoder: Encoder
) -> None:
    folder = renewed(whole)
    (sealed,) = sealed_in(folder)
    sealed.write_bytes(damaged(sealed.read_bytes(), seed))
    with Library.open(folder, encoder=encoder, reader=False) as library:
        assert answered(library) == whole.answer
        # A block that this question had no need of is found by a check, at the latest
        assert sealed_in(folder) != [sealed] or library.check().repaired
        assert sealed_in(folder) != [sealed]
        assert library.check().repaired == ()
        assert answered(library) == whole.answer
