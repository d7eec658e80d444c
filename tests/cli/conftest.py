"""The command line as people run it, without loading the model for each run."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from quoth.cli import main
from quoth.encoder import Encoder


@dataclass(frozen=True)
class Ran:
    """What one run of the command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def quoth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], encoder: Encoder
) -> Callable[..., Ran]:
    """Run a command in this process, away from the user's own settings; the real model is loaded once for all."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QUOTH_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("QUOTH_MODEL", raising=False)
    monkeypatch.delenv("QUOTH_READER", raising=False)
    monkeypatch.setattr(Encoder, "load", classmethod(lambda cls, *_: encoder))

    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run
