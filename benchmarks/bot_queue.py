"""What one flooding person costs all others in the queue alone: `python benchmarks/bot_queue.py`.

The bot's own queue (`bot.asking`, `bot.lanes`) on an event loop whose clock jumps to the next thing that happens, so
that no other program disturbs it: questions take the times that `docs/speed.md` gives (log-normal, median 0.135 s, 95th
centile 0.337 s) in two threads, and 200 servers ask, the n-th 1/n as much as the first. The same questions at the same
moments are asked in peace, while one person floods the server that asks most, and while one person floods 50 servers.
The flooder tries ten times a second. Nothing is said here of what a flooder costs the processor (`bot_flood.py`).
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import random
import selectors
import statistics
import sys
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from bot_town import Arrival, arrivals

from bot import asking, lanes
from bot.asking import Asker
from bot.errors import BusyError

MODES = {"in peace": 0, "one server flooded": 1, "50 servers flooded": 50}
MEDIAN, SIGMA = 0.135, 0.556
_MEAN = MEDIAN * 2.718281828 ** (SIGMA**2 / 2)
_BOOTSTRAP = 200


class _Jumping(selectors.SelectSelector):
    """Waits for nothing: time goes on by as much as there was to wait."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        self.now += max(0.0, timeout or 0.0)
        return super().select(0)


class Loop(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps, and whose threads take the seconds that a call returns."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now

    def monotonic(self) -> float:
        """Return the moment, as the module ``time`` would."""
        return self.time()

    def run_in_executor(self, executor: Executor | None, func: Callable[..., Any], *args: Any) -> Any:
        done = self.create_future()
        self.call_later(func(*args), lambda: done.cancelled() or done.set_result(None))
        return done


class Times:
    """Stands in for the shelf: a question takes its time, the same in every mode."""

    def ask(self, question: str, **where: Any) -> float:
        return random.Random(question).lognormvariate(0.0, SIGMA) * MEDIAN

    def stop(self) -> None:
        """Nothing is to stop."""


async def ask_all(asker: Asker, coming: list[Arrival], flooded: int) -> tuple[list[float], int, int]:
    """Return the seconds of the others' answers, how many of them were refused, and the flooder's answers."""
    loop = asyncio.get_running_loop()
    seconds: list[float] = []
    refused = flood = 0

    async def one(number: int, arrival: Arrival) -> None:
        nonlocal refused
        began = loop.time()
        try:
            await asker.ask(str(number), guild=arrival.server, person=10 + number)
        except BusyError:
            refused += 1
        else:
            seconds.append(loop.time() - began)

    async def another(number: int) -> None:
        nonlocal flood
        try:
            await asker.ask(f"flood {number}", guild=number % flooded, person=1)
        except BusyError:
            return
        flood += 1

    events = [(arrival.at, 0, number) for number, arrival in enumerate(coming)]
    if flooded:
        events += [(number / 10, 1, number) for number in range(int(coming[-1].at * 10))]
    tasks: set[asyncio.Task[None]] = set()
    for at, is_flood, number in sorted(events):
        await asyncio.sleep(at - loop.time())
        task = loop.create_task(another(number) if is_flood else one(number, coming[number]))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    return seconds, refused, flood


def measure(load: float, flooded: int, seed: int, count: int) -> tuple[list[float], int, int]:
    loop = Loop()
    asking.time = lanes.time = loop  # type: ignore[assignment]
    rate = load * 2 / _MEAN
    coming = arrivals(rate, count / rate, 200, seed)

    async def run() -> tuple[list[float], int, int]:
        return await ask_all(Asker(Times(), workers=2, waiting=64), coming, flooded)  # type: ignore[arg-type]

    try:
        return loop.run_until_complete(run())
    finally:
        loop.close()


def centile(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20)[18]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loads", type=float, nargs="*", default=[0.1, 0.3, 0.5, 0.7, 0.9, 1.1])
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--questions", type=int, default=500, help="of a run")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    options = parser.parse_args()
    print("| of what two threads answer, others ask | | 95th centile | its ratio | refused | flooder's answers |")
    print("|---|---|---|---|---|---|")
    found, is_kept = [], True
    for load in options.loads:
        runs = {
            mode: [measure(load, flooded, seed, options.questions) for seed in range(options.runs)]
            for mode, flooded in MODES.items()
        }
        for mode, its in runs.items():
            ratios, chance = [], random.Random(14)
            for _ in range(_BOOTSTRAP):
                drawn = chance.choices(range(options.runs), k=options.runs)
                here, there = (list(itertools.chain(*(r[n][0] for n in drawn))) for r in (its, runs["in peace"]))
                ratios.append(centile(here) / centile(there))
            together = list(itertools.chain(*(seconds for seconds, _, _ in its)))
            peace = list(itertools.chain(*(seconds for seconds, _, _ in runs["in peace"])))
            ratio = centile(together) / centile(peace)
            cuts = statistics.quantiles(ratios, n=40)
            refused, flood = sum(r for _, r, _ in its), sum(f for _, _, f in its)
            found.append(
                {"load": load, "mode": mode, "questions": len(together), "p95_s": centile(together), "ratio": ratio}
                | {"interval": [cuts[0], cuts[-1]], "refused": refused, "flooder": flood}
            )
            is_kept = is_kept and ratio <= 1.1
            print(
                f"| {load:.0%} | {mode} | {centile(together):.3f} s | {ratio:.3f} ({cuts[0]:.3f} to {cuts[-1]:.3f}) "
                f"| {refused} of {len(together) + refused:,} | {flood:,} |",
                flush=True,
            )
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0 if is_kept else 1


if __name__ == "__main__":
    sys.exit(main())
