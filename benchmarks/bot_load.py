"""Whether anything grows in a bot that runs for long: `python benchmarks/bot_load.py [--minutes 60]`.

2,500 servers, the libraries of 200 of them in use, the bot as its own process over the fake Discord (`bot_town.py`).
Questions come at random moments; every ten seconds the process's memory, handles, threads, open libraries and files are
written down. Told is how each grew over the second half: the slope a day, with an interval (95 %, bootstrap over
blocks of two minutes of what the line leaves over). With --trace MINUTES, the bot says at its end which lines of code
hold more memory than they did after so many minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
from bot_town import Asked, Town, arrivals, say, town

EVERY = 10.0
_BLOCK = 12
_BOOTSTRAP = 4_000
_DAY = 86_400.0

FIGURES = {
    "rss": ("memory, MB", 1 / 2**20),
    "anonymous": ("of it backed by no file, MB", 1 / 2**20),
    "handles": ("handles", 1.0),
    "threads": ("threads", 1.0),
    "files": ("files", 1.0),
    "file_bytes": ("their bytes, MB", 1 / 2**20),
    "libraries": ("libraries open", 1.0),
    "index_bytes": ("their indexes, MB", 1 / 2**20),
}


async def sample(town: Town) -> dict[str, float]:
    """Return what the process holds now."""
    process = Path(f"/proc/{town.bot.pid}")
    status = dict(re.findall(r"^(\w+):\s+(\d+)", (process / "status").read_text(), re.MULTILINE))
    sizes = []
    for path in town.home.rglob("*"):
        try:
            sizes.append(path.stat().st_size if path.is_file() else None)
        except FileNotFoundError:
            # A log that SQLite deletes with the last connection
            continue
    lying = [size for size in sizes if size is not None]
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{town.port}/metrics") as response,
    ):
        told = dict(re.findall(r"^(quoth_\w+) (\S+)$", await response.text(), re.MULTILINE))
    return {
        "rss": int(status["VmRSS"]) * 1024,
        "anonymous": int(status["RssAnon"]) * 1024,
        "handles": len(list((process / "fd").iterdir())),
        "threads": int(status["Threads"]),
        "files": len(lying),
        "file_bytes": sum(lying),
        "libraries": float(told["quoth_libraries_open"]),
        "index_bytes": float(told["quoth_index_bytes"]),
    }


async def watch(town: Town, samples: list[dict[str, float]]) -> None:
    """Write down every ten seconds what the process holds."""
    began = time.monotonic()
    while True:
        samples.append(await sample(town) | {"at": time.monotonic() - began})
        town.forget()
        await asyncio.sleep(EVERY)


async def measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    samples: list[dict[str, float]] = []
    seconds = options.minutes * 60
    settings = {"QUOTH_OPEN_LIBRARIES": str(options.open_libraries)}
    settings |= {name: value for name, _, value in (given.partition("=") for given in options.set)}
    command = (sys.executable, "-m", "bot")
    if options.trace is not None:
        command = (sys.executable, str(Path(__file__).with_name("bot_traced.py")), str(options.trace * 60))
    async with town(folder, servers=options.servers, libraries=options.libraries, command=command, **settings) as made:
        watching = asyncio.create_task(watch(made, samples))
        asked: list[Asked] = []
        for number, coming in enumerate(_by_minute(options.rate, seconds, len(made.in_use))):
            asked += await made.ask_all(coming)
            if number % 5 == 0:
                say(f"minute {number}: {samples[-1]}")
                _keep(options, samples, asked)
        watching.cancel()
        problems = made.fake.problems[:5]
    say(made.bot.log[-6_000:])
    return _found(options, samples, asked) | {"limits_broken": problems, "samples": samples}


def _by_minute(rate: float, seconds: float, servers: int) -> list[Any]:
    return [arrivals(rate, 60.0, servers, seed=number) for number in range(round(seconds / 60))]


def _found(options: argparse.Namespace, samples: list[dict[str, float]], asked: list[Asked]) -> dict[str, Any]:
    answered = [one.seconds for one in asked if one.seconds is not None and not one.refused]
    return {
        "cores": os.cpu_count(),
        "load_average": round(os.getloadavg()[2], 1),
        "minutes": round(samples[-1]["at"] / 60, 1),
        "servers": options.servers,
        "libraries": options.libraries,
        "libraries_asked": len({one.server for one in asked}),
        "open_libraries": options.open_libraries,
        "rate": options.rate,
        "questions": len(asked),
        "answered": len(answered),
        "refused": sum(one.refused for one in asked),
        "never_answered": sum(one.seconds is None for one in asked),
        "foreign": sum(one.foreign for one in asked),
        "median_s": round(statistics.median(answered), 3),
        "p95_s": round(statistics.quantiles(answered, n=20)[18], 3),
        "figures": {name: growth(samples, name, scale) for name, (_, scale) in FIGURES.items()},
    }


def growth(samples: list[dict[str, float]], name: str, scale: float) -> dict[str, Any]:
    """Return how a figure went, and its slope a day over the second half with an interval."""
    values = np.array([sample[name] for sample in samples]) * scale
    at = np.array([sample["at"] for sample in samples])
    late = at >= at[-1] / 2
    found: dict[str, Any] = {
        "first": round(float(values[0]), 1),
        "half": round(float(values[late][0]), 1),
        "last": round(float(values[-1]), 1),
        "most": round(float(values.max()), 1),
    }
    times, values = at[late], values[late]
    if len(times) < 2 * _BLOCK:
        return found
    slope, start = np.polyfit(times, values, 1)
    rest = values - (slope * times + start)
    chance = np.random.default_rng(14)
    blocks = -(-len(rest) // _BLOCK)
    slopes = []
    for _ in range(_BOOTSTRAP):
        begins = chance.integers(0, len(rest) - _BLOCK + 1, blocks)
        drawn = np.concatenate([rest[begin : begin + _BLOCK] for begin in begins])[: len(rest)]
        slopes.append(slope + np.polyfit(times, drawn, 1)[0])
    low, high = np.quantile(slopes, [0.025, 0.975])
    return found | {
        "a_day": round(float(slope) * _DAY, 1),
        "a_day_interval": [round(float(low) * _DAY, 1), round(float(high) * _DAY, 1)],
    }


def table(found: dict[str, Any]) -> str:
    """Return the figures as a table in Markdown."""
    lines = [
        f"{found['questions']:,} questions in {found['minutes']:g} minutes, {found['libraries_asked']} libraries, "
        f"{found['refused']} refused, {found['never_answered']} never answered, {found['foreign']} with another "
        f"server's text; median {found['median_s']:g} s, 95th centile {found['p95_s']:g} s",
        "",
        "| | at start | after half | at end | most | growth a day, from the second half |",
        "|---|---|---|---|---|---|",
    ]
    for name, (words, _) in FIGURES.items():
        told = found["figures"][name]
        low, high = told.get("a_day_interval", ["–", "–"])
        lines.append(
            f"| {words} | {told['first']:,} | {told['half']:,} | {told['last']:,} | {told['most']:,} "
            f"| {told.get('a_day', '–')} ({low} to {high}) |"
        )
    return "\n".join(lines)


def _keep(options: argparse.Namespace, samples: list[dict[str, float]], asked: list[Asked]) -> None:
    """Write what there is so far. Nothing is fitted: that takes so long that the fake Discord would miss heartbeats."""
    if options.json:
        options.json.write_text(json.dumps({"questions": len(asked), "samples": samples}) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--servers", type=int, default=2_500)
    parser.add_argument("--libraries", type=int, default=200)
    parser.add_argument("--open-libraries", type=int, default=32, help="what QUOTH_OPEN_LIBRARIES says")
    parser.add_argument("--rate", type=float, default=0.5, help="questions a second")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--trace", type=float, help="minutes after which memory is traced (slow)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="an environment variable of the bot"
    )
    parser.add_argument("--ceiling", type=float, default=1_024.0, help="MB that the process may take")
    parser.add_argument("--json", type=Path, help="write the figures and samples to this file, every five minutes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measure(options, Path(folder)))
    print(table(found), end="\n\n")
    print(json.dumps({name: value for name, value in found.items() if name != "samples"}))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    figures = found["figures"]
    is_kept = (
        figures["rss"]["most"] <= options.ceiling
        and figures["libraries"]["most"] <= options.open_libraries + 4
        and not (found["foreign"] or found["never_answered"] or found["limits_broken"])
    )
    return 0 if is_kept else 1


if __name__ == "__main__":
    sys.exit(main())
