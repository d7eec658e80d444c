"""Finding passages: the best of both searches, ranked by one fitted model over their signals."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Literal

import numpy as np
import numpy.typing as npt

from quoth.index.lexical import Matches
from quoth.index.live import IndexedPassages
from quoth.question import Question
from quoth.signals import NAMES, Evidence, Matrix, Rows, known, with_texts
from quoth.stopwatch import Stopwatch
from quoth.texts import Texts
from quoth.weights import Linear

RetrieverKind = Literal["both", "dense", "lexical"]

CANDIDATES = 40
"""How many passages each search contributes at least."""

PROMISING = 24
"""How many of all these have their texts read at least: the most promising, twice as many as are wanted."""

DOCUMENTS_SHOWN = 10
"""Documents that candidates are of, wherever there are so many."""

_SAME = 0.8  # share of all terms of two texts that versions of one have in common
_TELLING_TERMS = 12  # fewer distinct terms, as in the rows of a table, may be mostly the same and tell of other things
_COMPARED = 10

_MOST = 4 * 1024
_TIE = 1e-6


@dataclass(frozen=True, slots=True)
class Ranked:
    """Candidate passages, best first: rows, scores (shape ``(n,)``) and signals (shape ``(n, len(NAMES))``).

    ``alike`` (shape ``(n,)``) numbers their texts: copies and versions of one text have the same number, for they are
    no rivals of each other.
    """

    rows: Rows
    scores: Matrix
    signals: Matrix
    alike: Rows

    def signal(self, name: str) -> Matrix:
        """Return one signal of every candidate, shape ``(n,)``."""
        return self.signals[:, NAMES.index(name)]

    def shares(self) -> Matrix:
        """Return each passage's probability, as the scores have it, were every text there once, shape ``(n,)``."""
        once = np.zeros(len(self.rows), bool)
        once[np.unique(self.alike, return_index=True)[1]] = True
        shares = softmax(self.scores)
        return np.asarray(shares / max(float(shares[once].sum()), 1e-12), np.float32)


@dataclass(frozen=True, slots=True)
class LexicalSearch:
    """The lexical search of a question in a large library, going on in a thread of its own since it was begun.

    It needs the question's terms alone, so that it can go on while the question is embedded.
    """

    matches: Matches
    found: Future[Rows]

    @classmethod
    def begin(
        cls, terms: tuple[str, ...], passages: IndexedPassages, among: Rows | None = None, count: int = 0
    ) -> LexicalSearch:
        """Begin to search for a question's distinct terms; ``among`` and ``count`` as in ``retrieve``."""
        matches = _matches(terms, passages)
        found = _beside().submit(_lexical, matches, passages, among, max(count, CANDIDATES))
        return cls(matches, found)


def retrieve(
    question: Question,
    passages: IndexedPassages,
    texts: Texts,
    fusion: Linear,
    promise: Linear,
    *,
    among: Rows | None = None,
    count: int = 0,
    kind: RetrieverKind = "both",
    begun: LexicalSearch | None = None,
    watch: Stopwatch | None = None,
) -> Ranked:
    """Return the candidates for a question, ranked: as many as each search's usual number, or ``count`` if more.

    ``promise`` says without their texts which of what the searches found is worth ranking by ``fusion``. ``among``
    names the rows that may be found, all where it is None. ``kind`` leaves one search out, for ablations: "dense" ranks
    by cosine alone, "lexical" by BM25 alone. ``begun`` is the lexical search of the same question, passages, rows and
    ``count``, where that goes on already.
    """
    watch = watch or Stopwatch()
    if kind != "both":
        fusion = promise = alone("cosine" if kind == "dense" else "bm25")
    rows, signals = candidates(
        question, passages, texts, promise, among=among, count=count, kind=kind, begun=begun, watch=watch
    )
    ranked = ranked_by(fusion, rows, signals, texts)
    watch.lap("ranking")
    return ranked


def candidates(
    question: Question,
    passages: IndexedPassages,
    texts: Texts,
    promise: Linear | None = None,
    *,
    among: Rows | None = None,
    count: int = 0,
    kind: RetrieverKind = "both",
    begun: LexicalSearch | None = None,
    watch: Stopwatch | None = None,
) -> tuple[Rows, Matrix]:
    """Return the rows of the candidates, not yet ranked, and their signals, shape ``(n, len(NAMES))``.

    Without ``promise``, a model of what they are worth, all that the searches found are candidates.
    """
    watch = watch or Stopwatch()
    evidence = gather(question, passages, among, max(count, CANDIDATES), kind, watch, begun)
    found, signals = evidence.rows, known(question, passages, evidence)
    if promise is not None:
        kept = promising(promise(signals), passages.document_ids[found], max(2 * count, PROMISING))
        found, signals = found[kept], signals[kept]
    rows = found.tolist()
    texts.read(rows)
    signals = with_texts(
        question, signals, [texts.sequence(row) for row in rows], [texts.title_terms(row) for row in rows]
    )
    watch.lap("signals")
    return found, signals


def promising(worth: Matrix, documents: Rows, count: int) -> Rows:
    """Return the places, ascending, of the best ``count`` passages, or more: see ``_worth_it``."""
    order = np.argsort(-worth, kind="stable")
    return np.asarray(np.sort(order[_worth_it(worth[order], documents[order], count)]), np.int64)


def alone(name: str) -> Linear:
    """Return the model that ranks by one signal."""
    return Linear(NAMES, np.array([float(name == one) for one in NAMES], np.float32), 0.0)


