"""Starting what is measured in a process of its own, and waiting for what it says."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

from quoth.errors import QuothError
from quoth.progress import Progress

_STOP_SECONDS = 10.0
_ASK = "import sys; from quoth.cli import main; sys.exit(main())"


def run(task: str, given: dict[str, Any], report: Callable[[Progress], None]) -> dict[str, Any]:
    """Run a task of ``worker`` in a new process and return what it found; ``report`` is told how far it is.

    Raises:
        QuothError: the task failed; the message is the task's, or the last that its process said.
    """
    with (
        tempfile.TemporaryFile() as complaints,
        subprocess.Popen(
            [sys.executable, "-m", "quoth.benchmark", task],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            encoding="utf-8",
        ) as process,
    ):
        try:
            return _listened(task, process, json.dumps(given), report, complaints)
        except BaseException:
            _stop(process)
            raise


def _listened(
    task: str, process: subprocess.Popen[str], given: str, report: Callable[[Progress], None], complaints: IO[bytes]
) -> dict[str, Any]:
    assert process.stdin is not None and process.stdout is not None
    try:
        process.stdin.write(given)
        process.stdin.close()
    except BrokenPipeError:
        pass  # it ended at once, and why is told below
    for line in process.stdout:
        said = json.loads(line)
        if "progress" in said:
            report(Progress(*said["progress"]))
        elif "error" in said:
            raise QuothError(said["error"])
        else:
            process.wait()
            found: dict[str, Any] = said["result"]
            return found
    code = process.wait()
    complaints.seek(0)
    last = complaints.read().decode("utf-8", "replace").strip().splitlines()[-1:]
    raise QuothError(
        f"the process that measures ({task}) ended with code {code} and no result"
        f"{': ' + last[0] if last else ', perhaps for want of memory'}; try a smaller --sizes"
    )


def asked_anew(question: str, library: Path, reader: Sequence[str]) -> float:
    """Return the seconds that ``quoth ask`` takes in a new process, from its start to the end of what it prints.

    Raises:
        QuothError: it failed.
    """
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-c", _ASK, "ask", "--library", str(library), *reader, "--", question],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            _, complaint = process.communicate()
        except BaseException:
            _stop(process)
            raise
    seconds = time.perf_counter() - began
    if process.returncode:
        raise QuothError(f"quoth ask failed: {complaint.decode('utf-8', 'replace').strip()}")
    return seconds


def _stop(process: subprocess.Popen[Any]) -> None:
    """End a process: whoever interrupts a measurement waits for none of it."""
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
