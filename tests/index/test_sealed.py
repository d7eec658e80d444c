"""A library that is served from a sealed index: the same answers as one made anew, whatever happens to the file."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import tracemalloc
from pathlib import Path

import apsw
import numpy as np
import pytest

from quoth.index.blocks import BlockFile
from quoth.index.live import IndexedPassages, is_due
from quoth.index.nearest import NearestByCodes
from quoth.index.sealed import SUFFIX, UnsealedError, recorded
from quoth.index.sealing import seal, unseal
from quoth.store import Store
from tests.large import MODEL, loaded, many, opened, put, remove, sealed_now, sentence, vector_of

pytestmark = pytest.mark.usefixtures("lowered")


def sealed_files(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*{SUFFIX}"))


def found(store: Store, passages: IndexedPassages, chance: random.Random) -> list[object]:
    """What questions find, told by ids, which do not depend on how the passages are indexed."""
    results: list[object] = [passages.size, passages.documents, passages.count_documents()]
    with store.reading():
        for _ in range(30):
            text = sentence(chance, 5)
            question = vector_of(text, MODEL.dimension)
            matches = passages.lexical.match([passages.vocabulary.find(word) for word in text.split()])
            rows, scores = matches.best(10)
            near, cosines = passages.dense.search(question, passages.size)
            results += [passages.ids[rows].tolist(), scores.tobytes(), matches.frequencies]
            results += [passages.ids[near].tolist(), np.round(cosines, 5).tolist()]
            first, last = passages.rows_of(passages.document_ids[rows])
            in_document = [matches.held(column, first, last).tolist() for column in range(len(text.split()))]
            results += [in_document, (last - first).tolist()]
    return results


def assert_as_made_anew(store: Store, passages: IndexedPassages) -> None:
    before = found(store, passages, random.Random(9))
    sealed_now(store)
    assert before == found(store, loaded(store), random.Random(9))


def test_after_additions_changes_and_removals_all_is_found_as_in_an_index_made_anew(tmp_path: Path):
    chance = random.Random(4)
    with opened(tmp_path / "library") as store:
        put(store, many(chance, 150))
        sealed_now(store)
        passages = loaded(store)
        for step in range(6):
            remove(store, f"d{step * 7}.txt")
            put(store, many(chance, 1, f"n{step}") | {f"d{50 + step}.txt": [sentence(chance), sentence(chance)]})
            passages = loaded(store, passages)
            assert found(store, passages, random.Random(step)) == found(store, loaded(store), random.Random(step))
        assert isinstance(passages.dense, NearestByCodes)
        assert_as_made_anew(store, passages)


def test_a_removed_document_is_found_no_more_at_once(tmp_path: Path):
    with opened(tmp_path / "library") as store:
        put(
            store,
            many(random.Random(1), 60) | {"gone.txt": ["quetzalcoatlus flew"], "kept.txt": ["quetzalcoatlus sat"]},
        )
        sealed_now(store)
        before = loaded(store)
        gone = store.document_ids("/root", ["gone.txt"])[0]
        remove(store, "gone.txt")
        passages = loaded(store, before)
        assert passages.sealed is before.sealed
        with store.reading():
            rows, _ = passages.lexical.match([passages.vocabulary.find("quetzalcoatlus")]).best(10)
            near, _ = passages.dense.search(vector_of("quetzalcoatlus flew", MODEL.dimension), 10)
        assert len(rows) == 1
        assert gone not in passages.document_ids[[*rows, *near]]


def test_a_part_finds_its_own_best_by_codes_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("quoth.index.nearest._FEW", 5)
    with opened(tmp_path / "library") as store:
        put(store, many(random.Random(1), 200))
        sealed_now(store)
        put(store, many(random.Random(2), 5, "n"))
        passages = loaded(store)
        question = vector_of("anything", MODEL.dimension)
        with store.reading():
            cosines = passages.dense.cosines(question, np.arange(passages.size))
            # The part that fits worst, so that none of it would be among the best of all
            part = np.sort(np.argsort(cosines)[:40])
            rows, _ = passages.dense.search(question, 40, part)
            assert sorted(rows.tolist()) == part.tolist()
            assert passages.dense.search(question, 3, part)[0].tolist() == part[np.argsort(-cosines[part])[:3]].tolist()


def test_a_million_ids_are_not_read_to_open_a_library(tmp_path: Path):
    """Told by what SQLite does: the number of its steps does not grow with the passages that are sealed."""
    steps = []
    for count in (100, 400):
        with opened(tmp_path / str(count)) as store:
            put(store, many(random.Random(1), count))
            sealed_now(store)
        with opened(tmp_path / str(count)) as store:
            taken = 0

            def count_step() -> bool:
                nonlocal taken
                taken += 1
                return False

            store._db.set_progress_handler(count_step, 10)
            loaded(store)
            steps.append(taken)
    assert steps[1] <= steps[0] + 2


# -- a file that is not what it was


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    for place in range(len(data) // 2, len(data), 5000):
        data[place] ^= 1
    path.write_bytes(data)


def flip_one_checksum(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def zero(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def replace_by_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGES = [Path.unlink, cut, flip, flip_one_checksum, zero, replace_by_a_folder, lambda path: path.write_bytes(b"")]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_never_served_from(damage, tmp_path: Path):
    with opened(tmp_path / "library") as store:
        put(store, many(random.Random(1), 400))
        sealed_now(store)
        right = found(store, loaded(store), random.Random(3))
        damage(sealed_files(store.folder)[0])
        with pytest.raises(UnsealedError):
            found(store, loaded(store), random.Random(3))
        if sealed_files(store.folder) and sealed_files(store.folder)[0].is_dir():
            sealed_files(store.folder)[0].rmdir()
        sealed_now(store)
        assert found(store, loaded(store), random.Random(3)) == right


def test_a_file_that_is_damaged_while_it_is_open_is_noticed_or_was_read_before(tmp_path: Path):
    with opened(tmp_path / "library") as store:
        put(store, many(random.Random(1), 400))
        sealed_now(store)
        right = found(store, loaded(store), random.Random(3))
        passages = loaded(store)
        cut(sealed_files(store.folder)[0])
        try:
            assert found(store, passages, random.Random(3)) == right
        except UnsealedError as error:
            assert error.damaged == passages.sealed.seal.file


def test_another_library_s_file_is_never_served_from(tmp_path: Path):
    with opened(tmp_path / "one") as one, opened(tmp_path / "two") as two:
        for number, store in enumerate((one, two)):
            put(store, many(random.Random(number), 60))
            sealed_now(store)
        sealed_files(two.folder)[0].replace(sealed_files(one.folder)[0])
        with pytest.raises(UnsealedError):
            loaded(one)


@pytest.mark.parametrize("record", ["", "{}", "no JSON", '{"format": 99}', '{"format": 1, "file": "../../x"}'])
def test_a_record_that_is_not_ours_is_none(record: str, tmp_path: Path):
    with opened(tmp_path / "library") as store:
        put(store, many(random.Random(1), 60))
        sealed_now(store)
        with store.writing():
            store.seals.finish(record, 0)
        assert recorded(store) is None
        with pytest.raises(UnsealedError):
            loaded(store)
        assert is_due(store)


def test_a_file_of_another_state_of_the_library_is_not_served_from(tmp_path: Path):
    """As when an older database is put back beside the newer index, or the other way round."""
    with opened(tmp_path / "library") as store:
        put(store, many(random.Random(1), 60))
        sealed_now(store)
        with store.writing():
            # Without a word in the log of removals
            store._db.execute("DELETE FROM document WHERE id = 5")
            store._db.execute("UPDATE model SET passages = (SELECT count(*) FROM passage)")
        with pytest.raises(UnsealedError):
            loaded(store)


# -- making one


def test_an_interrupted_making_leaves_the_library_as_it_was(tmp_path: Path):
    with opened(tmp_path / "library") as store:
        put(store, many(random.Random(1), 60))
        sealed_now(store)
        right, files = found(store, loaded(store), random.Random(3)), sealed_files(store.folder)

        def interrupt(done: int, total: int) -> None:
            if done == total:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            seal(store, interrupt, instead_of=store.seals.record())
        assert sealed_files(store.folder) == files
        assert not list(store.folder.glob("*.sealing"))
        assert found(store, loaded(store), random.Random(3)) == right


KILLED = """
import os, sys
from pathlib import Path
from quoth.index import dense
from quoth.index.dense import Plan
dense.INDEXES = (Plan(100), Plan(10_000_000, step=2, reranked=50))
from quoth.index.sealing import seal
from quoth.store import Store
store = Store.open(Path(sys.argv[1]))
def kill(done, total):
    if done >= int(sys.argv[2]): os.kill(os.getpid(), 9)
