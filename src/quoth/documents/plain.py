"""Plain text: its paragraphs as a person would count them, and its title."""

from __future__ import annotations

from quoth.documents.lines import Span, blocks, is_ended, is_image, is_item, line_spans, logical_lines
from quoth.documents.model import Paragraph

# A line below SMALL says too little alone; lines are gathered into paragraphs of at most GATHERED characters.
SMALL = 60
GATHERED = 600
INTRODUCTION = 300
TITLE = 120


def plain_paragraphs(text: str) -> tuple[Paragraph, ...]:
    """Find the paragraphs of a plain text, numbered from 1; offsets count code points.

    Lines that only draw a rule are no paragraphs. Where the text holds form feeds, a paragraph carries its page.
    """
    paragraphs: list[Paragraph] = []
    paged = "\f" in text
    page, position = 1, 0
    for block in blocks(text):
        for start, end in _block_paragraphs(text, block):
            if paged:
                page += text.count("\f", position, start)
                position = start
            paragraphs.append(
                Paragraph(
                    len(paragraphs) + 1,
                    start,
                    end,
                    page=page if paged else None,
                    prose=not is_image(text[start:end]),
                )
            )
    return tuple(paragraphs)


def plain_title(text: str) -> str | None:
    """Give the text's first line if it reads as a title: short, not the beginning of running text."""
    first = next(blocks(text, 0, 20 * TITLE), None)
    if first is None:
        return None
    line = logical_lines(text, first)[0]
    start, end = line[0][0], line[-1][1]
    title = text[start:end].strip()
    if len(line) > 1 or len(title) > TITLE or is_ended(title) or is_image(title) or is_item(title):
        return None
    return title


def _block_paragraphs(text: str, block: list[Span]) -> list[Span]:
    """Part one block into paragraphs: its logical lines, small ones and items of lists gathered."""
    units = [(_left(text, group[0][0]), group[-1][1]) for group in logical_lines(text, block)]
    return gather(text, units)


def gather(text: str, units: list[Span]) -> list[Span]:
    """Join neighbours that say too little alone: small lines, list items, and the line that introduces them.

    ``units`` are spans in order; what is joined spans at most about ``GATHERED`` characters.
    """
    joined: list[Span] = []
    open_ended = False
    for start, end in units:
        if joined and open_ended and end - joined[-1][0] <= GATHERED and _belongs(text, joined[-1], (start, end)):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
        open_ended = _stays_open(text, start, end)
    return joined


def _stays_open(text: str, start: int, end: int) -> bool:
    unit = text[start : min(end, start + INTRODUCTION)]
    if is_image(unit):
        return False
    return end - start < SMALL or is_item(unit) or (end - start <= INTRODUCTION and text[end - 1] in ":：")


def _belongs(text: str, before: Span, unit: Span) -> bool:
    line = text[unit[0] : min(unit[1], unit[0] + INTRODUCTION)]
    if is_image(line):
        return False
    if is_item(line) or unit[1] - unit[0] < SMALL:
        return True
    # A lone small line without an end is a heading of what follows it.
    alone = text[before[0] : before[1]]
    return (len(alone) < SMALL and not is_ended(alone)) or alone[-1] in ":："


def _left(text: str, start: int) -> int:
    while text[start].isspace():
        start += 1
    return start


def first_line(text: str) -> str:
    """Give the first line that holds more than white space, or an empty string."""
    span = next(line_spans(text), None)
    return text[span[0] : span[1]].strip() if span else ""
