"""A data set of made-up towns, what is made of it, and one library of that, made once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from towns import write_towns

from quoth.benchmark.making import Halves, Plan, Planted
from quoth.benchmark.material import Material, read_material
from quoth.benchmark.vectors import embedded
from quoth.encoder import Encoder
from quoth.library import Library
from quoth.passages import encoded_passage, encoded_text, split
from quoth.store import Store


@pytest.fixture(scope="session")
def towns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_towns(tmp_path_factory.mktemp("sets") / "towns", 60)


@pytest.fixture(scope="session")
def material(towns: Path, encoder: Encoder) -> Material:
    return read_material([towns], 20, encoder.count_tokens, others=12)


@pytest.fixture(scope="session")
def halves(material: Material, encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Halves:
    folder = tmp_path_factory.mktemp("vectors")
    first = [encoded_text(one.title, None, one.first) for one in material.halved]
    second = [encoded_text(one.title, None, one.second) for one in material.halved]
    return Halves(material.halved, embedded(encoder, first, folder), embedded(encoder, second, folder))


@pytest.fixture(scope="session")
def planted(material: Material, encoder: Encoder) -> Planted:
    passages = [split(document, encoder.count_tokens) for document in material.documents]
    texts = [encoded_passage(d, p) for d, its in zip(material.documents, passages, strict=True) for p in its]
    return Planted(material.documents, passages, encoder.encode_passages(texts))


@pytest.fixture(scope="session")
def plan_of(planted: Planted, halves: Halves) -> Callable[[int], Plan]:
    return lambda size: Plan(size, planted, halves)


@pytest.fixture(scope="session")
def made(plan_of: Callable[[int], Plan], encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a library of 300 passages."""
    folder = tmp_path_factory.mktemp("made") / "library"
    store = Store.open(folder, create=True)
    plan_of(300).write(store, encoder.identity)
    store.close()
    return folder


@pytest.fixture
def library(made: Path, encoder: Encoder):
    with Library.open(made, create=False, encoder=encoder) as library:
        yield library


@pytest.fixture(scope="session")
def rows() -> Callable[[Plan], np.ndarray]:
    return lambda plan: np.arange(plan.planted, plan.size)
