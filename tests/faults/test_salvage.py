"""A damaged database is refused in words and changed by nothing, and what can be read of it can be saved."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import apsw
import pytest
from faultycalls import faulty_calls
from faultyfiles import FAILURES, Steps

from quoth.cli import main
from quoth.encoder import Encoder
from quoth.errors import EmptyLibraryError, NotALibraryError, PathError, QuothError
from quoth.library import Library
from quoth.store.connection import FILE_NAME
from quoth.store.salvage import salvage

PLACES = 300 if os.environ.get("QUOTH_FAULTS") == "all" else 30
PAGE = 4096


def texts() -> dict[str, str]:
    return {
        f"{number}.txt": f"Boat {number} is moored here.\n\n" + f"Line of {number}.\n" * 400 for number in range(40)
    }


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder) -> Path:
    """A closed library of forty documents of several pages each."""
    folder = tmp_path_factory.mktemp("salvaged")
    (folder / "root").mkdir()
    for name, text in texts().items():
        (folder / "root" / name).write_text(text)
    with Library.open(folder / "library", encoder=encoder) as library:
        library.index([folder / "root"])
    return folder / "library"


@pytest.fixture
def damaged(whole: Path, tmp_path: Path) -> Callable[..., Path]:
    """Make a copy of the library with its database's bytes changed."""

    def make(*changes: tuple[int, bytes], size: int | None = None) -> Path:
        data = bytearray((whole / FILE_NAME).read_bytes())
        for place, replacement in changes:
            data[place : place + len(replacement)] = replacement
        folder = tmp_path / "library"
        folder.mkdir(exist_ok=True)
        (folder / FILE_NAME).write_bytes(bytes(data[:size]))
        return folder

    return make


def saved(folder: Path) -> dict[str, str]:
    return {
        line["_id"]: line["text"] for line in map(json.loads, (folder / "corpus.jsonl").read_text("utf-8").splitlines())
    }


def test_of_a_whole_library_every_text_is_saved_to_the_letter(whole: Path, tmp_path: Path) -> None:
    before = (whole / FILE_NAME).read_bytes()
    result = salvage(whole, tmp_path / "saved")
    assert (result.documents, result.lost) == (40, ())
    assert saved(tmp_path / "saved") == texts()
    assert (whole / FILE_NAME).read_bytes() == before


def test_a_name_that_several_roots_hold_is_saved_with_its_root(whole: Path, tmp_path: Path, encoder: Encoder) -> None:
    with Library.open(tmp_path / "library", encoder=encoder) as library:
        library.add("a.md", b"One.")
        (tmp_path / "a.md").write_text("Two.")
        library.index([tmp_path / "a.md"])
    salvage(tmp_path / "library", tmp_path / "saved")
    assert saved(tmp_path / "saved") == {"a.md": "One.", f"{tmp_path / 'a.md'}/a.md": "Two."}


def test_a_damaged_number_of_a_document_makes_nobody_wait(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole, tmp_path / "library")
    with closing(apsw.Connection(str(tmp_path / "library" / FILE_NAME))) as db:
        last = db.execute("SELECT max(id) FROM document").get
        db.execute("UPDATE paragraph SET document_id = 1 << 40 WHERE document_id = ?", (last,))
        db.execute("UPDATE sqlite_sequence SET seq = 1 << 40 WHERE name = 'document'")
    assert salvage(tmp_path / "library", tmp_path / "saved").documents == 40
    assert saved(tmp_path / "saved") == texts()


def test_pages_that_are_overwritten_cost_the_documents_on_them_and_no_other(
    damaged: Callable[..., Path], tmp_path: Path
) -> None:
    pages = (Path(damaged()) / FILE_NAME).stat().st_size // PAGE
    partly = 0
    for seed in range(PLACES):
        place = random.Random(seed)
        folder = damaged(*((place.randrange(1, pages) * PAGE, os.urandom(PAGE)) for _ in range(3)))
        into = tmp_path / f"saved{seed}"
        try:
            result = salvage(folder, into)
        except NotALibraryError:
            continue
        found = saved(into)
        assert len(found) == result.documents
        # Without checksums a text on a page that was overwritten can be wrong; whatever else is saved is to the letter
        wrong = sum(texts().get(name) != text for name, text in found.items())
        assert wrong <= 6
        partly += result.documents >= 30
    assert partly > PLACES / 2