seal(store, kill, instead_of=store.seals.record())
"""


def test_a_killed_making_leaves_the_library_whole_and_is_tidied_by_the_next(tmp_path: Path):
    with opened(tmp_path / "library") as store:
        put(store, many(random.Random(1), 60))
        sealed_now(store)
        right, files = found(store, loaded(store), random.Random(3)), sealed_files(store.folder)
        for done in ("0", "360"):
            killed = subprocess.run([sys.executable, "-c", KILLED, str(store.folder), done], timeout=60, check=False)
            assert killed.returncode == -9
        assert list(store.folder.glob("*.sealing"))
        assert sealed_files(store.folder) == files
        assert found(store, loaded(store), random.Random(3)) == right
        sealed_now(store)
        assert not list(store.folder.glob("*.sealing"))
        assert found(store, loaded(store), random.Random(3)) == right


def test_several_that_make_one_at_once_make_it_once(tmp_path: Path):
    folder = tmp_path / "library"
    with opened(folder) as store:
        put(store, many(random.Random(1), 60))
        made: list[int] = []

        def make() -> None:
            with opened(folder) as its:
                seal(its, lambda done, total: made.append(done), instead_of=None)

        makers = [threading.Thread(target=make) for _ in range(4)]
        for maker in makers:
            maker.start()
        for maker in makers:
            maker.join()
        assert len(sealed_files(folder)) == 1
        assert made == sorted(made)
        assert loaded(store).size == 180


def test_what_is_removed_while_an_index_is_made_is_not_found_in_it(tmp_path: Path):
    folder = tmp_path / "library"
    with opened(folder) as store, opened(folder) as other:
        put(store, many(random.Random(1), 60) | {"gone.txt": ["quetzalcoatlus"]})

        def remove_meanwhile(done: int, total: int) -> None:
            if other.document_ids("/root", ["gone.txt"]):
                remove(other, "gone.txt")
                put(other, {"new.txt": ["xochimilco"]})

        seal(store, remove_meanwhile, instead_of=None)
        passages = loaded(store)
        assert passages.size == 181
        with store.reading():
            assert passages.vocabulary.find("quetzalcoatlus") is None
            near, _ = passages.dense.search(vector_of("quetzalcoatlus", MODEL.dimension), 181)
        assert len(near) == 181
        assert_as_made_anew(store, passages)


def test_who_reads_the_file_before_goes_on_with_it(tmp_path: Path):
    with opened(tmp_path / "library") as store:
        put(store, many(random.Random(1), 400))
        sealed_now(store)
        passages = loaded(store)
        right = found(store, passages, random.Random(3))
        sealed_now(store)
        assert found(store, passages, random.Random(3)) == right


def test_no_word_and_no_vector_of_what_was_removed_is_left_once_it_is_made_anew(tmp_path: Path):
    with opened(tmp_path / "library") as store:
        put(store, many(random.Random(1), 60) | {"gone.txt": ["quetzalcoatlus flew"]})
        sealed_now(store)
        remove(store, "gone.txt")
        assert b"quetzalcoatlus" not in sealed_files(store.folder)[0].read_bytes()
        sealed_now(store)
        passages = loaded(store)
        assert not len(store.seals.removed())
        assert passages.sealed is not None
        assert passages.sealed.size == passages.size == 180


def test_an_index_is_due_when_much_was_added_or_removed_and_not_before(tmp_path: Path):
    with opened(tmp_path / "library") as store:
        put(store, many(random.Random(1), 40))
        assert is_due(store)
        put(store, many(random.Random(1), 60, "e"))
        sealed_now(store)
        assert not is_due(store)
        put(store, many(random.Random(2), 5, "n"))
        assert not is_due(store)
        put(store, many(random.Random(3), 1, "m"))
        assert is_due(store)
        sealed_now(store)
        remove(store, "e0.txt", "e1.txt")
        assert not is_due(store)
        remove(store, "e2.txt")
        assert is_due(store)


def test_whether_an_index_is_due_is_told_without_opening_all_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with opened(tmp_path / "library") as store:
        put(store, many(random.Random(1), 60))
        sealed_now(store)
        read: list[str] = []
        monkeypatch.setattr(BlockFile, "read", lambda file, name: read.append(name) or np.zeros(0, np.int64))
        is_due(store)
        assert read == ["document_ids"]


def test_a_library_that_became_small_lets_go_of_its_sealed_index(tmp_path: Path):
    with opened(tmp_path / "library") as store:
        put(store, many(random.Random(1), 60))
        sealed_now(store)
        remove(store, *(f"d{number}.txt" for number in range(40)))
        assert loaded(store).sealed is None
        assert not is_due(store)
        unseal(store)
        assert not sealed_files(store.folder)
        assert not len(store.seals.removed())


def test_making_one_takes_little_memory_whatever_the_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("quoth.index.sealing._AT_ONCE", 100)
    monkeypatch.setattr("quoth.index.sealing._SAMPLED", 100)
    monkeypatch.setattr("quoth.index.blocks._SWEPT", 64 * 1024)
    peaks = []
    for count in (300, 3000):
        with opened(tmp_path / str(count)) as store:
            put(store, many(random.Random(1), count // 3))
            tracemalloc.start()
            sealed_now(store)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    # Ids, lengths and codes of 2,700 passages more, with a few copies of each
    assert peaks[1] - peaks[0] < 2700 * 150


def test_the_log_of_removals_is_written_for_sealed_libraries_only(tmp_path: Path):
    with opened(tmp_path / "library") as store:
        put(store, many(random.Random(1), 3))
        remove(store, "d0.txt")
        assert not len(store.seals.removed())


def test_a_library_of_schema_2_counts_its_passages(tmp_path: Path):
    with opened(tmp_path / "library") as store:
        put(store, many(random.Random(1), 3))
        folder = store.folder
    db = apsw.Connection(str(folder / "library.sqlite"))
    db.execute("ALTER TABLE model DROP COLUMN passages; DROP TABLE removed; PRAGMA user_version = 2")
    db.close()
    with opened(folder) as store:
        assert store.counts() == (3, 9)
        assert not len(store.seals.removed())
