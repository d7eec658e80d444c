"""Training groups: a question, its passage and others beside it, as token rows with their labels."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from tokenizers import Tokenizer

from quoth.reader import LONGEST_QUESTION, special_tokens
from quoth.training.items import Collection, Item, Role
from quoth.training.negatives import normalised, terms
from quoth.training.units import Unit
from quoth.training.untidy import CHATTER, untidy

LONGEST_TITLE = 24
PASSAGES = 4
"""Passages of a group."""


class Mode(IntEnum):
    """What is done with an item when its turn comes."""

    AS_IT_IS = 0
    SWAPPED = 1
    """A name, number, relation or word of the question is another's, and its passage no longer answers it."""
    DELETED = 2
    """The answering sentences are cut out of its passage."""
    ABSENT = 3
    """Its passage is not among those shown."""
    CHATTER = 4
    """The question is small talk."""


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """``[CLS] question [SEP] title [SEP] passage [SEP]``: vocabulary ids, segment ids (0 question, 1 rest) and labels.

    The passage's tokens are ``tokens[first:last]``; ``starts`` and ``ends`` are positions in ``tokens`` where an answer
    begins and ends (inclusive).
    """

    tokens: NDArray[np.int32]
    segments: NDArray[np.int32]
    first: int
    last: int
    starts: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """The rows of one question; row 0 is the passage that it was written for (or the likeliest one).

    ``answered`` says whether row 0 answers; the others never do. ``span_weight`` weighs the loss of the span, which for
    an unanswered group is that of marking anything at all.
    """

    rows: tuple[Row, ...]
    answered: bool
    span_weight: float


def encode_row(
    question: Sequence[int],
    title: Sequence[int],
    unit: Unit,
    chosen: NDArray[np.int64],
    special: tuple[int, int],
    spans: Sequence[tuple[int, int]] = (),
    *,
    inside: bool = False,
) -> Row:
    """A row of the unit's tokens numbered ``chosen`` (ascending), with labels for those ``spans`` of the document that
    it holds wholly. With ``inside`` every token of a span is a start and an end: somewhere in it is the answer.

    ``special`` are the ids of [CLS] and [SEP].
    """
    cls, sep = special
    head = [cls, *question, sep]
    middle = [*title, sep] if len(title) else []
    first = len(head) + len(middle)
    tokens = np.asarray([*head, *middle, *unit.tokens[chosen], sep], dtype=np.int32)
    segments = np.ones(len(tokens), dtype=np.int32)
    segments[: len(head)] = 0
    starts: set[int] = set()
    ends: set[int] = set()
    for start, end in spans:
        covering = unit.covering(start, end)
        if covering is None:
            continue
        places = np.searchsorted(chosen, covering)
        held = bool(places[1] < len(chosen)) and chosen[places[0]] == covering[0] and chosen[places[1]] == covering[1]
        if held and places[1] - places[0] == covering[1] - covering[0]:
            span = range(first + int(places[0]), first + int(places[1]) + 1)
            starts.update(span if inside else span[:1])
            ends.update(span if inside else span[-1:])
    return Row(tokens, segments, first, first + len(chosen), tuple(sorted(starts)), tuple(sorted(ends)))


def occurrences(unit: Unit, item: Item) -> list[tuple[int, int]]:
    """Document spans of every answer of ``item`` in ``unit``: the marked ones, and the same words elsewhere in it."""
    found: set[tuple[int, int]] = set()
    for answer in item.answers:
        if answer.doc_id == unit.document and unit.start <= answer.start and answer.end <= unit.end:
            found.add((answer.start, answer.end))
        for match in re.finditer(rf"(?<!\w){re.escape(answer.text)}(?!\w)", unit.text, re.IGNORECASE):
            found.add((unit.start + match.start(), unit.start + match.end()))
    return sorted(found)


