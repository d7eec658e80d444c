"""A run goes on exactly where it stopped, and ends as it says."""

import json
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from quoth.errors import ModelError
from quoth.training import precision
from quoth.training import train as train_module
from quoth.training.batches import make_batch
from quoth.training.evaluate import auroc, best_span, evaluate, f1, held_out
from quoth.training.export import trained_reader
from quoth.training.mix import Schedule
from quoth.training.model import ByteDropout
from quoth.training.start import Origin, Start
from quoth.training.train import TrainingSettings, forward, rate_factor, train

SETTINGS = TrainingSettings(steps=6, log_every=2, evaluate_every=3, chunks=2, checkpoint_seconds=1e9)


@pytest.fixture
def schedule(collection, builder):
    return Schedule(collection.items, builder, seed=3, groups=2)


class After:
    """A stop() that turns true after some calls."""

    def __init__(self, calls):
        self.left = calls

    def __call__(self):
        self.left -= 1
        return self.left < 0


@pytest.mark.parametrize("bf16", [False, True])
def test_a_resumed_run_equals_an_uninterrupted_one(tiny_model, schedule, tmp_path, bf16, monkeypatch):
    monkeypatch.setattr(train_module, "bf16_pays", lambda: bf16)
    assert train(tiny_model, schedule, SETTINGS, tmp_path / "whole") == 6
    assert train(tiny_model, schedule, SETTINGS, tmp_path / "parts", stop=After(2)) == 2
    torch.manual_seed(999)
    # On a processor of another kind too
    monkeypatch.setattr(train_module, "bf16_pays", lambda: not bf16)
    assert train(tiny_model, schedule, SETTINGS, tmp_path / "parts", stop=After(3)) == 5
    assert train(tiny_model, schedule, SETTINGS, tmp_path / "parts") == 6
    whole, parts = (load_file(tmp_path / name / "checkpoint.safetensors") for name in ("whole", "parts"))
    assert whole.keys() == parts.keys()
    assert any(name.startswith("optimizer/exp_avg_sq/") for name in whole)
    for name, tensor in whole.items():
        assert torch.equal(tensor, parts[name]), name


def test_finishing(tiny_model, schedule, tmp_path, dataset, tokenizer):
    checks = [held_out(dataset, dataset.questions[:10], tokenizer)]
    run = {"evaluate": lambda model: evaluate(model, checks)}
    train(tiny_model, schedule, SETTINGS, tmp_path, stop=After(4), **run)
    seen = []
    assert train(tiny_model, schedule, SETTINGS, tmp_path, finish=True, report=seen.append, **run) == 5
    assert seen[-1].step == seen[-1].last == 5
    weights = load_file(tmp_path / "reader.safetensors")
    model = tiny_model()
    model.load_state_dict(weights)
    records = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    figures = [record["figures"] for record in records if "figures" in record]
    assert len(figures) == 2 and {"towns/r1", "towns/f1", "towns/auroc"} <= figures[0].keys()
    assert [record["step"] for record in records if "loss" in record] == [2, 4, 5]
    assert len(list(tmp_path.glob("mean-*.safetensors"))) == 2
    assert train(tiny_model, schedule, SETTINGS, tmp_path, finish=True) == 5


def test_a_damaged_checkpoint_is_named(tiny_model, schedule, tmp_path):
    train(tiny_model, schedule, SETTINGS, tmp_path, stop=After(1))
    path = tmp_path / "checkpoint.safetensors"
    shutil.copy(path, tmp_path / "kept")
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ModelError, match=r"checkpoint\.safetensors can't be read"):
        train(tiny_model, schedule, SETTINGS, tmp_path)
    shutil.copy(tmp_path / "kept", path)
    assert train(tiny_model, schedule, SETTINGS, tmp_path, stop=After(0)) == 1


def test_only_the_trained_weights_move(tiny_model, schedule, tmp_path):
    torch.manual_seed(SETTINGS.seed)
    before = tiny_model().state_dict()
    train(tiny_model, schedule, SETTINGS, tmp_path, finish=False)
    after = load_file(tmp_path / "checkpoint.safetensors")
    assert not any("embeddings" in name for name in after)
    assert all(
        not torch.equal(before[n[6:]], t) for n, t in after.items() if n.startswith("model/") and "key.bias" not in n
    )


