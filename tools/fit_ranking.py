"""Fit the small models of ``src/quoth/data/ranking.json``: passage fusion, reranking, choice of quote, confidence.

    python tools/fit_ranking.py --sets ../shared/eval/selqa_dev … [--questions 400] [--write]

Each is a linear model over the signals that the library itself measures. Figures are printed for each set with the
weights fitted on the others only; what is written is fitted on all. Every set counts the same, whatever its size.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from platformdirs import user_cache_path

from quoth import confidence, read, rerank, signals
from quoth.datasets import Dataset, read_dataset
from quoth.datasets import Question as SetQuestion
from quoth.encoder import Encoder
from quoth.evaluation.matching import folded
from quoth.evaluation.platt import even_threshold
from quoth.index import live
from quoth.index.dense import DenseIndex
from quoth.index.lexical import LexicalIndex
from quoth.library import Library
from quoth.question import Question, understand
from quoth.reader import Reader, Reading, Row
from quoth.retrieve import PROMISING, Ranked, candidates, promising, ranked_by, softmax
from quoth.store import Store
from quoth.texts import TextCache, Texts
from quoth.weights import Linear, linear

TARGET = Path(__file__).parent.parent / "src" / "quoth" / "data" / "ranking.json"
FUSION = tuple(name for name in signals.NAMES if name != "cosine")
QUOTE_LENGTH = 200  # mean characters of the first quote that the length penalty is set to
SAME_TEXTS = (
    {"squad2_dev_half_a", "squad2_dev_half_a_removed", "disflqa_half_a"},
    {"nq_oracle", "nq_oracle_removed"},
    {"pquad_val_fa", "pquad_val_fa_removed"},
)
FEWER_MISLEADING = 2  # of the questions that mislead, to one that is answerable or whose answer was taken out
MISLEADING = 0.2  # of the weight of all questions that have no answer
SMALL = 20
MIDDLE = 600


@dataclass
class Case:
    """A question in one state of a library: candidates with signals, and which of them are gold."""

    question: Question
    source: SetQuestion
    rows: np.ndarray
    signals: np.ndarray
    gold: np.ndarray
    state: str
    ranked: Ranked | None = None
    readings: rerank.Readings | None = None
    windows: list[read.Window] = field(default_factory=list)
    window_signals: np.ndarray | None = None
    window_gold: np.ndarray | None = None


@dataclass
class Collected:
    """All cases of a dataset, and what is needed to read on from them."""

    name: str
    dataset: Dataset
    cases: list[Case]
    texts: dict[int, Texts]


def really_lacks(dataset: Dataset) -> bool:
    """Whether the documents that would answer the set's unanswerable questions were taken out of it."""
    return dataset.name.endswith("_removed")


def is_misleading(dataset: Dataset, question: SetQuestion) -> bool:
    """Whether a question was written for a document of the set that doesn't answer it."""
    return not question.relevant and question.answerable is False and not really_lacks(dataset)


