"""The first invariant, checked from outside the library: what is quoted stands in the source as it is."""

from __future__ import annotations

from collections.abc import Mapping

from quoth.answer import Answer, Quote


def broken_quotes(answer: Answer, texts: Mapping[str, str]) -> tuple[str, ...]:
    """Return a sentence for each quote that is not a span of its document, none where all is well.

    ``texts`` holds the sources' own texts by document, so that a library whose copy had changed would be noticed too.
    The quote, its marked answer (which must lie inside it), its context and the other places it stands in are checked.
    """
    found = ((quote, _broken_part(quote, texts)) for quote in answer.quotes)
    return tuple(
        f"the {part} of quote {quote.rank} for {answer.question!r} differs from the text of {quote.document}"
        for quote, part in found
        if part
    )


def _broken_part(quote: Quote, texts: Mapping[str, str]) -> str | None:
    text = texts.get(quote.document)
    if not quote.text or text is None or text[quote.start : quote.end] != quote.text:
        return "text"
    if quote.answer is not None:
        marked = quote.answer
        inside = quote.start <= marked.start < marked.end <= quote.end
        if not inside or text[marked.start : marked.end] != marked.text:
            return "answer"
    if quote.context is not None and text[quote.context.start : quote.context.end] != quote.context.text:
        return "context"
    for place in quote.also_in:
        if texts.get(place.document, "")[place.start : place.end] != quote.text:
            return f"copy in {place.document}"
    return None
