"""Products in 8 bits: hardly anything that the reader says changes, and training can begin from them."""

from __future__ import annotations

import json
import shutil

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from quoth.datasets import Dataset
from quoth.errors import DatasetError, ModelError
from quoth.network import UNFUSED, session_options
from quoth.reader import Reader, reader_file
from quoth.training.agreement import Agreement, agreement
from quoth.training.eight_bits import convert, main
from quoth.training.export import export_reader
from quoth.training.products import even_out, large_products
from quoth.training.restore import restored_reader
from quoth.training.rounding import rounded

ASKED = [
    ("When does the market open?", "The market", "The market is held on Fridays and opens at six in the morning."),
    ("Who built the bridge?", "", "The old bridge was built by Thomas Harrow in 1832, and is closed to carts."),
]


@pytest.fixture(scope="module")
def network():
    model = restored_reader(dropout=0.0)
    model.encoder.config._attn_implementation = "eager"
    return model.eval()


@pytest.fixture(scope="module")
def folders(network, dataset, tmp_path_factory):
    """The shipped reader's network, written with products in 32 bits and, made of that, in 8 bits."""
    plain, fast = (tmp_path_factory.mktemp(name) for name in ("plain", "fast"))
    export_reader(network, plain, {"name": "plain"}, bits=16)
    convert(plain, [dataset], 12, fast)
    return plain, fast


def test_a_reader_that_multiplies_in_8_bits_says_nearly_the_same(network, folders):
    plain, fast = (agreement(network, Reader.load(folder), ASKED) for folder in folders)
    assert plain.reaches(Agreement(1.0, 0.9999, 0.02))
    assert fast.reaches(Agreement(1.0, 0.99, 0.3))
    assert fast.difference > plain.difference


def test_all_large_products_are_made_in_8_bits_and_its_card_says_by_which_questions(folders):
    plain, fast = (onnx.load(str(reader_file(folder))).graph for folder in folders)
    assert len(large_products(plain)) == 24 and large_products(fast) == []
    kinds = [node.op_type for node in fast.node]
    assert kinds.count("DynamicQuantizeMatMul") == 18 and kinds.count("QAttention") == 6
    card = json.loads(reader_file(folders[1]).with_suffix(".json").read_text())
    assert card["multiplied_in_8_bits_by"] == ["towns"] and card["name"] == "plain"


def test_no_network_that_ships_has_the_slow_norm_and_none_is_given_it_when_it_is_loaded(tmp_path):
    data = reader_file().parent
    for name in ("reader.onnx", "encoder.onnx", "encoder_passages.onnx"):
        graph = onnx.load(str(data / name), load_external_data=False).graph
        kinds = [node.op_type for node in graph.node]
        assert "SkipLayerNormalization" not in kinds and kinds.count("LayerNormalization") == 12
    for unfused, fused_norms in ((UNFUSED, 0), ((), 12)):
        options = session_options(1)
        options.optimized_model_filepath = str(tmp_path / "loaded.onnx")
        onnxruntime.InferenceSession(
            str(data / "reader.onnx"), options, providers=["CPUExecutionProvider"], disabled_optimizers=unfused
        )
        kinds = [node.op_type for node in onnx.load(options.optimized_model_filepath).graph.node]
        assert kinds.count("SkipLayerNormalization") == fused_norms


def test_training_goes_on_from_it_as_it_says_what_it_says(folders):
    again = restored_reader(folders[1], dropout=0.0)
    found = agreement(again, Reader.load(folders[1]), ASKED)
    assert found.reaches(Agreement(1.0, 0.99, 0.3))


def test_one_that_does_so_already_is_not_rounded_again(folders, dataset, tmp_path):
    with pytest.raises(ModelError, match="8 bits already"):
        convert(folders[1], [dataset], 12, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_without_a_passage_to_read_nothing_is_rounded(folders, dataset, tmp_path, capsys):
    silent = Dataset("silent", dataset.documents, [])
    with pytest.raises(DatasetError, match="silent has a passage to read"):
        convert(folders[0], [silent], 12, tmp_path / "out")
    assert main([str(tmp_path / "nowhere"), "--reader", str(folders[0]), "--out", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err.startswith("error: ")
    assert not (tmp_path / "out").exists()


def test_a_reader_with_a_foreign_file_is_refused(folders, dataset, tmp_path):
    for name in ("reader.onnx", "reader.json"):
        shutil.copy(folders[0] / name, tmp_path)
    reader_file(tmp_path).write_bytes(b"x")
    with pytest.raises(ModelError, match="has the hash"):
        convert(tmp_path, [dataset], 12, tmp_path / "out")


def test_rounding_changes_what_real_inputs_make_less_than_rounding_each_number():
    rng = np.random.default_rng(3)
    weight = rng.standard_normal((96, 40)).astype(np.float32)
    # Inputs that go together, as activations do
    inputs = rng.standard_normal((500, 12)) @ rng.standard_normal((12, 96)) + 0.1 * rng.standard_normal((500, 96))
    stored, scale = rounded(weight, inputs.T @ inputs)
    each = np.rint(weight / scale) * scale
    exact = inputs @ weight
    off, plainly = (np.abs(inputs @ matrix - exact).mean() for matrix in (stored * scale, each))
    assert np.abs(stored).max() <= 64
    assert off < 0.7 * plainly


def test_a_matrix_whose_inputs_were_never_seen_is_rounded_all_the_same():
    weight = np.random.default_rng(4).standard_normal((8, 5)).astype(np.float32)
    weight[:, 2] = 0
    stored, scale = rounded(weight, np.zeros((8, 8)))
    assert np.abs(stored * scale - weight).max() <= scale.max() / 2 + 1e-6
    assert not stored[:, 2].any()


def test_smoothing_evens_inputs_out_and_its_share_says_how_far():
    weight = np.ones((3, 2), np.float32)
    greatest = np.array([1.0, 4.0, 16.0], np.float32)
    assert np.allclose(even_out(weight, greatest, 1.0) * greatest, 4.0)
    halfway = even_out(weight, greatest, 0.5)
    assert np.allclose(halfway * greatest, [2, 4, 8]) and np.isclose(np.prod(halfway), 1.0)
    assert torch.from_numpy(halfway).isfinite().all()
