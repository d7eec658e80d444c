"""The database of a library: all or nothing, nothing left behind, nothing foreign opened."""

from __future__ import annotations

import hashlib
import random
import shutil
import string
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import apsw
import numpy as np
import pytest

from quoth.documents.reading import parse
from quoth.encoder import ModelIdentity
from quoth.errors import EmptyLibraryError, NotALibraryError, QuothError, SchemaError
from quoth.passages import encoded_text, split
from quoth.store import PassageRow, Store
from quoth.store.connection import FILE_NAME, open_database
from quoth.store.schema import APPLICATION_ID, VERSION
from quoth.words import terms

MODEL = ModelIdentity("tiny", "0" * 64, "mean", 256, 8)
OTHER_MODEL = ModelIdentity("other", "1" * 64, "mean", 256, 8)
ROOT = "/root"


def count_tokens(texts: Sequence[str]) -> list[int]:
    return [len(text) // 4 + 2 for text in texts]


def put(store: Store, name: str, text: str, *, model: ModelIdentity = MODEL, root: str = ROOT) -> None:
    """Store a document as the indexer does, with vectors made up from its words."""
    document = parse(name, text.encode())
    rows, vectors = [], {}
    for passage in split(document, count_tokens):
        encoded = encoded_text(document.title, passage.heading, document.text[passage.start : passage.end])
        key = hashlib.blake2b(encoded.encode(), digest_size=16).digest()
        vector = np.random.default_rng(int.from_bytes(key[:4])).normal(size=MODEL.dimension)
        vectors[key] = (vector / np.linalg.norm(vector)).astype(np.float32)
        rows.append(PassageRow(passage, key, tuple(terms(encoded))))
    store.add(store.root_id(root), store.model_id(model), document, rows, vectors)


def dump(folder: Path) -> dict[str, list[tuple]]:
    """Every row of every table."""
    db = apsw.Connection(str(folder / FILE_NAME))
    try:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {table: list(db.execute(f"SELECT * FROM {table} ORDER BY 1, 2")) for table in tables}
    finally:
        db.close()


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "library", create=True)
    yield opened
    opened.close()


# -- removal


def test_a_removed_document_leaves_no_row_in_any_table(store: Store):
    with store.writing():
        put(store, "kept.txt", "The harbour master counts the boats at dawn.")
    before = dump(store.folder)
    with store.writing():
        put(store, "gone.txt", "Quetzalcoatlus flew over the harbour.", root="/another")
    with store.writing():
        store.remove(store.document_ids("/another", ["gone.txt"]))
    after = dump(store.folder)
    for counters in ("meta", "sqlite_sequence"):
        before.pop(counters), after.pop(counters)
    assert after == before


def test_a_removed_document_leaves_no_byte_of_its_text_in_any_file(tmp_path: Path):
    folder = tmp_path / "library"
    store = Store.open(folder, create=True)
    paragraphs = "\n\n".join(f"Quetzalcoatlus number {n} flew over Xochimilco{n} at noon." for n in range(40))
    with store.writing():
        put(store, "kept.txt", "The harbour master counts the boats at dawn.")
        put(store, "gone.txt", paragraphs)
    assert b"Quetzalcoatlus" in bytes_of(folder)
    with store.writing():
        store.remove(store.document_ids(ROOT, ["gone.txt"]))
    store.close()
    left = bytes_of(folder).lower()
    for word in (b"quetzalcoatlus", b"xochimilco", *map(str.encode, terms("Quetzalcoatlus Xochimilco")), b"gone.txt"):
        assert word not in left
    assert b"harbour master" in left


def test_a_changed_document_leaves_no_byte_of_its_old_text(tmp_path: Path):
    folder = tmp_path / "library"
    store = Store.open(folder, create=True)
    with store.writing():
        put(store, "a.txt", "Quetzalcoatlus flew over the harbour.")
    with store.writing():
        put(store, "a.txt", "Nobody flew over the harbour.")
    store.close()
    assert b"uetzalcoatlu" not in bytes_of(folder)


def test_nothing_waits_in_a_write_ahead_log_once_a_library_is_closed(tmp_path: Path):
    folder = tmp_path / "library"
    store = Store.open(folder, create=True)
    with store.writing():
        put(store, "a.txt", "The harbour master counts the boats at dawn.")
    assert (folder / f"{FILE_NAME}-wal").stat().st_size > 0
    store.close()
    assert [path.name for path in folder.iterdir()] == [FILE_NAME]


