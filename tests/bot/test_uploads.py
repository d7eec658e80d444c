"""Files in and out of a server's library: what is refused, what is kept, and what is left when it is gone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from bot.errors import ClosingError, LeftOverError, NameTakenError, QuotaError, RefusedUploadError
from bot.failures import told
from bot.records import Records
from bot.shelf import Shelf
from bot.uploads import (
    Added,
    UploadLimits,
    add_upload,
    check_name_size,
    erase_library,
    files,
    remove_upload,
    settle_uploads,
)
from quoth import indexing
from quoth.encoder import Encoder
from quoth.errors import (
    DocumentNotFoundError,
    EmptyLibraryError,
    FileTooLargeError,
    MissingReaderError,
    NoTextError,
    ReaderCrashError,
    ReaderMemoryError,
    TooSlowError,
)
from quoth.progress import Progress
from tests.bot.answers import answer

GUILD, OTHER, MANAGER = 1, 2, 42
RARE = "Quetzalcoatl"
TEXT = f"The captain {RARE} counts every boat at dawn.\n"
MORE = "The lighthouse keeper counts the stars at night.\n\nNobody counts the waves, which are many.\n"


@dataclass
class Server:
    """A server's managers, and where the bot keeps things."""

    shelf: Shelf
    records: Records
    home: Path

    def add(self, name: str, data: bytes | str, *, replace: bool = False, guild: int = GUILD, **limits: Any) -> Added:
        return add_upload(
            self.shelf,
            self.records,
            guild=guild,
            by=MANAGER,
            name=name,
            data=data.encode() if isinstance(data, str) else data,
            replace=replace,
            limits=UploadLimits(**limits),
        )

    def names(self, guild: int = GUILD) -> list[str]:
        return [file.name for file in files(self.shelf, self.records, guild)]

    def bytes(self) -> bytes:
        return b"".join(path.read_bytes() for path in self.home.rglob("*") if path.is_file())


@pytest.fixture
def server(tmp_path: Path, encoder: Encoder) -> Iterator[Server]:
    shelf = Shelf(tmp_path, encoder=encoder)
    with Records.open(tmp_path / "bot.db") as records:
        yield Server(shelf, records, tmp_path)
        shelf.close()


def corpus(*texts: str) -> str:
    return "".join(json.dumps({"_id": f"id{n}", "title": "", "text": text}) + "\n" for n, text in enumerate(texts))


# -- adding


def test_an_added_file_is_asked_at_once_and_its_manager_is_remembered(server: Server):
    assert server.add("rules.txt", TEXT) == Added("rules.txt", 1, 1, False)
    assert server.shelf.ask("Who counts the boats?", guild=GUILD).quotes[0].text == TEXT.strip()
    (file,) = files(server.shelf, server.records, GUILD)
    assert (file.name, file.by, file.documents, file.passages, file.characters) == (
        "rules.txt",
        MANAGER,
        1,
        1,
        len(TEXT),
    )
    assert files(server.shelf, server.records, OTHER) == []


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\u2028", "\f"])
@pytest.mark.parametrize("name", ["a.md", "a.txt", "a.jsonl"])
def test_a_file_of_too_many_lines_is_refused_before_it_is_read(server: Server, name: str, end: str):
    with pytest.raises(RefusedUploadError, match=r"It has 150,001 lines and a file may have 150,000; split it"):
        server.add(name, end * 150_000)
    assert server.names() == []


def test_a_corpus_brings_several_documents_and_is_one_file(server: Server):
    assert server.add("faq.jsonl", corpus(TEXT, MORE)) == Added("faq.jsonl", 2, 3, False)
    assert server.names() == ["faq.jsonl"]
    assert remove_upload(server.shelf, server.records, guild=GUILD, by=MANAGER, name="faq.jsonl").documents == 2
    assert server.names() == []


def test_the_same_name_again_asks_before_it_replaces(server: Server):
    server.add("rules.txt", TEXT)
    with pytest.raises(NameTakenError) as caught:
        server.add("rules.txt", MORE)
    assert caught.value.name == "rules.txt"
    assert server.shelf.ask("Who counts?", guild=GUILD).quotes[0].text == TEXT.strip()
    assert server.add("rules.txt", MORE, replace=True) == Added("rules.txt", 1, 2, True)
    assert RARE.encode() not in server.bytes()
    assert server.names() == ["rules.txt"]


