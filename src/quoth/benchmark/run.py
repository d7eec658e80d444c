"""One benchmark from its data sets to its report: what is made, and what is measured in which process."""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from quoth.benchmark import processes
from quoth.benchmark.cache import default_folder, kept_in, made_library, vectors_folder
from quoth.benchmark.exact import recall
from quoth.benchmark.machine import Others, bytes_on_disk, described, let_go_of_files, others_now
from quoth.benchmark.making import Halves, Plan, Planted
from quoth.benchmark.material import Material, read_material
from quoth.benchmark.report import ColdStart, Indexing, Latency, Report, SizeFigures
from quoth.benchmark.vectors import embedded
from quoth.benchmark.worker import RECALLED
from quoth.datasets import Question
from quoth.documents.model import Document
from quoth.encoder import Encoder, Vectors
from quoth.errors import DatasetError
from quoth.library import Library
from quoth.passages import encoded_passage, encoded_text, split
from quoth.paths import at_home
from quoth.progress import Progress
from quoth.settings import DEFAULT_MODEL, EncoderEngine

SIZES = (1_000, 100_000, 1_000_000)
QUESTIONS = 200

_WARM = 5
_INDEXED = 500
_SMALL_DOCUMENTS = 10
_COLD_RUNS = 5

Tell = Callable[[Progress], None]


def measure(
    datasets: Sequence[Path],
    *,
    sizes: Sequence[int] = SIZES,
    questions: int = QUESTIONS,
    folder: Path | None = None,
    keep: bool = True,
    model: str = DEFAULT_MODEL,
    engine: EncoderEngine = "auto",
    reader: bool | Path = True,
    indexed: int = _INDEXED,
    cold_runs: int = _COLD_RUNS,
    report: Tell = lambda progress: None,
) -> Report:
    """Measure Quoth on libraries of ``sizes`` passages, made of ``datasets``, and return the figures.

    ``questions`` of the sets are planted with their documents, and are what is asked. Libraries, and the vectors that
    they are made of, lie in ``folder``, by default in the user's cache, and are used again; without ``keep`` they are
    gone afterwards. ``indexed`` is how many passages indexing is measured on, ``cold_runs`` how often a process is
    started. Each figure is taken in a process of its own, one after the other. ``report`` is told how far it is.

    Raises:
        PathError, DatasetError: a set is missing, breaks its format or is too small for the sizes.
        QuothError: a measuring process failed; or what ``Library`` and ``Encoder`` raise.
    """
    others = others_now()
    encoder = Encoder.load(model, engine)
    material = read_material(datasets, questions, encoder.count_tokens, report, others=indexed)
    common: dict[str, Any] = {
        "model": model,
        "engine": engine,
        "reader": str(reader) if isinstance(reader, Path) else reader,
        "warm": [question.text for question in material.questions[:_WARM]],
    }
    with kept_in(at_home(folder or default_folder()).absolute(), keep=keep) as kept:
        maker = _Maker(material, encoder, kept, common, report)
        # All that takes the machine's cores is done before anything is measured
        plans = [maker.plan(size) for size in sizes]
        libraries = [maker.library(plan) for plan in plans]
        with others.watched():
            cold_start = _cold_start(material, encoder, reader, cold_runs, report)
        indexing = _indexing(material, encoder, indexed, common, others, report)
        figures = []
        for size, plan, library in zip(sizes, plans, libraries, strict=True):
            asked = maker.questions(size)
            figures.append(_size_figures(plan, library, asked, encoder, common, others, report))
    return Report(
        machine=described(),
        others=others,
        datasets=tuple(path.resolve().stem for path in datasets),
        model=str(encoder.identity),
        reader=("on" if reader else "off") if isinstance(reader, bool) else str(reader),
        questions=len(material.questions),
        halved=len(material.halved),
        cold_start=cold_start,
        indexing=indexing,
        sizes=tuple(figures),
    )


