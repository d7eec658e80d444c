"""``.quothignore``: what it names is not indexed, in git's own syntax, and one that can't be followed shows nothing."""

import os
import shutil
import subprocess

import pytest

from quoth.documents.source import discover
from quoth.errors import PathError


def write(root, files):
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def names(root):
    return [file.name for file in discover(root).files]


def test_what_the_root_ignores_is_passed_over_without_a_word(tmp_path):
    write(tmp_path, {".quothignore": "# drafts\n*.tmp.md\nprivate/\n", "a.md": "", "b.tmp.md": "", "private/c.md": ""})
    listing = discover(tmp_path)
    assert ([file.name for file in listing.files], listing.skipped, listing.unreadable) == (["a.md"], (), ())


def test_a_folders_own_patterns_count_in_it_and_below_and_override_those_above(tmp_path):
    write(tmp_path, {".quothignore": "*.md\n", "a.md": "", "sub/.quothignore": "!keep.md\nx.txt\n"})
    write(tmp_path, {"sub/keep.md": "", "sub/other.md": "", "sub/deep/keep.md": "", "sub/x.txt": "", "x.txt": ""})
    assert names(tmp_path) == ["sub/deep/keep.md", "sub/keep.md", "x.txt"]


def test_nothing_comes_back_from_below_an_ignored_folder(tmp_path):
    write(tmp_path, {".quothignore": "private/\n!private/a.md\n", "private/a.md": "", "private/.quothignore": "!*\n"})
    assert names(tmp_path) == []


def test_a_pattern_for_folders_ignores_no_file_of_that_name(tmp_path):
    write(tmp_path, {".quothignore": "notes.md/\n", "notes.md": ""})
    assert names(tmp_path) == ["notes.md"]


def test_patterns_of_a_folder_are_anchored_there(tmp_path):
    write(tmp_path, {"sub/.quothignore": "/a.md\n", "sub/a.md": "", "sub/deep/a.md": "", "a.md": ""})
    assert names(tmp_path) == ["a.md", "sub/deep/a.md"]


def test_a_named_file_is_read_whatever_the_folder_ignores(tmp_path):
    write(tmp_path, {".quothignore": "*\n", "a.md": "text"})
    assert names(tmp_path / "a.md") == ["a.md"]


@pytest.mark.parametrize(
    ("patterns", "told"),
    [
        (b"a\n!\n", "line 2"),
        (b"ok\nx\\\n", "line 2"),
        (b"caf\xe9\n", "not valid UTF-8 at byte 3"),
        (b"a\n" * 600_000, "more than 1,000,000 bytes"),
    ],
)
def test_patterns_that_cant_be_followed_are_an_error_and_hide_the_whole_folder(tmp_path, patterns, told):
    write(tmp_path, {"a.md": "", "sub/.quothignore": patterns, "sub/b.md": "", "sub/deep/c.md": ""})
    listing = discover(tmp_path)
    assert [file.name for file in listing.files] == ["a.md"]
    (unreadable,) = listing.unreadable
    assert unreadable.name == "sub"
    assert told in str(unreadable.error)
    with pytest.raises(PathError, match=told):
        discover(tmp_path / "sub")


def test_a_pattern_file_that_is_a_link_or_no_file_is_an_error(tmp_path):
    (tmp_path / "elsewhere").write_text("*.txt\n")
    for folder in ("link", "fifo", "folder"):
        (tmp_path / folder).mkdir()
    (tmp_path / "link" / ".quothignore").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(tmp_path / "fifo" / ".quothignore")
    (tmp_path / "folder" / ".quothignore").mkdir()
    assert [unreadable.name for unreadable in discover(tmp_path).unreadable] == ["fifo", "folder", "link"]


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_the_files_that_are_left_are_those_that_git_would_take(tmp_path):
    files = ["a.md", "b.txt", "build/c.md", "src/build/d.md", "src/e.md", "src/f g.md", "docs/x/y/z.md", "docs/z.md"]
    rules = {"": ["*.txt", "/build", "docs/**/z.md", "!docs/z.md", "f\\ g.md", "# a.md", ""], "src/": ["build/", "!e*"]}
    write(tmp_path, dict.fromkeys(files, "x"))
    for folder, lines in rules.items():
        for name in (".quothignore", ".gitignore"):
            write(tmp_path, {folder + name: "\n".join(lines) + "\n"})
    run = {"cwd": tmp_path, "check": True, "capture_output": True, "text": True}
    subprocess.run(["git", "init", "--quiet"], **run)
    listed = subprocess.run(["git", "ls-files", "--others", "--exclude-standard"], **run).stdout.splitlines()
    assert names(tmp_path) == sorted(name for name in listed if ".quothignore" not in name and ".gitignore" not in name)
