"""What large libraries are made of: documents that questions ask for, whole, and halves of other paragraphs.

A question's documents are *planted*: they stand in the library as they are. Every other paragraph of the data sets is
cut in two at the end of a sentence, and a half is later put together with another paragraph's, so that a few thousand
paragraphs make a million passages with real lengths and word frequencies.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, zip_longest
from pathlib import Path

from quoth.datasets import Dataset, GoldAnswer, Question, read_dataset
from quoth.documents.jsonl import Record
from quoth.documents.model import Document
from quoth.errors import DatasetError
from quoth.evaluation.run import sample
from quoth.passages import CountTokens, split
from quoth.progress import Progress
from quoth.sentences import sentences

MOST_PARAGRAPHS = 10_000
"""Paragraphs that are halved; a million passages hold each of their halves a hundred times."""

_MOST_RELEVANT = 5  # documents of a question; with dozens of them, finding one of them would say nothing
_LEAST_SHARE = 0.25  # of a paragraph that the smaller half is: the two of others shall not come to twice a passage


@dataclass(frozen=True, slots=True)
class Halved:
    """A paragraph in two halves, each of whole sentences, with its document's title."""

    title: str
    first: str
    second: str


@dataclass(frozen=True, slots=True)
class Material:
    """Questions, the documents that answer them (by the names that the questions use), and halves of all others.

    ``documents`` stand in the order in which the questions need them. ``others`` are documents as they are, in no
    order of theirs, to measure indexing on.
    """

    questions: tuple[Question, ...]
    documents: tuple[Document, ...]
    halved: tuple[Halved, ...]
    others: tuple[Document, ...]

    def first_questions(self, passages: Callable[[str], int], room: int) -> tuple[Question, ...]:
        """Return as many of the first questions as have documents of at most ``room`` passages together.

        ``passages`` tells how many a document, by its name, is.
        """
        planted: set[str] = set()
        chosen: list[Question] = []
        for question in self.questions:
            planted |= set(question.relevant)
            if sum(map(passages, planted)) > room:
                break
            chosen.append(question)
        return tuple(chosen)


def read_material(
    paths: Sequence[Path],
    questions: int,
    count_tokens: CountTokens,
    report: Callable[[Progress], None] = lambda progress: None,
    *,
    others: int = 600,
) -> Material:
    """Read data sets (folders in the BEIR layout, or SQuAD's JSON) and choose ``questions`` of them, of each alike.

    ``count_tokens`` is the encoder's, by which documents are parted; ``others`` is how many documents are kept whole.

    Raises:
        PathError, DatasetError: see ``read_dataset``; or no set has a question that documents are judged for, or
            nothing is left to halve.
    """
    sets = []
    for number, path in enumerate(paths):
        report(Progress("reading data sets", number, len(paths)))
        sets.append(read_dataset(path))
    # The same text in several sets is one document: a copy would be found in its place
    names: dict[tuple[str, str], str] = {}
    for number, dataset in enumerate(sets):
        for document in dataset.documents.values():
            names.setdefault((document.title, document.text), f"{number}-{dataset.name}/{document.id}")
    chosen = _chosen(sets, names, questions)
    if not chosen:
        raise DatasetError(
            f"{', '.join(map(str, paths))}: no question there has an answer and a relevant document; "
            "name sets that have some"
        )
    by_name = {name: _document(name, *source) for source, name in names.items()}
    planted = dict.fromkeys(name for question in chosen for name in question.relevant)
    rest = sorted((by_name[name] for name in by_name if name not in planted), key=_by_hash)
    taken = {by_name[name].text[p.start : p.end] for name in planted for p in by_name[name].paragraphs}
    halved = tuple(_halved(rest, taken, count_tokens, report))
    if len(halved) < 2:
        raise DatasetError(
            f"{', '.join(map(str, paths))}: beside the documents of {len(chosen):,} questions, fewer than two "
            "paragraphs of several sentences are there; name larger sets or ask for fewer --questions"
        )
    return Material(tuple(chosen), tuple(by_name[name] for name in planted), halved, tuple(rest[:others]))


def _chosen(sets: Sequence[Dataset], names: dict[tuple[str, str], str], count: int) -> list[Question]:
    """Choose questions of all sets in turn, and name their documents as they are planted."""
    each: list[list[Question]] = []
    for dataset in sets:
        usable = [
            question
            for question in dataset.questions
            if question.answerable is not False
            and 0 < len(question.relevant) <= _MOST_RELEVANT
            and not question.history
            and question.text.strip()
        ]
        renamed = {document.id: names[document.title, document.text] for document in dataset.documents.values()}
        chosen = sorted(sample(usable, count), key=lambda question: hashlib.sha256(question.id.encode()).digest())
        each.append([_renamed(question, renamed) for question in chosen])
    found: dict[str, Question] = {}
    for question in chain.from_iterable(zip_longest(*each)):
        if question is not None and len(found) < count:
            found.setdefault(question.text, question)
    return list(found.values())


def _renamed(question: Question, names: dict[str, str]) -> Question:
    answers = tuple(GoldAnswer(a.text, names[a.doc_id], a.start, a.kind) for a in question.answers)
    return replace(
        question, relevant={names[name]: grade for name, grade in question.relevant.items()}, answers=answers
    )


def _document(name: str, title: str, text: str) -> Document:
    return Record(name, title, text, None).document()


def _by_hash(document: Document) -> bytes:
    return hashlib.sha256(document.text.encode()).digest()


def _halved(
    documents: Sequence[Document],
    taken: set[str],
    count_tokens: CountTokens,
    report: Callable[[Progress], None],
) -> Iterator[Halved]:
    """Yield the halves of the documents' passages; no two first halves are the same text, nor two second ones."""
    firsts: set[str] = set()
    seconds: set[str] = set()
    for number, document in enumerate(documents):
        report(Progress("halving paragraphs", number, len(documents)))
        for passage in split(document, count_tokens):
            if document.text[passage.start : passage.end] in taken:
                continue
            halves = _halves(document.text, passage.start, passage.end)
            if halves is None or halves[0] in firsts or halves[1] in seconds:
                continue
            firsts.add(halves[0])
            seconds.add(halves[1])
            yield Halved(document.title, *halves)
            if len(firsts) == MOST_PARAGRAPHS:
                return


def _halves(text: str, start: int, end: int) -> tuple[str, str] | None:
    """Cut a passage at the end of the sentence nearest to its middle; None where one part would be too small."""
    spans = sentences(text, start, end)
    middle = (start + end) / 2
    cut = min(range(1, len(spans)), key=lambda place: abs(spans[place][0] - middle), default=None)
    if cut is None:
        return None
    first, second = text[start : spans[cut - 1][1]], text[spans[cut][0] : end]
    return (first, second) if min(len(first), len(second)) >= _LEAST_SHARE * (end - start) else None
