"""Documents added from their bytes, found by their number, and removed to the last byte."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from quoth.encoder import Encoder
from quoth.errors import DocumentNotFoundError, EmptyLibraryError, FormatError, NoRoomError, QuestionError
from quoth.indexing import is_upload, upload_root
from quoth.library import Library
from quoth.progress import Progress
from tests.test_library import BOATS, QUESTION, STARS, Counting, make_model

RARE = "Quetzalcoatl"
SECRET = f"The captain {RARE} hides the gold below the lighthouse.\n"


@pytest.fixture
def library(tmp_path: Path, encoder: Encoder) -> Iterator[Library]:
    with Library.open(tmp_path / "library", encoder=encoder) as opened:
        yield opened


def bytes_of(library: Library) -> bytes:
    return b"".join(path.read_bytes() for path in library.folder.iterdir())


def corpus(**texts: str) -> bytes:
    return "".join(json.dumps({"_id": name, "text": text}) + "\n" for name, text in texts.items()).encode()


def names(library: Library) -> list[tuple[str, str]]:
    return [(record.name, record.root) for record in library.documents()]


# -- adding


def test_a_file_is_added_from_its_bytes_alone_and_quoted_verbatim(library: Library):
    summary = library.add("boats.md", ("# Port Quill\r\n\r\n" + BOATS).encode())
    assert (summary.added, summary.passages, summary.embedded) == (1, 1, 1)
    assert library.ask(QUESTION).quotes[0].text == BOATS.strip()
    assert library.document("boats.md").text == "# Port Quill\r\n\r\n" + BOATS
    assert names(library) == [("boats.md", "upload:boats.md")] == [("boats.md", upload_root("boats.md"))]
    assert is_upload("upload:boats.md")
    assert not is_upload("/upload:boats.md")
    assert library.check().problems == ()


def test_a_file_of_the_same_name_is_replaced_as_a_whole(library: Library):
    library.add("a.txt", (BOATS + "\n" + SECRET).encode())
    library.add("b.txt", STARS.encode())
    summary = library.add("a.txt", STARS.replace("stars", "ships").encode())
    assert (summary.changed, summary.added) == (1, 0)
    assert [record.passages for record in library.documents()] == [1, 1]
    assert RARE.encode() not in bytes_of(library)
    assert {passage.document for passage in library.search("Who hides the gold?")} == {"a.txt", "b.txt"}


def test_a_corpus_is_one_root_of_several_documents_and_replaced_as_one(library: Library):
    library.add("faq.jsonl", corpus(one=BOATS, two=SECRET, three=STARS))
    assert names(library) == [(name, "upload:faq.jsonl") for name in ("one", "three", "two")]
    summary = library.add("faq.jsonl", corpus(one=BOATS, four="The waves are many."))
    assert (summary.added, summary.changed, summary.removed) == (1, 1, 2)
    assert [name for name, _ in names(library)] == ["four", "one"]
    assert RARE.encode() not in bytes_of(library)


def test_the_same_bytes_again_cost_nothing_and_change_nothing(library: Library, encoder: Encoder):
    counting = Counting(encoder)
    with Library.open(library.folder, encoder=counting) as other:
        other.add("faq.jsonl", corpus(one=BOATS, two=STARS))
        before = [record.id for record in other.documents()]
        summary = other.add("faq.jsonl", corpus(one=BOATS, two=STARS))
    assert (summary.unchanged, summary.embedded, summary.changed) == (2, 0, 0)
    assert [record.id for record in library.documents()] == before
    assert len(counting.texts) == 2


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.txt", b"%PDF-1.7"),
        ("a.txt", b"\x00\x01\x02" * 100),
        ("a.jsonl", corpus(one=SECRET) + b"{broken\n"),
        ("", b"text"),
        ("a\nb.txt", b"text"),
        ("\ud800.txt", b"text"),
    ],
)
def test_bytes_that_are_not_what_they_are_called_add_nothing(library: Library, name: str, data: bytes):
    library.add("b.txt", STARS.encode())
    with pytest.raises(FormatError):
        library.add(name, data)
    assert [one for one, _ in names(library)] == ["b.txt"]
    assert RARE.encode() not in bytes_of(library)


def test_a_file_without_room_is_refused_before_anything_is_embedded(library: Library, encoder: Encoder):
    counting = Counting(encoder)
    text = (SECRET + "\n" + BOATS).encode()
    with Library.open(library.folder, encoder=counting) as other:
        with pytest.raises(NoRoomError, match="makes 2 passages and there is room for 1") as caught:
            other.add("a.txt", text, room=1)
        assert (caught.value.passages, caught.value.room) == (2, 1)
        assert counting.texts == []
        assert RARE.encode() not in bytes_of(other)
        assert other.add("a.txt", text, room=2).added == 1


def test_a_file_of_more_paragraphs_than_there_is_room_for_is_refused_before_anything_is_counted(
    library: Library, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(encoder, "count_tokens", None)
    with pytest.raises(NoRoomError, match="makes 1,000 passages and there is room for 10"):
        library.add("a.jsonl", corpus(**{f"id{n}": f"Boat {n}." for n in range(1_000)}), room=10)
    assert library.documents() == []


def test_an_interrupted_file_leaves_what_was_there(library: Library, encoder: Encoder):
    library.add("a.txt", BOATS.encode())
    counting = Counting(encoder)
    counting.fail_after = 0
    with Library.open(library.folder, encoder=counting) as other, pytest.raises(KeyboardInterrupt):
        other.add("a.txt", SECRET.encode())
    assert library.ask(QUESTION).quotes[0].text == BOATS.strip()
    assert RARE.encode() not in bytes_of(library)


def test_a_report_that_raises_stops_the_adding(library: Library):
    class StopError(Exception):
        pass

    def report(progress: Progress) -> None:
        raise StopError

    with pytest.raises(StopError):
        library.add("a.txt", SECRET.encode(), report=report)
    assert library.documents() == []


# -- beside files on disk


def test_indexing_what_was_indexed_before_passes_added_files_over(library: Library, tmp_path: Path):
    root = tmp_path / "documents"
    root.mkdir()
    (root / "a.txt").write_text(BOATS)
    library.add("a.txt", STARS.encode())
    assert library.index().added == 0
    library.index([root])
    (root / "b.txt").write_text("The waves are many.")
    assert library.index().added == 1
    assert names(library) == [("a.txt", str(root)), ("a.txt", "upload:a.txt"), ("b.txt", str(root))]


def test_an_added_file_can_be_shown_and_removed_by_its_root_like_any_document(library: Library, tmp_path: Path):
    (tmp_path / "a.txt").write_text(BOATS)
    library.index([tmp_path / "a.txt"])
    library.add("a.txt", SECRET.encode())
    with pytest.raises(DocumentNotFoundError, match="2 documents"):
        library.document("a.txt")
    assert library.document("a.txt", root="upload:a.txt").text == SECRET
    assert library.remove("a.txt", root="upload:a.txt").root == "upload:a.txt"
    assert library.document("a.txt").text == BOATS


def test_another_model_embeds_added_files_anew_as_well(library: Library, tmp_path: Path):
    library.add("a.txt", BOATS.encode())
    tiny = make_model(tmp_path / "models", 1)
    with Library.open(library.folder, model=str(tiny)) as other:
        assert other.index().embedded == 1
        assert {passage.document for passage in other.search(QUESTION)} == {"a.txt"}
        assert other.check().problems == ()


# -- by number, and counting


def test_a_document_is_found_by_the_number_that_a_quote_names_until_it_changes(library: Library):
    library.add("a.txt", BOATS.encode())
    library.add("b.txt", STARS.encode())
    quote = library.ask(QUESTION).quotes[0]
    assert library.document_by_id(quote.document_id).text[quote.start : quote.end] == quote.text
    library.add("a.txt", BOATS.replace("dawn", "dusk").encode())
    with pytest.raises(DocumentNotFoundError, match="no longer there"):
        library.document_by_id(quote.document_id)
    for number in (0, -1, 10_000, 2**62):
        with pytest.raises(DocumentNotFoundError):
            library.document_by_id(number)


def test_documents_and_passages_are_counted(library: Library):
    assert library.counts() == (0, 0)
    library.add("a.txt", (BOATS + "\n" + STARS).encode())
    library.add("b.txt", STARS.encode())
    assert library.counts() == (2, 3)
    library.remove("a.txt")
    assert library.counts() == (1, 1)


# -- removing


def test_a_root_is_removed_with_all_its_documents_and_leaves_no_byte_while_the_library_is_open(library: Library):
    library.add("faq.jsonl", corpus(one=BOATS, two=SECRET))
    library.add("b.txt", STARS.encode())
    library.ask(QUESTION)
    assert RARE.encode() in bytes_of(library)
    assert [record.name for record in library.remove_root("upload:faq.jsonl")] == ["one", "two"]
    left = bytes_of(library)
    for word in (RARE, "captain", RARE.lower()):
        assert word.encode() not in left
    assert {passage.document for passage in library.ask(QUESTION).passages} == {"b.txt"}
    with pytest.raises(DocumentNotFoundError, match="nothing was indexed"):
        library.remove_root("upload:faq.jsonl")
    library.remove_root("upload:b.txt")
    with pytest.raises(EmptyLibraryError):
        library.ask(QUESTION)


def test_a_removed_document_leaves_no_byte_even_while_others_have_the_library_open(library: Library, encoder: Encoder):
    library.add("a.txt", SECRET.encode())
    library.add("b.txt", STARS.encode())
    with Library.open(library.folder, encoder=encoder) as other:
        other.ask(QUESTION)
        library.remove("a.txt")
        assert RARE.encode() not in bytes_of(library)
        assert RARE.lower()[:8].encode() not in bytes_of(library)


# -- several at once


class Gated(Encoder):
    """The real encoder, which waits before it embeds passages until it is let through."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__(encoder._model, encoder.identity)
        self.arrived, self.gate = threading.Event(), threading.Event()

    def encode_passages(self, texts):
        self.arrived.set()
        assert self.gate.wait(60)
        return super().encode_passages(texts)


