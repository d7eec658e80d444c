"""Compare sentence splitters: `python benchmarks/sentences.py DATASET ...` (BEIR folders, answers marked).

Needs nupunkt and pysbd beside what Quoth installs. Prints Markdown tables: hard cases, gold sentences, and speed on
ordinary and on hostile text.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import nupunkt
import pysbd
from sentencex import get_sentence_boundaries

from quoth.sentences import sentences

Spans = list[tuple[int, int]]

# A bar stands where a sentence should end; it is taken out before splitting.
CASES = (
    "Mr. Leik Boonwaat visited.",
    "I.R.Iran cyber police launched in 2011. |He added this.",
    "He lived in the U.S. |He left.",
    "AVA Diplomatic Reports.|Representetive of UNODC visited.",
    "Use Node.js 3.5 from example.com, e.g.x here. |Then go.",
    "See www.Example.Com and call System.Out.println today.",
    "The value of Eq. 3 and Vol. 2 is approx. 5 here.",
    "- First item\n|- Second item\n|- third",
    "The boats lay side by side along the quay as if nobody\nwould sail in them. |A man came down the steps\nand left.",
    "x = foo.bar(1)\n|y = foo.baz. Quux(2)\n|return x",
    "این چیست؟ |من نمی‌دانم. |او رفت۔ |خوب است.",
    "ما هذا؟ |لا أعرف.",
    "今天天气很好。|我们去公园吧！|好吗？",
    "He waited... |Then he left.",
    "Equipped with the forensics devices.” |Cyber Crime was discovered.",
    "It is known [1]. |Others disagree.[2] |We do not know.",
    "1. Press menu. |2. Select it.",
)
HOSTILE = {"no boundary": "word ", "unclosed quotes": "“a. ", "numbers": "1. ", "endless word": "a"}


def _sentencex(text: str) -> Spans:
    return [(found["start_index"], found["end_index"]) for found in get_sentence_boundaries("en", text)]


def _pysbd(text: str) -> Spans:
    return [
        (found.start, found.end) for found in pysbd.Segmenter(language="en", clean=False, char_span=True).segment(text)
    ]


SPLITTERS: dict[str, Callable[[str], Spans]] = {
    "Quoth": sentences,
    "sentencex": _sentencex,
    "nupunkt": nupunkt.sent_spans,
    "pysbd": _pysbd,
}


def _trimmed(text: str, spans: Spans) -> Spans:
    shorn = ((start, end, text[start:end]) for start, end in spans)
    return [(s + len(t) - len(t.lstrip()), s + len(t.rstrip())) for s, e, t in shorn if t.strip()]


def _cases() -> None:
    print("| case | " + " | ".join(SPLITTERS) + " |\n|---" + "|---" * len(SPLITTERS) + "|")
    for case in CASES:
        text, expected = case.replace("|", ""), [part.strip() for part in case.split("|")]
        row = []
        for split in SPLITTERS.values():
            row.append("yes" if [text[a:b] for a, b in _trimmed(text, split(text))] == expected else "no")
        shown = case.replace("\n", "⏎").replace("|", "‖")
        print(f"| {shown} | " + " | ".join(row) + " |")


def _gold(folder: Path) -> None:
    lines = (folder / "corpus.jsonl").read_text(encoding="utf-8").split("\n")
    texts = {row["_id"]: row["text"] for row in map(json.loads, filter(None, lines))}
    gold: dict[str, set[tuple[int, int]]] = {}
    for line in filter(None, (folder / "queries.jsonl").read_text(encoding="utf-8").split("\n")):
        for answer in json.loads(line).get("metadata", {}).get("answers", []):
            if answer.get("kind") != "short":
                span = (answer["start"], answer["start"] + len(answer["text"]))
                gold.setdefault(answer["doc_id"], set()).update(_trimmed(texts[answer["doc_id"]], [span]))
    chosen = sorted(gold)[:400]
    total = sum(len(gold[name]) for name in chosen)
    for label, split in SPLITTERS.items():
        began = time.perf_counter()
        found = {name: _trimmed(texts[name], split(texts[name])) for name in chosen}
        rate = sum(len(texts[name]) for name in chosen) / (time.perf_counter() - began) / 1e6
        exact = sum(len(gold[name] & set(found[name])) for name in chosen) / total
        cut = sum(any(a < s < b for s, _ in found[name]) for name in chosen for a, b in gold[name]) / total
        print(f"| {folder.name} | {label} | {total} | {exact:.3f} | {cut:.3f} | {rate:.2f} |")


def _speed() -> None:
    print("| input | " + " | ".join(SPLITTERS) + " |\n|---" + "|---" * len(SPLITTERS) + "|")
    for label, unit in HOSTILE.items():
        row = []
        for name, split in SPLITTERS.items():
            taken = []
            for length in (20_000, 80_000):
                text = (unit * (length // len(unit) + 1))[: length if name != "pysbd" else length // 10]
                began = time.perf_counter()
                split(text)
                taken.append(max(time.perf_counter() - began, 1e-6))
            row.append(f"{taken[1] * 1000:.0f} ms (x{taken[1] / taken[0]:.0f})")
        print(f"| {label} | " + " | ".join(row) + " |")


if __name__ == "__main__":
    _cases()
    print("\n| set | splitter | gold | exact | cut | MB/s |\n|---|---|---|---|---|---|")
    for argument in sys.argv[1:]:
        _gold(Path(argument))
    print()
    _speed()
