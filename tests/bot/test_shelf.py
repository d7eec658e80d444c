"""Many servers' libraries side by side: who gets what, what stays open, and what is left when one is erased."""

from __future__ import annotations

import gc
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import AnswerGoneError, ClosingError
from bot.records import KeptSpan
from bot.shelf import SHARED, Shelf
from quoth.encoder import Encoder
from quoth.errors import DocumentNotFoundError, EmptyLibraryError, LibraryBusyError, QuestionError
from quoth.library import Library

ONE, TWO = 1, 2
QUOTH = [sys.executable, "-c", "import sys; from quoth.cli import main; sys.exit(main())"]
QUESTION = "Who counts the boats at dawn?"
BOATS = "The harbour master of Port Quill counts every boat at dawn.\n"
STARS = "The lighthouse keeper of Port Quill counts the stars at night.\n"


@pytest.fixture
def shelf(tmp_path: Path, encoder: Encoder) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path / "home", encoder=encoder)
    yield shelf
    shelf.close()


def put(shelf: Shelf, guild: int | None, name: str, text: str) -> None:
    with shelf.using(guild, create=True) as library:
        library.add(name, text.encode())


def bytes_below(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def asked(shelf: Shelf, guild: int | None, *, shared: bool = True) -> set[tuple[str, str]]:
    answer = shelf.ask(QUESTION, guild=guild, shared=shared)
    return {(found.library, found.document) for found in (*answer.quotes, *answer.passages)}


# -- who gets what


def test_a_server_gets_its_own_and_the_shared_library_and_nothing_of_another_server_s(shelf: Shelf):
    put(shelf, ONE, "one.txt", BOATS)
    put(shelf, TWO, "two.txt", BOATS.replace("Quill", "Ink"))
    put(shelf, None, "for all.txt", STARS)
    assert asked(shelf, ONE) == {("1", "one.txt"), (SHARED, "for all.txt")}
    assert asked(shelf, TWO) == {("2", "two.txt"), (SHARED, "for all.txt")}
    assert asked(shelf, 3) == {(SHARED, "for all.txt")}
    assert shelf.ask(QUESTION, guild=ONE).documents_searched == 2


def test_a_server_that_does_not_want_the_shared_library_is_not_shown_it(shelf: Shelf):
    put(shelf, ONE, "one.txt", BOATS)
    put(shelf, None, "for all.txt", STARS)
    assert asked(shelf, ONE, shared=False) == {("1", "one.txt")}
    with pytest.raises(EmptyLibraryError):
        shelf.ask(QUESTION, guild=TWO, shared=False)


def test_a_direct_message_asks_the_shared_library_alone(shelf: Shelf):
    put(shelf, ONE, "one.txt", BOATS)
    with pytest.raises(EmptyLibraryError, match="/library add"):
        shelf.ask(QUESTION, guild=None)
    put(shelf, None, "for all.txt", STARS)
    assert asked(shelf, None) == {(SHARED, "for all.txt")}
    assert asked(shelf, None, shared=False) == {(SHARED, "for all.txt")}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.sampled_from([1, 2, 3]), st.sampled_from("abc"), st.sampled_from(["add", "remove", "erase"])),
        max_size=8,
    )
)
def test_whatever_servers_do_none_sees_a_document_or_a_count_of_another(tmp_path, encoder: Encoder, steps):
    home = tmp_path / "many"
    shutil.rmtree(home, ignore_errors=True)
    shelf = Shelf(home, capacity=1, encoder=encoder)
    held: dict[int, set[str]] = {1: set(), 2: set(), 3: set()}
    for guild, letter, what in steps:
        name = f"{letter} of {guild}.txt"
        if what == "add":
            put(shelf, guild, name, f"The harbour master of server {guild} counts every boat at dawn: {letter}.\n")
            held[guild].add(name)
        elif what == "remove" and name in held[guild]:
            with shelf.using(guild) as library:
                library.remove(name)
            held[guild].discard(name)
        elif what == "erase":
            shelf.erase(guild)
            held[guild] = set()
    for guild, names in held.items():
        assert shelf.counts(guild)[0] == len(names)
        assert shelf.has_documents(guild) == bool(names)
        if names:
            assert asked(shelf, guild) == {(str(guild), name) for name in names}
        else:
            with pytest.raises(EmptyLibraryError):
                shelf.ask(QUESTION, guild=guild)
    shelf.close()


def test_looking_at_a_server_without_a_library_makes_none(shelf: Shelf, tmp_path: Path):
    assert not shelf.has_documents(ONE)
    with pytest.raises(EmptyLibraryError), shelf.using(ONE):
        pass
    with pytest.raises(EmptyLibraryError):
        shelf.ask(QUESTION, guild=ONE)
    assert not (tmp_path / "home").exists()
    assert shelf.guilds() == set()