def sample(dataset: Dataset, count: int) -> list[SetQuestion]:
    """Return ``count`` questions that the library answers, or truly does not, and some that mislead.

    They are chosen by a hash of their id.
    """
    by_hash = sorted(dataset.questions, key=lambda question: hashlib.sha256(question.id.encode()).digest())
    having = [question for question in by_hash if question.relevant or really_lacks(dataset)]
    misleading = [question for question in by_hash if is_misleading(dataset, question)]
    return having[:count] + misleading[: count // FEWER_MISLEADING]


def restricted(passages: live.IndexedPassages, keep: np.ndarray) -> live.IndexedPassages:
    """Return the library as it would be with these rows only."""
    terms = passages.loaded.terms.take(keep)
    loaded = live.LoadedPassages(
        passages.ids[keep],
        passages.document_ids[keep],
        terms,
        DenseIndex(passages.dense.vectors(keep)),
        LexicalIndex(terms),
    )
    return replace(
        passages,
        ids=loaded.ids,
        document_ids=loaded.document_ids,
        size=len(loaded.ids),
        documents=len(np.unique(loaded.document_ids)),
        loaded=loaded,
        dense=loaded.dense,
        lexical=loaded.lexical,
    )


def collect(path: Path, encoder: Encoder, count: int, folder: Path) -> Collected:
    """Index a dataset and measure the candidates of its questions, with and without their relevant documents."""
    dataset = read_dataset(path)
    with Library.open(folder / path.name, encoder=encoder) as library:
        library.index([path / "corpus.jsonl"])
    store = Store.open(folder / path.name)
    passages = live.load(store, None)
    cache = TextCache()
    names = {record.id: record.name for record in store.documents()}
    ids = {name: number for number, name in names.items()}
    chosen = sample(dataset, count)
    questions = understand([question.text for question in chosen], encoder, passages.vocabulary)
    random = np.random.default_rng(1)
    cases: list[Case] = []
    texts_of: dict[int, Texts] = {}
    all_documents = np.unique(passages.document_ids)
    for number, (question, source) in enumerate(zip(questions, chosen, strict=True)):
        relevant = np.array([ids[name] for name in source.relevant if name in ids])
        whole = "full" if source.relevant else "misleading-" if is_misleading(dataset, source) else "full-"
        states: list[tuple[str, live.IndexedPassages, np.ndarray | None]] = [(whole, passages, None)]
        if source.relevant and not really_lacks(dataset):
            without = np.flatnonzero(~np.isin(passages.document_ids, relevant))
            states.append(("full-", passages, without))
        if number % 4 == 0 and source.relevant:
            for size, label in ((SMALL, "small"), (MIDDLE, "middle")):
                if label == "middle" and len(all_documents) < 2 * MIDDLE:
                    continue
                others = random.permutation(all_documents[~np.isin(all_documents, relevant)])[:size]
                for documents, sign in ((np.append(others[:-1], relevant[:1]), ""), (others, "-")):
                    keep = np.flatnonzero(np.isin(passages.document_ids, documents))
                    states.append((label + sign, restricted(passages, keep), None))
        for state, indexed, among in states:
            texts = Texts(store, indexed, cache)
            rows, measured = candidates(question, indexed, texts, among=among)
            gold = np.isin(indexed.document_ids[rows], relevant)
            cases.append(Case(question, source, rows, measured, gold, state))
            texts_of[id(cases[-1])] = texts
        if number % 100 == 99:
            print(f"  {path.name}: {number + 1}/{len(chosen)}", file=sys.stderr, flush=True)
    return Collected(dataset.name, dataset, cases, texts_of)


def fit_listwise(
    groups: Sequence[Sequence[tuple[np.ndarray, np.ndarray]]], l2: float = 2e-3
) -> tuple[np.ndarray, float]:
    """Fit a softmax over each question's candidates to the gold ones; groups (datasets) weigh the same.

    Returns raw weights (not standardised ones), shape ``(m,)``.
    """
    groups = [[(x, g) for x, g in group if g.any() and not g.all()] for group in groups]
    groups = [group for group in groups if group]
    stacked = np.concatenate([x for group in groups for x, _ in group])
    scale = stacked.std(0) + 1e-6
    tensors = []
    for group in groups:
        longest = max(len(x) for x, _ in group)
        x_all = np.zeros((len(group), longest, stacked.shape[1]), np.float32)
        real = np.zeros((len(group), longest), bool)
        gold = np.zeros((len(group), longest), bool)
        for place, (x, g) in enumerate(group):
            x_all[place, : len(x)] = x / scale
            real[place, : len(x)] = True
            gold[place, : len(x)] = g
        tensors.append((torch.tensor(x_all), torch.tensor(real), torch.tensor(gold)))
    weights = torch.zeros(stacked.shape[1], requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = l2 * (weights**2).sum()
        for x, real, gold in tensors:
            scores = (x @ weights).masked_fill(~real, -1e9)
            right = torch.logsumexp(scores.masked_fill(~gold, -1e9), 1)
            loss = loss + (torch.logsumexp(scores, 1) - right).mean() / len(tensors)
        loss.backward()
        return loss

    optimizer.step(closure)
    return weights.detach().numpy() / scale


def fit_logistic(groups: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]], l2: float) -> tuple[np.ndarray, float]:
    """Fit a logistic model; each group is (signals, labels, weights). Returns raw weights and the bias."""
    x = np.concatenate([group[0] for group in groups])
    y = torch.tensor(np.concatenate([group[1] for group in groups]).astype(np.float32))
    w = torch.tensor(np.concatenate([group[2] / group[2].sum() for group in groups]).astype(np.float32)) / len(groups)
    mean, scale = x.mean(0), x.std(0) + 1e-6
    tensor = torch.tensor((x - mean) / scale)
    weights = torch.zeros(x.shape[1] + 1, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        logits = tensor @ weights[:-1] + weights[-1]
        losses = torch.nn.functional.binary_cross_entropy_with_logits(logits, y, reduction="none")
        loss = (losses * w).sum() + l2 * (weights[:-1] ** 2).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    raw = weights.detach().numpy()
    return raw[:-1] / scale, float(raw[-1] - (raw[:-1] * mean / scale).sum())


def others(name: str, collected: Sequence[Collected]) -> list[Collected]:
    """Return the sets that share no text with ``name``."""
    banned = {name}.union(*(group for group in SAME_TEXTS if name in group))
    return [one for one in collected if one.name not in banned]


def fit_promise(collected: Sequence[Collected], fusion: Linear) -> Linear:
    """Fit what candidates are worth by the signals that need no text, so that it differs least from ``fusion``.

    By least squares over the candidates of each question about their mean; sets weigh the same.
    """
    columns = [signals.NAMES.index(name) for name in FUSION if name not in signals.OF_TEXTS]
    products, targets = np.zeros((len(columns), len(columns))), np.zeros(len(columns))
    for one in collected:
        inside = [case.signals for case in one.cases if case.state == "full" and len(case.rows) > 1]
        for x in inside:
            known, scores = x[:, columns].astype(np.float64), fusion(x).astype(np.float64)
            known, scores = known - known.mean(0), scores - scores.mean()
            products += known.T @ known / len(x) / len(inside)
            targets += known.T @ scores / len(x) / len(inside)
    full = np.zeros(len(signals.NAMES), np.float32)
    full[columns] = np.linalg.solve(products + 1e-6 * np.trace(products) * np.eye(len(columns)), targets)
    return Linear(signals.NAMES, full, 0.0)


def kept_by(promise: Linear, one: Collected, fusion: Linear) -> tuple[float, float, float, float]:
    """Return the shares that are kept of what is best, of the ten best and of all probability, and of the texts."""
    found = []
    for case in one.cases:
        if case.state == "full" and len(case.rows):
            documents = np.array([one.texts[id(case)].document_id(row) for row in case.rows.tolist()])
            kept = promising(promise(case.signals), documents, PROMISING)
            scores = fusion(case.signals)
            best = np.argsort(-scores, kind="stable")[:10]
            here = np.isin(best, kept)
            found.append((here[0], here.mean(), softmax(scores)[kept].sum(), len(kept) / len(scores)))
    return tuple(np.mean(found, 0))  # type: ignore[return-value]


def ndcg(documents: Sequence[str], case: Case) -> float:
    """Return nDCG@10 of documents in order, linear gain."""
    grades = case.source.relevant
    gains = sum(grades.get(name, 0.0) / np.log2(place + 2) for place, name in enumerate(documents[:10]))
    best = sum(g / np.log2(place + 2) for place, g in enumerate(sorted(grades.values(), reverse=True)[:10]))
    return gains / best if best else 0.0


def ranking_figures(
    one: Collected, score: Callable[[np.ndarray], np.ndarray] | None = None
) -> tuple[float, float, float]:
    """Return R@1, R@5 and nDCG@10 of the cases as they are ranked, or by a score of their signals."""
    found = []
    for case in one.cases:
        if case.state != "full":
            continue
        texts = one.texts[id(case)]
        rows = case.ranked.rows if score is None else case.rows[np.argsort(-score(case.signals), kind="stable")]
        documents = list(dict.fromkeys(texts.document(row).name for row in rows.tolist()))
        relevant = set(case.source.relevant)
        found.append((documents[0] in relevant, bool(relevant & set(documents[:5])), ndcg(documents, case)))
    return tuple(np.mean(found, 0))  # type: ignore[return-value]


def holds_answer(text: str, case: Case) -> bool:
    """Whether a quote of a gold document holds a whole gold answer."""
    quote = f" {folded(text)} "
    return any(f" {folded(answer.text)} " in quote for answer in case.source.answers)


class RememberingReader(Reader):
    """A reader that reads a passage once for a question: the states of a library share most of their passages."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._known: dict[tuple[tuple[int, ...], bytes], Reading] = {}

    def knows_language(self, text: str) -> bool:
        """Whether the reader knows a text's language."""
        return self._reader.knows_language(text)

    def rows(self, question: str, passages: Sequence[tuple[str, str]]) -> list[Row]:
        """Return what the network is given of passages."""
        return self._reader.rows(question, passages)

    def read_rows(self, rows: Sequence[Row]) -> list[Reading]:
        """Read what was not read before."""
        keys = [(tuple(row.tokens), row.spans.tobytes()) for row in rows]
        missing = {key: row for key, row in zip(keys, rows, strict=True) if key not in self._known}
        self._known |= dict(zip(missing, self._reader.read_rows(list(missing.values())), strict=True))
        return [self._known[key] for key in keys]


def rank_all(one: Collected, fusion: Linear, reader: Reader | None = None, model: Linear | None = None) -> None:
    """Rank every case's candidates; with a ``reader``, read the best ones and rank them anew.

    Without a ``model`` for that, all passages are read that ever may be, of the cases that one is fitted to.
    """
    for number, case in enumerate(one.cases):
        texts = one.texts[id(case)]
        case.ranked, case.readings = ranked_by(fusion, case.rows, case.signals, texts), None
        if reader is None or not len(case.rows) or not reader.knows_language(case.question.text):
            continue
        if model is None and case.state != "full":
            continue
        by_retrieval = model or Linear(rerank.NAMES, np.eye(len(rerank.NAMES), dtype=np.float32)[0], 0.0)
        margin = rerank.MARGIN if model else np.inf
        ranked, case.readings = rerank.read_best(reader, case.question, case.ranked, texts, by_retrieval, margin)
        if model is not None:
            case.ranked = ranked
        if number % 200 == 199:
            print(f"  {one.name}: {number + 1}/{len(one.cases)} read", file=sys.stderr, flush=True)


def read_all(one: Collected) -> None:
    """Find the windows of every case's best passages, and mark the gold ones."""
    for case in one.cases:
        texts = one.texts[id(case)]
        case.windows, case.window_signals = read.windows(case.question, case.ranked, texts, case.readings)
        gold_documents = {answer.doc_id for answer in case.source.answers}
        case.window_gold = np.array(
            [
                texts.document(w.row).name in gold_documents
                and holds_answer(texts.document(w.row).text[w.start : w.end], case)
                for w in case.windows
            ],
            bool,
        )


def mean_length(cases: Sequence[Case], weights: np.ndarray) -> float:
    """Return the mean length in characters of the first quotes."""
    column = read.NAMES.index("length")
    return float(
        np.mean(
            [100 * c.window_signals[np.argmax(c.window_signals @ weights), column] for c in cases if len(c.windows)]
        )
    )


def with_length(weights: np.ndarray, collected: Sequence[Collected]) -> np.ndarray:
    """Return the weights with the length penalty at which first quotes have ``QUOTE_LENGTH`` characters in the mean."""
    column = read.NAMES.index("length")
    cases = [case for one in collected for case in one.cases if case.state == "full" and case.source.answers]
    low, high = -6.0, 3.0
    for _ in range(18):
        weights = weights.copy()
        weights[column] = (low + high) / 2
        if mean_length(cases, weights) > QUOTE_LENGTH:
            high = weights[column]
        else:
            low = weights[column]
    return weights


def first_quotes(case: Case, weights: np.ndarray, count: int) -> list[int]:
    """Return the places of the best windows that do not overlap."""
    kept: list[int] = []
    for place in np.argsort(-(case.window_signals @ weights), kind="stable").tolist():
        w = case.windows[place]
        before = (case.windows[other] for other in kept)
        if all(w.row != o.row or w.end <= o.start or w.start >= o.end for o in before):
            kept.append(place)
        if len(kept) == count:
            break
    return kept


def hits(one: Collected, weights: np.ndarray) -> tuple[float, float, float]:
    """Return hit@1, hit@3 (overlapping windows count as one quote) and the mean length."""
    cases = [c for c in one.cases if c.state == "full" and c.source.answers]
    first, third = [], []
    for case in cases:
        kept = first_quotes(case, weights, 3)
        first.append(bool(case.window_gold[kept[:1]].any()))
        third.append(bool(case.window_gold[kept].any()))
    return float(np.mean(first)), float(np.mean(third)), mean_length(cases, weights)


def confidence_rows(
    one: Collected, quote: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str], np.ndarray]:
    """Return signals, labels (the first quote is right), weights at even odds, states, and labels of three quotes."""
    x, y, states, shown = [], [], [], []
    for case in one.cases:
        if not case.source.answers and not case.state.endswith("-"):
            continue
        scores = case.window_signals @ quote
        rows = np.array([w.row for w in case.windows])
        x.append(confidence.measure(case.question, case.ranked, case.window_signals, scores, rows, case.readings))
        kept = first_quotes(case, quote, 3)
        y.append(bool(case.window_gold[kept[:1]].any()))
        shown.append(bool(case.window_gold[kept].any()))
        states.append(case.state)
    return np.array(x), np.array(y), even_weights(states), states, np.array(shown)