@pytest.mark.parametrize("name", ["rules.txt", "faq.jsonl"])
def test_a_file_that_is_there_to_the_letter_stays_as_it_is_and_whose_it_was(server: Server, name: str):
    data = corpus(TEXT, MORE) if name.endswith("jsonl") else TEXT
    first = server.add(name, data)
    before = server.records.uploads(GUILD), server.records.actions(GUILD), server.shelf.documents(GUILD)
    for replaces in (False, True):
        assert server.add(name, data, replace=replaces) == replace(first, unchanged=True)
    assert (server.records.uploads(GUILD), server.records.actions(GUILD), server.shelf.documents(GUILD)) == before


def test_a_name_is_the_same_however_its_accents_are_written(server: Server):
    server.add("re\u0301sume\u0301.txt", TEXT)
    with pytest.raises(NameTakenError):
        server.add("résumé.txt", MORE)


def test_a_replaced_corpus_keeps_no_document_that_is_not_in_it_any_more(server: Server):
    server.add("faq.jsonl", corpus("The first says one thing.", TEXT))
    assert server.add("faq.jsonl", corpus("The first says another thing."), replace=True).documents == 1
    assert RARE.encode() not in server.bytes()
    assert server.shelf.counts(GUILD) == (1, 1)


def test_what_one_server_adds_takes_no_name_and_no_room_of_another(server: Server):
    server.add("rules.txt", TEXT, files=1, passages=1)
    assert server.add("rules.txt", TEXT, files=1, passages=1, guild=OTHER).documents == 1


# -- refusing


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("picture.txt", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00" * 50, "is a picture"),
        ("paper.md", b"%PDF-1.7 and so on", "PDF"),
        ("office.txt", b"PK\x03\x04 and so on", "ZIP archive"),
        ("binary.txt", b"\x00\x01\x02\x03", "binary file"),
        ("faq.jsonl", b'{"_id": "a"}\n', "line 1"),
        ("faq.jsonl", b'{"_id": "a", "text": "one"}\n{"_id": "a", "text": "two"}\n', "already stands in line 1"),
        ("blank.txt", b"  \n\n \t\n", "no text"),
        ("image only.md", b"![](picture.png)\n", "no text"),
        ("empty.txt", b"", "is empty"),
        ("program.exe", b"some text", r"ends in '\.exe'.*\.txt"),
        ("noending", b"some text", "has no ending"),
        ("a/b.txt", b"some text", "can't be a name"),
        ("a\nb.txt", b"some text", "can't be a name"),
        ("\ud800.txt", b"some text", "can't be a name"),
        ("n" * 120 + ".txt", b"some text", "can't be a name"),
        ("  ", b"some text", "can't be a name"),
        ("large.txt", b"x" * 2_048, r"has 2\.0 kB and a file may have 1\.0 kB"),
    ],
)
def test_a_file_that_can_t_be_read_is_refused_in_words_and_leaves_nothing(server: Server, name, data, message):
    with pytest.raises(RefusedUploadError, match=message) as caught:
        server.add(name, data, file_bytes=1_000)
    assert "Traceback" not in str(caught.value)
    assert not (server.home / "guilds").exists()
    assert server.records.uploads(GUILD) == {}
    assert server.records.actions(GUILD) == []


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (NoTextError("a.txt is a scan; recognise its text (OCR) first"), r"OCR\) first\.$"),
        (ReaderCrashError("a.txt", "by signal 11"), r"reading it fails \(by signal 11\).* try again\.$"),
        (ReaderMemoryError("a.txt", 3 * 1024**3), r"needs more than 3\.0 GB of memory.*split it"),
        (TooSlowError("a.txt", 60), r"takes more than 60 seconds.*split it"),
        (FileTooLargeError("a.txt", 3 * 1024**2, 1024**2), r"has 3 MB and may have 1; split it\.$"),
    ],
)
def test_what_a_reader_finds_wrong_with_a_file_is_told_with_what_to_do(server: Server, monkeypatch, error, message):
    def refuse(name: str, data: bytes) -> None:
        raise error

    monkeypatch.setattr(indexing, "parse", refuse)
    with pytest.raises(RefusedUploadError, match=r"I can't read this file: a\.txt ") as caught:
        server.add("a.txt", TEXT)
    assert re.search(message, told(caught.value))
    assert server.names() == []


