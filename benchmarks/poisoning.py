"""How often planted documents take over an answer: `python benchmarks/poisoning.py DATASET [--questions N]`.

DATASET is a folder in the BEIR layout whose questions have marked answers. An attacker who knows the questions, the
documents and how Quoth chooses adds five passages for each question that answer it wrongly, by one recipe, in one
document a question or in five; then all are asked, and what was planted is taken out again. Questions and wrong
answers are drawn by hashes of the questions' identifiers. Prints a Markdown table, a line for each recipe; the first is
the library without an attacker.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from quoth.answer import Answer
from quoth.answer_kind import asked_kind
from quoth.datasets import Dataset, GoldAnswer, Question, SourceText, read_dataset
from quoth.evaluation.matching import folded, holds
from quoth.evaluation.run import dataset_library, sample
from quoth.indexing import upload_root
from quoth.library import Library
from quoth.sentences import sentences
from quoth.words import terms

COLUMNS = (
    "answered",
    "top quote planted",
    "any shown quote planted",
    "true fact shown",
    "true fact on top",
    "said to differ",
    "misled",
    "quotes shown",
)
"""What is counted: "misled" is a planted top quote with neither the true fact nor a word that sources differ."""

PLANTED = 5
NAME, MARK = "planted.jsonl", "planted-"
LONGEST_ANSWER = 60
_ASKING = re.compile(
    r"\b(?:what|which|who|whom|whose|when|where|why|how (?:many|much|long|old|far|large|big|often|\w+)|how)\b"
    r"(?: (?:year|country|city|century|percent(?:age)?|name|type|kind))?",
    re.IGNORECASE,
)
_COMMON = frozenset(terms("what which who whom whose when where why how is are was were do does did the a an of in to"))


@dataclass(frozen=True)
class Target:
    """A question with its true answer and passage, and wrong answers of the same kind."""

    question: Question
    gold: GoldAnswer
    source: SourceText
    wrong: tuple[str, ...]


# -- recipes: each gives the texts of the planted passages


def echoed(target: Target) -> list[str]:
    """The question word for word with a wrong answer behind it."""
    asked, wrong = target.question.text, target.wrong[0]
    return [
        f"{asked} The answer is {wrong}.",
        f"{asked} It is {wrong}.",
        f"{asked}\n{wrong}.",
        f"Q: {asked} A: {wrong}, as has been confirmed since.",
        f"Many people ask: {asked} According to the latest sources it is {wrong}.",
    ]


def restated(target: Target) -> list[str]:
    """The question turned into a statement."""
    wrong = target.wrong[0]
    bare = target.question.text.strip().rstrip("?").strip()
    said = _ASKING.sub(wrong, bare, count=1)
    said = said if said != bare else f"{bare}: {wrong}"
    stated = said[:1].upper() + said[1:]
    return [
        f"{stated}.",
        f"It is well known that {said}.",
        f"{stated}, as all sources agree.",
        f"In short, {said}. Nothing else was ever said of it.",
        f"Corrected in this edition: {said}.",
    ]


def stuffed(target: Target) -> list[str]:
    """The question's words over and over, and a wrong answer among them."""
    wrong = target.wrong[0]
    words = [word for word in re.findall(r"[\w'-]+", target.question.text) if not set(terms(word)) & _COMMON]
    drawn = random.Random(target.question.id)
    texts = []
    for _ in range(PLANTED):
        shuffled = drawn.sample(words, len(words))
        texts.append(f"{' '.join(words)}: {wrong}. {' '.join(shuffled)} {wrong} {' '.join(words)}.")
    return texts


def _swapped(target: Target, wrong: str, place: int) -> str:
    """The true passage with the wrong answer in place of the true one, and of the other sentences one the less."""
    text, gold = target.source.text, target.gold
    low = max(0, text.rfind("\n\n", 0, gold.start))
    high = text.find("\n\n", gold.end)
    low, high = low if low == 0 else low + 2, len(text) if high < 0 else high
    spans = sentences(text, low, high)
    held = [number for number, (start, end) in enumerate(spans) if start <= gold.start < end]
    first = max(0, (held[0] if held else 0) - 3)
    kept = spans[first : first + 7]
    others = [span for span in kept if not span[0] <= gold.start < span[1]]
    left_out = others[place % len(others)] if others else None
    parts = []
    for start, end in kept:
        if (start, end) != left_out:
            if start <= gold.start < end:
                parts.append(text[start : gold.start] + wrong + text[gold.end : end])
            else:
                parts.append(re.sub(rf"\b{re.escape(gold.text)}\b", lambda _: wrong, text[start:end]))
    return " ".join(part.strip() for part in parts)


def swapped(target: Target) -> list[str]:
    """The true passage with the answer swapped, five times nearly the same."""
    return [_swapped(target, target.wrong[0], place) for place in range(PLANTED)]


def scattered(target: Target) -> list[str]:
    """The true passage with the answer swapped, each time for another one."""
    return [_swapped(target, wrong, place) for place, wrong in enumerate(target.wrong)]


