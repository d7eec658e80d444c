"""Files of arrays whose every block is verified before a number of it is used.

Arrays lie one after the other; behind them stands a checksum (CRC-32, which Python's own zlib has, finds every change
of up to 32 bits in a row) for each block of 64 kB, and whoever keeps the ``Contents`` of a file keeps the hash of
these. A file is read, not mapped: of a file that is cut short or lies on a failing disk a read says so, where touching
mapped memory would end the process; and what was read does not count as the process's memory.
"""

from __future__ import annotations

import hashlib
import os
import threading
import weakref
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

BLOCK = 64 * 1024
"""Bytes that one checksum covers."""

_ALIGNED = 64
_CHECKSUM = np.dtype("<u4")
_SWEPT = 256 * BLOCK


class DamagedFileError(Exception):
    """A file is missing, cut short or holds other bytes than were written; it never leaves the library."""


@dataclass(frozen=True, slots=True)
class Part:
    """One array of a file: its type (as numpy writes it), its shape and the byte that it begins at."""

    type: str
    shape: tuple[int, ...]
    start: int

    @property
    def stride(self) -> int:
        """Bytes of one row."""
        return int(np.dtype(self.type).itemsize * np.prod(self.shape[1:], dtype=np.int64))

    @property
    def bytes(self) -> int:
        """Bytes of the array."""
        return self.shape[0] * self.stride


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file must hold: its arrays by name, the bytes of all of them, and the hash of its checksums."""

    parts: Mapping[str, Part]
    bytes: int
    digest: str

    def as_json(self) -> dict[str, Any]:
        """Return the contents as a JSON object."""
        parts = {name: [part.type, list(part.shape), part.start] for name, part in self.parts.items()}
        return {"parts": parts, "bytes": self.bytes, "digest": self.digest}

    @classmethod
    def from_json(cls, read: Mapping[str, Any]) -> Contents:
        """Return the contents that ``as_json`` gave; raises KeyError, TypeError or ValueError on anything else."""
        parts = {
            str(name): Part(np.dtype(str(kind)).str, tuple(int(length) for length in shape), int(start))
            for name, (kind, shape, start) in read["parts"].items()
        }
        whole = int(read["bytes"])
        for name, part in parts.items():
            # Numbers only: an array of Python's objects would be made of the file's bytes
            if np.dtype(part.type).kind not in "iuf" or min((part.start, *part.shape)) < 0:
                raise ValueError(f"{name} is no array of numbers")
            if part.start + part.bytes > whole:
                raise ValueError(f"{name} ends behind the file's end")
        return cls(parts, whole, str(read["digest"]))


class BlockWriter:
    """Writes a file of arrays whose sizes are known beforehand, a stretch at a time and in any order."""

    def __init__(self, path: Path, shapes: Mapping[str, tuple[npt.DTypeLike, tuple[int, ...]]]) -> None:
        """Make the file at its full size, so that a full disk is told now: writing to mapped memory could not.

        Raises:
            OSError: it can't be made.
        """
        self.path = path
        self._parts: dict[str, Part] = {}
        end = 0
        for name, (kind, shape) in shapes.items():
            part = Part(np.dtype(kind).str, shape, -(-end // _ALIGNED) * _ALIGNED)
            self._parts[name] = part
            end = part.start + part.bytes
        self._bytes = end
        zeros = bytes(_SWEPT)
        with path.open("wb") as file:
            for start in range(0, end, _SWEPT):
                file.write(zeros[: min(_SWEPT, end - start)])

    def mapped(self, name: str) -> npt.NDArray[Any]:
        """Return an array to write to; let go of it soon, since what was written counts as memory until then."""
        part = self._parts[name]
        if not part.bytes:
            return np.empty(part.shape, part.type)
        return np.memmap(self.path, part.type, "r+", part.start, part.shape)

    def finish(self) -> Contents:
        """Write the checksums, bring the file to the disk and return what it holds."""
        checksums = []
        with self.path.open("r+b") as file:
            for start in range(0, self._bytes, _SWEPT):
                swept = memoryview(file.read(min(_SWEPT, self._bytes - start)))
                checksums += [zlib.crc32(swept[place : place + BLOCK]) for place in range(0, len(swept), BLOCK)]
            written = np.array(checksums, _CHECKSUM).tobytes()
            file.seek(self._bytes)
            file.write(written)
            file.flush()
            os.fsync(file.fileno())
        return Contents(self._parts, self._bytes, hashlib.sha256(written).hexdigest())


class BlockFile:
    """Reads a file that ``BlockWriter`` wrote. May be used by several threads."""

    def __init__(self, path: Path, contents: Contents) -> None:
        """Open the file and verify its size and its checksums' own.

        Raises:
            DamagedFileError: it is not the file that ``contents`` tells of.
        """
        self.path = path
        self.contents = contents
        self._lock = threading.Lock()
        blocks = -(-contents.bytes // BLOCK)
        try:
            self._file = path.open("rb", buffering=0)
        except OSError as error:
            raise DamagedFileError(f"{path} can't be read: {error.strerror}") from error
        weakref.finalize(self, self._file.close)
        table = bytearray(blocks * _CHECKSUM.itemsize)
        size = os.fstat(self._file.fileno()).st_size
        if size != contents.bytes + len(table):
            raise DamagedFileError(f"{path} has {size} bytes, not {contents.bytes + len(table)}")
        self._read_at(contents.bytes, memoryview(table))
        if hashlib.sha256(table).hexdigest() != contents.digest:
            raise DamagedFileError(f"{path} has other checksums than the library knows")
        self._checksums = np.frombuffer(bytes(table), _CHECKSUM)
        self._verified = np.zeros(blocks, bool)

    def read(self, name: str, start: int = 0, stop: int | None = None) -> npt.NDArray[Any]:
        """Return the rows ``start`` to before ``stop`` of an array.

        Raises:
            DamagedFileError: a block of them is not what was written.
        """
        part = self.contents.parts[name]
        stop = part.shape[0] if stop is None else stop
        rows = np.empty((stop - start, *part.shape[1:]), part.type)
        if rows.size:
            self.read_into(name, start, rows)
        return rows

    def read_into(self, name: str, start: int, rows: npt.NDArray[Any]) -> None:
        """Fill ``rows``, which lie one after the other, with those from ``start`` on; see ``read``."""
        part = self.contents.parts[name]
        first = part.start + start * part.stride
        end = first + rows.nbytes
        for block in np.flatnonzero(~self._verified[first // BLOCK : -(-end // BLOCK)]) + first // BLOCK:
            self._verify(int(block))
        self._read_at(first, memoryview(rows.reshape(-1).view(np.uint8).data))

    def verify(self) -> None:
        """Verify every block, whether or not it was before.

        Raises:
            DamagedFileError: one is not what was written.
        """
        for block in range(len(self._checksums)):
            self._verify(block)

    def _verify(self, block: int) -> None:
        data = bytearray(min(BLOCK, self.contents.bytes - block * BLOCK))
        self._read_at(block * BLOCK, memoryview(data))
        if zlib.crc32(data) != self._checksums[block]:
            raise DamagedFileError(f"{self.path} is damaged at byte {block * BLOCK}")
        self._verified[block] = True

    def _read_at(self, start: int, into: memoryview) -> None:
        done = 0
        try:
            with self._lock:
                self._file.seek(start)
                while done < len(into):
                    read = self._file.readinto(into[done:])
                    if not read:
                        raise DamagedFileError(f"{self.path} ends at byte {start + done}")
                    done += read
        except OSError as error:
            raise DamagedFileError(f"{self.path} can't be read at byte {start + done}: {error.strerror}") from error
