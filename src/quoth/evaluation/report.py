"""What an evaluation reports: figures with their intervals, as JSON and as a table for the terminal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.table import Table
from rich.text import Text

from quoth.evaluation.statistics import Figure, Unit

_LABELS = {
    "R@1": "gold document first",
    "R@5": "gold document among the first 5",
    "R@10": "gold document among the first 10",
    "MRR@10": "mean reciprocal rank",
    "nDCG@10": "ranking quality",
    "hit@1": "first quote holds the answer",
    "hit@3": "one of three quotes holds the answer",
    "EM": "marked span is the answer",
    "F1": "marked span overlaps the answer",
    "answered_rightly": "of all questions: answered rightly",
    "answered_wrongly": "of all questions: answered wrongly",
    "wrongly_declined": "of all questions: wrongly declined",
    "rightly_declined": "of all questions: rightly declined",
    "AUROC": "confidence parts answerable from unanswerable",
    "ECE": "confidence off by (15 bins, even odds)",
    "Brier": "squared error of confidence (even odds)",
    "quote_length_first": "mean length of the first quote",
    "quote_length_all": "mean length of all quotes",
    "verbatim": "quotes that stand so in their document",
    "seconds_median": "a question, median",
    "seconds_p95": "a question, 95th percentile",
}


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of one run over a dataset.

    ``documents`` and ``questions`` are counts; ``sampled_from`` is the number of questions that the set has.
    ``answerable`` and ``unanswerable`` count the questions asked of which that is known. ``refused`` counts questions
    that the library would not take (empty ones). ``short_rankings`` counts answers with fewer than ten different
    documents although the library has them. ``broken`` names each quote that differs from its document.
    ``index_seconds`` is what building the library took, about nothing where it was there.
    """

    dataset: str
    documents: int
    questions: int
    sampled_from: int
    answerable: int
    unanswerable: int
    model: str
    retriever: str
    reader: str
    figures: dict[str, Figure]
    broken: tuple[str, ...]
    refused: int
    short_rankings: int
    index_seconds: float

    def as_json(self) -> dict[str, Any]:
        """Return the report as a JSON object; a figure that doesn't apply is not among its ``figures``."""
        return {
            "dataset": self.dataset,
            "documents": self.documents,
            "questions": self.questions,
            "sampled_from": self.sampled_from,
            "answerable": self.answerable,
            "unanswerable": self.unanswerable,
            "model": self.model,
            "retriever": self.retriever,
            "reader": self.reader,
            "figures": {
                name: {
                    "value": _rounded(figure.value),
                    "low": _rounded(figure.low),
                    "high": _rounded(figure.high),
                    "questions": figure.questions,
                }
                for name, figure in self.figures.items()
            },
            "broken": list(self.broken),
            "refused": self.refused,
            "short_rankings": self.short_rankings,
            "index_seconds": round(self.index_seconds, 3),
        }

    def as_table(self) -> Table:
        """Return the report as a table: a line a figure, with its interval and how many questions it is over."""
        sampled = f" of {self.sampled_from:,}" if self.sampled_from != self.questions else ""
        title = (
            f"{self.dataset}: {self.documents:,} documents, {self.questions:,}{sampled} questions, "
            f"{self.unanswerable:,} without an answer\n{self.model}, retriever {self.retriever}, reader {self.reader}"
        )
        table = Table(title=Text(title), caption=self._warnings())
        # Where there is little room, what is only explained makes it
        table.add_column("measure", overflow="fold")
        for heading in ("value", "95 % interval", "questions"):
            table.add_column(heading, justify="right", overflow="fold")
        table.add_column("what it says", overflow="fold")
        for name, figure in self.figures.items():
            interval = f"{_shown(figure.low, figure.unit)} to {_shown(figure.high, figure.unit)}"
            value = _shown(figure.value, figure.unit)
            table.add_row(name, value, interval, f"{figure.questions:,}", _LABELS.get(name, ""))
        return table

    def _warnings(self) -> Text | None:
        lines = [f"{sentence}" for sentence in self.broken[:5]]
        if len(self.broken) > len(lines):
            lines.append(f"… and further quotes that differ from their documents: {len(self.broken) - len(lines):,}")
        if self.short_rankings:
            lines.append(f"answers that name fewer than 10 documents: {self.short_rankings:,}")
        if self.refused:
            lines.append(f"questions that were refused and count as declined: {self.refused:,}")
        return Text("\n".join(lines)) if lines else None


def _rounded(value: float) -> float:
    return round(value, 4)


def _shown(value: float, unit: Unit) -> str:
    if unit == "characters":
        return f"{value:.0f} chars"
    if unit == "seconds":
        return f"{value * 1000:.0f} ms"
    if unit == "share":
        return f"{value * 100:.1f} %"
    return f"{value:.3f}"
