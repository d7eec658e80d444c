"""Bad input gets one clear sentence, a non-zero exit, and leaves nothing half-written."""

import os

import apsw
import pytest


def one_sentence(ran, *words, code=1):
    assert ran.code == code
    assert ran.err.startswith("quoth: ") and ran.err.count("\n") == 1, ran.err
    assert "Traceback" not in ran.err and ran.out == ""
    for word in words:
        assert word in ran.err
    return True


@pytest.fixture
def indexed(quoth, tmp_path):
    """A library of one small document."""
    (tmp_path / "a.txt").write_text("The harbour opens at six.\n")
    assert quoth("index", tmp_path / "a.txt").code == 0
    return tmp_path / "home" / "local"


def test_a_path_that_is_not_there(quoth, tmp_path):
    assert one_sentence(quoth("index", tmp_path / "none"), "none", "no such file")
    assert not (tmp_path / "home").exists()


def test_one_wrong_path_among_good_ones_indexes_none(quoth, indexed, tmp_path):
    (tmp_path / "b.txt").write_text("More.\n")
    assert one_sentence(quoth("index", tmp_path / "b.txt", tmp_path / "none"), "none")
    assert [d["document"] for d in quoth("sources", "--json").json["documents"]] == ["a.txt"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read every file")
def test_a_named_file_that_may_not_be_read(quoth, tmp_path):
    (tmp_path / "secret.txt").write_text("x")
    (tmp_path / "secret.txt").chmod(0)
    assert one_sentence(quoth("index", tmp_path / "secret.txt"), "secret.txt", "permission denied")


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("picture.txt", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00" * 9, "picture.txt"),
        ("set.jsonl", b'{"_id": "a", "text": "b"}\n{broken\n', "set.jsonl, line 2"),
    ],
)
def test_a_broken_file_is_an_error_where_named_and_reported_in_a_folder(name, data, reason, quoth, tmp_path):
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / name).write_bytes(data)
    (folder / "good.txt").write_text("The harbour opens at six.\n")
    assert one_sentence(quoth("index", folder / name, "--library", tmp_path / "named"), reason)
    assert quoth("sources", "--library", tmp_path / "named", "--json").json["documents"] == []

    ran = quoth("index", folder)
    assert ran.code == 3 and ran.out.startswith("1 added")
    assert ran.err.startswith("quoth: 1 file could not be indexed") and reason in ran.err
    assert [d["document"] for d in quoth("sources", "--json").json["documents"]] == ["good.txt"]


def test_a_link_to_itself_in_a_folder_is_reported(quoth, tmp_path):
    folder = tmp_path / "linked"
    folder.mkdir()
    (folder / "good.txt").write_text("The harbour opens at six.\n")
    (folder / "loop.txt").symlink_to("loop.txt")
    ran = quoth("index", folder)
    assert ran.code == 3 and "loop.txt" in ran.err


@pytest.mark.parametrize("command", ["ask", "search", "show", "remove"])
def test_a_library_that_is_not_there_says_to_index_and_is_not_made(command, quoth, tmp_path):
    assert one_sentence(quoth(command, "x"), "index something first: quoth index PATH")
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("command", ["sources", "check", "index"])
def test_nor_is_it_made_by_a_command_without_arguments(command, quoth, tmp_path):
    assert one_sentence(quoth(command), "index something first")
    assert not (tmp_path / "home").exists()


def test_an_empty_library_says_to_index(quoth, indexed):
    quoth("remove", "a.txt")
    assert one_sentence(quoth("ask", "When does it open?"), "index something first: quoth index PATH")


def test_a_library_made_with_another_model(quoth, indexed, monkeypatch):
    monkeypatch.setenv("QUOTH_MODEL", "another-model")
    assert one_sentence(quoth("ask", "When does it open?"), "all-MiniLM-L6-v2", "another-model")


