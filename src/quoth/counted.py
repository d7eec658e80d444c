"""Numbers of things in words, for every sentence that counts something."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Return "1 document", "1,200 documents"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
