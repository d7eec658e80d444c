"""Which lexical (BM25) engine: SQLite FTS5, tantivy, bm25s, or postings in numpy.

    .venv/bin/python benchmarks/lexical.py --shared ../shared --sizes 1000 100000 1000000

Every engine gets the same tokens (NFKC, lower case, Persian and Arabic letters unified, Snowball English
stems) as white-space text, so that what differs is the engine. The tables go to standard output as Markdown,
progress to standard error. Needs `tantivy` and `bm25s` beside the project's own dependencies, and Linux for
the memory figures (/proc) and for evicting files from the page cache.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing as mp
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
import unicodedata
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

K = 50
"""How many passages a question brings back."""
DENSE_FROM = 8
"""A term that more than one passage in so many holds is scored over all of them at once."""
BLOCK = 32_768
"""Postings that are scored at a time."""
QUALITY_SETS = {  # name: how many answerable questions at most
    "squad2_dev_half_a": 1000,
    "nq_oracle": 0,
    "selqa_dev": 0,
    "cranfield": 0,
    "anthropic_docs": 0,
    "emanual_tv": 0,
    "hotpotqa_small": 0,
    "pquad_val_fa": 1000,
}
Hits = list[tuple[int, float]]
Ints = npt.NDArray[np.int64]


def say(message: str) -> None:
    """One progress line."""
    print(f"[{time.strftime('%H:%M:%S')}] {message}", file=sys.stderr, flush=True)


# ---------------------------------------------------------------------------------------------- tokens

_WORD = re.compile(r"[^\W_]+")
_MARKS = re.compile("[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed]+")
_LETTERS = str.maketrans({"ي": "ی", "ى": "ی", "ك": "ک", "ة": "ه", "ۀ": "ه", "أ": "ا", "إ": "ا", "ؤ": "و"})
_SPLIT_JOINER = str.maketrans({"\u200c": " "})
_DROP_JOINER = str.maketrans({"\u200c": None})


_STOP = (
    "a an and are as at be but by for if in into is it no not of on or such that the their then there these they this"
)
_STOP += " to was will with"
_ASKING = (
    "what which who whom whose when where why how do does did can could should would i my me you your we our has have"
)
_ASKING += " had were been from about"
STOP_WORDS = frozenset(_STOP.split())
"""Lucene's list."""
QUESTION_WORDS = STOP_WORDS | frozenset(_ASKING.split())
"""And what questions are made of."""


class Tokeniser:
    """Text to stems: the same for documents and questions, for every engine."""

    def __init__(self, *, stem: bool = True, split_joiner: bool = True, skip: frozenset[str] = frozenset()) -> None:
        import Stemmer

        self._skip = skip
        self._stemmer = Stemmer.Stemmer("english", 0) if stem else None
        self._joiner = _SPLIT_JOINER if split_joiner else _DROP_JOINER
        self._stems: dict[str, str] = {}

    def __call__(self, text: str) -> list[str]:
        text = unicodedata.normalize("NFKC", text).translate(self._joiner).lower()
        if not text.isascii():
            text = _MARKS.sub("", unicodedata.normalize("NFKD", text))
            text = unicodedata.normalize("NFC", text).translate(_LETTERS)
        words = _WORD.findall(text)
        if self._skip:
            words = [word for word in words if word not in self._skip]
        if self._stemmer is None:
            return words
        stems = self._stems
        out = []
        for word in words:
            found = stems.get(word)
            if found is None:
                found = stems[word] = self._stemmer.stemWord(word)
            out.append(found)
        return out


# --------------------------------------------------------------------------------------------- engines


def _nothing() -> None:
    """The hook that most runs leave as it is."""


class Engine(Protocol):
    """What the comparison asks of an engine; passages are (id, white-space separated tokens)."""

    name: str
    on_write: Callable[[], None]
    """Called right before anything is made durable; the crash test listens."""

    def build(self, passages: Iterable[tuple[int, str]], folder: Path) -> None: ...

    def open(self, folder: Path) -> None: ...

    def search(self, tokens: Sequence[str], k: int) -> Hits: ...

    def add(self, passages: Sequence[tuple[int, str]]) -> None: ...

    def remove(self, ids: Sequence[int]) -> None: ...

    def score(self, tokens: Sequence[str], ids: Sequence[int]) -> Hits: ...

    def frequency(self, token: str) -> int: ...

    def count(self) -> int: ...


class Fts5:
    """SQLite FTS5 in the library's own database: contentless, so that it stores postings only."""

    name = "FTS5"
    on_write = staticmethod(_nothing)

    def __init__(self, tokenize: str = "unicode61 remove_diacritics 0") -> None:
        self._tokenize = tokenize

    def _connect(self, folder: Path) -> None:
        import apsw

        self._db = apsw.Connection(str(folder / "library.db"))
        self._db.execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-262144")
        self._db.execute("PRAGMA mmap_size=8589934592")

    def build(self, passages: Iterable[tuple[int, str]], folder: Path) -> None:
        self._connect(folder)
        self._db.execute(
            "CREATE VIRTUAL TABLE lexical USING fts5"
            f"(body, content='', contentless_delete=1, tokenize=\"{self._tokenize}\");"
            "CREATE VIRTUAL TABLE lexical_terms USING fts5vocab(lexical, 'row')"
        )
        self.add(passages)
        self._db.execute("INSERT INTO lexical(lexical) VALUES('optimize')")
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def open(self, folder: Path) -> None:
        self._connect(folder)

    @staticmethod
    def _match(tokens: Sequence[str]) -> str:
        return " OR ".join(f'"{token}"' for token in tokens)

    def search(self, tokens: Sequence[str], k: int) -> Hits:
        if not tokens:
            return []
        rows = self._db.execute(
            "SELECT rowid, -rank FROM lexical WHERE lexical MATCH ? ORDER BY rank LIMIT ?", (self._match(tokens), k)
        )
        return list(rows)

    def add(self, passages: Iterable[tuple[int, str]]) -> None:
        with self._db:
            self._db.executemany("INSERT INTO lexical(rowid, body) VALUES(?, ?)", passages)
            self.on_write()

    def remove(self, ids: Sequence[int]) -> None:
        with self._db:
            self._db.executemany("DELETE FROM lexical WHERE rowid = ?", ((i,) for i in ids))

    def score(self, tokens: Sequence[str], ids: Sequence[int]) -> Hits:
        if not ids or not tokens:
            return [(i, 0.0) for i in ids]
        rows = self._db.execute(
            "SELECT rowid, -rank FROM lexical WHERE lexical MATCH ? AND rowid IN (SELECT value FROM json_each(?))",
            (self._match(tokens), json.dumps(list(ids))),
        )
        found: dict[int, float] = dict(rows)
        return [(i, found.get(i, 0.0)) for i in ids]

    def frequency(self, token: str) -> int:
        for (documents,) in self._db.execute("SELECT doc FROM lexical_terms WHERE term = ?", (token,)):
            return documents
        return 0

    def count(self) -> int:
        (rows,) = next(self._db.execute("SELECT count(*) FROM lexical_docsize"))
        return rows