class _Maker:
    """Makes libraries of one material."""

    def __init__(
        self, material: Material, encoder: Encoder, folder: Path, common: dict[str, Any], report: Tell
    ) -> None:
        self._material = material
        self._encoder = encoder
        self._folder = folder
        self._common = common
        self._report = report
        self._passages = {document.name: split(document, encoder.count_tokens) for document in material.documents}
        halved = material.halved
        self._halves = Halves(
            halved,
            self._vectors([encoded_text(one.title, None, one.first) for one in halved]),
            self._vectors([encoded_text(one.title, None, one.second) for one in halved]),
        )

    def questions(self, size: int) -> tuple[Question, ...]:
        """Return the questions whose documents have room in a library of ``size`` passages: in half of it.

        Raises:
            DatasetError: none has.
        """
        chosen = self._material.first_questions(lambda name: len(self._passages[name]), size // 2)
        if not chosen:
            raise DatasetError(
                f"{size:,} passages have no room for the documents of a single question; give larger --sizes"
            )
        return chosen

    def plan(self, size: int) -> Plan:
        """Return what a library of ``size`` passages holds."""
        wanted = {name for question in self.questions(size) for name in question.relevant}
        documents = [document for document in self._material.documents if document.name in wanted]
        passages = [self._passages[document.name] for document in documents]
        texts = [encoded_passage(d, passage) for d, its in zip(documents, passages, strict=True) for passage in its]
        return Plan(size, Planted(documents, passages, self._vectors(texts)), self._halves)

    def library(self, plan: Plan) -> Path:
        """Return the folder of its library."""

        def settle(made: Path) -> None:
            processes.run("settle", self._common | {"folder": str(made)}, self._report)

        return made_library(self._folder, plan, self._encoder.identity, settle, self._report)

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        return embedded(self._encoder, texts, vectors_folder(self._folder), self._report)


def _cold_start(material: Material, encoder: Encoder, reader: bool | Path, runs: int, report: Tell) -> ColdStart:
    documents = material.documents[:_SMALL_DOCUMENTS]
    names = {document.name for document in documents}
    questions = [q.text for q in material.questions if set(q.relevant) <= names] or [material.questions[0].text]
    option = [] if reader is True else ["--reader", str(reader) if reader else "off"]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "library"
        with Library.open(folder, encoder=encoder) as library:
            library.add_documents("small.jsonl", documents)
            passages = library.counts()[1]
        seconds = []
        for number in range(runs + 1):
            report(Progress("starting a new process", number, runs + 1))
            seconds.append(processes.asked_anew(questions[number % len(questions)], folder, option))
    return ColdStart(passages, tuple(seconds[1:]))


def _indexing(
    material: Material, encoder: Encoder, count: int, common: dict[str, Any], others: Others, report: Tell
) -> Indexing:
    documents: list[Document] = []
    texts: list[str] = []
    for document in (*material.others, *material.documents):
        if len(texts) < count:
            documents.append(document)
            texts += [encoded_passage(document, passage) for passage in split(document, encoder.count_tokens)]
    given = common | {"documents": [(d.name, d.title, d.text) for d in documents]}
    with others.watched():
        ours = processes.run("index", given, report)
    theirs = None
    if importlib.util.find_spec("sentence_transformers") is not None:
        with others.watched():
            theirs = processes.run("encode", common | {"texts": texts}, report)
    return Indexing(
        passages=ours["passages"],
        tokens=sum(encoder.count_tokens(texts)),
        seconds=ours["seconds"],
        encode_seconds=theirs["seconds"] if theirs else None,
        peak=ours["memory"].get("peak"),
    )


def _size_figures(
    plan: Plan,
    library: Path,
    questions: Sequence[Question],
    encoder: Encoder,
    common: dict[str, Any],
    others: Others,
    report: Tell,
) -> SizeFigures:
    # Those that a process is warmed with would find their texts read already
    questions = questions[_WARM:] if len(questions) > 2 * _WARM else questions
    texts = [question.text for question in questions]
    given = common | {
        "folder": str(library),
        "questions": [
            {"text": q.text, "answers": [(a.text, a.doc_id, a.start, a.kind) for a in q.answers]} for q in questions
        ],
    }
    is_cold = let_go_of_files(library)
    with others.watched():
        searched = processes.run("search", given, report)
    asked = None
    if common["reader"] is not False:
        with others.watched():
            asked = processes.run("ask", given, report)
    dense = [[(document, paragraph, start) for document, paragraph, start in of] for of in searched["dense"]]
    first = zip(questions, searched["first_documents"], strict=True)
    with Library.open(library, create=False) as opened:
        documents, passages = opened.counts()
    return SizeFigures(
        passages=passages,
        documents=documents,
        disk_bytes=bytes_on_disk(library),
        index_bytes=searched["index_bytes"],
        opened_cold=is_cold,
        opening_seconds=searched["opening_seconds"],
        first_question_seconds=searched["first_question_seconds"],
        search=Latency.of(searched["stages"]),
        ask=Latency.of(asked["stages"]) if asked else None,
        recall_at_10=recall(plan, encoder.encode_questions(texts), dense, RECALLED, report),
        r_at_1=float(np.mean([found in question.relevant for question, found in first])),
        hit_at_1=float(np.mean(asked["right"])) if asked and asked["right"] else None,
        search_peak=searched["memory"].get("peak"),
        search_anonymous=searched["memory"].get("anonymous"),
        ask_peak=asked["memory"].get("peak") if asked else None,
    )
