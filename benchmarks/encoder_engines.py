"""The encoder in ONNX Runtime beside the same weights in PyTorch: loading, one question, passages, and both at once.

    python benchmarks/encoder_engines.py ../shared/eval/squad2_dev_half_a

Each engine runs in a process of its own, one after the other; nothing else should run on the machine meanwhile.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from quoth.datasets import read_dataset
from quoth.encoder import Encoder

ENGINES = ("auto", "torch")
QUESTIONS = 40
PASSAGES = 256


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that something takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def question_milliseconds(encoder: Encoder, questions: Sequence[str]) -> float:
    """Return the median time that one question takes."""
    return 1000 * statistics.median(timed(lambda: encoder.encode_questions([text])) for text in questions)  # noqa: B023


def measure(engine: str, path: Path) -> dict[str, float]:
    """Return the figures of one engine, in this process."""
    dataset = read_dataset(path)
    questions = [question.text for question in dataset.questions[:QUESTIONS]]
    passages = [f"{document.title}\n{document.text}" for document in list(dataset.documents.values())[:PASSAGES]]
    began = time.perf_counter()
    encoder = Encoder.load(engine=engine)
    loaded = time.perf_counter() - began
    encoder.encode_questions(questions[:2])
    alone = question_milliseconds(encoder, questions)
    rate = len(passages) / timed(lambda: encoder.encode_passages(passages))
    done = threading.Event()

    def keep_busy() -> None:
        while not done.is_set():
            encoder.encode_passages(passages[:64])

    busy = threading.Thread(target=keep_busy)
    busy.start()
    beside = question_milliseconds(encoder, questions)
    done.set()
    busy.join()
    return {
        "loading, s": loaded,
        "one question, ms": alone,
        "one question while passages are embedded, ms": beside,
        "passages a second": rate,
        "peak memory, MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    """Measure both engines and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--engine", choices=ENGINES, help="this one alone, as JSON")
    options = parser.parse_args()
    if options.engine:
        print(json.dumps(measure(options.engine, options.dataset)))
        return
    found = []
    for engine in ENGINES:
        command = [sys.executable, __file__, str(options.dataset), "--engine", engine]
        found.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    print(f"{'':46} {'ONNX Runtime':>14} {'PyTorch':>10} {'ratio':>7}")
    for name, value in found[0].items():
        print(f"{name:46} {value:14.2f} {found[1][name]:10.2f} {found[1][name] / value:7.2f}")


if __name__ == "__main__":
    main()
