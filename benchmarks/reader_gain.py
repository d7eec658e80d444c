"""What the reader adds, question by question, and how well its confidence is calibrated over sets together.

    python benchmarks/reader_gain.py --hits SET ... --firsts SET ... --pooled SET ... [--limit 200]

Each question of the sets under --hits and --firsts is asked twice of one library, with the reader and without. A
question that only one of the two gets right counts for that one: hit@1 under --hits, the gold document's passage first
under --firsts. The exact sign test (McNemar 1947) says how likely as uneven a count would be if neither were better.

The sets under --pooled are asked once. Their expected calibration error is that of all their questions together, at
even odds, as shipped and cross-fitted: in ten parts, each with two numbers that are fitted to the other nine as
`quoth calibrate` fits them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from quoth.datasets import read_dataset
from quoth.encoder import Encoder
from quoth.errors import DatasetError
from quoth.evaluation import platt, statistics
from quoth.evaluation.outcome import Outcome
from quoth.evaluation.run import ask_all, cached_library, dataset_library, sample
from quoth.weights import probabilities

FOLDS = 10


@dataclass(frozen=True)
class Paired:
    """Of so many questions, how many only one of the two gets right, and how many both do."""

    name: str
    questions: int
    with_alone: int
    without_alone: int
    both: int

    @property
    def chance(self) -> float:
        """The exact probability of a count as uneven, were both as good (two-sided)."""
        uneven = self.with_alone + self.without_alone
        tail = sum(math.comb(uneven, k) for k in range(min(self.with_alone, self.without_alone) + 1))
        return min(1.0, 2 * tail / 2**uneven)

    def line(self) -> str:
        """Return its line of the table."""
        with_, without = self.both + self.with_alone, self.both + self.without_alone
        return (
            f"| {self.name} | {self.questions} | {with_ / self.questions:.3f} | {without / self.questions:.3f} | "
            f"{self.with_alone} | {self.without_alone} | {self.chance:.4f} |"
        )


def outcomes_of(path: Path, limit: int, encoder: Encoder, *, reader: bool) -> list[Outcome]:
    """Ask a set's questions of its own library."""
    print(f"[{time.strftime('%H:%M:%S')}] {path.name}, reader {'on' if reader else 'off'}", file=sys.stderr, flush=True)
    dataset = read_dataset(path)
    folder = cached_library(path, encoder.identity.name)
    with dataset_library(path, dataset, folder, encoder=encoder, reader=reader) as library:
        return ask_all(library, dataset, sample(dataset.questions, limit))


def has_first(outcome: Outcome) -> bool:
    """Whether the first passage is of a gold document."""
    return bool(outcome.documents) and outcome.documents[0] in outcome.question.relevant


def compared(path: Path, limit: int, encoder: Encoder, right: Callable[[Outcome], bool]) -> Paired:
    """Ask with and without the reader and compare the answerable questions' answers."""
    sides = [
        [right(outcome) for outcome in outcomes_of(path, limit, encoder, reader=reader) if outcome.question.answerable]
        for reader in (True, False)
    ]
    if not sides[0]:
        raise DatasetError(f"{path} has no question of which it is known that the documents answer it; leave it out")
    both = np.array(sides, bool)
    alone = both & ~both[::-1]
    return Paired(path.name, both.shape[1], int(alone[0].sum()), int(alone[1].sum()), int(both.all(0).sum()))


def summed(name: str, parts: Sequence[Paired]) -> Paired:
    """Return several sets' counts together."""
    columns = [(part.questions, part.with_alone, part.without_alone, part.both) for part in parts]
    return Paired(name, *(sum(column) for column in zip(*columns, strict=True)))


def calibration(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Return the expected calibration error of all outcomes, as shipped and cross-fitted."""
    known = np.ones(len(outcomes), bool)
    shipped = np.array([outcome.confidence for outcome in outcomes])
    asked = platt.Asked(
        platt.log_odds(shipped),
        np.array([outcome.right() for outcome in outcomes]),
        np.array([outcome.right(3) for outcome in outcomes]),
        np.array([bool(outcome.question.answerable) for outcome in outcomes]),
    )
    folds = np.array([hashlib.sha256(o.question.id.encode()).digest()[0] % FOLDS for o in outcomes])
    fitted = shipped.copy()
    for fold in range(FOLDS):
        others = platt.fit(asked.at(folds != fold), len(outcomes))
        inside = folds == fold
        fitted[inside] = probabilities(others.slope * asked.log_odds[inside] + others.intercept)
    uniform = np.ones((1, len(outcomes)))
    return {
        name: float(
            statistics.calibration_error(values, asked.right.astype(float), asked.answerable, known)(uniform)[0]
        )
        for name, values in (("as shipped", shipped), ("cross-fitted", fitted))
    }


def main(given: Sequence[str] | None = None) -> None:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, of in (("--hits", "hit@1"), ("--firsts", "R@1"), ("--pooled", "calibration")):
        parser.add_argument(name, nargs="+", type=Path, default=[], metavar="SET", help=f"sets to compare {of} on")
    parser.add_argument("--limit", type=int, default=200, help="questions of each set (default: %(default)s)")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args(given)
    encoder = Encoder.load()
    parts = [compared(path, options.limit, encoder, Outcome.right) for path in options.hits]
    parts += [compared(path, options.limit, encoder, has_first) for path in options.firsts]
    found: dict[str, object] = {}
    if parts:
        print("| set | questions | with the reader | without | only with | only without | by chance |")
        print("|---|---|---|---|---|---|---|")
        whole = summed("together", parts)
        for part in (*parts, whole):
            print(part.line())
            found[part.name] = vars(part) | {"chance": part.chance}
    if options.pooled:
        outcomes = [
            outcome
            for path in options.pooled
            for outcome in outcomes_of(path, options.limit, encoder, reader=True)
            if outcome.question.answerable is not None
        ]
        errors = calibration(outcomes)
        told = ", ".join(f"{name} {value:.3f}" for name, value in errors.items())
        print(f"\nExpected calibration error of {len(outcomes)} questions of {len(options.pooled)} sets: {told}")
        found["calibration"] = errors | {"questions": len(outcomes)}
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