def even_weights(states: Sequence[str]) -> np.ndarray:
    """Return weights under which answerable and unanswerable questions come to the same."""
    misleading = np.array([state == "misleading-" for state in states])
    absent = np.array([state.endswith("-") for state in states]) & ~misleading
    share = MISLEADING if misleading.any() else 0.0
    parts = ((misleading, share), (absent, 1 - share), (~misleading & ~absent, 1.0))
    return sum(np.where(part, share / max(1, part.sum()), 0.0) for part, share in parts)  # type: ignore[return-value]


def auroc(scores: np.ndarray, positive: np.ndarray) -> float:
    """Return the chance that a positive scores above a negative."""
    p, n = scores[positive], scores[~positive]
    return float(np.mean((p[:, None] > n[None, :]) + 0.5 * (p[:, None] == n[None, :])))


def main() -> None:
    """Collect, fit, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="+", type=Path, required=True)
    parser.add_argument("--calibrate", nargs="*", type=Path, default=[], help="sets for the confidence alone")
    parser.add_argument("--questions", type=int, default=400)
    parser.add_argument("--libraries", type=Path, default=user_cache_path("quoth") / "fit")
    parser.add_argument("--read-questions", type=int, default=120, help="of them, those that the reader is asked")
    parser.add_argument("--reader", choices=("on", "off"), default="on")
    parser.add_argument("--promise", action="store_true", help="fit only what is worth reading, to the fusion there is")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    encoder = Encoder.load()
    collected = [
        collect(path, encoder, options.questions, options.libraries) for path in [*options.sets, *options.calibrate]
    ]
    calibration = {path.name for path in options.calibrate}
    if options.promise:
        result = json.loads(TARGET.read_text())
        ranking = [one for one in collected if one.name not in calibration]
        fit_and_show_promise(collected, ranking, result["models"], linear("fusion", signals.NAMES))
    else:
        reader = Reader.load() if options.reader == "on" else None
        result = fit(collected, calibration, reader, options.read_questions)
    if options.write:
        TARGET.write_text(json.dumps(result, indent=1) + "\n")


def fit(collected: list[Collected], calibration: set[str], reader: Reader | None, to_read: int) -> dict[str, object]:
    """Fit all models, print the figures of each set under weights from the others, and return the file.

    The ``reader`` is asked the first ``to_read`` questions of each set. Sets in ``calibration`` fit the confidence
    only: they are parts of others, or would make one language count more.
    """
    ranking = [one for one in collected if one.name not in calibration]
    columns = [signals.NAMES.index(name) for name in FUSION]

    def fusion_of(sets: Sequence[Collected]) -> Linear:
        groups = [[(c.signals[:, columns], c.gold) for c in one.cases if c.state == "full"] for one in sets]
        full = np.zeros(len(signals.NAMES), np.float32)
        full[columns] = fit_listwise(groups)
        return Linear(signals.NAMES, full, 0.0)

    def column(name: str) -> Callable[[np.ndarray], np.ndarray]:
        return lambda x: x[:, signals.NAMES.index(name)]

    print(f"{'set':28} BM25 R@1 nDCG  | encoder       | fused R@1 R@5 nDCG (weights from other sets)")
    left_out: dict[str, Linear] = {}
    for one in collected:
        left_out[one.name] = fusion_of(others(one.name, ranking))
        rank_all(one, left_out[one.name])
        b, e = (ranking_figures(one, s) for s in (column("bm25"), column("cosine")))
        f = ranking_figures(one)
        print(
            f"{one.name:28} {b[0]:.3f} {b[2]:.3f} | {e[0]:.3f} {e[2]:.3f} | {f[0]:.3f} {f[1]:.3f} {f[2]:.3f}",
            flush=True,
        )
    fusion = fusion_of(ranking)
    print("fusion", {name: round(float(w), 3) for name, w in zip(signals.NAMES, fusion.weights, strict=True)})
    models = {"fusion": named(signals.NAMES, fusion.weights)}
    fit_and_show_promise(collected, ranking, models, fusion)
    thresholds: dict[str, float] = {}
    print("-- without a reader")
    fit_choice(collected, ranking, models, thresholds, "", read.NAMES, confidence.NAMES, l2=1e-3)
    if reader is not None:
        print("-- with the reader")
        reading = [to_be_read(one, to_read, reader) for one in collected]
        reading = [one for one in reading if one.cases]
        fit_rerank(reading, [one for one in reading if one.name not in calibration], left_out, models, reader)
        ranking = [one for one in reading if one.name not in calibration]
        # Fewer questions and more signals that say nearly the same than without a reader
        fit_choice(reading, ranking, models, thresholds, "_read", read.READER_NAMES, confidence.READER_NAMES, l2=1e-2)
    return {"sets": [one.name for one in collected], "thresholds": thresholds, "models": models}


def fit_and_show_promise(
    collected: Sequence[Collected], ranking: Sequence[Collected], models: dict[str, dict[str, float]], fusion: Linear
) -> None:
    """Fit which candidates are worth reading, and print what of each set is kept under weights from the others."""
    print(f"{'set':28} kept: the best, of the ten best, of all probability, of the texts (weights from other sets)")
    for one in collected:
        shares = kept_by(fit_promise(others(one.name, ranking), fusion), one, fusion)
        print(f"{one.name:28} {{:.3f}} {{:.3f}} {{:.3f}} {{:.3f}}".format(*shares), flush=True)
    models["promise"] = named(signals.NAMES, fit_promise(ranking, fusion).weights)
    print("promise", models["promise"])


def to_be_read(one: Collected, count: int, reader: Reader) -> Collected:
    """Return a set with those of its first ``count`` questions that the ``reader`` is asked."""
    first: set[str] = set()
    for misleading, wanted in ((False, count), (True, count // FEWER_MISLEADING)):
        kind = [case.source.id for case in one.cases if (case.state == "misleading-") is misleading]
        first.update(list(dict.fromkeys(kind))[:wanted])
    cases = [case for case in one.cases if case.source.id in first and reader.knows_language(case.question.text)]
    return Collected(one.name, one.dataset, cases, one.texts)


def fit_rerank(
    collected: list[Collected],
    ranking: list[Collected],
    left_out: dict[str, Linear],
    models: dict[str, dict[str, float]],
    reader: Reader,
) -> None:
    """Read with the reader, fit the ranking of what was read, and rank every case by weights from the other sets."""
    remembering = RememberingReader(reader)
    groups: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
    for one in collected:
        rank_all(one, left_out[one.name], remembering)
        groups[one.name] = []
        for case in one.cases:
            if case.state == "full" and case.readings is not None:
                measured = rerank.measure(case.ranked, case.readings)
                gold_of = dict(zip(case.rows.tolist(), case.gold.tolist(), strict=True))
                gold = np.array([gold_of[row] for row in case.ranked.rows[: len(measured)].tolist()], bool)
                groups[one.name].append((measured, gold))
    print(f"{'set':28} reranked R@1 R@5 nDCG | passages read (weights from other sets)")
    for one in collected:
        weights = fit_listwise([groups[other.name] for other in others(one.name, ranking)])
        rank_all(one, left_out[one.name], remembering, Linear(rerank.NAMES, weights, 0.0))
        f = ranking_figures(one)
        count = np.mean([len(case.readings.by_row) for case in one.cases if case.readings])
        print(f"{one.name:28} {f[0]:.3f} {f[1]:.3f} {f[2]:.3f} | {count:.1f}", flush=True)
    weights = fit_listwise([groups[one.name] for one in ranking])
    models["rerank"] = named(rerank.NAMES, weights)
    print("rerank", models["rerank"])


def fit_choice(
    collected: list[Collected],
    ranking: list[Collected],
    models: dict[str, dict[str, float]],
    thresholds: dict[str, float],
    suffix: str,
    window_names: Sequence[str],
    confidence_names: Sequence[str],
    *,
    l2: float,
) -> None:
    """Fit the choice of the quote and the confidence in it, over what ``rank_all`` ranked.

    ``l2`` is the penalty on the confidence's weights.
    """
    having = [one for one in collected if any(question.answers for question in one.dataset.questions)]
    for one in having:
        read_all(one)

    def quote_of(sets: Sequence[Collected]) -> np.ndarray:
        groups = [
            [(c.window_signals, c.window_gold) for c in one.cases if c.state == "full" and c.source.answers]
            for one in sets
        ]
        return with_length(fit_listwise(groups), sets)

    quotes: dict[str, np.ndarray] = {}
    for one in having:
        quotes[one.name] = quote_of([o for o in others(one.name, having) if o in ranking])
        print(
            f"{one.name:28} hit@1 {{:.3f}} hit@3 {{:.3f}} length {{:.0f}}".format(*hits(one, quotes[one.name])),
            flush=True,
        )
    quote = quote_of([one for one in having if one in ranking])
    models["quote" + suffix] = named(window_names, quote)
    print("quote" + suffix, models["quote" + suffix])

    rows = {one.name: confidence_rows(one, quotes[one.name]) for one in having}
    pooled = []
    for one in having:
        weights, bias = fit_logistic([rows[other.name][:3] for other in others(one.name, having)], l2)
        x, y, w, states, shown = rows[one.name]
        p = 1 / (1 + np.exp(-(x @ weights + bias)))
        pooled.append((p, shown, w / w.sum(), states))
        figures = []
        for size in ("full", "small", "middle", "misleading"):
            others_of = ("full", "misleading-") if size == "misleading" else (size, size + "-")
            inside = np.array([state in others_of for state in states])
            if size == "misleading" and "misleading-" not in states:
                continue
            positive = np.array([not state.endswith("-") for state in states])
            if inside.any():
                figures.append(f"{size} AUROC {auroc(p[inside], positive[inside]):.3f}")
                sure, unsure = p[inside & positive].mean(), p[inside & ~positive].mean()
                figures.append(f"p {sure:.2f}/{unsure:.2f} right {y[inside].mean():.2f}")
        print(f"{one.name:28} {' '.join(figures)}", flush=True)
    p, y, w = (np.concatenate([one[k] for one in pooled]) for k in range(3))
    answerable = np.array([not state.endswith("-") for one in pooled for state in one[3]])
    threshold = even_threshold(p, y, answerable, w)
    answered = p >= threshold
    shares = [w[part].sum() / w.sum() for part in (answered & y, answered & ~y, ~answered & answerable)]
    print(f"threshold {threshold:.3f}: answered rightly {{:.3f}}, wrongly {{:.3f}}, declined {{:.3f}}".format(*shares))
    weights, bias = fit_logistic([rows[one.name][:3] for one in having], l2)
    models["confidence" + suffix] = named(confidence_names, weights, bias)
    thresholds["confidence" + suffix] = round(threshold, 4)
    print("confidence" + suffix, models["confidence" + suffix])


def named(names: Sequence[str], values: np.ndarray, bias: float = 0.0) -> dict[str, float]:
    """Return weights as they stand in the file."""
    return {name: round(float(value), 5) for name, value in zip(names, values, strict=True)} | {"bias": round(bias, 5)}


if __name__ == "__main__":
    main()
