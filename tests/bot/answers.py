"""Answers made by hand, for tests of what is done with them."""

from __future__ import annotations

from typing import Any

from quoth.answer import Answer, Context, FoundPassage, Quote, Span

SECRET = "The harbour master Quetzalcoatl counts every boat at dawn."


def quote(text: str = SECRET, **changes: Any) -> Quote:
    values: dict[str, Any] = {
        "rank": 1,
        "text": text,
        "library": "1",
        "document": "a.txt",
        "title": "Boats of Port Quill",
        "uri": None,
        "paragraph": 1,
        "page": None,
        "heading": "On Xochimilco",
        "start": 10,
        "end": 10 + len(text),
        "score": 0.9,
        "answer": Span(text[4:11], 14, 21),
        "context": Context("Earlier words of Tlaloc.", 0, 9, 1),
        "also_in": (),
        "document_id": 1,
    }
    return Quote(**(values | changes))


def passage(text: str = SECRET, **changes: Any) -> FoundPassage:
    values: dict[str, Any] = {
        "rank": 1,
        "library": "1",
        "document": "a.txt",
        "title": "Boats of Port Quill",
        "paragraph": 1,
        "page": None,
        "heading": "On Xochimilco",
        "start": 10,
        "end": 10 + len(text),
        "score": 0.5,
        "text": text,
        "signals": {},
        "document_id": 1,
    }
    return FoundPassage(**(values | changes))


def answer(question: str = "Who counts the boats?", **changes: Any) -> Answer:
    values: dict[str, Any] = {
        "question": question,
        "status": "answered",
        "confidence": 0.9,
        "seconds": 0.01,
        "quotes": (quote(),),
        "passages": (passage(),),
        "explanation": {},
        "documents_searched": 3,
    }
    return Answer(**(values | changes))
