"""A process that opens a library of an older schema, which migrates it, indexes, and is killed meanwhile."""

from __future__ import annotations

from multiprocessing.connection import Connection
from pathlib import Path

from faultycalls import faulty_calls
from faultyfiles import faulty_disk
from remembered import Noted, remembering
from writer import SMALL

from quoth.index import dense
from quoth.library import Library


def main(folder: Path, fatal: int | None, noted: Noted, told: Connection) -> None:
    """Open FOLDER/library and index FOLDER/root, or be killed at the step ``fatal``; then tell the steps."""
    dense.INDEXES = SMALL
    with faulty_disk() as disk, faulty_calls(disk, folder / "library"):
        disk.begin(fatal, "killed")
        with Library.open(folder / "library", encoder=remembering(noted)) as library:
            told.send("opened")
            library.index([folder / "root"])
            told.send("indexed")
        told.send(disk.taken)
