"""Stores of made-up passages, some hundreds of which make a large library where the sizes are lowered."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from quoth.documents.reading import parse
from quoth.encoder import ModelIdentity
from quoth.index.live import IndexedPassages, load
from quoth.index.sealing import seal
from quoth.passages import Passage
from quoth.store import PassageRow, Store
from quoth.words import terms

MODEL = ModelIdentity("tiny", "0" * 64, "mean", 256, 16)

# A few words that nearly all passages hold, and more and more that fewer do
_WORDS = [f"w{'abcdefghijklmnopqrstuvwxyz'[n // 26]}{'abcdefghijklmnopqrstuvwxyz'[n % 26]}" for n in range(400)]
_WEIGHTS = [1 / (n + 1) for n in range(400)]


def sentence(chance: random.Random, words: int = 0) -> str:
    return " ".join(chance.choices(_WORDS, _WEIGHTS, k=words or chance.randint(3, 40)))


def vector_of(text: str, dimension: int) -> np.ndarray:
    seed = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest())
    vector = np.random.default_rng(seed).normal(size=dimension).astype(np.float32)
    return vector / np.linalg.norm(vector)


def put(store: Store, documents: dict[str, list[str]], model: ModelIdentity = MODEL) -> None:
    """Store documents of these paragraphs, a passage each, in one transaction."""
    with store.writing():
        root, model_id = store.root_id("/root"), store.model_id(model)
        for name, paragraphs in documents.items():
            document = parse(name, "\n\n".join(paragraphs).encode())
            rows, vectors = [], {}
            for paragraph in document.paragraphs:
                text = document.text[paragraph.start : paragraph.end]
                key = hashlib.blake2b(text.encode(), digest_size=16).digest()
                vectors[key] = vector_of(text, model.dimension)
                rows.append(
                    PassageRow(Passage(paragraph.start, paragraph.end, paragraph.number), key, tuple(terms(text)))
                )
            store.add(root, model_id, document, rows, vectors)


def many(chance: random.Random, count: int, prefix: str = "d", paragraphs: int = 3) -> dict[str, list[str]]:
    return {
        f"{prefix}{number}.txt": [f"{sentence(chance)} {prefix}{number}x{part}" for part in range(paragraphs)]
        for number in range(count)
    }


def remove(store: Store, *names: str) -> None:
    with store.writing():
        store.remove(store.document_ids("/root", names))


def sealed_now(store: Store) -> None:
    seal(store, lambda done, total: None, instead_of=store.seals.record())


def loaded(store: Store, before: IndexedPassages | None = None) -> IndexedPassages:
    with store.reading():
        return load(store, before)


@contextmanager
def opened(folder: Path) -> Iterator[Store]:
    store = Store.open(folder, create=True)
    try:
        yield store
    finally:
        store.close()
