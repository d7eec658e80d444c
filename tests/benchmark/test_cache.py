import shutil
from collections import namedtuple

import pytest

from quoth.benchmark import cache
from quoth.benchmark.cache import clear, kept_in, made_library, vectors_folder
from quoth.errors import PathError
from quoth.library import Library


@pytest.fixture
def make(plan_of, encoder, tmp_path):
    """Make a library of so many passages in a folder; returns its place and how often one was written."""

    def run(size):
        settled = []
        place = made_library(tmp_path, plan_of(size), encoder.identity, settled.append, lambda progress: None)
        return place, len(settled)

    return run


def test_a_library_is_made_once_and_another_size_is_another(make):
    place, times = make(100)
    assert times == 1
    assert make(100) == (place, 0)
    other, times = make(120)
    assert times == 1 and other != place
    for folder, size in ((place, 100), (other, 120)):
        with Library.open(folder, create=False) as library:
            assert library.counts()[1] == size and not library.check().problems


@pytest.mark.parametrize("harm", ["remove", "damage", "shrink"])
def test_a_library_that_is_not_whole_any_more_is_made_anew(harm, make):
    place, _ = make(100)
    if harm == "remove":
        (place / "library.sqlite").unlink()
    elif harm == "damage":
        (place / "library.sqlite").write_bytes(b"no database at all" * 1_000)
    else:
        with Library.open(place) as library:
            library.remove("made/0")
    assert make(100) == (place, 1)
    with Library.open(place, create=False) as library:
        assert library.counts()[1] == 100


def test_an_interrupted_making_leaves_nothing(plan_of, encoder, tmp_path):
    def stop(progress):
        if progress.done > 40:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made_library(tmp_path, plan_of(100), encoder.identity, lambda made: None, stop)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert list((tmp_path / "libraries").iterdir()) == []


def test_too_little_room_is_told_before_anything_is_written(plan_of, encoder, tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10, 10, 0))
    with pytest.raises(PathError, match="needs up to"):
        made_library(tmp_path, plan_of(100), encoder.identity, lambda made: None, lambda progress: None)
    assert list((tmp_path / "libraries").iterdir()) == []


def test_clearing_takes_what_was_made_and_nothing_else(make, tmp_path):
    make(100)
    vectors_folder(tmp_path).mkdir()
    (vectors_folder(tmp_path) / "a.npy").write_bytes(b"12345")
    (tmp_path / "mine.txt").write_text("mine")
    assert clear(tmp_path) > 5
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    assert clear(tmp_path) == 0 == clear(tmp_path / "none")


def test_without_keeping_the_folder_is_left_as_it_was(tmp_path):
    with kept_in(tmp_path, keep=False) as folder:
        (folder / "a").write_text("a")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(PathError, match="can't be made"), kept_in(tmp_path / "file", keep=True):
        pass


def test_the_default_folder_is_in_the_users_cache(monkeypatch, tmp_path):
    monkeypatch.setattr(cache, "user_cache_path", lambda *names, **options: tmp_path)
    assert cache.default_folder() == tmp_path / "bench"
