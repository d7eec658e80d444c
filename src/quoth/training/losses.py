"""What a reader is trained on: spans, ranking and answerability, each comparable between passages."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from quoth.training.batches import Batch

PASSAGE_WEIGHT = 0.5
ANSWERABLE_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class Losses:
    """Scalars: ``total`` to minimise, and its parts before weighting (averages over the groups they apply to)."""

    total: Tensor
    span: Tensor
    passage: Tensor
    answerable: Tensor


def segment_logsumexp(values: Tensor, segment: Tensor, count: int, null: bool = False) -> Tensor:
    """log of the summed exponentials of ``values`` in each of ``count`` segments; shape (count,).

    ``null`` adds a term of zero to each. An empty segment gives -inf (or 0 with ``null``).
    """
    top = torch.full((count,), 0.0 if null else -torch.inf, dtype=values.dtype)
    top = top.scatter_reduce(0, segment, values.detach(), "amax")
    shift = torch.where(torch.isfinite(top), top, torch.zeros_like(top))
    total = torch.zeros(count, dtype=values.dtype).index_add(0, segment, torch.exp(values - shift[segment]))
    if null:
        total = total + torch.exp(-shift)
    return torch.log(total) + shift


def span_loss(scores: Tensor, positive: Tensor, group: Tensor, answered: Tensor) -> Tensor:
    """Negative log-likelihood of one end of the span, by group; shape (groups,).

    The softmax runs over the tokens of *all* passages of a question, so that the scores of different passages can be
    compared, and sums over all right places (the shared normalisation of Clark and Gardner 2018, "Simple and Effective
    Multi-Paragraph Reading Comprehension"). Beside the tokens stands "no answer" with the fixed score 0, which is the
    right place for a question that nothing answers: it pins the scores' level, so they compare between questions too.

    ``scores``, ``positive`` and ``group`` have the shape (tokens,), ``answered`` (groups,). An answered group without a
    positive token gives 0.
    """
    count = len(answered)
    whole = segment_logsumexp(scores, group, count, null=True)
    right = segment_logsumexp(scores[positive], group[positive], count)
    labelled = torch.zeros(count, dtype=torch.bool)
    labelled[group[positive]] = True
    # where() twice: the gradient of the branch not taken must stay finite.
    right = torch.where(labelled, right, torch.zeros_like(right))
    loss = torch.where(answered, whole - right, whole)
    return torch.where(labelled | ~answered, loss, torch.zeros_like(loss))


def passage_loss(relevance: Tensor, first: Tensor, group: Tensor, answered: Tensor) -> Tensor:
    """Listwise cross-entropy of the question's own passage among those of its group (shape (groups,)); 0 where nothing
    answers."""
    count = len(answered)
    whole = segment_logsumexp(relevance, group, count)
    own = torch.zeros(count, dtype=relevance.dtype).index_add(0, group[first], relevance[first])
    return torch.where(answered, whole - own, torch.zeros_like(whole))


def answerable_loss(scores: Tensor, first: Tensor, group: Tensor, answered: Tensor) -> Tensor:
    """Binary cross-entropy of "this passage answers", by group (shape (groups,)): the passage that the question was
    written for and the mean over the others count alike, since the former is where it is hard to tell."""
    count = len(answered)
    target = (first & answered[group]).to(scores.dtype)
    each = functional.binary_cross_entropy_with_logits(scores, target, reduction="none")
    others = torch.zeros(count, dtype=scores.dtype).index_add(0, group[~first], torch.ones_like(scores[~first]))
    weight = torch.where(first, torch.ones_like(scores), 0.5 / others.clamp(min=1.0)[group])
    return torch.zeros(count, dtype=scores.dtype).index_add(0, group, each * weight)


def reader_losses(batch: Batch, start: Tensor, end: Tensor, relevance: Tensor, answerable: Tensor) -> Losses:
    """All losses of a batch, from flat scores: ``start`` and ``end`` by passage token, the others by row, both in the
    batch's order. ``total`` is divided by the number of groups, whatever applies to them."""
    begin = span_loss(start, batch.is_start, batch.token_group, batch.answered)
    finish = span_loss(end, batch.is_end, batch.token_group, batch.answered)
    spans = (begin + finish) / 2 * batch.span_weight
    ranks = passage_loss(relevance, batch.row_first, batch.row_group, batch.answered)
    verdicts = answerable_loss(answerable, batch.row_first, batch.row_group, batch.answered)
    total = (spans + PASSAGE_WEIGHT * ranks + ANSWERABLE_WEIGHT * verdicts).mean()
    answered = batch.answered & (batch.span_weight == 1.0)
    return Losses(
        total,
        spans.detach()[answered].sum() / answered.sum().clamp(min=1),
        ranks.detach().sum() / batch.answered.sum().clamp(min=1),
        verdicts.detach().mean(),
    )
