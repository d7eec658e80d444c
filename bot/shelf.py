"""The libraries of all servers: opened when they are asked, closed when they were not for long, one encoder for all.

Every call names its server, and reaches that server's library and the shared one, never another's.
"""

from __future__ import annotations

import gc
import logging
import shutil
import threading
import uuid
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from bot.errors import AnswerGoneError, ClosingError, LeftOverError
from bot.merge import merge
from bot.records.kept import KeptSpan
from quoth.answer import Answer
from quoth.documents.model import Document, Paragraph
from quoth.encoder import Encoder
from quoth.errors import DocumentNotFoundError, EmptyLibraryError, LibraryBusyError, LibraryError, QuothError
from quoth.library import Library
from quoth.memory import Memory
from quoth.reader import loaded_reader
from quoth.settings import DEFAULT_MODEL, EncoderEngine
from quoth.stopwatch import Observer
from quoth.store import DocumentRecord
from quoth.store.connection import FILE_NAME

_log = logging.getLogger(__name__)

SHARED = "shared"
"""The name of the library that every server and every direct message may ask."""

DEFAULT_MEMORY = 512 * 1024 * 1024
"""Bytes that all open libraries together may take between questions."""

_ERASED = ".erased-"

_GONE = "That text is no longer in the library: its document was removed or changed."
_NOTHING_HERE = "There are no documents to ask here yet. Who manages the server can add some with /library add."


@dataclass(frozen=True, slots=True)
class FoundSpan:
    """A kept span, found again: ``text`` is ``document.text[start:end]`` and what was shown before, to the letter.

    ``paragraph`` is the one that it begins in; ``answer`` and ``context`` are spans of the same document.
    """

    library: str
    document: Document
    start: int
    end: int
    text: str
    paragraph: Paragraph | None
    answer: tuple[int, int] | None
    context: tuple[int, int] | None


@dataclass(slots=True)
class _Place:
    """A library's place on the shelf; ``file`` tells the database that was opened from one put there since."""

    folder: Path
    users: int = 0
    library: Library | None = None
    file: tuple[int, int] | None = None
    opening: threading.Lock = field(default_factory=threading.Lock)


