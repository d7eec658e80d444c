"""What a benchmark reports: figures by size of library, and where a question's time goes; as JSON and as tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from rich.table import Table
from rich.text import Text

from quoth.benchmark.machine import Others
from quoth.counted import counted
from quoth.stopwatch import STAGES

_UNKNOWN = "–"


@dataclass(frozen=True, slots=True)
class Latency:
    """What a question took, in seconds: median, 95th and 99th centile, mean, and the mean of each stage.

    The stages' means come to the mean of the whole.
    """

    questions: int
    median: float
    p95: float
    p99: float
    mean: float
    stages: dict[str, float]

    @classmethod
    def of(cls, timings: Sequence[Mapping[str, float]]) -> Latency:
        """Return the figures of questions, each given by the seconds of its stages."""
        whole = np.array([sum(timing.values()) for timing in timings])
        median, p95, p99 = (float(value) for value in np.percentile(whole, [50, 95, 99]))
        stages: dict[str, float] = {
            stage: float(np.mean([timing.get(stage, 0.0) for timing in timings]))
            for stage in STAGES
            if any(stage in timing for timing in timings)
        }
        return cls(len(timings), median, p95, p99, float(whole.mean()), stages)


@dataclass(frozen=True, slots=True)
class SizeFigures:
    """The figures of one library. Times are in seconds, sizes in bytes, shares from 0 to 1; None: not measured.

    ``opening_seconds`` is opening it until it can be searched, ``first_question_seconds`` from there on to the first
    question's passages included, both with its files not in memory where the system lets go of them
    (``opened_cold``) and the encoder loaded. ``recall_at_10`` is the dense search's, against the exact one;
    ``r_at_1`` the share of planted questions whose document is found first, ``hit_at_1`` of those whose answer is in
    the first quote. ``search_anonymous`` is the memory at the end that no file backs.
    """

    passages: int
    documents: int
    disk_bytes: int
    index_bytes: int
    opened_cold: bool
    opening_seconds: float
    first_question_seconds: float
    search: Latency
    ask: Latency | None
    recall_at_10: float
    r_at_1: float
    hit_at_1: float | None
    search_peak: int | None
    search_anonymous: int | None
    ask_peak: int | None


@dataclass(frozen=True, slots=True)
class Indexing:
    """Indexing into a new library, beside sentence-transformers' own ``encode`` of the same texts (None: not there)."""

    passages: int
    tokens: int
    seconds: float
    encode_seconds: float | None
    peak: int | None

    @property
    def ratio(self) -> float | None:
        """How many times as many passages a second as sentence-transformers embeds, which writes nothing."""
        return None if self.encode_seconds is None else self.encode_seconds / self.seconds

    def as_json(self) -> dict[str, Any]:
        """Return the figures with the rates."""
        return asdict(self) | {
            "passages_per_second": self.passages / self.seconds,
            "tokens_per_second": self.tokens / self.seconds,
            "ratio": self.ratio,
        }


