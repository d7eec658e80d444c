"""Documents damaged by chance go through the door: each is read or refused, and nothing else happens.

QUOTH_MUTATIONS is how many; ``benchmarks/mutations.py`` reads thousands.
"""

from __future__ import annotations

import os

from quoth.errors import SourceError
from quoth.indexing import documents_of
from tests.documents.mutations import SAMPLES, mutated, sample


def test_the_samples_are_sound():
    for name in SAMPLES:
        documents = documents_of(name, sample(name))
        assert any(paragraph.prose for document in documents for paragraph in document.paragraphs), name


def test_the_same_number_gives_the_same_damage():
    assert [mutated(number) for number in range(40)] == [mutated(number) for number in range(40)]
    assert sum(mutated(number)[1] != sample(mutated(number)[0]) for number in range(40)) > 35


def test_a_damaged_document_is_read_or_refused():
    for number in range(int(os.environ.get("QUOTH_MUTATIONS", "200"))):
        name, data = mutated(number)
        try:
            documents = documents_of(name, data)
        except SourceError as error:
            assert name in str(error) and str(error).isprintable(), f"mutation {number}"
            continue
        for document in documents:
            for paragraph in document.paragraphs:
                shown = document.text[paragraph.start : paragraph.end]
                assert shown and shown == shown.strip(), f"mutation {number}"
                assert paragraph.page is None or paragraph.page >= 1, f"mutation {number}"
