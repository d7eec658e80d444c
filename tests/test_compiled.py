"""Encoders without PyTorch: the same vectors, from a compiled form that is used for no other weights."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from quoth import compiled, model_files
from quoth import encoder as encoder_module
from quoth.compiled import SAMPLE, compiled_folder
from quoth.encoder import Encoder
from quoth.errors import ModelError
from quoth.onnx_model import OnnxModel, shipped_sha256
from quoth.torch_model import TorchModel
from tests.tinymodel import write_tiny_model

SEEDS = Path(__file__).parent.parent / "seeds"
MODEL_LIBRARIES = ("torch", "transformers", "sentence_transformers")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("models"))


@pytest.fixture
def model(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it that a test may change, and a cache that holds nothing."""
    monkeypatch.setattr(compiled, "user_cache_path", lambda *names, **options: tmp_path / "cache")
    return Path(shutil.copytree(made, tmp_path / "tiny"))


def changed(model: Path) -> None:
    from safetensors.numpy import load_file, save_file

    path = model / "model.safetensors"
    save_file({key: value + 0.5 for key, value in load_file(path).items()}, path, {"format": "pt"})


# -- the default model


def test_the_default_model_s_vectors_are_those_of_sentence_transformers(encoder: Encoder):
    original = Encoder.load(engine="torch")
    assert isinstance(encoder._model, OnnxModel)
    assert isinstance(original._model, TorchModel)
    assert encoder.identity == original.identity
    paragraphs = [part for part in (SEEDS / "000_05c708fc0495fc3f.txt").read_text("utf-8").split("\n") if part.strip()]
    texts = [*SAMPLE, *paragraphs[:16]]
    assert encoder.count_tokens(texts) == original.count_tokens(texts)
    questions = encoder.encode_questions(texts)
    np.testing.assert_allclose(questions, original.encode_questions(texts), atol=1e-5)
    assert float((questions * original.encode_questions(texts)).sum(1).min()) > 0.99999


def test_the_default_model_s_vectors_of_passages_are_nearly_those_of_sentence_transformers(encoder: Encoder):
    """They are made in 8 bits; the questions that are compared with them are not."""
    original = Encoder.load(engine="torch")
    paragraphs = [part for part in (SEEDS / "000_05c708fc0495fc3f.txt").read_text("utf-8").split("\n") if part.strip()]
    mine, theirs = (one.encode_passages([*SAMPLE[1:], *paragraphs]) for one in (encoder, original))
    assert float((mine * theirs).sum(1).min()) > 0.99
    questions = encoder.encode_questions(["Who is the chief of cyber police?", "What gift was given?", "vpn"])
    assert float(np.abs(questions @ mine.T - questions @ theirs.T).max()) < 0.04
    assert float(np.abs(questions @ mine.T - questions @ theirs.T).mean()) < 0.01


def test_a_graph_that_is_not_the_shipped_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    data = Path(shutil.copytree(Path(encoder_module.__file__).parent / "data", tmp_path / "data"))
    monkeypatch.setattr("quoth.onnx_model.resources.files", lambda package: tmp_path)
    for name in ("encoder.onnx", "encoder_passages.onnx", "encoder_factors.safetensors"):
        whole = (data / name).read_bytes()
        (data / name).write_bytes(whole + b"\0")
        with pytest.raises(ModelError, match="have the hash"):
            Encoder.load()
        (data / name).unlink()
        with pytest.raises(ModelError, match="reinstall Quoth"):
            Encoder.load()
        (data / name).write_bytes(whole)
    (data / "encoder.json").write_text("{}", "utf-8")
    with pytest.raises(ModelError, match="reinstall Quoth"):
        Encoder.load()
    with pytest.raises(ModelError, match="reinstall Quoth"):
        shipped_sha256()


def loaded_by(code: str) -> set[str]:
    """Which model libraries a new process has imported after ``code``."""
    ending = f"\nimport sys; print('|' + ' '.join(set({MODEL_LIBRARIES!r}) & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code + ending], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.rsplit("|", 1)[1].split())


def test_indexing_and_asking_on_the_command_line_import_no_model_library(tmp_path: Path):
    run = "from quoth.cli.app import app\napp({arguments!r}, standalone_mode=False)\n"
    library = ["--library", str(tmp_path / "library")]
    assert loaded_by(run.format(arguments=["index", str(SEEDS), *library])) == set()
    assert loaded_by(run.format(arguments=["ask", "How much cybercrime was discovered?", *library])) == set()


def test_the_bot_s_import_loads_no_model_library():
    pytest.importorskip("discord")
    assert loaded_by("import warnings; warnings.simplefilter('ignore'); import bot.__main__") == set()


# -- other models


