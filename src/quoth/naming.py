"""Documents by the names that people give them: the one that is meant, or what comes near."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from quoth.errors import DocumentNotFoundError
from quoth.store import DocumentRecord, Store

_SHOWN = 3
_EVERYTHING = "see what there is with: quoth sources"


def named(store: Store, name: str, root: str | None = None) -> DocumentRecord:
    """Return the document of this name (and root, where several roots hold that name).

    Raises:
        DocumentNotFoundError: no document, or more than one, is called so.
    """
    records = store.documents()
    everywhere = [record for record in records if record.name == name]
    found = [record for record in everywhere if root in (None, record.root)]
    if len(found) == 1:
        return found[0]
    roots = ", ".join(record.root for record in everywhere)
    if found:
        raise DocumentNotFoundError(f"{len(found)} documents are called {name!r}; say which with --root: {roots}")
    if everywhere:
        raise DocumentNotFoundError(f"no document is called {name!r} in the root {root!r}; there is one in {roots}")
    raise DocumentNotFoundError(f"no document is called {name!r}; {hint(name, (one.name for one in records))}")


def hint(name: str, names: Iterable[str]) -> str:
    """Return what to do about a name, or a glob, that no document has: names that hold it or are nearly it."""
    folded = {one.casefold(): one for one in names}
    wanted = name.casefold().strip("*")
    near = [one for one in folded if wanted and wanted in one] or get_close_matches(wanted, folded, n=_SHOWN)
    if not near:
        return _EVERYTHING
    return f"did you mean {', '.join(repr(folded[one]) for one in near[:_SHOWN])}? {_EVERYTHING.capitalize()}"
