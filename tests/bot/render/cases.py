"""Answers and documents made of any texts whatever."""

from __future__ import annotations

from hypothesis import strategies as st

from bot.render import Excerpt
from quoth.answer import Answer, Context, FoundPassage, Place, Quote, Span
from quoth.documents.model import Document, Paragraph
from quoth.store import DocumentRecord
from tests.bot.texts import anything, tricky

numbers = st.integers(1, 10**9)
addresses = st.sampled_from(
    [
        "https://example.org/a/b?c=d#e",
        "http://docs.example.org",
        "https://münchen.example/straße(1)_x",
        "https://user:secret@evil.example/",
        "javascript:alert(1)",
        "https://" + "a" * 64 + ".example",
        "https://example.org/" + "x" * 5000,
        "https://evil.example/)**[x](https://worse.example",
        "https://[::1]/",
        "folder/file.txt",
    ]
)


@st.composite
def quotes(draw: st.DrawFn, rank: int, texts: st.SearchStrategy[str] = anything) -> Quote:
    text = draw(texts.filter(bool))
    first = draw(st.integers(0, len(text) - 1))
    last = draw(st.integers(first + 1, len(text)))
    earlier = draw(st.none() | texts.filter(bool))
    return Quote(
        rank=rank,
        text=text,
        library=draw(st.sampled_from(["1", "shared"])),
        document=draw(anything),
        title=draw(anything),
        uri=draw(st.none() | addresses | anything),
        paragraph=draw(numbers),
        page=draw(st.none() | numbers),
        heading=draw(st.none() | anything),
        start=100,
        end=100 + len(text),
        score=0.9,
        answer=draw(st.none() | st.just(Span(text[first:last], 100 + first, 100 + last))),
        context=Context(earlier, 0, len(earlier), draw(numbers)) if earlier else None,
        also_in=tuple(draw(st.lists(st.builds(Place, anything, numbers, numbers, numbers), max_size=5))),
        document_id=1,
    )


@st.composite
def answers(draw: st.DrawFn, texts: st.SearchStrategy[str] = anything, most: int = 5) -> Answer:
    found = [draw(quotes(rank, texts)) for rank in range(1, draw(st.integers(0, most)) + 1)]
    passage = FoundPassage(1, "1", "a", "a", 1, None, None, 0, 1, 0.1, "a", {}, 1)
    return Answer(
        question=draw(anything),
        status=draw(st.sampled_from(["answered", "abstained"])),
        confidence=draw(st.floats(0, 1)),
        seconds=0.1,
        quotes=tuple(found),
        passages=(passage,) * draw(st.integers(0, 2)),
        explanation={},
        documents_searched=draw(st.integers(0, 10**9)),
        read_as=draw(st.none() | anything),
    )


@st.composite
def documents(draw: st.DrawFn) -> Document:
    parts = draw(st.lists(anything, min_size=1, max_size=6))
    places, text = [], draw(tricky)
    for number, part in enumerate(parts, 1):
        places.append(
            Paragraph(
                number,
                len(text),
                len(text) + len(part),
                draw(st.none() | anything),
                draw(st.none() | numbers),
            )
        )
        text += part + draw(st.sampled_from(["\n\n", "\r\n\r\n", "\n# heading\n"]))
    uri = draw(st.none() | addresses)
    return Document(draw(anything), draw(anything), text, "text/plain", "", tuple(places), uri)


@st.composite
def excerpts(draw: st.DrawFn) -> Excerpt:
    document = draw(documents())
    start = draw(st.integers(0, len(document.text) - 1))
    end = draw(st.integers(start + 1, len(document.text)))
    answer = draw(st.none() | st.just((start, end)))
    return Excerpt(draw(st.sampled_from(["1", "shared"])), document, start, end, answer)


records = st.builds(
    DocumentRecord,
    id=numbers,
    root=anything,
    name=anything,
    title=anything,
    uri=st.none() | addresses,
    media_type=st.just("text/plain"),
    content_hash=st.just(""),
    indexed_at=st.just("2025-11-24T07:36:00+00:00"),
    characters=numbers,
    passages=numbers,
)
