"""The terms that a library holds, looked up in its store: a million passages' words take no memory."""

from __future__ import annotations

from quoth.store.terms import Term, TermTable

_MOST_KEPT = 4_096


class Vocabulary:
    """The terms of one state of a library; call within ``store.reading()`` of that state."""

    def __init__(self, terms: TermTable) -> None:
        self._terms = terms
        # A question's terms are asked for a few times each
        self._found: dict[str, Term | None] = {}

    def __contains__(self, term: str) -> bool:
        return self.find(term) is not None

    def find(self, term: str) -> Term | None:
        """Return what indexes know of a term; None where no passage holds it."""
        if term not in self._found:
            if len(self._found) >= _MOST_KEPT:
                self._found.clear()
            self._found[term] = self._terms.find(term)
        return self._found[term]

    def words(self, first: str, shortest: int, longest: int) -> list[str]:
        """Return the terms that begin with the character ``first`` and have so many characters."""
        return self._terms.words(first, shortest, longest)
