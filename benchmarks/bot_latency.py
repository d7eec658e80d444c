"""How soon the bot acknowledges when it is busy: `python benchmarks/bot_latency.py [--documents PATH ...]`.

The bot runs as its own process against the fake Discord of `tests/bot/wire`. As many processes as there are cores do
nothing but compute, and 50 questions of 50 people are in flight at every moment until 1,000 are answered. Times are
seen from Discord: from sending the interaction to having read the callback, on the same busy machine.
Promised: every interaction acknowledged within 1 s, no unknown interaction, no step of the event loop above 250 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "bot" / "wire"))

from botprocess import BotProcess  # noqa: E402
from fakediscord import FakeDiscord, Guild, Interaction, Person  # noqa: E402

from quoth.library import Library  # noqa: E402

QUESTIONS = (
    "How much cybercrime was discovered by police in 2013?",
    "Who visited the chief of the cyber police?",
    "What gift was presented at the end of the meeting?",
    "When was the cyber police launched?",
    "What did the director emphasize?",
    "How much of it do developed countries discover?",
    "What is the capital of Mongolia?",
    "Which forensic devices does the police have?",
)
ACKNOWLEDGE, STEP = 1.0, 0.250
GIVEN_UP = 600.0
"""Seconds after which a question counts as never answered."""


async def ask_all(fake: FakeDiscord, guild: Guild, count: int, at_once: int) -> list[Interaction]:
    """Keep ``at_once`` questions in flight until ``count`` are answered; each person asks once."""
    asked: list[Interaction] = []
    room = asyncio.Semaphore(at_once)

    async def one(number: int) -> None:
        async with room:
            person = Person(f"reader{number}")
            question = QUESTIONS[number % len(QUESTIONS)]
            interaction = await fake.command(person, guild.channels[0], "ask", question=question)
            asked.append(interaction)
            while interaction.finished is None and time.monotonic() - interaction.sent < GIVEN_UP:
                await asyncio.sleep(0.02)

    await asyncio.gather(*(one(number) for number in range(count)))
    return asked


async def measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    async with FakeDiscord() as fake:
        guild = fake.add_guild("harbour", Person("owner"))
        home, report = folder / "home", folder / "loop.json"
        with Library.open(home / "guilds" / str(guild.id)) as library:
            library.index([ROOT / "seeds", *options.documents])
            passages = library.check().passages
        bot = await BotProcess.start(
            folder,
            command=(sys.executable, str(ROOT / "benchmarks" / "bot_watched.py"), str(report)),
            DISCORD_TOKEN=fake.token,
            DISCORD_API_BASE=fake.api_base,
            DISCORD_GATEWAY=fake.gateway_url,
            QUOTH_HOME=str(home),
        )
        await bot.ready(fake)
        warm = await fake.command(Person("first"), guild.channels[0], "ask", question=QUESTIONS[0])
        await fake.finished(warm, 60)
        fake.forget()
        burners = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1)]
        try:
            began = time.monotonic()
            asked = await ask_all(fake, guild, options.questions, options.at_once)
            ended = time.monotonic()
        finally:
            for burner in burners:
                burner.kill()
                burner.wait()
        code = await bot.stop(patience=120)
        watched = json.loads(report.read_text())
        return summary(fake, asked, watched, began, ended) | {"passages": passages, "exit_code": code}


def summary(
    fake: FakeDiscord, asked: list[Interaction], watched: dict[str, Any], began: float, ended: float
) -> dict[str, Any]:
    acknowledged = [i.acknowledged - i.sent for i in asked if i.acknowledged is not None]
    answered = [i.finished - i.sent for i in asked if i.finished is not None]
    steps = [(took, what) for at, took, what in watched["steps"] if began <= at <= ended]
    delays = [late for at, late in watched["delays"] if began <= at <= ended]
    callbacks = {"quotes": 0, "no embed": 0}
    for interaction in asked:
        callbacks["quotes" if any(reply.embeds for reply in interaction.replies) else "no embed"] += 1
    return {
        "cores": os.cpu_count(),
        "questions": len(asked),
        "seconds": round(ended - began, 1),
        "acknowledged": len(acknowledged),
        "acknowledge_median_ms": round(statistics.median(acknowledged) * 1000, 1),
        "acknowledge_p99_ms": round(statistics.quantiles(acknowledged, n=100)[98] * 1000, 1),
        "acknowledge_worst_ms": round(max(acknowledged) * 1000, 1),
        "answer_median_s": round(statistics.median(answered), 2),
        "answer_worst_s": round(max(answered), 2),
        "answered_with_an_embed": callbacks["quotes"],
        "answered_without": callbacks["no embed"],
        "never_answered": len(asked) - len(answered),
        "unknown_interactions": fake.rest.unknown_interactions,
        "limits_broken": fake.problems[:5],
        "loop_longest_step_ms": round(max((took for took, _ in steps), default=0) * 1000, 1),
        "loop_longest_steps": [f"{took * 1000:.0f} ms {what}" for took, what in sorted(steps, reverse=True)[:5]],
        "loop_longest_delay_ms": round(max(delays, default=0) * 1000, 1),
    }


def table(found: dict[str, Any]) -> str:
    rows = [
        ("acknowledged, median", f"{found['acknowledge_median_ms']:,} ms", ""),
        ("acknowledged, 99 of 100", f"{found['acknowledge_p99_ms']:,} ms", ""),
        ("acknowledged, worst", f"{found['acknowledge_worst_ms']:,} ms", f"{ACKNOWLEDGE * 1000:,.0f} ms"),
        ("unknown interactions", f"{found['unknown_interactions']}", "0"),
        ("the event loop's longest step", f"{found['loop_longest_step_ms']:,} ms", f"{STEP * 1000:,.0f} ms"),
        ("a timer's longest delay", f"{found['loop_longest_delay_ms']:,} ms", ""),
        ("answered, median", f"{found['answer_median_s']:,} s", ""),
        ("answered, worst", f"{found['answer_worst_s']:,} s", ""),
        ("answered with an embed / without", f"{found['answered_with_an_embed']} / {found['answered_without']}", ""),
        ("never answered", f"{found['never_answered']}", "0"),
    ]
    head = f"{found['questions']:,} questions in {found['seconds']:,} s, {found['cores']} cores kept busy, "
    lines = [head + f"{found['passages']:,} passages", "", "| | measured | promised |", "|---|---|---|"]
    return "\n".join(lines + [f"| {what} | {value} | {promised} |" for what, value, promised in rows])


def kept(found: dict[str, Any]) -> bool:
    """Say whether every promise was kept."""
    return (
        found["acknowledged"] == found["questions"]
        and found["acknowledge_worst_ms"] <= ACKNOWLEDGE * 1000
        and found["loop_longest_step_ms"] <= STEP * 1000
        and not (found["unknown_interactions"] or found["never_answered"] or found["limits_broken"])
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=Path, nargs="*", default=[], help="more to index beside seeds/")
    parser.add_argument("--questions", type=int, default=1_000)
    parser.add_argument("--at-once", type=int, default=50)
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    options = parser.parse_args()
    options.documents = [path.absolute() for path in options.documents]
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measure(options, Path(folder)))
    print(table(found), end="\n\n")
    print(json.dumps(found))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0 if kept(found) else 1


if __name__ == "__main__":
    sys.exit(main())
