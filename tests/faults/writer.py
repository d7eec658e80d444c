"""A process that changes a library again and again, says after each change that it is done, and is killed at some time.

The library is FOLDER/library, its root FOLDER/root. It is forked from a process that has imported everything already;
what the encoder says was noted before.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice
from multiprocessing.connection import Connection
from pathlib import Path

from faultycalls import faulty_calls
from faultyfiles import faulty_disk
from remembered import Noted, remembering

from quoth.index import dense
from quoth.index.dense import Plan
from quoth.library import Library

SMALL = (Plan(30), Plan(10_000_000, step=2, reranked=50))
"""Sizes at which a library of more than thirty passages is served from a sealed index."""

OLD = 20
"""Documents that are there before, of two passages each."""

ROUND = 9
"""Changes until all kinds of them were made, the making of a sealed index among them."""

State = dict[str, str]


def text(number: int) -> str:
    """What a file says."""
    return f"The boat with the number {number} is moored at {number % 7}.\n\nIts owner is called Ismene {number}.\n"


def first() -> State:
    """What the library holds before the first change: enough for a sealed index."""
    return {f"old{number}.txt": text(number) for number in range(OLD)}


def states() -> Iterator[tuple[str, str, State]]:
    """Yield each change (what is done, and to which name) with what the library holds after it."""
    held = first()
    for number in count(100):
        name = f"file{number}.txt"
        held = {**held, name: text(number)}
        yield "index", name, held
        name = f"upload{number}.txt"
        held = {**held, name: text(number + 1)}
        yield "add", name, held
        held = {**held, f"file{number}.txt": text(number + 2)}
        yield "index", f"file{number}.txt", held
        for said, done in ((number + 3, "remove"), (number + 4, "remove root")):
            held = {**held, name: text(said)}
            yield "add", name, held
            held = {other: said for other, said in held.items() if other != name}
            yield done, name, held
        held = {other: said for other, said in held.items() if other != f"old{number % OLD}.txt"}
        yield "index", f"old{number % OLD}.txt", held
        yield "check", "", held


def change(library: Library, root: Path, done: str, name: str, held: State) -> None:
    """Make one change."""
    if done == "add":
        library.add(name, held[name].encode())
    elif done == "remove":
        library.remove(name)
    elif done == "remove root":
        library.remove_root(f"upload:{name}")
    elif done == "check":
        library.check()
    else:
        if name in held:
            (root / name).write_text(held[name])
        else:
            (root / name).unlink(missing_ok=True)
        library.index([root])


def main(folder: Path, fatal: int | None, changes: range, noted: Noted, told: Connection) -> None:
    """Make these of all changes, or be killed at the step ``fatal``; at the end, tell the steps that were taken."""
    dense.INDEXES = SMALL
    with faulty_disk() as disk, faulty_calls(disk, folder / "library"):
        disk.begin(fatal, "killed")
        with Library.open(folder / "library", encoder=remembering(noted)) as library:
            told.send("ready")
            for number, (done, name, held) in zip(changes, islice(states(), changes.start, None), strict=False):
                change(library, folder / "root", done, name, held)
                told.send(number)
        told.send(disk.taken)
