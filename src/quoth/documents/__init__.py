"""The formats Quoth reads, and the folders it finds them in."""

from quoth.documents.jsonl import parse_jsonl
from quoth.documents.model import Document, Paragraph
from quoth.documents.reading import parse
from quoth.documents.source import Entry, Listing, Skipped, SourceFile, Unreadable, discover, scan

__all__ = [
    "Document",
    "Entry",
    "Listing",
    "Paragraph",
    "Skipped",
    "SourceFile",
    "Unreadable",
    "discover",
    "parse",
    "parse_jsonl",
    "scan",
]
