"""Checking a library's database from end to end: SQLite's own structure, and ours on top of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import apsw
import numpy as np

from quoth.encoder import ModelIdentity
from quoth.passages import encoded_text
from quoth.store.postings import TermCounts, count_terms
from quoth.words import terms

_MOST_REPORTED = 20


def problems(db: apsw.Connection, model: tuple[int, ModelIdentity] | None) -> tuple[str, ...]:
    """Return what is wrong with a database, a sentence each; at most twenty, with the count of the rest."""
    found = [*_structure(db)]
    if not found:
        found = [*_passages(db, model), *_terms(db), *_counts(db)]
    if len(found) > _MOST_REPORTED:
        found = [*found[:_MOST_REPORTED], f"and {len(found) - _MOST_REPORTED} more"]
    return tuple(found)


def _structure(db: apsw.Connection) -> Iterator[str]:
    for (message,) in db.execute("PRAGMA integrity_check"):
        if message != "ok":
            yield f"the database is damaged: {message}"
    for table, row, parent, _ in db.execute("PRAGMA foreign_key_check"):
        yield f"row {row} of {table} belongs to no {parent}"


def _passages(db: apsw.Connection, model: tuple[int, ModelIdentity] | None) -> Iterator[str]:
    if model is None:
        return
    model_id, identity = model
    spelled = dict(db.execute("SELECT id, text FROM term"))
    # A document's text is read once: joined to its passages, SQLite would sort a copy of it for each of them
    documents = db.execute("SELECT id, name, title, characters, text FROM document ORDER BY id")
    for document_id, name, title, characters, text in documents:
        if characters != len(text):
            yield f"{name!r} has {len(text)} characters and is said to have {characters}"
        rows = db.execute(
            'SELECT start, "end", heading, data, terms FROM passage p JOIN vector v ON v.id = p.vector_id '
            "WHERE document_id = ? AND p.model_id = ? ORDER BY p.id",
            (document_id, model_id),
        )
        yield from _passages_of(name, title, text, rows, spelled, identity)
    missing = db.execute(
        "SELECT name FROM document d WHERE EXISTS (SELECT 1 FROM paragraph WHERE document_id = d.id AND prose) "
        "AND NOT EXISTS (SELECT 1 FROM passage WHERE document_id = d.id AND model_id = ?)",
        (model_id,),
    )
    for (name,) in missing:
        yield f"{name!r} has no passages"


def _passages_of(
    name: str,
    title: str,
    text: str,
    rows: Iterable[tuple[int, int, str | None, bytes, bytes]],
    spelled: dict[int, str],
    identity: ModelIdentity,
) -> Iterator[str]:
    for start, end, heading, data, packed in rows:
        where = f"passage {start}-{end} of {name!r}"
        if not 0 <= start < end <= len(text):
            yield f"{where} stands outside its document"
            continue
        if len(data) != identity.dimension * 4:
            yield f"{where} has a vector of {len(data)} bytes, not {identity.dimension * 4}"
        elif (
            not np.isfinite(vector := np.frombuffer(data, "<f4").astype(np.float64)).all()
            or abs(float(vector @ vector) - 1) > 1e-3
        ):
            yield f"{where} has a vector that is not of length 1"
        held = TermCounts.unpack([packed])
        stored = {
            spelled.get(term, ""): count
            for term, count in zip(held.term_ids.tolist(), held.counts.tolist(), strict=True)
        }
        if stored != count_terms(terms(encoded_text(title, heading, text[start:end]))):
            yield f"{where} was indexed with other words than it holds"


def _terms(db: apsw.Connection) -> Iterator[str]:
    holders: Counter[int] = Counter()
    for (packed,) in db.execute("SELECT terms FROM passage"):
        holders.update(TermCounts.unpack([packed]).term_ids.tolist())
    for term_id, text, count in db.execute("SELECT id, text, passages FROM term"):
        if holders[term_id] != count:
            yield f"passages that hold the term {text!r}: {holders[term_id]}, and counted were {count}"


def _counts(db: apsw.Connection) -> Iterator[str]:
    query = "SELECT identity, passages, (SELECT count(*) FROM passage WHERE model_id = model.id) FROM model"
    for identity, said, count in db.execute(query):
        if said != count:
            yield f"the model {identity} has {count} passages and is said to have {said}"
