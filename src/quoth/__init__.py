"""Answers from your own documents, in their own words.

``from quoth import Library`` is all that most programs need; errors are in ``quoth.errors``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quoth.answer import Answer, Quote
    from quoth.library import Library

__all__ = ["Answer", "Library", "Quote"]


def __getattr__(name: str) -> object:
    # On demand: importing a part of the package (the errors, say) does not load FAISS and SQLite
    if name == "Library":
        from quoth.library import Library

        return Library
    if name in ("Answer", "Quote"):
        from quoth import answer

        return getattr(answer, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