def test_a_glob_that_matches_in_one_library_is_enough(shelf: Shelf):
    put(shelf, ONE, "one.txt", BOATS)
    put(shelf, None, "for all.txt", STARS)
    assert {quote.document for quote in shelf.ask(QUESTION, guild=ONE, document="one*").quotes} == {"one.txt"}
    with pytest.raises(DocumentNotFoundError):
        shelf.ask(QUESTION, guild=ONE, document="none*")


def test_a_question_that_can_t_be_asked_is_an_error_and_no_empty_library(shelf: Shelf):
    put(shelf, ONE, "one.txt", BOATS)
    with pytest.raises(QuestionError):
        shelf.ask("  ", guild=ONE)


# -- what other programs do


def test_what_another_process_indexes_is_found_without_a_restart(shelf: Shelf, tmp_path: Path):
    put(shelf, ONE, "stars.txt", STARS)
    assert asked(shelf, ONE) == {("1", "stars.txt")}
    (tmp_path / "boats.txt").write_text(BOATS)
    command = [*QUOTH, "index", "boats.txt", "--library", str(shelf.folder(ONE))]
    subprocess.run(command, check=True, capture_output=True, cwd=tmp_path, timeout=300)
    assert asked(shelf, ONE) == {("1", "stars.txt"), ("1", "boats.txt")}


def test_a_library_that_another_program_makes_for_a_server_without_one_is_found(shelf: Shelf, encoder: Encoder):
    assert not shelf.has_documents(TWO)
    with Library.open(shelf.folder(TWO), encoder=encoder) as library:
        library.add("boats.txt", BOATS.encode())
    assert asked(shelf, TWO) == {("2", "boats.txt")}
    assert shelf.guilds() == {TWO}


def test_a_library_that_another_program_put_in_place_of_the_old_one_is_the_one_that_is_asked(
    shelf: Shelf, tmp_path: Path, encoder: Encoder
):
    put(shelf, ONE, "old.txt", BOATS)
    assert asked(shelf, ONE) == {("1", "old.txt")}
    with Library.open(tmp_path / "new", encoder=encoder) as library:
        library.add("new.txt", STARS.encode())
    shutil.rmtree(shelf.folder(ONE))
    (tmp_path / "new").rename(shelf.folder(ONE))
    assert asked(shelf, ONE) == {("1", "new.txt")}
    shutil.rmtree(shelf.folder(ONE))
    with pytest.raises(EmptyLibraryError):
        shelf.ask(QUESTION, guild=ONE)


# -- what stays open


def opened(shelf: Shelf) -> list[str]:
    return [place.folder.name for place in shelf._places.values() if place.library is not None]


def test_no_more_libraries_than_the_capacity_stay_open_and_the_last_used_ones_do(tmp_path: Path, encoder: Encoder):
    shelf = Shelf(tmp_path, capacity=2, encoder=encoder)
    for guild in (1, 2, 3):
        put(shelf, guild, "a.txt", BOATS)
    assert opened(shelf) == ["2", "3"]
    assert asked(shelf, 2) == {("2", "a.txt")}
    assert asked(shelf, 1) == {("1", "a.txt")}
    assert opened(shelf) == ["2", "1"]
    # A closed library leaves one file, without a log beside it
    assert [path.name for path in (tmp_path / "guilds" / "3").iterdir()] == ["library.sqlite"]
    shelf.close()
    assert opened(shelf) == []


def test_libraries_close_where_their_indexes_take_more_than_their_half_of_the_memory(tmp_path: Path, encoder: Encoder):
    roomy = Shelf(tmp_path, encoder=encoder)
    for guild in (1, 2, 3):
        put(roomy, guild, "a.txt", "\n\n".join(f"{BOATS.strip()} It was day {day}." for day in range(50)))
        assert asked(roomy, guild)
    assert opened(roomy) == ["1", "2", "3"]
    with roomy.using(1) as library:
        taken = library.index_bytes
    assert taken > 50 * encoder.identity.dimension * 4
    roomy.close()

    shelf = Shelf(tmp_path, encoder=encoder, memory=round(taken * 2.2 * 2))
    for guild in (1, 2, 3):
        assert asked(shelf, guild)
    assert opened(shelf) == ["2", "3"]
    with shelf.using(2), shelf.using(3):
        assert asked(shelf, 1)
        # Those in use stay, whatever they take
        assert opened(shelf) == ["2", "3", "1"]
    assert asked(shelf, 1) == {("1", "a.txt")}
    shelf.close()

    tiny = Shelf(tmp_path, encoder=encoder, memory=2)
    for guild in (1, 2, 1):
        assert asked(tiny, guild) == {(str(guild), "a.txt")}
        assert opened(tiny) == [str(guild)]
    tiny.close()


