"""A library of any size from real text: halves of real paragraphs, recombined into passages that are all distinct.

    .venv/bin/python benchmarks/large_library.py ../shared LIBRARY --passages 1000000 --halves halves.npz

Lengths and word frequencies are those of real paragraphs. A passage's vector is the normalised sum of its halves'
vectors, each of which is embedded once and kept in ``--halves``, so that a million passages cost the embedding of some
ten thousand. The vocabulary stays that of the halves: a real library of this size has more rare words.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from quoth.documents.jsonl import parse_jsonl
from quoth.documents.reading import parse
from quoth.encoder import Encoder
from quoth.passages import Passage, encoded_text
from quoth.sentences import sentences
from quoth.store import PassageRow, Store
from quoth.words import terms

PER_DOCUMENT = 10
_SHORTEST, _LONGEST = 60, 600  # characters of a half
_AT_ONCE = 256
_DOCUMENTS_AT_ONCE = 1_000


def say(message: str) -> None:
    print(f"[{time.strftime('%H:%M:%S')}] {message}", file=sys.stderr, flush=True)


def halves_of(shared: Path, most: int, seed: int) -> list[str]:
    """Return halves of the English paragraphs of all corpora, cut between sentences, in an order of chance."""
    found: dict[str, None] = {}
    for corpus in sorted(shared.glob("*/*/corpus.jsonl")):
        if "_fa" in corpus.parent.name:
            continue
        for document in parse_jsonl(corpus.name, corpus.read_bytes()):
            for paragraph in document.paragraphs:
                if paragraph.end - paragraph.start > 4 * _LONGEST:
                    continue
                spans = list(sentences(document.text, paragraph.start, paragraph.end))
                middle = (paragraph.start + paragraph.end) // 2
                cut = next((place for place, (start, _) in enumerate(spans) if start >= middle), len(spans))
                for part in (spans[:cut], spans[cut:]):
                    text = " ".join(document.text[part[0][0] : part[-1][1]].split()) if part else ""
                    if _SHORTEST <= len(text) <= _LONGEST:
                        found[text] = None
    texts = list(found)
    order = np.random.default_rng(seed).permutation(len(texts))[:most]
    return [texts[place] for place in order]


def embedded_halves(shared: Path, kept: Path, most: int, encoder: Encoder) -> tuple[list[str], np.ndarray]:
    """Return the halves and their vectors, shape ``(n, dimension)``; from ``kept`` where it is there."""
    if kept.exists():
        with np.load(kept) as loaded:
            return json.loads(str(loaded["texts"])), loaded["vectors"]
    texts = halves_of(shared, most, seed=1)
    say(f"{len(texts):,} halves to embed")
    vectors = np.empty((len(texts), encoder.identity.dimension), np.float32)
    for start in range(0, len(texts), _AT_ONCE):
        vectors[start : start + _AT_ONCE] = encoder.encode_passages(texts[start : start + _AT_ONCE])
        if start // _AT_ONCE % 10 == 0:
            say(f"{start:,} embedded")
    np.savez(kept, texts=np.array(json.dumps(texts)), vectors=vectors)
    return texts, vectors


def pairs(halves: int, count: int, seed: int) -> Iterator[tuple[int, int]]:
    """Yield ``count`` distinct pairs of halves by chance."""
    chosen = np.random.default_rng(seed).choice(halves * (halves - 1), count, replace=False, shuffle=True)
    for number in chosen.tolist():
        first, second = divmod(number, halves - 1)
        yield first, second + (second >= first)


def write(store: Store, encoder: Encoder, texts: Sequence[str], vectors: np.ndarray, count: int, first: int) -> None:
    """Store ``count`` recombined passages, ten to a document named ``recombined/<number>.txt``, from ``first`` on."""
    its_terms = [tuple(terms(text)) for text in texts]
    left = pairs(len(texts), count, seed=2 + first)
    with store.writing():
        root, model = store.root_id("/recombined"), store.model_id(encoder.identity)
    done, started = 0, time.perf_counter()
    while done < count:
        with store.writing():
            for _ in range(_DOCUMENTS_AT_ONCE):
                chosen = list(islice(left, PER_DOCUMENT))
                if not chosen:
                    break
                paragraphs = [f"{texts[one]} {texts[other]}" for one, other in chosen]
                name = f"recombined/{(first + done) // PER_DOCUMENT:07d}.txt"
                document = parse(name, "\n\n".join(paragraphs).encode())
                rows, its_vectors = [], {}
                for paragraph, (one, other) in zip(document.paragraphs, chosen, strict=True):
                    key = np.array([one, other], "<u8").tobytes()
                    vector = vectors[one] + vectors[other]
                    its_vectors[key] = vector / np.linalg.norm(vector)
                    heading = encoded_text(document.title, None, "")
                    rows.append(
                        PassageRow(
                            Passage(paragraph.start, paragraph.end, paragraph.number),
                            key,
                            (*terms(heading), *its_terms[one], *its_terms[other]),
                        )
                    )
                store.add(root, model, document, rows, its_vectors)
                done += len(rows)
        say(f"{done:,} of {count:,} written, {done / (time.perf_counter() - started):,.0f} a second")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shared", type=Path)
    parser.add_argument("library", type=Path)
    parser.add_argument("--passages", type=int, default=1_000_000)
    parser.add_argument("--halves", type=Path, required=True, help="where the halves' vectors are kept")
    parser.add_argument("--most-halves", type=int, default=10_000)
    arguments = parser.parse_args()
    encoder = Encoder.load()
    texts, vectors = embedded_halves(arguments.shared, arguments.halves, arguments.most_halves, encoder)
    store = Store.open(arguments.library, create=True)
    try:
        write(store, encoder, texts, vectors, arguments.passages, store.counts()[1])
    finally:
        store.close()


if __name__ == "__main__":
    main()
