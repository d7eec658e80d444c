"""Twenty servers and the shared library, filled once with documents that say the same but for their canaries."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from canaries import ALL, SERVERS, SHARED, Papers, fill
from everylevel import logged

from bot.records import Records
from bot.shelf import Shelf
from quoth.encoder import Encoder


@pytest.fixture(scope="session")
def papers() -> Papers:
    """The documents of all servers."""
    return Papers.written([SHARED, *SERVERS], topics=6 if ALL else 3)


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder, papers: Papers) -> Path:
    """A closed home of the bot with everybody's documents, to be copied."""
    home = tmp_path_factory.mktemp("apart") / "home"
    shelf = Shelf(home, encoder=encoder)
    with Records.open(home / "bot.db") as records:
        for server, its in papers.of.items():
            fill(shelf, records, server, its)
    shelf.close()
    return home


@pytest.fixture
def home(tmp_path: Path, filled: Path) -> Path:
    """A home of a bot's own with everybody's documents."""
    return shutil.copytree(filled, tmp_path / "home")


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that is logged at every level."""
    with logged(stream := io.StringIO()):
        yield stream
