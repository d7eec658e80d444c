"""Quoth beside other systems: the same documents and questions, the same MiniLM weights, one run.

    pip install -e '.[eval]' -r benchmarks/requirements-peers.txt
    pip install --no-deps 'llama-index-retrievers-bm25>=0.8,<0.9'
    python benchmarks/peers.py ../shared/eval/squad2_dev_half_a --json peers.json

Each system is as its documentation has it (`peer_systems.py`), and runs in processes of its own, one after the other:
one that indexes, one that opens the index from the disk and is asked, and for the cold start a new one for each of
`--cold` questions, from its start to its end with the answer printed. Nothing else should run meanwhile. Documents are
given whole, parted by each system's own splitter where it has one by default, and then as Quoth parts them.

R@k is the share of questions with a relevant document among the first k different ones; nDCG@10 is over the documents
of the ten units found, and behind it stands the 95 % interval of its difference to Quoth's passages (a paired bootstrap
over questions). hit@1: the first text unit
that the system returns (a chunk, or Quoth's quote) is of the gold document and holds a whole gold answer; since a long
chunk is likelier to, the units' mean length stands beside it. Indexing counts from the texts to the last byte on the
disk, the model loaded before. Behind a `×` stands the figure's ratio to that of Quoth's quotes.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from peer_systems import PEERS, Found, Peer, Unit

WARM_UP = 5
NEEDED = {
    "txtai": "txtai",
    "haystack": "haystack_integrations.components.embedders.sentence_transformers",
    "langchain": "langchain_community",
    "llamaindex": "llama_index.retrievers.bm25",
    "sentence-transformers": "sentence_transformers",
    "bm25s": "bm25s",
}
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
}


def say(message: str) -> None:
    """One progress line."""
    print(f"[{time.strftime('%H:%M:%S')}] {message}", file=sys.stderr, flush=True)


# ---------------------------------------------------------------------------------- in a process of its own


def peak_megabytes() -> float:
    """The greatest memory of this process so far."""
    import resource

    status = Path("/proc/self/status")
    if status.exists():
        # What the system tells of a process's children may be its parent's
        return next(int(line.split()[1]) / 1024 for line in status.read_text().splitlines() if "VmHWM" in line)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)


def index(peer: Peer, given: dict[str, Any]) -> dict[str, Any]:
    units: list[Unit] = [(owner, title, text) for owner, title, text in given["units"]]
    peer.load()
    began = time.perf_counter()
    count = peer.index(units, split=given["split"])
    return {"units": count, "seconds": time.perf_counter() - began, "megabytes": peak_megabytes()}


def ask(peer: Peer, given: dict[str, Any]) -> dict[str, Any]:
    peer.open()
    for question in given["questions"][:WARM_UP]:
        peer.search(question)
    seconds: list[float] = []
    found: list[Found] = []
    for question in given["questions"]:
        began = time.perf_counter()
        found.append(peer.search(question))
        seconds.append(time.perf_counter() - began)
    return {"seconds": seconds, "found": found, "megabytes": peak_megabytes()}


def cold(peer: Peer, given: dict[str, Any]) -> dict[str, Any]:
    peer.open()
    return {"answer": peer.search(given["question"])[0]}


def child() -> None:
    """Run one task: `peers.py --child TASK PEER FOLDER MODEL`, its object on standard input, its result on fd 1."""
    task, name, folder, model = sys.argv[2:6]
    # What a system prints must not come between
    result = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    done = {"index": index, "ask": ask, "cold": cold}[task](PEERS[name](Path(folder), model), json.load(sys.stdin))
    json.dump(done, result)
    result.flush()


# ------------------------------------------------------------------------------------------- the comparison


def in_child(task: str, name: str, folder: Path, model: str, given: dict[str, Any]) -> tuple[dict[str, Any], float]:
    """The result of a task in a new process, and the seconds from its start to its end."""
    began = time.perf_counter()
    ran = subprocess.run(
        [sys.executable, __file__, "--child", task, name, str(folder), model],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        env=os.environ | OFFLINE,
        check=False,
    )
    seconds = time.perf_counter() - began
    if ran.returncode:
        raise SystemExit(f"{name} failed to {task}:\n{ran.stderr[-2000:]}")
    return json.loads(ran.stdout), seconds


def quoth_cold(name: str, folder: Path, question: str) -> float:
    """The seconds that Quoth's own command takes in a new process."""
    command = "search" if name == "quoth-search" else "ask"
    program = "import sys; from quoth.cli import main; sys.exit(main())"
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", program, command, "--library", str(folder), "--", question],
        capture_output=True,
        check=True,
    )
    return time.perf_counter() - began


