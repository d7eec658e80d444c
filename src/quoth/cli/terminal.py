"""What reaches a terminal: consoles, text that can't harm it, and text that stands as it is.

A document may hold escape sequences that recolour, clear or retype a terminal, and characters that turn the
direction of what follows; none of these passes. Everything else of a document passes unchanged: no markup is
read into it, no line is wrapped, no tab expanded.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from io import TextIOWrapper
from typing import Any

import typer
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment

_DIRECTIONS = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))

_VISIBLE = (
    {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\t\n"}
    | {0x7F: "\u2421"}
    | {code: f"<U+{code:04X}>" for code in (*range(0x80, 0xA0), *_DIRECTIONS, *range(0xD800, 0xE000))}
)

# Inside JSON's strings these can be written as escapes, which mean the same and harm neither a terminal nor a
# reader that takes U+2028 for the end of a line.
_ESCAPED = {
    code: f"\\u{code:04x}" for code in (*range(0x7F, 0xA0), 0x2028, 0x2029, *_DIRECTIONS, *range(0xD800, 0xE000))
}


def visible(text: str) -> str:
    """Return the text with control characters and turns of direction replaced by something that can be seen."""
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_VISIBLE)


def one_line(text: str) -> str:
    """Return a title or a name as it can stand within a line."""
    return visible(text.replace("\r\n", "\n")).translate({0x0A: "\u240a", 0x09: "\u2409"})


class Verbatim:
    """Pieces of text with their styles, shown character for character, and a line end."""

    def __init__(self, *pieces: tuple[str, str]) -> None:
        self.pieces = tuple((visible(text), style) for text, style in pieces)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for text, style in self.pieces:
            yield Segment(text, console.get_style(style) if style else None)
        yield Segment.line()

    @property
    def plain(self) -> str:
        """The text without its styles."""
        return "".join(text for text, _ in self.pieces)


def output() -> Console:
    """Return the console of standard output, colourless when piped or when ``NO_COLOR`` is set."""
    return Console(markup=False, emoji=False, highlight=False)


def messages() -> Console:
    """Return the console of standard error, for progress and errors."""
    return Console(stderr=True, markup=False, emoji=False, highlight=False)


def show(lines: Iterable[Verbatim]) -> None:
    """Print lines to standard output."""
    console = output()
    for line in lines:
        console.print(line, soft_wrap=True)


def complain(message: str) -> None:
    """Print an error, one sentence, to standard error."""
    messages().print(Verbatim(("quoth: ", "bold red"), (message, "")), soft_wrap=True)


def show_json(value: dict[str, Any]) -> None:
    """Print an object as one line of JSON, at once."""
    typer.echo(json.dumps(value, ensure_ascii=False).translate(_ESCAPED))


def prepare_streams() -> None:
    """Make sure that no character of a document stops the output: UTF-8 where nobody else decides."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
            if not stream.isatty():
                stream.reconfigure(encoding="utf-8")