@dataclass(frozen=True, slots=True)
class ColdStart:
    """``quoth ask`` in a new process: the seconds of each run but the first, which fills the system's file cache."""

    passages: int
    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The median of the runs."""
        return float(np.median(self.seconds))


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that one run of a benchmark found. ``sizes`` stand as they were asked for."""

    machine: dict[str, Any]
    others: Others
    datasets: tuple[str, ...]
    model: str
    reader: str
    questions: int
    halved: int
    cold_start: ColdStart
    indexing: Indexing
    sizes: tuple[SizeFigures, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the report as a JSON object; times in seconds, sizes in bytes."""
        return _rounded_all(
            {
                "machine": self.machine | {"cores_busy_with_other_work": self.others.cores},
                "disturbed": self.others.disturb,
                "datasets": list(self.datasets),
                "model": self.model,
                "reader": self.reader,
                "questions": self.questions,
                "halved_paragraphs": self.halved,
                "cold_start": asdict(self.cold_start) | {"median": self.cold_start.median},
                "indexing": self.indexing.as_json(),
                "sizes": [asdict(size) for size in self.sizes],
            }
        )

    def as_tables(self) -> list[Table]:
        """Return the report as tables for the terminal: figures, then stages, a column for each size."""
        return [self._figures(), self._stages()]

    def _figures(self) -> Table:
        machine = f"{self.machine['processor']}, {counted(self.machine['cores'], 'core')}"
        title = f"{machine}\n{self.model}, reader {self.reader}; {', '.join(self.datasets)}"
        table = _table(title, self.sizes, self._warning())
        start, indexing = self.cold_start, self.indexing
        rows: list[tuple[str, Callable[[SizeFigures], str]]] = [
            ("question to answer, median", lambda f: _ms(f.ask.median if f.ask else None)),
            ("  95th centile", lambda f: _ms(f.ask.p95 if f.ask else None)),
            ("  99th centile", lambda f: _ms(f.ask.p99 if f.ask else None)),
            ("question to passages, median", lambda f: _ms(f.search.median)),
            ("  95th centile", lambda f: _ms(f.search.p95)),
            ("  99th centile", lambda f: _ms(f.search.p99)),
            ("recall@10 of the dense search", lambda f: _share(f.recall_at_10)),
            ("planted document first (R@1)", lambda f: _share(f.r_at_1)),
            ("first quote holds the answer (hit@1)", lambda f: _share(f.hit_at_1)),
            (
                "opening" + ("" if all(f.opened_cold for f in self.sizes) else ", files in memory"),
                lambda f: _seconds(f.opening_seconds),
            ),
            ("opening and first question", lambda f: _seconds(f.first_question_seconds)),
            ("memory at most, searching", lambda f: _mb(f.search_peak)),
            ("  of it not mapped from files, at the end", lambda f: _mb(f.search_anonymous)),
            ("memory at most, asking", lambda f: _mb(f.ask_peak)),
            ("on disk", lambda f: _mb(f.disk_bytes)),
        ]
        for label, value in rows:
            table.add_row(label, *(value(size) for size in self.sizes))
        table.add_section()
        for label, shown in [
            (
                f"new process to printed answer, {counted(start.passages, 'passage')}, median of {len(start.seconds)}",
                _seconds(start.median),
            ),
            ("indexing, passages a second", f"{indexing.passages / indexing.seconds:,.1f}"),
            ("indexing, tokens a second", f"{indexing.tokens / indexing.seconds:,.0f}"),
            (
                "  against sentence-transformers' encode",
                "not installed" if indexing.ratio is None else f"× {indexing.ratio:.2f}",
            ),
        ]:
            table.add_row(label, shown, *[""] * (len(self.sizes) - 1))
        return table

    def _stages(self) -> Table:
        table = _table("Where a question's time goes: means", self.sizes, None)
        for label, of in (("answer", "ask"), ("passages", "search")):
            latencies: list[Latency | None] = [getattr(size, of) for size in self.sizes]
            if not any(latencies):
                continue
            table.add_row(Text(f"question to {label}", "bold"), *(_ms(one.mean if one else None) for one in latencies))
            for stage in STAGES:
                if any(one and stage in one.stages for one in latencies):
                    means = (_ms(one.stages.get(stage)) if one else _UNKNOWN for one in latencies)
                    table.add_row("  " + stage.replace("_", " "), *means)
        return table

    def _warning(self) -> Text | None:
        if not self.others.disturb:
            return None
        return Text(
            f"other processes kept up to {self.others.cores:.1f} cores busy; measure again on an idle machine",
            "bold yellow",
        )


def _table(title: str, sizes: Sequence[SizeFigures], caption: Text | None) -> Table:
    table = Table(title=Text(title), caption=caption)
    table.add_column("passages", no_wrap=True)
    for size in sizes:
        table.add_column(f"{size.passages:,}", justify="right", no_wrap=True)
    return table


def _rounded_all(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _rounded(value) for name, value in fields.items()}


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, Mapping):
        return _rounded_all(value)
    return [_rounded(of) for of in value] if isinstance(value, list | tuple) else value


def _ms(seconds: float | None) -> str:
    return _UNKNOWN if seconds is None else f"{seconds * 1000:,.1f} ms"


def _seconds(seconds: float) -> str:
    return f"{seconds:,.2f} s"


def _share(share: float | None) -> str:
    return _UNKNOWN if share is None else f"{share:.3f}"


def _mb(size: int | None) -> str:
    return _UNKNOWN if size is None else f"{size / 1e6:,.0f} MB"
