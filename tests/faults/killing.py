"""Processes to be killed, forked from one that has imported what they need, and what they said until then."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

_FORKING = multiprocessing.get_context("forkserver")
_IMPORTED = ("writer", "migrator")
_SAYS_READY = 60
"""Seconds."""


def run_until_killed(
    work: Callable[..., None], *arguments: object, seconds: float | None = None
) -> tuple[list[Any], bool]:
    """Run ``work`` with a connection to tell things to behind its arguments, in a process of its own.

    It kills itself, or is killed so many ``seconds`` after the first thing that it tells. Returns what it told, and
    whether it was killed (SIGKILL); any other end than that or the good one fails.
    """
    receiving, sending = _FORKING.Pipe(duplex=False)
    process = _FORKING.Process(target=work, args=(*arguments, sending))
    # So that the process which the others are forked from finds the modules beside this one
    with patch.dict(os.environ, PYTHONPATH=os.pathsep.join(filter(None, sys.path)), OMP_NUM_THREADS="1"):
        _FORKING.set_forkserver_preload([*_IMPORTED, "pytest"])
        process.start()
    sending.close()
    told: list[Any] = []
    try:
        if seconds is not None:
            assert receiving.poll(_SAYS_READY)
            told.append(receiving.recv())
            time.sleep(seconds)
            process.kill()
        while True:
            told.append(receiving.recv())
    except (EOFError, OSError):
        # The end, perhaps in the middle of a word
        process.join()
    finally:
        receiving.close()
        process.kill()
    assert process.exitcode in (0, -9), f"ended with {process.exitcode} after {told}"
    return told, process.exitcode == -9
