"""The losses against values computed by hand."""

import math

import numpy as np
import pytest
import torch

from quoth.training.batches import make_batch
from quoth.training.examples import Group, Row
from quoth.training.losses import answerable_loss, passage_loss, reader_losses, segment_logsumexp, span_loss

GROUP = torch.tensor([0, 0, 1, 0, 0, 1])
FIRST = torch.tensor([True, False, False])


def test_spans_are_normalised_over_all_passages_of_a_question():
    scores = torch.tensor([1.0, 2.0, -1.0, 0.5, 3.0, 0.25], requires_grad=True)
    positive = torch.tensor([False, True, False, True, False, False])
    loss = span_loss(scores, positive, GROUP, torch.tensor([True, False]))
    whole = 1 + math.exp(1) + math.exp(2) + math.exp(0.5) + math.exp(3)
    assert loss[0].item() == pytest.approx(-math.log((math.exp(2) + math.exp(0.5)) / whole), abs=1e-6)
    assert loss[1].item() == pytest.approx(math.log(1 + math.exp(-1) + math.exp(0.25)), abs=1e-6)
    loss.sum().backward()
    assert scores.grad[0].item() == pytest.approx(math.exp(1) / whole, abs=1e-6)
    assert scores.grad[2].item() > 0


def test_an_answered_question_without_a_marked_span_costs_nothing():
    scores = torch.zeros(6, requires_grad=True)
    loss = span_loss(scores, torch.zeros(6, dtype=torch.bool), GROUP, torch.tensor([True, True]))
    loss.sum().backward()
    assert loss.tolist() == [0, 0] and scores.grad.tolist() == [0] * 6


def test_large_scores_stay_finite():
    scores = torch.tensor([500.0, -500.0, 900.0, -900.0, 0.0, 0.0], requires_grad=True)
    loss = span_loss(
        scores, torch.tensor([False, True, False, False, False, False]), GROUP, torch.tensor([True, False])
    )
    loss.sum().backward()
    assert loss.tolist() == [1000, 900] and torch.isfinite(scores.grad).all()
    assert segment_logsumexp(scores, GROUP, 3)[2].item() == -math.inf


def test_ranking_and_answerability():
    relevance = torch.tensor([1.0, 0.0, 2.0])
    group = torch.tensor([0, 0, 1])
    loss = passage_loss(relevance, torch.tensor([True, False, True]), group, torch.tensor([True, False]))
    assert loss.tolist() == pytest.approx([math.log(1 + math.exp(-1)), 0.0])
    group = torch.tensor([0, 0, 0])
    loss = answerable_loss(torch.tensor([2.0, 0.0, -1.0]), FIRST, group, torch.tensor([True]))
    by_hand = math.log(1 + math.exp(-2)) + 0.25 * (math.log(2) + math.log(1 + math.exp(-1)))
    assert loss.item() == pytest.approx(by_hand, abs=1e-6)
    loss = answerable_loss(torch.tensor([2.0, 0.0, -1.0]), FIRST, group, torch.tensor([False]))
    assert loss.item() == pytest.approx(by_hand + 2, abs=1e-6)


def row(length, first, *spans):
    tokens = np.arange(length, dtype=np.int32)
    return Row(
        tokens, np.ones(length, np.int32), first, length - 1, tuple(s for s, _ in spans), tuple(e for _, e in spans)
    )


def test_the_order_of_chunks_changes_nothing():
    groups = [
        Group((row(12, 3, (4, 6), (8, 8)), row(7, 3), row(9, 2)), True, 1.0),
        Group((row(20, 5),), False, 1.0),
        Group((row(6, 2, (3, 3)), row(15, 4)), True, 0.2),
    ]
    totals = []
    for count in (1, 2, 6):
        batch = make_batch(groups, count)
        assert sorted(int(n) for chunk in batch.chunks for n in chunk.rows) == list(range(6))
        # Scores that depend on the row's length and the token alone, whatever the layout.
        start, relevance = [], []
        for chunk in batch.chunks:
            length = chunk.mask.sum(1, keepdim=True)
            start.append(torch.sin(chunk.tokens + length * 0.7)[chunk.passage])
            relevance.append(torch.cos(length[:, 0] * 1.3))
        flat = torch.cat(start), torch.cat(start) * 2, torch.cat(relevance), torch.cat(relevance) - 1
        totals.append(reader_losses(batch, *flat).total.item())
    assert totals[0] == pytest.approx(totals[1], abs=1e-6) == pytest.approx(totals[2], abs=1e-6)
