"""The way from a question to an answer, over one state of a library."""

from __future__ import annotations

from functools import cache

import numpy as np

from quoth import confidence, read, signals
from quoth.answer import Answer, FoundPassage
from quoth.index.live import IndexedPassages
from quoth.question import EmbeddedQuestion, Question
from quoth.quote import quotes
from quoth.retrieve import Ranked, RetrieverKind, retrieve, softmax
from quoth.signals import Rows
from quoth.store import Store
from quoth.texts import TextCache, Texts
from quoth.weights import Linear, linear, threshold

_DOCUMENTS_SHOWN = 10


@cache
def _models() -> tuple[Linear, Linear, Linear]:
    return (
        linear("fusion", signals.NAMES),
        linear("quote", read.NAMES),
        linear("confidence", confidence.NAMES),
    )


class Pipeline:
    """Answers over one state of a library; call within ``store.reading()``."""

    def __init__(self, library: str, store: Store, passages: IndexedPassages, cache: TextCache) -> None:
        self._library = library
        self._passages = passages
        self._texts = Texts(store, passages, cache)

    def answer(
        self,
        text: str,
        embedded: EmbeddedQuestion,
        among: Rows | None,
        count: int,
        question_id: str | None,
        kind: RetrieverKind,
    ) -> Answer:
        """Return the answer to a question, or an abstention; see ``Library.ask``.

        ``text`` is the question as it was asked, ``embedded`` as it is understood after the questions before it.
        """
        question, ranked = self._retrieved(embedded, among, kind)
        _, quote_model, confidence_model = _models()
        windows, window_signals = read.windows(question, ranked, self._texts)
        scores = quote_model(window_signals)
        measured = confidence.measure(
            question, ranked, window_signals, scores, np.array([window.row for window in windows], np.int64)
        )
        sure = probability(float(confidence_model(measured[None, :])[0])) if windows else 0.0
        chosen = quotes(windows, scores, ranked, self._texts, count=count, confidence=sure, library=self._library)
        return Answer(
            question=text,
            status="answered" if chosen and sure >= threshold() else "abstained",
            confidence=sure,
            seconds=0.0,
            quotes=tuple(chosen),
            passages=tuple(self._found(ranked, self._shown(ranked))),
            explanation=dict(zip(confidence.NAMES, measured.tolist(), strict=True)) | {"threshold": threshold()},
            documents_searched=self._passages.count_documents(among),
            id=question_id,
        )

    def search(
        self, embedded: EmbeddedQuestion, among: Rows | None, count: int, kind: RetrieverKind
    ) -> list[FoundPassage]:
        """Return the ``count`` best passages; see ``Library.search``."""
        _, ranked = self._retrieved(embedded, among, kind, count)
        return self._found(ranked, count)

    def _retrieved(
        self, embedded: EmbeddedQuestion, among: Rows | None, kind: RetrieverKind, count: int = 0
    ) -> tuple[Question, Ranked]:
        question = embedded.read_as(self._passages.term_ids)
        ranked = retrieve(question, self._passages, self._texts, _models()[0], among=among, count=count, kind=kind)
        return question, ranked

    def _shown(self, ranked: Ranked) -> int:
        """Return how many passages hold ten different documents, but at least ten passages."""
        documents = self._passages.document_ids[ranked.rows]
        _, first = np.unique(documents, return_index=True)
        enough = np.sort(first)[:_DOCUMENTS_SHOWN]
        return max(_DOCUMENTS_SHOWN, int(enough[-1]) + 1 if len(enough) else 0)

    def _found(self, ranked: Ranked, count: int) -> list[FoundPassage]:
        shares = softmax(ranked.scores)
        found = []
        for place, row in enumerate(ranked.rows[:count].tolist()):
            document, passage = self._texts.document(row), self._texts.passage(row)
            found.append(
                FoundPassage(
                    rank=place + 1,
                    library=self._library,
                    document=document.name,
                    title=document.title,
                    paragraph=passage.paragraph,
                    page=passage.page,
                    heading=passage.heading,
                    start=passage.start,
                    end=passage.end,
                    score=float(shares[place]),
                    text=document.text[passage.start : passage.end],
                    signals=dict(zip(signals.NAMES, ranked.signals[place].tolist(), strict=True)),
                    document_id=self._texts.document_id(row),
                )
            )
        return found


def probability(log_odds: float) -> float:
    """Return the probability of these log-odds."""
    return float(1 / (1 + np.exp(-np.clip(log_odds, -30, 30))))
