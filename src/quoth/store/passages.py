"""Stored passages: where they stand, and what indexes are made of."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import apsw
import numpy as np
import numpy.typing as npt

from quoth.encoder import ModelIdentity, Vectors
from quoth.errors import LibraryError
from quoth.passages import Passage
from quoth.store.postings import TermCounts, count_terms, pack
from quoth.store.records import PassageRow, PassageText, StoredPassages
from quoth.store.terms import TermTable

_FLOAT = np.dtype("<f4")

# Characters of a document that SQLite counts through to cut a passage out: of a longer one all is read once, and kept
_CUT_BY_SQLITE = 50_000


class PassageTable:
    """The passages of a library and their vectors. What writes is called within ``Store.writing``."""

    def __init__(self, db: apsw.Connection, folder: Path, terms: TermTable) -> None:
        self._db = db
        self._folder = folder
        self._terms = terms

    def count(self, model_id: int) -> int:
        """Return how many passages a model has, without counting them."""
        return int(self._db.execute("SELECT passages FROM model WHERE id = ?", (model_id,)).get or 0)

    def models(self) -> int:
        """Return how many models have passages: more than one while a library is embedded anew."""
        return int(self._db.execute("SELECT count(*) FROM model WHERE passages > 0").get)

    def ids(self, model_id: int, above: int = 0) -> npt.NDArray[np.int64]:
        """Return the ids greater than ``above`` of a model's passages, ascending, shape ``(n,)``."""
        rows = self._db.execute("SELECT id FROM passage WHERE model_id = ? AND id > ? ORDER BY id", (model_id, above))
        return np.fromiter((row for (row,) in rows), np.int64)

    def places(self, model_id: int) -> npt.NDArray[np.int64]:
        """Return the document ids, ids and vector ids of a model's passages, ascending by document, then passage, shape
        ``(3, n)``.
        """
        rows = self._db.execute(
            "SELECT document_id, id, vector_id FROM passage WHERE model_id = ? ORDER BY document_id, id", (model_id,)
        )
        return np.fromiter((number for row in rows for number in row), np.int64).reshape(-1, 3).T.copy()

    def vectors(self, identity: ModelIdentity, vector_ids: npt.NDArray[np.int64]) -> Vectors:
        """Return these vectors, in their order, shape ``(len(vector_ids), dimension)``.

        Raises:
            LibraryError: one is missing or has another length than the model makes.
        """
        query = "SELECT j.key, v.data FROM json_each(?) j JOIN vector v ON v.id = j.value"
        found = dict(self._db.execute(query, (json.dumps(vector_ids.tolist()),)))
        return self._as_vectors([found[place] for place in sorted(found)], identity, len(vector_ids))

    def load(self, model: tuple[int, ModelIdentity], ids: npt.NDArray[np.int64]) -> StoredPassages:
        """Return the vectors and terms of these passages (ascending ids).

        Raises:
            LibraryError: a vector has another length than the model makes.
        """
        model_id, identity = model
        wanted = set(ids.tolist())
        query = (
            "SELECT p.id, p.document_id, v.data, p.terms FROM passage p JOIN vector v ON v.id = p.vector_id "
            "WHERE p.model_id = ? AND p.id BETWEEN ? AND ? ORDER BY p.id"
        )
        bounds = (int(ids[0]), int(ids[-1])) if len(ids) else (0, -1)
        rows = [row for row in self._db.execute(query, (model_id, *bounds)) if row[0] in wanted]
        return StoredPassages(
            ids=np.array([row[0] for row in rows], np.int64),
            document_ids=np.array([row[1] for row in rows], np.int64),
            vectors=self._as_vectors([row[2] for row in rows], identity, len(ids)),
            terms=TermCounts.unpack([row[3] for row in rows]),
        )

    def terms(self, ids: npt.NDArray[np.int64]) -> TermCounts:
        """Return the terms of these passages, in their order."""
        query = "SELECT terms FROM passage WHERE id = ?"
        return TermCounts.unpack(
            [packed for (packed,) in self._db.executemany(query, ((one,) for one in ids.tolist()))]
        )

    def _as_vectors(self, data: Sequence[bytes], identity: ModelIdentity, count: int) -> Vectors:
        size = identity.dimension * _FLOAT.itemsize
        if len(data) != count or any(len(one) != size for one in data):
            raise LibraryError(f"the library {self._folder} has vectors of a wrong length; run: quoth check")
        return np.frombuffer(b"".join(data), _FLOAT).reshape(count, identity.dimension).astype(np.float32)

    def known_vectors(self, model_id: int, keys: Iterable[bytes]) -> dict[bytes, Vectors]:
        """Return the vectors, shape ``(dimension,)``, of those of ``keys`` that are stored already."""
        query = "SELECT data FROM vector WHERE model_id = ? AND key = ?"
        found = ((key, self._db.execute(query, (model_id, key)).get) for key in keys)
        return {key: np.frombuffer(data, _FLOAT).astype(np.float32) for key, data in found if data is not None}

    def texts(self, ids: Sequence[int]) -> list[PassageText]:
        """Return passages with their words, in order, without reading the rest of their documents, unless that is long.

        Raises:
            LibraryError: no passage has one of these ids.
        """
        rows = self._db.execute(
            'SELECT j.key, p.start, p."end", paragraph, heading, page, '
            'CASE WHEN d.characters <= ? THEN substr(d.text, p.start + 1, p."end" - p.start) END, name, title '
            "FROM json_each(?) j JOIN passage p ON p.id = j.value JOIN document d ON d.id = p.document_id",
            (_CUT_BY_SQLITE, json.dumps(ids)),
        )
        found: dict[int, PassageText] = {}
        for key, *place, text, name, title in rows:
            passage = Passage(*place)
            # SQLite ends a text at a character 0
            is_whole = text is not None and len(text) == passage.end - passage.start
            found[key] = PassageText(passage, text if is_whole else None, name, title)
        for key, passage_id in enumerate(ids):
            if key not in found:
                raise LibraryError(f"the library {self._folder} has no passage {passage_id}; run: quoth check")
        return [found[key] for key in range(len(ids))]

    def add(
        self,
        document_id: int,
        model_id: int,
        rows: Sequence[PassageRow],
        vectors: Mapping[bytes, Vectors],
    ) -> None:
        """Store the passages that a model's tokeniser makes of a document."""
        self._db.executemany(
            "INSERT INTO vector (model_id, key, data) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            [(model_id, key, vectors[key].astype(_FLOAT).tobytes()) for key in {row.vector_key for row in rows}],
        )
        counted = [count_terms(row.terms) for row in rows]
        ids = self._terms.count_up(counted)
        self._db.executemany(
            'INSERT INTO passage (model_id, document_id, start, "end", paragraph, heading, page, vector_id, terms) '
            "VALUES (?, ?, ?, ?, ?, ?, ?, (SELECT id FROM vector WHERE model_id = ? AND key = ?), ?)",
            [
                (
                    model_id,
                    document_id,
                    row.passage.start,
                    row.passage.end,
                    row.passage.paragraph,
                    row.passage.heading,
                    row.passage.page,
                    model_id,
                    row.vector_key,
                    pack({ids[term]: count for term, count in counts.items()}),
                )
                for row, counts in zip(rows, counted, strict=True)
            ],
        )
        self._db.execute("UPDATE model SET passages = passages + ? WHERE id = ?", (len(rows), model_id))

    def drop_of_document(self, document_id: int) -> set[int]:
        """Delete a document's passages and return the ids of their vectors, which others may use still."""
        return self._drop("document_id = ?", document_id)

    def drop_of_model(self, model_id: int) -> set[int]:
        """Delete a model's passages and return the ids of their vectors."""
        return self._drop("model_id = ?", model_id)

    def _drop(self, condition: str, value: int) -> set[int]:
        rows = list(self._db.execute(f"SELECT terms, vector_id, model_id FROM passage WHERE {condition}", (value,)))
        if not rows:
            return set()
        self._terms.count_down(packed for packed, _, _ in rows)
        self._db.execute(f"DELETE FROM passage WHERE {condition}", (value,))
        of_models = Counter(model_id for _, _, model_id in rows)
        self._db.executemany(
            "UPDATE model SET passages = passages - ? WHERE id = ?",
            [(count, model) for model, count in of_models.items()],
        )
        return {vector_id for _, vector_id, _ in rows}

    def drop_vectors(self, perhaps_unused: Iterable[int]) -> None:
        """Delete those of these vectors that no passage uses."""
        self._db.executemany(
            "DELETE FROM vector WHERE id = ? AND NOT EXISTS (SELECT 1 FROM passage WHERE vector_id = vector.id)",
            [(vector_id,) for vector_id in perhaps_unused],
        )
