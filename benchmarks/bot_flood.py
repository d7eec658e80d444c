"""What one flooding person costs all others: `python benchmarks/bot_flood.py [--rounds N]`.

2,500 servers, 200 of them asking, the bot as its own process over the fake Discord (`bot_town.py`). Each round asks the
same questions at the same moments three times: in peace, while one person floods the server that asks most, and while
one person floods 50 servers in turn; the order turns round from one round to the next, so that what else the machine
does meets all three alike. The flooder asks with /ask, asks by mentions, and presses *More quotes*, whatever the bot
says to it. Told is the 95th centile of the others' seconds from asking to the answer, its ratio to that in peace
with an interval (95 %, bootstrap over rounds), and the seconds of a processor that the bot takes each second.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bot_town import QUESTIONS, Asked, Person, Town, arrivals, say, town

MODES = ("in peace", "one server flooded", "50 servers flooded")
FLOODED = (0, 1, 50)
_BOOTSTRAP = 4_000
_LAST_WORDS = 3.0


async def flood(town: Town, servers: int, rate: float, until: float) -> dict[str, int]:
    """Let one person ask, mention and press ``rate`` times a second in all, in so many servers in turn."""
    flooder = Person("flooder")
    done = {"asked": 0, "answered": 0, "mentions": 0, "presses": 0}
    waiting: list[asyncio.Task[Asked]] = []
    answered: Asked | None = None
    for number in itertools.count():
        if time.monotonic() >= until:
            break
        server = number // 3 % servers
        channel = town.in_use[server].channels[0]
        question = QUESTIONS[number % len(QUESTIONS)]
        for task in [task for task in waiting if task.done()]:
            waiting.remove(task)
            if task.result().seconds is not None and not task.result().refused:
                answered = task.result()
                done["answered"] += 1
        pressed = answered.interaction.original if answered is not None else None
        if number % 3 == 0:
            waiting.append(asyncio.create_task(town.ask(server, question, flooder)))
            done["asked"] += 1
        elif number % 3 == 1 or pressed is None or "More quotes" not in pressed.buttons():
            await town.fake.say(flooder, channel, f"<@{town.fake.bot.id}> {question}", mention=True)
            done["mentions"] += 1
        else:
            await town.fake.press(flooder, pressed, "More quotes")
            done["presses"] += 1
        await asyncio.sleep(1 / rate)
    # Whoever goes on and on gets no reply in the end, and waiting for one would take minutes
    _, late = await asyncio.wait(waiting, timeout=_LAST_WORDS)
    for task in late:
        task.cancel()
    done["without a reply"] = len(late)
    return done


async def one(town: Town, mode: int, seed: int, options: argparse.Namespace) -> tuple[list[Asked], dict[str, int]]:
    """Ask a round's questions once, with or without a flooder, and return them with what the flooder did."""
    coming = arrivals(options.rate, options.seconds, len(town.in_use), seed)
    until = time.monotonic() + options.seconds
    flooding = asyncio.create_task(flood(town, FLOODED[mode], options.flood_rate, until)) if FLOODED[mode] else None
    asked = await town.ask_all(coming)
    done = await flooding if flooding is not None else {}
    town.forget()
    return asked, done


async def measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    found: list[list[list[Asked]]] = [[] for _ in MODES]
    floods: list[dict[str, int]] = [{} for _ in MODES]
    work: list[list[float]] = [[] for _ in MODES]
    load: list[float] = []
    async with town(folder, servers=options.servers, libraries=options.libraries) as made:
        await made.ask_all(arrivals(options.rate, 20, len(made.in_use), seed=0))
        for number in range(options.rounds):
            shift = number // 2 % len(MODES)
            order = [(mode + shift) % len(MODES) for mode in range(len(MODES))]
            for mode in order if number % 2 == 0 else reversed(order):
                began, before = time.monotonic(), made.processor_seconds()
                asked, done = await one(made, mode, number + 1, options)
                work[mode].append((made.processor_seconds() - before) / (time.monotonic() - began))
                found[mode].append(asked)
                floods[mode] = {name: floods[mode].get(name, 0) + count for name, count in done.items()}
                load.append(os.getloadavg()[0])
                say(f"round {number + 1}, {MODES[mode]}: 95th centile {centile(asked):.3f} s, {len(asked)} questions")
        problems = made.fake.problems[:5]
    return {
        "cores": os.cpu_count(),
        "load_average": [round(min(load), 1), round(statistics.median(load), 1), round(max(load), 1)],
        "servers": options.servers,
        "libraries": options.libraries,
        "rate": options.rate,
        "flood_rate": options.flood_rate,
        "rounds": options.rounds,
        "seconds": options.seconds,
        "limits_broken": problems,
        "modes": {
            name: summary(found[mode], found[0])
            | {"processor": round(statistics.mean(work[mode]), 3), "flooder": floods[mode]}
            for mode, name in enumerate(MODES)
        },
    }


