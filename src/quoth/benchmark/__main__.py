"""Run one task of a measurement: ``python -m quoth.benchmark TASK``, for ``processes.run`` alone.

The task's object is read from standard input; lines of JSON go to standard output: ``{"progress": [stage, done,
total]}`` now and then, and at the end ``{"result": …}``, or ``{"error": …}`` for an error that Quoth raises on purpose.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

from quoth.benchmark.worker import TASKS
from quoth.errors import QuothError
from quoth.progress import Progress

_INTERRUPTED = 130
_PAUSE_SECONDS = 0.2


def _run(task: str) -> int:
    # What a library prints must not come between the lines
    lines = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    told = 0.0

    def write(line: dict[str, Any]) -> None:
        lines.write(json.dumps(line) + "\n")
        lines.flush()

    def report(progress: Progress) -> None:
        nonlocal told
        # Seldom enough that whoever reads it takes no time from what is measured
        if time.monotonic() - told > _PAUSE_SECONDS:
            told = time.monotonic()
            write({"progress": [progress.stage, progress.done, progress.total]})

    try:
        write({"result": TASKS[task](json.load(sys.stdin), report)})
    except QuothError as error:
        write({"error": str(error)})
    return 0


if __name__ == "__main__":
    try:
        sys.exit(_run(sys.argv[1]))
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
