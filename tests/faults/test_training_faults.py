"""What a training writes is damaged, or any call fails while it is written: as before or as after, and said so."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from damage import damaged
from faultycalls import faulty_calls
from faultyfiles import FAILURES, Steps

from quoth.datasets import Dataset, GoldAnswer, Question, SourceText
from quoth.errors import ModelError
from quoth.training.checkpoint import read_tensors, write_tensors
from quoth.training.items import collect
from quoth.training.model import load_tokenizer
from quoth.training.start import FILE_NAME, Origin, Start

ALL = os.environ.get("QUOTH_FAULTS") == "all"
PLACES = 300 if ALL else 30
EVERY = 1 if ALL else 3


def datasets() -> list[Dataset]:
    documents, questions = {}, []
    for number in range(12):
        text = f"Boat {number} is moored at quay {number % 5}. Its owner is called Ismene {number}."
        documents[f"d{number}"] = SourceText(f"d{number}", f"Boat {number}", text)
        answer = GoldAnswer(f"Ismene {number}", f"d{number}", text.index("Ismene"))
        questions.append(Question(f"q{number}", f"Who owns boat {number}?", True, (answer,), {f"d{number}": 1.0}))
    return [Dataset("boats", documents, questions)]


def tensors(value: float) -> dict[str, torch.Tensor]:
    return {"mean/a": torch.full((40, 8), value), "rng": torch.arange(64, dtype=torch.uint8)}


def write_weights(folder: Path, value: float) -> None:
    write_tensors(folder / "checkpoint.safetensors", tensors(value), {"format": "1", "facts": f'{{"step": {value}}}'})


def write_note(folder: Path, value: float) -> None:
    Start(Origin.ENCODER, None, steps=int(value)).note(folder)


def write_negatives(folder: Path, value: float) -> None:
    boats = datasets()
    boats[0].questions[:] = boats[0].questions[int(value) :]
    collect(boats, load_tokenizer(), cache=folder / "negatives.npz")


def read_weights(folder: Path) -> object:
    found, metadata = read_tensors(folder / "checkpoint.safetensors")
    return {name: tensor.tolist() for name, tensor in found.items()}, metadata


class Writing(NamedTuple):
    """A file that a training writes, how it is written in two versions, and what it says."""

    name: str
    write: Callable[[Path, float], None]
    read: Callable[[Path], object]


WRITINGS = {
    "weights": Writing("checkpoint.safetensors", write_weights, read_weights),
    "note": Writing(FILE_NAME, write_note, lambda folder: (folder / FILE_NAME).read_bytes()),
    "negatives": Writing("negatives.npz", write_negatives, lambda folder: (folder / "negatives.npz").read_bytes()),
}


# An archive that could not be written tries once more, in vain, when it is collected
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("lasting", [False, True], ids=["once", "lasting"])
@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("what", WRITINGS)
def test_whatever_call_fails_the_file_is_as_before_or_as_after_and_the_retry_succeeds(
    what: str, failure: str, lasting: bool, tmp_path: Path
) -> None:
    (name, write, read), steps = WRITINGS[what], Steps()
    write(tmp_path, 1)
    before, kept = read(tmp_path), (tmp_path / name).read_bytes()
    with faulty_calls(steps, tmp_path):
        write(tmp_path, 2)
        after, calls = read(tmp_path), list(steps.taken)
        assert before != after
        assert f"replace {name}.tmp" in calls or "replace negatives.tmp.npz" in calls
        # The four ways to fail begin at different calls, so that together they meet each one
        first = (list(FAILURES).index(failure) + 2 * lasting) % EVERY
        for fatal in range(first, len(calls), EVERY):
            steps.begin(None)
            (tmp_path / name).write_bytes(kept)
            steps.begin(fatal, failure, lasting=lasting)
            # The command line says an OSError in a sentence, as every other command's
            try:
                write(tmp_path, 2)
            except OSError as error:
                assert "fails on purpose" in str(error)
            gc.collect()
            steps.begin(None)
            assert read(tmp_path) in (before, after), calls[fatal]
            write(tmp_path, 2)
            assert read(tmp_path) == after
            assert [path.name for path in tmp_path.iterdir()] == [name]


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_weights_that_are_cut_or_have_a_bit_flipped_are_refused_in_words(tmp_path: Path) -> None:
    write_weights(tmp_path, 1)
    path = tmp_path / "checkpoint.safetensors"
    kept, refused = path.read_bytes(), 0
    for seed in range(PLACES):
        path.write_bytes(damaged(kept, seed))
        try:
            found, _ = read_tensors(path)
            # Spaces that fill up the header say nothing
            assert same(found, tensors(1)), seed
        except ModelError as error:
            refused += 1
            assert str(path) in str(error)
    assert refused > PLACES * 0.9


def test_negatives_that_are_cut_or_have_a_bit_flipped_are_mined_anew(tmp_path: Path) -> None:
    cache, tokenizer = tmp_path / "negatives.npz", load_tokenizer()
    right = [item.negatives for item in collect(datasets(), tokenizer, cache=cache).items]
    kept = cache.read_bytes()
    for seed in range(PLACES):
        cache.write_bytes(damaged(kept, seed))
        assert [item.negatives for item in collect(datasets(), tokenizer, cache=cache).items] == right, seed
