"""Quoth's fused retrieval against txtai 9's hybrid search, on the same passages, with the same weights, in one run.

    python -m pip install --target /tmp/txtai --no-deps txtai msgpack
    PYTHONPATH=/tmp/txtai .venv/bin/python benchmarks/peers_txtai.py --shared ../shared

txtai is as its documentation has it: ``Embeddings(path=…, hybrid=True)``, no content stored, BM25 and vectors mixed by
its defaults. Each of its passages is what our encoder reads (title, heading and text). Both are asked for 100 passages,
which are folded to documents at their best passage. The table goes to standard output as Markdown, progress to
standard error; the interval of the difference is a paired bootstrap over questions. What txtai leaves in memory is
freed before Quoth is timed, and each is asked a few questions first that don't count.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from quoth.datasets import Question, read_dataset
from quoth.documents.jsonl import parse_jsonl
from quoth.encoder import Encoder, packaged_folder
from quoth.evaluation.measures import ranking_values
from quoth.evaluation.run import sample
from quoth.library import Library
from quoth.passages import encoded_text, split

SETS = ("squad2_dev_half_a", "nq_oracle", "emanual_tv", "selqa_dev")
PASSAGES = 100
"""How many passages a question brings back, of both."""
MEASURES = ("nDCG@10", "R@1", "R@5")
WARM_UP = 5

Ranked = list[str]


def say(message: str) -> None:
    """One progress line."""
    print(f"[{time.strftime('%H:%M:%S')}] {message}", file=sys.stderr, flush=True)


def ask(search: Callable[[str], Ranked], questions: Sequence[Question]) -> tuple[dict[str, Ranked], float]:
    """The documents found for each question, and the median milliseconds a question took."""
    for question in questions[:WARM_UP]:
        search(question.text)
    ranked, seconds = {}, []
    for question in questions:
        started = time.perf_counter()
        ranked[question.id] = search(question.text)
        seconds.append(time.perf_counter() - started)
    return ranked, statistics.median(seconds) * 1000


def with_txtai(corpus: Path, encoder: Encoder, questions: Sequence[Question]) -> tuple[dict[str, Ranked], float]:
    """Index our passages with txtai and ask it."""
    from txtai import Embeddings

    texts, owners = [], []
    for document in parse_jsonl(str(corpus), corpus.read_bytes()):
        for passage in split(document, encoder.count_tokens):
            texts.append(encoded_text(document.title, passage.heading, document.text[passage.start : passage.end]))
            owners.append(document.name)
    say(f"  txtai indexes {len(texts):,} passages")
    embeddings: Any = Embeddings(path=str(packaged_folder()), hybrid=True)
    embeddings.index(texts)

    def search(question: str) -> Ranked:
        return list(dict.fromkeys(owners[row] for row, _ in embeddings.search(question, PASSAGES)))

    result = ask(search, questions)
    embeddings.close()
    return result


def with_quoth(corpus: Path, encoder: Encoder, questions: Sequence[Question]) -> tuple[dict[str, Ranked], float]:
    """Index the same documents with Quoth and ask it."""
    with tempfile.TemporaryDirectory() as folder, Library.open(Path(folder) / "library", encoder=encoder) as library:
        say("  Quoth indexes")
        library.index([corpus])

        def search(question: str) -> Ranked:
            return list(dict.fromkeys(found.document for found in library.search(question, k=PASSAGES)))

        return ask(search, questions)


def difference(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval of the mean difference, by resampling questions in pairs."""
    differences = np.asarray(ours) - np.asarray(theirs)
    drawn = np.random.default_rng(0).integers(0, len(differences), (1000, len(differences)))
    low, high = np.percentile(differences[drawn].mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="the folder that holds eval/")
    parser.add_argument("--sets", nargs="+", default=SETS)
    parser.add_argument("--limit", type=int, help="ask a fixed sample of so many questions of each set")
    options = parser.parse_args()

    encoder = Encoder.load()
    print(
        f"txtai {version('txtai')}, hybrid=True, against Quoth {version('quoth')}; {encoder.identity.name}, one run\n"
    )
    print("| set (questions) | | " + " | ".join(MEASURES) + " | median ms |")
    print("|---|---|" + "---|" * len(MEASURES) + "---|")
    means: dict[str, list[float]] = {"txtai": [], "Quoth": []}
    for name in options.sets:
        folder = options.shared / "eval" / name
        dataset = read_dataset(folder)
        questions = sample([question for question in dataset.questions if question.relevant], options.limit)
        relevant = {question.id: dict(question.relevant) for question in questions}
        say(f"{name}: {len(questions):,} questions")
        values = {}
        for system, run in (("txtai", with_txtai), ("Quoth", with_quoth)):
            ranked, milliseconds = run(folder / "corpus.jsonl", encoder, questions)
            values[system] = ranking_values(ranked, relevant)
            row = [statistics.fmean(values[system][measure].values()) for measure in MEASURES]
            means[system].append(row[0])
            shown = " | ".join(f"{value:.3f}" for value in row)
            print(f"| {name} ({len(questions):,}) | {system} | {shown} | {milliseconds:.1f} |", flush=True)
            gc.collect()
        ours, theirs = (list(values[system]["nDCG@10"].values()) for system in ("Quoth", "txtai"))
        low, high = difference(ours, theirs)
        change = statistics.fmean(ours) - statistics.fmean(theirs)
        print(f"| | difference | {change:+.3f} ({low:+.3f} to {high:+.3f}) | | | |", flush=True)
    for system, of in means.items():
        print(f"| mean of the sets | {system} | {statistics.fmean(of):.3f} | | | |")


if __name__ == "__main__":
    main()
