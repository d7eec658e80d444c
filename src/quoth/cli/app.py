"""The command ``quoth``: its commands, and what becomes of errors."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from quoth.cli import benching, calibrating, contents, questions, training
from quoth.cli.terminal import complain, prepare_streams
from quoth.errors import QuothError

_FAILED = 1
_INTERRUPTED = 130

app = typer.Typer(
    name="quoth",
    help="Answers questions from your own documents, in the documents' own words, with citations.",
    epilog="Begin with: quoth index PATH, then: quoth ask QUESTION",
    no_args_is_help=True,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)

COMMANDS: dict[str, Callable[..., None]] = {
    "index": contents.index,
    "ask": questions.ask,
    "search": questions.search,
    "sources": contents.sources,
    "show": contents.show_document,
    "remove": contents.remove,
    "eval": questions.evaluate,
    "calibrate": calibrating.calibrate,
    "check": contents.check,
    "bench": benching.bench,
    "home": contents.home,
}

TRAINED: dict[str, Callable[..., None]] = {"reader": training.train_reader}
"""What ``quoth train`` can train."""


def _help(command: Callable[..., None]) -> str:
    """Return a command's docstring with each paragraph on one line, for the terminal to wrap; examples stay as is."""
    paragraphs = (inspect.getdoc(command) or "").split("\n\n")
    return "\n\n".join(text if text.startswith("\b") else text.replace("\n", " ") for text in paragraphs)


for _name, _command in COMMANDS.items():
    app.command(_name, help=_help(_command))(_command)

_train = typer.Typer(no_args_is_help=True)
for _name, _command in TRAINED.items():
    _train.command(_name, help=_help(_command))(_command)
app.add_typer(_train, name="train", help="Train one of Quoth's own models on your questions.")


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"quoth {version('quoth')}")
        raise typer.Exit


@app.callback()
def _options(
    shows_version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Hold the options of ``quoth`` itself."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: errors end in one sentence on standard error."""
    prepare_streams()
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        code = _FAILED
    except OSError as error:
        complain(f"a file could not be read or written: {error}")
        code = _FAILED
    if code == _INTERRUPTED:
        complain("interrupted")
    _forget_broken_output()
    return code


def _run(arguments: Sequence[str] | None) -> int:
    try:
        app(args=arguments, prog_name="quoth")
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else _FAILED if done.code else 0
    except KeyboardInterrupt:
        return _INTERRUPTED
    except QuothError as error:
        complain(str(error))
        return _FAILED
    return 0


def _forget_broken_output() -> None:
    """Let Python's own flush at exit not stumble over a pipe that was closed."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
