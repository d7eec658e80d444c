"""Answers and passages as lines of styled text; nothing here prints.

A quote's text stands between lines of its own and starts at the margin, so that its spaces and line breaks are
the document's and it can be copied as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from quoth.answer import Answer, FoundPassage, Quote, Span, confidence_in_words
from quoth.cli import meanings
from quoth.cli.terminal import Verbatim, one_line
from quoth.counted import counted
from quoth.settings import MULTILINGUAL_MODEL

_CLOSEST_SHOWN = 3
_PASSAGE_SHOWN = 300
_NUMBERS_SHOWN = 5
_CUT = " […]"

_UNKNOWN_LANGUAGE = (
    "the encoder doesn't know this question's language: only words in common were compared; "
    f"QUOTH_MODEL={MULTILINGUAL_MODEL} knows a hundred (docs/languages.md)"
)

_LABEL, _ASIDE, _MARKED, _PROBLEM = "bold cyan", "dim", "bold reverse", "bold yellow"


def answer_lines(answer: Answer, *, explain: bool = False, name_answer: bool = False) -> Iterator[Verbatim]:
    """Yield an answer for people: its quotes, or that there is none and what comes closest.

    ``explain`` adds the scores. ``name_answer`` repeats the marked span in words, for output without styles.
    """
    searched = counted(answer.documents_searched, "document")
    if answer.answered:
        offered = answer.offered
        disagreeing = {quote.rank for quote in answer.disagreeing}
        for place, quote in enumerate(offered):
            yield from _quote_lines(quote, name_answer, best=place == 0)
            if quote.rank in disagreeing:
                yield Verbatim((f"    says otherwise than [1]{_of(quote, answer.quotes[0])}", _PROBLEM))
            yield Verbatim()
        if weaker := len(answer.quotes) - len(offered):
            yield Verbatim((f"{counted(weaker, 'weaker quote')} not shown; --json holds all", _ASIDE))
        if unmentioned := answer.unmentioned:
            yield Verbatim((f"{', '.join(unmentioned[:_NUMBERS_SHOWN])}: not mentioned in any quote", _PROBLEM))
        # How sure it is that the first quote answers says nothing of which source is right
        words = "the sources differ" if disagreeing else confidence_in_words(answer.confidence)
        yield Verbatim((f"{words}; {searched} searched", _ASIDE))
    else:
        yield Verbatim(("I found no answer to this in the documents", _PROBLEM), (f" ({searched} searched).", ""))
        if answer.passages and not explain:
            yield Verbatim(("The closest passages, which are not an answer:", ""))
            for passage in answer.passages[:_CLOSEST_SHOWN]:
                yield Verbatim()
                yield from _passage_lines(passage, _PASSAGE_SHOWN)
    if not answer.language_known:
        yield Verbatim()
        yield Verbatim((_UNKNOWN_LANGUAGE, _PROBLEM))
    if explain:
        yield from _explanation_lines(answer)


def _of(quote: Quote, first: Quote) -> str:
    return f": this is of {quote.dated}, [1] of {first.dated}" if quote.is_of_another_day(first) else ""


def search_lines(passages: Sequence[FoundPassage]) -> Iterator[Verbatim]:
    """Yield ranked passages, whole, each with where its score comes from."""
    for number, passage in enumerate(passages):
        if number:
            yield Verbatim()
        yield from _passage_lines(passage, None)
        yield _scores(passage.score, passage.signals)


def citation(title: str, paragraph: int, page: int | None, heading: str | None, document: str) -> str:
    """Return what a reader needs to find a place again, in one line."""
    details = [f"page {page}"] if page is not None else []
    details += [one_line(heading)] if heading else []
    where = f" ({', '.join(details)})" if details else ""
    return f"{one_line(title)}, paragraph {paragraph}{where} - {one_line(document)}"


def _quote_lines(quote: Quote, name_answer: bool, *, best: bool) -> Iterator[Verbatim]:
    # A marked span says "this is the answer", which only the best quote is offered as
    marked = quote.answer if best else None
    if quote.context is not None:
        yield Verbatim((f"    earlier, in paragraph {quote.context.paragraph}:", _ASIDE))
        yield Verbatim((quote.context.text, _ASIDE))
    yield Verbatim((f"[{quote.rank}]", _LABEL))
    yield Verbatim(*_marked(quote, marked))
    cited = citation(quote.title, quote.paragraph, quote.page, quote.heading, quote.document)
    yield Verbatim((f"    {cited}", _LABEL))
    if quote.uri:
        yield Verbatim((f"    {one_line(quote.uri)}", _ASIDE))
    if name_answer and marked is not None:
        yield Verbatim((f"    the answer in it: {one_line(marked.text)}", ""))
    for place in quote.also_in:
        yield Verbatim((f"    also in {one_line(place.document)}, paragraph {place.paragraph}", _ASIDE))


def _marked(quote: Quote, span: Span | None) -> Iterator[tuple[str, str]]:
    if span is None:
        yield quote.text, ""
        return
    start, end = span.start - quote.start, span.end - quote.start
    yield quote.text[:start], ""
    yield quote.text[start:end], _MARKED
    yield quote.text[end:], ""


def _passage_lines(passage: FoundPassage, longest: int | None) -> Iterator[Verbatim]:
    text, cut = passage.text, ""
    if longest is not None and len(text) > longest:
        # At a space where there is one: a cut word would read as another word
        end = text.rfind(" ", longest // 2, longest)
        text, cut = text[: end if end > 0 else longest], _CUT
    yield Verbatim((f"[{passage.rank}]", _LABEL))
    yield Verbatim((text, ""), (cut, _ASIDE))
    cited = citation(passage.title, passage.paragraph, passage.page, passage.heading, passage.document)
    yield Verbatim((f"    {cited}", _ASIDE))


def _explanation_lines(answer: Answer) -> Iterator[Verbatim]:
    yield Verbatim()
    if answer.read_as is not None:
        yield Verbatim(("Read as: ", _LABEL), (answer.read_as, ""))
    yield Verbatim((f"Why: {answer.status}, confidence {answer.confidence:.3f}, from", _LABEL))
    width = max(map(len, answer.explanation), default=0)
    for name, value in answer.explanation.items():
        yield Verbatim((f"    {name:<{width}}  {value:6.3f}", ""), (f"  {meanings.OF_ANSWER.get(name, '')}", _ASIDE))
    yield Verbatim((f"The passages it was read from, {len(answer.passages)} in this order:", _LABEL))
    for passage in answer.passages:
        yield Verbatim()
        yield from _passage_lines(passage, _PASSAGE_SHOWN)
        yield _scores(passage.score, passage.signals)
    if answer.passages:
        yield Verbatim()
        yield from _meanings_lines(("score", *answer.passages[0].signals))


def _meanings_lines(names: Sequence[str]) -> Iterator[Verbatim]:
    yield Verbatim(("What the scores of a passage are:", _LABEL))
    width = max(map(len, names))
    for name in names:
        yield Verbatim((f"    {name:<{width}}  {meanings.OF_PASSAGE.get(name, '')}", _ASIDE))


def _scores(score: float, signals: Mapping[str, float]) -> Verbatim:
    parts = "  ".join(f"{name} {value:.3f}" for name, value in signals.items())
    return Verbatim((f"    score {score:.3f}", _LABEL), (f"  {parts}" if parts else "", _ASIDE))
