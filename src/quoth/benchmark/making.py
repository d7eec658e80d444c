"""Libraries of any size: planted documents, and around them passages that two real half paragraphs make.

A made passage's vector is the normalised sum of its halves' vectors, each embedded once. That is an approximation of
what the encoder would say of the whole, and good for what is measured here: lengths, word frequencies and the way in
which vectors crowd are real, and recall is measured against the very vectors that are stored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from quoth.benchmark.material import Halved
from quoth.documents.jsonl import JSONL_MEDIA_TYPE
from quoth.documents.model import Document, Paragraph
from quoth.encoder import ModelIdentity, Vectors
from quoth.errors import DatasetError
from quoth.indexing import upload_root
from quoth.passages import Passage, context, encoded_passage
from quoth.progress import Progress
from quoth.store import PassageRow, Store
from quoth.words import terms

PER_DOCUMENT = 10
"""Passages of a made document."""

ROOT = upload_root("made")
_PREFIX = "made/"
_PARTED_BY = "\n\n"
_JOINED_BY = " "
_AT_ONCE = 10_000
_SEED = 20261124
_VERSION = "1"
"""Changed with whatever changes what is made, so that libraries made before are made anew."""

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Planted:
    """Documents as they are, with their passages and the vectors of these, shape ``(passages, dimension)``."""

    documents: Sequence[Document]
    passages: Sequence[Sequence[Passage]]
    vectors: Vectors


@dataclass(frozen=True, slots=True)
class Halves:
    """Halved paragraphs, and the vectors of their first and second halves, each of shape ``(n, dimension)``."""

    halved: Sequence[Halved]
    first: Vectors
    second: Vectors


class Plan:
    """Which passages a library of ``size`` passages holds: row by row, the planted ones first.

    Raises:
        DatasetError: the halves don't make so many different passages.
    """

    def __init__(self, size: int, planted: Planted, halves: Halves) -> None:
        self.size = size
        self._planted = planted
        self._halves = halves
        self._places = {
            (document.name, passage.start): row
            for row, (document, passage) in enumerate(
                (document, passage)
                for document, its in zip(planted.documents, planted.passages, strict=True)
                for passage in its
            )
        }
        self.planted = len(self._places)
        count = len(halves.halved)
        if size - self.planted > count * (count - 1):
            raise DatasetError(
                f"{count:,} halved paragraphs make {count * (count - 1):,} passages, not {size:,}; name more data sets"
            )
        random = np.random.default_rng(_SEED)
        self._order = random.permutation(count)
        self._shifts = random.permutation(np.arange(1, count))
        self._halves_terms: tuple[list[tuple[str, ...]], list[tuple[str, ...]]] | None = None

    @property
    def key(self) -> str:
        """A hash of all that the library holds, of the words that are found in it and of the vectors."""
        digest = hashlib.sha256(f"{_VERSION} {PER_DOCUMENT} {self.size}".encode())
        for document in self._planted.documents:
            digest.update(f"\0{document.name}\0{document.title}\0{document.text}".encode())
        for one in self._halves.halved:
            digest.update(f"\0{one.title}\0{one.first}\0{one.second}".encode())
        firsts, seconds = self._terms()
        for words in (*firsts, *seconds):
            digest.update("\0".join(words).encode())
        for vectors in (self._planted.vectors, self._halves.first, self._halves.second):
            digest.update(np.ascontiguousarray(vectors).data)
        return digest.hexdigest()[:32]

    def pairs(self, rows: Rows) -> tuple[Rows, Rows]:
        """Return which first and which second half each made row has, both of the rows' shape.

        No two rows have the same two, and none has the two of one paragraph: every half meets the one that stands
        ``shift`` places behind its own in a random order, for one shift after the other, these in a random order too.
        """
        count = len(self._order)
        turn, place = np.divmod(rows - self.planted, count)
        return self._order[place], self._order[(place + self._shifts[turn]) % count]

    def vectors(self, rows: Rows) -> Vectors:
        """Return the vectors of rows as they are stored, shape ``(len(rows), dimension)``."""
        found = np.empty((len(rows), self._halves.first.shape[1]), np.float32)
        is_made = rows >= self.planted
        found[~is_made] = self._planted.vectors[rows[~is_made]]
        first, second = self.pairs(rows[is_made])
        sums = self._halves.first[first] + self._halves.second[second]
        found[is_made] = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
        return found

    def row(self, document: str, paragraph: int, start: int) -> int | None:
        """Return the row of a passage by what a search says of it; None where there is no such."""
        if document.startswith(_PREFIX):
            return self.planted + int(document.removeprefix(_PREFIX)) * PER_DOCUMENT + paragraph - 1
        return self._places.get((document, start))

    def write(
        self, store: Store, identity: ModelIdentity, report: Callable[[Progress], None] = lambda progress: None
    ) -> None:
        """Write the library into an empty store, some thousand passages at a time, whatever its size."""
        with store.writing():
            self._write_planted(store, store.root_id(ROOT), store.model_id(identity))
        for start in range(self.planted, self.size, _AT_ONCE):
            report(Progress(f"making {self.size:,} passages", start, self.size))
            self._write_made(store, start, min(start + _AT_ONCE, self.size), identity, report)

    def _write_planted(self, store: Store, root_id: int, model_id: int) -> None:
        row = 0
        for document, its in zip(self._planted.documents, self._planted.passages, strict=True):
            texts = [encoded_passage(document, passage) for passage in its]
            rows = [PassageRow(p, _key(t), tuple(terms(t))) for p, t in zip(its, texts, strict=True)]
            vectors = {one.vector_key: self._planted.vectors[row + place] for place, one in enumerate(rows)}
            store.add(root_id, model_id, document, rows, vectors)
            row += len(rows)

    def _write_made(
        self, store: Store, start: int, stop: int, identity: ModelIdentity, report: Callable[[Progress], None]
    ) -> None:
        rows = np.arange(start, stop)
        first, second = self.pairs(rows)
        vectors = self.vectors(rows)
        with store.writing():
            root_id, model_id = store.root_id(ROOT), store.model_id(identity)
            for begin in range(0, len(rows), PER_DOCUMENT):
                report(Progress(f"making {self.size:,} passages", start + begin, self.size))
                here = slice(begin, min(begin + PER_DOCUMENT, len(rows)))
                number = (start - self.planted + begin) // PER_DOCUMENT
                document, of = self._document(number, first[here].tolist(), second[here].tolist())
                by_key = {one.vector_key: vector for one, vector in zip(of, vectors[here], strict=True)}
                store.add(root_id, model_id, document, of, by_key)

    def _document(self, number: int, firsts: list[int], seconds: list[int]) -> tuple[Document, list[PassageRow]]:
        halved = self._halves.halved
        texts = [f"{halved[a].first}{_JOINED_BY}{halved[b].second}" for a, b in zip(firsts, seconds, strict=True)]
        title = halved[firsts[0]].title
        head = context(title)
        before = tuple(terms(head))
        its_firsts, its_seconds = self._terms()
        rows: list[PassageRow] = []
        paragraphs: list[Paragraph] = []
        start = 0
        for place, (text, a, b) in enumerate(zip(texts, firsts, seconds, strict=True), 1):
            end = start + len(text)
            paragraphs.append(Paragraph(place, start, end))
            words = (*before, *its_firsts[a], *its_seconds[b])
            rows.append(PassageRow(Passage(start, end, place), _key(f"{head}\n{text}"), words))
            start = end + len(_PARTED_BY)
        whole = _PARTED_BY.join(texts)
        content_hash = hashlib.sha256(f"{title}\n{whole}".encode()).hexdigest()
        name = f"{_PREFIX}{number}"
        return Document(name, title, whole, JSONL_MEDIA_TYPE, content_hash, tuple(paragraphs)), rows

    def _terms(self) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
        """Return the terms of the first and of the second halves, which are found once and not for each passage."""
        if self._halves_terms is None:
            self._halves_terms = (
                [tuple(terms(one.first)) for one in self._halves.halved],
                [tuple(terms(one.second)) for one in self._halves.halved],
            )
        return self._halves_terms


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
