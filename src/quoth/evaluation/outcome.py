"""What came of one question: the answer beside what a right answer would have been."""

from __future__ import annotations

from dataclasses import dataclass

from quoth.answer import Answer
from quoth.datasets import Question
from quoth.evaluation import matching


@dataclass(frozen=True, slots=True)
class Outcome:
    """One question of a dataset with its answer.

    ``answer`` is None where the library refused the question (an empty one); that counts as declined with confidence
    zero. ``seconds`` is the wall time of the call. ``broken`` names each quote that differs from its document.
    """

    question: Question
    answer: Answer | None
    seconds: float = 0.0
    broken: tuple[str, ...] = ()

    @property
    def answered(self) -> bool:
        """Whether the user was shown an answer."""
        return self.answer is not None and self.answer.answered

    @property
    def confidence(self) -> float:
        """The answer's confidence, from 0 to 1."""
        return self.answer.confidence if self.answer else 0.0

    @property
    def documents(self) -> tuple[str, ...]:
        """The documents in the order of the passages, each once, at its best passage."""
        return tuple(dict.fromkeys(passage.document for passage in self.answer.passages)) if self.answer else ()

    @property
    def quote_lengths(self) -> tuple[int, ...]:
        """The quotes' lengths in characters (code points), best quote first."""
        return tuple(len(quote.text) for quote in self.answer.quotes) if self.answer else ()

    def hit(self, k: int) -> bool:
        """Whether one of the first ``k`` quotes holds a whole gold answer and comes from its document."""
        quotes = self.answer.quotes[:k] if self.answer else ()
        return any(matching.holds(quote, gold) for quote in quotes for gold in self.question.answers)

    def right(self, k: int = 1) -> bool:
        """Whether one of the first ``k`` quotes is right: it holds a gold answer, or where the set has none, it is of a
        gold document.

        Always false for a question without an answer.
        """
        if not self.question.answerable or self.answer is None or not self.answer.quotes:
            return False
        if self.question.answers:
            return self.hit(k)
        return any(
            place in self.question.relevant
            for quote in self.answer.quotes[:k]
            for place in matching.documents_of(quote)
        )

    def exact_match(self) -> float:
        """SQuAD's exact match of the first quote's marked span: 0 or 1. Nothing marked counts 0."""
        marked = self._marked()
        if marked is None:
            return 0.0
        return max((matching.exact_match(marked, gold.text) for gold in self.question.answers), default=0.0)

    def f1(self) -> float:
        """SQuAD's F1 of the first quote's marked span, from 0 to 1. Nothing marked counts 0."""
        marked = self._marked()
        if marked is None:
            return 0.0
        return max((matching.f1(marked, gold.text) for gold in self.question.answers), default=0.0)

    def _marked(self) -> str | None:
        if self.answer is None or not self.answer.quotes or self.answer.quotes[0].answer is None:
            return None
        return self.answer.quotes[0].answer.text
