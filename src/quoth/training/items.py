"""From data sets to training items: each question with its gold units, its answers and its hard negatives."""

from __future__ import annotations

import hashlib
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from quoth.datasets import Dataset, GoldAnswer, Question
from quoth.errors import DatasetError
from quoth.training.negatives import LexicalIndex, hard_negatives
from quoth.training.perturb import Swapper
from quoth.training.units import Unit, make_units, sentence_spans

_log = logging.getLogger(__name__)

LONGEST_SPAN = 12
"""Words of the longest answer that is a span; a longer one is a passage of text that holds the answer."""


class Role(IntEnum):
    """What an item can teach."""

    SPAN = 0
    """Where the answer begins and ends, and all that follows."""
    SENTENCE = 1
    """In which sentence the answer is, and which passage answers."""
    RELEVANCE = 2
    """Which passage answers."""
    IMPOSSIBLE = 3
    """That the passage it was written for doesn't answer it."""


@dataclass(frozen=True, slots=True)
class Item:
    """A question ready for training; ``gold`` and ``negatives`` are numbers of units.

    For an impossible question ``gold`` holds the unit it was written for. ``alone`` items are shown without negatives
    (their questions make sense within one document only).
    """

    dataset: int
    question: str
    role: Role
    answers: tuple[GoldAnswer, ...]
    gold: tuple[int, ...]
    negatives: tuple[int, ...]
    alone: bool = False
    repeats: int = 1


@dataclass(frozen=True, slots=True)
class Collection:
    """Everything that training groups are built from. ``index[d]`` numbers the units of data set ``d`` from 0; its
    unit ``n`` is ``units[base[d] + n]``."""

    units: list[Unit]
    items: list[Item]
    index: list[LexicalIndex]
    base: list[int]
    swappers: list[Swapper]
    questions_on: dict[int, list[str]]


def hold_out(dataset: Dataset, share: float = 0.05) -> tuple[Dataset, list[Question]]:
    """``dataset`` without ``share`` of its titles (at least one), and the questions written on those.

    The titles with the fewest questions go, so that training loses little; titles without questions stay.
    """
    title_of = {document.id: document.title for document in dataset.documents.values()}
    by_title: dict[str, list[Question]] = defaultdict(list)
    for question in dataset.questions:
        home = question.near_document or next(iter(question.relevant), None)
        if home is not None:
            by_title[title_of[home]].append(question)
    if len(by_title) < 2:
        raise DatasetError(f"{dataset.name} has questions on one title only; nothing can be held out by title.")
    order = sorted(by_title, key=lambda title: (len(by_title[title]), title))
    held = set(order[: max(1, round(share * len(order)))])
    kept = Dataset(
        dataset.name,
        {key: document for key, document in dataset.documents.items() if document.title not in held},
        [q for title, questions in by_title.items() if title not in held for q in questions],
    )
    return kept, [question for title in order if title in held for question in by_title[title]]


def collect(
    datasets: Sequence[Dataset],
    tokenizer: Tokenizer,
    *,
    repeats: Mapping[str, int] | None = None,
    alone: Sequence[str] = (),
    cache: Path | None = None,
) -> Collection:
    """Build the items of all ``datasets``; ``repeats`` says by name how often a set counts in one pass.

    Mining the negatives takes minutes and is kept in the file ``cache``, which is used again for the same data only.
    """
    units: list[Unit] = []
    base: list[int] = []
    for number, dataset in enumerate(datasets):
        base.append(len(units))
        units += make_units(dataset, number, tokenizer)
    index = [LexicalIndex(units[start:end]) for start, end in zip(base, [*base[1:], len(units)], strict=True)]
    drafts: list[Item] = []
    for number, dataset in enumerate(datasets):
        places: dict[str, list[int]] = defaultdict(list)
        for at in range(base[number], base[number] + index[number].size):
            places[units[at].document].append(at)
        for question in dataset.questions:
            item = _item(question, dataset, number, places, units, index[number], base[number])
            if item is not None:
                extra = {"alone": dataset.name in alone, "repeats": (repeats or {}).get(dataset.name, 1)}
                drafts.append(_replaced(item, **extra))
    mined = _mined(drafts, units, index, base, cache)
    items = [_replaced(item, negatives=negatives) for item, negatives in zip(drafts, mined, strict=True)]
    swappers = [
        Swapper(
            ((unit.title, unit.text) for unit in units[start : start + index[number].size]),
            (item.question for item in items if item.dataset == number),
        )
        for number, start in enumerate(base)
    ]
    questions_on: dict[int, list[str]] = defaultdict(list)
    for item in items:
        questions_on[item.gold[0]].append(item.question)
    return Collection(units, items, index, base, swappers, dict(questions_on))