def test_layers_that_are_kept_stay_as_they_were_and_come_back_with_the_run(tiny_model, schedule, tmp_path):
    def keeping():
        model = tiny_model()
        model.keep_layers(1)
        return model

    torch.manual_seed(SETTINGS.seed)
    before = tiny_model().state_dict()
    train(keeping, schedule, SETTINGS, tmp_path)
    after, facts = trained_reader(tmp_path / "checkpoint.safetensors", _like(keeping(), before))
    assert facts["step"] == 6
    moved = {name for name, weights in after.state_dict().items() if not torch.equal(before[name], weights)}
    assert not any("embeddings" in name or ".layer.0." in name for name in moved)
    assert any(".layer.1." in name for name in moved) and "span.weight" in moved
    with pytest.raises(ModelError, match="2 of the layers can't be kept: give a number from 0 to 1"):
        tiny_model().keep_layers(2)


def test_a_run_goes_on_with_the_layers_that_it_kept(tmp_path):
    start = Start.of(tmp_path, Origin.ENCODER, kept_layers=2)
    start.note(tmp_path)
    (tmp_path / "checkpoint.safetensors").touch()
    assert Start.of(tmp_path, None).kept_layers == 2
    with pytest.raises(ModelError, match="keeps 2 layers as they were, not 3"):
        Start.of(tmp_path, None, kept_layers=3)
    assert not any(parameter.requires_grad for parameter in start.model().encoder.encoder.layer[:2].parameters())


def _like(model, weights):
    model.load_state_dict(weights)
    return model


def test_16_bits_give_nearly_the_same_losses_and_gradients(tiny_model, schedule):
    torch.manual_seed(0)
    model = tiny_model().eval()
    batch = make_batch(schedule.batch(0, long=False))
    found = []
    for bf16 in (False, True):
        losses = forward(model, batch, bf16=bf16)
        (gradient,) = torch.autograd.grad(losses.total, [model.span.weight])
        assert losses.total.dtype == gradient.dtype == torch.float32
        found.append((float(losses.total.detach()), gradient.flatten()))
    assert found[0][0] == pytest.approx(found[1][0], rel=0.02)
    assert found[0][0] != found[1][0]
    assert torch.nn.functional.cosine_similarity(found[0][1], found[1][1], dim=0) > 0.99


def test_whether_16_bits_pay_is_what_a_multiplication_takes(monkeypatch):
    taken = {torch.float32: 3.0, torch.bfloat16: 1.0}
    monkeypatch.setattr(precision, "_seconds", lambda left, right: taken[left.dtype])
    assert precision.bf16_pays()
    taken[torch.bfloat16] = 2.5
    assert not precision.bf16_pays()
    monkeypatch.undo()
    left = torch.rand(64, 64)
    assert 0 < precision._seconds(left, left) < 10


def test_dropout_drops_its_share_and_keeps_the_mean():
    torch.manual_seed(0)
    dropout, values = ByteDropout(0.1), torch.ones(999, 333)
    dropped = dropout(values)
    assert float((dropped == 0).float().mean()) == pytest.approx(26 / 256, abs=0.003)
    assert float(dropped.mean()) == pytest.approx(1, abs=0.005)
    # Neighbours, which share a draw, are dropped independently of each other
    both = ((dropped[:, 1:] == 0) & (dropped[:, :-1] == 0)).float().mean()
    assert float(both) == pytest.approx((26 / 256) ** 2, abs=0.002)
    assert not torch.equal(dropped, dropout(values))
    assert torch.equal(ByteDropout(0.0)(values), values)
    assert torch.equal(dropout.eval()(values), values)


def test_rates(tiny_model):
    assert [rate_factor(step, 4, None) for step in (0, 3, 4, 1000)] == [0.25, 1, 1, 1]
    assert [rate_factor(step, 4, (100, 110)) for step in (99, 100, 105, 109, 110)] == [1, 1, 0.5, pytest.approx(0.1), 0]
    rates = {round(group["lr"], 6) for group in tiny_model().parameter_groups(1.0, 0.9)}
    assert rates == {1.0, 0.9, 0.81}


def test_figures():
    start, end = np.asarray([0.0, 5, 1], dtype=np.float32), np.asarray([9.0, 0, 1], dtype=np.float32)
    assert best_span(start, end) == (9.0, 0, 0)
    assert best_span(start, np.asarray([0.0, 0, 6], dtype=np.float32)) == (11.0, 1, 2)
    assert auroc([2, 3], [1, 2]) == 0.875 and np.isnan(auroc([], [1]))
    assert f1("the Old Bridge", "old bridge!") == 1 and f1("a new bridge", "old bridge") == 0.5 and f1("x", "y") == 0
