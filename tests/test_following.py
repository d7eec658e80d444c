"""Folders that are followed: every change reaches the library, and nothing that goes wrong with one ends it."""

import queue
import shutil
import threading

import pytest

from quoth.errors import FormatError, LibraryBusyError, PathError
from quoth.following import Follower


class Followed:
    """A follower in a thread of its own, and what it did, in order."""

    def __init__(self, *roots, apart):
        self.roots = list(roots)
        self.done = queue.Queue()
        self.refuse = {}
        self.on_update = self.done.put
        self.follower = Follower(self.roots, self.update, lambda error: self.done.put(error), apart)
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.follower.follow, args=(self.stop,))

    def update(self, root):
        if root in self.refuse:
            raise self.refuse[root]
        self.on_update(root)

    def next(self):
        return self.done.get(timeout=30)

    def nothing_in(self, seconds):
        with pytest.raises(queue.Empty):
            self.done.get(timeout=seconds)

    def __enter__(self):
        self.thread.start()
        for root in self.roots:
            assert self.next() == root
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join(30)
        assert not self.thread.is_alive()


@pytest.fixture
def following(tmp_path):
    return lambda *roots: Followed(*roots, apart=tmp_path / "notes" / "library")


@pytest.fixture
def notes(tmp_path):
    folder = tmp_path / "notes"
    folder.mkdir()
    return folder


def test_a_new_a_changed_and_a_removed_file_are_each_told(notes, following):
    with following(notes) as followed:
        (notes / "sub").mkdir()
        (notes / "sub" / "a.md").write_text("one")
        assert followed.next() == notes
        (notes / "sub" / "a.md").write_text("two")
        assert followed.next() == notes
        (notes / "sub" / "a.md").unlink()
        assert followed.next() == notes


def test_only_the_root_that_changed_is_brought_up_to_date(tmp_path, notes, following):
    other = tmp_path / "other"
    other.mkdir()
    with following(notes, other) as followed:
        (other / "a.md").write_text("one")
        assert followed.next() == other
        followed.nothing_in(3)


def test_hidden_files_and_the_library_itself_are_no_news_but_ignore_files_are(notes, following):
    for folder in (".git", "library"):
        (notes / folder).mkdir()
    with following(notes) as followed:
        for name in (".git/config", "library/quoth.sqlite", ".a.md.swp"):
            (notes / name).write_text("x")
        followed.nothing_in(4)
        (notes / ".quothignore").write_text("*.md")
        assert followed.next() == notes


def test_a_named_file_is_followed_through_being_replaced(notes, following):
    file = notes / "a.md"
    file.write_text("one")
    with following(file) as followed:
        (notes / "b.md").write_text("neighbour")
        (notes / "new").write_text("two, longer")
        (notes / "new").replace(file)
        assert followed.next() == file
        file.write_text("three, longer still")
        assert followed.next() == file
        followed.nothing_in(3)


def test_a_folder_that_vanished_is_followed_again_when_it_comes_back(notes, following):
    with following(notes) as followed:
        followed.refuse[notes] = PathError("gone")
        shutil.rmtree(notes)
        assert isinstance(followed.next(), PathError)
        followed.nothing_in(3)
        notes.mkdir()
        del followed.refuse[notes]
        assert followed.next() == notes
        while not followed.done.empty():
            followed.next()
        (notes / "a.md").write_text("back")
        assert followed.next() == notes


def test_what_changes_before_a_folder_that_came_back_is_watched_is_not_missed(notes, following):
    with following(notes) as followed:
        followed.refuse[notes] = PathError("gone")
        shutil.rmtree(notes)
        assert isinstance(followed.next(), PathError)
        found = []

        def update_and_write_at_once(root):
            found.append(sorted(path.name for path in root.iterdir()))
            if len(found) == 1:
                (root / "a.md").write_text("written when the folder was read but not watched yet")
            followed.done.put(root)

        followed.on_update = update_and_write_at_once
        notes.mkdir()
        del followed.refuse[notes]
        while ["a.md"] not in found:
            assert followed.next() == notes


def test_a_library_that_another_process_writes_to_is_tried_again(notes, following):
    with following(notes) as followed:
        followed.refuse[notes] = LibraryBusyError("busy")
        (notes / "a.md").write_text("one")
        assert isinstance(followed.next(), LibraryBusyError)
        followed.nothing_in(2)
        del followed.refuse[notes]
        assert followed.next() == notes


def test_a_file_that_cant_be_read_is_told_once_and_tried_again_only_when_it_changes(notes, following):
    file = notes / "a.md"
    file.write_text("one")
    with following(file) as followed:
        followed.refuse[file] = FormatError("broken")
        file.write_text("two, longer")
        assert isinstance(followed.next(), FormatError)
        del followed.refuse[file]
        followed.nothing_in(3)
        file.write_text("three, longer still")
        assert followed.next() == file
