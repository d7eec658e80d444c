"""Passages: the stretches of a document that are embedded and retrieved.

A passage is a paragraph, or a part of one that is too long for the encoder. Nothing is truncated: the passages of a
document hold all of its prose.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from quoth.documents.model import Document, Paragraph
from quoth.sentences import sentences

CountTokens = Callable[[Sequence[str]], list[int]]

# Tokens that a context may take, as `_cost` estimates them.
CONTEXT_TOKENS = 48
MIN_LIMIT = 96
# Tokens of its own text that a passage may have whatever its context takes: of words that the encoder doesn't know it
# takes four times what `_cost` estimates, which still leaves as many of the 256 of the shortest encoder
LEAST_TOKENS = 16
# A token is rarely longer. Tokenizers make one unknown token of an endless word, so that tokens alone bound nothing.
CHARACTERS_PER_TOKEN = 8
BATCH = 256
# Characters of a paragraph that are parted at once: each of its words takes a hundred bytes meanwhile.
STRETCH = 100_000

_PIECE = re.compile(r"[A-Za-z]+|\d+|\S")
_WORD = re.compile(r"\S+")
_CLAUSE_END = tuple(",;:)]–—،؛，、；：」）")
# Characters that belong to the one before: combining marks, joiners, variation selectors, skin tones.
_EXTENDS = re.compile(
    "[\u0300-\u036f\u064b-\u065f\u0670\u0900-\u0903\u093a-\u094f\u200c\u200d\u20d0-\u20ff\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]"
)


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a document's text: ``start`` and ``end`` are code point offsets, without white space at the ends.

    ``paragraph`` is the number of the paragraph that it is, or is part of.
    """

    start: int
    end: int
    paragraph: int
    heading: str | None = None
    page: int | None = None


@dataclass(frozen=True, slots=True)
class _Atom:
    """A stretch that is not cut further. ``clause`` tells that it ends a clause: a good place to cut behind."""

    start: int
    end: int
    tokens: int
    clause: bool = False


