"""Roots: what is found below them, in which order, and what is told of the rest."""

import os

import pytest

from quoth.documents.reading import parse
from quoth.documents.source import Unreadable, discover, scan
from quoth.errors import FormatError, PathError


def write(root, **files):
    for name, content in files.items():
        path = root / name.replace("__", "/").replace("_DOT_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def names(listing):
    return [file.name for file in listing.files]


def test_a_folder_lists_its_known_files_by_path_in_order(tmp_path):
    write(tmp_path, b_DOT_txt="x", sub__deep__a_DOT_MD="x", a_DOT_txt="x", sub_DOT_txt="x")
    assert names(discover(tmp_path)) == ["a.txt", "b.txt", "sub.txt", "sub/deep/a.MD"]


def test_hidden_files_and_folders_are_passed_over(tmp_path):
    write(tmp_path, _DOT_git__a_DOT_txt="x", _DOT_b_DOT_txt="x", c_DOT_txt="x")
    listing = discover(tmp_path)
    assert (names(listing), listing.skipped, listing.unreadable) == (["c.txt"], (), ())


def test_an_unknown_suffix_in_a_folder_is_told_and_skipped(tmp_path):
    write(tmp_path, a_DOT_exe="x", b_DOT_txt="x")
    listing = discover(tmp_path)
    assert names(listing) == ["b.txt"]
    assert [(skipped.name, ".exe" in skipped.reason) for skipped in listing.skipped] == [("a.exe", True)]


def test_a_named_file_of_unknown_suffix_is_read_as_plain_text(tmp_path):
    write(tmp_path, notes_DOT_log="Something happened here today.")
    (entry,) = scan(discover(tmp_path / "notes.log"))
    assert (entry.name, entry.parse().text) == ("notes.log", "Something happened here today.")


def test_a_named_binary_file_is_a_format_error(tmp_path):
    write(tmp_path, a_DOT_bin=b"\x00\x01\x02")
    (entry,) = scan(discover(tmp_path / "a.bin"))
    with pytest.raises(FormatError, match=r"a\.bin"):
        entry.parse()


def test_a_named_path_that_does_not_exist_is_a_path_error(tmp_path):
    with pytest.raises(PathError, match=r"nowhere\.txt"):
        discover(tmp_path / "nowhere.txt")


def test_a_named_file_that_vanishes_is_a_path_error(tmp_path):
    write(tmp_path, a_DOT_txt="x")
    listing = discover(tmp_path / "a.txt")
    (tmp_path / "a.txt").unlink()
    with pytest.raises(PathError, match=r"a\.txt"):
        list(scan(listing))


def test_a_file_in_a_folder_that_can_not_be_read_is_reported_and_the_rest_goes_on(tmp_path):
    write(tmp_path, a_DOT_txt="x", b_DOT_txt="x", c_DOT_jsonl="{")
    listing = discover(tmp_path)
    (tmp_path / "a.txt").unlink()
    found = list(scan(listing))
    assert [(type(item), item.name) for item in found if isinstance(item, Unreadable)] == [
        (Unreadable, "a.txt"),
        (Unreadable, "c.jsonl"),
    ]
    assert [item.name for item in found if not isinstance(item, Unreadable)] == ["b.txt"]


def test_links_out_of_the_root_are_not_followed(tmp_path):
    root = tmp_path / "root"
    write(tmp_path, secret_DOT_txt="x", outside__a_DOT_txt="x", root__in__a_DOT_txt="x")
    (root / "link.txt").symlink_to(tmp_path / "secret.txt")
    (root / "folder").symlink_to(tmp_path / "outside")
    (root / "again").symlink_to(root)
    (root / "inside.txt").symlink_to(root / "in" / "a.txt")
    (root / "broken.txt").symlink_to(root / "nothing")
    listing = discover(root)
    assert names(listing) == ["in/a.txt", "inside.txt"]
    assert [skipped.name for skipped in listing.skipped] == ["again", "folder", "link.txt"]
    assert [unreadable.name for unreadable in listing.unreadable] == ["broken.txt"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no names that are not Unicode")
def test_a_name_that_is_not_utf_8_is_reported(tmp_path):
    write(tmp_path, a_DOT_txt="x")
    try:
        with open(os.fsencode(tmp_path) + b"/caf\xe9.txt", "wb") as file:  # noqa: PTH123
            file.write(b"x")
    except OSError:
        pytest.skip("this file system refuses names that are not UTF-8")
    listing = discover(tmp_path)
    assert names(listing) == ["a.txt"]
    (unreadable,) = listing.unreadable
    assert str(unreadable.error).encode()


def test_a_name_stays_as_the_file_system_gives_it(tmp_path):
    write(tmp_path, café_DOT_txt="x", سند_DOT_txt="x")
    on_disk = sorted(path.name for path in tmp_path.iterdir())
    assert names(discover(tmp_path)) == on_disk


def test_of_a_dataset_folder_only_the_corpus_is_indexed(tmp_path):
    line = '{"_id": "d1", "text": "Words."}\n'
    write(
        tmp_path, set__corpus_DOT_jsonl=line, set__queries_DOT_jsonl=line, set__qrels__test_DOT_tsv="", a_DOT_jsonl=line
    )
    listing = discover(tmp_path / "set")
    assert names(listing) == ["corpus.jsonl"]
    assert [entry.name for entry in scan(listing)] == ["d1"]


def test_two_files_that_hold_the_same_name_are_not_mixed_up(tmp_path):
    line = '{"_id": "d1", "text": "Words."}\n'
    write(tmp_path, a_DOT_jsonl=line, b_DOT_jsonl='{"_id": "d2", "text": "Words."}\n' + line)
    first, second = scan(discover(tmp_path))
    assert first.name == "d1"
    assert isinstance(second, Unreadable)
    assert second.name == "b.jsonl"
    assert "a.jsonl" in str(second.error)


def test_the_hash_is_that_of_the_bytes_and_needs_no_parsing(tmp_path):
    write(tmp_path, a_DOT_txt=b"\xff\xfe\x00broken", b_DOT_txt="Fine.")
    one, two = scan(discover(tmp_path))
    assert two.content_hash == two.parse().content_hash
    assert one.content_hash != two.content_hash
    with pytest.raises(FormatError):
        one.parse()


def test_an_empty_file_is_a_document_without_paragraphs():
    document = parse("empty_file-1.txt", b"")
    assert (document.title, document.text, document.paragraphs) == ("empty file 1", "", ())


def test_the_suffix_decides_between_markdown_and_plain_text():
    assert parse("a.md", b"# Head\n\nText").media_type == "text/markdown"
    assert len(parse("a.md", b"# Head\n\nText").paragraphs) == 1
    assert len(parse("a.txt", b"# Head\n\nText").paragraphs) == 2
