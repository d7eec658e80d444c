"""A library: one folder of documents that can be indexed, asked and searched.

with Library.open(folder) as library:
    library.index([Path("seeds")])
    answer = library.ask("How much cybercrime was discovered in 2013?")
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from quoth import weights
from quoth.answer import SURE, Answer, FoundPassage
from quoth.calibration import Calibration, Maker
from quoth.conversation import readings
from quoth.derived import keep_sealed, leave_nothing_sealed, make_sealed, repair_sealed
from quoth.documents.model import Document
from quoth.encoder import Encoder, is_recorded
from quoth.errors import DocumentNotFoundError, EmptyLibraryError, ModelMismatchError, QuestionError
from quoth.index.sealed import UnsealedError
from quoth.memory import Memory
from quoth.naming import named
from quoth.paths import at_home
from quoth.progress import Progress
from quoth.reader import Reader, begin_loading, loaded_reader
from quoth.retrieve import RetrieverKind
from quoth.searching import Searcher
from quoth.settings import DEFAULT_MODEL, EncoderEngine
from quoth.stopwatch import Observer, Stopwatch, Timing
from quoth.store import DocumentRecord, Store
from quoth.store.connection import translated

if TYPE_CHECKING:
    # With all that reads files, of which a question needs nothing
    from quoth.indexing import Indexer, IndexSummary

MAX_QUESTION = 2_000
"""Characters that a question may have."""


_CALIBRATION = "calibration"
"""Name of the store's note of it."""

_TRIES = 2
"""Times that a question waits for a sealed index, which might be damaged again as soon as it is made."""

_OVERTAKEN = 20
"""Times that it waits for one that others leave behind, by what they add, before it is asked."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check of a library found: figures, and each problem in a sentence (none: the library is whole).

    ``repaired`` tells, in a sentence each, what was derived from the database and made anew.
    """

    documents: int
    passages: int
    problems: tuple[str, ...]
    repaired: tuple[str, ...] = ()