def test_of_many_removed_documents_no_rare_word_is_left_in_any_file(tmp_path: Path):
    folder = tmp_path / "library"
    store = Store.open(folder, create=True)
    chance = random.Random(1)
    common = ["".join(chance.choices(string.ascii_lowercase, k=7)) for _ in range(300)]
    rare: dict[str, list[str]] = {}
    removed: list[str] = []

    def add(number: int) -> None:
        name = f"{number}.txt"
        rare[name] = ["zq" + "".join(chance.choices(string.ascii_lowercase, k=12)) for _ in range(20)]
        sentences = [" ".join(chance.choices(common, k=60) + rare[name]) + "." for _ in range(chance.randint(1, 6))]
        put(store, name, "\n\n".join(sentences))

    for number in range(100):
        with store.writing():
            add(number)
    for number in range(100, 200):
        with store.writing():
            name = chance.choice(sorted(rare))
            store.remove(store.document_ids(ROOT, [name]))
            removed += rare.pop(name)
        if chance.random() < 0.6:
            with store.writing():
                add(number)
    store.forget()
    store.close()
    data = bytes_of(folder)
    assert not [word for word in removed if word.encode() in data]


def test_the_id_of_a_removed_document_or_passage_never_comes_back(store: Store):
    with store.writing():
        put(store, "a.txt", "The harbour master counts the boats.")
    with store.reading():
        (document,), passages = store.documents(), store.passages.ids(1)
    with store.writing():
        store.remove([document.id])
    with store.writing():
        put(store, "b.txt", "The lighthouse keeper counts the stars.")
    with store.reading():
        assert store.documents()[0].id > document.id
        assert store.passages.ids(1).min() > passages.max()


# -- transactions


class Interrupted(BaseException):
    """Neither an Exception nor ours, as a KeyboardInterrupt is."""


def test_a_transaction_that_fails_leaves_everything_as_it_was(store: Store):
    with store.writing():
        put(store, "a.txt", "The harbour master counts the boats.")
    before = dump(store.folder)
    with pytest.raises(Interrupted), store.writing():
        put(store, "a.txt", "Something else entirely.")
        put(store, "b.txt", "The lighthouse keeper counts the stars.", root="/another")
        store.remove([1])
        raise Interrupted
    assert dump(store.folder) == before
    with store.writing():
        put(store, "b.txt", "The lighthouse keeper counts the stars.")
    assert [record.name for record in store.documents()] == ["a.txt", "b.txt"]


def test_a_document_without_its_vectors_is_not_stored_in_part(store: Store):
    document = parse("a.txt", b"The harbour master counts the boats.")
    rows = [PassageRow(passage, b"key", ("harbour",)) for passage in split(document, count_tokens)]
    with pytest.raises(KeyError), store.writing():
        store.add(store.root_id(ROOT), store.model_id(MODEL), document, rows, {})
    assert dump(store.folder)["document"] == []


def test_the_generation_counts_committed_changes_and_only_these(store: Store):
    start = store.generation()
    with store.writing():
        put(store, "a.txt", "The harbour master counts the boats.")
        put(store, "b.txt", "The lighthouse keeper counts the stars.")
    assert store.generation() == start + 1
    with pytest.raises(Interrupted), store.writing():
        raise Interrupted
    with store.reading():
        store.documents()
    assert store.generation() == start + 1


def test_a_reader_sees_one_state_while_another_connection_writes(store: Store):
    with store.writing():
        put(store, "a.txt", "The harbour master counts the boats.")
    other = Store.open(store.folder)
    with other.reading():
        generation = other.generation()
        with store.writing():
            put(store, "b.txt", "The lighthouse keeper counts the stars.")
            store.remove(store.document_ids(ROOT, ["a.txt"]))
        assert other.generation() == generation
        assert [record.name for record in other.documents()] == ["a.txt"]
        assert other.document(1).text == "The harbour master counts the boats."
    assert other.generation() == generation + 1
    assert [record.name for record in other.documents()] == ["b.txt"]
    other.close()


def test_a_reader_never_sees_half_a_transaction(store: Store):
    other = Store.open(store.folder)
    with store.writing():
        put(store, "a.txt", "The harbour master counts the boats.")
        with other.reading():
            assert other.documents() == []
    other.close()


# -- what is counted


