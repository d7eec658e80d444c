"""Words of a text as lexical search compares them: one tokenisation for documents, questions and rarities.

Case, compatibility forms, diacritics and the two keyboards of Persian are folded; English suffixes are stemmed;
scripts that write no spaces are cut into overlapping pairs of characters.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import chain

import Stemmer

_ARABIC_FOLDS = str.maketrans(
    {
        "ي": "ی", "ى": "ی", "ئ": "ی", "ك": "ک", "ة": "ه", "ۀ": "ه", "ە": "ه",
        "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ؤ": "و",
        "ـ": "", "\u200c": " ", "\u200d": "", "\u200e": "", "\u200f": "", "\u00ad": "", "’": "'", "ʼ": "'",
    }
)  # fmt: skip
_WORD = re.compile(r"\d+(?:[.,٫٬]\d+)*|[^\W\d_]+(?:'[^\W\d_]+)*|\w")
# Finds the same in folded ASCII, in two thirds of the time
_ASCII_WORD = re.compile(r"[a-zA-Z]+(?:'[a-zA-Z]+)*|\d+(?:[.,]\d+)*|_")
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_NOT_ASCII = re.compile(r"([^\x00-\x7f]+)")
_SHORT = 32
_LATIN = re.compile(r"[a-z']+\Z")
_THOUSANDS = re.compile(r"(?<=\d)[,٬](?=\d{3}(?!\d))")
_stemmer = Stemmer.Stemmer("english")
_PERSIAN_SUFFIXES = frozenset(("ها", "های", "هایی", "هایش", "ای", "اش", "ام", "ات", "تر", "ترین"))


def fold(text: str) -> str:
    """Return ``text`` in the form in which two spellings of one word are the same string.

    Not of the same length as ``text``: offsets into the result mean nothing in the original.
    """
    if text.isascii():
        return text.lower()
    # What isn't ASCII is little of most texts, and takes ten times as long for each character. No fold looks beyond it
    parts = _NOT_ASCII.split(text)
    parts[::2] = map(str.lower, parts[::2])
    # Long runs, whole texts where nothing is ASCII, hardly ever come again
    parts[1::2] = [_known(run) if len(run) <= _SHORT else _folded(run) for run in parts[1::2]]
    return "".join(parts)


@lru_cache(maxsize=1 << 14)
def _known(run: str) -> str:
    return _folded(run)


def _folded(run: str) -> str:
    decomposed = unicodedata.normalize("NFKD", run.translate(_ARABIC_FOLDS).casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c)).translate(_ARABIC_FOLDS)


@lru_cache(maxsize=1 << 17)
def _terms_of_word(word: str) -> tuple[str, ...]:
    if word in _PERSIAN_SUFFIXES:
        return ()
    if word[0].isdigit():
        number = _THOUSANDS.sub("", word)
        return (str(int(number)),) if number.isdecimal() and len(number) < 30 else (number,)
    if _LATIN.match(word):
        return (_stemmer.stemWord(word.removesuffix("'s").replace("'", "")),)
    if _UNSPACED.search(word):
        return tuple(word[i : i + 2] for i in range(max(1, len(word) - 1)))
    return (word.replace("'", ""),)


def terms(text: str) -> list[str]:
    """Return the terms of ``text`` in order, repetitions included."""
    folded = fold(text)
    found = (_ASCII_WORD if folded.isascii() else _WORD).findall(folded)
    return list(chain.from_iterable(map(_terms_of_word, found)))
