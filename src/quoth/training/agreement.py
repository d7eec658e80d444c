"""How far a reader's file and the network it was made of say the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from quoth.reader import Reader, best_span
from quoth.training.model import ReaderModel


@dataclass(frozen=True, slots=True)
class Agreement:
    """Over some passages: the share with the same best span, the correlation of the ends' log-odds, and the mean
    difference of relevance and answerability, in log-odds."""

    spans: float
    correlation: float
    difference: float

    def reaches(self, wanted: Agreement) -> bool:
        """Whether they agree at least as well as ``wanted``."""
        return (
            self.spans >= wanted.spans
            and self.correlation >= wanted.correlation
            and self.difference <= wanted.difference
        )

    def __str__(self) -> str:
        return (
            f"{self.spans:.0%} of the best spans are the same, the log-odds of the ends correlate "
            f"{self.correlation:.4f}, relevance and answerability differ by {self.difference:.3f}"
        )


def agreement(model: ReaderModel, reader: Reader, asked: Sequence[tuple[str, str, str]]) -> Agreement:
    """Compare a network with a reader on questions, each with a passage's title and text."""
    was_training = model.training
    model.eval()
    ends: list[np.ndarray[tuple[int], np.dtype[np.float32]]] = []
    theirs: list[np.ndarray[tuple[int], np.dtype[np.float32]]] = []
    same, differences = 0, []
    for question, title, text in asked:
        (reading,) = reader.read(question, [(title, text)])
        (row,) = reader.rows(question, [(title, text)])
        tokens = torch.tensor([row.tokens])
        segments = torch.zeros_like(tokens)
        segments[:, row.asked :] = 1
        with torch.inference_mode():
            scores = model(tokens, segments, torch.ones_like(tokens))
        start, end = (scores_of[0, row.first : row.last].numpy() for scores_of in (scores.start, scores.end))
        same += best_span(start, end)[1:] == best_span(reading.start, reading.end)[1:]
        ends += [start, end]
        theirs += [reading.start, reading.end]
        differences.append(abs(float(scores.relevance[0]) - reading.relevance))
        differences.append(abs(float(scores.answerable[0]) - reading.answerable))
    model.train(was_training)
    correlation = float(np.corrcoef(np.concatenate(ends), np.concatenate(theirs))[0, 1])
    return Agreement(same / len(asked), correlation, float(np.mean(differences)))
