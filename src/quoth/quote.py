"""From windows to quotes: what is shown, once each, with the words that make it understood, and checked."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from quoth.answer import WORTH_SHOWING, Context, Place, Quote, Span
from quoth.antecedent import antecedent
from quoth.disagreement import OTHERWISE, Said
from quoth.documents.model import Document
from quoth.errors import IntegrityError
from quoth.question import Question
from quoth.read import Window
from quoth.retrieve import Ranked
from quoth.signals import Matrix
from quoth.texts import Texts

_SAME = 0.8

MOST_OF_ONE = 2
"""Quotes of one document, as long as another one has a quote that is worth showing."""

_WORTH_IT = -math.log(WORTH_SHOWING)

_COMPLEMENT = 3.0
"""Log-odds that a further quote gains by telling all that the question tells and the quotes before it lack.

Measured in docs/reader.md: between 2 and 4 the pairs of documents that hold an answer together are found more often,
and single answers as often as without.
"""


def quotes(
    question: Question,
    windows: Sequence[Window],
    scores: Matrix,
    ranked: Ranked,
    texts: Texts,
    *,
    count: int,
    confidence: float,
    library: str,
    second: tuple[Window, float] | None = None,
) -> list[Quote]:
    """Return up to ``count`` quotes, best first, no two of which say the same.

    ``scores`` (shape ``(len(windows),)``) are log-odds against each other; the first quote's score is the answer's
    ``confidence``, and the others' fall with the distance to it. Further quotes gain by what they tell of the question
    that those before them lack: what no sentence answers alone, some may answer together. A ``second`` source, given
    with the confidence that it would have alone, is among the quotes where that is high, however far it is behind.

    Raises:
        IntegrityError: a quote differs from its document, which must never happen.
    """
    picked = [
        (window, confidence * math.exp(-behind), place == 0 and confidence >= OTHERWISE)
        for place, (window, behind) in enumerate(_chosen(question, windows, scores, texts, count))
    ]
    if second is not None and second[1] >= OTHERWISE:
        picked = _with_second(picked, second[0], min(second[1], confidence), count)
    chosen = [
        _quote(rank, window, ranked, texts, score, library, alone)
        for rank, (window, score, alone) in enumerate(picked, 1)
    ]
    for quote in chosen:
        verify(quote, texts)
    return chosen


def _with_second(
    picked: list[tuple[Window, float, bool]], window: Window, score: float, count: int
) -> list[tuple[Window, float, bool]]:
    """Return what was picked with the second source among it, in the order of the scores and behind the first."""
    first, *others = picked
    others = [one for one in others if not _overlaps(one[0], window)][: count - 2]
    return [first, *sorted([(window, score, True), *others], key=lambda one: -one[1])]


def _overlaps(window: Window, other: Window) -> bool:
    return window.row == other.row and window.start < other.end and other.start < window.end


def _chosen(
    question: Question, windows: Sequence[Window], scores: Matrix, texts: Texts, count: int
) -> Iterator[tuple[Window, float]]:
    """Yield the windows to quote, and how far each is behind the first one, in log-odds: never less than before it.

    What a window adds can only shrink as others are chosen, so that each is at most as good as the one before it, but
    for those that had to wait because their document had as many quotes as it may beside others that are worth it.
    """
    waiting = sorted(range(len(windows)), key=lambda place: (-float(scores[place]), place))
    said: dict[int, Said] = {}
    taken: list[int] = []
    told: frozenset[str] = frozenset()
    first = float(scores[waiting[0]]) if waiting else 0.0
    behind = 0.0

    def best_of(full: Collection[int]) -> tuple[int, float]:
        covered = question.coverage(told)
        weight = _COMPLEMENT if taken else 0.0
        best, best_score = -1, -math.inf
        for place in list(waiting):
            score = float(scores[place])
            if score + weight * (1 - covered) <= best_score:
                break
            if texts.document_id(windows[place].row) in full:
                continue
            if place not in said:
                window = windows[place]
                said[place] = Said.of(texts.document(window.row).text[window.start : window.end])
            if any(_repeats(windows[place], said[place], windows[other], said[other]) for other in taken):
                waiting.remove(place)
                continue
            score += weight * (question.coverage(told | said[place].terms) - covered)
            if score > best_score:
                best, best_score = place, score
        return best, best_score

    while waiting and len(taken) < count:
        held = Counter(texts.document_id(windows[place].row) for place in taken)
        full = [document for document, quoted in held.items() if quoted >= MOST_OF_ONE]
        best, score = best_of(full)
        if full and first - score > _WORTH_IT:
            best, score = best_of(())
        if best < 0:
            return
        waiting.remove(best)
        taken.append(best)
        told |= said[best].terms
        behind = max(behind, first - score)
        yield windows[best], behind


def _repeats(window: Window, said: Said, other: Window, its: Said) -> bool:
    if _overlaps(window, other):
        return True
    shared = len(said.terms & its.terms)
    return shared >= _SAME * max(1, min(len(said.terms), len(its.terms))) and not said.differs(its)


def _quote(rank: int, window: Window, ranked: Ranked, texts: Texts, score: float, library: str, alone: bool) -> Quote:
    document, passage = texts.document(window.row), texts.passage(window.row)
    text = document.text[window.start : window.end]
    return Quote(
        rank=rank,
        text=text,
        library=library,
        document=document.name,
        title=document.title,
        uri=document.uri,
        paragraph=passage.paragraph,
        page=passage.page,
        heading=passage.heading,
        start=window.start,
        end=window.end,
        score=score,
        answer=_answer(document, window),
        context=_context(document, window),
        also_in=_elsewhere(text, window, ranked, texts),
        document_id=texts.document_id(window.row),
        dated=document.dated,
        alone=alone,
    )


def _answer(document: Document, window: Window) -> Span | None:
    if window.answer is None:
        return None
    start, end = window.answer
    return Span(document.text[start:end], start, end)


def _context(document: Document, window: Window) -> Context | None:
    found = antecedent(document, window.start, window.end)
    if found is None:
        return None
    start, end, paragraph = found
    return Context(document.text[start:end], start, end, paragraph)


def _elsewhere(text: str, window: Window, ranked: Ranked, texts: Texts) -> tuple[Place, ...]:
    """Return where else the same text stands, to the letter, among the passages that were found."""
    places = []
    for row in ranked.rows.tolist():
        document, passage = texts.document(row), texts.passage(row)
        start = document.text.find(text, passage.start, passage.end)
        while start >= 0:
            is_itself = (texts.document_id(row), start) == (texts.document_id(window.row), window.start)
            if not is_itself and _stands_alone(document.text, start, start + len(text)):
                places.append(Place(document.name, passage.paragraph, start, start + len(text)))
            start = document.text.find(text, start + len(text), passage.end)
    return tuple(sorted(places, key=lambda place: (place.document, place.start)))


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether a stretch begins and ends with whole words: "Art" does not stand in "Arthur"."""
    return not (text[start - 1 : start].isalnum() and text[start].isalnum()) and not (
        text[end - 1].isalnum() and text[end : end + 1].isalnum()
    )


def verify(quote: Quote, texts: Texts) -> None:
    """Check that everything a quote shows is its document's text, character for character.

    Raises:
        IntegrityError: it is not.
    """
    document = texts.document_by_id(quote.document_id)
    parts: list[tuple[str, Quote | Span | Context]] = [("quote", quote)]
    if quote.answer is not None:
        parts.append(("answer", quote.answer))
    if quote.context is not None:
        parts.append(("context", quote.context))
    for name, shown in parts:
        if document.text[shown.start : shown.end] != shown.text or not shown.text:
            raise IntegrityError(
                f"the {name} at {shown.start}-{shown.end} of {quote.document!r} differs from its document; "
                "run: quoth check"
            )
    if quote.answer is not None and not quote.start <= quote.answer.start <= quote.answer.end <= quote.end:
        raise IntegrityError(f"the answer marked in {quote.document!r} stands outside its quote; run: quoth check")