@pytest.fixture
def during(tmp_path: Path, encoder: Encoder) -> Iterator[Callable[[Library], Gated]]:
    """Begin to add a file to a library, which waits in the middle of embedding."""
    threads: list[tuple[threading.Thread, Gated]] = []

    def begin(library: Library) -> Gated:
        gated = Gated(encoder)
        library._encoder = gated
        thread = threading.Thread(target=library.add, args=("late.txt", SECRET.encode()))
        thread.start()
        threads.append((thread, gated))
        assert gated.arrived.wait(60)
        return gated

    yield begin
    for thread, gated in threads:
        gated.gate.set()
        thread.join()


def test_questions_are_answered_while_a_file_is_embedded(library: Library, during):
    library.add("a.txt", BOATS.encode())
    gated = during(library)
    assert library.ask(QUESTION).quotes[0].document == "a.txt"
    assert names(library) == [("a.txt", "upload:a.txt")]
    assert library.search("gold")[0].document == "a.txt"
    assert library.remove("a.txt").name == "a.txt"
    gated.gate.set()


def test_questions_are_answered_while_the_library_is_checked(library: Library, monkeypatch: pytest.MonkeyPatch):
    library.add("boats.txt", BOATS.encode())
    begun, done = threading.Event(), threading.Event()

    def slow(*_: object) -> tuple[str, ...]:
        begun.set()
        assert done.wait(60)
        return ()

    monkeypatch.setattr("quoth.store.store.problems", slow)
    checking = threading.Thread(target=library.check)
    asking = threading.Thread(target=library.ask, args=(QUESTION,))
    checking.start()
    try:
        assert begun.wait(60)
        asking.start()
        asking.join(30)
        assert not asking.is_alive()
    finally:
        done.set()
        checking.join()
        asking.join()