def test_a_model_is_compiled_once_and_then_served_without_sentence_transformers(
    model: Path, monkeypatch: pytest.MonkeyPatch
):
    original = Encoder.load(str(model), "torch")
    first = Encoder.load(str(model))
    monkeypatch.setattr(TorchModel, "load", None)
    second = Encoder.load(str(model))
    for served in (first, second):
        assert isinstance(served._model, OnnxModel)
        assert served.identity == original.identity
        assert served.count_tokens(SAMPLE) == original.count_tokens(SAMPLE)
        assert float((served.encode_passages(SAMPLE) * original.encode_passages(SAMPLE)).sum(1).min()) > 0.98
        np.testing.assert_allclose(served.encode_questions(SAMPLE), original.encode_questions(SAMPLE), atol=1e-5)
    # The prompts are there: without them a text would be the same as passage and as question
    assert np.abs(second.encode_passages(SAMPLE[1:]) - second.encode_questions(SAMPLE[1:])).max() > 1e-3
    assert [path.name for path in compiled_folder(model).parent.iterdir()] == [compiled_folder(model).name]


def test_passages_of_a_model_that_suffers_from_8_bits_are_embedded_in_32(model: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(compiled, "least_cosine", lambda *models: 0.97)
    original, served = Encoder.load(str(model), "torch"), Encoder.load(str(model))
    np.testing.assert_allclose(served.encode_passages(SAMPLE), original.encode_passages(SAMPLE), atol=1e-5)
    np.testing.assert_allclose(Encoder.load(str(model)).encode_passages(SAMPLE), served.encode_passages(SAMPLE))


def test_a_compiled_form_serves_no_other_weights_and_no_other_settings(model: Path):
    first = Encoder.load(str(model))
    folders = {compiled_folder(model)}
    changed(model)
    folders.add(compiled_folder(model))
    second = Encoder.load(str(model))
    assert second.identity != first.identity
    assert np.abs(first.encode_questions(SAMPLE[1:]) - second.encode_questions(SAMPLE[1:])).max() > 1e-3
    settings = model / "1_Pooling" / "config.json"
    settings.write_text(settings.read_text("utf-8").replace("cls", "mean"), "utf-8")
    assert len(folders | {compiled_folder(model)}) == 3


@pytest.mark.parametrize("name", ["encoder.onnx", "encoder_passages.onnx", "tokenizer.json"])
def test_a_damaged_compiled_form_is_made_anew(model: Path, caplog: pytest.LogCaptureFixture, name: str):
    alone = Encoder.load(str(model)).encode_questions(SAMPLE)
    graph = compiled_folder(model) / name
    whole = graph.read_bytes()
    graph.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    again = Encoder.load(str(model))
    assert "made anew" in caplog.text
    assert isinstance(again._model, OnnxModel)
    np.testing.assert_allclose(again.encode_questions(SAMPLE), alone, atol=1e-5)
    assert graph.read_bytes() == whole


@pytest.mark.parametrize("card", [b"\xff\xfe\x00bad", b"5", b'["unfit"]', b'{"unfit": null}', b'"unfit"', None])
def test_a_damaged_card_is_made_anew(model: Path, card: bytes | None):
    Encoder.load(str(model))
    path = compiled_folder(model) / "encoder.json"
    whole = path.read_bytes()
    other = json.dumps(json.loads(whole) | {"weights_sha256": "0" * 64}).encode()
    path.write_bytes(other if card is None else card)
    assert isinstance(Encoder.load(str(model))._model, OnnxModel)
    assert path.read_bytes() == whole


def test_a_model_whose_compiled_form_differs_goes_on_in_sentence_transformers_and_says_so_once(
    model: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(compiled, "difference", lambda *models: float("nan"))
    for _ in range(2):
        assert isinstance(Encoder.load(str(model))._model, TorchModel)
    assert caplog.text.count("vectors differ") == 1
    assert "unfit" in json.loads((compiled_folder(model) / "encoder.json").read_text("utf-8"))
    assert [path.name for path in compiled_folder(model).iterdir()] == ["encoder.json"]


def test_a_model_that_can_t_be_exported_goes_on_in_sentence_transformers(
    model: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def fails(*arguments: object) -> None:
        raise RuntimeError("no such operator")

    monkeypatch.setattr(compiled, "export", fails)
    assert isinstance(Encoder.load(str(model))._model, TorchModel)
    assert "no such operator" in caplog.text


def test_what_compiling_needs_is_named_where_it_is_missing(
    model: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(compiled.importlib.util, "find_spec", lambda name: None)
    assert isinstance(Encoder.load(str(model))._model, TorchModel)
    assert "quoth[train]" in caplog.text
    assert not compiled_folder(model).exists()


def test_the_setting_leaves_a_model_to_sentence_transformers(model: Path, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO, "quoth")
    assert isinstance(Encoder.load(str(model), "torch")._model, TorchModel)
    assert not compiled_folder(model).exists()
    assert not caplog.text


def test_a_gpu_is_used_through_sentence_transformers(monkeypatch: pytest.MonkeyPatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert encoder_module._has_gpu()
    monkeypatch.delitem(sys.modules, "torch")
    assert not encoder_module._has_gpu()


def test_a_process_hashes_a_model_s_files_once(model: Path, monkeypatch: pytest.MonkeyPatch):
    read: list[str] = []
    digest = model_files.hashlib.file_digest

    def counting(file, name):
        read.append(file.name)
        return digest(file, name)

    monkeypatch.setattr(model_files.hashlib, "file_digest", counting)
    for _ in range(3):
        assert encoder_module.is_recorded(str(model), Encoder.load(str(model)).identity)
    weights = [name for name in read if name.endswith(".safetensors")]
    assert len(weights) == len(set(weights)) == 2