def test_a_term_counts_the_passages_that_hold_it_whatever_came_and_went(store: Store):
    texts = {f"{n}.txt": f"Boat {n} sails.\n\n" + "The boat is red. " * (n + 1) for n in range(6)}
    for name, text in texts.items():
        with store.writing():
            put(store, name, text)
    with store.writing():
        put(store, "1.txt", "A blue boat, and a blue harbour.")
        store.remove(store.document_ids(ROOT, ["0.txt", "5.txt"]))
    rows = dump(store.folder)
    spelled = {term_id: text for term_id, text, _ in rows["term"]}
    expected: Counter[str] = Counter()
    for name in ("1.txt", "2.txt", "3.txt", "4.txt"):
        text = "A blue boat, and a blue harbour." if name == "1.txt" else texts[name]
        document = parse(name, text.encode())
        for passage in split(document, count_tokens):
            encoded = encoded_text(document.title, passage.heading, document.text[passage.start : passage.end])
            expected.update(set(terms(encoded)))
    assert {spelled[term_id]: count for term_id, _, count in rows["term"]} == expected
    assert store.check()[2] == ()


def test_equal_passages_share_a_vector_that_goes_with_the_last_of_them(store: Store):
    with store.writing():
        put(store, "a.txt", "The harbour master counts the boats.")
        put(store, "a.txt", "The harbour master counts the boats.", root="/another")
    first, second = (record.id for record in store.documents())
    assert len(dump(store.folder)["vector"]) == 1
    with store.writing():
        store.remove([first])
    assert len(dump(store.folder)["vector"]) == 1
    with store.writing():
        store.remove([second])
    assert dump(store.folder)["vector"] == []


def test_making_a_model_current_drops_the_vectors_and_passages_of_the_others(store: Store):
    with store.writing():
        put(store, "a.txt", "The harbour master counts the boats.")
        put(store, "b.txt", "The lighthouse keeper counts the stars.", model=OTHER_MODEL)
    assert store.current_model()[1] == MODEL
    with store.writing():
        store.make_current(store.model_id(OTHER_MODEL))
    assert store.current_model()[1] == OTHER_MODEL
    rows = dump(store.folder)
    assert len(rows["model"]) == len(rows["vector"]) == len(rows["passage"]) == 1


# -- opening


def test_a_library_that_does_not_exist_is_made_only_on_request(tmp_path: Path):
    with pytest.raises(EmptyLibraryError):
        Store.open(tmp_path / "library")
    assert not (tmp_path / "library").exists()


def test_a_newer_schema_is_refused_and_left_as_it_is(store: Store):
    store.close()
    db = apsw.Connection(str(store.folder / FILE_NAME))
    db.pragma("user_version", VERSION + 1)
    db.close()
    before = bytes_of(store.folder)
    with pytest.raises(SchemaError, match=f"schema {VERSION + 1}"):
        Store.open(store.folder)
    assert bytes_of(store.folder) == before


def test_a_database_of_another_program_is_refused_and_left_as_it_is(tmp_path: Path):
    db = apsw.Connection(str(tmp_path / FILE_NAME))
    db.execute("CREATE TABLE recipe (title TEXT)")
    db.close()
    before = bytes_of(tmp_path)
    with pytest.raises(NotALibraryError, match="another program"):
        Store.open(tmp_path, create=True)
    assert bytes_of(tmp_path) == before


@pytest.mark.parametrize("data", [b"not a database, but long enough to look at " * 50, b"short"])
def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path: Path, data: bytes):
    (tmp_path / FILE_NAME).write_bytes(data)
    with pytest.raises(NotALibraryError):
        Store.open(tmp_path, create=True)
    assert (tmp_path / FILE_NAME).read_bytes() == data