def test_another_library_s_questions_are_answered_while_a_file_is_embedded(library: Library, during, tmp_path, encoder):
    with Library.open(tmp_path / "other", encoder=encoder) as other:
        other.add("b.txt", BOATS.encode())
        during(library)
        assert other.ask(QUESTION).quotes[0].document == "b.txt"


def test_threads_that_ask_and_add_and_remove_at_once_always_see_whole_documents(library: Library):
    library.add("a.txt", BOATS.encode())
    wrong: list[object] = []

    def change() -> None:
        try:
            for n in range(6):
                library.add("b.txt", (SECRET + f"\nAnd {n} more words of it.\n").encode())
                if n % 2:
                    library.remove("b.txt")
        except Exception as error:  # every error counts
            wrong.append(error)

    def ask() -> None:
        try:
            for _ in range(6):
                for quote in library.ask("Who hides the gold, and who counts the boats?").quotes:
                    if quote.text not in BOATS + SECRET and not quote.text.startswith("And "):
                        wrong.append(quote)
        except Exception as error:  # every error counts
            wrong.append(error)

    threads = [threading.Thread(target=change), *(threading.Thread(target=ask) for _ in range(2))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert library.check().problems == ()


# -- questions before it


@pytest.mark.parametrize("before", ["half \ud800 a character", "\udfff"])
def test_a_question_before_it_with_half_a_character_is_refused_in_words(library: Library, before: str):
    library.add("a.txt", BOATS.encode())
    for use in (library.ask, library.search):
        with pytest.raises(QuestionError, match="a question before it"):
            use("And who is he?", history=[before])
