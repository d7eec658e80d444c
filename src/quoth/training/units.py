"""Documents as training sees them: units of about a paragraph, tokenised once, with their sentences."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from quoth.datasets import Dataset
from quoth.reader import useful_title

LONGEST_UNIT = 180
"""Words of the longest unit; longer documents are split between sentences."""

_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’)\]]*\s+(?=[\"'“‘(\[]*[A-Z0-9])|\n+\s*")


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """A stretch ``[start, end)`` of a document, in code points, and its tokens.

    ``tokens`` are vocabulary ids, ``offsets`` (tokens x 2) their places in the *document*, and ``sentences`` the index
    of each sentence's first token, followed by the number of tokens.
    """

    dataset: int
    document: str
    title: str
    start: int
    end: int
    text: str
    tokens: NDArray[np.int32]
    offsets: NDArray[np.int32]
    sentences: tuple[int, ...]

    def covering(self, start: int, end: int) -> tuple[int, int] | None:
        """First and last token that touch ``[start, end)`` of the document; None where the unit lacks a part of it."""
        if start < self.start or end > self.end or end <= start:
            return None
        first = int(np.searchsorted(self.offsets[:, 1], start, side="right"))
        last = int(np.searchsorted(self.offsets[:, 0], end, side="left")) - 1
        return (first, last) if first <= last < len(self.tokens) else None


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Code-point spans of the sentences of ``text``, without the white space between them; good enough to train on."""
    spans, start = [], 0
    for match in [*_SENTENCE_END.finditer(text), None]:
        end = len(text) if match is None else match.end()
        piece = text[start:end]
        if piece.strip():
            left = start + len(piece) - len(piece.lstrip())
            spans.append((left, start + len(piece.rstrip())))
        start = end
    return spans


def make_units(dataset: Dataset, number: int, tokenizer: Tokenizer) -> list[Unit]:
    """The units of all documents of ``dataset``, in order; ``number`` says which data set of the training it is."""
    pieces: list[tuple[str, str, int, list[tuple[int, int]]]] = []
    for document in dataset.documents.values():
        for group in _grouped(document.text, sentence_spans(document.text)):
            pieces.append((document.id, useful_title(document.title), group[0][0], group))
    texts = [dataset.documents[name].text[start : group[-1][1]] for name, _, start, group in pieces]
    units = []
    for (name, title, start, group), text, encoding in zip(
        pieces, texts, tokenizer.encode_batch(texts, add_special_tokens=False), strict=True
    ):
        offsets = np.asarray(encoding.offsets, dtype=np.int32).reshape(-1, 2) + start
        if not len(offsets):
            continue
        firsts = sorted({int(np.searchsorted(offsets[:, 0], left)) for left, _ in group} | {0})
        firsts = [first for first in firsts if first < len(offsets)]
        units.append(
            Unit(
                number,
                name,
                title,
                start,
                start + len(text),
                text,
                np.asarray(encoding.ids, dtype=np.int32),
                offsets,
                (*firsts, len(offsets)),
            )
        )
    return units


def _grouped(text: str, sentences: Iterable[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """Sentences gathered into stretches of at most LONGEST_UNIT words (a longer sentence stands alone)."""
    groups: list[list[tuple[int, int]]] = []
    words = LONGEST_UNIT
    for start, end in sentences:
        length = len(text[start:end].split())
        if words + length > LONGEST_UNIT:
            groups.append([])
            words = 0
        groups[-1].append((start, end))
        words += length
    return groups
