"""Two libraries' answers as one: the only place where what different libraries say is put together.

Each library's answer comes with a calibrated confidence, and each quote with a score that is one: they mean the same
in any library, so that they can be compared. The merged confidence is that of the surest library. Where any library
answers, only the quotes of those that do are shown: what another one declined is no answer beside it either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from quoth.answer import Answer, FoundPassage, Place, Quote


def merge(answers: Sequence[Answer], quotes: int) -> Answer:
    """Return the answers of several libraries to one question as one, with at most ``quotes`` quotes.

    Quotes stand by their score; what answers by itself does not give way to more of another source. Passages stand by
    their score against their library's best, times its confidence.
    Equal ones stand in the order of ``answers``, of which there must be one at least.
    """
    if len(answers) == 1:
        return answers[0]
    best = max(answers, key=lambda answer: (answer.answered, answer.confidence))
    offered = [answer for answer in answers if answer.answered == best.answered]
    ranked = sorted((quote for answer in offered for quote in answer.quotes), key=lambda quote: -quote.score)
    return replace(
        best,
        seconds=sum(answer.seconds for answer in answers),
        quotes=_numbered(_chosen(_folded(ranked), quotes)),
        passages=_passages(answers),
        documents_searched=sum(answer.documents_searched for answer in answers),
    )


def _folded(ranked: Sequence[Quote]) -> list[Quote]:
    """Return the quotes, each text once, with the places where it stands as well."""
    folded: dict[str, Quote] = {}
    for quote in ranked:
        first = folded.get(quote.text)
        if first is None:
            folded[quote.text] = quote
            continue
        again = Place(quote.document, quote.paragraph, quote.start, quote.end)
        folded[quote.text] = replace(first, also_in=(*first.also_in, again, *quote.also_in))
    return list(folded.values())


def _chosen(ranked: Sequence[Quote], quotes: int) -> list[Quote]:
    """Return the first of the quotes, then those that answer by themselves, then others, in the order they had."""
    places = sorted(range(len(ranked)), key=lambda place: (place > 0 and not ranked[place].alone, place))
    return [ranked[place] for place in sorted(places[:quotes])]


def _numbered(ranked: Sequence[Quote]) -> tuple[Quote, ...]:
    return tuple(replace(quote, rank=place) for place, quote in enumerate(ranked, 1))


def _passages(answers: Sequence[Answer]) -> tuple[FoundPassage, ...]:
    found: list[tuple[float, FoundPassage]] = []
    for answer in answers:
        top = max((passage.score for passage in answer.passages), default=1.0) or 1.0
        found += [(answer.confidence * passage.score / top, passage) for passage in answer.passages]
    found.sort(key=lambda pair: -pair[0])
    return tuple(replace(passage, rank=place) for place, (_, passage) in enumerate(found, 1))
