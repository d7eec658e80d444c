"""What an operator's monitoring reads: how often, how fast, how much waits. Nothing of whom, where or what."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from bot.errors import BusyError, ClosingError
from quoth.errors import DocumentNotFoundError, EmptyLibraryError, QuestionError
from quoth.stopwatch import STAGES, Timing

Outcome = Literal["answered", "abstained", "refused", "empty", "failed"]
"""What became of a question; refused: it was too much or came too soon, empty: there are no documents."""

OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

_SECONDS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0, 30.0)
_STAGE_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(slots=True)
class Asked:
    """A question on its way; whoever asks it notes what became of it."""

    outcome: Outcome = "failed"
    seconds: float = 0.0


class Metrics:
    """The figures of one bot. Labels have few values, all known beforehand: no server, person or document is one."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._questions = Counter(
            "quoth_questions", "Questions, by what became of them", ["outcome"], registry=self._registry
        )
        self._seconds = Histogram(
            "quoth_question_seconds",
            "From taking a question to its answer, waiting included",
            registry=self._registry,
            buckets=_SECONDS,
        )
        self._stages = Histogram(
            "quoth_stage_seconds",
            "A stage of answering, for each library asked",
            ["stage"],
            registry=self._registry,
            buckets=_STAGE_SECONDS,
        )
        # A series that is there from the beginning can be told from one that went away
        for outcome in OUTCOMES:
            self._questions.labels(outcome)
        for stage in STAGES:
            self._stages.labels(stage)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)

    @contextmanager
    def question(self) -> Iterator[Asked]:
        """Count a question, and how long it took. Errors that say so tell what became of it."""
        asked, started = Asked(), time.perf_counter()
        try:
            yield asked
        except (BusyError, ClosingError, QuestionError):
            asked.outcome = "refused"
            raise
        except (EmptyLibraryError, DocumentNotFoundError):
            asked.outcome = "empty"
            raise
        finally:
            asked.seconds = time.perf_counter() - started
            self._questions.labels(asked.outcome).inc()
            if asked.outcome in ("answered", "abstained"):
                self._seconds.observe(asked.seconds)

    def timed(self, timing: Timing) -> None:
        """Take the stages of a question that a library answered; called by the thread that asked."""
        for stage, seconds in timing.stages.items():
            self._stages.labels(stage).observe(seconds)

    def gauge(self, name: str, help_text: str, read: Callable[[], float]) -> None:
        """Show a figure that is read whenever somebody looks."""
        Gauge(f"quoth_{name}", help_text, registry=self._registry).set_function(read)

    def gauges(self, name: str, help_text: str, label: str, read: Mapping[str, Callable[[], float]]) -> None:
        """Show figures of one kind, told apart by a label."""
        gauge = Gauge(f"quoth_{name}", help_text, [label], registry=self._registry)
        for value, function in read.items():
            gauge.labels(value).set_function(function)

    def exposition(self) -> bytes:
        """Return all figures in Prometheus's text format, whose media type is ``CONTENT_TYPE``."""
        return generate_latest(self._registry)
