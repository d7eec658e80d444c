"""The way from a question to an answer, over one state of a library."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from quoth import confidence, read, rerank, signals
from quoth.answer import Answer, FoundPassage
from quoth.calibration import Calibration
from quoth.index.live import IndexedPassages
from quoth.question import EmbeddedQuestion, Question
from quoth.quote import quotes
from quoth.reader import Reader
from quoth.retrieve import DOCUMENTS_SHOWN, LexicalSearch, Ranked, RetrieverKind, retrieve, softmax
from quoth.second_source import second_source
from quoth.signals import Rows
from quoth.stopwatch import Stopwatch
from quoth.store import Store
from quoth.texts import TextCache, Texts
from quoth.weights import Linear, linear, probabilities, threshold


@dataclass(frozen=True, slots=True)
class _Models:
    """What chooses quotes and tells how sure they are, with a reader and without."""

    quote: Linear
    confidence: Linear
    threshold: float


@cache
def _fusion() -> Linear:
    return linear("fusion", signals.NAMES)


@cache
def _promise() -> Linear:
    return linear("promise", signals.NAMES)


@cache
def _rerank() -> Linear:
    return linear("rerank", rerank.NAMES)


@cache
def _models(*, with_reader: bool) -> _Models:
    if with_reader:
        return _Models(
            linear("quote_read", read.READER_NAMES),
            linear("confidence_read", confidence.READER_NAMES),
            threshold("confidence_read"),
        )
    return _Models(linear("quote", read.NAMES), linear("confidence", confidence.NAMES), threshold("confidence"))


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
        reader: Reader | None,
        calibration: Calibration | None,
        begun: LexicalSearch | None,
        watch: Stopwatch,
    ) -> Answer:
        """Return the answer to a question, or an abstention; see ``Library.ask``.

        ``text`` is the question as it was asked, ``embedded`` as it is understood.
        ``begun`` is its lexical search, where that goes on already. Without a ``reader``, and where the question is in
        a language that it doesn't know, retrieval's signals decide.
        """
        question, ranked = self._retrieved(embedded, among, kind, begun, watch)
        readings = None
        if reader is not None and len(ranked.rows) and reader.knows_language(question.text):
            ranked, readings = rerank.read_best(reader, question, ranked, self._texts, _rerank())
            watch.lap("reading")
        models = _models(with_reader=readings is not None)
        windows, window_signals = read.windows(question, ranked, self._texts, readings)
        scores = models.quote(window_signals)
        rows = np.array([window.row for window in windows], np.int64)
        measured = confidence.measure(question, ranked, window_signals, scores, rows, readings)
        log_odds = float(models.confidence(measured[None, :])[0])
        fit = calibration.fit(read=readings is not None) if calibration else None
        least = fit.threshold if fit else models.threshold

        def sureness(log_odds: float) -> float:
            return float(probabilities(fit(log_odds) if fit else log_odds))

        sure = sureness(log_odds) if windows else 0.0
        second = None
        if readings is not None and windows and sure >= least and count > 1:
            first = windows[int(np.argmax(scores))]
            other = second_source(question, first, ranked, readings, self._texts, models.quote)
            if other is not None:
                second = other.window, sureness(float(models.confidence(other.measured[None, :])[0]))
        watch.lap("windows")
        chosen = quotes(
            question,
            windows,
            scores,
            ranked,
            self._texts,
            count=count,
            confidence=sure,
            library=self._library,
            second=second,
        )
        watch.lap("quotes")
        names = confidence.READER_NAMES if readings else confidence.NAMES
        answer = Answer(
            question=text,
            status="answered" if chosen and sure >= least else "abstained",
            confidence=sure,
            seconds=0.0,
            quotes=tuple(chosen),
            passages=tuple(self._found(ranked, self._shown(ranked))),
            explanation=dict(zip(names, measured.tolist(), strict=True))
            | (fit.explained(float(probabilities(log_odds))) if fit else {"threshold": least}),
            documents_searched=self._passages.count_documents(among),
            id=question_id,
            language_known=embedded.language_known,
            read_as=None if embedded.text == text else embedded.text,
        )
        watch.lap("passages")
        return answer

    def search(
        self,
        embedded: EmbeddedQuestion,
        among: Rows | None,
        count: int,
        kind: RetrieverKind,
        begun: LexicalSearch | None,
        watch: Stopwatch,
    ) -> list[FoundPassage]:
        """Return the ``count`` best passages; see ``Library.search``."""
        _, ranked = self._retrieved(embedded, among, kind, begun, watch, count)
        found = self._found(ranked, count)
        watch.lap("passages")
        return found

    def _retrieved(
        self,
        embedded: EmbeddedQuestion,
        among: Rows | None,
        kind: RetrieverKind,
        begun: LexicalSearch | None,
        watch: Stopwatch,
        count: int = 0,
    ) -> tuple[Question, Ranked]:
        question = embedded.in_terms()
        watch.lap("terms")
        ranked = retrieve(
            question,
            self._passages,
            self._texts,
            _fusion(),
            _promise(),
            among=among,
            count=count,
            kind=kind,
            begun=begun,
            watch=watch,
        )
        return question, ranked

    def _shown(self, ranked: Ranked) -> int:
        """Return how many passages hold ten different documents, but at least ten passages."""
        documents = self._passages.document_ids[ranked.rows]
        _, first = np.unique(documents, return_index=True)
        enough = np.sort(first)[:DOCUMENTS_SHOWN]
        return max(DOCUMENTS_SHOWN, int(enough[-1]) + 1 if len(enough) else 0)

    def _found(self, ranked: Ranked, count: int) -> list[FoundPassage]:
        shares = softmax(ranked.scores)
        found = []
        for place, row in enumerate(ranked.rows[:count].tolist()):
            held = self._texts.held(row)
            passage = held.passage
            found.append(
                FoundPassage(
                    rank=place + 1,
                    library=self._library,
                    document=held.name,
                    title=held.title,
                    paragraph=passage.paragraph,
                    page=passage.page,
                    heading=passage.heading,
                    start=passage.start,
                    end=passage.end,
                    score=float(shares[place]),
                    text=self._texts.text(row),
                    signals=dict(zip(signals.NAMES, ranked.signals[place].tolist(), strict=True)),
                    document_id=self._texts.document_id(row),
                )
            )
        return found