def test_a_format_whose_reader_is_missing_is_not_the_managers_to_mend(server: Server, monkeypatch):
    def refuse(name: str, data: bytes) -> None:
        raise MissingReaderError(name)

    monkeypatch.setattr(indexing, "parse", refuse)
    with pytest.raises(MissingReaderError):
        server.add("a.txt", TEXT)


def test_name_and_size_are_checked_before_anything_is_fetched():
    check_name_size("rules.md", 1_000, UploadLimits(file_bytes=1_000))
    with pytest.raises(RefusedUploadError, match=r"2\.0 MB and a file may have 1\.0 MB"):
        check_name_size("rules.md", 2 * 1024 * 1024, UploadLimits(file_bytes=1024 * 1024))
    with pytest.raises(RefusedUploadError, match=r"\.exe"):
        check_name_size("paper.exe", 10, UploadLimits())


def test_a_persian_file_name_is_a_name(server: Server):
    assert server.add("قایق\u200cها.md", TEXT).name == "قایق\u200cها.md"


def test_a_server_has_no_more_files_than_its_share(server: Server):
    server.add("one.txt", MORE, files=1)
    with pytest.raises(QuotaError, match="1 file, "):
        server.add("two.txt", TEXT, files=1)
    assert server.names() == ["one.txt"]
    assert RARE.encode() not in server.bytes()
    server.add("one.txt", TEXT, files=1, replace=True)


def test_a_server_has_no_more_passages_than_its_share_and_nothing_of_a_refused_file_stays(server: Server):
    server.add("one.txt", MORE, passages=3)
    with pytest.raises(QuotaError, match="makes 2 passages and this server's library has room for 1 of 3"):
        server.add("two.txt", TEXT + "\n" + TEXT.replace("boat", "wave"), passages=3)
    assert RARE.encode() not in server.bytes()
    server.add("two.txt", "The third passage.\n", passages=3)
    with pytest.raises(QuotaError, match="as many as it may"):
        server.add("three.txt", TEXT, passages=3)
    # What a file held before makes room for what replaces it
    server.add("one.txt", MORE.replace("stars", "ships"), passages=3, replace=True)
    assert server.shelf.counts(GUILD) == (2, 3)
    assert RARE.encode() not in server.bytes()


def test_what_fails_in_the_middle_of_embedding_leaves_nothing_and_what_was_there_stays(server: Server, monkeypatch):
    server.add("rules.txt", MORE)

    def broken(self: Encoder, texts: object) -> None:
        raise RuntimeError("out of memory")

    with monkeypatch.context() as patched:
        patched.setattr(Encoder, "encode_passages", broken)
        with pytest.raises(RuntimeError):
            server.add("rules.txt", TEXT, replace=True)
        with pytest.raises(RuntimeError):
            server.add("other.txt", TEXT)
    assert RARE.encode() not in server.bytes()
    assert server.names() == ["rules.txt"]
    assert server.shelf.counts(GUILD) == (1, 2)


def test_an_added_file_is_read_once(server: Server, monkeypatch: pytest.MonkeyPatch):
    read: list[str] = []
    parse = indexing.parse
    monkeypatch.setattr(indexing, "parse", lambda name, data: read.append(name) or parse(name, data))
    server.add("rules.txt", TEXT)
    assert read == ["rules.txt"]


# -- being stopped


