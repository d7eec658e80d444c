"""What many tests share: the real encoder, loaded once, and a library of the seed article."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from quoth import compiled
from quoth.encoder import Encoder
from quoth.index import dense, live
from quoth.index.dense import Plan
from quoth.library import Library

# What a busy machine makes slow is not wrong
settings.register_profile("quoth", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("quoth")

SEEDS = Path(__file__).parent.parent / "seeds"


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Compiled models go to a folder of the tests' own."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled, "user_cache_path", lambda *names, **options: folder)
        yield folder


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


@pytest.fixture
def lowered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library of more than a hundred passages is large, and served from a sealed index."""
    monkeypatch.setattr(dense, "INDEXES", (Plan(100), Plan(10_000_000, step=2, reranked=50)))
    monkeypatch.setattr(live, "SOON_MADE", 0)