def answered(asked: list[Asked]) -> list[float]:
    return [one.seconds for one in asked if one.seconds is not None and not one.refused]


def centile(asked: list[Asked]) -> float:
    seconds = answered(asked)
    return statistics.quantiles(seconds, n=20)[18] if len(seconds) > 1 else float("nan")


def summary(rounds: list[list[Asked]], peace: list[list[Asked]]) -> dict[str, Any]:
    """Return a mode's figures, and the ratio of its 95th centile to that in peace, with its interval."""
    chance = random.Random(14)
    ratios, medians = [], []
    for _ in range(_BOOTSTRAP):
        drawn = chance.choices(range(len(rounds)), k=len(rounds))
        here, there = [one for n in drawn for one in rounds[n]], [one for n in drawn for one in peace[n]]
        ratios.append(centile(here) / centile(there))
        medians.append(statistics.median(answered(here)) / statistics.median(answered(there)))
    together, before = [one for round in rounds for one in round], [one for round in peace for one in round]
    cuts, middle = statistics.quantiles(ratios, n=40), statistics.quantiles(medians, n=40)
    return {
        "questions": len(together),
        "refused": sum(one.refused for one in together),
        "never_answered": sum(one.seconds is None for one in together),
        "foreign": sum(one.foreign for one in together),
        "median_s": round(statistics.median(answered(together)), 3),
        "p95_s": round(centile(together), 3),
        "p95_ratio": round(centile(together) / centile(before), 3),
        "p95_ratio_interval": [round(cuts[0], 3), round(cuts[-1], 3)],
        "median_ratio": round(statistics.median(answered(together)) / statistics.median(answered(before)), 3),
        "median_ratio_interval": [round(middle[0], 3), round(middle[-1], 3)],
    }


def table(found: dict[str, Any]) -> str:
    """Return the figures as a table in Markdown."""
    lines = [
        f"{found['rounds']} rounds of {found['seconds']:g} s each way, {found['rate']:g} questions a second by others, "
        f"{found['flood_rate']:g} events a second by the flooder; load of the machine {found['load_average']}",
        "",
        "| | others' questions | refused | median | 95th centile | its ratio | processor | flooder: events, answers |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, mode in found["modes"].items():
        low, high = mode["p95_ratio_interval"]
        flooder = mode["flooder"]
        events = sum(count for what, count in flooder.items() if what != "answered")
        lines.append(
            f"| {name} | {mode['questions']:,} | {mode['refused']} | {mode['median_s']:.3f} s | {mode['p95_s']:.3f} s "
            f"| {mode['p95_ratio']:.2f} ({low:.2f} to {high:.2f}) | {mode['processor']:.2f} "
            f"| {events:,}, {flooder.get('answered', 0):,} |"
        )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--servers", type=int, default=2_500)
    parser.add_argument("--libraries", type=int, default=200)
    parser.add_argument("--rate", type=float, default=1.0, help="questions a second of all others together")
    parser.add_argument("--flood-rate", type=float, default=10.0, help="events a second of the flooder")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=20.0, help="length of each of a round's three parts")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measure(options, Path(folder)))
    print(table(found), end="\n\n")
    print(json.dumps(found))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    others = found["modes"].values()
    is_kept = all(mode["p95_ratio"] <= 1.1 and not mode["foreign"] and not mode["never_answered"] for mode in others)
    return 0 if is_kept and not found["limits_broken"] else 1


if __name__ == "__main__":
    sys.exit(main())
