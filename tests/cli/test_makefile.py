"""``make ask`` hands the question on as it was typed."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

MAKEFILE = Path(__file__).parent.parent.parent / "Makefile"

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


@pytest.fixture
def make(tmp_path):
    stub = tmp_path / "quoth"
    stub.write_text('#!/bin/sh\nprintf "%s\\0" "$@"\n')
    stub.chmod(0o755)

    def run(*arguments, **environment):
        command = ["make", "-f", str(MAKEFILE), *arguments, f"QUOTH={stub}", "INSTALLED="]
        inherited = {name: value for name, value in os.environ.items() if name not in ("Q", "MAKEFLAGS", "MAKELEVEL")}
        return subprocess.run(
            command, cwd=tmp_path, env={**inherited, **environment}, capture_output=True, text=True, timeout=30
        )

    return run


@pytest.mark.parametrize(
    "question",
    [
        "How much cybercrime was discovered in 2013?",
        "What is $HOME \"x\" 'y' `z` ?",
        "$(shell touch made) $(5 ${x $$ costs?",
        "a \\ b # c ; d | e & f > g * %",
        "--what?",
        "two\nlines",
        "چه کسی؟",
    ],
)
@pytest.mark.parametrize("by_environment", [False, True])
def test_the_question_arrives_as_it_was_typed(question, by_environment, make, tmp_path):
    ran = make("ask", Q=question) if by_environment else make("ask", f"Q={question}")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split("\0") == ["ask", "--library", ".quoth/seeds", "--", question, ""]
    assert not (tmp_path / "made").exists()


def test_without_a_question_it_says_how_to_ask_one(make):
    ran = make("ask")
    assert ran.returncode != 0 and ran.stderr.startswith('Usage: make ask Q="')