class Library:
    """One library. May be used by several threads.

    Questions take turns at its database, but not at the encoder. What writes has a connection of its own, so that
    questions are answered, from what was there before, while documents are read and embedded.
    """

    def __init__(
        self,
        folder: Path,
        store: Store,
        model: str,
        engine: EncoderEngine,
        encoder: Encoder | None,
        reader: bool | Path,
        memory: Memory | None,
        observe: Observer | None,
    ) -> None:
        self.folder = folder
        self.name = folder.name
        self._store = store
        self._model = model
        self._engine = engine
        self._encoder = encoder
        self._reader = reader
        self._observe = observe
        self._lock = threading.RLock()
        self._loading = threading.Lock()
        self._searcher = Searcher(
            store, self._lock, model, self.load_encoder, lambda: self._encoder is not None, memory
        )

    @classmethod
    def open(
        cls,
        folder: Path | str,
        *,
        create: bool = True,
        model: str = DEFAULT_MODEL,
        engine: EncoderEngine = "auto",
        encoder: Encoder | None = None,
        reader: bool | Path = True,
        memory: Memory | None = None,
        observe: Observer | None = None,
    ) -> Library:
        """Open the library in ``folder``, an empty one where there is none and ``create`` is true.

        ``model`` names the encoder, which is loaded when it is first needed and run by ``engine``; an ``encoder``
        that is loaded already (several libraries can share one) is used instead. ``reader`` is the folder of a reader
        that ``quoth train reader`` made, in place of the one that ships; without any, retrieval alone chooses quotes.
        What is kept of texts between questions may be taken from a ``memory`` that several libraries share.
        ``observe`` is told what each stage of every question took.

        Raises:
            EmptyLibraryError: there is no library, and ``create`` is false.
            NotALibraryError, SchemaError, LibraryBusyError, LibraryError, PathError: see ``open_database``.
        """
        folder = at_home(folder).absolute()
        name = encoder.identity.name if encoder else model
        return cls(folder, Store.open(folder, create=create), name, engine, encoder, reader, memory, observe)

    def close(self) -> None:
        """Close the library's database."""
        with self._lock:
            self._store.close()
            self._searcher.clear()

    @property
    def index_bytes(self) -> int:
        """Bytes that the indexes take in memory; 0 before the first question. They go when the library is closed."""
        return self._searcher.bytes

    def __enter__(self) -> Library:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- what is in it

    def index(
        self, paths: Path | str | Sequence[Path | str] = (), report: Callable[[Progress], None] = lambda progress: None
    ) -> IndexSummary:
        """Bring the library up to date with ``paths``, one or several, each a root; with its known roots without any.

        If the library was made with another model, every document is embedded anew first; an interrupted run goes
        on where it stopped. ``report`` is called as the work goes on. Another ``index`` of the same library is waited
        for, in whatever process, however long it takes.

        Raises:
            PathError, FormatError: see ``Indexer.index``.
            EmptyLibraryError: no path is given and the library knows none.
            ModelError: the encoder can't be loaded.
        """
        from quoth.turn import in_turn

        paths = [paths] if isinstance(paths, (str, Path)) else paths
        with in_turn(self.folder, report), self._indexing(report) as (indexer, store):
            if not paths and not store.roots():
                raise EmptyLibraryError(f"the library {self.folder} is empty; name what to index: quoth index PATH")
            current = store.current_model()
            if current is not None and not is_recorded(self._model, current[1]):
                indexer.reembed()
            indexer.index([Path(path) for path in paths] or _on_disk(store))
        return indexer.summary

    def add(
        self,
        name: str,
        data: bytes,
        *,
        room: int | None = None,
        report: Callable[[Progress], None] = lambda progress: None,
    ) -> IndexSummary:
        """Add a file from its bytes, in place of the one that was added by this name before.

        Its suffix says what it is, as in ``index``: ``rules.md`` is one document, ``faq.jsonl`` a document a line.
        It is a root of its own, ``upload_root(name)``, which ``index`` without paths passes over and ``remove_root``
        takes out; nothing is written to disk but the library. Either all of it is in the library or nothing.

        Raises:
            FormatError: the bytes are not what the suffix says.
            NoRoomError: the file makes more than ``room`` passages.
            ModelError: the encoder can't be loaded.
        """
        from quoth.indexing import documents_of

        return self.add_documents(name, documents_of(name, data), room=room, report=report)

    def add_documents(
        self,
        name: str,
        documents: Sequence[Document],
        *,
        room: int | None = None,
        report: Callable[[Progress], None] = lambda progress: None,
    ) -> IndexSummary:
        """Add a file that was read already: its documents, as ``documents_of`` makes them of its bytes; see ``add``.

        Raises:
            NoRoomError: the file makes more than ``room`` passages.
            ModelError: the encoder can't be loaded.
        """
        with self._indexing(report) as (indexer, _):
            indexer.add(name, documents, room)
        return indexer.summary

    @contextmanager
    def _indexing(self, report: Callable[[Progress], None]) -> Iterator[tuple[Indexer, Store]]:
        from quoth.indexing import Indexer

        started = time.perf_counter()
        with self._writer() as store:
            indexer = Indexer(store, self.load_encoder, report)
            yield indexer, store
            if indexer.summary.removed or indexer.summary.changed:
                self._forget(store)
            keep_sealed(store, report)
        indexer.summary.seconds = time.perf_counter() - started

    @contextmanager
    def _writer(self) -> Iterator[Store]:
        """A connection for what writes or takes long: questions go on with the other one."""
        store = Store.open(self.folder)
        try:
            with translated(self.folder):
                yield store
        finally:
            store.close()

    def _forget(self, store: Store) -> None:
        """Leave no word of what was removed in any file; whoever asked before is answered when this returns."""
        store.forget()
        with self._lock:
            store.empty_log()

    def roots(self) -> list[Path]:
        """Return the paths that were indexed, which ``index`` without any brings up to date."""
        with self._lock, self._store.reading():
            return _on_disk(self._store)

    def counts(self) -> tuple[int, int]:
        """Return how many documents and passages there are."""
        with self._lock, self._store.reading():
            return self._store.counts()

    def documents(self) -> list[DocumentRecord]:
        """Return what the library holds, ordered by name."""
        with self._lock, self._store.reading():
            return self._store.documents()

    def document(self, name: str, root: str | None = None) -> Document:
        """Return a document by its name (and root, where several roots hold that name).

        Raises:
            DocumentNotFoundError: no document, or more than one, is called so.
        """
        with self._lock, self._store.reading():
            return self._store.document(named(self._store, name, root).id)

    def document_by_id(self, document_id: int) -> Document:
        """Return the document that a quote or a record names by its ``document_id``.

        A document that was changed or removed since has another id, or none; an id never comes back as another's.

        Raises:
            DocumentNotFoundError: no document has this id (any more).
        """
        with self._lock, self._store.reading():
            if not self._store.has_document(document_id):
                raise DocumentNotFoundError(f"document {document_id} is no longer there, or was changed since")
            return self._store.document(document_id)

    def has_document(self, document_id: int) -> bool:
        """Say whether a document is there that ``document_by_id`` would return."""
        with self._lock, self._store.reading():
            return self._store.has_document(document_id)

    def remove(
        self, name: str, root: str | None = None, report: Callable[[Progress], None] = lambda progress: None
    ) -> DocumentRecord:
        """Take a document out; from this moment on it is never quoted again.

        ``report`` is called while the index of a large library is made anew; where that fails, the error says so, and
        the document is out all the same.

        Raises:
            DocumentNotFoundError: no document, or more than one, is called so.
        """
        with self._writer() as store:
            with store.writing():
                record = named(store, name, root)
                store.remove([record.id])
            self._forget(store)
            leave_nothing_sealed(store, report)
            return record

    def remove_root(
        self, root: str, report: Callable[[Progress], None] = lambda progress: None
    ) -> list[DocumentRecord]:
        """Take out every document of a root, as ``remove`` does.

        Raises:
            DocumentNotFoundError: the library has no such root.
        """
        with self._writer() as store:
            with store.writing():
                records = [record for record in store.documents() if record.root == root]
                if not records:
                    raise DocumentNotFoundError(
                        f"nothing was indexed from {root!r}; see what there is with: quoth sources"
                    )
                store.remove([record.id for record in records])
            self._forget(store)
            leave_nothing_sealed(store, report)
            return records

    # -- questions

    def ask(
        self,
        question: str,
        *,
        quotes: int = 3,
        document: str | None = None,
        history: Sequence[str] = (),
        question_id: str | None = None,
        retriever: RetrieverKind = "both",
        without: Collection[str] = (),
    ) -> Answer:
        """Answer a question with up to ``quotes`` verbatim quotes, or abstain: then ``quotes`` are only what was close,
        and ``offered`` is empty.

        ``document`` is a glob over document names: only those are asked. ``history`` holds the questions before this
        one, oldest first, which a follow-up may lean on: it is read with and without them, as ``readings`` says, and
        the more confident answer is given. ``retriever`` leaves one of the two searches out, to measure
        what it is worth, and ``without`` names documents that are passed over, as if they were not there.

        Raises:
            QuestionError: the question is empty or longer than ``MAX_QUESTION``, or ``quotes`` is less than one.
            EmptyLibraryError: there is nothing to search.
            DocumentNotFoundError: the glob matches no document, or none is left to search.
            ModelMismatchError: the library was made with another model, or calibrated with another reader.
        """
        _check(question, history, quotes)
        watch = Stopwatch()

        def answered(text: str) -> Answer:
            embedded, searched = self._searcher.embedded(
                text, document, watch, kind=retriever, without=without, begin=self._begin_loading_reader
            )
            reader = self.load_reader()
            watch.lap("loading")
            with self._lock, self._store.reading():
                watch.lap("waiting")
                searched = self._searcher.searched(document, without, searched)
                calibration = self._usable_calibration()
                watch.lap("opening")
                return self._searcher.pipeline(self.name, searched).answer(
                    question,
                    embedded,
                    searched.rows,
                    quotes,
                    question_id,
                    retriever,
                    reader,
                    calibration,
                    searched.begun,
                    watch,
                )

        def answer() -> Answer:
            first, *others = readings(question, history)
            best = answered(first)
            for text in others:
                if best.confidence < SURE:
                    best = max(best, answered(text), key=lambda one: one.confidence)
            return best

        found = self._served(answer, watch)
        if self._observe is not None:
            self._observe(Timing("ask", watch.stages))
        return replace(found, seconds=watch.seconds)

    def search(
        self,
        question: str,
        *,
        k: int = 10,
        document: str | None = None,
        history: Sequence[str] = (),
        retriever: RetrieverKind = "both",
    ) -> list[FoundPassage]:
        """Return the ``k`` passages that fit a question best, with the signals that their scores come from.

        Raises: as ``ask`` does.
        """
        _check(question, history, k)
        watch = Stopwatch()

        def passages() -> list[FoundPassage]:
            text, *_ = readings(question, history)
            embedded, searched = self._searcher.embedded(text, document, watch, kind=retriever, count=k)
            with self._lock, self._store.reading():
                watch.lap("waiting")
                searched = self._searcher.searched(document, before=searched)
                watch.lap("opening")
                pipeline = self._searcher.pipeline(self.name, searched)
                return pipeline.search(embedded, searched.rows, k, retriever, searched.begun, watch)

        found = self._served(passages, watch)
        if self._observe is not None:
            self._observe(Timing("search", watch.stages))
        return found

    def load_encoder(self) -> Encoder:
        """Return the encoder, loaded on the first call.

        Raises:
            ModelError: it can't be loaded.
        """
        with self._loading:
            if self._encoder is None:
                self._encoder = Encoder.load(self._model, self._engine)
            return self._encoder

    def load_reader(self) -> Reader | None:
        """Return the reader, loaded on the first call of this process; None where the library was opened without.

        Raises:
            ModelError: it can't be loaded.
        """
        if self._reader is False:
            return None
        return loaded_reader(None if self._reader is True else self._reader)

    def _begin_loading_reader(self) -> None:
        """Let the reader be loaded beside the encoder: each takes a processor some tenths of a second."""
        if self._reader is not False:
            begin_loading(None if self._reader is True else self._reader)

    def _served(self, ask: Callable[[], Result], watch: Stopwatch) -> Result:
        """Ask, and once more where the sealed index that a large library is served from has to be made first."""
        left = _TRIES
        for _ in range(_OVERTAKEN):
            try:
                return ask()
            except UnsealedError as error:
                if error.damaged is not None:
                    left -= 1
                    if left < 0:
                        raise
                # Other threads' questions may still be served from what this one found damaged, and find it too
                self._searcher.forget_index()
                with self._writer() as store:
                    make_sealed(store, error.damaged)
                watch.lap("opening")
        return ask()

    # -- calibration

    def calibration(self) -> Calibration | None:
        """Return how the confidence was fitted to somebody's questions; None where it is as Quoth ships it.

        Raises:
            LibraryError: the record is damaged.
        """
        with self._lock, self._store.reading():
            return self._noted_calibration()

    def calibrate(self, calibration: Calibration | None) -> None:
        """Answer with this calibration from now on, or with none.

        Raises:
            ModelMismatchError: it was made with another reader, encoder or version than the library's.
        """
        if calibration is not None:
            self._check_maker(calibration)
        with self._writer() as store, store.writing():
            store.take_note(_CALIBRATION, calibration.to_json() if calibration else None)

    def maker(self) -> Maker:
        """Return what the confidence of answers comes from: encoder, reader and fitted models.

        Raises:
            ModelError: one can't be loaded.
        """
        reader = self.load_reader()
        return Maker(self.load_encoder().identity.to_json(), reader.digest if reader else None, weights.digest())

    def _noted_calibration(self) -> Calibration | None:
        noted = self._store.note(_CALIBRATION)
        return None if noted is None else Calibration.from_json(noted)

    def _usable_calibration(self) -> Calibration | None:
        calibration = self._noted_calibration()
        if calibration is not None:
            self._check_maker(calibration)
        return calibration

    def _check_maker(self, calibration: Calibration) -> None:
        other = calibration.maker.differs(self.maker())
        if other is not None:
            raise ModelMismatchError(
                f"the library {self.folder} was calibrated with another {other} than the one in use; calibrate it anew "
                "with quoth calibrate DATASET, or undo that with quoth calibrate --reset"
            )

    # -- integrity

    def check(self, report: Callable[[Progress], None] = lambda progress: None) -> CheckReport:
        """Verify the library: the database's own structure, every offset, vector and term, and the sealed index.

        A sealed index is made anew where it is damaged, and where documents were removed since it was made, of which
        nothing is left in any file then. Every other index is made of the database whenever a library is opened.
        Questions are answered meanwhile.
        """
        with self._writer() as store:
            with store.reading():
                documents, passages, problems = store.check()
            repaired = None if problems else repair_sealed(store, report)
        return CheckReport(documents, passages, problems, (repaired,) if repaired else ())


def _on_disk(store: Store) -> list[Path]:
    from quoth.indexing import is_upload

    return [Path(root) for root in store.roots() if not is_upload(root)]


def _check(question: str, history: Sequence[str], count: int) -> None:
    if not question.strip():
        raise QuestionError("the question is empty; ask something, in words")
    if len(question) > MAX_QUESTION:
        raise QuestionError(f"the question has {len(question):,} characters and may have {MAX_QUESTION:,}; shorten it")
    for what, text in (("the question", question), *(("a question before it", before) for before in history)):
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise QuestionError(f"{what} holds half a character (a lone surrogate); send it as UTF-8 text")
    if count < 1:
        raise QuestionError(f"{count} results were asked for; ask for at least 1")
