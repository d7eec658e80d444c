"""The command ``quoth calibrate``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from quoth.cli.options import JsonOption, LibraryOption, ReaderOption, chosen_reader, opened
from quoth.cli.progress import indexing_bars
from quoth.cli.terminal import Verbatim, one_line, output, show, show_json
from quoth.counted import counted

if TYPE_CHECKING:
    from quoth.calibration import Fit
    from quoth.evaluation.calibrating import Calibrated
    from quoth.evaluation.statistics import Figure

_SHOWN = {
    "ECE": "calibration error (ECE)",
    "answered_rightly": "answered, and the quote is right",
    "answered_wrongly": "answered, and it is not",
    "wrongly_declined": "declined, though the documents answer",
    "rightly_declined": "declined, and they do not",
}


def calibrate(
    dataset: Annotated[
        Path | None,
        typer.Argument(
            metavar="DATASET", help="Your questions: a folder in the BEIR layout, or SQuAD's JSON.", show_default=False
        ),
    ] = None,
    reset: Annotated[bool, typer.Option("--reset", help="Undo it: answer as Quoth does as shipped.")] = False,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", min=1, help="Ask a fixed sample of so many questions.")
    ] = None,
    reader: ReaderOption = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fit a library's confidence, and when it declines, to your own questions.

    They are asked over the dataset's documents. The figures afterwards are those of questions that the numbers were
    not fitted to. At least 50 questions are needed.

    Examples:

    \b
      quoth calibrate datasets/support
      quoth calibrate --reset
    """
    if (dataset is None) != reset:
        raise typer.BadParameter("give either a DATASET or --reset")
    with opened(library, reader=reader) as its:
        folder = str(its.folder)
        if dataset is None:
            its.calibrate(None)
            if as_json:
                show_json({"library": folder, "calibrated": False})
            else:
                show([Verbatim((f"{one_line(folder)}: answers as Quoth does as shipped", ""))])
            return
        from quoth.evaluation.calibrating import calibrate_library

        with indexing_bars() as bars:
            done = calibrate_library(its, dataset, limit=limit, reader=chosen_reader(reader), report=bars)
    if as_json:
        show_json(_json(done, folder))
        return
    console = output()
    console.print(_table(done), width=None if console.is_terminal else 120)
    show(_lines(done, folder))


def _json(done: Calibrated, folder: str) -> dict[str, Any]:
    def figures(of: dict[str, Figure], at: int) -> dict[str, Any]:
        return {
            name: {"value": round(f.value, 4), "low": round(f.low, 4), "high": round(f.high, 4)}
            | ({"answers": done.counts[name][at]} if name in done.counts else {})
            for name, f in of.items()
        }

    def fit(of: Fit | None) -> dict[str, float] | None:
        return None if of is None else asdict(of)

    return {
        "library": folder,
        "calibrated": True,
        "dataset": done.calibration.dataset,
        "questions": done.questions,
        "asked": done.asked,
        "answerable": done.answerable,
        "left_out": done.left_out,
        "read": fit(done.calibration.read),
        "unread": fit(done.calibration.unread),
        "before": figures(done.before, 0),
        "after": figures(done.after, 1),
    }


def _table(done: Calibrated) -> Table:
    without = done.asked - done.answerable
    title = (
        f"{done.calibration.dataset}: {counted(done.questions, 'question')}, asked {done.asked:,} times, "
        f"{without:,} of them without an answer"
    )
    if done.left_out:
        title += f"\n({done.left_out:,} by leaving out the documents that answer)"
    table = Table(title=Text(title), caption=Text("shares at even odds of answerable and unanswerable questions"))
    table.add_column("", no_wrap=True)
    for heading in ("before", "after"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, label in _SHOWN.items():
        counts = done.counts.get(name, (None, None))
        table.add_row(label, _shown(done.before[name], counts[0]), _shown(done.after[name], counts[1]))
    return table


def _shown(figure: Figure, count: int | None) -> str:
    return f"{figure.value:.3f}" if count is None else f"{figure.value * 100:.1f} % ({count:,})"


def _lines(done: Calibrated, folder: str) -> list[Verbatim]:
    lines = [Verbatim((f"{one_line(folder)} answers by these numbers from now on", ""))]
    kinds = (("read by the reader", done.calibration.read), ("that the reader does not read", done.calibration.unread))
    for kind, fit in kinds:
        if fit is not None:
            numbers = f"log-odds times {fit.slope:.2f} plus {fit.intercept:.2f}, threshold {fit.threshold:.3f}"
            lines.append(Verbatim((f"questions {kind}: {numbers} ({counted(fit.questions, 'question')})", "")))
        else:
            lines.append(Verbatim((f"questions {kind}: as shipped, since there were too few", "")))
    lines.append(Verbatim(("Undo it with: quoth calibrate --reset", "")))
    return lines
