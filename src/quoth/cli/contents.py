"""The commands about a library's documents: ``index``, ``sources``, ``show``, ``remove``, ``check``; and ``home``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from quoth.cli.listing import (
    document_json,
    document_lines,
    record_json,
    source_lines,
    summary_lines,
)
from quoth.cli.options import (
    FAILED_IN_PART,
    DocumentArgument,
    JsonOption,
    LibraryOption,
    RootOption,
    library_folder,
    opened,
)
from quoth.cli.progress import indexing_bars, waiting
from quoth.cli.terminal import Verbatim, complain, messages, one_line, show, show_json
from quoth.counted import counted
from quoth.paths import at_home
from quoth.settings import read_settings

if TYPE_CHECKING:
    from quoth.indexing import IndexSummary
    from quoth.library import Library

_FAILED_SHOWN = 20


def home(as_json: JsonOption = False) -> None:
    """Print the folder in which libraries lie, as the settings give it (QUOTH_HOME).

    In it, `local` is the library of the command line, and `shared` the one that every server of the Discord bot asks.

    Examples:

    \b
      quoth home
      quoth index --library "$(quoth home)/shared" handbook/
    """
    folder = at_home(read_settings().home).absolute()
    if as_json:
        show_json({"home": str(folder)})
    else:
        typer.echo(str(folder))


def index(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PATH",
            help="Files, folders or corpus.jsonl; without any, what was indexed before is brought up to date.",
            show_default=False,
        ),
    ] = None,
    library: LibraryOption = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on, and bring the library up to date whenever something changes.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Add documents to the library, or bring it up to date: only what changed is read anew.

    What is gone from a path that was indexed before is removed. What a .quothignore in a folder names, as in a
    .gitignore, is passed over. The exit code is 3 if some files in a folder could not be read; all others are indexed.

    Examples:

    \b
      quoth index notes/ handbook.md
      quoth index
      quoth index notes/ --watch
      quoth index corpus.jsonl --library ~/libraries/faq
    """
    if paths and not library_folder(library).exists():
        from quoth.documents.source import discover

        # Before a library is made for nothing: a mistyped path leaves no trace
        for path in paths:
            discover(path)
    with opened(library, create=bool(paths)) as its:
        with indexing_bars() as report:
            summary = its.index(paths or (), report)
        _tell(summary, its.folder, as_json)
        if watch:
            _follow(its, paths or its.roots(), as_json)
    if summary.failed:
        raise typer.Exit(FAILED_IN_PART)


def sources(library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """List the documents in the library.

    Example:

    \b
      quoth sources --json
    """
    with opened(library) as its:
        records, folder = its.documents(), its.folder
    if as_json:
        show_json({"library": str(folder), "documents": [record_json(record) for record in records]})
    else:
        show(source_lines(folder, records))


def show_document(
    document: DocumentArgument,
    root: RootOption = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print a document's text with the numbers of its paragraphs, which citations name.

    Example:

    \b
      quoth show notes/meeting.txt
    """
    with opened(library) as its:
        found = its.document(document, root)
    if as_json:
        show_json(document_json(found))
    else:
        show(document_lines(found))


def remove(
    document: DocumentArgument,
    root: RootOption = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a document out of the library; its file stays, and indexing it again brings it back.

    Example:

    \b
      quoth remove notes/meeting.txt
    """
    with opened(library) as its, indexing_bars() as report:
        record = its.remove(document, root, report)
    if as_json:
        show_json({"removed": record_json(record)})
    else:
        show([Verbatim((f"removed {one_line(record.name)} ({counted(record.passages, 'passage')})", ""))])


def check(
    library: LibraryOption = None,
    salvage: Annotated[
        Path | None,
        typer.Option(
            "--salvage",
            metavar="DIR",
            help="Write what can be read of a damaged library to DIR/corpus.jsonl, which can be indexed.",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Verify the library: its database, every passage's place, every vector, and a large library's index.

    The exit code is 1 if there are problems, each named. A large library's index is made anew where it is damaged or
    still holds numbers of documents that were removed; every other index is made anew whenever a library is opened.

    With --salvage nothing is verified or changed: the text of every document that can be read is written, and the
    exit code is 3 if some can't be.

    Examples:

    \b
      quoth check --library ~/libraries/faq
      quoth check --salvage saved && quoth index saved/corpus.jsonl --library anew
    """
    if salvage is not None:
        _salvage(at_home(library_folder(library)).absolute(), at_home(salvage), as_json)
        return
    with opened(library) as its:
        with waiting("checking"):
            report = its.check()
        folder = its.folder
    if as_json:
        show_json(
            {
                "documents": report.documents,
                "passages": report.passages,
                "problems": list(report.problems),
                "repaired": list(report.repaired),
            }
        )
    else:
        held = f"{counted(report.documents, 'document')}, {counted(report.passages, 'passage')}"
        state = "found whole" if not report.problems else counted(len(report.problems), "problem")
        show([Verbatim((f"{one_line(str(folder))}: {held}, {state}", ""))])
        for repaired in report.repaired:
            show([Verbatim((one_line(repaired), ""))])
    for problem in report.problems:
        complain(problem)
    if report.problems:
        raise typer.Exit(1)


def _salvage(folder: Path, into: Path, as_json: bool) -> None:
    from quoth.store.salvage import salvage

    with waiting("reading what can be read"):
        saved = salvage(folder, into)
    if as_json:
        show_json({"corpus": str(saved.corpus), "documents": saved.documents, "lost": list(saved.lost)})
    else:
        show([Verbatim((f"{counted(saved.documents, 'document')} written to {one_line(str(saved.corpus))}", ""))])
    if saved.lost:
        complain(f"{counted(len(saved.lost), 'document')} could not be read")
        raise typer.Exit(FAILED_IN_PART)


def _follow(library: Library, paths: Sequence[Path], as_json: bool) -> None:
    from quoth.following import Follower

    failed: dict[Path, list[tuple[str, str]]] = {}

    def update(root: Path) -> None:
        with indexing_bars() as report:
            summary = library.index([root], report)
        news = summary.added or summary.changed or summary.removed or summary.failed != failed.get(root, [])
        failed[root] = summary.failed
        if news:
            _tell(summary, library.folder, as_json)

    roots = [at_home(path).resolve() for path in paths]
    messages().print(f"following {counted(len(roots), 'path')}; Ctrl-C ends it", style="dim", highlight=False)
    Follower(roots, update, lambda error: complain(str(error)), library.folder.resolve()).follow()


def _tell(summary: IndexSummary, folder: Path, as_json: bool) -> None:
    if as_json:
        show_json(summary.as_json())
    else:
        show(summary_lines(summary, folder))
    if summary.failed:
        _complain_of(summary)


def _complain_of(summary: IndexSummary) -> None:
    complain(f"{counted(len(summary.failed), 'file')} could not be indexed; everything else was:")
    for name, reason in summary.failed[:_FAILED_SHOWN]:
        complain(one_line(reason if name in reason else f"{name}: {reason}"))
    if len(summary.failed) > _FAILED_SHOWN:
        complain(f"and {counted(len(summary.failed) - _FAILED_SHOWN, 'more file')}; --json names them all")
