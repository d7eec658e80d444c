"""From a root on disk to stored passages: only what changed is parsed, and only new passages are embedded."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from quoth.documents.formats import CORPUS_SUFFIX, suffix
from quoth.documents.jsonl import JSONL_MEDIA_TYPE, parse_jsonl
from quoth.documents.model import Document
from quoth.documents.reading import parse
from quoth.documents.source import Entry, Listing, Unreadable, discover, scan
from quoth.encoder import Encoder, Vectors
from quoth.errors import FormatError, NoRoomError, SourceError
from quoth.passages import Passage, encoded_passage, split
from quoth.progress import Progress
from quoth.store import PassageRow, Store
from quoth.words import terms

_BATCH_PASSAGES = 512
_BATCH_CHARACTERS = 2_000_000
# So many between two words on how far it is, which is also where it can be stopped
_ENCODED_AT_ONCE = 16

VectorsByKey = dict[bytes, Vectors]

_UPLOAD = "upload:"
_UNFIT_IN_NAMES = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def upload_root(name: str) -> str:
    """Return the root of a file that was added from its bytes. No path looks like it: those of roots are absolute."""
    return _UPLOAD + name


def is_upload(root: str) -> bool:
    """Whether a root is a file that was added from its bytes, so that no path can be indexed again for it."""
    return root.startswith(_UPLOAD)


def documents_of(name: str, data: bytes) -> list[Document]:
    """Return the documents that a file's bytes make: several for a JSONL corpus, one for everything else.

    Raises:
        FormatError: the bytes are not what the name's suffix says, or the name can't be one.
    """
    if not name.strip() or _UNFIT_IN_NAMES.search(name):
        raise FormatError(f"the name {name!r} is empty or holds control characters; give the file a plain name")
    return parse_jsonl(name, data) if suffix(name) == CORPUS_SUFFIX else [parse(name, data)]


@dataclass(slots=True)
class IndexSummary:
    """What an indexing did. ``failed`` and ``skipped`` pair a file's name with the reason."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    passages: int = 0
    embedded: int = 0
    seconds: float = 0.0
    failed: list[tuple[str, str]] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the summary as a JSON object."""
        return {
            "added": self.added,
            "changed": self.changed,
            "removed": self.removed,
            "unchanged": self.unchanged,
            "passages": self.passages,
            "embedded": self.embedded,
            "seconds": round(self.seconds, 3),
            "failed": [{"name": name, "reason": reason} for name, reason in self.failed],
            "skipped": [{"name": name, "reason": reason} for name, reason in self.skipped],
        }


class Indexer:
    """Brings a library's store up to date with roots on disk.

    ``load_encoder`` is called when something must be embedded, and not before: a model takes seconds to load.
    """

    def __init__(self, store: Store, load_encoder: Callable[[], Encoder], report: Callable[[Progress], None]) -> None:
        self._store = store
        self._load_encoder = load_encoder
        self._report = report
        self._model: int | None = None
        self.summary = IndexSummary()

    def index(self, paths: Sequence[Path]) -> None:
        """Make each path a root and bring its documents up to date.

        Nothing is written before every path was found and could be listed.

        Raises:
            PathError: a path that does not exist or can't be read.
            FormatError: a named file that is not what its suffix says.
        """
        for listing in [discover(path) for path in paths]:
            self._index_root(listing)

    def add(self, name: str, documents: Sequence[Document], room: int | None) -> None:
        """Make a file's documents a root of their own, in place of the file that was added by this name before.

        All of it is written in one transaction, or nothing. Documents that are there already cost nothing.

        Raises:
            NoRoomError: they make more than ``room`` passages.
        """
        root = upload_root(name)
        known = self._store.known_documents(root)
        if {document.name: document.content_hash for document in documents} == {
            known_name: content_hash for known_name, (content_hash, _) in known.items()
        }:
            self.summary.unchanged += len(documents)
            return
        # Each paragraph makes a passage at least, which is known before anything takes long
        least = sum(paragraph.prose for document in documents for paragraph in document.paragraphs)
        if room is not None and least > room:
            raise NoRoomError(name, least, room)
        model_id = self._model_id()
        rows, texts = self._parted(documents)
        passages = sum(len(its_rows) for its_rows in rows)
        if room is not None and passages > room:
            raise NoRoomError(name, passages, room)
        vectors = self._vectors(model_id, texts)
        gone = known.keys() - {document.name for document in documents}
        with self._store.writing():
            root_id = self._store.root_id(root)
            for document, its_rows in zip(documents, rows, strict=True):
                self._store.add(root_id, model_id, document, its_rows, vectors)
            self._store.remove(self._store.document_ids(root, gone))
        self._count(documents, rows, known)
        self.summary.removed += len(gone)

    def reembed(self) -> None:
        """Embed every document anew with the encoder's model, then search that model's vectors only.

        What was embedded before an interruption is not embedded again.
        """
        model_id = self._model_id()
        waiting = self._store.documents_without(model_id)
        for number, document_id in enumerate(waiting):
            self._report(Progress("embedding with the new model", number, len(waiting)))
            document = self._store.document(document_id)
            rows, texts = self._parted([document])
            vectors = self._vectors(model_id, texts)
            with self._store.writing():
                self._store.passages.add(document_id, model_id, rows[0], vectors)
        with self._store.writing():
            self._store.make_current(model_id)

    def _index_root(self, listing: Listing) -> None:
        root = str(listing.root)
        known = self._store.known_documents(root)
        seen: set[str] = set()
        unread: list[str] = []
        waiting: list[Document] = []
        self.summary.skipped += [(skipped.name, skipped.reason) for skipped in listing.skipped]
        files = {file.name: number for number, file in enumerate(listing.files)}
        for found in scan(listing):
            if isinstance(found, Unreadable):
                self.summary.failed.append((found.name, str(found.error)))
                unread.append(found.name)
                continue
            self._report(Progress("reading", files[found.file.name], len(files)))
            if found.name in known and known[found.name][0] == found.content_hash:
                self.summary.unchanged += 1
                seen.add(found.name)
                continue
            document = self._read(found, listing)
            # What a file held before it became unreadable stands nowhere any more: it counts as removed
            if document is not None:
                seen.add(found.name)
                waiting.append(document)
                if _is_enough(waiting):
                    self._add(root, known, waiting)
                    waiting = []
        self._add(root, known, waiting)
        gone = [name for name in known if name not in seen and not _may_be_there(name, known[name][1], unread)]
        if gone:
            with self._store.writing():
                self._store.remove(self._store.document_ids(root, gone))
            self.summary.removed += len(gone)

    def _read(self, entry: Entry, listing: Listing) -> Document | None:
        try:
            return entry.parse()
        except SourceError as error:
            if not listing.folder:
                raise
            self.summary.failed.append((entry.name, str(error)))
            return None

    def _add(self, root: str, known: Container[str], documents: Sequence[Document]) -> None:
        if not documents:
            return
        model_id = self._model_id()
        rows, texts = self._parted(documents)
        vectors = self._vectors(model_id, texts)
        with self._store.writing():
            root_id = self._store.root_id(root)
            for document, its_rows in zip(documents, rows, strict=True):
                self._store.add(root_id, model_id, document, its_rows, vectors)
        self._count(documents, rows, known)

    def _count(
        self, documents: Sequence[Document], rows: Sequence[Sequence[PassageRow]], known: Container[str]
    ) -> None:
        for document, its_rows in zip(documents, rows, strict=True):
            self.summary.passages += len(its_rows)
            if document.name in known:
                self.summary.changed += 1
            else:
                self.summary.added += 1

    def _parted(self, documents: Sequence[Document]) -> tuple[list[list[PassageRow]], dict[bytes, str]]:
        """Return the passages of each document, and the text that the encoder reads for each of their keys."""
        encoder = self._load_encoder()
        texts: dict[bytes, str] = {}
        rows: list[list[PassageRow]] = []

        def count_tokens(some: Sequence[str]) -> list[int]:
            # A single document can take a minute
            self._report(Progress("parting", len(rows) - 1, len(documents)))
            return encoder.count_tokens(some)

        for document in documents:
            rows.append([])
            for passage in split(document, count_tokens):
                row, text = _row(document, passage)
                rows[-1].append(row)
                texts[row.vector_key] = text
        return rows, texts

    def _vectors(self, model_id: int, texts: dict[bytes, str]) -> VectorsByKey:
        encoder = self._load_encoder()
        vectors: VectorsByKey = self._store.passages.known_vectors(model_id, texts)
        missing = sorted((key for key in texts if key not in vectors), key=lambda key: len(texts[key]))
        for start in range(0, len(missing), _ENCODED_AT_ONCE):
            keys = missing[start : start + _ENCODED_AT_ONCE]
            vectors.update(zip(keys, encoder.encode_passages([texts[key] for key in keys]), strict=True))
            self._report(Progress("embedding", start + len(keys), len(missing)))
        self.summary.embedded += len(missing)
        return vectors

    def _model_id(self) -> int:
        """Return the id of the encoder's model; a library made with another one is embedded anew first."""
        identity = self._load_encoder().identity
        if self._model is None:
            with self._store.writing():
                self._model = self._store.model_id(identity)
            current = self._store.current_model()
            if current is not None and current[0] != self._model:
                self.reembed()
        return self._model


def _may_be_there(name: str, media_type: str, unread: Sequence[str]) -> bool:
    """Whether a document may stand in what could not be read just now, and so must not be removed.

    It may be that file itself, lie below a folder that can't be listed, or be a line of a broken JSONL file.
    """
    return any(
        name == other
        or name.startswith(other + "/")
        or (media_type == JSONL_MEDIA_TYPE and suffix(other) == CORPUS_SUFFIX)
        for other in unread
    )


def _row(document: Document, passage: Passage) -> tuple[PassageRow, str]:
    text = encoded_passage(document, passage)
    key = hashlib.blake2b(text.encode(), digest_size=16).digest()
    return PassageRow(passage, key, tuple(terms(text))), text


def _is_enough(documents: Sequence[Document]) -> bool:
    return (
        sum(len(document.paragraphs) for document in documents) >= _BATCH_PASSAGES
        or sum(len(document.text) for document in documents) >= _BATCH_CHARACTERS
    )
