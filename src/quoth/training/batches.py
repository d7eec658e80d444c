"""Groups laid out as tensors, in chunks of rows of like length so that little is padding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from quoth.training.examples import Group, Row


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Rows padded to the longest: ``tokens``, ``segments``, ``mask`` and ``passage`` (True on the passage's tokens)
    have the shape (rows, tokens); ``rows`` numbers them in the batch."""

    tokens: Tensor
    segments: Tensor
    mask: Tensor
    passage: Tensor
    rows: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Chunks, and labels: by passage token in the order of the chunks ``token_group``, ``is_start``, ``is_end`` and
    by row in the order of the chunks ``row_group``, ``row_first`` (is it the passage of the question); by group
    ``answered`` and ``span_weight``."""

    chunks: tuple[Chunk, ...]
    token_group: Tensor
    is_start: Tensor
    is_end: Tensor
    row_group: Tensor
    row_first: Tensor
    answered: Tensor
    span_weight: Tensor

    @property
    def groups(self) -> int:
        """How many questions there are."""
        return len(self.answered)


def chunks_of(rows: Sequence[Row], count: int) -> list[Chunk]:
    """``rows`` sorted by length and split into at most ``count`` chunks of like size."""
    order = sorted(range(len(rows)), key=lambda at: len(rows[at].tokens))
    chunks = []
    for part in np.array_split(np.asarray(order, dtype=np.int64), min(count, len(rows))):
        longest = max(len(rows[at].tokens) for at in part)
        tokens = np.zeros((len(part), longest), dtype=np.int64)
        segments, mask, passage = np.zeros_like(tokens), np.zeros_like(tokens), np.zeros(tokens.shape, dtype=bool)
        for place, at in enumerate(part):
            row = rows[at]
            tokens[place, : len(row.tokens)] = row.tokens
            segments[place, : len(row.tokens)] = row.segments
            mask[place, : len(row.tokens)] = 1
            passage[place, row.first : row.last] = True
        chunks.append(Chunk(*(torch.from_numpy(a) for a in (tokens, segments, mask, passage, np.asarray(part)))))
    return chunks


def make_batch(groups: Sequence[Group], chunk_count: int = 4) -> Batch:
    """Lay out ``groups``; the chunks together hold every row once."""
    rows = [row for group in groups for row in group.rows]
    group_of = [number for number, group in enumerate(groups) for _ in group.rows]
    first = [place == 0 for group in groups for place in range(len(group.rows))]
    chunks = chunks_of(rows, chunk_count)
    order = [int(at) for chunk in chunks for at in chunk.rows]
    token_group, starts, ends = [], [], []
    for at in order:
        row = rows[at]
        count = row.last - row.first
        start, end = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
        start[[place - row.first for place in row.starts]] = True
        end[[place - row.first for place in row.ends]] = True
        token_group.append(np.full(count, group_of[at]))
        starts.append(start)
        ends.append(end)
    return Batch(
        tuple(chunks),
        torch.from_numpy(np.concatenate(token_group)),
        torch.from_numpy(np.concatenate(starts)),
        torch.from_numpy(np.concatenate(ends)),
        torch.tensor([group_of[at] for at in order]),
        torch.tensor([first[at] for at in order]),
        torch.tensor([group.answered for group in groups]),
        torch.tensor([group.span_weight for group in groups]),
    )
