"""Options that several commands share, and the library that they name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from quoth.paths import at_home
from quoth.settings import read_settings

if TYPE_CHECKING:
    from quoth.library import Library

FAILED_IN_PART = 3
"""Exit code of a command that did its work but for some files or lines, which it named."""


def complete_document(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the names of documents that begin so, for the shell's completion."""
    # A shell that completes shows neither errors nor warnings: where there is no library, there is no name
    try:
        from quoth.store import Store

        store = Store.open(library_folder(ctx.params.get("library")))
        try:
            return sorted({record.name for record in store.documents() if record.name.startswith(incomplete)})
        finally:
            store.close()
    except Exception:
        return []


LibraryOption = Annotated[
    Path | None,
    typer.Option("--library", metavar="DIR", help="The library's folder.", show_default="$QUOTH_HOME/local"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
DocumentOption = Annotated[
    str | None,
    typer.Option(
        "--document",
        metavar="GLOB",
        help="Only documents whose name matches, such as 'guide/*.md'.",
        autocompletion=complete_document,
    ),
]
BatchOption = Annotated[
    str | None,
    typer.Option(
        "--batch",
        metavar="FILE",
        help='Take the questions from a JSONL file ("-" is standard input) and print one JSON line for each.',
    ),
]
ReaderOption = Annotated[
    str | None,
    typer.Option(
        "--reader",
        metavar="DIR",
        help="A reader that `quoth train reader` made; off: none, on: the one that the settings give.",
        show_default="$QUOTH_READER, or the one that ships",
    ),
]
RootOption = Annotated[
    str | None,
    typer.Option("--root", metavar="PATH", help="The indexed path it belongs to, where several hold that name."),
]
DocumentArgument = Annotated[
    str,
    typer.Argument(
        metavar="DOC", help="A document's name, as `quoth sources` lists it.", autocompletion=complete_document
    ),
]
QuestionArgument = Annotated[
    str | None,
    typer.Argument(metavar="QUESTION", help="The question, in quotes; put -- before one that begins with a dash."),
]


def library_folder(folder: Path | None) -> Path:
    """Return the folder that ``--library`` names, or the one that the settings give."""
    return folder if folder is not None else read_settings().local_library


def chosen_reader(given: str | None) -> Path | bool:
    """Return what ``--reader`` names, or what the settings give: a folder, or whether to use the one that ships."""
    if given == "off":
        return False
    if given is not None and given != "on":
        return at_home(given)
    folder = read_settings().reader
    return True if folder is None else at_home(folder)


@contextmanager
def opened(folder: Path | None, *, create: bool = False, reader: str | None = None) -> Iterator[Library]:
    """Open the library that ``--library`` names, or the one that the settings give."""
    # Late, since it takes most of a second that --help and usage errors need not wait
    from quoth.library import Library

    settings = read_settings()
    with Library.open(
        library_folder(folder),
        create=create,
        model=settings.model,
        engine=settings.encoder,
        reader=chosen_reader(reader),
    ) as library:
        yield library