def test_a_folder_of_other_files_does_not_become_a_library(tmp_path: Path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(NotALibraryError, match="other files"):
        Store.open(tmp_path, create=True)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_database_at_version_0_is_brought_to_the_newest(tmp_path: Path):
    """What a crash before the first table leaves: an empty file."""
    (tmp_path / FILE_NAME).touch()
    store = Store.open(tmp_path)
    with store.writing():
        put(store, "a.txt", "The harbour master counts the boats.")
    assert store.check() == (1, 1, ())
    store.close()
    db = apsw.Connection(str(tmp_path / FILE_NAME))
    assert (db.pragma("user_version"), db.pragma("application_id")) == (VERSION, APPLICATION_ID)
    db.close()


def test_a_migration_that_fails_leaves_version_0(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from quoth.store import connection

    with monkeypatch.context() as patched:
        patched.setattr(connection, "MIGRATIONS", (*connection.MIGRATIONS, "CREATE TABLE half (x); SELECT broken"))
        with pytest.raises(apsw.SQLError):
            open_database(tmp_path / "library", create=True)
    db = apsw.Connection(str(tmp_path / "library" / FILE_NAME))
    assert db.pragma("user_version") == 0
    assert list(db.execute("SELECT name FROM sqlite_master")) == []
    db.close()


def test_a_library_of_schema_1_keeps_all_it_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from quoth.store import connection

    folder = tmp_path / "library"
    with monkeypatch.context() as patched:
        patched.setattr(connection, "MIGRATIONS", connection.MIGRATIONS[:1])
        patched.setattr(connection, "VERSION", 1)
        open_database(folder, create=True).close()
    old = apsw.Connection(str(folder / FILE_NAME))
    old.execute("INSERT INTO root VALUES (1, '/root')")
    for number in (1, 2, 3):
        old.execute(
            "INSERT INTO document VALUES (?, 1, ?, 'Boats', NULL, 'text/plain', 'x', '2026-01-01', ?)",
            (number, f"{number}.txt", "Boats\0 🚤"),
        )
        old.execute("INSERT INTO paragraph VALUES (?, 1, 0, 8, NULL, NULL, 1)", (number,))
    old.pragma("foreign_keys", True)
    old.execute("DELETE FROM document WHERE id = 3")
    old.close()
    store = Store.open(folder)
    assert [(one.id, one.name, one.characters) for one in store.documents()] == [(1, "1.txt", 8), (2, "2.txt", 8)]
    assert (store.document(1).text, len(store.document(1).paragraphs)) == ("Boats\0 🚤", 1)
    with store.writing():
        put(store, "new.txt", "The harbour master counts the boats.")
        store.remove([1])
    # The id of the document that is gone was not given again, and what belongs to a document goes with it
    assert [one.id for one in store.documents()] == [2, 4]
    assert {row[0] for row in dump(folder)["paragraph"]} == {2, 4}
    store.close()


def test_documents_are_listed_without_reading_their_texts(store: Store):
    with store.writing():
        for number in range(3):
            put(store, f"{number}.txt", "The harbour master counts the boats.\n" * 500 * (number + 1))
    db = apsw.Connection(str(store.folder / FILE_NAME))
    db.execute("UPDATE document SET text = ''")
    db.close()
    assert [one.characters for one in store.documents()] == [18_500, 37_000, 55_500]
    assert any("18500" in problem for problem in store.check()[2])


@pytest.mark.parametrize(
    ("text", "is_cut_out"),
    [
        ("Boats sleep.\n\nBoats wake.", True),
        ("\U0001f6a2 sleeps \u0301.\n\nقایق‌ها می‌خوابند.\n\n\U0001f1ee\U0001f1f7 wakes.", True),
        ("Boats sleep.\n\nA\0b.\n\nBoats wake.", False),
        ("Boats sleep. " * 5_000 + "\n\nBoats wake.", False),
    ],
)
def test_a_passage_is_read_as_it_stands_in_its_document(store: Store, text: str, is_cut_out: bool):
    with store.writing():
        put(store, "a.txt", text.replace("\0", "x"))
        store._db.execute("UPDATE document SET text = ?", (text,))
    with store.reading():
        document = store.document(1)
        read = store.passages.texts(store.passages.ids(1).tolist())
    assert len(read) > 1
    assert {(held.name, held.title) for held in read} == {("a.txt", document.title)}
    words = [document.text[held.passage.start : held.passage.end] for held in read]
    assert {held.text for held in read} <= {*words, None}
    assert (read[-1].text == words[-1]) is is_cut_out


def test_a_library_whose_making_was_killed_can_be_made_again(tmp_path: Path):
    db = apsw.Connection(str(tmp_path / FILE_NAME))
    db.pragma("journal_mode", "wal")
    db.close()
    Store.open(tmp_path, create=True).close()


def test_several_may_make_the_same_library_at_once(tmp_path: Path):
    failed: list[QuothError] = []

    def make(folder: Path, barrier: threading.Barrier) -> None:
        barrier.wait()
        try:
            open_database(folder, create=True).close()
        except QuothError as error:
            failed.append(error)

    for attempt in range(8):
        barrier = threading.Barrier(4)
        threads = [threading.Thread(target=make, args=(tmp_path / str(attempt), barrier)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not failed


def test_a_copied_library_is_the_same_library(store: Store, tmp_path: Path):
    with store.writing():
        put(store, "a.txt", "The harbour master counts the boats.")
    store.close()
    shutil.copytree(store.folder, tmp_path / "copy")
    copy = Store.open(tmp_path / "copy")
    assert copy.check() == (1, 1, ())
    copy.close()
