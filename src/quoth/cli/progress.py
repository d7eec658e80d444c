"""Progress on standard error, and only where somebody watches: nothing of it reaches a file or a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from quoth.cli.terminal import messages

if TYPE_CHECKING:
    from quoth.progress import Progress as Stage


@contextmanager
def indexing_bars() -> Iterator[Callable[[Stage], None]]:
    """Show a bar for each stage of an indexing; yields what reports to them."""
    console = messages()
    bars = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not _watched(console),
    )
    tasks: dict[str, TaskID] = {}

    def report(stage: Stage) -> None:
        if stage.stage not in tasks:
            tasks[stage.stage] = bars.add_task(stage.stage, total=stage.total)
        bars.update(tasks[stage.stage], completed=stage.done, total=stage.total)

    with bars:
        yield report


@contextmanager
def training_bar(total: int) -> Iterator[Callable[[int, float], None]]:
    """Show a bar of a training's steps; yields what is told of each step done and its loss."""
    console = messages()
    bar = Progress(
        SpinnerColumn(),
        TextColumn("training"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("loss {task.fields[loss]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not _watched(console),
    )
    task = bar.add_task("training", total=total, loss="–")
    mean: float | None = None

    def report(step: int, loss: float) -> None:
        nonlocal mean
        # A step's loss is that of eight questions and jumps about: what is shown is a mean of the last twenty or so
        mean = loss if mean is None else 0.95 * mean + 0.05 * loss
        bar.update(task, completed=step, total=max(total, step), loss=f"{mean:.2f}")

    with bar:
        yield report


@contextmanager
def waiting(doing: str) -> Iterator[None]:
    """Show a line that says what is being done until it is done."""
    console = messages()
    if not _watched(console):
        yield
        return
    with console.status(doing):
        yield


@contextmanager
def counting(doing: str) -> Iterator[Callable[[int], None]]:
    """Show a line with a count; yields what sets it. Silent where the results themselves scroll by."""
    console = messages()
    if not _watched(console) or sys.stdout.isatty():
        yield lambda count: None
        return
    with console.status(doing) as status:
        yield lambda count: status.update(f"{doing}: {count:,} done")


def _watched(console: Console) -> bool:
    # FORCE_COLOR makes Rich take a log file for a terminal, where every frame of a spinner would stay
    return sys.stderr.isatty() and not console.is_dumb_terminal
