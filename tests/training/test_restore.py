"""The shipped reader's file can be trained on, and a short training is not lost when it is written again."""

from __future__ import annotations

import shutil
from importlib import resources

import numpy as np
import pytest
import torch

from quoth.errors import ModelError, QuothError
from quoth.reader import Reader, loaded_reader
from quoth.training import restore
from quoth.training.agreement import Agreement, agreement
from quoth.training.export import export_reader
from quoth.training.restore import restored_reader

ASKED = [
    ("When does the market open?", "The market", "The market is held on Fridays and opens at six in the morning."),
    ("Who built the bridge?", "", "The old bridge was built by Thomas Harrow in 1832, and is closed to carts."),
]


@pytest.fixture(scope="module")
def network():
    return restored_reader(dropout=0.0)


def test_the_network_restored_from_the_shipped_file_says_what_the_file_says(network):
    found = agreement(network, loaded_reader(None), ASKED)
    # The file rounds what it multiplies, the network doesn't
    assert found.spans == 1.0 and found.correlation > 0.999 and found.difference < 0.1


def test_steps_smaller_than_8_bits_tell_apart_survive_the_file_in_16(network, tmp_path):
    moved = restored_reader(dropout=0.0)
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in moved.parameters():
            if parameter.requires_grad:
                # As a few steps of Adam do: every weight by the same little, here down or up by its sign
                parameter.add_(torch.sign(parameter), alpha=1e-4)
    moved.encoder.config._attn_implementation = "eager"
    for bits in (8, 16):
        export_reader(moved.eval(), tmp_path / str(bits), {"name": "x"}, bits=bits)
    coarse, fine = (agreement(moved, Reader.load(tmp_path / name), ASKED) for name in ("8", "16"))
    assert fine.difference < 0.01 and fine.correlation > 0.9999
    assert coarse.difference > 5 * fine.difference
    again = restored_reader(tmp_path / "16")
    weights, kept = moved.state_dict(), again.state_dict()
    assert all(np.allclose(weights[name], kept[name], atol=2e-3) for name in weights)


def test_a_file_whose_weights_are_put_in_wrong_places_is_noticed(monkeypatch):
    right = restore._attention

    def swapped(node, values, layer):
        found = right(node, values, layer)
        place = f"encoder.encoder.layer.{layer}.attention.self"
        query, key = found[f"{place}.query.weight"], found[f"{place}.key.weight"]
        return found | {f"{place}.query.weight": key, f"{place}.key.weight": query[::-1].copy()}

    monkeypatch.setattr(restore, "_attention", swapped)
    with pytest.raises(ModelError, match="says something else"):
        restored_reader()


def test_a_damaged_file_is_no_start(tmp_path):
    for name in ("reader.onnx", "reader.json"):
        shutil.copy(str(resources.files("quoth").joinpath("data", name)), tmp_path)
    (tmp_path / "reader.onnx").write_bytes(b"x")
    with pytest.raises(ModelError, match="has the hash"):
        restored_reader(tmp_path)


def test_the_package_that_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    with pytest.raises(QuothError, match=r"pip install 'quoth\[train\]'"):
        restored_reader()


def test_agreement_has_to_reach_every_figure():
    wanted = Agreement(0.9, 0.99, 0.1)
    assert Agreement(0.9, 0.99, 0.1).reaches(wanted)
    assert not any(Agreement(*a).reaches(wanted) for a in ((0.8, 1, 0), (1, 0.98, 0), (1, 1, 0.2)))
