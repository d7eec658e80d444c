"""What is measured in a process of its own: each task takes an object and returns one.

Its memory, and what it finds in caches, are then its own; see ``processes`` for how it is started.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from quoth.benchmark.machine import memory
from quoth.datasets import GoldAnswer
from quoth.documents.jsonl import Record
from quoth.encoder import Encoder, fetch
from quoth.evaluation.matching import holds
from quoth.library import Library
from quoth.model_files import packaged_folder
from quoth.progress import Progress
from quoth.settings import DEFAULT_MODEL
from quoth.stopwatch import Timing

Json = dict[str, Any]
Report = Callable[[Progress], None]

RECALLED = 10
"""Passages of which recall is measured."""


def search(given: Json, report: Report) -> Json:
    """Open a library and search it: how long opening takes, each question, what is found, and the memory of it all."""
    encoder = _encoder(given)
    timings: list[Timing] = []
    began = time.perf_counter()
    with Library.open(given["folder"], create=False, encoder=encoder, observe=timings.append) as library:
        opened = time.perf_counter() - began
        library.search(given["warm"][0])
        first = timings[0]
        for question in given["warm"][1:]:
            library.search(question)
        timings.clear()
        found = []
        for number, question in enumerate(given["questions"]):
            report(Progress("searching", number, len(given["questions"])))
            found.append(library.search(question["text"], k=RECALLED)[0].document)
        measured, used, in_indexes = timings.copy(), memory(), library.index_bytes
        dense = []
        for number, question in enumerate(given["questions"]):
            report(Progress("searching by vectors alone", number, len(given["questions"])))
            passages = library.search(question["text"], k=RECALLED, retriever="dense")
            dense.append([(passage.document, passage.paragraph, passage.start) for passage in passages])
    return {
        "opening_seconds": opened + first.stages["opening"],
        "first_question_seconds": opened + first.seconds,
        "stages": [dict(timing.stages) for timing in measured],
        "first_documents": found,
        "dense": dense,
        "memory": used,
        "index_bytes": in_indexes,
    }


def ask(given: Json, report: Report) -> Json:
    """Ask a library, with the reader: how long each question takes, whether the first quote is right, the memory."""
    timings: list[Timing] = []
    reader = given["reader"] if isinstance(given["reader"], bool) else Path(given["reader"])
    with Library.open(
        given["folder"], create=False, encoder=_encoder(given), reader=reader, observe=timings.append
    ) as library:
        for question in given["warm"]:
            library.ask(question)
        timings.clear()
        right: list[bool] = []
        for number, question in enumerate(given["questions"]):
            report(Progress("asking", number, len(given["questions"])))
            answer = library.ask(question["text"])
            gold = [GoldAnswer(*fields) for fields in question["answers"]]
            right += [any(holds(quote, one) for quote in answer.quotes[:1] for one in gold)] if gold else []
        return {"stages": [dict(timing.stages) for timing in timings], "right": right, "memory": memory()}


def index(given: Json, report: Report) -> Json:
    """Index documents into a new library: how many passages a second, from reading them to the last byte written."""
    documents = [Record(name, title, text, None).document() for name, title, text in given["documents"]]
    encoder = _encoder(given)
    encoder.encode_passages(["warm"])
    with tempfile.TemporaryDirectory() as folder, Library.open(Path(folder) / "library", encoder=encoder) as library:
        summary = library.add_documents("measured.jsonl", documents, report=report)
    return {"passages": summary.passages, "embedded": summary.embedded, "seconds": summary.seconds, "memory": memory()}


def encode(given: Json, report: Report) -> Json:
    """Embed texts as sentence-transformers does by itself: ``encode`` with its defaults, the model loaded before."""
    from quoth.torch_model import TorchModel

    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    name = given["model"]
    folder = packaged_folder() if name == DEFAULT_MODEL else Path(name)
    model = TorchModel.load(folder if folder.is_dir() else fetch(name), name).model
    model.encode(["warm"], show_progress_bar=False)
    report(Progress("sentence-transformers", 0, 1))
    began = time.perf_counter()
    model.encode(given["texts"], show_progress_bar=False)
    return {"passages": len(given["texts"]), "seconds": time.perf_counter() - began, "memory": memory()}


def settle(given: Json, report: Report) -> Json:
    """Open a library that was just written and search it once, after which all that is derived from it is there."""
    report(Progress("opening it for the first time", 0, 1))
    began = time.perf_counter()
    with Library.open(given["folder"], create=False, encoder=_encoder(given)) as library:
        library.search(given["warm"][0])
    return {"seconds": time.perf_counter() - began, "memory": memory()}


TASKS: dict[str, Callable[[Json, Report], Json]] = {
    "search": search,
    "ask": ask,
    "index": index,
    "encode": encode,
    "settle": settle,
}


def _encoder(given: Json) -> Encoder:
    encoder = Encoder.load(given["model"], given["engine"])
    encoder.encode_questions(["warm"])
    return encoder
