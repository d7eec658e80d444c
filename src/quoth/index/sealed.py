"""The sealed index of a large library: a file made of one state of the store, which never changes afterwards.

It holds numbers only, no word: ids, lengths, the postings of each term (by the term's id) and the vectors as codes of
four bits for a few dimensions. The store records its name and its checksums. A library is served from it and from what
changed since; see ``docs/scale.md``.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from quoth.errors import LibraryError
from quoth.index.blocks import BlockFile, Contents, DamagedFileError
from quoth.index.codes import Codes, bytes_of_codes
from quoth.store import Store

SUFFIX = ".sealed"
"""How the name of such a file ends."""

_FORMAT = 2
_KEPT_BYTES = 96 * 1024 * 1024


class UnsealedError(LibraryError):
    """A library is too large to be searched without a sealed index, and has none that is whole and fits it.

    ``damaged`` names the file that was found to be damaged. ``Library`` makes a new one and asks again.
    """

    def __init__(self, folder: Path, reason: str, damaged: str | None = None) -> None:
        self.damaged = damaged
        self.reason = reason
        super().__init__(f"the index of {folder} must be made anew ({reason}); run: quoth index")


@dataclass(frozen=True, slots=True)
class Seal:
    """What the store records of a sealed index: its file, and the state of the library that it was made of."""

    file: str
    generation: int
    model_id: int
    passages: int
    contents: Contents

    def to_json(self) -> str:
        """Return the record as the text that the store keeps."""
        return json.dumps(
            {
                "format": _FORMAT,
                "file": self.file,
                "generation": self.generation,
                "model": self.model_id,
                "passages": self.passages,
                "contents": self.contents.as_json(),
            }
        )

    @classmethod
    def from_json(cls, text: str) -> Seal | None:
        """Return the record that ``to_json`` wrote; None where another version of Quoth wrote it, or nobody."""
        try:
            read = json.loads(text)
            if read["format"] != _FORMAT or Path(read["file"]).name != read["file"]:
                return None
            contents = Contents.from_json(read["contents"])
            return cls(str(read["file"]), int(read["generation"]), int(read["model"]), int(read["passages"]), contents)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError):
            return None


def recorded(store: Store) -> Seal | None:
    """Return the record of the sealed index in use; None where there is none that this Quoth can read."""
    text = store.seals.record()
    return None if text is None else Seal.from_json(text)


def sealed_document_ids(folder: Path, seal: Seal) -> npt.NDArray[np.int64]:
    """Return the document of each row of a sealed index, shape ``(n,)``, and read nothing else of its file.

    Raises:
        UnsealedError: the file is missing, or damaged where they stand.
    """
    try:
        return BlockFile(folder / seal.file, seal.contents).read("document_ids")
    except DamagedFileError as error:
        raise UnsealedError(folder, str(error), seal.file) from error


@dataclass(frozen=True, slots=True)
class Postings:
    """The passages that hold a term: their rows, ascending, and how often each holds it.

    ``most`` is at least what any of them gives to a score, as a share of the most that a term can give.
    """

    rows: npt.NDArray[np.int32]
    counts: npt.NDArray[Any]
    most: float


class SealedIndex:
    """A sealed index, opened: what every question needs is in memory, lists and postings are read when they are.

    May be used by several threads.
    """

    def __init__(self, folder: Path, seal: Seal) -> None:
        """Open the file that ``seal`` tells of.

        Raises:
            UnsealedError: it is missing or damaged.
        """
        self.seal = seal
        self._folder = folder
        try:
            self._file = BlockFile(folder / seal.file, seal.contents)
        except DamagedFileError as error:
            raise self._damaged(error) from error
        self.size = seal.passages
        self.ids = self._read("ids")
        self.document_ids = self._read("document_ids")
        self.vector_ids = self._read("vector_ids")
        self.lengths = self._read("lengths")
        self.codes = self._read_codes()
        self._terms = self._read("terms")
        self._term_starts = self._read("term_starts")
        self._term_most = self._read("term_most")
        self.mean_length = float(self.lengths.sum(dtype=np.int64)) / max(self.size, 1)
        self._kept: OrderedDict[int, Postings] = OrderedDict()
        self._kept_bytes = 0
        self._lock = threading.Lock()

    @property
    def bytes(self) -> int:
        """Bytes that it takes in memory at most."""
        arrays = (
            *(self.ids, self.document_ids, self.vector_ids, self.lengths),
            *(self._terms, self._term_starts, self._term_most),
        )
        return sum(array.nbytes for array in arrays) + self.codes.bytes + _KEPT_BYTES

    def postings(self, term_id: int) -> Postings:
        """Return the postings of a term, none where no passage holds it.

        Raises:
            UnsealedError: they are damaged.
        """
        with self._lock:
            kept = self._kept.get(term_id)
            if kept is not None:
                self._kept.move_to_end(term_id)
                return kept
        start, stop = self._bounds(term_id)
        most = float(self._term_most[np.searchsorted(self._terms, term_id)]) if stop > start else 0.0
        found = Postings(self._read("rows", start, stop), self._read("counts", start, stop), most)
        with self._lock:
            # Another thread may have read them meanwhile
            if self._kept.setdefault(term_id, found) is found:
                self._kept_bytes += found.rows.nbytes + found.counts.nbytes
            while self._kept_bytes > _KEPT_BYTES and len(self._kept) > 1:
                _, gone = self._kept.popitem(last=False)
                self._kept_bytes -= gone.rows.nbytes + gone.counts.nbytes
        return found

    def verify(self) -> None:
        """Verify every block of the file.

        Raises:
            UnsealedError: one is damaged.
        """
        try:
            self._file.verify()
        except DamagedFileError as error:
            raise self._damaged(error) from error

    def _read_codes(self) -> Codes:
        centroids = self._read("centroids")
        packed = self.seal.contents.parts["codes"].bytes
        if packed < bytes_of_codes(self.size, len(centroids)):
            # FAISS would search on behind their end
            raise self._damaged(DamagedFileError(f"{self.seal.file} has codes of fewer than {self.size} passages"))
        codes = Codes(self.size, centroids)
        at = 0
        try:
            for room in codes.room():
                # Read to where FAISS looks for them, not copied there
                self._file.read_into("codes", at, room)
                at += len(room)
        except DamagedFileError as error:
            raise self._damaged(error) from error
        return codes

    def _bounds(self, term_id: int) -> tuple[int, int]:
        place = int(np.searchsorted(self._terms, term_id))
        if place == len(self._terms) or self._terms[place] != term_id:
            return 0, 0
        return int(self._term_starts[place]), int(self._term_starts[place + 1])

    def _read(self, name: str, start: int = 0, stop: int | None = None) -> npt.NDArray[Any]:
        try:
            return self._file.read(name, start, stop)
        except DamagedFileError as error:
            raise self._damaged(error) from error

    def _damaged(self, error: DamagedFileError) -> UnsealedError:
        return UnsealedError(self._folder, str(error), self.seal.file)
