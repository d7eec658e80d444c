"""Many questions from JSONL, answered one line each, in order.

A line is ``{"_id": "q1", "text": "…", "history": [{"question": "…"}]}``; ``history`` may be missing. A line that
can't be answered gives ``{"id", "error"}``, and the rest goes on.
"""

from __future__ import annotations

import codecs
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from quoth.errors import IntegrityError, PathError, QuestionError
from quoth.paths import at_home

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class BatchQuestion:
    """One line's question; ``history`` holds the questions before it, oldest first."""

    id: str | None
    text: str
    history: tuple[str, ...] = ()


@contextmanager
def batch_lines(name: str) -> Iterator[tuple[str, Iterable[bytes]]]:
    """Open a batch file ("-" is standard input) and yield what errors call it with its lines, read as they come.

    Raises:
        PathError: the file can't be opened.
    """
    if name == "-":
        yield "standard input", sys.stdin.buffer
        return
    try:
        file = at_home(name).open("rb")
    except OSError as error:
        raise PathError(f"{name} can't be read: {(error.strerror or str(error)).lower()}; check the path") from error
    with file:
        yield name, file


def answer_lines(
    source: str, lines: Iterable[bytes], answer: Callable[[BatchQuestion], Json], write: Callable[[Json], None]
) -> int:
    """Answer each line and write the result before the next is read; return how many could not be answered.

    What is wrong with the library or the model rather than with a question is raised: it would be wrong with all.
    """
    failures = 0
    for number, line in enumerate(lines, 1):
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        if not line.strip():
            continue
        identifier: str | None = None
        try:
            fields = _fields(line)
            identifier = _string(fields, "_id", None)
            result = answer(_question(fields, identifier))
        except (QuestionError, IntegrityError) as error:
            failures += 1
            result = {"id": identifier, "error": f"{source}, line {number}: {error}"}
        write(result)
    return failures


def checked(question: str) -> str:
    """Return the question.

    Raises:
        QuestionError: it holds half a character, which no encoding can carry.
    """
    try:
        question.encode()
    except UnicodeEncodeError as error:
        raise QuestionError(f"the question is not valid text at character {error.start}; write it in UTF-8") from error
    return question


def _fields(line: bytes) -> Json:
    try:
        fields = json.loads(line.decode())
    except UnicodeDecodeError as error:
        raise QuestionError(f"the line is not UTF-8 at byte {error.start}") from error
    except (ValueError, RecursionError) as error:
        raise QuestionError(f"the line is not JSON ({error}); it has to be one JSON object") from error
    if not isinstance(fields, dict):
        raise QuestionError(f"the line is a JSON {type(fields).__name__}; it has to be an object")
    return fields


def _question(fields: Json, identifier: str | None) -> BatchQuestion:
    text = _string(fields, "text", None)
    if text is None:
        raise QuestionError('the line has no "text"; it looks like {"_id": "q1", "text": "…"}')
    turns = fields.get("history") or []
    if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns):
        raise QuestionError('"history" has to be a list of {"question": "…"}')
    history = [_string(turn, "question", "") or "" for turn in turns]
    return BatchQuestion(identifier, checked(text), tuple(checked(turn) for turn in history if turn.strip()))


def _string(fields: Json, key: str, default: str | None) -> str | None:
    value = fields.get(key)
    if value is None:
        return default
    if not isinstance(value, str):
        raise QuestionError(f'"{key}" is a {type(value).__name__}; it has to be a string')
    return value
