"""What a library holds: the documents that can be asked, and the files that managers added."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from bot.render.blocks import block, one_line
from bot.render.reply import Reply, card, nearest, turning
from quoth.counted import counted
from quoth.documents.model import Document
from quoth.store import DocumentRecord

if TYPE_CHECKING:
    from bot.uploads import LibraryFile

PER_PAGE = 10
"""Documents or files on a page."""

_TITLE, _NAME = 80, 60
_BEGINNING_ROOM = 900


def sources_reply(shelves: Mapping[str, Sequence[DocumentRecord]], *, page: int = 1) -> Reply:
    """Return a page of the documents that can be asked, by what their libraries are called."""
    listed = [(called, record) for called, records in shelves.items() for record in records]
    if not listed:
        return Reply(embeds=(card(["There are no documents here yet."], title="Sources"),))
    pages = -(-len(listed) // PER_PAGE)
    page = nearest(page, pages)
    several = sum(bool(records) for records in shelves.values()) > 1
    lines: list[str] = []
    above = None
    for called, record in listed[(page - 1) * PER_PAGE : page * PER_PAGE]:
        if several and called != above:
            lines.append(f"__{one_line(called, _NAME)}__")
            above = called
        lines.append(_document_line(record))
    footer = counted(len(listed), "document") + (f" · page {page} of {pages}" if pages > 1 else "")
    return Reply(embeds=(card(lines, title="Sources", footer=footer),), buttons=turning("page", page, pages))


def document_reply(record: DocumentRecord, document: Document, *, library: str | None = None) -> Reply:
    """Return one document: what it is called, how long it is, and how it begins."""
    facts = [
        counted(len(document.paragraphs), "paragraph"),
        counted(record.characters, "character"),
        f"indexed {_day(datetime.fromisoformat(record.indexed_at))}",
    ]
    lines = [f"**{_titled(record)}**", *_named(record), f"-# {' · '.join(facts)}"]
    if library is not None:
        lines.append(f"-# {one_line(library, _NAME)}")
    if document.text.strip():
        lines += ["", "It begins:", block(document.text.strip(), None, _BEGINNING_ROOM)[0]]
    return Reply(embeds=(card(lines, title="Source"),))


def library_list_reply(files: Sequence[LibraryFile], *, page: int = 1) -> Reply:
    """Return a page of the files in a server's library, with who added each and when."""
    if not files:
        return Reply(embeds=(card(["Nothing was added here yet. Add files with `/library add`."], title="Library"),))
    pages = -(-len(files) // PER_PAGE)
    page = nearest(page, pages)
    lines = [_file_line(file) for file in files[(page - 1) * PER_PAGE : page * PER_PAGE]]
    footer = counted(len(files), "file") + (f" · page {page} of {pages}" if pages > 1 else "")
    return Reply(embeds=(card(lines, title="Library", footer=footer),), buttons=turning("page", page, pages))


def _file_line(file: LibraryFile) -> str:
    facts = [counted(file.documents, "document")] if file.documents != 1 else []
    facts += [counted(file.passages, "passage"), counted(file.characters, "character")]
    facts.append(f"added {_day(file.at)}" + (f" by <@{file.by}>" if file.by is not None else " by the operator"))
    return f"**{one_line(file.name, _TITLE) or 'unnamed'}**\n-# {' · '.join(facts)}"


def _document_line(record: DocumentRecord) -> str:
    facts = f"{counted(record.characters, 'character')} · {_day(datetime.fromisoformat(record.indexed_at))}"
    name = "".join(f"{part[3:]} · " for part in _named(record))
    return f"**{_titled(record)}**\n-# {name}{facts}"


def _titled(record: DocumentRecord) -> str:
    return one_line(record.title, _TITLE) or one_line(record.name, _TITLE) or "untitled"


def _named(record: DocumentRecord) -> Iterator[str]:
    if record.name != record.title and (name := one_line(record.name, _NAME)):
        yield f"-# {name}"


def _day(when: datetime) -> str:
    """Return a day that Discord shows in each reader's own language and time zone."""
    return f"<t:{int(when.timestamp())}:d>"