class Shelf:
    """All libraries in ``home``: ``guilds/<id>`` for each server, ``shared``. May be used by several threads.

    At most ``capacity`` libraries stay open when nobody uses them, and they take at most ``memory`` bytes together:
    one half is for their indexes, the other for texts that were read. A library that is in use is never closed.
    """

    def __init__(
        self,
        home: Path,
        model: str = DEFAULT_MODEL,
        capacity: int = 32,
        *,
        engine: EncoderEngine = "auto",
        encoder: Encoder | None = None,
        memory: int = DEFAULT_MEMORY,
        reader: Path | None = None,
        observe: Observer | None = None,
    ) -> None:
        self._home = home
        self._model = model
        self._engine: EncoderEngine = engine
        self._reader = reader
        self._observe = observe
        self._capacity = capacity
        self._texts = Memory(memory // 2)
        self._index_bytes = memory - memory // 2
        self._encoder = encoder
        self._loading = threading.Lock()
        self._places: OrderedDict[Path, _Place] = OrderedDict()
        self._erasing: set[Path] = set()
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        for left in self._guilds.glob(f"{_ERASED}*"):
            # The bot was killed while it erased a library, or could not delete its files
            _delete(left)

    @property
    def _guilds(self) -> Path:
        return self._home / "guilds"

    def folder(self, guild: int | None) -> Path:
        """Return the folder of a server's library, or of the shared one."""
        return self._home / SHARED if guild is None else self._guilds / str(guild)

    def load(self) -> None:
        """Load the models, which takes seconds; otherwise the first question waits for it.

        Raises:
            ModelError: one can't be loaded.
        """
        is_first = self._encoder is None
        self._load_encoder()
        loaded_reader(self._reader)
        if is_first:
            # Half a million objects that stay for good: looking through them for garbage now and then would stop the
            # event loop for a third of a second each time
            gc.collect()
            gc.freeze()

    def _load_encoder(self) -> Encoder:
        with self._loading:
            if self._encoder is None:
                self._encoder = Encoder.load(self._model, self._engine)
            return self._encoder

    def guilds(self) -> set[int]:
        """Return the servers that have a library's folder."""
        if not self._guilds.is_dir():
            return set()
        return {int(found.name) for found in self._guilds.iterdir() if found.name.isdecimal()}

    @contextmanager
    def using(self, guild: int | None, *, create: bool = False) -> Iterator[Library]:
        """Give a server's library (None: the shared one), open for as long as the block runs.

        ``create`` makes one where there is none, for a first document.

        Raises:
            EmptyLibraryError: there is none, or it is being erased, and ``create`` is false.
            LibraryBusyError: it is being erased.
            LibraryError, ModelError: it can't be opened.
        """
        encoder = self._load_encoder()
        place = self._take(self.folder(guild), create)
        try:
            with place.opening:
                if place.library is None:
                    library = self._opened(place.folder, create, encoder)
                    place.file = _file(place.folder)
                    place.library = library
                library = place.library
            yield library
        finally:
            self._give_back(place)

    def _opened(self, folder: Path, create: bool, encoder: Encoder) -> Library:
        try:
            return Library.open(
                folder,
                create=create,
                encoder=encoder,
                memory=self._texts,
                reader=self._reader or True,
                observe=self._observe,
            )
        except EmptyLibraryError as error:
            raise EmptyLibraryError(_NOTHING_HERE) from error

    def _take(self, folder: Path, create: bool) -> _Place:
        with self._changed:
            if folder in self._erasing:
                if create:
                    raise LibraryBusyError("this library is being erased just now; try again in a moment")
                raise EmptyLibraryError(_NOTHING_HERE)
            place = self._places.get(folder)
            if place is not None and place.library is not None and place.file != _file(folder):
                # Another program put another database there, or took it away: the open one is nobody's any more
                self._retire(place)
                place = None
            if place is None:
                place = self._places[folder] = _Place(folder)
            self._places.move_to_end(folder)
            place.users += 1
            return place

    def _give_back(self, place: _Place) -> None:
        with self._changed:
            place.users -= 1
            is_kept = self._places.get(place.folder) is place
            if place.users == 0 and (not is_kept or place.library is None):
                self._retire(place)
            # Whoever was used longest ago goes first
            is_open = [other for other in self._places.values() if other.library is not None]
            for other in [other for other in self._places.values() if other.users == 0]:
                # The last one may be too large alone, and is most likely asked again
                heavy = other is not is_open[-1] and self._taken() > self._index_bytes
                if heavy or len(self._places) > self._capacity:
                    self._retire(other)
            self._changed.notify_all()

    @property
    def open_count(self) -> int:
        """How many libraries are open."""
        with self._changed:
            return sum(place.library is not None for place in self._places.values())

    @property
    def index_bytes(self) -> int:
        """Bytes that the indexes of all open libraries take."""
        with self._changed:
            return self._taken()

    def _taken(self) -> int:
        """Return the bytes that the indexes of all open libraries take."""
        return sum(place.library.index_bytes for place in self._places.values() if place.library is not None)

    def _retire(self, place: _Place) -> None:
        """Take a library from the shelf; whoever uses it still closes it when done."""
        if self._places.get(place.folder) is place:
            del self._places[place.folder]
        if place.users == 0 and place.library is not None:
            place.library.close()
            place.library = None

    def counts(self, guild: int | None) -> tuple[int, int]:
        """Return how many documents and passages a server's library holds, or the shared one."""
        try:
            with self.using(guild) as library:
                return library.counts()
        except EmptyLibraryError:
            return 0, 0

    def documents(self, guild: int | None) -> list[DocumentRecord]:
        """Return what a server's library holds, or the shared one, ordered by name."""
        try:
            with self.using(guild) as library:
                return library.documents()
        except EmptyLibraryError:
            return []

    def has_documents(self, guild: int | None) -> bool:
        """Whether a server's library, or the shared one, holds anything."""
        return self.counts(guild)[0] > 0

    def ask(
        self,
        question: str,
        *,
        guild: int | None,
        shared: bool = True,
        history: Sequence[str] = (),
        quotes: int = 3,
        document: str | None = None,
    ) -> Answer:
        """Ask a server's library, and the shared one where ``shared`` is true; see ``Library.ask`` and ``merge``.

        ``guild`` None stands for direct messages, which ask the shared library alone.

        Raises:
            EmptyLibraryError: neither holds anything.
            DocumentNotFoundError: ``document`` matches nothing in either.
            QuestionError, LibraryError: see ``Library.ask``.
        """
        asked = [guild, None] if shared and guild is not None else [guild]
        answers: list[Answer] = []
        missing: QuothError = EmptyLibraryError(_NOTHING_HERE)
        for one in asked:
            try:
                with self.using(one) as library:
                    answers.append(library.ask(question, quotes=quotes, document=document, history=history))
            except EmptyLibraryError:
                continue
            except DocumentNotFoundError as error:
                missing = error
        if not answers:
            raise missing
        return merge(answers, quotes)

    def passage(self, span: KeptSpan, *, guild: int | None) -> FoundSpan:
        """Find a kept span again, as a button of this server's may show it.

        A document that was taken in anew since still counts where the same text stands at the same place.

        Raises:
            AnswerGoneError: the text is no longer there to the letter, or belongs to another server's library.
        """
        if span.library not in (SHARED, str(guild)):
            raise AnswerGoneError(_GONE)
        try:
            with self.using(None if span.library == SHARED else guild) as library:
                for document in _documents(library, span):
                    if span.is_of(document.name) and span.matches(document.text[span.start : span.end]):
                        return _found(span, document)
        except EmptyLibraryError as error:
            raise AnswerGoneError(_GONE) from error
        raise AnswerGoneError(_GONE)

    @contextmanager
    def holding(self, answer: Answer, *, guild: int | None) -> Iterator[None]:
        """Keep what an answer quotes of a server's library there for as long as the block runs.

        An answer takes a while to find: what it quotes may have been removed meanwhile.

        Raises:
            EmptyLibraryError: the library was erased.
            AnswerGoneError: a document was removed that the answer quotes.
        """
        own = {quote.document_id for quote in answer.offered if quote.library == str(guild)}
        own |= {passage.document_id for passage in answer.passages if passage.library == str(guild)}
        if not own:
            yield
            return
        with self.using(guild) as library:
            if not all(library.has_document(document_id) for document_id in own):
                raise AnswerGoneError("The documents were changed while I looked; please ask again.")
            yield

    def erase(self, guild: int) -> None:
        """Delete a server's library with everything in it, once nobody uses it. There may be none.

        Raises:
            LibraryBusyError: it is being erased already.
            LibraryError: its folder can't be moved away, so that it stays as it is.
            LeftOverError: it is asked no more, but its files can't be deleted; the next start tries again.
        """
        folder = self.folder(guild)
        with self._changed:
            if folder in self._erasing:
                raise LibraryBusyError("this library is being erased already")
            self._erasing.add(folder)
            try:
                self._changed.wait_for(lambda: folder not in self._places or self._places[folder].users == 0)
                if folder in self._places:
                    self._retire(self._places[folder])
            except BaseException:
                self._erasing.discard(folder)
                raise
        try:
            if folder.exists():
                # Gone in one step: killed in between, the bot finds no half a library, and deletes the rest at start
                gone = folder.with_name(f"{_ERASED}{folder.name}-{uuid.uuid4().hex}")
                try:
                    folder.rename(gone)
                except OSError as error:
                    raise LibraryError(
                        f"the library {folder} can't be erased: {error.strerror}; check the permissions of its folder"
                    ) from error
                if not _delete(gone):
                    raise LeftOverError(
                        "The documents are not asked or quoted any more, but their files could not be deleted from the "
                        "disk. I'll try again when I'm restarted; tell whoever runs me that the log says why."
                    )
        finally:
            with self._changed:
                self._erasing.discard(folder)

    def stop(self) -> None:
        """End what takes long: ``check_running`` raises from now on."""
        self._stopping.set()

    def check_running(self, *_: object) -> None:
        """Raise ClosingError once the bot is to stop; may be given to ``Library.add`` as its ``report``."""
        if self._stopping.is_set():
            raise ClosingError("I'm restarting, so I stopped what I was doing; please try again in a minute.")

    def close(self) -> None:
        """Close all libraries; those that are in use are closed by whoever uses them."""
        self.stop()
        with self._changed:
            for place in list(self._places.values()):
                self._retire(place)


def _delete(erased: Path) -> bool:
    """Delete the files of an erased library, and say whether they are gone; otherwise the log says why they aren't."""
    try:
        shutil.rmtree(erased)
    except OSError as error:
        _log.error(
            "the erased library %s can't be deleted (%s: %s); delete it by hand, or correct the permissions and "
            "restart the bot, which tries again",
            erased,
            error.strerror,
            error.filename,
        )
        return False
    return True


def _file(folder: Path) -> tuple[int, int] | None:
    """Return what tells a database's file from another one at the same place."""
    try:
        status = (folder / FILE_NAME).stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _documents(library: Library, span: KeptSpan) -> Iterator[Document]:
    """Yield the document that a span is of, then those of its name: it may have been taken in anew."""
    with suppress(DocumentNotFoundError):
        yield library.document_by_id(span.document_id)
    for record in library.documents():
        if span.is_of(record.name):
            with suppress(DocumentNotFoundError):
                yield library.document_by_id(record.id)


def _found(span: KeptSpan, document: Document) -> FoundSpan:
    paragraph = next((one for one in document.paragraphs if one.start <= span.start < one.end), None)
    return FoundSpan(
        library=span.library,
        document=document,
        start=span.start,
        end=span.end,
        text=document.text[span.start : span.end],
        paragraph=paragraph,
        answer=span.answer,
        context=span.context,
    )