def test_a_library_with_a_newer_schema(quoth, indexed):
    database = apsw.Connection(str(indexed / "library.sqlite"))
    database.pragma("user_version", 99)
    database.close()
    for command in ("sources", "check"):
        assert one_sentence(quoth(command), "schema 99", "upgrade quoth")


@pytest.mark.parametrize("content", [b"", b"This is no database at all. " * 50])
def test_a_database_that_is_none(content, quoth, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "library.sqlite").write_bytes(content)
    ran = quoth("ask", "x", "--library", folder)
    assert ran.code == 1 and ran.err.count("\n") == 1 and str(folder) in ran.err


def test_a_database_of_another_program(quoth, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    database = apsw.Connection(str(folder / "library.sqlite"))
    database.execute("CREATE TABLE theirs (x)")
    database.close()
    assert one_sentence(quoth("sources", "--library", folder), "another program")


def test_a_folder_of_other_files_is_no_library(quoth, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "photo.jpg").write_bytes(b"x")
    (tmp_path / "a.txt").write_text("Text.\n")
    assert one_sentence(quoth("index", tmp_path / "a.txt", "--library", folder), "holds other files")
    assert [path.name for path in folder.iterdir()] == ["photo.jpg"]


def test_a_library_that_is_a_file(quoth, tmp_path):
    (tmp_path / "a.txt").write_text("Text.\n")
    assert one_sentence(quoth("sources", "--library", tmp_path / "a.txt"), "is a file")


def test_a_question_of_100000_characters(quoth, indexed):
    assert one_sentence(quoth("ask", "a" * 100_000), "100,000 characters")


@pytest.mark.parametrize("question", ["", "   \n"])
def test_a_question_without_words(question, quoth, indexed):
    assert one_sentence(quoth("ask", question), "the question is empty")


def test_a_question_in_another_encoding(quoth, indexed):
    assert one_sentence(quoth("ask", b"caf\xe9".decode("utf-8", "surrogateescape")), "UTF-8")


def test_a_document_that_is_not_there(quoth, indexed):
    assert one_sentence(quoth("show", "b.txt"), "b.txt", "quoth sources")
    assert one_sentence(quoth("remove", "b.txt"), "b.txt", "quoth sources")


def test_an_error_shows_escapes_and_does_not_obey_them(quoth, indexed):
    assert "\x1b" not in quoth("index", "no\x1b[2Jsuch").err


def test_a_dataset_that_is_not_there(quoth, tmp_path):
    assert one_sentence(quoth("eval", tmp_path / "none"), "none")


@pytest.mark.parametrize(
    "size",
    [
        300_000,
        pytest.param(
            10_000_000,
            marks=pytest.mark.skipif(
                "QUOTH_LONG_TESTS" not in os.environ, reason="10 MB take a minute: set QUOTH_LONG_TESTS=1"
            ),
        ),
    ],
)
def test_a_huge_single_line_is_indexed_and_asked(size, quoth, tmp_path):
    text = "The harbour opens at six. " * (size // 26)
    (tmp_path / "long.txt").write_text(text)
    assert quoth("index", tmp_path / "long.txt").code == 0
    assert quoth("show", "long.txt").out == f"1  {text}\n"
    answer = quoth("ask", "When does the harbour open?", "--json").json
    assert "six" in answer["quotes"][0]["text"]


def test_of_a_thousand_refused_files_a_few_are_named_and_json_names_all(quoth, tmp_path):
    folder = tmp_path / "mixed"
    folder.mkdir()
    for number in range(1_000):
        (folder / f"{number:04}.txt").write_bytes(b"\x00\x01")
    (folder / "good.txt").write_text("The harbour opens at six.\n")
    ran = quoth("index", folder)
    lines = ran.err.splitlines()
    assert (ran.code, len(lines), lines[-1]) == (3, 22, "quoth: and 980 more files; --json names them all")
    ran = quoth("index", folder, "--json")
    assert (ran.code, ran.json["unchanged"], len(ran.json["failed"])) == (3, 1, 1_000)