def window(unit: Unit, first: int, last: int, budget: int, rng: Generator) -> NDArray[np.int64]:
    """Numbers of at most ``budget`` tokens around the evidence ``[first, last]``: whole sentences, as many as fit.

    The side that grows is drawn at random, so that the place in the window says nothing about the answer.
    """
    count = len(unit.tokens)
    if count <= budget:
        return np.arange(count)
    bounds = unit.sentences
    low = int(np.searchsorted(bounds, first, side="right")) - 1
    high = int(np.searchsorted(bounds, last, side="right"))
    if bounds[high] - bounds[low] > budget:  # a sentence too long: any stretch that holds the evidence
        room = max(budget - (last - first + 1), 0)
        begin = max(first - int(rng.integers(room + 1)), bounds[low])
        return np.arange(begin, min(begin + budget, bounds[high]))
    while True:
        sides = []
        if low > 0 and bounds[high] - bounds[low - 1] <= budget:
            sides.append(-1)
        if high < len(bounds) - 1 and bounds[high + 1] - bounds[low] <= budget:
            sides.append(1)
        if not sides:
            return np.arange(bounds[low], bounds[high])
        if sides[int(rng.integers(len(sides)))] < 0:
            low -= 1
        else:
            high += 1


class GroupBuilder:
    """Builds the group of an item in a mode, from a random generator alone: the same draw gives the same group."""

    def __init__(self, collection: Collection, tokenizer: Tokenizer) -> None:
        self._collection = collection
        self._tokenizer = tokenizer
        self._special = special_tokens(tokenizer)
        self._titles: dict[str, list[int]] = {"": []}
        self._spans: dict[int, list[int]] = defaultdict(list)
        for at, item in enumerate(collection.items):
            if item.role is Role.SPAN:
                self._spans[item.dataset].append(at)

    def build(self, number: int, mode: Mode, length: int, rng: Generator) -> Group:
        """The group of item ``number``, its rows at most ``length`` tokens long.

        Where the item has nothing to swap, another of its data set takes its place; a mode that it doesn't allow
        otherwise (no sentence left) becomes ABSENT.
        """
        item = self._collection.items[number]
        units = self._collection.units
        gold = item.gold[int(rng.integers(len(item.gold)))]
        text = item.question
        if mode is Mode.SWAPPED:
            swapped = None
            for _ in range(6):
                swapped = self._swapped(item, gold, rng)
                if swapped is not None:
                    break
                spans = self._spans[item.dataset]
                item = self._collection.items[spans[int(rng.integers(len(spans)))]]
                gold = item.gold[int(rng.integers(len(item.gold)))]
            mode, text = (Mode.ABSENT, item.question) if swapped is None else (mode, swapped)
        elif mode is Mode.CHATTER:
            text = CHATTER[int(rng.integers(len(CHATTER)))]
        kept = _without_answer(units[gold], item) if item.role is Role.SPAN else None
        if mode is Mode.DELETED and kept is None:
            mode = Mode.ABSENT
        others = self._collection.questions_on.get(gold, [])
        other = others[int(rng.integers(len(others)))] if others else None
        question = self._ids(untidy(text, rng, other=other if other != item.question else None))[:LONGEST_QUESTION]
        titled = rng.random() >= 0.15
        negatives = [item.negatives[i] for i in rng.permutation(len(item.negatives))[:PASSAGES]]

        if mode is Mode.ABSENT or (mode is Mode.CHATTER and negatives):
            rows = [self._distractor(question, text, units[at], titled, length, rng) for at in negatives]
            if rows:
                return Group(tuple(rows), False, 1.0)
            mode = Mode.SWAPPED  # nothing else to show: the passage itself must not be taken for an answer
        weight = 1.0
        if mode is Mode.DELETED and kept is not None:
            near = self._shortened(question, units[gold], kept, titled, length, rng)
        elif mode is Mode.AS_IT_IS and item.role is not Role.IMPOSSIBLE:
            near = self._gold(question, text, item, gold, titled, length, rng)
            weight = {Role.SPAN: 1.0, Role.SENTENCE: 0.2}.get(item.role, 0.0) if near.starts else 0.0
        else:
            near = self._distractor(question, text, units[gold], titled, length, rng)
        answered = mode is Mode.AS_IT_IS and item.role is not Role.IMPOSSIBLE
        rows = [near]
        if not item.alone:
            if answered and kept is not None and rng.random() < 0.15:
                rows.append(self._shortened(question, units[gold], kept, titled, length, rng))
            for at in negatives[: PASSAGES - len(rows)]:
                rows.append(self._distractor(question, text, units[at], titled, length, rng))
        return Group(tuple(rows), answered, weight)

    def _swapped(self, item: Item, gold: int, rng: Generator) -> str | None:
        unit = self._collection.units[gold]
        found = self._collection.swappers[item.dataset].swap(item.question, unit.text, unit.title, rng)
        if found is None:
            return None
        question, new = found
        index, base = self._collection.index[item.dataset], self._collection.base[item.dataset]
        # Another passage that holds what was put in and most of the rest may well answer the new question.
        rest = [term for term in terms(question) if term not in set(terms(new))]
        elsewhere = [at for at in index.holding(set(terms(new)), rest, 0.75) if base + at != gold]
        return question if not elsewhere else None

    def _gold(
        self, question: list[int], text: str, item: Item, gold: int, titled: bool, length: int, rng: Generator
    ) -> Row:
        unit = self._collection.units[gold]
        title = self._title(unit.title) if titled else []
        budget = _budget(question, title, length)
        if item.role is Role.RELEVANCE:
            return self._distractor(question, text, unit, titled, length, rng)
        here = [
            (answer.start, answer.end)
            for answer in item.answers
            if answer.doc_id == unit.document and unit.start <= answer.start and answer.end <= unit.end
        ]
        evidence = unit.covering(*here[int(rng.integers(len(here)))])
        first, last = evidence if evidence is not None else (0, 0)
        chosen = window(unit, first, last, budget, rng)
        if item.role is Role.SENTENCE:
            return encode_row(question, title, unit, chosen, self._special, here, inside=True)
        return encode_row(question, title, unit, chosen, self._special, occurrences(unit, item))

    def _distractor(self, question: list[int], text: str, unit: Unit, titled: bool, length: int, rng: Generator) -> Row:
        """The part of ``unit`` that has most in common with the question, without labels."""
        title = self._title(unit.title) if titled else []
        budget = _budget(question, title, length)
        first = 0
        if len(unit.tokens) > budget:
            wanted = set(terms(text))
            shared = [len(wanted & set(terms(sentence))) for sentence in _sentences(unit)]
            best = max(range(len(shared)), key=lambda at: (shared[at], -at))
            first = unit.sentences[best]
        return encode_row(question, title, unit, window(unit, first, first, budget, rng), self._special)

    def _shortened(
        self, question: list[int], unit: Unit, kept: NDArray[np.int64], titled: bool, length: int, rng: Generator
    ) -> Row:
        title = self._title(unit.title) if titled else []
        budget = _budget(question, title, length)
        begin = int(rng.integers(max(len(kept) - budget, 0) + 1))
        return encode_row(question, title, unit, kept[begin : begin + budget], self._special)

    def _ids(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def _title(self, title: str) -> list[int]:
        if title not in self._titles:
            self._titles[title] = self._ids(title)[:LONGEST_TITLE]
        return self._titles[title]


def _budget(question: Sequence[int], title: Sequence[int], length: int) -> int:
    return max(16, length - len(question) - 3 - (len(title) + 1 if len(title) else 0))


def _sentences(unit: Unit) -> list[str]:
    return [
        unit.text[unit.offsets[a, 0] - unit.start : unit.offsets[b - 1, 1] - unit.start]
        for a, b in zip(unit.sentences, unit.sentences[1:], strict=False)
    ]


def _without_answer(unit: Unit, item: Item) -> NDArray[np.int64] | None:
    """Token numbers of the sentences that hold no answer; None where too little is left or the title holds it."""
    answers = [normalised(answer.text) for answer in item.answers]
    marked = [(answer.start, answer.end) for answer in item.answers if answer.doc_id == unit.document]
    if any(answer in normalised(unit.title) for answer in answers):
        return None
    parts = []
    for text, a, b in zip(_sentences(unit), unit.sentences, unit.sentences[1:], strict=False):
        start, end = int(unit.offsets[a, 0]), int(unit.offsets[b - 1, 1])
        cut = any(left < end and right > start for left, right in marked)
        if not cut and not any(answer in normalised(text) for answer in answers):
            parts.append(np.arange(a, b))
    if sum(map(len, parts)) < 16:
        return None
    return np.concatenate(parts)