def softmax(scores: Matrix) -> Matrix:
    """Return the scores' probabilities against each other, shape ``(n,)``."""
    raised = np.exp(scores - scores.max(initial=-np.inf))
    return np.asarray(raised / max(float(raised.sum()), 1e-12), np.float32)


def ranked_by(model: Linear, rows: Rows, signals: Matrix, texts: Texts) -> Ranked:
    """Return candidates in the order of a model's scores.

    Equal ones stand by document and place, which do not depend on when they were indexed.
    """
    scores = model(signals)
    keys = [(-score, *texts.place(row)) for score, row in zip(scores.tolist(), rows.tolist(), strict=True)]
    order = np.array(sorted(range(len(keys)), key=keys.__getitem__), np.int64)
    ordered = rows[order]
    return Ranked(ordered, scores[order], signals[order], _alike(ordered.tolist(), texts))


def _alike(rows: list[int], texts: Texts) -> Rows:
    """Return a number for each row's text, the same for copies, and for versions of one of the best texts."""
    by_text: dict[str, int] = {}
    numbers = np.array([by_text.setdefault(texts.text(row), len(by_text)) for row in rows], np.int64)
    first = np.unique(numbers, return_index=True)[1]
    shared, sizes = _shared([frozenset(texts.sequence(rows[place])) for place in first.tolist()], _COMPARED)
    places = np.arange(len(first))
    is_of = places.copy()
    for one in range(len(shared)):
        if is_of[one] == one and sizes[one] >= _TELLING_TERMS:
            is_version = shared[one] >= _SAME * (sizes[one] + sizes - shared[one])
            is_of[is_version & (is_of == places) & (places > one)] = one
    return np.asarray(is_of[numbers], np.int64)


def _shared(held: Sequence[frozenset[str]], count: int) -> tuple[Rows, Rows]:
    """Return how many terms each of the first ``count`` sets has in common with every set, shape ``(count, n)``, and
    how many each has, shape ``(n,)``."""
    # Of terms that none of the first has, nothing can be shared
    columns = {term: column for column, term in enumerate(frozenset[str]().union(*held[:count]))}
    places = [[columns[term] for term in terms if term in columns] for terms in held]
    holds = np.zeros((len(held), len(columns)), np.float32)
    holds[np.repeat(np.arange(len(held)), [len(of) for of in places]), list(chain.from_iterable(places))] = 1
    return (holds[:count] @ holds.T).astype(np.int64), np.array([len(terms) for terms in held], np.int64)


def gather(
    question: Question,
    passages: IndexedPassages,
    among: Rows | None,
    count: int,
    kind: RetrieverKind,
    watch: Stopwatch,
    begun: LexicalSearch | None = None,
) -> Evidence:
    """Return the best passages of each search together, each with both scores.

    A passage that holds no term of the question is no candidate of the lexical search. Where the best ones belong
    to fewer than ten documents, more are taken, so that ten documents can be shown wherever there are ten.
    """
    if begun is None and kind == "both" and passages.sealed is not None:
        # Each takes a processor for longer than it takes to hand one of them over
        begun = LexicalSearch.begin(question.terms, passages, among, count)
    matches = begun.matches if begun else _matches(question.terms, passages)
    watch.lap("lexical_search")
    found: list[Rows] = []
    if kind != "lexical":
        found.append(_enough(passages, lambda k: passages.dense.search(question.vector, k, among), count))
        watch.lap("dense_search")
    if kind != "dense":
        found.append(begun.found.result() if begun else _lexical(matches, passages, among, count))
        watch.lap("lexical_search")
    rows = np.unique(np.concatenate(found)).astype(np.int64)
    evidence = Evidence(rows, passages.dense.cosines(question.vector, rows), matches)
    watch.lap("dense_search")
    return evidence


def _matches(terms: Sequence[str], passages: IndexedPassages) -> Matches:
    return passages.lexical.match([passages.vocabulary.find(term) for term in terms])


def _lexical(matches: Matches, passages: IndexedPassages, among: Rows | None, count: int) -> Rows:
    return _enough(passages, lambda k: matches.best(min(k, _MOST), among), count)


@cache
def _beside() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count() or 1, "quoth-lexical")


def _enough(passages: IndexedPassages, search: Callable[[int], tuple[Rows, Matrix]], count: int) -> Rows:
    """Return the best ``count`` passages of a search, or more: see ``_worth_it``."""
    k = 2 * count
    while True:
        rows, scores = search(k)
        documents = passages.document_ids[rows]
        exhausted = len(rows) < k or k >= passages.size or k >= _MOST
        taken = _worth_it(scores, documents, count)
        has_ten = len(np.unique(documents[taken])) >= DOCUMENTS_SHOWN
        if exhausted or (has_ten and taken[-1] < len(rows) - 1):
            return rows[taken]
        k *= 4


def _worth_it(scores: npt.NDArray[np.floating], documents: Rows, count: int) -> Rows:
    """Return the places of the best ``count`` passages, or more, of those given by falling scores with their documents.

    Of further documents the best passage is added until there are ten of them, so that ten can be shown wherever there
    are ten. And what is as good as the last is added each time: which of equal passages are taken must not depend on
    when they were indexed.
    """
    places = np.arange(len(scores))
    if len(scores) <= count:
        return places
    # From 32 on a number of 32 bits less so small a one is itself
    scores = scores.astype(np.float64)
    is_taken = scores > scores[count - 1] - _TIE
    first: Rows = np.sort(np.unique(documents, return_index=True)[1])
    if np.count_nonzero(is_taken[first]) < DOCUMENTS_SHOWN:
        least = scores[first[:DOCUMENTS_SHOWN][-1]] - _TIE
        is_taken[first] |= scores[first] > least
    return np.asarray(places[is_taken], np.int64)
