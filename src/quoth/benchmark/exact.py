"""The exact nearest passages by numpy, in bounded memory, and how many of them a search found."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from quoth.benchmark.making import Plan
from quoth.encoder import Vectors
from quoth.progress import Progress

_AT_ONCE = 50_000
_TIE = 1e-6


def kth_cosines(
    plan: Plan, questions: Vectors, k: int, report: Callable[[Progress], None] = lambda progress: None
) -> npt.NDArray[np.float32]:
    """Return the cosine of each question's ``k``-th nearest passage, shape ``(len(questions),)``."""
    best = np.full((len(questions), k), -np.inf, np.float32)
    for start in range(0, plan.size, _AT_ONCE):
        report(Progress("searching exactly", start, plan.size))
        rows = np.arange(start, min(start + _AT_ONCE, plan.size))
        both = np.concatenate((best, questions @ plan.vectors(rows).T), axis=1)
        best = -np.partition(-both, k - 1, axis=1)[:, :k]
    return np.asarray(best.min(axis=1), np.float32)


def recall(
    plan: Plan,
    questions: Vectors,
    found: Sequence[Sequence[tuple[str, int, int]]],
    k: int,
    report: Callable[[Progress], None] = lambda progress: None,
) -> float:
    """Return recall@k: the share of the exact ``k`` nearest passages that was found, 0 to 1, over all questions.

    ``found`` holds for each question passages as (document, paragraph, start), best first. A passage counts where its
    exact cosine reaches that of the k-th nearest: of equal ones, either may stand.
    """
    k = min(k, plan.size)
    least = kth_cosines(plan, questions, k, report)
    right = 0
    for question, of, bound in zip(questions, found, least, strict=True):
        rows = {row for place in of[:k] if (row := plan.row(*place)) is not None}
        cosines = plan.vectors(np.array(sorted(rows), np.int64)) @ question
        right += int(np.count_nonzero(cosines >= bound - _TIE))
    return right / (k * len(questions))
