from pathlib import Path

import pytest

from quoth.cli.listing import document_lines, source_lines, summary_lines
from quoth.documents.model import Document, Paragraph
from quoth.documents.reading import parse
from quoth.indexing import IndexSummary
from quoth.store import DocumentRecord


def shown(name, text):
    return [line.plain for line in document_lines(parse(name, text.encode()))]


def record(name, root="/a", passages=2):
    return DocumentRecord(
        1, root, name, f"Title of {name}", None, "text/plain", "0", "2026-01-01T00:00:00", 9, passages
    )


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_show_numbers_paragraphs_and_keeps_every_line(end):
    text = end.join(["# Head", "", "One  line", "goes on.", "", "  * two", ""])
    assert shown("a.md", text) == ["   # Head", "   ", "1  One  line", "   goes on.", "   ", "2    * two"]


def test_show_of_an_empty_document_shows_nothing():
    assert shown("a.txt", "") == []


def test_show_of_a_text_without_a_final_newline_loses_nothing():
    assert shown("a.txt", "One.\n\nTwo.") == ["1  One.", "   ", "2  Two."]


def test_show_tells_where_each_page_begins():
    text = "One.\n\nTwo,\nstill.\n\nThree."
    paragraphs = (Paragraph(1, 0, 4, page=9), Paragraph(2, 6, 17, page=9), Paragraph(3, 19, 25, page=10))
    document = Document("a.pdf", "A", text, "application/pdf", "0", paragraphs)
    assert [line.plain for line in document_lines(document)] == [
        " page 9  1  One.",
        "            ",
        "         2  Two,",
        "            still.",
        "            ",
        "page 10  3  Three.",
    ]


def test_sources_are_listed_below_their_roots():
    lines = [line.plain for line in source_lines(Path("/lib"), [record("a.txt"), record("b", "/c", 1)])]
    assert lines == [
        "/a",
        "  a.txt    2 passages  Title of a.txt",
        "/c",
        "  b         1 passage  Title of b",
        "2 documents, 3 passages in /lib",
    ]


def test_an_index_summary_names_what_was_passed_over_and_stays_short():
    summary = IndexSummary(added=1, skipped=[(f"{n}.bin", "no text") for n in range(12)])
    lines = [line.plain for line in summary_lines(summary, Path("/lib"))]
    assert lines[0].startswith("1 added, 0 changed, 0 removed, 0 unchanged in /lib")
    assert lines[1] == "passed over 0.bin: no text"
    assert lines[-1] == "and 2 more files; see --json"
