"""A process that indexes or asks a library which others index and ask meanwhile: ``python townsfolk.py PLAN``.

PLAN is a JSON object: ``role`` ("index" or "ask"), ``who``, ``library``, ``root`` (the folder that all roots lie in),
``rounds`` and ``seconds`` (both are the least), ``stop`` (a file: whoever asks goes on until it is there) and
``sealed`` (whether a small library is served from a sealed index). What was seen is written as a JSON object.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import writer

from quoth.answer import Answer
from quoth.encoder import Encoder
from quoth.index import dense
from quoth.library import Library

PLACES = ("harbour", "lighthouse", "market")
"""What each root has a file of, in every round."""

QUESTIONS = ("Who counts the boats at dawn?", "How many times does the fog bell ring at noon?", "Who owns the boat?")

_ROUND = re.compile(r"In round (\d+) ")


def text(root: str, place: str, number: int) -> str:
    """Return what a file says in a round; each sentence says which."""
    return (
        f"In round {number} the {place} master of {root} counts {number} boats at dawn.\n\n"
        f"In round {number} the fog bell of the {place} of {root} rings {number} times at noon.\n"
    )


def write_round(folder: Path, root: str, number: int) -> None:
    """Write a root as it is in a round: three files changed, one new, the last round's new one gone."""
    (folder / root).mkdir(parents=True, exist_ok=True)
    for place in (*PLACES, f"visit{number}"):
        # All at once: whoever else indexes this root must not find half a file
        draft = folder / f"{root}.draft"
        draft.write_text(text(root, place, number))
        draft.rename(folder / root / f"{root}-{place}.txt")
    (folder / root / f"{root}-visit{number - 1}.txt").unlink(missing_ok=True)


def index(plan: dict[str, Any], library: Library) -> dict[str, Any]:
    """Bring one's own root and the common one up to date, round by round."""
    folder, mine = Path(plan["root"]), plan["who"]
    began, number = time.monotonic(), 0
    while number < plan["rounds"] or time.monotonic() - began < plan["seconds"]:
        number += 1
        write_round(folder, mine, number)
        roots = [folder / mine]
        if number % 2 == 0:
            if mine == "a":
                write_round(folder, "common", number)
            roots.append(folder / "common")
        summary = library.index(roots)
        assert summary.failed == [], summary.failed
        if number % 3 == 0:
            library.add(f"{mine}-note.txt", text(mine, "note", number).encode())
        if number % 6 == 0:
            library.remove_root(f"upload:{mine}-note.txt")
    return {"rounds": number}


class Witness:
    """Holds every answer against what was written: nobody asks it, whatever it finds wrong is an AssertionError."""

    def __init__(self) -> None:
        self._newest: dict[str, int] = {}
        self.seen: Counter[str] = Counter()

    def see(self, answer: Answer) -> None:
        """See that an answer is of one state that existed, and of none before that of an earlier answer."""
        rounds: dict[str, set[int]] = {}
        for span in (*answer.quotes, *answer.passages):
            name = span.document.removesuffix(".txt")
            root, _, place = name.partition("-")
            if not place:
                continue  # one of the files that never change
            found = _ROUND.search(span.text)
            assert found is not None, span
            number = int(found[1])
            assert text(root, place, number)[span.start : span.end] == span.text, span
            if place in PLACES:
                rounds.setdefault(name if root == "common" else root, set()).add(number)
            self.seen[root] += 1
        for root, numbers in rounds.items():
            assert len(numbers) == 1, f"{root} is of the rounds {sorted(numbers)} in one answer"
            (number,) = numbers
            assert number >= self._newest.get(root, 0), f"{root} went back from {self._newest[root]} to {number}"
            self._newest[root] = number
        self.seen["answers"] += 1
        self.seen["quotes"] += len(answer.quotes)


def ask(plan: dict[str, Any], library: Library, encoder: Encoder) -> dict[str, Any]:
    """Ask until told to stop: with the library open all the while, and every third time opened anew."""
    witness, number = Witness(), 0
    while number < plan["rounds"] or not Path(plan["stop"]).exists():
        number += 1
        question = QUESTIONS[number % len(QUESTIONS)]
        document = (None, "a-*", "*-market.txt", "common-*")[number % 4]
        if number % 3:
            witness.see(library.ask(question, quotes=5, document=document))
        else:
            with Library.open(plan["library"], create=False, encoder=encoder) as anew:
                witness.see(anew.ask(question, quotes=5, document=document))
    return dict(witness.seen)


def say(what: str) -> None:
    """Tell whoever started this process, at once."""
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def main(plan: dict[str, Any]) -> None:
    """Do what the plan says."""
    if plan["sealed"]:
        dense.INDEXES = writer.SMALL
    encoder = Encoder.load()
    with Library.open(plan["library"], encoder=encoder) as library:
        say("ready")
        assert sys.stdin.readline() == "begin\n"
        done = index(plan, library) if plan["role"] == "index" else ask(plan, library, encoder)
    say(json.dumps(done))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