def test_bits_that_are_flipped_never_make_another_error_than_a_clear_refusal(
    damaged: Callable[..., Path], encoder: Encoder
) -> None:
    size = (Path(damaged()) / FILE_NAME).stat().st_size
    for seed in range(PLACES):
        place = random.Random(seed).randrange(size)
        folder = damaged((place, bytes([random.Random(seed + 1).randrange(256)])))
        try:
            with Library.open(folder, encoder=encoder) as library:
                library.check()
                answer = library.ask("Where is boat 7 moored?")
                for quote in answer.quotes:
                    assert library.document(quote.document).text[quote.start : quote.end] == quote.text
        except QuothError as error:
            assert str(folder) in str(error) or "document" in str(error)


def test_a_database_that_is_cut_short_is_refused_and_stays_as_it_is(
    damaged: Callable[..., Path], encoder: Encoder
) -> None:
    folder = damaged(size=10 * PAGE + 17)
    before = (folder / FILE_NAME).read_bytes()
    with (
        pytest.raises(NotALibraryError, match="quoth check --salvage"),
        Library.open(folder, encoder=encoder) as library,
    ):
        library.ask("Where is boat 7 moored?")
    assert (folder / FILE_NAME).read_bytes() == before


def test_nothing_to_salvage_is_said_and_nothing_is_overwritten(whole: Path, tmp_path: Path) -> None:
    with pytest.raises(EmptyLibraryError):
        salvage(tmp_path / "nowhere", tmp_path / "saved")
    (tmp_path / FILE_NAME).write_bytes(b"no database at all" * 1000)
    with pytest.raises(NotALibraryError):
        salvage(tmp_path, tmp_path / "saved")
    assert not (tmp_path / "saved").exists()
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "corpus.jsonl").write_text("precious")
    with pytest.raises(PathError, match="already"):
        salvage(whole, tmp_path / "saved")
    assert (tmp_path / "saved" / "corpus.jsonl").read_text() == "precious"


def test_the_command_saves_what_there_is_and_its_exit_code_says_what_is_lost(
    whole: Path, damaged: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--library", str(whole), "--salvage", str(tmp_path / "a"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["documents"] == 40
    connection = apsw.Connection(str(damaged() / FILE_NAME))
    connection.execute("UPDATE document SET characters = characters + 1 WHERE id = 3")
    connection.close()
    assert main(["check", "--library", str(tmp_path / "library"), "--salvage", str(tmp_path / "b")]) == 3
    out, err = capsys.readouterr()
    assert out.startswith("39 documents written to ") and err == "quoth: 1 document could not be read\n"


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "lasting"])
@pytest.mark.parametrize("failure", FAILURES)
def test_whatever_call_fails_no_half_a_corpus_is_left_and_the_retry_succeeds(
    failure: str, lasting: bool, whole: Path, tmp_path: Path
) -> None:
    steps = Steps()
    with faulty_calls(steps, tmp_path):
        salvage(whole, tmp_path / "saved")
        calls = list(steps.taken)
        assert {"mkdir saved", "write corpus.jsonl.unfinished", "fsync corpus.jsonl.unfinished"} <= set(calls)
        for fatal in range(len(calls)):
            into = tmp_path / f"saved{fatal}"
            steps.begin(fatal, failure, lasting=lasting)
            with pytest.raises(PathError, match="make room"):
                salvage(whole, into)
            steps.begin(None)
            assert not (into / "corpus.jsonl").exists()
            assert salvage(whole, into).documents == 40
            assert [path.name for path in into.iterdir()] == ["corpus.jsonl"]
            assert saved(into) == texts()
