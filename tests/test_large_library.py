"""A library that is served from a sealed index, from end to end: the same answers, whatever happens to it."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from quoth.documents.reading import parse
from quoth.encoder import Encoder
from quoth.index import dense, live
from quoth.index.dense import Plan
from quoth.index.sealing import seal
from quoth.library import Library
from quoth.passages import Passage
from quoth.progress import Progress
from quoth.sentences import sentences
from quoth.store import PassageRow, Store
from tests.large import MODEL, loaded
from tests.test_library import assert_same, opened, root  # noqa: F401

QUESTION = "When was the lighthouse of Port Wilna built?"
_NAMES = ("Ardenwick", "Belmouth", "Corstead", "Dunbrook", "Esfield")
_NAMES += ("Farton", "Golham", "Halden", "Ilwick", "Kermouth")
_THINGS = ("bridge", "castle", "market", "harbour", "church", "mill")
_THINGS += ("school", "theatre", "tower", "well", "inn", "park")

Opened = Callable[..., Library]


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, encoding="utf-8")


@pytest.fixture
def documents(root: Path) -> Path:  # noqa: F811
    """Some hundred paragraphs, of which one is about Port Wilna."""
    chance = random.Random(1)
    for name in _NAMES:
        paragraphs = [
            f"The {thing} of {name} was built in {chance.randint(1100, 1900)} by {chance.choice(_NAMES)} masons."
            for thing in _THINGS
        ]
        write(root, f"{name}.txt", "\n\n".join(paragraphs))
    write(root, "wilna.txt", "The lighthouse of Port Wilna was built in 1871 by the Quetzal brothers.")
    return root


def answers(library: Library) -> list[object]:
    questions = [QUESTION, *(f"Who built the {thing} of {name}?" for thing, name in zip(_THINGS, _NAMES, strict=False))]
    return [library.ask(question, retriever=kind) for question in questions for kind in ("both", "dense", "lexical")]


def sealed(library: Library) -> list[Path]:
    return sorted(library.folder.glob("*.sealed"))


@pytest.mark.usefixtures("lowered")
def test_a_large_library_answers_as_a_small_one_does(documents, opened: Opened, monkeypatch):  # noqa: F811
    large = opened("large")
    large.index([documents])
    assert len(sealed(large)) == 1
    found = answers(large)
    monkeypatch.setattr(dense, "INDEXES", (Plan(1_000_000),))
    small = opened("small")
    small.index([documents])
    assert not sealed(small)
    for one, other in zip(found, answers(small), strict=True):
        # Fewer candidates are looked at, so that what is known of all together differs a little
        assert [quote.text for quote in one.quotes[:1]] == [quote.text for quote in other.quotes[:1]]
        assert one.passages[0].text == other.passages[0].text
        assert one.documents_searched == other.documents_searched == 11


@pytest.mark.usefixtures("lowered")
def test_answers_do_not_depend_on_what_was_sealed_and_what_came_later(documents, opened: Opened):  # noqa: F811
    library = opened("library")
    write(documents, "early.txt", "The lighthouse of Port Wilna fell into the sea in 1902.")
    library.index([documents])
    before = sealed(library)
    (documents / "early.txt").unlink()
    write(documents, "late.txt", "The lighthouse of Port Wilna has 214 steps and was painted red in 1955.")
    library.index([documents])
    assert sealed(library) == before
    fresh = opened("fresh")
    fresh.index([documents])
    assert sealed(fresh) != before
    for one, other in zip(answers(library), answers(fresh), strict=True):
        assert_same(one, other)


@pytest.mark.usefixtures("lowered")
def test_a_removed_document_is_never_quoted_again_and_leaves_nothing_once_checked(documents, opened: Opened):  # noqa: F811
    library = opened("library")
    library.index([documents])
    assert "1871" in library.ask(QUESTION).quotes[0].text
    before = sealed(library)
    opened("library").remove("wilna.txt")
    assert all("Wilna" not in quote.text for quote in library.ask(QUESTION).quotes)
    assert sealed(library) == before
    assert library.check().repaired == ("the index was made anew: documents were removed since it was made",)
    assert sealed(library) != before
    assert library.check().repaired == ()
    library.close()
    left = b"".join(path.read_bytes() for path in library.folder.iterdir()).lower()
    assert b"quetzal" not in left
    assert b"wilna" not in left


@pytest.mark.usefixtures("lowered")
def test_a_document_that_is_removed_while_its_question_is_embedded_is_not_quoted(
    documents,
    opened: Opened,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
):
    library = opened("library")
    library.index([documents])
    embed = Encoder.encode_questions
    asked: list[str] = []

    def meanwhile(encoder: Encoder, texts: Sequence[str]) -> np.ndarray:
        # The search for the question's words goes on since before, and may have found it
        asked.extend(texts)
        opened("library").remove("wilna.txt")
        return embed(encoder, texts)

    monkeypatch.setattr(Encoder, "encode_questions", meanwhile)
    assert all("Wilna" not in quote.text for quote in library.ask(QUESTION).quotes)
    assert asked == [QUESTION]


@pytest.mark.usefixtures("lowered")
@pytest.mark.parametrize("by", ["name", "root", "file"])
@pytest.mark.parametrize("is_of_another_version", [False, True])
def test_a_removed_document_leaves_nothing_where_the_index_is_made_in_seconds(
    documents,
    opened: Opened,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    by: str,
    is_of_another_version: bool,
):
    monkeypatch.setattr(live, "SOON_MADE", 100_000)
    library = opened("library")
    library.add("note.txt", b"The harbour of Zwyx was built by a quokka.\n")
    library.index([documents])
    (before,) = sealed(library)
    if is_of_another_version:
        with contextlib.closing(Store.open(library.folder)) as store, store.writing():
            record, generation = str(store.seals.record()), store.generation()
            store.seals.finish(record.replace('"format": 2', '"format": 1'), generation)
    if by == "root":
        library.remove_root("upload:note.txt")
    elif by == "file":
        library.add("note.txt", b"Nothing is known of that harbour.\n")
    else:
        library.remove("note.txt")
    assert sealed(library) != [before] and len(sealed(library)) == 1
    assert library.check().repaired == ()
    assert all("quokka" not in quote.text for quote in library.ask("Who built the harbour of Zwyx?").quotes)
    library.close()
    assert b"quokka" not in b"".join(path.read_bytes() for path in library.folder.iterdir()).lower()


@pytest.mark.usefixtures("lowered")
@pytest.mark.parametrize("is_open", [True, False])
def test_a_damaged_index_is_made_anew_by_the_question_that_finds_it(documents, opened: Opened, is_open: bool):  # noqa: F811
    library = opened("library")
    library.index([documents])
    right = answers(library) if is_open else answers(opened("library"))
    (file,) = sealed(library)
    file.write_bytes(file.read_bytes()[:1000])
    for one, other in zip(answers(library), right, strict=True):
        assert_same(one, other)
    if not is_open:
        assert sealed(library) != [file]
    assert library.check().repaired == () or is_open


@pytest.mark.usefixtures("lowered")
def test_a_check_makes_a_missing_or_damaged_index_anew(documents, opened: Opened):  # noqa: F811
    library = opened("library")
    library.index([documents])
    right = answers(library)
    (file,) = sealed(library)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    (repaired,) = library.check().repaired
    assert "is damaged at byte" in repaired
    sealed(library)[0].unlink()
    (repaired,) = library.check().repaired
    assert "can't be read" in repaired
    for one, other in zip(answers(opened("library")), right, strict=True):
        assert_same(one, other)


@pytest.mark.usefixtures("lowered")
def test_a_library_copied_without_its_index_answers(documents, opened: Opened, tmp_path: Path):  # noqa: F811
    library = opened("library")
    library.index([documents])
    right = library.ask(QUESTION)
    library.close()
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "library.sqlite").write_bytes((library.folder / "library.sqlite").read_bytes())
    copy = opened("copy")
    assert_same(copy.ask(QUESTION), replace(right, question=QUESTION))
    assert len(sealed(copy)) == 1


@pytest.mark.usefixtures("lowered")
def test_indexing_tells_how_far_the_index_is_and_can_be_stopped_there(documents, opened: Opened):  # noqa: F811
    library = opened("library")
    stages: list[Progress] = []

    def stop(progress: Progress) -> None:
        stages.append(progress)
        if progress.stage == "building the index" and progress.done == progress.total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        library.index([documents], report=stop)
    assert stages[-1].total > 0
    assert not sealed(library)
    assert library.counts() == (11, 121)
    assert "1871" in library.ask(QUESTION).quotes[0].text


@pytest.mark.usefixtures("lowered")
def test_a_large_library_tells_how_much_memory_it_takes(documents, opened: Opened):  # noqa: F811
    library = opened("library")
    library.index([documents])
    assert library.index_bytes == 0
    library.ask(QUESTION)
    assert library.index_bytes > 121 * 192


def test_among_twenty_thousand_passages_of_real_sentences_nearly_all_nearest_are_found(
    encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Passages are pairs of sentences of these documents, their vectors the normalised sums of the sentences'."""
    monkeypatch.setattr(dense, "INDEXES", (Plan(100), replace(dense.INDEXES[1], most=10_000_000)))
    text = "\n\n".join(path.read_text("utf-8") for path in sorted((Path(__file__).parent.parent / "docs").glob("*.md")))
    halves = [text[start:end] for start, end in sentences(text, 0, len(text)) if 40 < end - start < 200][:240]
    vectors = encoder.encode_passages(halves)
    pairs = [(one, other) for one in range(len(halves)) for other in range(one)][:20_000]
    both = np.array([vectors[one] + vectors[other] for one, other in pairs])
    both /= np.linalg.norm(both, axis=1, keepdims=True)
    store = Store.open(tmp_path / "library", create=True)
    document = parse("a.txt", b"one word")
    with store.writing():
        rows = [PassageRow(Passage(0, 8, 1), number.to_bytes(8), ("word",)) for number in range(len(pairs))]
        keys = {row.vector_key: vector for row, vector in zip(rows, both, strict=True)}
        model = replace(MODEL, dimension=both.shape[1])
        store.add(store.root_id("/root"), store.model_id(model), document, rows, keys)
    seal(store, lambda done, total: None, instead_of=None)
    passages = loaded(store)
    questions = encoder.encode_questions([f"What is said of {half.split()[-1]}?" for half in halves[:60]])
    with store.reading():
        shares = []
        for question in questions:
            found, _ = passages.dense.search(question, 10)
            exact = np.sort(both @ question)[-10]
            shares.append(np.mean(both[found] @ question >= exact - 1e-6))
    store.close()
    assert np.mean(shares) >= 0.97
