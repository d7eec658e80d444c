"""A compiled encoder in the cache is damaged, or any call fails while it is written: made anew, and nothing is left."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from damage import damaged
from faultycalls import faulty_calls
from faultyfiles import FAILURES, Steps

from quoth import compiled
from quoth.compiled import compiled_folder, load_compiled
from quoth.encoder import Encoder
from quoth.onnx_model import OnnxModel
from tests.tinymodel import write_tiny_model

ALL = os.environ.get("QUOTH_FAULTS") == "all"
PLACES = 300 if ALL else 30
AT = range(1_000) if ALL else (3, 11)
"""Calls that fail, as far as there are so many."""

TEXTS = ["Where is the boat?", "The harbour master counts every boat at dawn."]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("faulty"))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache that holds nothing, and a folder for temporary files below the test's own."""
    monkeypatch.setattr(compiled, "user_cache_path", lambda *names, **options: tmp_path / "cache")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    return tmp_path


def left_in(cache: Path, model: Path) -> list[str]:
    """What lies in the cache and among temporary files beside the compiled form itself."""
    folder = compiled_folder(model)
    return [path.name for path in (*folder.parent.glob("*"), *(cache / "temporary").iterdir()) if path != folder]


def test_a_file_that_is_cut_or_has_a_bit_flipped_is_not_served_from(model: Path, cache: Path) -> None:
    Encoder.load(str(model))
    folder = compiled_folder(model)
    whole = load_compiled(folder)
    assert whole is not None
    names, served = sorted(path.name for path in folder.iterdir()), 0
    assert len(names) == 4
    for seed in range(PLACES):
        path = folder / names[seed % len(names)]
        data = path.read_bytes()
        path.write_bytes(damaged(data, seed))
        found = load_compiled(folder)
        # A space between two fields of the card may be another without a change of what it says
        assert found is None or found.card == whole.card, f"{path.name}, seed {seed}"
        served += found is not None
        path.write_bytes(data)
    assert served < PLACES / 10
    assert load_compiled(folder) is not None


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "lasting"])
@pytest.mark.parametrize("failure", FAILURES)
def test_whatever_call_fails_while_it_is_made_the_model_serves_and_is_compiled_the_next_time(
    failure: str, lasting: bool, model: Path, cache: Path
) -> None:
    expected = Encoder.load(str(model), "torch").encode_questions(TEXTS)
    steps, met = Steps(), 0
    for fatal in AT:
        steps.begin(fatal, failure, lasting=lasting)
        with faulty_calls(steps, cache):
            served = Encoder.load(str(model))
        np.testing.assert_allclose(served.encode_questions(TEXTS), expected, atol=1e-5)
        if len(steps.taken) <= fatal:
            break
        met += 1
        left = [name for name in left_in(cache, model) if not name.startswith(".new-")]
        # A temporary folder, the exporter's or the quantiser's, stays where deleting it is what fails
        temporary = [name for name in left if (cache / "temporary" / name).exists()]
        for name in temporary:
            shutil.rmtree(cache / "temporary" / name)
        assert lasting or (left == temporary and len(left) <= 1), steps.taken[fatal]
        again = Encoder.load(str(model))
        assert isinstance(again._model, OnnxModel), steps.taken[fatal]
        np.testing.assert_allclose(again.encode_questions(TEXTS), expected, atol=1e-5)
        for path in compiled_folder(model).iterdir():
            path.unlink()
        compiled_folder(model).rmdir()
    sys.stdout.write(f"failed at {met} calls\n")
    steps.begin(None)
    Encoder.load(str(model))
    assert not [name for name in left_in(cache, model) if name.startswith(".new-")]


def test_what_a_killed_process_was_compiling_goes_with_the_next_compiling(model: Path, cache: Path) -> None:
    scratch = compiled_folder(model).parent / ".new-killed"
    (scratch / "encoder").mkdir(parents=True)
    (scratch / "encoder" / "encoder.onnx").write_bytes(bytes(1_000))
    (scratch / "lock").touch()
    Encoder.load(str(model))
    assert left_in(cache, model) == []


def test_what_another_process_is_compiling_stays(model: Path, cache: Path) -> None:
    scratch = compiled_folder(model).parent / ".new-living"
    scratch.mkdir(parents=True)
    with compiled.FileLock(scratch / "lock"):
        Encoder.load(str(model))
        assert left_in(cache, model) == [".new-living"]