class Tantivy:
    """tantivy: term frequencies without positions, ids as a fast field."""

    name = "tantivy"
    on_write = staticmethod(_nothing)

    def __init__(self, tokenizer: str = "spaces") -> None:
        self._tokenizer = tokenizer

    def _schema(self) -> Any:
        import tantivy

        builder = tantivy.SchemaBuilder()
        builder.add_unsigned_field("id", stored=False, indexed=True, fast=True)
        builder.add_text_field("body", tokenizer_name=self._tokenizer, index_option="freq")
        return builder.build()

    def _attach(self, index: Any) -> None:
        import tantivy

        spaces = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
        index.register_tokenizer("spaces", spaces)
        self._index, self._writer = index, None
        self._terms: Any = tantivy.Query.term_query
        self._should = tantivy.Occur.Should
        self._reload()

    def _reload(self) -> None:
        self._index.reload()
        self._searcher = self._index.searcher()

    def _write(self) -> Any:
        if self._writer is None:
            self._writer = self._index.writer(256_000_000, 1)
        return self._writer

    def build(self, passages: Iterable[tuple[int, str]], folder: Path) -> None:
        import tantivy

        self._attach(tantivy.Index(self._schema(), str(folder)))
        self.add(passages)
        self._writer.wait_merging_threads()
        self._writer = None
        self._reload()

    def open(self, folder: Path) -> None:
        import tantivy

        self._attach(tantivy.Index.open(str(folder)))

    def _query(self, tokens: Sequence[str]) -> Any:
        import tantivy

        schema = self._index.schema
        terms = [(self._should, self._terms(schema, "body", token, "freq")) for token in tokens]
        return tantivy.Query.boolean_query(terms)

    def _hits(self, query: Any, k: int) -> Hits:
        hits = self._searcher.search(query, k, count=False).hits
        ids = self._searcher.fast_field_values("id", [address for _, address in hits])
        return [(i, score) for i, (score, _) in zip(ids, hits, strict=True)]

    def search(self, tokens: Sequence[str], k: int) -> Hits:
        return self._hits(self._query(tokens), k) if tokens else []

    def search_text(self, text: str, k: int) -> Hits:
        """With the index's own tokeniser, for the table of defaults."""
        words = " ".join(_WORD.findall(text))
        return self._hits(self._index.parse_query_lenient(words, ["body"])[0], k)

    def add(self, passages: Iterable[tuple[int, str]]) -> None:
        import tantivy

        writer = self._write()
        for i, text in passages:
            document = tantivy.Document()
            document.add_unsigned("id", i)
            document.add_text("body", text)
            writer.add_document(document)
        self.on_write()
        writer.commit()
        self._reload()

    def remove(self, ids: Sequence[int]) -> None:
        import tantivy

        writer = self._write()  # delete_documents_by_term silently removes nothing on an unsigned field (0.27)
        writer.delete_documents_by_query(tantivy.Query.term_set_query(self._index.schema, "id", list(ids)))
        writer.commit()
        self._reload()

    def score(self, tokens: Sequence[str], ids: Sequence[int]) -> Hits:
        import tantivy

        if not ids or not tokens:
            return [(i, 0.0) for i in ids]
        query, must = tantivy.Query, tantivy.Occur.Must
        these = query.const_score_query(query.term_set_query(self._index.schema, "id", list(ids)), 0.0)
        both = query.boolean_query([(must, these), (self._should, self._query(tokens))])
        found = dict(self._hits(both, len(ids)))
        return [(i, found.get(i, 0.0)) for i in ids]

    def frequency(self, token: str) -> int:
        return self._searcher.doc_freq("body", token)

    def count(self) -> int:
        return self._searcher.num_docs


class Bm25s:
    """bm25s with its numpy backend; it has no additions and removals, so both are a new index."""

    name = "bm25s"
    on_write = staticmethod(_nothing)

    def __init__(self, k1: float = 1.2, b: float = 0.75) -> None:
        self._k1, self._b = k1, b

    def _index(self) -> None:
        import bm25s

        vocabulary: dict[str, int] = {}
        tokens = [[vocabulary.setdefault(t, len(vocabulary)) for t in text.split()] for text in self._texts.values()]
        self._engine = bm25s.BM25(k1=self._k1, b=self._b, method="lucene")
        self._engine.index((tokens, vocabulary), show_progress=False)
        self._ids = np.fromiter(self._texts, np.int64, len(self._texts))
        self._save()

    def _save(self) -> None:
        self.on_write()
        self._engine.save(str(self._folder), show_progress=False)
        np.save(self._folder / "ids.npy", self._ids)

    def build(self, passages: Iterable[tuple[int, str]], folder: Path) -> None:
        self._folder, self._texts = folder, dict(passages)
        self._index()
        if len(self._texts) > 200_000:
            self._texts = {}

    def open(self, folder: Path) -> None:
        import bm25s

        self._folder = folder
        self._engine = bm25s.BM25.load(str(folder), mmap=True)
        self._ids = np.load(folder / "ids.npy")

    def _known(self, tokens: Sequence[str]) -> list[int]:
        vocabulary = self._engine.vocab_dict
        return [vocabulary[token] for token in tokens if token in vocabulary]

    def search(self, tokens: Sequence[str], k: int) -> Hits:
        known = self._known(tokens)
        if not known:
            return []
        found, scores = self._engine.retrieve([known], k=min(k, len(self._ids)), show_progress=False, sorted=True)
        return [(i, s) for i, s in zip(self._ids[found[0]].tolist(), scores[0].tolist(), strict=True) if s > 0]

    def add(self, passages: Iterable[tuple[int, str]]) -> None:
        self._texts.update(passages)
        self._index()

    def remove(self, ids: Sequence[int]) -> None:
        for i in ids:
            del self._texts[i]
        self._index()

    def score(self, tokens: Sequence[str], ids: Sequence[int]) -> Hits:
        places = np.searchsorted(self._ids, ids)
        known = self._known(tokens)
        scores = self._engine.get_scores_from_ids(known)[places] if known else np.zeros(len(ids))
        return list(zip(ids, scores.tolist(), strict=True))

    def frequency(self, token: str) -> int:
        known = self._known([token])
        starts = self._engine.scores["indptr"]
        return int(starts[known[0] + 1] - starts[known[0]]) if known else 0

    def count(self) -> int:
        return len(self._ids)


