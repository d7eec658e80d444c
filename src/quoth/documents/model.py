"""What a document is: its text, and where its paragraphs stand in it."""

from __future__ import annotations

from dataclasses import dataclass

LONGEST_TITLE = 300
"""Characters of a title or a heading; of a longer one the beginning counts. Each paragraph below repeats it."""

LONGEST_NAME = 1_000
"""Characters of the name that a line of JSONL may give its document."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A stretch of a document's text that a person would count as one paragraph.

    ``start`` and ``end`` are code point offsets into the document's text; the stretch neither begins nor
    ends with white space. ``number`` counts from 1. A paragraph without ``prose`` (a lone image link) is
    counted, since a person sees it, but never becomes a passage.
    """

    number: int
    start: int
    end: int
    heading: str | None = None
    page: int | None = None
    prose: bool = True


@dataclass(frozen=True, slots=True)
class Contents:
    """What a reader finds in a file: the text, its paragraphs, and where the file has them a title and an address."""

    text: str
    paragraphs: tuple[Paragraph, ...]
    title: str | None = None
    uri: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """One source, as it was read: everything but its vectors.

    ``name`` is the path within the root it was found in (with ``/``), or the ``_id`` of a JSONL line. Headings
    are text but not paragraphs; a paragraph's ``heading`` holds the path of those above it, joined by " > ".
    ``dated`` is the day, ISO 8601, on which its file was last changed, or where that isn't known the one on which it
    came into the library; None before it did.
    """

    name: str
    title: str
    text: str
    media_type: str
    content_hash: str
    paragraphs: tuple[Paragraph, ...]
    uri: str | None = None
    dated: str | None = None
