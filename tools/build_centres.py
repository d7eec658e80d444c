"""Make ``src/quoth/data/multilingual_centres.npy``: mean vectors that are taken away from multilingual-e5-small's.

    python tools/build_centres.py ../shared/eval/pquad_val_fa ../shared/train/squad2_train_part

Of each set a sample of questions and of passages is embedded, chosen by the hash of their texts; each set counts the
same. The hash of what is written goes to ``CENTRES_SHA256`` in ``multilingual_model.py``.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import numpy as np

from quoth.datasets import read_dataset
from quoth.documents.jsonl import parse_jsonl
from quoth.multilingual_model import CENTRES, Engine, given, load_engine
from quoth.passages import encoded_passage, split

TARGET = Path(__file__).parent.parent / "src" / "quoth" / "data" / CENTRES


def sample(texts: list[str], count: int) -> list[str]:
    """Return ``count`` of the texts, chosen by their hashes."""
    return sorted(set(texts), key=lambda text: hashlib.sha256(text.encode()).digest())[:count]


def passages(folder: Path, engine: Engine, count: int) -> list[str]:
    """Return what the encoder would read of a sample of a set's documents: a passage of each."""
    documents = parse_jsonl("corpus.jsonl", (folder / "corpus.jsonl").read_bytes())
    by_text = {document.text: document for document in documents}
    chosen = [by_text[text] for text in sample(list(by_text), count)]
    parts = [
        (document, split(document, lambda texts: [engine.token_count(given(t)) for t in texts])) for document in chosen
    ]
    return [encoded_passage(document, found[0]) for document, found in parts if found]


def main() -> None:
    """Embed the samples and write their means."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="+", type=Path, help="data set folders, one a language")
    parser.add_argument("--count", type=int, default=60, help="questions, and passages, of each set")
    arguments = parser.parse_args()
    engine = load_engine()
    means = []
    for folder in arguments.sets:
        questions = sample([question.text for question in read_dataset(folder).questions], arguments.count)
        read = passages(folder, engine, arguments.count)
        means.append(
            [engine.query([given(t) for t in questions]).mean(0), engine.passage([given(t) for t in read]).mean(0)]
        )
        print(f"{folder.name}: {len(questions)} questions, {len(read)} passages")
    np.save(TARGET, np.mean(means, axis=0).astype(np.float32))
    print(f"{TARGET}: {hashlib.sha256(TARGET.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