def test_the_texts_that_all_libraries_keep_share_the_other_half(tmp_path: Path, encoder: Encoder):
    shelf = Shelf(tmp_path, encoder=encoder, memory=400_000_000)
    for guild in (1, 2, 3):
        put(shelf, guild, "a.txt", BOATS * 2_000)
        asked(shelf, guild)
    taken = shelf._texts.bytes
    assert taken > 3 * 2_000 * len(BOATS)
    shelf.erase(3)
    assert shelf._texts.bytes == pytest.approx(taken * 2 / 3, rel=0.01)
    shelf.close()
    assert shelf._texts.bytes == 0

    small = Shelf(tmp_path, encoder=encoder, memory=400_000)
    for guild in (1, 2, 1):
        assert asked(small, guild) == {(str(guild), "a.txt")}
        assert small._texts.bytes <= 200_000
    small.close()


def test_a_library_in_use_is_never_closed(tmp_path: Path, encoder: Encoder):
    shelf = Shelf(tmp_path, capacity=1, encoder=encoder)
    for guild in (1, 2, 3):
        put(shelf, guild, "a.txt", BOATS)
    with shelf.using(1) as first:
        for guild in (2, 3):
            asked(shelf, guild)
        with shelf.using(1) as again:
            assert again is first
        assert first.counts() == (1, 1)
        shelf.close()
        assert first.counts() == (1, 1)
    assert opened(shelf) == []


def test_the_encoder_is_loaded_once_for_all_libraries(tmp_path: Path, encoder: Encoder, monkeypatch):
    loads: list[str] = []

    def load(name: str, engine: str) -> Encoder:
        loads.append(name)
        return encoder

    monkeypatch.setattr(Encoder, "load", load)
    shelf = Shelf(tmp_path, "some model")
    for guild in (1, 2, None):
        put(shelf, guild, "a.txt", BOATS)
    asked(shelf, 1)
    assert loads == ["some model"]
    shelf.close()


