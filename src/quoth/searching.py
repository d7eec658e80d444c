"""What a question searches: one state of a library, with the model that its vectors were made by."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np
import numpy.typing as npt

from quoth.encoder import Encoder, ModelIdentity, is_recorded
from quoth.errors import DocumentNotFoundError, ModelMismatchError
from quoth.index import live
from quoth.index.live import IndexedPassages
from quoth.memory import Memory
from quoth.naming import hint
from quoth.pipeline import Pipeline
from quoth.question import EmbeddedQuestion, distinct, embed
from quoth.retrieve import LexicalSearch, RetrieverKind
from quoth.spelling import corrected
from quoth.stopwatch import Stopwatch
from quoth.store import Store
from quoth.texts import TextCache
from quoth.words import terms


@dataclass(frozen=True, slots=True)
class Searched:
    """One state of the library, and the rows of it that are searched (all, where it is None).

    ``begun`` is the lexical search of the question, where that goes on already.
    """

    passages: IndexedPassages
    rows: npt.NDArray[np.int64] | None
    begun: LexicalSearch | None = None


class Searcher:
    """Finds what questions search in a library, and keeps it between them.

    ``lock`` is held by whoever uses ``store``, ``load_encoder`` gives the encoder that ``model`` names, and
    ``is_loaded`` tells whether it was loaded already.
    """

    def __init__(
        self,
        store: Store,
        lock: threading.RLock,
        model: str,
        load_encoder: Callable[[], Encoder],
        is_loaded: Callable[[], bool],
        memory: Memory | None,
    ) -> None:
        self._store = store
        self._lock = lock
        self._model = model
        self._load_encoder = load_encoder
        self._is_loaded = is_loaded
        self._passages: IndexedPassages | None = None
        self._texts = TextCache(memory)

    @property
    def bytes(self) -> int:
        """Bytes that the indexes take in memory; 0 before the first question."""
        passages = self._passages
        return 0 if passages is None else passages.bytes

    def clear(self) -> None:
        """Let go of the indexes and of all texts."""
        self._passages = None
        self._texts.clear()

    def forget_index(self) -> None:
        """Let go of the indexes, which are not those of the library any more."""
        with self._lock:
            self._passages = None

    def embedded(
        self,
        question: str,
        pattern: str | None,
        watch: Stopwatch,
        *,
        kind: RetrieverKind,
        count: int = 0,
        without: Collection[str] = (),
        begin: Callable[[], None] = lambda: None,
    ) -> tuple[EmbeddedQuestion, Searched]:
        """Embed a question, outside of the lock: the encoder may be busy with another library's passages.

        Meanwhile a large library is searched for its words already. ``kind`` and ``count`` as in ``retrieve``;
        ``begin`` is called as soon as it is known that there is something to ask.
        """
        with self._lock, self._store.reading():
            watch.lap("waiting")
            # Before the encoder is troubled: whether there is anything to ask
            searched = self.searched(pattern, without, begin=begin)
            watch.lap("opening")
            passages = searched.passages
            text = corrected(question, passages.vocabulary)
            if kind == "both" and passages.sealed is not None:
                begun = LexicalSearch.begin(distinct(terms(text)), passages, searched.rows, count)
                searched = Searched(passages, searched.rows, begun)
            watch.lap("terms")
        (embedded,) = embed([text], self._load_encoder())
        watch.lap("embedding")
        return embedded, searched

    def pipeline(self, library: str, searched: Searched) -> Pipeline:
        """Return the way to an answer over what is searched."""
        return Pipeline(library, self._store, searched.passages, self._texts)

    def searched(
        self,
        pattern: str | None,
        without: Collection[str] = (),
        before: Searched | None = None,
        begin: Callable[[], None] = lambda: None,
    ) -> Searched:
        """Return what is searched; ``before`` once more where the library is as it was then. ``begin`` as above.

        Call within ``store.reading()``, with the lock held. ``pattern`` and ``without`` as in ``Library.ask``.
        """
        current = self._store.current_model()
        if current is not None:
            self._check_model(current[1])
        self._passages = live.load(self._store, self._passages)
        begin()
        encoder = self._load_encoder()
        if self._passages.model[1] != encoder.identity:
            raise self._mismatch(str(self._passages.model[1]), str(encoder.identity))
        if before is not None and before.passages is self._passages:
            return before
        if pattern is None and not without:
            return Searched(self._passages, None)
        records = self._store.documents()
        matching = [r for r in records if pattern is None or fnmatchcase(r.name, pattern)]
        wanted = [r.id for r in matching if r.name not in without]
        rows = np.flatnonzero(np.isin(self._passages.document_ids, wanted))
        if not len(rows):
            if without or pattern is None:
                raise DocumentNotFoundError("no document is left to search; leave fewer out")
            raise DocumentNotFoundError(f"no document matches {pattern!r}; {hint(pattern, (r.name for r in records))}")
        return Searched(self._passages, rows)

    def _check_model(self, recorded: ModelIdentity) -> None:
        if not self._is_loaded() and not is_recorded(self._model, recorded):
            raise self._mismatch(f"the model {recorded}", repr(self._model))

    def _mismatch(self, made_with: str, asked_with: str) -> ModelMismatchError:
        return ModelMismatchError(
            f"the library {self._store.folder} was made with {made_with}, not {asked_with}; "
            "run quoth index to embed it anew, or set QUOTH_MODEL to the model it was made with"
        )
