"""What the buttons of an answer show: a quote in its context, further quotes, the closest passages.

They come from references that were looked up again, so what stands in an ``Excerpt`` is what the document says now.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from bot.cutting import units
from bot.render.blocks import block, one_line, small, surrounded
from bot.render.citation import below, citation, names_library
from bot.render.reply import MAX_DESCRIPTION, Action, Button, Reply, card, nearest, turning
from quoth.documents.model import Document, Paragraph

PER_PAGE = 3
"""Excerpts on a page of ``more_reply`` and ``closest_reply``."""

MOST_PAGES = 5
"""Pages of them: what comes later has nothing to do with the question, and would page through the whole library."""

_NOTHING: Mapping[str, str] = MappingProxyType({})
_EXCERPT_ROOM = 900
_CITATION_ROOM = 800
_HEADING_ROOM = 150
_AROUND_ROOM = 2_000
_NEIGHBOURS = 2


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A stretch of a document, ``document.text[start:end]``; ``answer`` are the offsets of what answers in it."""

    library: str
    document: Document
    start: int
    end: int
    answer: tuple[int, int] | None = None

    @property
    def place(self) -> int:
        """Where the paragraph that the excerpt starts in stands among the document's; -1 before the first."""
        return bisect_right([paragraph.start for paragraph in self.document.paragraphs], self.start) - 1

    @property
    def paragraph(self) -> Paragraph | None:
        """The paragraph that the excerpt starts in."""
        return self.document.paragraphs[self.place] if self.place >= 0 else None


def context_reply(excerpt: Excerpt, *, number: int, of: int, names: Mapping[str, str] = _NOTHING) -> Reply:
    """Return quote ``number`` of an answer's ``of`` as a block among the paragraphs around it, under their heading."""
    start, end = _around(excerpt)
    text = excerpt.document.text[start:end]
    above = _heading(excerpt.document, start)
    room = MAX_DESCRIPTION - _CITATION_ROOM - sum(units(line) + 1 for line in above)
    # Bold says "this is the answer", which only the best quote is offered as
    answer = excerpt.answer if number == 1 else None
    bold = (answer[0] - start, answer[1] - start) if answer else None
    quote = (excerpt.start - start, excerpt.end - start)
    shown, cut = surrounded(text, quote, bold, room, _cited(excerpt, names))
    more = ["-# The text goes on where it is marked; more than fits here."] if cut else []
    others = [n for n in range(1, of + 1) if n != number]
    return Reply(
        embeds=(card([*above, shown, *more], title="In context" if of < 2 else f"Quote {number} in context"),),
        buttons=tuple(Button("context", f"Quote {n}", page=n) for n in others[:5]),
    )


def more_reply(excerpts: Sequence[Excerpt], *, page: int, pages: int, names: Mapping[str, str] = _NOTHING) -> Reply:
    """Return a page of further quotes; ``excerpts`` are those of this page."""
    said = ["Further passages, the closest first. They may not answer the question.\n"]
    return _listing("more", "More quotes", said, excerpts, page, pages, names)


def closest_reply(excerpts: Sequence[Excerpt], *, page: int, pages: int, names: Mapping[str, str] = _NOTHING) -> Reply:
    """Return a page of the passages that come closest to a question without answering it."""
    said = ["These passages come closest. They **may not answer the question**: I found no answer in them.\n"]
    return _listing("closest", "Closest passages", said, excerpts, page, pages, names)


def _listing(
    action: Action,
    title: str,
    lines: list[str],
    excerpts: Sequence[Excerpt],
    page: int,
    pages: int,
    names: Mapping[str, str],
) -> Reply:
    page = nearest(page, pages)
    for excerpt in excerpts[:PER_PAGE]:
        text = excerpt.document.text[excerpt.start : excerpt.end]
        bold = (excerpt.answer[0] - excerpt.start, excerpt.answer[1] - excerpt.start) if excerpt.answer else None
        shown, cut = block(text, bold, _EXCERPT_ROOM)
        lines.append(small(shown, _cited(excerpt, names) + (" · shortened" if cut else "")) + "\n")
    footer = f"Page {page} of {pages}" if pages > 1 else ""
    return Reply(embeds=(card(lines, title=title, footer=footer),), buttons=turning(action, page, pages))


def _cited(excerpt: Excerpt, names: Mapping[str, str]) -> str:
    document, paragraph = excerpt.document, excerpt.paragraph
    return citation(
        document.title,
        paragraph.number if paragraph else 1,
        page=paragraph.page if paragraph else None,
        heading=below(document.title, paragraph.heading) if paragraph else None,
        uri=document.uri,
        document=document.name if document.name != document.title else None,
        library=names_library(names, excerpt.library),
    )


def _heading(document: Document, start: int) -> list[str]:
    """Return the heading that the paragraph which starts here stands under, as markup of a line, where there is one.

    Those further down stand in the text that is shown.
    """
    heading = next((one.heading for one in document.paragraphs if one.start <= start < one.end), None)
    words = one_line(heading.replace(" > ", " › "), _HEADING_ROOM) if heading else ""
    return [f"**{words}**"] if words else []


def _around(excerpt: Excerpt) -> tuple[int, int]:
    """Return the ends of the paragraphs around an excerpt, its own and as many neighbours as there is room for."""
    paragraphs, first = excerpt.document.paragraphs, max(0, excerpt.place)
    last = first
    while last + 1 < len(paragraphs) and paragraphs[last + 1].start < excerpt.end:
        last += 1
    start = min([excerpt.start, *(p.start for p in paragraphs[first : first + 1])])
    end = max([excerpt.end, *(p.end for p in paragraphs[last : last + 1])])
    for step in range(1, _NEIGHBOURS + 1):
        for wider in (
            (paragraphs[first - step].start, end) if first >= step else None,
            (start, paragraphs[last + step].end) if last + step < len(paragraphs) else None,
        ):
            if wider is None:
                continue
            low, high = min(start, wider[0]), max(end, wider[1])
            if high - low <= _AROUND_ROOM and units(excerpt.document.text[low:high]) <= _AROUND_ROOM:
                start, end = low, high
    return start, end