def measure(
    name: str, units: Sequence[Unit], split: bool, questions: Sequence[Any], model: str, cold_runs: int
) -> dict[str, Any]:
    """All figures of one system over one form of the documents."""
    texts = [question.text for question in questions]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "index"
        folder.mkdir()
        say(f"  {name}: indexing {len(units):,} units")
        indexed, _ = in_child("index", name, folder, model, {"units": units, "split": split})
        say(f"  {name}: {len(texts):,} questions")
        asked, _ = in_child("ask", name, folder, model, {"questions": texts})
        say(f"  {name}: {cold_runs} new processes, after one that doesn't count")
        starts = [
            quoth_cold(name, folder, texts[run % len(texts)])
            if name.startswith("quoth")
            else in_child("cold", name, folder, model, {"question": texts[run % len(texts)]})[1]
            for run in range(cold_runs + 1)
        ][1:]
    first = [found[0] if found else ("", "") for found in asked["found"]]
    # A quote stands before the passages, whose order is that of the documents
    ranked = [list(dict.fromkeys(o for o, _ in of[name == "quoth" :])) for of in asked["found"]]
    each = gains(questions, ranked)
    return {
        "nDCG@10": statistics.fmean(each),
        "nDCG@10_of_each": each,
        "units": indexed["units"],
        "cold_start_s": statistics.median(starts),
        "question_median_ms": statistics.median(asked["seconds"]) * 1000,
        "question_p95_ms": statistics.quantiles(asked["seconds"], n=20, method="inclusive")[18] * 1000,
        "units_per_s": indexed["units"] / indexed["seconds"],
        "characters_per_s": sum(len(text) for _, _, text in units) / indexed["seconds"],
        "R@1": share([bool(set(of[:1]) & set(q.relevant)) for q, of in zip(questions, ranked, strict=True)]),
        "R@5": share([bool(set(of[:5]) & set(q.relevant)) for q, of in zip(questions, ranked, strict=True)]),
        "hit@1": share([holds(q, *of) for q, of in zip(questions, first, strict=True) if q.answers]),
        "unit_characters": statistics.fmean(len(text) for _, text in first),
        "memory_mb": max(indexed["megabytes"], asked["megabytes"]),
        "memory_asking_mb": asked["megabytes"],
    }


def gains(questions: Sequence[Any], ranked: Sequence[Sequence[str]]) -> list[float]:
    """The nDCG@10 of each question, from documents best first."""
    from quoth.evaluation.measures import ranking_values

    relevant = {question.id: dict(question.relevant) for question in questions}
    found = dict(zip(relevant, ranked, strict=True))
    of = ranking_values(found, relevant)["nDCG@10"]
    return [of[identifier] for identifier in relevant]


def interval(theirs: Sequence[float], ours: Sequence[float]) -> str:
    """The 95 % interval of the mean difference, by resampling questions in pairs."""
    import numpy as np

    differences = np.asarray(theirs) - np.asarray(ours)
    drawn = np.random.default_rng(0).integers(0, len(differences), (1000, len(differences)))
    low, high = np.percentile(differences[drawn].mean(axis=1), [2.5, 97.5])
    return f"{low:+.3f} to {high:+.3f}"


def share(flags: Sequence[bool]) -> float | None:
    return statistics.fmean(flags) if flags else None


def holds(question: Any, owner: str, text: str) -> bool:
    """Whether a unit is of a gold answer's document and holds its words, folded, as whole words."""
    from quoth.evaluation.matching import folded

    here = f" {folded(text)} "
    return any(gold.doc_id == owner and f" {folded(gold.text)} " in here for gold in question.answers)


def forms(dataset: Any, documents: Sequence[str]) -> dict[str, tuple[list[Unit], list[Unit], bool]]:
    """The documents whole, and as Quoth parts them: what Quoth is given, what the others are, and whether they part."""
    from quoth.documents.jsonl import Record
    from quoth.encoder import Encoder
    from quoth.passages import context, split

    encoder = Encoder.load()
    whole: list[Unit] = []
    passages: list[Unit] = []
    for name in documents:
        source = dataset.documents[name]
        whole.append((name, source.title, source.text))
        document = Record(name, source.title, source.text, None).document()
        for passage in split(document, encoder.count_tokens):
            head = context(document.title, passage.heading)
            passages.append((name, head, document.text[passage.start : passage.end]))
    return {"documents": (whole, whole, True), "passages": (whole, passages, False)}


