"""What a library holds, as lines of styled text: its documents, one document's text, and what indexing did."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len

from quoth.cli.terminal import Verbatim, one_line
from quoth.counted import counted
from quoth.documents.model import Document

if TYPE_CHECKING:
    from quoth.indexing import IndexSummary
    from quoth.store import DocumentRecord

_WIDEST_NAME = 40
_SKIPPED_SHOWN = 10
_LINE = re.compile(r"\r\n|\r|\n")


def record_json(record: DocumentRecord) -> dict[str, Any]:
    """Return what a library knows of a document, without its text, as a JSON object."""
    return {
        "document": record.name,
        "root": record.root,
        "title": record.title,
        "uri": record.uri,
        "media_type": record.media_type,
        "characters": record.characters,
        "passages": record.passages,
        "content_hash": record.content_hash,
        "indexed_at": record.indexed_at,
    }


def document_json(document: Document) -> dict[str, Any]:
    """Return a document with its text and where its paragraphs stand in it as a JSON object."""
    return {
        "document": document.name,
        "title": document.title,
        "uri": document.uri,
        "media_type": document.media_type,
        "text": document.text,
        "paragraphs": [
            {"number": p.number, "start": p.start, "end": p.end, "heading": p.heading, "page": p.page}
            for p in document.paragraphs
        ],
    }


def source_lines(folder: Path, records: Sequence[DocumentRecord]) -> Iterator[Verbatim]:
    """Yield the documents under the root that each came from, and a line that sums up."""
    width = min(_WIDEST_NAME, max((cell_len(one_line(record.name)) for record in records), default=0))
    for root in dict.fromkeys(record.root for record in records):
        yield Verbatim((one_line(root), "bold cyan"))
        for record in records:
            if record.root == root:
                name = one_line(record.name)
                padding = " " * (width - cell_len(name))
                passages = f"{counted(record.passages, 'passage'):>14}"
                yield Verbatim((f"  {name}{padding}", ""), (passages, "dim"), (f"  {one_line(record.title)}", ""))
    total = sum(record.passages for record in records)
    documents = counted(len(records), "document")
    yield Verbatim((f"{documents}, {counted(total, 'passage')} in {one_line(str(folder))}", "dim"))


def document_lines(document: Document) -> Iterator[Verbatim]:
    """Yield a document's text with a margin that holds the number of each paragraph where it begins.

    Where the document has pages, the number of each stands before that of its first paragraph.
    """
    labels = _labels(document)
    starts = sorted(labels)
    width = max((len(label) for label in labels.values()), default=1)
    begin, next_paragraph = 0, 0
    for end, after in [*((m.start(), m.end()) for m in _LINE.finditer(document.text)), (len(document.text),) * 2]:
        label = ""
        while next_paragraph < len(starts) and starts[next_paragraph] < max(end, begin + 1):
            label = label or labels[starts[next_paragraph]]
            next_paragraph += 1
        if end < len(document.text) or end > begin:
            yield Verbatim((f"{label:>{width}}  ", "cyan"), (document.text[begin:end], ""))
        begin = after


def _labels(document: Document) -> dict[int, str]:
    """Return what the margin holds where each paragraph starts: its number, and before it that of a new page."""
    labels: dict[int, str] = {}
    width = len(str(len(document.paragraphs)))
    page: int | None = None
    for paragraph in document.paragraphs:
        number = str(paragraph.number)
        if paragraph.page is not None and paragraph.page != page:
            number = f"page {paragraph.page}  {number:>{width}}"
        page = paragraph.page
        labels[paragraph.start] = number
    return labels


def summary_lines(summary: IndexSummary, folder: Path) -> Iterator[Verbatim]:
    """Yield what an indexing did, in a line, and what it passed over."""
    counts = f"{summary.added:,} added, {summary.changed:,} changed, {summary.removed:,} removed"
    yield Verbatim(
        (f"{counts}, {summary.unchanged:,} unchanged", "bold"),
        (f" in {one_line(str(folder))} ({summary.embedded:,} embedded, {summary.seconds:.1f} s)", "dim"),
    )
    for name, reason in summary.skipped[:_SKIPPED_SHOWN]:
        yield Verbatim((f"passed over {one_line(name)}: {one_line(reason)}", "dim"))
    if len(summary.skipped) > _SKIPPED_SHOWN:
        rest = counted(len(summary.skipped) - _SKIPPED_SHOWN, "more file")
        yield Verbatim((f"and {rest}; see --json", "dim"))
