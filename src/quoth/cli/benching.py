"""The command ``quoth bench``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quoth.cli.options import JsonOption, ReaderOption, chosen_reader
from quoth.cli.progress import indexing_bars, waiting
from quoth.cli.terminal import Verbatim, complain, one_line, output, show, show_json
from quoth.paths import at_home
from quoth.settings import read_settings

_LEAST, _MOST = 100, 10_000_000
_SIZES = "1000,100000,1000000"


def bench(
    datasets: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="DATASET",
            help="Folders in the BEIR layout, or SQuAD's JSON: the paragraphs and questions to measure with.",
            show_default=False,
        ),
    ] = None,
    sizes: Annotated[
        str, typer.Option("--sizes", metavar="N,N,…", help="Passages of the libraries to measure, with commas between.")
    ] = _SIZES,
    questions: Annotated[
        int, typer.Option("--questions", metavar="N", min=1, help="So many questions are planted and asked.")
    ] = 200,
    reader: ReaderOption = None,
    library: Annotated[
        Path | None,
        typer.Option(
            "--library",
            metavar="DIR",
            help="Where the libraries that are made lie, and are used again.",
            show_default="a cache folder",
        ),
    ] = None,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Keep nothing of what is made.")] = False,
    clear_cache: Annotated[
        bool, typer.Option("--clear-cache", help="Remove what was made by earlier runs, and measure nothing.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Measure speed, memory and recall on libraries of several sizes, made of your data sets' paragraphs.

    Nothing else should run on the machine meanwhile. A library of 1,000,000 passages takes minutes to make and up to
    6 GB of disk, once.

    Examples:

    \b
      quoth bench datasets/squad --sizes 1000,100000
      quoth bench datasets/* --json > bench.json
      quoth bench --clear-cache
    """
    if clear_cache:
        if datasets:
            raise typer.BadParameter("give either a DATASET or --clear-cache")
        _clear(library, as_json)
        return
    if not datasets:
        raise typer.BadParameter("name at least one DATASET to measure with")
    wanted = _parsed(sizes)
    with waiting("looking how busy the machine is"):
        # Late, as in every command: neither --help nor a wrong size waits for the library to be loaded
        from quoth.benchmark import measure
        from quoth.benchmark.machine import others_now

        busy = others_now()
    if busy.disturb:
        complain(
            f"other processes keep {busy.cores:.1f} cores busy, so that the figures will be worse than the truth; "
            "stop them, or measure again later"
        )
    settings = read_settings()
    with indexing_bars() as bars:
        report = measure(
            datasets,
            sizes=wanted,
            questions=questions,
            folder=library,
            keep=not no_cache,
            model=settings.model,
            engine=settings.encoder,
            reader=chosen_reader(reader),
            report=bars,
        )
    if as_json:
        show_json(report.as_json())
        return
    console = output()
    for table in report.as_tables():
        # A pipe has no width; the default of 80 would fold the table
        console.print(table, width=None if console.is_terminal else 120)


def _clear(folder: Path | None, as_json: bool) -> None:
    from quoth.benchmark.cache import clear, default_folder

    place = at_home(folder or default_folder()).absolute()
    with waiting("removing"):
        removed = clear(place)
    if as_json:
        show_json({"folder": str(place), "removed_bytes": removed})
    else:
        show([Verbatim((f"{one_line(str(place))}: {removed / 1e6:,.0f} MB removed", ""))])


def _parsed(sizes: str) -> tuple[int, ...]:
    found = []
    for part in sizes.split(","):
        try:
            size = int(part)
        except ValueError:
            raise typer.BadParameter(
                f"--sizes has {part.strip()!r}, which is no whole number; it looks like {_SIZES}"
            ) from None
        if not _LEAST <= size <= _MOST:
            raise typer.BadParameter(
                f"--sizes has {size:,}; a library is measured from {_LEAST:,} to {_MOST:,} passages"
            )
        found.append(size)
    if len(set(found)) < len(found):
        raise typer.BadParameter(f"--sizes {sizes} names a size twice; name each once")
    return tuple(found)
