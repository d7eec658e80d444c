"""What Discord makes of markup, by somebody else's account: the npm package discord-markdown-parser, run by node.

One node process reads markup as JSON, a line each, and answers with its tree. The package lies in a cache folder;
it is fetched there only when the environment variable QUOTH_ORACLE is "install".
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

VERSION = "1.3.1"
SERVE = """
const { parse } = require("discord-markdown-parser");
const lines = require("readline").createInterface({ input: process.stdin, crlfDelay: Infinity });
lines.on("line", (line) => process.stdout.write(JSON.stringify(parse(JSON.parse(line), "extended")) + "\\n"));
"""


class NotHereError(Exception):
    """The parser can't be run on this machine; the message says why."""


@dataclass(frozen=True)
class Piece:
    """A stretch of text as it is displayed, and the kinds of markup that it stands in, outermost first."""

    inside: tuple[str, ...]
    text: str
    target: str | None = None


class DiscordMarkdown:
    """The parser, running. Close it after use."""

    def __init__(self) -> None:
        node = shutil.which("node")
        if node is None:
            raise NotHereError("node is not installed")
        folder = user_cache_path("quoth", appauthor=False) / f"discord-markdown-parser-{VERSION}"
        if not (folder / "node_modules" / "discord-markdown-parser").is_dir():
            _install(folder)
        self._process = subprocess.Popen(
            [node, "-e", SERVE],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            bufsize=1,
        )

    def pieces(self, markup: str) -> list[Piece]:
        """Return what is displayed of markup; neighbours of one kind are joined."""
        assert self._process.stdin and self._process.stdout
        # In ASCII: U+2028 would end a line for node
        self._process.stdin.write(json.dumps(markup) + "\n")
        joined: list[Piece] = []
        for piece in _flat(json.loads(self._process.stdout.readline()), ()):
            if joined and (joined[-1].inside, joined[-1].target) == (piece.inside, piece.target):
                joined[-1] = Piece(piece.inside, joined[-1].text + piece.text, piece.target)
            else:
                joined.append(piece)
        # It works on UTF-16 units and parts pairs
        return [replace(piece, text=_paired(piece.text)) for piece in joined]

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=10)


def _paired(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def _install(folder: Path) -> None:
    if os.environ.get("QUOTH_ORACLE") != "install":
        raise NotHereError("discord-markdown-parser is not installed; make test-oracle fetches it")
    npm = shutil.which("npm")
    if npm is None:
        raise NotHereError("npm is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [npm, "install", "--prefix", folder, "--ignore-scripts", "--no-audit", f"discord-markdown-parser@{VERSION}"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode != 0:
        raise NotHereError(f"npm could not fetch discord-markdown-parser: {done.stderr.strip()[-300:]}")


def _flat(nodes: list[dict[str, Any]], inside: tuple[str, ...]) -> Iterator[Piece]:
    for node in nodes:
        match node:
            case {"type": "text", "content": str(text)}:
                yield Piece(inside, text)
            case {"type": "br"}:
                yield Piece(inside, "\n")
            case {"type": "twemoji", "name": str(name)}:
                yield Piece(inside, name)
            case {"type": "link", "target": str(target), "content": list(content)}:
                for piece in _flat(content, (*inside, "link")):
                    yield Piece(piece.inside, piece.text, target)
            case {"type": str(kind), "content": list(content)}:
                yield from _flat(content, (*inside, kind))
            case {"type": str(kind)}:  # a mention, a timestamp, code: nothing that holds text
                yield Piece((*inside, kind), json.dumps(node))
