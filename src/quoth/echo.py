"""Sentences that only ask the question once more: whoever asks it is not told anything by them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from quoth.question import Question
from quoth.reader import Reading
from quoth.texts import PassageSentences

_ASKED_AGAIN = 0.8
"""Share of what the question tells from which on a sentence that asks something asks the same."""

_NOTHING = -30.0
"""Log-odds of words that are no answer, far below any that the reader gives."""

_ASKS = re.compile(r"[?؟？][\s\"'”’»)\]]*\Z")


def is_echo(question: Question, text: str, terms: Sequence[str]) -> bool:
    """Whether a sentence, given with its terms, asks what the question asks."""
    return _ASKS.search(text) is not None and question.coverage(frozenset(terms)) >= _ASKED_AGAIN


def without_echoes(reading: Reading, question: Question, text: str, start: int, parted: PassageSentences) -> Reading:
    """Return what the reader says of a passage without the answers that it sees in the question repeated.

    ``text`` is that of the passage's document, ``start`` where the passage begins in it, ``parted`` its sentences.
    """
    begins, ends = reading.start, reading.end
    for (first, last), terms in zip(parted.spans, parted.terms, strict=True):
        if is_echo(question, text[first:last], terms):
            inside = (reading.spans[:, 0] >= first - start) & (reading.spans[:, 1] <= last - start)
            begins, ends = begins.copy(), ends.copy()
            begins[inside] = ends[inside] = _NOTHING
    return replace(reading, start=begins, end=ends)