def context(title: str, heading: str | None = None) -> str:
    """Give what the encoder reads before a passage: the title and the heading path, on a line each.

    Together they take about 48 tokens at most: of a long title the end goes, of a long heading path the beginning.
    """
    title = " ".join(title.split())
    path = " ".join((heading or "").split())
    if path == title or path.startswith(title + " > "):
        title = ""
    kept = _first(title, CONTEXT_TOKENS // 2 if path else CONTEXT_TOKENS)
    path = _last(path, CONTEXT_TOKENS - _cost(kept))
    return "\n".join(part for part in (kept, path) if part)


CONTEXT_TEMPLATE = "{title}\n{heading}\n{text}"
"""What ``encoded_text`` gives; recorded with a library, since other vectors come of another one."""


def encoded_text(document_title: str, heading: str | None, text: str) -> str:
    """Give what the encoder reads for a passage: its context, a line feed, its text."""
    before = context(document_title, heading)
    return f"{before}\n{text}" if before else text


def split(document: Document, count_tokens: CountTokens, limit: int = 200) -> list[Passage]:
    """Part a document's prose into passages of at most ``limit`` tokens each, context included.

    ``count_tokens`` gives the encoder's number of tokens for each string, special tokens included, untruncated. A
    paragraph that is too long is cut at ends of sentences into parts of like size, a sentence that is too long
    between words, a word between characters. Where a context alone takes nearly all of the limit, since the encoder
    knows none of its words, its passages have ``LEAST_TOKENS`` beside it all the same. Takes time linear in the text.

    Raises:
        ValueError: the ``limit`` is below 96 tokens, which would leave no room beside most contexts.
    """
    if limit < MIN_LIMIT:
        raise ValueError(f"a limit of {limit} tokens is too small; passages need at least {MIN_LIMIT}")
    prose = [paragraph for paragraph in document.paragraphs if paragraph.prose]
    longest = limit * CHARACTERS_PER_TOKEN
    short = [paragraph for paragraph in prose if paragraph.end - paragraph.start <= longest]
    counts = dict(
        zip(
            (paragraph.number for paragraph in short),
            _counted(count_tokens, (_encoded(document, p, p.start, p.end) for p in short)),
            strict=True,
        )
    )
    passages: list[Passage] = []
    for paragraph in prose:
        if counts.get(paragraph.number, limit + 1) <= limit:
            spans = [(paragraph.start, paragraph.end)]
        else:
            stretches = _stretches(document.text, paragraph)
            spans = [span for part in stretches for span in _parts(document, part, count_tokens, limit)]
        passages += [Passage(a, b, paragraph.number, paragraph.heading, paragraph.page) for a, b in spans]
    return passages


def encoded_passage(document: Document, passage: Passage) -> str:
    """Give what the encoder reads for a passage of a document."""
    return encoded_text(document.title, passage.heading, document.text[passage.start : passage.end])


def _encoded(document: Document, paragraph: Paragraph, start: int, end: int) -> str:
    return encoded_text(document.title, paragraph.heading, document.text[start:end])


def _counted(count_tokens: CountTokens, texts: Iterator[str]) -> list[int]:
    """Count in batches, so that not all texts' tokens are in memory at once."""
    counts: list[int] = []
    batch: list[str] = []
    for text in texts:
        batch.append(text)
        if len(batch) == BATCH:
            counts += count_tokens(batch)
            batch = []
    return counts + (count_tokens(batch) if batch else [])


def _stretches(text: str, paragraph: Paragraph) -> Iterator[Paragraph]:
    """Part an endless paragraph at white space; every other one stays as it is."""
    start = paragraph.start
    while paragraph.end - start > STRETCH:
        stop = start + STRETCH
        place = max(text.rfind(" ", start, stop), text.rfind("\n", start, stop))
        stop = place if place > start else stop
        yield replace(paragraph, start=start, end=stop)
        start = stop
    yield replace(paragraph, start=start)


def _parts(document: Document, paragraph: Paragraph, count_tokens: CountTokens, limit: int) -> list[tuple[int, int]]:
    """Part a long paragraph into spans that fit."""
    text = document.text
    empty = count_tokens([_encoded(document, paragraph, paragraph.start, paragraph.start)])[0]
    # One token is left for tokenizers that count a string's beginning differently from its middle.
    limit = max(limit, empty + 1 + LEAST_TOKENS)
    budget = limit - empty - 1
    longest = budget * CHARACTERS_PER_TOKEN
    special = count_tokens([""])[0]

    def atoms(spans: list[tuple[int, int]]) -> list[_Atom]:
        fitting = [span for span in spans if span[1] - span[0] <= longest]
        counts = iter(_counted(count_tokens, (text[a:b] for a, b in fitting)))
        return [
            _Atom(a, b, next(counts) - special if b - a <= longest else budget + 1, text[b - 1] in _CLAUSE_END)
            for a, b in spans
        ]

    whole: list[_Atom] = []
    for sentence in atoms(sentences(text, paragraph.start, paragraph.end)):
        if sentence.tokens <= budget:
            whole.append(sentence)
            continue
        words: list[_Atom] = []
        for word in atoms([match.span() for match in _WORD.finditer(text, sentence.start, sentence.end)]):
            if word.tokens <= budget:
                words.append(word)
            else:
                words += atoms(list(_characters(text, word.start, word.end, max(1, budget // 4))))
        whole += [_joined(group) for group in _balanced(words, budget, longest)]
    groups = _balanced(whole, budget, longest)
    return [(group[0].start, group[-1].end) for group in _fitting(document, paragraph, groups, count_tokens, limit)]


def _fitting(
    document: Document, paragraph: Paragraph, groups: list[list[_Atom]], count_tokens: CountTokens, limit: int
) -> list[list[_Atom]]:
    """Check every part as the encoder will read it, and halve those where adding up counts fell short."""
    while True:
        counts = _counted(count_tokens, (_encoded(document, paragraph, g[0].start, g[-1].end) for g in groups))
        if all(count <= limit for count in counts):
            return groups
        smaller: list[list[_Atom]] = []
        for group, count in zip(groups, counts, strict=True):
            smaller += [group] if count <= limit else _halves(document.text, group)
        groups = smaller


def _halves(text: str, group: list[_Atom]) -> list[list[_Atom]]:
    if len(group) > 1:
        return [group[: len(group) // 2], group[len(group) // 2 :]]
    start, end = group[0].start, group[0].end
    if end - start < 2:
        raise ValueError(f"one character at {start} takes more tokens than a passage may have; raise the limit")
    spans = [match.span() for match in _WORD.finditer(text, start, end)]
    if len(spans) == 1:
        spans = list(_characters(text, start, end, (end - start + 1) // 2))
    middle = len(spans) // 2
    halves = spans[:middle], spans[middle:]
    return [[_Atom(half[0][0], half[-1][1], group[0].tokens // 2)] for half in halves]


def _joined(group: list[_Atom]) -> _Atom:
    return _Atom(group[0].start, group[-1].end, sum(atom.tokens for atom in group), group[-1].clause)


def _balanced(atoms: list[_Atom], budget: int, longest: int) -> list[list[_Atom]]:
    """Group neighbours into as few groups as fit, of like size; behind the end of a clause where one is near."""
    groups: list[list[_Atom]] = []
    left = sum(atom.tokens for atom in atoms)
    position = 0
    while position < len(atoms):
        target = left / max(1, -(-left // budget))
        stop, tokens = position, 0
        while stop < len(atoms):
            following = atoms[stop].tokens
            fits = tokens + following <= budget and atoms[stop].end - atoms[position].start <= longest
            if stop > position and not (fits and tokens + following / 2 <= target + 0.5):
                break
            tokens += following
            stop += 1
        stop = _good_stop(atoms, position, stop, target)
        groups.append(atoms[position:stop])
        left -= sum(atom.tokens for atom in groups[-1])
        position = stop
    return groups


def _good_stop(atoms: list[_Atom], position: int, stop: int, target: float) -> int:
    """Move a cut back to the end of a clause, if that costs less than a fifth of the part."""
    if stop == len(atoms):
        return stop
    given, place = 0, stop
    while place > position + 1 and given <= target / 5:
        if atoms[place - 1].clause:
            return place
        place -= 1
        given += atoms[place].tokens
    return stop


def _characters(text: str, start: int, end: int, size: int) -> Iterator[tuple[int, int]]:
    """Part an endless word into stretches of about ``size`` code points, not inside a character with its marks."""
    while start < end:
        stop = min(end, start + size)
        while stop > start + 1 and stop < end and (_EXTENDS.match(text[stop]) or text[stop - 1] == "\u200d"):
            stop -= 1
        yield start, stop
        start = stop


def _cost(text: str) -> int:
    """Estimate a text's tokens from above without a tokenizer: four letters each, every other sign one."""
    return sum(-(-len(piece) // 4) for piece in _PIECE.findall(text))


def _first(text: str, tokens: int) -> str:
    """Give the beginning of a text that takes at most ``tokens``, whole words where it has any."""
    if len(text) <= tokens or _cost(text) <= tokens:
        return text
    end, spent = 0, 0
    for match in _PIECE.finditer(text):
        spent += _cost(match.group())
        if spent > tokens:
            break
        end = match.end()
    cut = text[:end]
    if end < len(text) and not text[end].isspace() and " " in cut:
        cut = cut.rsplit(" ", 1)[0]
    return cut.strip()


def _last(text: str, tokens: int) -> str:
    return _first(text[::-1], tokens)[::-1]