class Segment:
    """Postings of some passages: for each term the sorted places of its passages and how often it stands there.

    `starts[t]:starts[t + 1]` are the postings of term t in `places` (int32) and `times` (uint16).
    A removed passage keeps its postings; its entry in the length norm becomes infinite, which makes every
    contribution exactly 0, and `gone` holds what it takes off the document frequencies.
    """

    def __init__(
        self, terms: dict[str, int], ids: Ints, lengths: Ints, starts: Ints, places: npt.NDArray, times: npt.NDArray
    ) -> None:
        self.terms, self.ids, self.lengths = terms, ids, lengths
        self.starts, self.places, self.times = starts, places, times
        self.dead = np.zeros(len(ids), dtype=bool)
        self.gone: dict[int, int] = {}
        self.sums = np.zeros(len(ids), dtype=np.float32)
        self._dense: dict[int, npt.NDArray] = {}

    @classmethod
    def of(cls, passages: Iterable[tuple[int, str]], block: int = 4_000_000) -> Segment:
        """Sort the tokens of a few thousand passages at a time, then lay the blocks side by side."""
        terms: defaultdict[str, int] = defaultdict()
        terms.default_factory = terms.__len__
        number = terms.__getitem__
        ids: list[int] = []
        lengths: list[int] = []
        tokens: list[int] = []
        blocks: list[tuple[npt.NDArray, npt.NDArray, npt.NDArray]] = []
        first = 0
        for i, text in passages:
            here = list(map(number, text.split()))
            ids.append(i)
            lengths.append(len(here))
            tokens += here
            if len(tokens) >= block:
                blocks.append(cls._sorted(tokens, lengths, first, len(terms)))
                tokens, first = [], len(ids)
        blocks.append(cls._sorted(tokens, lengths, first, len(terms)))
        counts = np.zeros(len(terms), dtype=np.int64)
        for here, _, _ in blocks:
            counts[: len(here)] += here
        starts = np.concatenate(([0], np.cumsum(counts)))
        places = np.empty(starts[-1], dtype=np.int32)
        times = np.empty(starts[-1], dtype=np.uint16)
        free = starts[:-1].copy()
        for here, block_places, block_times in blocks:
            inside = np.cumsum(here) - here
            to = np.arange(len(block_places)) + np.repeat(free[: len(here)] - inside, here)
            places[to], times[to] = block_places, block_times
            free[: len(here)] += here
        return cls(dict(terms), np.array(ids, dtype=np.int64), np.array(lengths, dtype=np.int64), starts, places, times)

    @staticmethod
    def _sorted(
        tokens: list[int], lengths: list[int], first: int, terms: int
    ) -> tuple[npt.NDArray, npt.NDArray, npt.NDArray]:
        """Postings of one block, by term and then by place: a key of both, sorted, repeats counted."""
        keys = np.array(tokens, dtype=np.int64) << 32
        keys |= np.repeat(np.arange(first, len(lengths)), lengths[first:])
        keys.sort()
        at = np.flatnonzero(np.concatenate(([len(keys) > 0], keys[1:] != keys[:-1]))) if len(keys) else keys
        times = np.diff(at, append=len(keys))
        keys = keys[at]
        counts = np.bincount(keys >> 32, minlength=terms)
        return counts, (keys & 0xFFFFFFFF).astype(np.int32), np.minimum(times, 65535).astype(np.uint16)

    def bury(self, ids: Sequence[int]) -> int:
        """Mark passages as removed and take them off the document frequencies; returns how many were here."""
        at = np.searchsorted(self.ids, ids)
        at = at[(at < len(self.ids)) & (self.ids[np.minimum(at, len(self.ids) - 1)] == ids)]
        at = at[~self.dead[at]]
        fresh = np.zeros(len(self.ids), dtype=bool)
        fresh[at] = True
        self.dead[at] = True
        postings = np.flatnonzero(fresh[self.places])
        for term in (np.searchsorted(self.starts, postings, side="right") - 1).tolist():
            self.gone[term] = self.gone.get(term, 0) + 1
        return len(at)

    def frequency(self, token: str) -> int:
        """How many passages that are still here hold the token."""
        term = self.terms.get(token)
        return 0 if term is None else int(self.starts[term + 1] - self.starts[term]) - self.gone.get(term, 0)

    def postings(self, token: str) -> tuple[npt.NDArray, npt.NDArray]:
        """Places and term frequencies of a token, removed passages included."""
        term = self.terms.get(token)
        if term is None:
            return self.places[:0], self.times[:0]
        part = slice(self.starts[term], self.starts[term + 1])
        return self.places[part], self.times[part]

    def dense(self, token: str) -> npt.NDArray | None:
        """The term frequencies of a token in all passages, kept once made, for the few tokens most passages hold."""
        term = self.terms.get(token)
        if term is None or (self.starts[term + 1] - self.starts[term]) * DENSE_FROM < len(self.ids):
            return None
        if term not in self._dense:
            places, times = self.postings(token)
            every = np.zeros(len(self.ids), dtype=np.uint16)
            every[places] = times
            self._dense[term] = every
        return self._dense[term]

    def save(self, path: Path) -> None:
        """Write aside, flush, rename; a checksum at the end says whether all of it is there."""
        words = "\n".join(self.terms).encode()
        head = json.dumps(
            {"ids": len(self.ids), "postings": len(self.places), "terms": len(self.terms), "words": len(words)}
        ).encode()
        parts = [head.ljust(256), self.ids, self.lengths, self.starts, self.places, self.times, words]
        aside = path.with_suffix(".new")
        check = 0
        with aside.open("wb") as file:
            for part in parts:
                check = zlib.crc32(part, check)
                file.write(part)
            file.write(check.to_bytes(4, "little"))
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)

    @classmethod
    def load(cls, path: Path) -> Segment:
        """Map the file, check it, and take the arrays as they lie. ValueError when it is damaged."""
        data = np.asarray(np.memmap(path, dtype=np.uint8, mode="r"))  # slices of a memmap itself are slow
        if len(data) < 260 or zlib.crc32(data[:-4]) != int.from_bytes(data[-4:].tobytes(), "little"):
            raise ValueError(f"{path} is damaged")
        head = json.loads(data[:256].tobytes())
        at = 256
        arrays = []
        for kind, number in (
            (np.int64, head["ids"]),
            (np.int64, head["ids"]),
            (np.int64, head["terms"] + 1),
            (np.int32, head["postings"]),
            (np.uint16, head["postings"]),
        ):
            size = np.dtype(kind).itemsize * number
            arrays.append(data[at : at + size].view(kind))
            at += size
        words = data[at : at + head["words"]].tobytes().decode()
        terms = {word: i for i, word in enumerate(words.split("\n"))} if words else {}
        return cls(terms, *arrays)