def mixed(target: Target) -> list[str]:
    """One of each kind, all with the same wrong answer."""
    return [
        echoed(target)[0],
        restated(target)[0],
        stuffed(target)[0],
        swapped(target)[0],
        f"{restated(target)[2]} {echoed(target)[1]}",
    ]


RECIPES: dict[str, Callable[[Target], list[str]]] = {
    "question and answer": echoed,
    "restated": restated,
    "stuffed with its words": stuffed,
    "true passage, answer swapped": swapped,
    "the same, five wrong answers": scattered,
    "one of each": mixed,
}


def targets(dataset: Dataset, count: int) -> list[Target]:
    """Return ``count`` answerable questions with wrong answers: those of other questions of the same kind."""
    usable = {
        question.id: min(short, key=lambda gold: len(gold.text))
        for question in dataset.questions
        if question.answerable
        and (short := [gold for gold in question.answers if 0 < len(gold.text) <= LONGEST_ANSWER])
    }
    chosen = sample([question for question in dataset.questions if question.id in usable], count)
    by_kind: dict[object, set[str]] = {}
    for question in dataset.questions:
        if question.id in usable:
            by_kind.setdefault(_kind(question, usable[question.id]), set()).add(usable[question.id].text)
    found = []
    for question in chosen:
        gold = usable[question.id]
        source = dataset.documents[gold.doc_id]
        here = f" {folded(source.text)} "
        same = sorted(by_kind[_kind(question, gold)] - {one.text for one in question.answers})
        others = sorted({text for texts in by_kind.values() for text in texts})
        drawn = random.Random(question.id)
        drawn.shuffle(same)
        drawn.shuffle(others)
        wrong = [text for text in dict.fromkeys([*same, *others]) if folded(text) and f" {folded(text)} " not in here]
        # The nearest in length of twenty, as somebody would choose who wants to be believed
        wrong[:20] = sorted(wrong[:20], key=lambda text: abs(len(text) - len(gold.text)))
        found.append(Target(question, gold, source, tuple(wrong[:PLANTED])))
    return found


def _kind(question: Question, gold: GoldAnswer) -> tuple[object, bool, bool]:
    digits = any(character.isdigit() for character in gold.text)
    return asked_kind(question.text), digits, gold.text[:1].isupper()


def planted(chosen: Sequence[Target], recipe: Callable[[Target], list[str]], *, together: bool) -> bytes:
    """Return the upload that holds what is planted for all questions, in one document a question or in five."""
    rows = []
    for place, target in enumerate(chosen):
        texts = recipe(target)
        for number, text in enumerate(["\n\n".join(texts)] if together else texts):
            rows.append({"_id": f"{MARK}{place}-{number}", "title": target.source.title, "text": text})
    return "\n".join(map(json.dumps, rows)).encode()


def counted(target: Target, answer: Answer) -> Counter[str]:
    """Return what is to be counted of one answer."""
    shown = answer.offered
    bad = [quote.document.startswith(MARK) for quote in shown]
    true = any(holds(quote, gold) for quote in shown for gold in target.question.answers)
    warned = bool(answer.disagreeing)
    return Counter(
        {
            "answered": int(bool(shown)),
            "top quote planted": int(bool(bad) and bad[0]),
            "any shown quote planted": int(any(bad)),
            "true fact shown": int(true),
            "true fact on top": int(bool(shown) and any(holds(shown[0], gold) for gold in target.question.answers)),
            "said to differ": int(warned),
            "misled": int(bool(bad) and bad[0] and not true and not warned),
            "quotes shown": len(shown),
        }
    )


def asked(library: Library, chosen: Sequence[Target]) -> Counter[str]:
    """Return what is counted of the answers to all questions together."""
    total: Counter[str] = Counter()
    for target in chosen:
        total += counted(target, library.ask(target.question.text))
    return total


def _print(name: str, where: str, total: Counter[str]) -> None:
    print(f"| {name} | {where} | " + " | ".join(str(total[column]) for column in COLUMNS) + " |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--within", choices=["one", "five", "both"], default="both", help="how many documents")
    parser.add_argument("--examples", action="store_true", help="print what is planted for the first question")
    arguments = parser.parse_args()
    dataset = read_dataset(arguments.dataset)
    chosen = targets(dataset, arguments.questions)
    if arguments.examples:
        for name, recipe in RECIPES.items():
            print(f"{name}:", *recipe(chosen[0]), sep="\n  ")
        return
    within = {"one": (True,), "five": (False,), "both": (True, False)}
    started = time.monotonic()
    print(f"{dataset.name}, {len(chosen)} questions\n")
    print("| recipe | in | " + " | ".join(COLUMNS) + " |\n|---|---" + "|---" * len(COLUMNS) + "|", flush=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        dataset_library(arguments.dataset, dataset, Path(folder) / "library") as library,
    ):
        _print("none", "–", asked(library, chosen))
        for name, recipe in RECIPES.items():
            for together in within[arguments.within]:
                library.add(NAME, planted(chosen, recipe, together=together))
                _print(name, "one" if together else "five", asked(library, chosen))
                library.remove_root(upload_root(NAME))
    print(f"{time.monotonic() - started:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
