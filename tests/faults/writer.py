"""A process that changes a library again and again, says after each change that it is done, and is killed at some time.

``python writer.py FOLDER``: the library is FOLDER/library, its root FOLDER/root. ``FATAL`` in the environment is the
number of the step on the disk at which it kills itself.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

from faultyfiles import faulty_disk

from quoth.index import dense
from quoth.index.dense import Plan
from quoth.library import Library

SMALL = (Plan(100), Plan(10_000_000, step=2, reranked=50))
"""Sizes at which a library of more than a hundred passages is served from a sealed index."""

State = dict[str, str]


def text(number: int) -> str:
    """What a file says."""
    return f"The boat with the number {number} is moored at {number % 7}.\n\nIts owner is called Ismene {number}.\n"


def first() -> State:
    """What the library holds before the first change: more than a hundred passages."""
    return {f"old{number}.txt": text(number) for number in range(60)}


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
        held = {other: said for other, said in held.items() if other != name}
        yield "remove root", name, held
        held = {other: said for other, said in held.items() if other != f"old{number % 60}.txt"}
        yield "index", f"old{number % 60}.txt", held


def change(library: Library, root: Path, done: str, name: str, held: State) -> None:
    """Make one change."""
    if done == "add":
        library.add(name, held[name].encode())
    elif done == "remove root":
        library.remove_root(f"upload:{name}")
    else:
        if name in held:
            (root / name).write_text(held[name])
        else:
            (root / name).unlink(missing_ok=True)
        library.index([root])


def say(what: object) -> None:
    """Tell whoever started this process, at once."""
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def main(folder: Path) -> None:
    """Change until somebody puts an end to it."""
    dense.INDEXES = SMALL
    with faulty_disk() as disk, Library.open(folder / "library") as library:
        library.load_encoder()
        fatal = os.environ.get("FATAL")
        disk.begin(None if fatal is None else int(fatal), "killed")
        say("ready")
        for number, (done, name, held) in enumerate(islice(states(), 1_000)):
            change(library, folder / "root", done, name, held)
            say(number)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