class Postings:
    """An inverted index of our own in numpy, exact whatever its history.

    A question first finds candidates with float32 sums over all passages of its terms. Those within rounding of
    the k-th best are then scored in float64, term by term in the order of the question, which is also what
    `score` does for given passages: so neither the roughness nor the layout in segments can be seen in a score.
    """

    name = "numpy"
    on_write = staticmethod(_nothing)

    def __init__(self, k1: float = 1.2, b: float = 0.75, robertson: bool = False) -> None:
        self._k1, self._b, self._robertson = k1, b, robertson
        self._segments: list[Segment] = []
        self._fresh: dict[int, str] = {}

    def build(self, passages: Iterable[tuple[int, str]], folder: Path) -> None:
        self._folder = folder
        self._segments = [Segment.of(passages)]
        self.on_write()
        self._segments[0].save(folder / "lexical.bin")
        self._settle()

    def open(self, folder: Path) -> None:
        self._folder = folder
        self._segments = [Segment.load(folder / "lexical.bin")]
        self._settle()

    def _settle(self) -> None:
        """Statistics of the whole, from whole numbers: equal to a clean build's, and the length norms."""
        self._number = sum(len(s.ids) - int(s.dead.sum()) for s in self._segments)
        total = sum(int(s.lengths.sum()) - int(s.lengths[s.dead].sum()) for s in self._segments)
        self._average = total / self._number if self._number else 1.0
        self._norms = []
        for segment in self._segments:
            norm = self._k1 * (1 - self._b + self._b * segment.lengths / self._average)
            norm[segment.dead] = np.inf
            self._norms.append((norm, norm.astype(np.float32)))

    def add(self, passages: Iterable[tuple[int, str]]) -> None:
        self._fresh.update(passages)
        self._segments[1:] = [Segment.of(sorted(self._fresh.items()))]
        self._settle()

    def remove(self, ids: Sequence[int]) -> None:
        self._segments[0].bury(np.sort(ids))
        if self._fresh:
            self._fresh = {i: text for i, text in self._fresh.items() if i not in set(ids)}
            self._segments[1:] = [Segment.of(sorted(self._fresh.items()))]
        self._settle()

    def _weights(self, tokens: Sequence[str]) -> list[tuple[str, float]]:
        """The question's terms in their order, each with its idf (Lucene's) times (k1 + 1) times its count."""
        counts: dict[str, int] = {}
        for token in tokens:
            counts[token] = counts.get(token, 0) + 1
        weights = []
        for token, count in counts.items():
            found = self.frequency(token)
            if found:
                odds = (self._number - found + 0.5) / (found + 0.5)
                idf = max(math.log(odds), 1e-6) if self._robertson else math.log(1 + odds)
                weights.append((token, count * idf * (self._k1 + 1)))
        return weights

    def search(self, tokens: Sequence[str], k: int) -> Hits:
        weights = self._weights(tokens)
        hits: list[tuple[float, int]] = []
        for segment, (norm, rough) in zip(self._segments, self._norms, strict=True):
            places = self._candidates(segment, rough, weights, k)
            scores = self._exact(segment, norm, weights, places)
            best = np.lexsort((places, -scores))[:k]
            best = best[scores[best] > 0]
            hits += zip((-scores[best]).tolist(), segment.ids[places[best]].tolist(), strict=True)
        hits.sort()
        return [(i, -score) for score, i in hits[:k]]

    def _candidates(self, segment: Segment, norm: npt.NDArray, weights: list[tuple[str, float]], k: int) -> npt.NDArray:
        """Places, sorted, among which the k best surely are: those within rounding of the k-th best rough sum."""
        sums = segment.sums
        sums.fill(0)
        times, lower = np.empty(BLOCK, dtype=np.float32), np.empty(BLOCK, dtype=np.float32)
        for token, weight in weights:
            every = segment.dense(token)
            places, counts = segment.postings(token) if every is None else (None, every)
            for first in range(0, len(counts), BLOCK):  # in the same two small buffers: new arrays cost five times more
                part = slice(first, first + BLOCK)
                here = counts[part]
                up, down = times[: len(here)], lower[: len(here)]
                np.copyto(up, here)
                if places is None:  # no gathering and no scattering
                    np.add(up, norm[part], out=down)
                else:
                    norm.take(places[part], out=down, mode="clip")
                    down += up
                up /= down
                up *= np.float32(weight)
                if places is None:
                    sums[part] += up
                else:
                    np.add.at(sums, places[part], up)  # far faster than sums[places] += since numpy 1.25
        if len(sums) <= k:
            return np.flatnonzero(sums)
        edge = np.partition(sums, len(sums) - k)[-k] if len(sums) < 100 * k else self._bound(sums, k)
        near = np.flatnonzero(sums >= max(edge * np.float32(0.9999), np.float32(1e-30)))
        if len(near) > 2 * k:
            reached = sums[near]
            near = near[reached >= np.partition(reached, len(near) - k)[-k] * np.float32(0.9999)]
        return near

    @staticmethod
    def _bound(sums: npt.NDArray, k: int) -> np.float32:
        """A close lower bound of the k-th largest: that of the maxima of groups. A whole partition takes far longer."""
        width = len(sums) // 64
        highest = sums[: 64 * width].reshape(64, width).max(axis=0)
        return np.partition(highest, width - k)[-k]

    @staticmethod
    def _exact(
        segment: Segment, norm: npt.NDArray, weights: list[tuple[str, float]], places: npt.NDArray
    ) -> npt.NDArray:
        """BM25 of given places in float64, terms in the order of the question."""
        scores = np.zeros(len(places))
        places = places.astype(np.int32)  # another kind than the lists would copy each list
        here = norm[places]
        for token, weight in weights:
            there, times = segment.postings(token)
            if not len(there):
                continue
            at = np.searchsorted(there, places)
            at[at == len(there)] = 0
            times = np.where(there[at] == places, times[at], 0).astype(np.float64)
            scores += weight * (times / (times + here))
        return scores

    def score(self, tokens: Sequence[str], ids: Sequence[int]) -> Hits:
        weights = self._weights(tokens)
        found: dict[int, float] = {}
        wanted = np.unique(np.asarray(ids))
        for segment, (norm, _) in zip(self._segments, self._norms, strict=True):
            if not len(segment.ids):
                continue
            at = np.searchsorted(segment.ids, wanted)
            at = at[(at < len(segment.ids)) & (segment.ids[np.minimum(at, len(segment.ids) - 1)] == wanted)]
            found.update(zip(segment.ids[at].tolist(), self._exact(segment, norm, weights, at).tolist(), strict=True))
        return [(i, found.get(i, 0.0)) for i in ids]

    def frequency(self, token: str) -> int:
        return sum(segment.frequency(token) for segment in self._segments)

    def count(self) -> int:
        return self._number


ENGINES: dict[str, Callable[[], Engine]] = {"FTS5": Fts5, "tantivy": Tantivy, "bm25s": Bm25s, "numpy": Postings}


# ------------------------------------------------------------------------------------------------ data


