"""Make of a data set one whose questions are misspelt, chatty, or follow others, to be asked with ``quoth eval``.

    python benchmarks/untidy.py misspelt ../shared/eval/squad2_dev_half_a /tmp/misspelt --limit 400
    quoth eval /tmp/misspelt

- ``misspelt``: a third of the words of five letters and more, one at least, have a slip: two letters swapped, one left
  out, one doubled, or a wrong one.
- ``chatty``: greetings before them and thanks behind them, as in a chat.
- ``followed``: a name that an earlier question on the same title has is "it", or "its"; that question is the history.
- ``unrelated``: the same questions, not changed, with the earlier question of another one as their history.
- ``bare``: the same questions, not changed, without one.

The last three need titles that several questions are about.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.random import Generator

from quoth.training.untidy import slipped

Record = dict[str, object]

_WORD = re.compile(r"[A-Za-z]{5,}")
_NAME = re.compile(r"(?<=\s)(?:the )?[A-Z][\w.-]+(?:(?: of| the| and)*\s[A-Z][\w.-]+)*(?:['’]s)?")
_BEFORE = (
    "hey guys, quick question:",
    "does anyone know",
    "can someone tell me",
    "Hi! I was wondering,",
    "quick one for my homework:",
    "sorry if this was asked before but",
    "ok so",
    "please tell me",
    "hello bot,",
    "I'm confused,",
    "yo",
    "Good morning everyone. I need to know:",
    "@Quoth",
)
_BEHIND = ("", "", "thanks!", "pls", "thx in advance :)", "asking for a friend", "", "lol", "🤔")
_SHARE = 0.35
_OF_A_TITLE = 14


def main() -> None:
    """Write the data set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind", choices=("misspelt", "chatty", "followed", "unrelated", "bare"))
    parser.add_argument("dataset", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--limit", type=int, default=400, help="questions, chosen by a hash of their ids")
    options = parser.parse_args()
    random = np.random.default_rng(5)
    questions = [json.loads(line) for line in (options.dataset / "queries.jsonl").read_text("utf-8").splitlines()]
    questions.sort(key=lambda question: hashlib.sha256(question["_id"].encode()).digest())
    if options.kind == "misspelt":
        made = [question | {"text": misspelt(question["text"], random)} for question in questions[: options.limit]]
    elif options.kind == "chatty":
        made = [question | {"text": chatty(question["text"], random)} for question in questions[: options.limit]]
    else:
        made = followed(questions, titles(options.dataset), random)[: options.limit]
        shuffled = random.permutation(len(made)).tolist()
        for question, other in zip(made, [made[place]["history"] for place in shuffled], strict=True):
            if options.kind != "followed":
                question |= {"text": question.pop("original"), "history": other if options.kind == "unrelated" else []}
    write(made, options.dataset, options.out)
    print(f"{len(made)} questions in {options.out}")


def misspelt(text: str, random: Generator) -> str:
    """Return a question with slips in some of its longer words."""
    words = list(_WORD.finditer(text))
    chosen = [word for word in words if random.random() < _SHARE] or words[: 1 if words else 0]
    for word in reversed(chosen):
        at = int(random.integers(word.start() + 1, word.end() - 1))
        wrong = str(random.choice(list("etaoinsr")))
        text = slipped(text, at, int(random.integers(4)), wrong)
    return text


def chatty(text: str, random: Generator) -> str:
    """Return a question as it might be asked in a chat."""
    before, behind = random.choice(_BEFORE), random.choice(_BEHIND)
    return f"{before} {text[:1].lower()}{text[1:].strip()} {behind}".strip()


def titles(dataset: Path) -> dict[str, str]:
    """Return each document's title by its id."""
    records = (json.loads(line) for line in (dataset / "corpus.jsonl").read_text("utf-8").splitlines())
    return {record["_id"]: record.get("title", "") for record in records}


def followed(questions: list[Record], titles: dict[str, str], random: Generator) -> list[Record]:
    """Return answerable questions that lean on an earlier one for a name; ``original`` is the text as it was."""
    by_title: dict[str, list[Record]] = defaultdict(list)
    for question in questions:
        answers = question.get("metadata", {}).get("answers")  # type: ignore[attr-defined]
        if answers:
            by_title[titles[answers[0]["doc_id"]]].append(question)
    made: list[Record] = []
    for of_title in by_title.values():
        leaning = [found for question in of_title if (found := _leaning(question, of_title, random)) is not None]
        made += leaning[:_OF_A_TITLE]
    return made


def _leaning(question: Record, of_title: list[Record], random: Generator) -> Record | None:
    text = str(question["text"])
    names = list(_NAME.finditer(text))
    random.shuffle(names)  # type: ignore[arg-type]
    for name in names:
        plain = re.sub(r"^the |['’]s$", "", name[0])
        earlier = [str(one["text"]) for one in of_title if one is not question and plain in str(one["text"])]
        if earlier and text.count(plain) == 1:
            pronoun = "it" if name[0].endswith(plain) else "its"
            leaning = text[: name.start()] + pronoun + text[name.end() :]
            history = [{"question": str(random.choice(earlier))}]
            return question | {"text": leaning, "original": text, "history": history}
    return None


def write(questions: list[Record], source: Path, folder: Path) -> None:
    """Write questions as a data set on the documents of another one."""
    (folder / "qrels").mkdir(parents=True, exist_ok=True)
    shutil.copy(source / "corpus.jsonl", folder)
    ids = {question["_id"] for question in questions}
    header, *lines = (source / "qrels" / "test.tsv").read_text("utf-8").splitlines()
    kept = [line for line in lines if line.split("\t")[0] in ids]
    (folder / "qrels" / "test.tsv").write_text("\n".join([header, *kept]) + "\n", "utf-8")
    text = "".join(json.dumps(question, ensure_ascii=False) + "\n" for question in questions)
    (folder / "queries.jsonl").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
