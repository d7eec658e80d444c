"""What is kept of texts between questions stays within bounds, whatever the documents are."""

from quoth.documents import Document, parse
from quoth.texts import TextCache


def test_documents_of_many_tiny_paragraphs_are_not_all_kept():
    lines = parse("a.txt", b"a\n\n" * 10_000)
    assert len(lines.paragraphs) == 10_000
    made = []

    def make() -> Document:
        made.append(lines)
        return lines

    cache = TextCache()
    for number in range(100):
        cache.documents.get(number, make)
    cache.documents.get(99, make)
    assert len(made) == 100
    cache.documents.get(0, make)
    assert len(made) == 101
