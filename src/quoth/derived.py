"""When a library's sealed index is made, made anew and let go of."""

from __future__ import annotations

from collections.abc import Callable

from quoth.index import live
from quoth.index.sealed import SealedIndex, UnsealedError, recorded
from quoth.progress import Progress
from quoth.store import Store

STAGE = "building the index"
"""What its progress is called."""

_ROUNDS = 5
"""Times that an index is made anew for what others removed while it was made."""


def keep_sealed(store: Store, report: Callable[[Progress], None]) -> bool:
    """Make the sealed index anew where it is due, and delete whatever is left of one that is not in use.

    Returns whether it was due.

    Call outside of a transaction; see ``seal`` for what it raises.
    """
    # Who only asks makes no index
    from quoth.index.sealing import tidy, unseal

    with store.reading():
        record, due, is_small = store.seals.record(), live.is_due(store), live.large_model(store) is None
    if due:
        _seal(store, report, record)
    elif is_small:
        unseal(store)
    else:
        tidy(store)
    return due


def leave_nothing_sealed(store: Store, report: Callable[[Progress], None]) -> None:
    """Make a sealed index anew that holds what was removed, if that takes seconds; see ``keep_sealed``."""
    for _ in range(_ROUNDS):
        with store.reading():
            record, seal_now = store.seals.record(), recorded(store)
        # One that another version of Quoth made can't be read, and is due
        is_large = seal_now is not None and seal_now.passages > live.SOON_MADE
        if record is None or is_large or not keep_sealed(store, report):
            return


def make_sealed(store: Store, damaged: str | None) -> None:
    """Make a sealed index for a question that found none to be served from, or the file ``damaged``."""
    with store.reading():
        record, seal_now = store.seals.record(), recorded(store)
        if damaged is None and seal_now is not None and not live.is_due(store):
            return
        if damaged is not None and seal_now is not None and seal_now.file != damaged:
            return
    _seal(store, lambda progress: None, record)


def repair_sealed(store: Store, report: Callable[[Progress], None]) -> str | None:
    """Verify every block of the sealed index, and make it anew where it is not whole or holds what was removed.

    Returns what was made anew and why, in a sentence; None where nothing was.
    """
    with store.reading():
        record, why = store.seals.record(), _why_anew(store)
    if why is None:
        keep_sealed(store, report)
        return None
    _seal(store, report, record)
    return f"the index was made anew: {why}"


def _why_anew(store: Store) -> str | None:
    model_id = live.large_model(store)
    if model_id is None:
        return None
    seal_now = recorded(store)
    if seal_now is None or seal_now.model_id != model_id:
        return "there was none of these passages"
    try:
        SealedIndex(store.folder, seal_now).verify()
    except UnsealedError as error:
        return error.reason
    return "documents were removed since it was made" if len(store.seals.removed()) else None


def _seal(store: Store, report: Callable[[Progress], None], record: str | None) -> None:
    from quoth.index.sealing import seal

    seal(store, lambda done, total: report(Progress(STAGE, done, total)), instead_of=record)