def read_jsonl(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSONL file."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.strip():
                yield json.loads(line)


def read_set(folder: Path, most: int) -> tuple[list[str], list[tuple[str, dict[int, int]]]]:
    """A BEIR folder: passages (title and text), and answerable questions with the grades of their passages."""
    passages, places = [], {}
    for row in read_jsonl(folder / "corpus.jsonl"):
        places[row["_id"]] = len(passages)
        passages.append(f"{row.get('title') or ''} {row['text']}".strip())
    grades: dict[str, dict[int, int]] = defaultdict(dict)
    for line in (folder / "qrels" / "test.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        question, passage, grade = line.split("\t")
        if int(grade) > 0 and passage in places:
            grades[question][places[passage]] = int(grade)
    questions = [
        (row["text"], grades[row["_id"]])
        for row in read_jsonl(folder / "queries.jsonl")
        if row.get("metadata", {}).get("answerable", True) and row["_id"] in grades
    ]
    return passages, questions[: most or None]


class Pool:
    """Tokens of all sentences under `shared`, from which corpora of any size are recombined.

    A passage is two runs of consecutive sentences from two random places, each of 10 to 40 words and then up to
    the end of the sentence: real lengths, real word frequencies, real bursts of a word in one text. What it lacks
    is the growth of the vocabulary.
    """

    def __init__(self, shared: Path, tokenise: Tokeniser) -> None:
        seen: set[str] = set()
        numbers: defaultdict[str, int] = defaultdict()
        numbers.default_factory = numbers.__len__
        tokens: list[int] = []
        ends: list[int] = [0]
        for corpus in sorted(shared.glob("*/*/corpus.jsonl")):
            for row in read_jsonl(corpus):
                if row["text"] in seen:
                    continue
                seen.add(row["text"])
                for sentence in re.split(r"(?<=[.!?؟])\s+|\n+", row["text"]):
                    tokens += map(numbers.__getitem__, tokenise(sentence))
                    if len(tokens) > ends[-1]:
                        ends.append(len(tokens))
        self.tokens, self.ends = np.array(tokens, dtype=np.int32), np.array(ends)
        self.words = list(numbers)

    def passages(self, number: int, seed: int) -> Iterator[tuple[int, str]]:
        """(id, text) of so many passages; the same for a seed each time; ids begin at seed * 10^8."""
        dice = np.random.default_rng(seed)
        words = np.array(self.words, dtype=object)
        for first in range(0, number, 10_000):
            begin = self.ends[dice.integers(0, len(self.ends) - 1, (10_000, 2))]
            until = begin + dice.integers(10, 41, (10_000, 2))
            end = self.ends[np.minimum(np.searchsorted(self.ends, until), len(self.ends) - 1)]
            pairs = list(zip(begin.tolist(), end.tolist(), strict=True))[: number - first]
            for i, ((a, b), (c, d)) in enumerate(pairs):
                d = min(d, b + 200)
                chosen = np.concatenate((self.tokens[a : min(c, a + 200)], self.tokens[b:d]))
                yield seed * 10**8 + first + i, " ".join(words[chosen])

    @staticmethod
    def questions(shared: Path, number: int) -> list[str]:
        """Real questions of all evaluation sets, the same number of each, shuffled."""
        found: list[str] = []
        for name in QUALITY_SETS:
            rows = [row["text"] for row in read_jsonl(shared / "eval" / name / "queries.jsonl")]
            random.Random(name).shuffle(rows)
            found += rows[: -(-number // len(QUALITY_SETS))]
        random.Random(1).shuffle(found)
        return found[:number]


# --------------------------------------------------------------------------------------------- quality


def quality(search: Callable[[str], Sequence[int]], questions: list[tuple[str, dict[int, int]]]) -> tuple[float, float]:
    """nDCG@10 (linear gain) and R@1 (a relevant passage is first), means over the questions."""
    gains, firsts = [], []
    for text, grades in questions:
        found = search(text)
        gain = sum(grades.get(i, 0) / math.log2(rank + 2) for rank, i in enumerate(found[:10]))
        ideal = sum(g / math.log2(rank + 2) for rank, g in enumerate(sorted(grades.values(), reverse=True)[:10]))
        gains.append(gain / ideal)
        firsts.append(bool(found) and found[0] in grades)
    return float(np.mean(gains)), float(np.mean(firsts))


def searcher(
    engine: Engine, tokenise: Tokeniser, passages: list[str], folder: Path, asking: Tokeniser | None = None
) -> Callable[[str], list[int]]:
    """An engine filled with passages, as a function from a question to ranked passage numbers."""
    folder.mkdir()
    ask = asking or tokenise
    engine.build(((i, " ".join(tokenise(text))) for i, text in enumerate(passages)), folder)
    return lambda text: [i for i, _ in engine.search(ask(text) or tokenise(text), 10)]


def own_tokenisers(passages: list[str], folder: Path) -> dict[str, Callable[[str], list[int]]]:
    """Each engine with its documented default for English, given the raw text."""
    import bm25s

    raw = list(enumerate(passages))
    for name in ("fts5", "tantivy"):
        (folder / f"own-{name}").mkdir()
    fts5 = Fts5("porter unicode61")
    fts5.build(raw, folder / "own-fts5")
    tantivy = Tantivy("en_stem")
    tantivy.build(raw, folder / "own-tantivy")
    engine = bm25s.BM25()
    engine.index(bm25s.tokenize(passages, show_progress=False), show_progress=False)

    def ask_bm25s(text: str) -> list[int]:
        tokens = bm25s.tokenize([text], show_progress=False, return_ids=False)
        return engine.retrieve(tokens, k=10, show_progress=False)[0][0].tolist()

    return {
        "FTS5 `porter unicode61`": lambda text: [i for i, _ in fts5.search(_WORD.findall(text), 10)],
        "tantivy `en_stem`": lambda text: [i for i, _ in tantivy.search_text(text, 10)],
        "bm25s default (stop words, no stems)": ask_bm25s,
    }


def measure_quality(shared: Path, scratch: Path, engines: Sequence[str]) -> dict[str, dict[str, tuple[float, float]]]:
    """A row for each engine and variant, with (nDCG@10, R@1) by set."""
    rows: dict[str, dict[str, tuple[float, float]]] = defaultdict(dict)
    tokenise = Tokeniser()
    for name, most in QUALITY_SETS.items():
        passages, questions = read_set(shared / "eval" / name, most)
        say(f"quality: {name}, {len(passages)} passages, {len(questions)} questions")
        with tempfile.TemporaryDirectory(dir=scratch) as folder:
            here = Path(folder)
            ways: dict[str, Callable[[str], Sequence[int]]] = {}
            for label in engines:
                ways[f"{label}, our tokens"] = searcher(ENGINES[label](), tokenise, passages, here / label)
            if len(engines) > 1:
                ways |= own_tokenisers(passages, here)
            for k1, b in ((0.9, 0.4), (1.5, 0.75), (1.2, 0.5), (1.5, 0.5)):
                engine = Postings(k1, b)
                ways[f"numpy, k1 {k1} b {b}"] = searcher(engine, tokenise, passages, here / f"{k1}-{b}")
            ways["numpy, Robertson's idf"] = searcher(Postings(robertson=True), tokenise, passages, here / "robertson")
            for label, skip in (("stop words", STOP_WORDS), ("stop and question words", QUESTION_WORDS)):
                fewer = Tokeniser(skip=skip)
                ways[f"numpy, no {label}"] = searcher(Postings(), fewer, passages, here / label)
                ways[f"numpy, no {label} in the question"] = searcher(
                    Postings(), tokenise, passages, here / f"{label} asked", fewer
                )
            plain, joined = Tokeniser(stem=False), Tokeniser(split_joiner=False)
            ways["numpy, no stems"] = searcher(Postings(), plain, passages, here / "plain")
            if name.endswith("_fa"):
                ways["numpy, ZWNJ removed"] = searcher(Postings(), joined, passages, here / "joined")
            for label, search in ways.items():
                rows[label][name] = quality(search, questions)
    return rows


# ----------------------------------------------------------------------------------- speed and changes


def resident() -> tuple[float, float]:
    """MB of this process's own memory and of mapped files that are in memory."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":" in line)
    return int(status["RssAnon"].split()[0]) / 1024, int(status["RssFile"].split()[0]) / 1024


def evict(folder: Path) -> None:
    """Ask the system to drop the files of a folder from its page cache."""
    for path in folder.rglob("*"):
        if path.is_file():
            handle = os.open(path, os.O_RDONLY)
            os.fsync(handle)
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(handle)


def size_on_disk(folder: Path) -> float:
    """MB of all files of a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def in_child(function: Callable[..., Any], *arguments: Any) -> Any:
    """Run a function in a fresh process, so that memory and caches are its own; returns what it returns."""
    context = mp.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(theirs, function, arguments))
    process.start()
    theirs.close()
    try:
        return ours.recv()
    except EOFError:
        return None
    finally:
        process.join()


def _child(pipe: Connection, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    pipe.send(function(*arguments))


def build(label: str, pool: Path, number: int, folder: Path) -> dict[str, float]:
    """Build one index from scratch, in CPU seconds; the time to make the texts is taken off."""
    source = load_pool(pool)
    clock = time.process_time()
    for _ in source.passages(min(number, 20_000), 1):
        pass
    making = (time.process_time() - clock) / min(number, 20_000) * number
    before = sum(resident())
    clock = time.process_time()
    ENGINES[label]().build(source.passages(number, 1), folder)
    took = time.process_time() - clock - making
    peak = int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text()).group(1)) / 1024  # type: ignore[union-attr]
    return {"build_s": took, "disk_mb": size_on_disk(folder), "build_peak_mb": peak - before}


def load_pool(path: Path) -> Pool:
    """The pool as the parent stored it."""
    pool = Pool.__new__(Pool)
    pool.tokens, pool.ends = np.load(path / "tokens.npy"), np.load(path / "ends.npy")
    pool.words = (path / "words.txt").read_text(encoding="utf-8").split("\n")
    return pool


def middle(call: Callable[[], Any], times: int = 15) -> float:
    """The median of the CPU seconds a call takes."""
    took = []
    for _ in range(times):
        clock = time.process_time()
        call()
        took.append(time.process_time() - clock)
    return float(np.median(took))


def timed(engine: Engine, tokenise: Tokeniser, questions: list[str], seconds: float) -> tuple[list[float], list[float]]:
    """Clock and CPU seconds of each question, from its text to the ids; at least 40, then until the time is up."""
    times, spent = [], []
    end = time.perf_counter() + seconds
    for question in questions:
        clock, used = time.perf_counter(), time.thread_time()
        engine.search(tokenise(question), K)
        times.append(time.perf_counter() - clock)
        spent.append(time.thread_time() - used)
        if clock > end and len(times) >= 40:
            break
    return times, spent


def ask(label: str, folder: Path, questions: list[str], seconds: float) -> dict[str, Any]:
    """Open cold, then time questions one after the other on one core."""
    os.sched_setaffinity(0, [max(os.sched_getaffinity(0))])
    tokenise = Tokeniser()
    engine = ENGINES[label]()
    __import__({"FTS5": "apsw", "numpy": "zlib"}.get(label, label))
    before = resident()
    evict(folder)
    clock = time.process_time()
    engine.open(folder)
    opened = time.process_time() - clock
    engine.search(tokenise(questions[0]), K)
    first = time.process_time() - clock
    for question in questions[:30]:
        engine.search(tokenise(question), K)
    times, spent = timed(engine, tokenise, questions, seconds)
    _, fewer = timed(engine, Tokeniser(skip=QUESTION_WORDS), questions, seconds)
    after = resident()
    asked = [tokenise(question) for question in questions[:12]]
    tops = [engine.search(tokens, K) for tokens in asked]
    words, some = max(zip(asked, tops, strict=True), key=lambda pair: (len(pair[1]), len(pair[0]) == 10))
    given = [i for i, _ in some]
    scoring = middle(lambda: engine.score(words, given), 5)
    same = all(engine.score(tokens, [i for i, _ in top]) == top for tokens, top in zip(asked[:4], tops, strict=False))
    looking_up = middle(lambda: engine.frequency(words[0]))
    return {
        "open_s": opened,
        "first_s": first,
        "median_ms": float(np.median(spent)) * 1e3,
        "p95_ms": float(np.quantile(spent, 0.95)) * 1e3,
        "clock_median_ms": float(np.median(times)) * 1e3,
        "clock_p95_ms": float(np.quantile(times, 0.95)) * 1e3,
        "fewer_median_ms": float(np.median(fewer)) * 1e3,
        "fewer_p95_ms": float(np.quantile(fewer, 0.95)) * 1e3,
        "worst_ms": max(times) * 1e3,
        "questions": len(times),
        "own_mb": after[0] - before[0],
        "mapped_mb": after[1] - before[1],
        "score_50_ms": scoring * 1e3,
        "score_same": same,
        "frequency_ms": looking_up * 1e3,
    }


def change(label: str, pool: Path, number: int, folder: Path, questions: list[str], compare: bool) -> dict[str, Any]:
    """Add 100 passages, remove 100; CPU time until searchable, and compare with clean builds where asked."""
    tokenise = Tokeniser()
    source = load_pool(pool)
    engine = ENGINES[label]()
    engine.open(folder)
    if label == "bm25s":
        engine._texts = dict(source.passages(number, 1))  # type: ignore[attr-defined]
    fresh = list(source.passages(100, 2))
    asked = [tokenise(question) for question in questions]
    found: dict[str, Any] = {}
    engine.search(asked[0], K)
    clock = time.process_time()
    engine.add(fresh)
    engine.search(asked[0], K)
    found["add_s"] = time.process_time() - clock
    added = [engine.search(tokens, K) for tokens in asked] if compare else []
    gone = [10**8 + i for i in random.Random(5).sample(range(number), 100)]
    clock = time.process_time()
    engine.remove(gone)
    engine.search(asked[0], K)
    found["remove_s"] = time.process_time() - clock
    found["count"] = engine.count() == number
    if compare:
        removed = [engine.search(tokens, K) for tokens in asked]
        frequencies = [engine.frequency(token) for tokens in asked for token in tokens]
        out = set(gone)
        for what, ours, keep in (("after_add", added, set()), ("after_remove", removed, out)):
            clean = ENGINES[label]()
            (folder / what).mkdir()
            clean.build(
                ((i, t) for part in (source.passages(number, 1), fresh) for i, t in part if i not in keep),
                folder / what,
            )
            theirs = [clean.search(tokens, K) for tokens in asked]
            found[what] = difference(ours, theirs)
            if what == "after_remove":
                clean_frequencies = [clean.frequency(token) for tokens in asked for token in tokens]
                found["frequencies"] = frequencies == clean_frequencies
    return found


def difference(ours: list[Hits], theirs: list[Hits]) -> dict[str, float]:
    """Share of questions with bitwise the same answer; with the same passages; the largest gap between scores."""
    gaps = [
        abs(a - dict(y)[i]) / max(abs(a), 1e-9) for x, y in zip(ours, theirs, strict=True) for i, a in x if i in dict(y)
    ]
    return {
        "identical": float(np.mean([x == y for x, y in zip(ours, theirs, strict=True)])),
        "same_order": float(
            np.mean([[i for i, _ in x] == [i for i, _ in y] for x, y in zip(ours, theirs, strict=True)])
        ),
        "same_set": float(np.mean([{i for i, _ in x} == {i for i, _ in y} for x, y in zip(ours, theirs, strict=True)])),
        "largest_gap": max(gaps, default=0.0),
    }


# ------------------------------------------------------------------------------------------ crash safety

BASE, BATCH = 5_000, 200


def truth(folder: Path) -> Any:
    """The database that is the only truth beside a derived index."""
    import apsw

    database = apsw.Connection(str(folder / "truth.db"))
    database.execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE IF NOT EXISTS passages(id INTEGER PRIMARY KEY, tokens TEXT NOT NULL)")
    return database


def keep_adding(label: str, pool: Path, folder: Path, pipe: Connection) -> None:
    """The child that is killed: adds batch after batch, says when it starts to write and when that is confirmed."""
    batches = list(load_pool(pool).passages(BATCH * 50, 3))
    engine = ENGINES[label]()
    engine.on_write = lambda: pipe.send("writing")
    engine.open(folder / "index")
    if label == "bm25s":
        engine._texts = dict(load_pool(pool).passages(BASE, 1))  # type: ignore[attr-defined]
    database = truth(folder) if label == "numpy" else None
    for number in range(50):
        batch = batches[number * BATCH : (number + 1) * BATCH]
        pipe.send("adding")
        if database is None:
            engine.add(batch)
        else:
            with database:
                database.executemany("INSERT INTO passages VALUES(?, ?)", batch)
            pipe.send("confirmed")  # from here on the truth has it; the index may lag behind, and is checked
            engine.build(database.execute("SELECT id, tokens FROM passages ORDER BY id"), folder / "index")
        pipe.send("written" if database else "confirmed")


def inspect(label: str, pool: Path, folder: Path) -> dict[str, Any]:
    """Open what a killed process left: readable, how many passages, and does every one of a batch answer."""
    result: dict[str, Any] = {"readable": False, "passages": 0, "wrong": False, "rebuilt": False}
    engine = ENGINES[label]()
    try:
        engine.open(folder / "index")
        if label == "numpy":
            database = truth(folder)
            (rows,) = next(database.execute("SELECT count(*) FROM passages"))
            if engine.count() != rows:
                result["rebuilt"] = True
                engine.build(database.execute("SELECT id, tokens FROM passages ORDER BY id"), folder / "index")
        result["passages"] = engine.count()
        expected = list(load_pool(pool).passages(BASE, 1))
        expected += list(load_pool(pool).passages(max(0, result["passages"] - BASE), 3))
        clean = ENGINES[label]()
        (folder / "clean").mkdir()
        clean.build(expected, folder / "clean")
        asked = [text.split()[:8] for _, text in expected[:: max(1, len(expected) // 20)]]
        ours = [sorted(round(s, 3) for _, s in engine.search(tokens, K)) for tokens in asked]
        theirs = [sorted(round(s, 3) for _, s in clean.search(tokens, K)) for tokens in asked]
        result["wrong"] = ours != theirs
        result["readable"] = True
    except Exception as problem:
        result["problem"] = f"{type(problem).__name__}: {problem}"[:160]
    return result


def watch(pipe: Connection, until: tuple[str, int], after: float) -> int:
    """Listen until the n-th message of a kind and then a moment longer; how many batches were confirmed so far."""
    kind, number = until
    confirmed = 0
    while number:
        message = pipe.recv()
        number -= message == kind
        confirmed += message == "confirmed"
    time.sleep(after)
    return confirmed


def drain(pipe: Connection) -> int:
    """Confirmations that a killed process had still sent."""
    confirmed = 0
    try:
        while pipe.poll():
            confirmed += pipe.recv() == "confirmed"
    except EOFError:
        pass
    return confirmed


def crash(label: str, pool: Path, scratch: Path, times: int) -> list[dict[str, Any]]:
    """Kill a process that adds, so often; what is left is opened by a fresh process.

    Every other kill falls anywhere in a batch, the rest into its writing, whose durations are measured first.
    """
    context = mp.get_context("spawn")
    base = scratch / "base"
    (base / "index").mkdir(parents=True)
    in_child(build, label, pool, BASE, base / "index")
    if label == "numpy":
        database = truth(base)
        with database:
            database.executemany("INSERT INTO passages VALUES(?, ?)", load_pool(pool).passages(BASE, 1))
        database.close()
    dice = random.Random(7)
    last = "written" if label == "numpy" else "confirmed"
    spans = {"adding": 0.0, "writing": 0.0}
    results = []
    for attempt in range(-1, times):
        folder = scratch / f"attempt-{attempt}"
        shutil.copytree(base, folder)
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=keep_adding, args=(label, pool, folder, theirs))
        process.start()
        theirs.close()
        if attempt < 0:  # how long do a batch and its writing take?
            for _ in range(5):
                watch(ours, ("adding", 1), 0)
                adding = time.perf_counter()
                watch(ours, ("writing", 1), 0)
                writing = time.perf_counter()
                watch(ours, (last, 1), 0)
                spans["adding"] = time.perf_counter() - adding
                spans["writing"] = time.perf_counter() - writing
            confirmed = 0
        else:
            kind = ("adding", "writing")[attempt % 2]
            confirmed = watch(ours, (kind, dice.randint(1, 3)), dice.uniform(0, spans[kind]))
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
        confirmed += drain(ours)
        if attempt >= 0:
            result = in_child(inspect, label, pool, folder) or {"readable": False, "problem": "the reader died"}
            added = result.get("passages", 0) - BASE
            result["lost"] = bool(result["readable"]) and added < confirmed * BATCH
            result["half"] = bool(result["readable"]) and added % BATCH != 0
            results.append(result)
        shutil.rmtree(folder)
    say(f"{label}: a batch takes {spans['adding']:.3f} s, of which writing {spans['writing']:.3f} s")
    return results


# -------------------------------------------------------------------------------------------- reporting


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, first column left, the others right."""
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def plain(number: float) -> str:
    """Three figures or so, no exponent."""
    if number >= 100:
        return f"{number:,.0f}"
    return f"{number:.1f}" if number >= 10 else f"{number:.2f}"


def quality_tables(rows: dict[str, dict[str, tuple[float, float]]]) -> str:
    """nDCG@10 / R@1 by engine and set, and the mean over the sets."""
    head = [
        "",
        *(name.removesuffix("_dev").removesuffix("_val_fa").removesuffix("_dev_half_a") for name in QUALITY_SETS),
    ]
    out = []
    for label, by_set in rows.items():
        cells = [f"{by_set[n][0]:.3f} / {by_set[n][1]:.3f}" if n in by_set else "" for n in QUALITY_SETS]
        whole = len(by_set) == len(QUALITY_SETS)
        mean = f"{np.mean([v[0] for v in by_set.values()]):.4f} / {np.mean([v[1] for v in by_set.values()]):.4f}"
        out.append([label, *cells, mean if whole else ""])
    return "nDCG@10 / R@1\n\n" + table([*head, "mean"], out)


def speed_table(speeds: dict[int, dict[str, dict[str, float]]]) -> str:
    """One row for each size and engine; CPU time (but for "clock"): other work may share the machine."""
    head = ["passages, engine", "median ms", "p95 ms", "without stop words", "clock", "open cold s", "first answer s"]
    head += [
        "build s",
        "disk MB",
        "memory MB, own + mapped",
        "build peak MB",
        "score 50 given ms",
        "as in the search",
        "df ms",
    ]
    rows = []
    for number, engines in speeds.items():
        for label, m in engines.items():
            row = [f"{number:,} {label}", plain(m["median_ms"]), plain(m["p95_ms"])]
            row.append(f"{plain(m['fewer_median_ms'])} / {plain(m['fewer_p95_ms'])}")
            row += [
                f"{plain(m['clock_median_ms'])} / {plain(m['clock_p95_ms'])}",
                plain(m["open_s"]),
                plain(m["first_s"]),
            ]
            row += [plain(m["build_s"]), plain(m["disk_mb"]), f"{m['own_mb']:,.0f} + {m['mapped_mb']:,.0f}"]
            row += [plain(m["build_peak_mb"]), plain(m["score_50_ms"]), "yes" if m["score_same"] else "no"]
            row.append(f"{m['frequency_ms']:.3f}")
            rows.append(row)
    return table(head, rows)


def change_table(changes: dict[int, dict[str, dict[str, Any]]]) -> str:
    """Time until searchable, and how answers compare with a clean build's."""
    head = ["passages, engine", "100 added s", "100 removed s", "after adding: identical / same order", "largest gap"]
    head += ["after removing: identical / same order", "largest gap", "document frequencies exact"]
    rows = []
    for number, engines in changes.items():
        for label, m in engines.items():
            row = [f"{number:,} {label}", plain(m["add_s"]), plain(m["remove_s"])]
            for what in ("after_add", "after_remove"):
                d = m.get(what)
                row += [f"{d['identical']:.0%} / {d['same_order']:.0%}", f"{d['largest_gap']:.1e}"] if d else ["", ""]
            row.append({True: "yes", False: "no"}.get(m.get("frequencies"), ""))  # type: ignore[arg-type]
            rows.append(row)
    return table(head, rows)


def crash_table(crashes: dict[str, list[dict[str, Any]]]) -> str:
    """How many of the kills left what."""
    head = [
        "engine",
        "kills",
        "not readable",
        "a confirmed batch lost",
        "half a batch",
        "answers wrong",
        "rebuilt from SQLite",
    ]
    rows = []
    for label, results in crashes.items():
        unreadable = [r for r in results if not r["readable"]]
        row = [label, str(len(results)), str(len(unreadable))]
        row += [str(sum(bool(r.get(key)) for r in results)) for key in ("lost", "half", "wrong", "rebuilt")]
        rows.append(row)
    return table(head, rows)


def store_pool(shared: Path, folder: Path) -> None:
    """Tokenise everything once; child processes load the arrays."""
    clock = time.perf_counter()
    pool = Pool(shared, Tokeniser())
    took = time.perf_counter() - clock
    folder.mkdir()
    np.save(folder / "tokens.npy", pool.tokens)
    np.save(folder / "ends.npy", pool.ends)
    (folder / "words.txt").write_text("\n".join(pool.words), encoding="utf-8")
    lengths = [len(text.split()) for _, text in pool.passages(5000, 1)]
    say(
        f"{len(pool.tokens):,} tokens, {len(pool.words):,} terms, tokenised in {took:.1f} s; "
        f"a recombined passage has {np.mean(lengths):.0f} tokens (5% to 95%: {np.quantile(lengths, [0.05, 0.95])})"
    )


PARTS = ("quality", "speed", "change", "crash")


def main() -> None:
    """Measure what was asked for and print the tables."""
    root = Path(__file__).resolve().parents[1]
    parser = argparse.ArgumentParser(description="Compare lexical engines.")
    parser.add_argument("--shared", type=Path, default=root / ".." / "shared", help="folder with eval/ and train/")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 100_000, 1_000_000])
    parser.add_argument("--engines", nargs="+", choices=list(ENGINES), default=list(ENGINES))
    parser.add_argument("--parts", nargs="+", default=list(PARTS), choices=list(PARTS))
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=40.0, help="longest time to put questions to one index")
    parser.add_argument("--compare-up-to", type=int, default=100_000, help="largest size compared with clean builds")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument(
        "--scratch", type=Path, default=None, help="where indexes are built (default: a temporary folder)"
    )
    parser.add_argument("--json", type=Path, default=None, help="also write every figure here")
    options = parser.parse_args()
    if not (options.shared / "eval").is_dir():
        parser.error(f"{options.shared} holds no eval/ folder: name one with --shared")
    results: dict[str, Any] = {}
    tables: list[str] = []
    with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
        scratch = Path(folder)
        if "quality" in options.parts:
            results["quality"] = measure_quality(options.shared, scratch, options.engines)
            tables.append(quality_tables(results["quality"]))
        store_pool(options.shared, scratch / "pool")
        questions = Pool.questions(options.shared, options.questions)
        speeds: dict[int, dict[str, Any]] = {}
        changes: dict[int, dict[str, Any]] = {}
        for number in options.sizes:
            for label in options.engines:
                if not {"speed", "change"} & set(options.parts):
                    continue
                here = scratch / f"{label}-{number}"
                here.mkdir()
                say(f"{label}: building {number:,} passages")
                measured = in_child(build, label, scratch / "pool", number, here)
                if "speed" in options.parts:
                    measured |= in_child(ask, label, here, questions, options.seconds)
                    speeds.setdefault(number, {})[label] = measured
                    say(f"{label}: {measured}")
                if "change" in options.parts:
                    compare = number <= options.compare_up_to
                    changed = in_child(change, label, scratch / "pool", number, here, questions[:50], compare)
                    changes.setdefault(number, {})[label] = changed
                    say(f"{label}: {changed}")
                shutil.rmtree(here)
        if speeds:
            results["speed"] = speeds
            tables.append(speed_table(speeds))
        if changes:
            results["change"] = changes
            tables.append(change_table(changes))
        if "crash" in options.parts:
            crashes = {}
            for label in options.engines:
                here = scratch / f"crash-{label}"
                here.mkdir()
                crashes[label] = crash(label, scratch / "pool", here, options.kills)
                problems = sorted({r["problem"] for r in crashes[label] if "problem" in r})
                say(f"{label}: {len(crashes[label])} kills; {problems}")
                shutil.rmtree(here)
            results["crash"] = crashes
            tables.append(crash_table(crashes))
    if options.json:
        options.json.write_text(json.dumps(results, indent=1), encoding="utf-8")
    print("\n\n".join(tables))


if __name__ == "__main__":
    main()
