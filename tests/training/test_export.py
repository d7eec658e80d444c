"""From a checkpoint to the file that answers: what it says is what the network says."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from quoth.errors import ModelError
from quoth.reader import Reader
from quoth.training.checkpoint import RunState, save
from quoth.training.export import averaged, export_reader, trained_reader
from quoth.training.model import untrained_reader

PASSAGES = [("The bridge", "The old bridge was built by Thomas Harrow in 1832."), ("Bread", "Rye bread needs dough.")]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run's folder, with a checkpoint whose mean differs from its weights."""
    folder = tmp_path_factory.mktemp("run")
    torch.manual_seed(3)
    model, mean = untrained_reader(), untrained_reader()
    with torch.no_grad():
        mean.span.weight.mul_(20)
    save(folder / "checkpoint.safetensors", RunState(model, mean, torch.optim.AdamW(model.parameters()), 7, {}))
    return folder, mean.eval()


def test_the_exported_reader_says_what_the_mean_of_the_run_says(run, tmp_path):
    folder, mean = run
    model, facts = trained_reader(folder / "checkpoint.safetensors")
    assert facts["step"] == 7
    export_reader(model, tmp_path, {"name": "test"})
    reader = Reader.load(tmp_path)
    assert reader.name == "test"
    asked = reader._ids("Who built it?")
    for passage, reading in zip(PASSAGES, reader.read("Who built it?", PASSAGES), strict=True):
        title, text = reader._ids(passage[0]), reader._ids(passage[1])
        cls, sep = reader._cls, reader._sep
        row = [cls, *asked, sep, *title, sep, *text, sep]
        segments = [0] * (len(asked) + 2) + [1] * (len(row) - len(asked) - 2)
        with torch.inference_mode():
            scores = mean(torch.tensor([row]), torch.tensor([segments]), torch.ones(1, len(row), dtype=torch.long))
        first = len(row) - len(text) - 1
        exact = scores.start[0, first:-1].numpy()
        assert np.corrcoef(exact, reading.start)[0, 1] > 0.98
        assert abs(float(scores.relevance[0]) - reading.relevance) < 0.1


def test_weights_are_averaged_and_those_that_are_not_trained_stay():
    torch.manual_seed(1)
    one, other = untrained_reader(), untrained_reader()
    before = {name: tensor.clone() for name, tensor in one.state_dict().items()}
    with torch.no_grad():
        other.encoder.embeddings.word_embeddings.weight.add_(1)
    found = averaged(one, other, 0.25).state_dict()
    theirs = other.state_dict()
    assert torch.allclose(found["span.weight"], 0.25 * before["span.weight"] + 0.75 * theirs["span.weight"])
    assert not torch.equal(found["span.weight"], before["span.weight"])
    name = "encoder.embeddings.word_embeddings.weight"
    assert torch.equal(found[name], before[name])


def test_a_file_that_is_no_checkpoint_or_lacks_weights_is_refused(tmp_path):
    (tmp_path / "x.safetensors").write_bytes(b"nothing")
    with pytest.raises(ModelError, match="can't be read"):
        trained_reader(tmp_path / "x.safetensors")
    from safetensors.torch import save_file

    save_file({"mean/span.weight": torch.zeros(2, 384)}, tmp_path / "y.safetensors")
    with pytest.raises(ModelError, match="lacks the weights"):
        trained_reader(tmp_path / "y.safetensors")
