"""The texts behind rows: documents as they were stored, read when they are needed and kept for the next question."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from quoth.antecedent import antecedent, names
from quoth.documents.model import Document
from quoth.index.live import IndexedPassages
from quoth.memory import Memory
from quoth.passages import Passage, context, encoded_text
from quoth.sentences import sentences
from quoth.store import Store
from quoth.store.records import PassageText
from quoth.words import terms

# Bytes of a small object with its numbers: a paragraph's offsets take as much as a line of text, and it may be of one
# character
_RECORD = 250
_POINTER = 8


@dataclass(frozen=True, slots=True)
class PassageSentences:
    """A passage's sentences: offsets in its document, and the terms of each."""

    spans: tuple[tuple[int, int], ...]
    terms: tuple[tuple[str, ...], ...]


def _size_of_document(document: Document) -> int:
    return sys.getsizeof(document.text) + _RECORD * (1 + len(document.paragraphs))


def _size_of_passage(held: PassageText) -> int:
    return 2 * _RECORD + sum(sys.getsizeof(text) for text in (held.text, held.name, held.title))


def _size_of_terms(terms: Collection[str]) -> int:
    return _RECORD + _POINTER * len(terms) + sum(map(sys.getsizeof, terms))


def _size_of_sentences(parted: PassageSentences) -> int:
    return sum(_RECORD + _size_of_terms(terms) for terms in parted.terms)


class TextCache:
    """What was read of a library's texts, by stored ids, which never come to mean anything else.

    Several libraries may share a ``memory``; each finds its own texts only.
    """

    def __init__(self, memory: Memory | None = None) -> None:
        self._memory = memory or Memory()
        self._owner = self._memory.owner()

    def clear(self) -> None:
        """Let go of everything."""
        self._memory.forget(self._owner)

    def document(self, document_id: int, make: Callable[[], Document]) -> Document:
        """Return a document by its id."""
        return self._memory.get(self._owner, "document", document_id, make, _size_of_document)

    def passages(
        self, passage_ids: Sequence[int], make: Callable[[list[int]], Sequence[PassageText]]
    ) -> list[PassageText]:
        """Return passages with their words, by their ids, in order."""
        return self._memory.get_all(self._owner, "passage", passage_ids, make, _size_of_passage)

    def sequence(self, passage_id: int, make: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
        """Return the terms of a passage with its title and heading, by the passage's id."""
        return self._memory.get(self._owner, "sequence", passage_id, make, _size_of_terms)

    def sentences(self, passage_id: int, make: Callable[[], PassageSentences]) -> PassageSentences:
        """Return a passage's sentences, by the passage's id."""
        return self._memory.get(self._owner, "sentences", passage_id, make, _size_of_sentences)

    def title(self, document_id: int, make: Callable[[], frozenset[str]]) -> frozenset[str]:
        """Return the terms of a document's title, by the document's id."""
        return self._memory.get(self._owner, "title", document_id, make, _size_of_terms)

    def antecedent(self, place: tuple[int, int], make: Callable[[], frozenset[str]]) -> frozenset[str]:
        """Return the terms that a sentence leans on, by its document's id and its start."""
        return self._memory.get(self._owner, "antecedent", place, make, _size_of_terms)


class Texts:
    """The texts of one state of a library, for one question; call within ``store.reading()``."""

    def __init__(self, store: Store, passages: IndexedPassages, cache: TextCache) -> None:
        self._store = store
        self._passages = passages
        self._cache = cache
        self._held: dict[int, PassageText] = {}

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
        return self._cache.document(document_id, lambda: self._store.document(document_id))

    def passage(self, row: int) -> Passage:
        """Return where a row's passage stands."""
        return self.held(row).passage

    def text(self, row: int) -> str:
        """Return a passage's text."""
        held = self.held(row)
        if held.text is None:
            return self.document(row).text[held.passage.start : held.passage.end]
        return held.text

    def held(self, row: int) -> PassageText:
        """Return a passage with its words, where they are at hand, and whose it is."""
        if row not in self._held:
            self.read([row])
        return self._held[row]

    def read(self, rows: Sequence[int]) -> None:
        """Read the passages of these rows, which takes less time all at once than one by one."""
        passages = self._cache.passages([self._passage_id(row) for row in rows], self._store.passages.texts)
        self._held.update(zip(rows, passages, strict=True))

    def sequence(self, row: int) -> tuple[str, ...]:
        """Return the terms of a passage with its title and heading, in order."""
        return self._cache.sequence(self._passage_id(row), lambda: tuple(terms(self._encoded(row))))

    def _encoded(self, row: int) -> str:
        held = self.held(row)
        return encoded_text(held.title, held.passage.heading, self.text(row))

    def sentences(self, row: int) -> PassageSentences:
        """Return a passage's sentences with their terms."""
        return self._cache.sentences(self._passage_id(row), lambda: self._parted(row))

    def _parted(self, row: int) -> PassageSentences:
        text, passage = self.document(row).text, self.passage(row)
        spans = tuple(sentences(text, passage.start, passage.end))
        return PassageSentences(spans, tuple(tuple(terms(text[start:end])) for start, end in spans))

    def context_terms(self, row: int) -> frozenset[str]:
        """Return the distinct terms of the title and heading above a passage."""
        return frozenset(terms(self.context(row)))

    def context(self, row: int) -> str:
        """Return the title and heading above a passage, as models read them."""
        held = self.held(row)
        return context(held.title, held.passage.heading)

    def antecedent_terms(self, row: int, start: int, end: int) -> frozenset[str]:
        """Return the distinct terms of the names in the words that a sentence beginning with a pronoun leans on."""
        return self._cache.antecedent(
            (self.document_id(row), start), lambda: _antecedent_terms(self.document(row), start, end)
        )

    def title_terms(self, row: int) -> frozenset[str]:
        """Return the distinct terms of the title of a passage's document."""
        return self._cache.title(self.document_id(row), lambda: frozenset(terms(self.held(row).title)))

    def place(self, row: int) -> tuple[str, int]:
        """Return the name of a passage's document and its start: an order that does not depend on history."""
        held = self.held(row)
        return held.name, held.passage.start


def _antecedent_terms(document: Document, start: int, end: int) -> frozenset[str]:
    place = antecedent(document, start, end)
    return frozenset(terms(names(document.text[place[0] : place[1]]))) if place else frozenset()
