"""The texts behind rows: documents as they were stored, read when they are needed and kept for the next question."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from quoth.antecedent import antecedent, names
from quoth.documents.model import Document
from quoth.index.live import IndexedPassages
from quoth.passages import Passage, context, encoded_text
from quoth.sentences import sentences
from quoth.store import Store
from quoth.words import terms

_KEPT_CHARACTERS = 20_000_000
_KEPT_PASSAGES = 50_000


@dataclass(frozen=True, slots=True)
class PassageSentences:
    """A passage's sentences: offsets in its document, and the terms of each."""

    spans: tuple[tuple[int, int], ...]
    terms: tuple[tuple[str, ...], ...]


class TextCache:
    """Documents and passage terms by their stored ids, which never come to mean anything else.

    Bounded: what was used longest ago goes first.
    """

    def __init__(self) -> None:
        self.documents: OrderedDict[int, Document] = OrderedDict()
        self.passages: OrderedDict[int, Passage] = OrderedDict()
        self.sequences: OrderedDict[int, tuple[str, ...]] = OrderedDict()
        self.sentences: OrderedDict[int, PassageSentences] = OrderedDict()
        self.antecedents: OrderedDict[tuple[int, int], frozenset[str]] = OrderedDict()
        self._characters = 0

    def keep_document(self, document_id: int, document: Document) -> None:
        """Keep a document, and let go of others where there are too many characters."""
        self.documents[document_id] = document
        self._characters += len(document.text)
        while self._characters > _KEPT_CHARACTERS and len(self.documents) > 1:
            _, gone = self.documents.popitem(last=False)
            self._characters -= len(gone.text)

    def trim(self) -> None:
        """Let go of the oldest passages where there are too many."""
        for kept in (self.passages, self.sequences, self.sentences, self.antecedents):
            while len(kept) > _KEPT_PASSAGES:
                kept.popitem(last=False)


class Texts:
    """The texts of one state of a library; call within ``store.reading()``."""

    def __init__(self, store: Store, passages: IndexedPassages, cache: TextCache) -> None:
        self._store = store
        self._passages = passages
        self._cache = cache

    def document_id(self, row: int) -> int:
        """Return the id of the document that a row's passage belongs to."""
        return int(self._passages.document_ids[row])

    def document(self, row: int) -> Document:
        """Return the document that a row's passage belongs to."""
        return self.document_by_id(self.document_id(row))

    def document_by_id(self, document_id: int) -> Document:
        """Return a document by its stored id."""
        found = self._cache.documents.get(document_id)
        if found is None:
            found = self._store.document(document_id)
            self._cache.keep_document(document_id, found)
        else:
            self._cache.documents.move_to_end(document_id)
        return found

    def passage(self, row: int) -> Passage:
        """Return where a row's passage stands."""
        passage_id = int(self._passages.ids[row])
        found = self._cache.passages.get(passage_id)
        if found is None:
            _, found = self._store.passage(passage_id)
            self._cache.passages[passage_id] = found
            self._cache.trim()
        return found

    def sequence(self, row: int) -> tuple[str, ...]:
        """Return the terms of a passage with its title and heading, in order."""
        passage_id = int(self._passages.ids[row])
        found = self._cache.sequences.get(passage_id)
        if found is None:
            document, passage = self.document(row), self.passage(row)
            found = tuple(
                terms(encoded_text(document.title, passage.heading, document.text[passage.start : passage.end]))
            )
            self._cache.sequences[passage_id] = found
        return found

    def sentences(self, row: int) -> PassageSentences:
        """Return a passage's sentences with their terms."""
        passage_id = int(self._passages.ids[row])
        found = self._cache.sentences.get(passage_id)
        if found is None:
            text, passage = self.document(row).text, self.passage(row)
            spans = tuple(sentences(text, passage.start, passage.end))
            found = PassageSentences(spans, tuple(tuple(terms(text[start:end])) for start, end in spans))
            self._cache.sentences[passage_id] = found
        return found

    def context_terms(self, row: int) -> frozenset[str]:
        """Return the distinct terms of the title and heading above a passage."""
        return frozenset(terms(context(self.document(row).title, self.passage(row).heading)))

    def antecedent_terms(self, row: int, start: int, end: int) -> frozenset[str]:
        """Return the distinct terms of the names in the words that a sentence beginning with a pronoun leans on."""
        key = (self.document_id(row), start)
        found = self._cache.antecedents.get(key)
        if found is None:
            document = self.document(row)
            place = antecedent(document, start, end)
            found = frozenset(terms(names(document.text[place[0] : place[1]]))) if place else frozenset()
            self._cache.antecedents[key] = found
        return found

    def title_terms(self, row: int) -> frozenset[str]:
        """Return the distinct terms of the title of a passage's document."""
        return frozenset(terms(self.document(row).title))

    def place(self, row: int) -> tuple[str, int]:
        """Return the name of a passage's document and its start: an order that does not depend on history."""
        return self.document(row).name, self.passage(row).start
