"""A quick check on questions held out of the training: ranking, spans and abstaining over ten BM25 passages each."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from quoth.datasets import Dataset, Question
from quoth.reader import LONGEST_QUESTION, best_span, special_tokens
from quoth.training.batches import chunks_of
from quoth.training.examples import LONGEST_TITLE, Row, encode_row, window
from quoth.training.model import ReaderModel
from quoth.training.negatives import LexicalIndex, normalised
from quoth.training.units import Unit, make_units

LONGEST_ROW = 256
_ARTICLES = {"a", "an", "the"}


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A passage for a held-out question, with the tokens of the unit that its row shows."""

    unit: Unit
    chosen: NDArray[np.int64]
    row: Row


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """Questions with their candidate passages, best by BM25 first."""

    name: str
    questions: list[Question]
    candidates: list[list[Candidate]]


def held_out(
    dataset: Dataset, questions: Sequence[Question], tokenizer: Tokenizer, *, limit: int = 150, passages: int = 10
) -> HeldOut:
    """Candidates from all of ``dataset`` for at most ``limit`` of ``questions``, taken evenly from the list."""
    units = make_units(dataset, 0, tokenizer)
    index = LexicalIndex(units)
    if len(questions) > limit:
        questions = [questions[at] for at in np.linspace(0, len(questions) - 1, limit).astype(int)]
    special = special_tokens(tokenizer)
    found = []
    for question in questions:
        ids = tokenizer.encode(question.text, add_special_tokens=False).ids[:LONGEST_QUESTION]
        candidates = []
        for at in index.ranked(question.text, passages):
            unit = units[at]
            title = tokenizer.encode(unit.title, add_special_tokens=False).ids[:LONGEST_TITLE]
            budget = LONGEST_ROW - len(ids) - len(title) - 4
            chosen = window(unit, 0, 0, budget, np.random.default_rng(0))
            candidates.append(Candidate(unit, chosen, encode_row(ids, title, unit, chosen, special)))
        found.append(candidates)
    return HeldOut(dataset.name, list(questions), found)


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """Chance that one of ``positive`` scores above one of ``negative``, ties counting half; nan without either."""
    if not len(positive) or not len(negative):
        return float("nan")
    difference = np.asarray(positive)[:, None] - np.asarray(negative)[None, :]
    return float(((difference > 0) + 0.5 * (difference == 0)).mean())


def f1(given: str, gold: str) -> float:
    """SQuAD's token F1 of two answers."""
    ours, theirs = _words(given), _words(gold)
    common = sum((Counter(ours) & Counter(theirs)).values())
    if not common:
        return float(ours == theirs)
    return 2 * common / (len(ours) + len(theirs))


def _words(text: str) -> list[str]:
    return [word for word in normalised(text).split() if word not in _ARTICLES]


def evaluate(
    model: ReaderModel,
    sets: Sequence[HeldOut],
    *,
    rows_at_once: int = 16,
    stop: Callable[[], bool] = lambda: False,
) -> dict[str, float]:
    """Figures of ``model`` on each set, named ``<set>/<figure>``; the model is left in evaluation mode.

    ``r1_bm25``, ``r1``: share of answerable questions with a relevant document first, by BM25 and by the reader
    (relevance plus span score); ``em``, ``f1``: of its best span over all passages; ``auroc``: of the best passage's
    answerability plus half its span score, answerable against unanswerable questions (``auroc_span``, ``auroc_head``:
    of each alone). Without any figure when ``stop()`` turned true before the end.
    """
    model.eval()
    figures: dict[str, float] = {}
    for held in sets:
        flat = [candidate for candidates in held.candidates for candidate in candidates]
        scored = _scored(model, flat, rows_at_once, stop)
        if scored is None:
            return {}
        sums: defaultdict[str, float] = defaultdict(float)
        confidence: dict[str, dict[bool, list[float]]] = {
            name: {True: [], False: []} for name in ("auroc", "auroc_span", "auroc_head")
        }
        asked = at = 0
        for question, candidates in zip(held.questions, held.candidates, strict=True):
            mine = scored[at : at + len(candidates)]
            at += len(candidates)
            if not mine:
                continue
            ranked = max(range(len(mine)), key=lambda n: mine[n][0] + mine[n][2])
            span, head = mine[ranked][2], mine[ranked][1]
            answerable = question.answerable is not False
            for name, value in (("auroc", head + 0.5 * span), ("auroc_span", span), ("auroc_head", head)):
                confidence[name][answerable].append(value)
            if not answerable:
                continue
            asked += 1
            unit, chosen = candidates[ranked].unit, candidates[ranked].chosen
            first, last = (int(chosen[n]) for n in mine[ranked][3:])
            text = unit.text[unit.offsets[first, 0] - unit.start : unit.offsets[last, 1] - unit.start]
            sums["r1_bm25"] += candidates[0].unit.document in question.relevant
            sums["r1"] += unit.document in question.relevant
            sums["em"] += any(_words(text) == _words(answer.text) for answer in question.answers)
            sums["f1"] += max((f1(text, answer.text) for answer in question.answers), default=0.0)
        for name in ("r1_bm25", "r1", "em", "f1"):
            figures[f"{held.name}/{name}"] = sums[name] / max(asked, 1)
        for name, values in confidence.items():
            if values[True] and values[False]:
                figures[f"{held.name}/{name}"] = auroc(values[True], values[False])
    return figures


def _scored(
    model: ReaderModel, candidates: Sequence[Candidate], rows_at_once: int, stop: Callable[[], bool]
) -> list[tuple[float, float, float, int, int]] | None:
    """By candidate: relevance, answerability, the best span's score and its ends (numbers of shown passage tokens);
    None when stopped."""
    scored: list[tuple[float, float, float, int, int]] = [(0.0, 0.0, 0.0, 0, 0)] * len(candidates)
    rows = [candidate.row for candidate in candidates]
    with torch.inference_mode():
        for chunk in chunks_of(rows, -(-len(rows) // rows_at_once)) if rows else []:
            if stop():
                return None
            scores = model(chunk.tokens, chunk.segments, chunk.mask)
            start, end = scores.start.numpy(), scores.end.numpy()
            for place, at in enumerate(chunk.rows.tolist()):
                part = slice(rows[at].first, rows[at].last)
                span, i, j = best_span(start[place, part], end[place, part])
                scored[at] = float(scores.relevance[place]), float(scores.answerable[place]), span, i, j
    return scored
