"""Reads thousands of damaged documents of every format as indexing does, and counts what came of them.

    python benchmarks/mutations.py --number 10000

A document may be read or refused. Whatever else happens, an exception of another kind, a paragraph that is not in the
text, a reader that has to be ended for its time, is told with the number that makes the same document again:

    python benchmarks/mutations.py --only 1234
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from quoth.errors import SourceError
from quoth.indexing import documents_of
from tests.documents.mutations import mutated


def outcome(name: str, data: bytes) -> str:
    try:
        documents = documents_of(name, data)
    except SourceError as error:
        return type(error).__name__
    except Exception as error:
        return f"WRONG: {type(error).__name__}: {error}"
    for document in documents:
        for paragraph in document.paragraphs:
            shown = document.text[paragraph.start : paragraph.end]
            if not shown or shown != shown.strip():
                return "WRONG: a paragraph that is not in the text"
    return "read"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--number", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="read this one, and say what came of it")
    options = parser.parse_args()
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    wrong = 0
    slowest = (0.0, 0)
    for number in [options.only] if options.only is not None else range(options.number):
        name, data = mutated(number, options.seed)
        started = time.perf_counter()
        result = outcome(name, data)
        slowest = max(slowest, (time.perf_counter() - started, number))
        counts[Path(name).suffix][result if not result.startswith("WRONG") else "WRONG"] += 1
        if result.startswith("WRONG") or result == "TooSlowError" or options.only is not None:
            wrong += result.startswith("WRONG")
            print(f"{number} {name}: {result}", flush=True)
    for suffix, its in counts.items():
        print(f"{suffix:6} {its.total():6,}  " + ", ".join(f"{what} {count:,}" for what, count in its.most_common()))
    print(f"the slowest took {slowest[0]:.1f} s: {slowest[1]}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
