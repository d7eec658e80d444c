"""Asking a library all questions of a dataset, and measuring what comes back."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from platformdirs import user_cache_path

from quoth.datasets import Dataset, Question, read_dataset
from quoth.encoder import Encoder, model_name
from quoth.errors import DatasetError, LibraryError, QuestionError
from quoth.evaluation.measures import measure
from quoth.evaluation.outcome import Outcome
from quoth.evaluation.report import Report
from quoth.evaluation.verbatim import broken_quotes
from quoth.library import Library
from quoth.onnx_model import shipped_sha256
from quoth.paths import at_home
from quoth.progress import Progress
from quoth.retrieve import RetrieverKind
from quoth.settings import DEFAULT_MODEL, EncoderEngine

_DOCUMENTS_RANKED = 10


def evaluate_dataset(
    path: Path | str,
    *,
    library_folder: Path | None = None,
    encoder: Encoder | None = None,
    limit: int | None = None,
    reader: bool | Path = True,
    retriever: RetrieverKind = "both",
    model: str = DEFAULT_MODEL,
    engine: EncoderEngine = "auto",
    report: Callable[[Progress], None] = lambda progress: None,
) -> Report:
    """Index a dataset's documents, ask its questions and return the figures.

    ``path`` is a dataset folder or a SQuAD file, see ``read_dataset``. The library is made in ``library_folder``, by
    default a cache folder, and used again as long as documents and model stay the same. ``limit`` asks a sample of
    that many questions, which depends on their identifiers alone. ``retriever`` leaves one of the two searches out,
    and ``reader`` the reader, to see what they are worth, or names the folder of another. ``encoder`` is used
    instead of loading ``model``, which ``engine`` runs. ``report`` is called as the work goes on.

    Raises:
        PathError, DatasetError: the dataset is missing, breaks its format or has no questions.
        LibraryError: ``library_folder`` holds a library with other documents.
        QuothError: ir-measures is not installed; or what ``Library`` raises.
    """
    dataset = read_dataset(path)
    questions = sample(dataset.questions, limit)
    if not questions:
        raise DatasetError(f"{path} has no questions; queries.jsonl and the judgements have to name some")
    name = encoder.identity.name if encoder else model_name(model)
    folder = library_folder or cached_library(path, name, engine)
    started = time.perf_counter()
    with dataset_library(
        path, dataset, folder, model=model, engine=engine, encoder=encoder, reader=reader, report=report
    ) as library:
        index_seconds = time.perf_counter() - started
        library.load_encoder()  # not on the first question's time
        library.load_reader()
        outcomes = ask_all(library, dataset, questions, retriever, report)
    enough = min(_DOCUMENTS_RANKED, len(dataset.documents))
    return Report(
        dataset=dataset.name,
        documents=len(dataset.documents),
        questions=len(questions),
        sampled_from=len(dataset.questions),
        answerable=sum(question.answerable is True for question in questions),
        unanswerable=sum(question.answerable is False for question in questions),
        model=name,
        retriever=retriever,
        reader=("on" if reader else "off") if isinstance(reader, bool) else str(reader),
        figures=measure(outcomes),
        broken=tuple(sentence for outcome in outcomes for sentence in outcome.broken),
        refused=sum(outcome.answer is None for outcome in outcomes),
        short_rankings=sum(outcome.answer is not None and len(outcome.documents) < enough for outcome in outcomes),
        index_seconds=index_seconds,
    )


@contextmanager
def dataset_library(
    path: Path | str,
    dataset: Dataset,
    folder: Path,
    *,
    model: str = DEFAULT_MODEL,
    engine: EncoderEngine = "auto",
    encoder: Encoder | None = None,
    reader: bool | Path = True,
    report: Callable[[Progress], None] = lambda progress: None,
) -> Iterator[Library]:
    """Open a library in ``folder`` that holds the documents of ``dataset`` (read from ``path``), and nothing else.

    Raises:
        LibraryError: it holds other documents; or what ``Library`` raises.
    """
    with Library.open(folder, model=model, engine=engine, encoder=encoder, reader=reader) as library:
        corpus = _corpus(Path(path), dataset, folder)
        library.index([corpus], report)
        if any(record.root != str(corpus.resolve()) for record in library.documents()):
            raise LibraryError(f"the library {folder} holds other documents too; name an empty folder")
        yield library


def ask_all(
    library: Library,
    dataset: Dataset,
    questions: Sequence[Question],
    retriever: RetrieverKind = "both",
    report: Callable[[Progress], None] = lambda progress: None,
) -> list[Outcome]:
    """Ask ``library``, which holds the documents of ``dataset``, each question, and check each quote against them.

    A question that the library refuses counts as declined.
    """
    texts = {identifier: document.text for identifier, document in dataset.documents.items()}
    outcomes = []
    for number, question in enumerate(questions):
        report(Progress("asking", number, len(questions)))
        started = time.perf_counter()
        try:
            answer = library.ask(question.text, history=question.history, question_id=question.id, retriever=retriever)
        except QuestionError:
            outcomes.append(Outcome(question, None, time.perf_counter() - started))
            continue
        seconds = time.perf_counter() - started
        outcomes.append(Outcome(question, answer, seconds, broken_quotes(answer, texts)))
    report(Progress("asking", len(questions), len(questions)))
    return outcomes


def sample(questions: Sequence[Question], limit: int | None) -> list[Question]:
    """Return ``limit`` of the questions in their order (all of them for None), chosen by their identifiers' hashes.

    Neither the order of the file nor what else is in it changes whether one question is before another.
    """
    if limit is None or limit >= len(questions):
        return list(questions)
    if limit < 1:
        raise DatasetError(f"a sample of {limit} questions was asked for; ask for at least 1")
    chosen = sorted(questions, key=lambda question: hashlib.sha256(question.id.encode()).digest())[:limit]
    identifiers = {question.id for question in chosen}
    return [question for question in questions if question.id in identifiers]


def cached_library(path: Path | str, model: str, engine: EncoderEngine = "auto") -> Path:
    """Return the folder in the user's cache that the library of this dataset and model lies in.

    Vectors that another engine made, or another version's default encoder, are not measured for this one's.
    """
    place = at_home(path).resolve()
    digest = hashlib.sha256(f"{place}\n{model}\n{engine}\n{shipped_sha256()}".encode()).hexdigest()[:12]
    return user_cache_path("quoth", appauthor=False) / "eval" / f"{place.stem}-{digest}"


def _corpus(path: Path, dataset: Dataset, folder: Path) -> Path:
    """The file to index: the folder's own, or for a SQuAD file one written beside the library."""
    if path.is_dir():
        return path / "corpus.jsonl"
    corpus = folder / "corpus.jsonl"
    lines = (
        json.dumps({"_id": document.id, "title": document.title, "text": document.text}, ensure_ascii=False)
        for document in dataset.documents.values()
    )
    corpus.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
    return corpus