def test_many_threads_ask_many_libraries_at_once(tmp_path: Path, encoder: Encoder):
    shelf = Shelf(tmp_path, capacity=1, encoder=encoder)
    for guild in (1, 2, None):
        put(shelf, guild, f"{guild}.txt", BOATS)
    wrong: list[object] = []

    def ask(guild: int) -> None:
        try:
            for _ in range(5):
                found = asked(shelf, guild)
                if found != {(str(guild), f"{guild}.txt"), (SHARED, "None.txt")}:
                    wrong.append(found)
        except Exception as error:  # every error counts
            wrong.append(error)

    threads = [threading.Thread(target=ask, args=(guild,)) for guild in (1, 2, 1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    shelf.close()


# -- erasing


def test_an_erased_library_leaves_no_byte_and_touches_no_other(shelf: Shelf, tmp_path: Path):
    put(shelf, ONE, "secret.txt", "The captain Quetzalcoatl hides the gold below the lighthouse.\n")
    put(shelf, TWO, "other.txt", BOATS)
    asked(shelf, ONE)
    assert b"Quetzalcoatl" in bytes_below(tmp_path / "home")
    shelf.erase(ONE)
    assert b"Quetzalcoatl" not in bytes_below(tmp_path / "home")
    assert [path.name for path in (tmp_path / "home" / "guilds").iterdir()] == ["2"]
    with pytest.raises(EmptyLibraryError):
        shelf.ask(QUESTION, guild=ONE)
    assert asked(shelf, TWO) == {("2", "other.txt")}
    shelf.erase(ONE)
    put(shelf, ONE, "again.txt", STARS)
    assert asked(shelf, ONE) == {("1", "again.txt")}


def test_a_library_in_use_is_erased_when_its_last_user_is_done_and_nobody_new_comes_in(shelf: Shelf):
    put(shelf, ONE, "one.txt", BOATS)
    inside, leave = threading.Event(), threading.Event()
    counted: list[tuple[int, int]] = []

    def use() -> None:
        with shelf.using(ONE) as library:
            inside.set()
            leave.wait(30)
            counted.append(library.counts())

    user = threading.Thread(target=use)
    user.start()
    inside.wait(30)
    eraser = threading.Thread(target=shelf.erase, args=(ONE,))
    eraser.start()
    while shelf.folder(ONE) not in shelf._erasing and eraser.is_alive():
        pass
    with pytest.raises(EmptyLibraryError):
        shelf.ask(QUESTION, guild=ONE)
    with pytest.raises(LibraryBusyError, match="being erased"):
        put(shelf, ONE, "late.txt", STARS)
    with pytest.raises(LibraryBusyError):
        shelf.erase(ONE)
    eraser.join(0.2)
    assert eraser.is_alive()
    assert shelf.folder(ONE).exists()
    leave.set()
    for thread in (user, eraser):
        thread.join()
    assert counted == [(1, 1)]
    assert not shelf.folder(ONE).exists()


def test_an_erasing_that_was_killed_half_way_is_finished_at_the_next_start(tmp_path: Path, encoder: Encoder):
    left = tmp_path / "guilds" / ".erased-1-abc"
    left.mkdir(parents=True)
    (left / "library.sqlite").write_bytes(b"Quetzalcoatl")
    shelf = Shelf(tmp_path, encoder=encoder)
    assert shelf.guilds() == set()
    assert not left.exists()


# -- buttons


def kept(shelf: Shelf, guild: int | None) -> KeptSpan:
    return KeptSpan.of(shelf.ask(QUESTION, guild=guild).quotes[0])


def test_a_kept_span_is_found_again_with_its_paragraph(shelf: Shelf):
    put(shelf, ONE, "one.txt", "Some words before it all begins.\n\n" + BOATS)
    found = shelf.passage(kept(shelf, ONE), guild=ONE)
    assert found.text == BOATS.strip() == found.document.text[found.start : found.end]
    assert found.paragraph is not None
    assert found.paragraph.number == 2
    assert found.library == "1"


def test_a_removed_document_is_never_shown_again(shelf: Shelf):
    put(shelf, ONE, "one.txt", BOATS)
    put(shelf, ONE, "stars.txt", STARS)
    span = kept(shelf, ONE)
    with shelf.using(ONE) as library:
        library.remove("one.txt")
    with pytest.raises(AnswerGoneError):
        shelf.passage(span, guild=ONE)
    shelf.erase(ONE)
    with pytest.raises(AnswerGoneError):
        shelf.passage(span, guild=ONE)


def test_a_document_that_was_taken_in_anew_is_shown_only_where_the_text_is_the_same(shelf: Shelf):
    put(shelf, ONE, "one.txt", BOATS)
    span = kept(shelf, ONE)
    put(shelf, ONE, "one.txt", BOATS + "\nAnd more.\n")
    assert shelf.passage(span, guild=ONE).text == BOATS.strip()
    put(shelf, ONE, "one.txt", BOATS.replace("dawn", "dusk"))
    with pytest.raises(AnswerGoneError):
        shelf.passage(span, guild=ONE)


def test_after_a_library_was_made_anew_an_old_number_shows_nothing_else(shelf: Shelf):
    put(shelf, ONE, "one.txt", BOATS)
    span = kept(shelf, ONE)
    shelf.erase(ONE)
    put(shelf, ONE, "other.txt", BOATS)
    with shelf.using(ONE) as library:
        assert library.document_by_id(span.document_id).name == "other.txt"
    with pytest.raises(AnswerGoneError):
        shelf.passage(span, guild=ONE)


def test_a_span_of_one_server_shows_nothing_to_another(shelf: Shelf):
    put(shelf, ONE, "one.txt", BOATS)
    put(shelf, TWO, "one.txt", BOATS)
    span = kept(shelf, ONE)
    put(shelf, None, "for all.txt", BOATS)
    for elsewhere in (TWO, None):
        with pytest.raises(AnswerGoneError):
            shelf.passage(span, guild=elsewhere)
    shared = kept(shelf, None)
    for anywhere in (ONE, TWO, None):
        assert shelf.passage(shared, guild=anywhere).library == SHARED


# -- stopping


def test_a_long_indexing_ends_when_the_bot_stops_and_leaves_nothing(shelf: Shelf):
    shelf.stop()
    with pytest.raises(ClosingError), shelf.using(ONE, create=True) as library:
        library.add("one.txt", BOATS.encode(), report=shelf.check_running)
    assert shelf.counts(ONE) == (0, 0)


def test_what_the_models_brought_along_is_not_searched_for_garbage_again(
    tmp_path: Path, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
):
    gc.unfreeze()
    Shelf(tmp_path, encoder=encoder).load()
    assert gc.get_freeze_count() == 0
    monkeypatch.setattr(Encoder, "load", lambda *_: encoder)
    try:
        Shelf(tmp_path).load()
        assert gc.get_freeze_count() > 100_000
        assert len(gc.get_objects()) < 100_000
    finally:
        gc.unfreeze()