@pytest.mark.parametrize("stage", ["parting", "embedding"])
def test_a_file_that_is_being_added_when_the_bot_stops_is_not_in_it_and_nothing_of_it_stays(server: Server, stage: str):
    long = "\n\n".join(f"The captain {RARE} of ship {number} counts boats." for number in range(100))
    reached: list[Progress] = []

    def report(progress: Progress) -> None:
        reached.append(progress)
        if progress.stage == stage:
            server.shelf.stop()

    with pytest.raises(ClosingError):
        add_upload(
            server.shelf, server.records, guild=GUILD, by=MANAGER, name="long.txt", data=long.encode(), replace=False,
            limits=UploadLimits(), report=report,
        )  # fmt: skip
    # It ended where it was told to, long before its end
    assert [progress.stage for progress in reached].count(stage) == 1
    assert (server.shelf.counts(GUILD), server.records.uploads(GUILD), server.records.pending_uploads()) == (
        (0, 0),
        {},
        [],
    )
    assert RARE.encode() not in server.bytes()


# -- being killed


@pytest.mark.parametrize("replaces", [False, True])
@pytest.mark.parametrize("when", ["before the file is in", "after it"])
def test_a_kill_while_a_file_is_added_takes_nobody_s_name_from_it(
    server: Server, encoder: Encoder, monkeypatch: pytest.MonkeyPatch, when: str, replaces: bool
):
    if replaces:
        server.add("rules.txt", MORE)
    before = server.records.uploads(GUILD)

    class Killed(BaseException):
        pass

    def killed(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("bot.uploads._settle", killed)
        if when == "before the file is in":
            patched.setattr("bot.uploads.Library.add_documents", killed)
        with pytest.raises(Killed):
            add_upload(
                server.shelf, server.records, guild=GUILD, by=5, name="rules.txt", data=TEXT.encode(), replace=True,
                limits=UploadLimits(),
            )  # fmt: skip
    assert server.records.uploads(GUILD) == before
    again = Shelf(server.home, encoder=encoder)
    settle_uploads(again, server.records)
    again.close()
    assert server.records.pending_uploads() == []
    if when == "after it":
        (file,) = files(server.shelf, server.records, GUILD)
        assert (file.by, server.records.actions(GUILD)[0].by) == (5, 5)
    else:
        assert server.records.uploads(GUILD) == before
        assert [file.by for file in files(server.shelf, server.records, GUILD)] == [MANAGER] * replaces


def test_what_another_process_is_adding_to_a_server_of_its_own_is_left_to_it(server: Server):
    for guild in (GUILD, OTHER):
        server.records.begin_upload(guild, "rules.txt", by=MANAGER, size=1, digest=b"x")
    settle_uploads(server.shelf, server.records, lambda guild: guild == GUILD)
    assert [pending.guild for pending in server.records.pending_uploads()] == [OTHER]


@pytest.mark.parametrize("unseen", ["\u202e", "\u200b", "\ufe0f", "\u3164", "\U000e0041"])
def test_a_name_that_looks_like_another_files_is_refused(server: Server, unseen: str):
    def add(name: str) -> None:
        add_upload(
            server.shelf, server.records, guild=GUILD, by=MANAGER, name=name, data=TEXT.encode(), replace=True,
            limits=UploadLimits(),
        )  # fmt: skip

    add("ab.txt")
    with pytest.raises(RefusedUploadError, match="looks like"):
        add(f"a{unseen}b.txt")
    add("ab.txt")
    add("\u0645\u06cc\u200c\u0631\u0648\u062f.txt")


def test_what_was_being_added_to_a_library_that_is_gone_is_forgotten(server: Server):
    server.records.begin_upload(OTHER, "rules.txt", by=MANAGER, size=1, digest=b"x")
    settle_uploads(server.shelf, server.records)
    assert (server.records.pending_uploads(), server.records.uploads(OTHER)) == ([], {})


# -- removing


def test_an_erased_library_whose_files_can_t_be_deleted_is_asked_no_more_and_deleted_at_the_next_start(
    server: Server, encoder: Encoder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    server.add("rules.txt", TEXT)
    with monkeypatch.context() as patched:
        patched.setattr("bot.shelf.shutil.rmtree", refused)
        with pytest.raises(LeftOverError, match="not asked or quoted any more"):
            erase_library(server.shelf, server.records, guild=GUILD, by=MANAGER)
        assert (server.names(), server.records.uploads(GUILD)) == ([], {})
        assert server.records.actions(GUILD)[0].what == "erase"
        server.add("new.txt", MORE)
        # A start that can't delete them either says so, and the bot runs all the same
        Shelf(server.home, encoder=encoder).close()
    (left,) = (server.home / "guilds").glob(".erased-*")
    assert [
        str(left) in record.getMessage() and "restart the bot" in record.getMessage() for record in caplog.records
    ] == [
        True,
        True,
    ]
    Shelf(server.home, encoder=encoder).close()
    assert not left.exists()
    assert server.names() == ["new.txt"]


def refused(path: Path) -> None:
    raise PermissionError(13, "Permission denied", str(path))


def test_a_removed_file_leaves_no_byte_of_its_text_in_any_file_even_while_the_bot_runs(server: Server):
    server.add("rules.txt", TEXT)
    server.add("other.txt", MORE)
    server.records.keep_answer(server.shelf.ask("Who counts?", guild=GUILD), guild=GUILD, channel=1, asker=5)
    assert RARE.encode() in server.bytes()
    removed = remove_upload(server.shelf, server.records, guild=GUILD, by=MANAGER, name="rules.txt")
    assert (removed.name, removed.documents, removed.passages) == ("rules.txt", 1, 1)
    left = server.bytes()
    for word in (RARE, "captain", RARE.lower(), RARE.lower()[:-1], "rules.txt"):
        assert word.encode() not in left
    assert server.records.uploads(GUILD).keys() == {"other.txt"}
    last = server.records.actions(GUILD)[0]
    assert (last.what, last.detail, last.by) == ("remove", "", MANAGER)


def test_a_file_that_is_not_there_can_t_be_removed(server: Server):
    with pytest.raises(EmptyLibraryError):
        remove_upload(server.shelf, server.records, guild=GUILD, by=MANAGER, name="rules.txt")
    server.add("rules.txt", TEXT)
    server.add("other.txt", TEXT, guild=OTHER)
    with pytest.raises(DocumentNotFoundError):
        remove_upload(server.shelf, server.records, guild=GUILD, by=MANAGER, name="other.txt")
    assert server.names() == ["rules.txt"]
    assert server.names(OTHER) == ["other.txt"]


def test_documents_that_the_operator_indexed_are_listed_and_can_be_removed_one_by_one(server: Server, tmp_path: Path):
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "a.txt").write_text(TEXT)
    (folder / "b.txt").write_text(MORE)
    with server.shelf.using(GUILD, create=True) as library:
        library.index([folder])
    server.add("a.txt", "Something else of the same name.\n")
    listed = files(server.shelf, server.records, GUILD)
    assert [(file.name, file.by) for file in listed] == [("a.txt", None), ("a.txt", MANAGER), ("b.txt", None)]
    by_root = {file.root: file for file in listed if file.name == "a.txt"}
    assert len(by_root) == 2
    remove_upload(server.shelf, server.records, guild=GUILD, by=MANAGER, name="a.txt", root=str(folder))
    assert [(file.name, file.by) for file in files(server.shelf, server.records, GUILD)] == [
        ("a.txt", MANAGER),
        ("b.txt", None),
    ]


def test_erasing_a_library_takes_its_questions_and_answers_along_and_keeps_the_settings(server: Server):
    server.add("rules.txt", TEXT)
    server.add("rules.txt", TEXT, guild=OTHER)
    for guild in (GUILD, OTHER):
        answer_id = server.records.keep_answer(answer(f"Where is Tlaloc{guild}?"), guild=guild, channel=1, asker=5)
        server.records.log_question(answer_id)
        server.records.vote(answer_id, 5, True, guild=guild)
    erase_library(server.shelf, server.records, guild=GUILD, by=MANAGER)
    assert server.names() == []
    assert (server.records.stats(GUILD).asked, server.records.stats(GUILD).helpful) == (0, 0)
    assert b"Tlaloc1" not in server.bytes()
    assert server.records.stats(OTHER).asked == 1
    assert server.names(OTHER) == ["rules.txt"]
    assert server.records.actions(GUILD)[0].what == "erase"
    erase_library(server.shelf, server.records, guild=GUILD, by=MANAGER)