def _replaced(item: Item, **changes: object) -> Item:
    values = {name: getattr(item, name) for name in Item.__slots__}
    return Item(**{**values, **changes})


def _item(
    question: Question,
    dataset: Dataset,
    number: int,
    places: Mapping[str, list[int]],
    units: Sequence[Unit],
    index: LexicalIndex,
    base: int,
) -> Item | None:
    """The item of one question, still without negatives; None where its evidence lies across units or is unknown."""
    if question.answerable is False:
        home = places.get(question.near_document or "", [])
        gold = _best(question.text, home, index, base)
        return Item(number, question.text, Role.IMPOSSIBLE, (), gold, ()) if gold else None
    answers = tuple(answer for answer in question.answers if answer.kind == "short") or question.answers
    if not answers:
        home = [at for document in question.relevant for at in places.get(document, [])]
        gold = _best(question.text, home, index, base)
        return Item(number, question.text, Role.RELEVANCE, (), gold, ()) if gold else None
    covered = []
    for answer in map(_trimmed, answers):
        for at in places.get(answer.doc_id, []):
            if units[at].covering(answer.start, answer.end) is not None:
                covered.append((at, answer))
    if not covered:
        return None
    spans = [(at, answer) for at, answer in covered if len(answer.text.split()) <= LONGEST_SPAN]
    spans = [(at, answer) for at, answer in spans if not _is_sentence(answer, units[at])]
    role = Role.SPAN if spans else Role.SENTENCE
    chosen = spans or covered
    golds = tuple(dict.fromkeys(at for at, _ in chosen))
    return Item(number, question.text, role, tuple(dict.fromkeys(answer for _, answer in chosen)), golds, ())


def _trimmed(answer: GoldAnswer) -> GoldAnswer:
    text = answer.text.strip()
    return GoldAnswer(text, answer.doc_id, answer.start + answer.text.index(text), answer.kind) if text else answer


def _is_sentence(answer: GoldAnswer, unit: Unit) -> bool:
    """Whether the answer is a sentence of its own (then it holds the answer rather than being it)."""
    if answer.text[-1] not in ".!?" or len(answer.text.split()) < 4:
        return False
    return (answer.start - unit.start, answer.end - unit.start) in sentence_spans(unit.text)


def _best(question: str, among: Sequence[int], index: LexicalIndex, base: int) -> tuple[int, ...]:
    if len(among) < 2:
        return tuple(among)
    scores = index.scores(question)
    return (max(among, key=lambda at: scores[at - base]),)


def _noted(cache: Path, key: str) -> list[tuple[int, ...]] | None:
    """Return the hard negatives that were mined before; None where they are other items', or the file is damaged."""
    try:
        with cache.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            # An array that says it is shorter than it is would be read without its checksum
            if stored.zip.testzip() is not None:
                raise ValueError("its checksums are not those of its arrays")
            if str(stored["key"]) != key:
                return None
            ends = np.cumsum(stored["counts"])
            return [tuple(int(n) for n in part) for part in np.split(stored["numbers"], ends[:-1])]
    except FileNotFoundError:
        return None
    except Exception as error:  # what numpy and zipfile raise on a damaged archive shares no base class
        _log.warning("the negatives in %s can't be used (%s); they are mined anew", cache, error)
        return None


def _mined(
    items: Sequence[Item], units: Sequence[Unit], index: Sequence[LexicalIndex], base: Sequence[int], cache: Path | None
) -> list[tuple[int, ...]]:
    digest = hashlib.sha256(b"negatives 1")
    for unit in units:
        digest.update(f"{unit.dataset}\0{unit.document}\0{unit.title}\0{unit.text}\0".encode())
    for item in items:
        digest.update(f"{item.dataset}\0{item.question}\0{item.alone}\0{item.answers}\0{item.gold}\0".encode())
    key = digest.hexdigest()
    noted = _noted(cache, key) if cache is not None else None
    if noted is not None:
        return noted
    mined: list[tuple[int, ...]] = []
    for item in items:
        start = base[item.dataset]
        end = start + index[item.dataset].size
        found = (
            []
            if item.alone
            else hard_negatives(
                index[item.dataset],
                units[start:end],
                item.question,
                [answer.text for answer in item.answers],
                [at - start for at in item.gold],
                title=units[item.gold[0]].title,
            )
        )
        mined.append(tuple(start + n for n in found))
    if cache is not None:
        cache.parent.mkdir(parents=True, exist_ok=True)
        aside = cache.with_suffix(".tmp.npz")
        numbers = np.asarray([n for part in mined for n in part], dtype=np.int64)
        np.savez(aside, key=np.asarray(key), counts=np.asarray([len(part) for part in mined]), numbers=numbers)
        aside.replace(cache)
    return mined
