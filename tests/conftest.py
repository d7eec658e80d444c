"""What many tests share: the real encoder, loaded once, and a library of the seed article."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from quoth.encoder import Encoder
from quoth.library import Library

SEEDS = Path(__file__).parent.parent / "seeds"


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    """The default encoder."""
    return Encoder.load()


@pytest.fixture(scope="session")
def seed_library(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder) -> Iterator[Library]:
    """A library of the documents in ``seeds/``, for tests that only read."""
    with Library.open(tmp_path_factory.mktemp("libraries") / "seeds", encoder=encoder) as library:
        library.index([SEEDS])
        yield library
