"""The commands that ask: ``ask``, ``search`` and ``eval``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from quoth.cli.batch import BatchQuestion, Json, answer_lines, batch_lines, checked
from quoth.cli.options import (
    FAILED_IN_PART,
    BatchOption,
    DocumentOption,
    JsonOption,
    LibraryOption,
    QuestionArgument,
    ReaderOption,
    chosen_reader,
    opened,
)
from quoth.cli.progress import counting, indexing_bars, waiting
from quoth.cli.render import answer_lines as rendered_answer
from quoth.cli.render import search_lines
from quoth.cli.terminal import output, show, show_json
from quoth.settings import read_settings

if TYPE_CHECKING:
    from quoth.answer import FoundPassage

_LOADING = "loading the model and searching"


def ask(
    question: QuestionArgument = None,
    quotes: Annotated[int, typer.Option("--quotes", metavar="N", min=1, help="At most so many quotes.")] = 3,
    document: DocumentOption = None,
    after: Annotated[
        list[str] | None,
        typer.Option(
            "--after",
            metavar="QUESTION",
            help="The question before this one, which it leans on; repeat it for several, oldest first.",
        ),
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show why it answered or declined: each score.")] = False,
    batch: BatchOption = None,
    reader: ReaderOption = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer a question in the documents' own words, or say that none was found in them.

    Examples:

    \b
      quoth ask "How much cybercrime was discovered in 2013?"
      quoth ask "And in 2014?" --after "How much cybercrime was discovered in 2013?"
      quoth ask "How do I reset it?" --document "manuals/*" --quotes 1
      quoth ask --batch questions.jsonl > answers.jsonl
    """
    _one_of(question, batch)
    history = [checked(earlier) for earlier in after or ()]
    if batch is not None and history:
        raise typer.BadParameter('with --batch, earlier questions stand in each line\'s "history"')
    with opened(library, reader=reader) as its:
        if batch is not None:
            _run_batch(
                batch,
                lambda line: its.ask(
                    line.text, quotes=quotes, document=document, history=line.history, question_id=line.id
                ).as_json(explain=explain),
            )
            return
        with waiting(_LOADING):
            answer = its.ask(checked(question or ""), quotes=quotes, document=document, history=history)
    if as_json:
        show_json(answer.as_json(explain=explain))
    else:
        show(rendered_answer(answer, explain=explain, name_answer=not output().is_terminal))


def search(
    question: QuestionArgument = None,
    k: Annotated[int, typer.Option("-k", metavar="N", min=1, help="So many passages.")] = 10,
    document: DocumentOption = None,
    batch: BatchOption = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the passages that fit a question best, and where each score comes from.

    Examples:

    \b
      quoth search "international cooperation" -k 5
      quoth search --batch questions.jsonl > passages.jsonl
    """
    _one_of(question, batch)
    with opened(library) as its:
        if batch is not None:
            _run_batch(
                batch,
                lambda line: _search_json(
                    line.id, line.text, its.search(line.text, k=k, document=document, history=line.history)
                ),
            )
            return
        with waiting(_LOADING):
            passages = its.search(checked(question or ""), k=k, document=document)
    if as_json:
        show_json(_search_json(None, question or "", passages))
    else:
        show(search_lines(passages))


def evaluate(
    dataset: Annotated[
        Path,
        typer.Argument(metavar="DATASET", help="A folder in the BEIR layout, or SQuAD's JSON.", show_default=False),
    ],
    reader: ReaderOption = None,
    retriever: Annotated[
        Literal["both", "dense", "lexical"], typer.Option("--retriever", help="One of the two retrievers alone.")
    ] = "both",
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", min=1, help="Ask a fixed sample of so many questions.")
    ] = None,
    library: Annotated[
        Path | None,
        typer.Option(
            "--library",
            metavar="DIR",
            help="Where the dataset's own library is made, and used again.",
            show_default="a cache folder",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure retrieval, quotes and abstention on a dataset, with 95 % bootstrap intervals.

    The exit code is 1 if a quote differs from its document.

    Examples:

    \b
      quoth eval datasets/squad
      quoth eval datasets/squad --retriever lexical --json
    """
    from quoth.evaluation import evaluate_dataset

    settings = read_settings()
    with indexing_bars() as bars:
        report = evaluate_dataset(
            dataset,
            library_folder=library,
            limit=limit,
            reader=chosen_reader(reader),
            retriever=retriever,
            model=settings.model,
            engine=settings.encoder,
            report=bars,
        )
    if as_json:
        show_json(report.as_json())
    else:
        console = output()
        # A pipe has no width; the default of 80 would fold the table
        console.print(report.as_table(), width=None if console.is_terminal else 120)
    if report.broken:
        raise typer.Exit(1)


def _one_of(question: str | None, batch: str | None) -> None:
    if (question is None) == (batch is None):
        raise typer.BadParameter("give either a question, in quotes, or --batch FILE")


def _run_batch(name: str, answer: Callable[[BatchQuestion], Json]) -> None:
    with batch_lines(name) as (source, lines), counting("answering") as count:
        done = 0

        def write(result: Json) -> None:
            nonlocal done
            done += 1
            show_json(result)
            count(done)

        failures = answer_lines(source, lines, answer, write)
    if failures:
        raise typer.Exit(FAILED_IN_PART)


def _search_json(identifier: str | None, question: str, passages: list[FoundPassage]) -> Json:
    return {
        "id": identifier,
        "question": question,
        "passages": [passage.as_json(with_signals=True) for passage in passages],
    }
