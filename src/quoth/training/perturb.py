"""Questions changed on purpose into ones that the passage doesn't answer, by swapping one thing in them for another."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from numpy.random import Generator

from quoth.training.negatives import terms


def _split(text: str) -> list[str]:
    return text.split()


_YEAR = re.compile(r"\b(?:1[0-9]{3}|20[0-9]{2})s?\b")
_NUMBER = re.compile(r"(?<![\w.,])\d[\d,]*(?:\.\d+)?(?![\w])")
_NAME = re.compile(r"\b[A-Z][\w'’.-]*\w(?:\s+(?:of|the|de|von|van|and)?\s*[A-Z][\w'’.-]*\w)*")
_WORD = re.compile(r"[^\W\d_]+")
_AUXILIARY = re.compile(r"\b(?:is|are|was|were|did|does|do|could|would|has|have|had|should|can|will)\b")
_NEGATION = re.compile(r"\b(?:not|never|no|without)\b|n['’]t\b", re.IGNORECASE)
_IRREGULAR = {"can": "can't", "will": "won't"}
_NEGATED = 0.06
"""Share of the swaps that try to negate the question."""
_NUMBER_WORDS = _split("two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty hundred")
_PAIRS = _split(
    """
    first/last first/second before/after largest/smallest highest/lowest oldest/youngest earliest/latest
    most/least north/south east/west northern/southern eastern/western win/lose won/lost increase/decrease
    increased/decreased buy/sell bought/sold male/female man/woman men/women boy/girl mother/father wife/husband
    sister/brother daughter/son king/queen start/end started/ended begin/finish began/finished open/close
    opened/closed born/buried up/down left/right inside/outside above/below upper/lower early/late best/worst
    better/worse more/fewer longer/shorter larger/smaller bigger/smaller positive/negative like/dislike
    liked/disliked love/hate loved/hated agree/disagree accept/reject accepted/rejected join/leave joined/left
    build/destroy built/destroyed teacher/student buyer/seller summer/winter spring/autumn morning/evening
    public/private young/old new/old hot/cold good/bad easy/hard cheap/expensive present/absent support/oppose
    supported/opposed allow/forbid allowed/forbidden advantage/disadvantage cause/prevent caused/prevented
    enter/exit internal/external minimum/maximum major/minor majority/minority strongest/weakest fastest/slowest
    """
)
_OPPOSITES: dict[str, list[str]] = defaultdict(list)
for _pair in _PAIRS:
    _one, _other = _pair.split("/")
    _OPPOSITES[_one].append(_other)
    _OPPOSITES[_other].append(_one)
FUNCTION_WORDS = frozenset(
    _split(
        """
        a an the of in on at to for from by with about into over under and or but if than then as is are was
        were be been being do does did done doing have has had having will would can could shall should may
        might must not no what which who whom whose when where why how many much long often it its he she
        they them his her their this that these those there here i you we me my your our us one some any all
        each other another name kind type according many
        """
    )
)


@dataclass(frozen=True, slots=True)
class Mention:
    """Something in a question that another of its ``kind`` could stand for, ``[start, end)`` in code points."""

    start: int
    end: int
    text: str
    kind: str


def mentions(text: str, *, running: bool = False) -> list[Mention]:
    """Years, numbers, names and relation words of ``text``, without overlaps.

    A capital opens a name unless it only opens the sentence, in ``running`` text each of its sentences.
    """
    found: list[Mention] = []
    taken = [False] * len(text)

    def take(start: int, end: int, kind: str) -> None:
        if start < end and not any(taken[start:end]):
            taken[start:end] = [True] * (end - start)
            found.append(Mention(start, end, text[start:end], kind))

    for match in _YEAR.finditer(text):
        take(*match.span(), "year")
    for match in _NUMBER.finditer(text):
        take(*match.span(), "number")
    for match in _NAME.finditer(text):
        start, end = match.span()
        before = text[:start].rstrip()
        opens = not before or (running and before[-1] in ".!?:\"'“‘”()[]\n")
        if opens:  # drop the opening word: it may be capital for its place alone
            first = _WORD.match(text, start)
            rest = re.search(r"(?<=\s)[A-Z]", text[start:end])
            if running or first is None or first.group().lower() in FUNCTION_WORDS or len(first.group()) < 3:
                if rest is None:
                    continue
                start += rest.start()
        if text[start:end].lower() not in FUNCTION_WORDS and text[start:end] != "I":
            take(start, end, f"name{min(len(text[start:end].split()), 3)}{'A' if text[start:end].isupper() else ''}")
    for match in _WORD.finditer(text):
        word = match.group()
        if word in _OPPOSITES:
            take(*match.span(), "relation")
        elif word in _NUMBER_WORDS:
            take(*match.span(), "number-word")
    return sorted(found, key=lambda mention: mention.start)


def _ending(word: str) -> str:
    return next((end for end in ("ing", "ed", "ly", "ion", "er", "s") if word.endswith(end) and len(word) > 4), "")


class Swapper:
    """Swaps a name, number, relation or word of a question for another of its kind from the same set of documents.

    What stands after the same word ("did *Chopin*", "in *Paris*"), and for common words also before the same one, is
    taken to be of a kind: crude, but the changed questions mostly stay ones that a person could ask.
    """

    def __init__(self, passages: Iterable[tuple[str, str]], questions: Iterable[str]) -> None:
        """``passages`` are (title, text) pairs: names come from the same title first, then from anywhere."""
        self._names: dict[tuple[str | None, str, str | None], list[str]] = defaultdict(list)
        self._words: dict[tuple[str, str, str], list[str]] = defaultdict(list)
        seen: set[tuple[str | None, str, str, str]] = set()

        def collect(title: str | None, text: str, running: bool) -> None:
            for mention in mentions(text, running=running):
                if not mention.kind.startswith(("name", "year", "number")) or mention.kind == "number-word":
                    continue
                before = _word_before(text, mention.start)
                for scope in {title, None}:
                    if (scope, mention.kind, before, mention.text) not in seen:
                        seen.add((scope, mention.kind, before, mention.text))
                        self._names[scope, mention.kind, before].append(mention.text)
                        self._names[scope, mention.kind, None].append(mention.text)

        for title, text in passages:
            collect(title, text, running=True)
        for question in questions:
            collect(None, question, running=False)
            for slot, word in _content_words(question):
                self._words[slot].append(word.group())

    def swap(self, question: str, passage: str, title: str, rng: Generator) -> tuple[str, str] | None:
        """(changed question, what was put in), or None where nothing can be swapped. A negated question has "" put in.

        What is put in never stands in ``passage`` (compared by stems), else the passage might answer it after all.
        """
        if rng.random() < _NEGATED:
            negated = _negated(question, rng)
            if negated is not None:
                return negated, ""
        held = set(terms(f"{title} {passage}"))
        marked = mentions(question)
        covered = {place for mention in marked for place in range(mention.start, mention.end)}
        marked = [marked[i] for i in rng.permutation(len(marked))]
        words = [(slot, word) for slot, word in _content_words(question) if word.start() not in covered]
        words = [words[i] for i in rng.permutation(len(words))]
        # Common words last: a swapped noun is easier to tell than a swapped name, and oftener harmless.
        words_first = bool(words) and rng.random() < 0.3
        attempts = [(mention.start, mention.end, mention, None) for mention in marked[:3]]
        others = [(word.start(), word.end(), None, slot) for slot, word in words[:3]]
        for start, end, mention, slot in [*others, *attempts] if words_first else [*attempts, *others]:
            for pool in self._pools(question, title, mention, slot, rng):
                new = _fresh(pool, question[start:end], held, rng)
                if new is not None:
                    return question[:start] + new + question[end:], new
        return None

    def _pools(
        self, question: str, title: str, mention: Mention | None, slot: tuple[str, str, str] | None, rng: Generator
    ) -> list[Sequence[str]]:
        """What could stand there instead, the best choices first."""
        if mention is None:
            return [self._words.get(slot, [])] if slot else []
        kind, text = mention.kind, mention.text
        if kind == "relation":
            return [_OPPOSITES[text]]
        if kind == "number-word":
            return [_NUMBER_WORDS]
        before = _word_before(question, mention.start)
        pools: list[Sequence[str]] = [
            self._names.get((title, kind, before), []),
            self._names.get((None, kind, before), []),
            self._names.get((title, kind, None), []),
        ]
        if text.isdigit() and rng.random() < 0.5:
            shifts = (-30, -12, -5, -3, -2, -1, 1, 2, 3, 5, 12, 30)
            pools.insert(0, [str(abs(int(text) + shift)) for shift in shifts])
        return pools


def _negated(question: str, rng: Generator) -> str | None:
    """The opposite of a question ("when was" to "when wasn't", "when was never"), or None where it negates already."""
    found = _AUXILIARY.search(question)
    if found is None or _NEGATION.search(question):
        return None
    word = found.group()
    new = f"{word} never" if rng.random() < 0.2 else _IRREGULAR.get(word, f"{word}n't")
    return question[: found.start()] + new + question[found.end() :]


def _fresh(pool: Sequence[str], text: str, held: set[str], rng: Generator) -> str | None:
    """One of ``pool`` with a stem that is not ``held`` and that differs from ``text``, or None."""
    for _ in range(6 if pool else 0):
        new = pool[int(rng.integers(len(pool)))]
        found = terms(new)
        if found != terms(text) and any(term not in held for term in found):
            return new
    return None


def _word_before(text: str, place: int) -> str:
    found = re.search(r"(\w+)\W*$", text[max(0, place - 30) : place])
    return found.group(1).lower() if found else ""


def _content_words(question: str) -> list[tuple[tuple[str, str, str], re.Match[str]]]:
    """Lower-case words that carry meaning, each with its slot: the word before, its own ending, the word after."""
    found = []
    words = list(_WORD.finditer(question))
    for at in range(1, len(words)):
        word = words[at].group()
        before = words[at - 1].group().lower()
        if word.islower() and len(word) > 3 and word not in FUNCTION_WORDS and word not in _OPPOSITES:
            after = words[at + 1].group().lower() if at + 1 < len(words) else ""
            found.append(((before, _ending(word), after), words[at]))
    return found