def chosen(dataset: Any, questions: int, documents: int | None) -> tuple[list[Any], list[str]]:
    """A fixed sample of the answerable questions, and their documents with others up to ``documents``."""
    from quoth.evaluation.run import sample

    asked = sample([q for q in dataset.questions if q.relevant and not q.history], questions)
    names = dict.fromkeys(name for question in asked for name in question.relevant)
    for name in dataset.documents:
        if documents is None or len(names) < documents:
            names.setdefault(name)
    return asked, list(names)


COLUMNS = (
    ("cold start", "cold_start_s", "{:.2f} s", True),
    ("question", "question_median_ms", "{:.1f} ms", True),
    ("95th", "question_p95_ms", "{:.1f} ms", True),
    ("characters a second", "characters_per_s", "{:,.0f}", True),
    ("units a second", "units_per_s", "{:.1f}", False),
    ("R@1", "R@1", "{:.3f}", False),
    ("R@5", "R@5", "{:.3f}", False),
    ("nDCG@10", "nDCG@10", "{:.3f}", False),
    ("hit@1", "hit@1", "{:.3f}", False),
    ("unit, characters", "unit_characters", "{:.0f}", False),
    ("memory", "memory_mb", "{:,.0f} MB", True),
)


def table(rows: dict[str, dict[str, Any]]) -> str:
    """A Markdown table, with ratios to Quoth's quotes where a figure is a cost or a rate."""
    lines = ["| | " + " | ".join(label for label, *_ in COLUMNS) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    base, passages = rows.get("quoth"), rows.get("quoth-search")
    for name, row in rows.items():
        cells = []
        for _, key, form, compared in COLUMNS:
            shown = "–" if row[key] is None else form.format(row[key])
            if compared and base is not None and name != "quoth":
                shown += f" (× {row[key] / base[key]:.2f})"
            if key == "nDCG@10" and passages is not None and name != "quoth-search":
                shown += f" ({interval(row['nDCG@10_of_each'], passages['nDCG@10_of_each'])})"
            cells.append(shown)
        lines.append(f"| {PEERS[name].label} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("datasets", nargs="+", type=Path, help="folders in the BEIR layout, or SQuAD's JSON")
    parser.add_argument("--peers", nargs="+", choices=list(PEERS), default=list(PEERS))
    parser.add_argument("--forms", nargs="+", choices=["documents", "passages"], default=["documents", "passages"])
    parser.add_argument("--questions", type=int, default=200, help="a fixed sample of so many of each set")
    parser.add_argument("--documents", type=int, help="index only so many, those of the questions among them")
    parser.add_argument("--cold", type=int, default=5, help="new processes for the cold start")
    parser.add_argument("--json", type=Path, help="also write every figure here")
    options = parser.parse_args()
    missing = [name for name in options.peers if name in NEEDED and not is_there(NEEDED[name])]
    if missing:
        parser.error(
            f"not installed: {', '.join(missing)}; see benchmarks/requirements-peers.txt, or leave out --peers"
        )

    from quoth.benchmark.machine import described, others_now
    from quoth.datasets import read_dataset
    from quoth.model_files import packaged_folder

    others = others_now()
    if others.disturb:
        say(f"WARNING: other processes keep {others.cores:.1f} cores busy; the figures will be wrong")
    machine = described()
    results: dict[str, Any] = {"machine": machine, "cores_busy_with_other_work": others.cores, "versions": versions()}
    print(f"{machine['processor']}, {machine['cores']} cores; " + ", ".join(f"{n} {v}" for n, v in versions().items()))
    for path in options.datasets:
        dataset = read_dataset(path)
        questions, names = chosen(dataset, options.questions, options.documents)
        by_form = forms(dataset, names)
        for form in options.forms:
            whole, units, split = by_form[form]
            say(f"{dataset.name}, {form}: {len(units):,} units, {len(questions):,} questions")
            rows = {
                name: measure(
                    name,
                    whole if name.startswith("quoth") else units,
                    split,
                    questions,
                    str(packaged_folder()),
                    options.cold,
                )
                for name in options.peers
            }
            results.setdefault("sets", {}).setdefault(dataset.name, {})[form] = rows
            print(f"\n## {dataset.name}: {len(names):,} documents, {len(questions):,} questions, {form}\n")
            print(table(rows), flush=True)
            if options.json:
                options.json.write_text(json.dumps(results, indent=1) + "\n")
    print()
    for name in options.peers:
        print(f"- {PEERS[name].label}: {PEERS[name].default}")


def is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def versions() -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for name in (
        "quoth",
        "txtai",
        "haystack-ai",
        "langchain-community",
        "llama-index-core",
        "sentence-transformers",
        "bm25s",
        "faiss-cpu",
        "torch",
    ):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child()
    else:
        main()
