"""The command ``quoth train reader``."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from quoth.cli.options import JsonOption
from quoth.cli.progress import training_bar, waiting
from quoth.cli.terminal import Verbatim, complain, one_line, show, show_json
from quoth.paths import at_home

if TYPE_CHECKING:
    from quoth.training.lesson import Exported, Lesson

_INTERRUPTED = 130
_SHOWN = {"r1": "relevant document first", "em": "marked words are the answer", "f1": "F1 of the marked words"}


def train_reader(
    datasets: Annotated[
        list[Path],
        typer.Argument(metavar="DATASET", help="Folders in the BEIR layout, or SQuAD's JSON.", show_default=False),
    ],
    out: Annotated[
        Path,
        typer.Option("--out", metavar="DIR", help="The run's folder; it gets the reader.", show_default=False),
    ],
    steps: Annotated[
        int | None,
        typer.Option(
            "--steps",
            metavar="N",
            min=1,
            help="Steps of 8 questions at a constant rate; a quarter as many follow at a falling one.",
            show_default="2 passes over the data, 6 from the encoder",
        ),
    ] = None,
    validate: Annotated[
        list[Path] | None,
        typer.Option(
            "--validate",
            metavar="DATASET",
            help="Measure the reader on this set, before and after; its questions must not be among those it learns.",
        ),
    ] = None,
    origin: Annotated[
        Literal["shipped", "encoder"] | None,
        typer.Option(
            "--from",
            help="Begin with what the reader that ships has learnt, or with the encoder alone (takes days).",
            show_default="shipped",
        ),
    ] = None,
    finish: Annotated[
        bool, typer.Option("--finish", help="Make no further steps at a constant rate: come to an end from here.")
    ] = False,
    threads: Annotated[
        int | None, typer.Option("--threads", metavar="N", min=1, help="Processor threads.", show_default="all cores")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Train the reader on your own questions, and write it where --reader and QUOTH_READER find it.

    A run that is stopped with Ctrl-C (exit code 130) goes on where it was when the same command is given again.

    Examples:

    \b
      quoth train reader datasets/support --out readers/support --validate datasets/support-test
      quoth ask "How do I reset it?" --reader readers/support
    """
    with waiting("loading PyTorch and reading the data sets"):
        lesson = _prepared(datasets, out, steps, validate or [], origin, threads)
    with training_bar(lesson.steps) as bar, _stoppable() as stop:
        done = lesson.learn(
            finish=finish, report=lambda progress: bar(progress.step, progress.losses["loss"]), stop=stop
        )
    if done is None:
        complain(f"stopped; what was learnt so far is in {one_line(str(out))}, and the same command goes on from there")
        raise typer.Exit(_INTERRUPTED)
    with waiting("writing the reader and comparing it with the network"):
        exported = lesson.export()
    if as_json:
        show_json(
            {
                "reader": str(exported.folder),
                "sha256": exported.digest,
                "steps": exported.step,
                "same_spans": exported.agreement.spans,
                "correlation": exported.agreement.correlation,
                "before": exported.before,
                "after": exported.after,
            }
        )
    else:
        show(_lines(exported))


def _prepared(
    datasets: list[Path], out: Path, steps: int | None, validate: list[Path], origin: str | None, threads: int | None
) -> Lesson:
    # Late: PyTorch takes seconds that no other command need wait for
    import torch

    from quoth.training.lesson import Lesson
    from quoth.training.run import Material
    from quoth.training.start import Origin

    if threads is not None:
        torch.set_num_threads(threads)
    material = Material(datasets, validate, held_out="")
    return Lesson.prepare(material, at_home(out), origin=Origin(origin) if origin else None, steps=steps)


@contextmanager
def _stoppable() -> Iterator[Callable[[], bool]]:
    """Take SIGINT and SIGTERM for the wish to stop after the step; yields what tells whether there was one."""
    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopping.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _lines(exported: Exported) -> Iterator[Verbatim]:
    folder = one_line(str(exported.folder))
    yield Verbatim((f"{folder}: a reader after {exported.step:,} steps", "bold"))
    yield Verbatim((f"its file against the network: {exported.agreement}", ""))
    for name, value in exported.after.items():
        dataset, _, figure = name.rpartition("/")
        if figure in _SHOWN and name in exported.before:
            yield Verbatim(
                (f"{one_line(dataset)}, {_SHOWN[figure]}: {exported.before[name]:.3f} before, {value:.3f} now", "")
            )
    yield Verbatim((f"Use it with --reader {folder}, or set QUOTH_READER={folder}", ""))
