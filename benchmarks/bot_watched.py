"""Run the bot with its event loop watched: `python benchmarks/bot_watched.py REPORT` in place of `python -m bot`.

Writes to REPORT, as JSON, every step of the loop that took longer than 1 ms and every time that a timer due in 10 ms
came more than 1 ms late, each with its moment (the monotonic clock, in seconds) and its length (in seconds).
`bot_latency.py` starts it; nothing of it is in the bot.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import runpy
import sys
import time
from asyncio import events
from pathlib import Path

TICK = 0.01
WORTH_NOTING = 0.001

steps: list[tuple[float, float, str]] = []
delays: list[tuple[float, float]] = []

_run = events.Handle._run


def _timed_run(handle: events.Handle) -> None:
    began = time.monotonic()
    _run(handle)
    took = time.monotonic() - began
    if took > WORTH_NOTING:
        callback = handle._callback
        task = getattr(callback, "__self__", None)
        what = task.get_coro().__qualname__ if isinstance(task, asyncio.Task) else repr(callback)
        steps.append((began, took, what))


async def _tick() -> None:
    while True:
        due = time.monotonic() + TICK
        await asyncio.sleep(TICK)
        late = time.monotonic() - due
        if late > WORTH_NOTING:
            delays.append((due, late))


def _watch(report: Path) -> None:
    events.Handle._run = _timed_run  # type: ignore[method-assign]
    new_event_loop = asyncio.new_event_loop
    ticking: list[asyncio.Task[None]] = []

    def watched_loop() -> asyncio.AbstractEventLoop:
        loop = new_event_loop()
        loop.call_soon(lambda: ticking.append(loop.create_task(_tick())))
        return loop

    asyncio.new_event_loop = events.new_event_loop = watched_loop  # type: ignore[assignment]
    atexit.register(lambda: report.write_text(json.dumps({"steps": steps, "delays": delays})))


if __name__ == "__main__":
    _watch(Path(sys.argv.pop(1)))
    runpy.run_module("bot", run_name="__main__", alter_sys=True)
