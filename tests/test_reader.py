"""The reader: where in a passage the answer stands, and how sure it is, by the model that ships with Quoth."""

from __future__ import annotations

import json
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from quoth import reader as reader_module
from quoth.errors import ModelError
from quoth.reader import LONGEST_ANSWER, LONGEST_ROW, Reader, best_span, loaded_reader, reader_file

BRIDGE = ("The bridge", "The old bridge over the Wye was built by Thomas Harrow in 1832. It is closed to carts now.")
BREAD = ("Bread", "Rye bread needs a sour dough, which is kept warm for a day before it is kneaded with salt.")
MARKET = ("The market", "The market is held on Fridays. Farmers from eleven villages bring cheese and honey to it.")


@pytest.fixture(scope="module")
def reader() -> Reader:
    return loaded_reader(None)


def marked(question: str, passage: tuple[str, str], reader: Reader) -> str:
    (reading,) = reader.read(question, [passage])
    _, first, last = best_span(reading.start, reading.end)
    return passage[1][reading.spans[first, 0] : reading.spans[last, 1]]


def test_the_words_that_answer_are_marked(reader: Reader):
    assert "1832" in marked("When was the old bridge built?", BRIDGE, reader)
    assert "Harrow" in marked("Who built the bridge over the Wye?", BRIDGE, reader)
    assert "Fridays" in marked("On which day is the market held?", MARKET, reader)


def test_the_passage_that_answers_fits_better_than_others(reader: Reader):
    passages = [BREAD, BRIDGE, MARKET]
    readings = reader.read("Who built the old bridge?", passages)
    assert max(range(3), key=lambda place: readings[place].relevance) == 1
    assert max(range(3), key=lambda place: readings[place].answerable) == 1
    assert max(range(3), key=lambda place: best_span(readings[place].start, readings[place].end)[0]) == 1


def test_each_reading_belongs_to_its_passage_whatever_their_lengths(reader: Reader):
    passages = [(f"n{n}", "word " * n + f"the number is {n}.") for n in (90, 1, 40, 7, 120, 3, 60, 15, 2, 80, 30)]
    for (_, text), reading in zip(passages, reader.read("What is the number?", passages), strict=True):
        assert len(reading.start) == len(reading.end) == len(reading.spans)
        first, last = reading.spans[0], reading.spans[-1]
        assert (int(first[0]), int(last[1])) == (0, len(text))


def test_a_passage_is_read_alike_in_whatever_company(reader: Reader):
    together = reader.read("When was the bridge built?", [BRIDGE, BREAD, MARKET])
    for passage, reading in zip([BRIDGE, BREAD, MARKET], together, strict=True):
        (alone,) = reader.read("When was the bridge built?", [passage])
        assert (alone.relevance, alone.answerable) == (reading.relevance, reading.answerable)
        assert np.array_equal(alone.start, reading.start) and np.array_equal(alone.end, reading.end)


def test_reading_the_same_again_says_the_same(reader: Reader):
    one, two = (reader.read("When was the bridge built?", [BRIDGE, BREAD]) for _ in range(2))
    assert [reading.relevance for reading in one] == [reading.relevance for reading in two]
    assert all(np.array_equal(a.start, b.start) for a, b in zip(one, two, strict=True))


def test_of_a_passage_too_long_what_fits_is_read(reader: Reader):
    (reading,) = reader.read("When? " * 200, [("A title " * 60, "word " * 2_000)])
    assert 0 < len(reading.start) < LONGEST_ROW
    assert np.isfinite(reading.start).all()


def test_a_passage_without_a_word_and_no_passage_can_be_read(reader: Reader):
    assert reader.read("When?", []) == []
    (reading,) = reader.read("When?", [("", "")])
    assert best_span(reading.start, reading.end)[0] == float("-inf")


@given(st.text(max_size=80), st.text(max_size=40), st.text(max_size=300))
def test_any_text_can_be_read(question: str, title: str, text: str):
    (reading,) = loaded_reader(None).read(question, [(title, text)])
    assert ((reading.spans >= 0) & (reading.spans <= len(text))).all()
    assert np.isfinite([reading.relevance, reading.answerable]).all()


SCORES = arrays.arrays(np.float32, st.integers(1, 60), elements=st.floats(-20, 20, width=32))


@given(SCORES, st.data())
def test_the_best_span_is_the_best_of_all_spans(start: np.ndarray, data: st.DataObject):
    end = data.draw(arrays.arrays(np.float32, len(start), elements=st.floats(-20, 20, width=32)))
    sums = [(start[i] + end[j], i, j) for i in range(len(start)) for j in range(i, min(i + LONGEST_ANSWER, len(start)))]
    score, i, j = best_span(start, end)
    assert score == max(sums)[0] == start[i] + end[j]
    assert i <= j < i + LONGEST_ANSWER


def copied(folder: Path) -> Path:
    for name in ("reader.onnx", "reader.json"):
        shutil.copy(str(resources.files("quoth").joinpath("data", name)), folder)
    return folder


def test_a_reader_with_one_bit_changed_is_refused(tmp_path: Path):
    path = copied(tmp_path) / "reader.onnx"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelError, match="has the hash"):
        Reader.load(tmp_path)


def test_a_file_that_is_no_model_is_refused_even_where_its_hash_is_right(tmp_path: Path):
    import hashlib

    (tmp_path / "reader.onnx").write_bytes(b"no model")
    card = {"name": "x", "sha256": hashlib.sha256(b"no model").hexdigest()}
    (tmp_path / "reader.json").write_text(json.dumps(card), "utf-8")
    with pytest.raises(ModelError, match="can't be run"):
        Reader.load(tmp_path)


def test_a_missing_reader_and_a_broken_card_are_refused(tmp_path: Path):
    with pytest.raises(ModelError, match="can't be read"):
        Reader.load(tmp_path)
    (copied(tmp_path) / "reader.json").write_text("{", "utf-8")
    with pytest.raises(ModelError, match="can't be read"):
        Reader.load(tmp_path)


def test_the_reader_in_the_package_is_small_enough_to_ship():
    assert resources.files("quoth").joinpath("data", "reader.onnx").read_bytes().__len__() <= 35 * 1024 * 1024


def test_where_no_thread_can_be_started_the_reader_is_loaded_all_the_same(monkeypatch: pytest.MonkeyPatch):
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(reader_module, "_loaded", {})
    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert loaded_reader(None).name == Reader.load().name


def test_a_reader_that_could_not_be_loaded_is_tried_again(tmp_path: Path):
    with pytest.raises(ModelError, match="can't be read"):
        loaded_reader(tmp_path)
    for ending in (".onnx", ".json"):
        shutil.copy(reader_file().with_suffix(ending), tmp_path)
    assert loaded_reader(tmp_path).digest == loaded_reader(None).digest


def test_threads_that_want_a_reader_at_once_get_one(tmp_path: Path):
    for ending in (".onnx", ".json"):
        shutil.copy(reader_file().with_suffix(ending), tmp_path)
    with ThreadPoolExecutor(4) as pool:
        assert len({id(reader) for reader in pool.map(loaded_reader, [tmp_path] * 8)}) == 1
