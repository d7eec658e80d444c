"""Run the bot with its memory traced: `python benchmarks/bot_traced.py SECONDS` in place of `python -m bot`.

After so many seconds it begins to note which line of code takes memory, and a minute later what is held; at its end it
writes to standard error the lines that hold the most beyond that. `bot_load.py --trace` starts it; nothing of it is in
the bot.
"""

from __future__ import annotations

import atexit
import runpy
import sys
import threading
import tracemalloc

_FRAMES = 3
_SHOWN = 25

before: list[tracemalloc.Snapshot] = []


def _tell() -> None:
    for more in tracemalloc.take_snapshot().compare_to(before[0], "lineno")[:_SHOWN]:
        sys.stderr.write(f"{more}\n")


def _begin() -> None:
    tracemalloc.start(_FRAMES)
    timer = threading.Timer(60.0, lambda: before.append(tracemalloc.take_snapshot()))
    timer.daemon = True
    timer.start()


if __name__ == "__main__":
    timer = threading.Timer(float(sys.argv.pop(1)), _begin)
    timer.daemon = True
    timer.start()
    atexit.register(lambda: before and _tell())
    runpy.run_module("bot", run_name="__main__", alter_sys=True)
