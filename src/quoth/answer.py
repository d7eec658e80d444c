"""What Quoth answers: quotes with citations, or an abstention with the closest passages.

These objects are what the command line prints and the Discord bot renders; ``as_json`` is their one JSON form.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from quoth.disagreement import Said, answers_otherwise
from quoth.figures import figures

Json = dict[str, Any]

SURE, LIKELY = 0.9, 0.7
"""Confidences from which an answer is called sure, or likely; one that is given with less is called unsure."""


WORTH_SHOWING = 0.2
"""The share of the first quote's score that another one needs to be shown beside it."""


def confidence_in_words(confidence: float) -> Literal["sure", "likely", "unsure"]:
    """Return how far to trust an answer, in a word."""
    if confidence >= SURE:
        return "sure"
    return "likely" if confidence >= LIKELY else "unsure"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a document: ``document.text[start:end] == text``."""

    text: str
    start: int
    end: int

    def as_json(self) -> Json:
        """Return the span as a JSON object."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Context:
    """Earlier words of the same document that a quote can't be understood without."""

    text: str
    start: int
    end: int
    paragraph: int

    def as_json(self) -> Json:
        """Return the context as a JSON object."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Place:
    """Another place where a quote's text stands."""

    document: str
    paragraph: int
    start: int
    end: int

    def as_json(self) -> Json:
        """Return the place as a JSON object."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Quote:
    """A verbatim stretch of a document with its citation.

    ``score`` is the probability, as this ranking sees it, that the quote answers; raised for what it tells of the
    question that the quotes before it lack, and never above theirs. ``dated`` is the day, ISO 8601, of its document's
    last change, or of its coming into the library. ``document_id`` is the library's own number of the document, for a
    front end that opens it again, and ``alone`` says that the quote would answer well were it the only one; neither is
    part of the JSON.
    """

    rank: int
    text: str
    library: str
    document: str
    title: str
    uri: str | None
    paragraph: int
    page: int | None
    heading: str | None
    start: int
    end: int
    score: float
    answer: Span | None
    context: Context | None
    also_in: tuple[Place, ...]
    document_id: int = field(repr=False)
    dated: str | None = None
    alone: bool = False

    def is_of_another_day(self, other: Quote) -> bool:
        """Whether the days of two quotes tell their documents apart."""
        return self.dated is not None and other.dated is not None and self.dated != other.dated

    def as_json(self) -> Json:
        """Return the quote as a JSON object."""
        return {
            "rank": self.rank,
            "text": self.text,
            "library": self.library,
            "document": self.document,
            "title": self.title,
            "uri": self.uri,
            "paragraph": self.paragraph,
            "page": self.page,
            "heading": self.heading,
            "dated": self.dated,
            "start": self.start,
            "end": self.end,
            "score": round(self.score, 4),
            "answer": self.answer.as_json() if self.answer else None,
            "context": self.context.as_json() if self.context else None,
            "also_in": [place.as_json() for place in self.also_in],
        }


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """A retrieved passage. ``signals`` says where its score comes from; see ``signals.NAMES``."""

    rank: int
    library: str
    document: str
    title: str
    paragraph: int
    page: int | None
    heading: str | None
    start: int
    end: int
    score: float
    text: str
    signals: dict[str, float]
    document_id: int = field(repr=False)

    def as_json(self, *, with_signals: bool = False) -> Json:
        """Return the passage as a JSON object, with its text and signals where they are asked for."""
        found: Json = {
            "rank": self.rank,
            "library": self.library,
            "document": self.document,
            "title": self.title,
            "paragraph": self.paragraph,
            "page": self.page,
            "start": self.start,
            "end": self.end,
            "score": round(self.score, 4),
        }
        if with_signals:
            found |= {
                "heading": self.heading,
                "text": self.text,
                "signals": {name: round(value, 4) for name, value in self.signals.items()},
            }
        return found


@dataclass(frozen=True, slots=True)
class Answer:
    """Ranked quotes with a confidence; with ``status`` "abstained", the documents do not answer.

    ``confidence`` is the probability, were answerable and unanswerable questions equally frequent, that the library
    answers the question and the first quote holds the answer. ``explanation`` holds the signals it was made from.
    ``language_known`` is False where the encoder doesn't know the question's language: then only the words that
    question and documents have in common were compared. ``read_as`` is the question as it was understood, where that
    differs: its misspelt words as the library has them, with the question before it where it leans on that.
    """

    question: str
    status: Literal["answered", "abstained"]
    confidence: float
    seconds: float
    quotes: tuple[Quote, ...]
    passages: tuple[FoundPassage, ...]
    explanation: dict[str, float]
    documents_searched: int
    id: str | None = None
    language_known: bool = True
    read_as: str | None = None

    @property
    def answered(self) -> bool:
        """Whether the quotes are offered as an answer."""
        return self.status == "answered"

    @property
    def offered(self) -> tuple[Quote, ...]:
        """The quotes that a person is shown as the answer: none of an abstention's.

        Scores fall with the odds, so most of those behind the first are near zero, and a quote that is shown reads as
        an answer however weak it is. One with less than a fifth of the first one's score would mislead.
        """
        if not self.answered or not self.quotes:
            return ()
        least = WORTH_SHOWING * self.quotes[0].score
        return tuple(quote for quote in self.quotes if quote.score >= least)

    @property
    def disagreeing(self) -> tuple[Quote, ...]:
        """The offered quotes of other documents that say otherwise than the first one.

        They say the same of a thing with another figure or name, or answer by themselves, and with other words.
        """
        if len(self.offered) < 2:
            return ()
        first, *others = self.offered
        here, said = (first.library, first.document_id), Said.of(first.text)
        return tuple(
            quote
            for quote in others
            if (quote.library, quote.document_id) != here
            and (said.disagrees(Said.of(quote.text)) or (quote.alone and _answer_otherwise(first, quote)))
        )

    @property
    def unmentioned(self) -> tuple[str, ...]:
        """The question's numbers, a year for example, that neither an offered quote nor its citation mentions.

        An answer to a question that nearly was the one asked can be right in itself, so that a person should be told.
        """
        if not self.offered:
            return ()
        said = {
            number
            for quote in self.offered
            for text in (quote.text, quote.title, quote.heading, quote.document, quote.context and quote.context.text)
            for number in figures(text or "")
        }
        return tuple(written for number, written in figures(self.question).items() if number not in said)

    def as_json(self, *, explain: bool = False) -> Json:
        """Return the answer as a JSON object; ``explain`` adds what it was made from: ``read_as``, and the signals of
        the confidence and of each passage."""
        answer: Json = {
            "id": self.id,
            "question": self.question,
            "status": self.status,
            "confidence": round(self.confidence, 4),
            "seconds": round(self.seconds, 4),
            "language_known": self.language_known,
            "quotes": [quote.as_json() for quote in self.quotes],
            "disagreeing": [quote.rank for quote in self.disagreeing],
            "unmentioned": list(self.unmentioned),
            "passages": [passage.as_json(with_signals=explain) for passage in self.passages],
        }
        if explain:
            answer["read_as"] = self.read_as
            answer["explanation"] = {name: round(value, 4) for name, value in self.explanation.items()}
        return answer


def _answer_otherwise(first: Quote, other: Quote) -> bool:
    if first.answer is None or other.answer is None:
        return False
    return answers_otherwise((first.answer.text, first.text), (other.answer.text, other.text))
