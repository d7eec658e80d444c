"""The texts behind rows: documents as they were stored, read when they are needed and kept for the next question."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from quoth.antecedent import antecedent, names
from quoth.documents.model import Document
from quoth.index.live import IndexedPassages
from quoth.passages import Passage, context, encoded_passage
from quoth.sentences import sentences
from quoth.store import Store
from quoth.words import terms

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_KEPT_CHARACTERS = 20_000_000
_KEPT_PASSAGES = 50_000
# A paragraph's offsets take as much memory as so many characters, and it may be of one
_PARAGRAPH = 100


@dataclass(frozen=True, slots=True)
class PassageSentences:
    """A passage's sentences: offsets in its document, and the terms of each."""

    spans: tuple[tuple[int, int], ...]
    terms: tuple[tuple[str, ...], ...]


class Recent(Generic[K, V]):
    """The values that were used last: what was used longest ago goes where their sizes exceed ``limit``."""

    def __init__(self, limit: int, size: Callable[[V], int] = lambda value: 1) -> None:
        self._values: OrderedDict[K, V] = OrderedDict()
        self._limit = limit
        self._size = size
        self._total = 0

    def get(self, key: K, make: Callable[[], V]) -> V:
        """Return the value of ``key``, made now if it is not kept."""
        if key in self._values:
            self._values.move_to_end(key)
            return self._values[key]
        value = self._values[key] = make()
        self._total += self._size(value)
        while self._total > self._limit and len(self._values) > 1:
            _, gone = self._values.popitem(last=False)
            self._total -= self._size(gone)
        return value


def _size(document: Document) -> int:
    return len(document.text) + _PARAGRAPH * len(document.paragraphs)


class TextCache:
    """What was read of a library's texts, by stored ids, which never come to mean anything else."""

    def __init__(self) -> None:
        self.documents: Recent[int, Document] = Recent(_KEPT_CHARACTERS, _size)
        self.passages: Recent[int, Passage] = Recent(_KEPT_PASSAGES)
        self.sequences: Recent[int, tuple[str, ...]] = Recent(_KEPT_PASSAGES)
        self.sentences: Recent[int, PassageSentences] = Recent(_KEPT_PASSAGES)
        self.titles: Recent[int, frozenset[str]] = Recent(_KEPT_PASSAGES)
        self.antecedents: Recent[tuple[int, int], frozenset[str]] = Recent(_KEPT_PASSAGES)


class Texts:
    """The texts of one state of a library; call within ``store.reading()``."""

    def __init__(self, store: Store, passages: IndexedPassages, cache: TextCache) -> None:
        self._store = store
        self._passages = passages
        self._cache = cache

    def document_id(self, row: int) -> int:
        """Return the id of the document that a row's passage belongs to."""
        return int(self._passages.document_ids[row])

    def _passage_id(self, row: int) -> int:
        return int(self._passages.ids[row])

    def document(self, row: int) -> Document:
        """Return the document that a row's passage belongs to."""
        return self.document_by_id(self.document_id(row))

    def document_by_id(self, document_id: int) -> Document:
        """Return a document by its stored id."""
        return self._cache.documents.get(document_id, lambda: self._store.document(document_id))

    def passage(self, row: int) -> Passage:
        """Return where a row's passage stands."""
        passage_id = self._passage_id(row)
        return self._cache.passages.get(passage_id, lambda: self._store.passage(passage_id))

    def text(self, row: int) -> str:
        """Return a passage's text."""
        passage = self.passage(row)
        return self.document(row).text[passage.start : passage.end]

    def sequence(self, row: int) -> tuple[str, ...]:
        """Return the terms of a passage with its title and heading, in order."""
        return self._cache.sequences.get(
            self._passage_id(row), lambda: tuple(terms(encoded_passage(self.document(row), self.passage(row))))
        )

    def sentences(self, row: int) -> PassageSentences:
        """Return a passage's sentences with their terms."""
        return self._cache.sentences.get(self._passage_id(row), lambda: self._parted(row))

    def _parted(self, row: int) -> PassageSentences:
        text, passage = self.document(row).text, self.passage(row)
        spans = tuple(sentences(text, passage.start, passage.end))
        return PassageSentences(spans, tuple(tuple(terms(text[start:end])) for start, end in spans))

    def context_terms(self, row: int) -> frozenset[str]:
        """Return the distinct terms of the title and heading above a passage."""
        return frozenset(terms(context(self.document(row).title, self.passage(row).heading)))

    def antecedent_terms(self, row: int, start: int, end: int) -> frozenset[str]:
        """Return the distinct terms of the names in the words that a sentence beginning with a pronoun leans on."""
        return self._cache.antecedents.get(
            (self.document_id(row), start), lambda: _antecedent_terms(self.document(row), start, end)
        )

    def title_terms(self, row: int) -> frozenset[str]:
        """Return the distinct terms of the title of a passage's document."""
        return self._cache.titles.get(self.document_id(row), lambda: frozenset(terms(self.document(row).title)))

    def place(self, row: int) -> tuple[str, int]:
        """Return the name of a passage's document and its start: an order that does not depend on history."""
        return self.document(row).name, self.passage(row).start


def _antecedent_terms(document: Document, start: int, end: int) -> frozenset[str]:
    place = antecedent(document, start, end)
    return frozenset(terms(names(document.text[place[0] : place[1]]))) if place else frozenset()
