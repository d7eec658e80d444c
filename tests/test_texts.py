"""What is kept of texts between questions stays within bounds, whatever the documents and however many libraries."""

from __future__ import annotations

import threading
import tracemalloc

from quoth.documents.model import Document
from quoth.documents.reading import parse
from quoth.memory import Memory
from quoth.texts import TextCache


def kept(cache: TextCache, document: Document, numbers: range) -> set[int]:
    """Return which of these are kept, made anew where they are not."""
    made: set[int] = set()

    def make(number: int) -> Document:
        made.add(number)
        return document

    for number in numbers:
        cache.document(number, lambda number=number: make(number))
    return set(numbers) - made


def test_documents_of_many_tiny_paragraphs_are_not_all_kept():
    lines = parse("a.txt", b"a\n\n" * 10_000)
    assert len(lines.paragraphs) == 10_000
    cache = TextCache(Memory(50_000_000))
    assert not kept(cache, lines, range(100))
    assert kept(cache, lines, range(90, 100)) == set(range(90, 100))
    assert not kept(cache, lines, range(1))


def test_libraries_that_share_a_memory_share_its_bound_and_find_their_own_texts_only():
    memory = Memory(1_000_000)
    one, two = TextCache(memory), TextCache(memory)
    hundred = parse("a.txt", b"a" * 100_000)
    assert not kept(one, hundred, range(8))
    assert not kept(two, hundred, range(8))
    assert memory.bytes <= memory.limit
    assert not kept(one, hundred, range(1))
    assert kept(two, hundred, range(7, 8)) == {7}


def test_what_a_closed_library_kept_makes_room():
    memory = Memory(1_000_000)
    one, two = TextCache(memory), TextCache(memory)
    hundred = parse("a.txt", b"a" * 100_000)
    kept(two, hundred, range(2))
    before = memory.bytes
    kept(one, hundred, range(4))
    one.clear()
    assert memory.bytes == before
    assert kept(two, hundred, range(2)) == {0, 1}


def test_a_text_larger_than_the_bound_is_kept_alone():
    memory = Memory(1_000)
    cache = TextCache(memory)
    large = parse("a.txt", b"a" * 100_000)
    kept(cache, large, range(2))
    assert kept(cache, large, range(1, 2)) == {1}
    assert not kept(cache, large, range(1))


def test_a_memory_counts_about_what_its_texts_take():
    terms = [tuple(f"word{number}-{place}" for place in range(50)) for number in range(2_000)]
    tracemalloc.start()
    try:
        memory = Memory(1_000_000_000)
        cache = TextCache(memory)
        for number in range(2_000):
            cache.sequence(number, lambda number=number: tuple(f"{term}!" for term in terms[number]))
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 0.7 < memory.bytes / taken < 1.4


def test_threads_that_share_a_memory_leave_its_count_right():
    memory = Memory(20_000)
    caches = [TextCache(memory) for _ in range(4)]

    def use(cache: TextCache) -> None:
        for number in range(3_000):
            cache.title(number % 37, lambda: frozenset({"boats"}))

    threads = [threading.Thread(target=use, args=(cache,)) for cache in caches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0 < memory.bytes <= memory.limit
    for cache in caches:
        cache.clear()
    assert memory.bytes == 0
