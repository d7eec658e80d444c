"""Comparing what was quoted with what should have been: folding of text, hits, exact match and F1."""

from __future__ import annotations

import re
import string
import sys
import unicodedata
from collections import Counter
from functools import cache

from quoth.answer import Quote
from quoth.datasets import GoldAnswer

_ARTICLES = re.compile(r"\b(a|an|the)\b")


@cache
def _punctuation() -> frozenset[int]:
    """The code points that count as punctuation: ASCII's as SQuAD has them, and Unicode's categories P*.

    As in the script of MLQA (Lewis et al. 2020, mlqa_evaluation_v1.py), SQuAD's counterpart for other languages.
    """
    unicode = (point for point in range(sys.maxunicode + 1) if unicodedata.category(chr(point)).startswith("P"))
    return frozenset(unicode) | frozenset(map(ord, string.punctuation))


@cache
def _to_spaces() -> dict[int, str]:
    return dict.fromkeys(_punctuation(), " ")


@cache
def _to_nothing(ascii_only: bool) -> dict[int, None]:
    return dict.fromkeys(map(ord, string.punctuation) if ascii_only else _punctuation())


def folded(text: str) -> str:
    """Return ``text`` lower-cased, its punctuation as space, white space folded to single spaces."""
    return " ".join(text.lower().translate(_to_spaces()).split())


def documents_of(quote: Quote) -> tuple[str, ...]:
    """Return the documents that a quote's text stands in, its own first."""
    return (quote.document, *(place.document for place in quote.also_in))


def holds(quote: Quote, gold: GoldAnswer) -> bool:
    """Whether ``quote`` holds the whole gold answer and comes from (or also stands in) the gold document.

    The answer is held where the quote covers its very place, or where its folded words stand among the quote's as
    whole words: "2" is not in "2013".
    """
    places = ((quote.document, quote.start, quote.end), *((p.document, p.start, p.end) for p in quote.also_in))
    ours = [(start, end) for document, start, end in places if document == gold.doc_id]
    if not ours:
        return False
    if any(start <= gold.start and gold.end <= end for start, end in ours):
        return True
    words = folded(gold.text)
    return bool(words) and f" {words} " in f" {folded(quote.text)} "


def exact_match(given: str, gold: str) -> float:
    """Return 1.0 where both have the same SQuAD tokens, else 0.0."""
    ours, theirs = _squad_tokens(given, gold)
    return float(ours == theirs)


def f1(given: str, gold: str) -> float:
    """Return the harmonic mean of precision and recall of SQuAD tokens, from 0 to 1 (``compute_f1`` of the script)."""
    ours, theirs = _squad_tokens(given, gold)
    if not ours or not theirs:
        return float(ours == theirs)
    common = (Counter(ours) & Counter(theirs)).total()
    return 2.0 * common / (len(ours) + len(theirs))


def _squad_tokens(*texts: str) -> list[list[str]]:
    """The tokens that SQuAD compares: lower-cased, without punctuation and English articles.

    As ``normalize_answer`` of SQuAD 2.0's script (Rajpurkar et al. 2018). Where a letter or digit is of another script
    than Latin, Unicode's punctuation goes too, as in MLQA's script.
    """
    punctuation = _to_nothing(all(_is_latin(character) for text in texts for character in text))
    return [_ARTICLES.sub(" ", text.lower().translate(punctuation)).split() for text in texts]


def _is_latin(character: str) -> bool:
    return character.isascii() or not character.isalnum() or unicodedata.name(character, "").startswith("LATIN")
