"""ZIP archives that documents are made of (DOCX, ODT, PPTX, EPUB), opened so that none can expand without bounds."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass

from quoth.errors import FormatError

_CHUNK = 256 * 1024
_END = b"PK\x05\x06"
_LONGEST_END = 22 + 65_535
_LOCAL_HEADER = 30
_ENCRYPTED = 0x1
# What the three office standards and EPUB allow
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """How far an archive may expand: number of entries, bytes of one and of all, and how often its own size.

    ``ratio`` counts for entries above ``ratio_from`` bytes: short ones may well be all alike.
    """

    entries: int = 20_000
    entry_bytes: int = 100 * 1024 * 1024
    total_bytes: int = 1024 * 1024 * 1024
    ratio: int = 200
    ratio_from: int = 4 * 1024 * 1024


LIMITS = ArchiveLimits()


class Archive:
    """A ZIP in memory. ``name`` is what errors call the file.

    Names of entries have ``/``; a backslash, which some Windows programs write, is read as one. Of two entries of one
    name the last counts. Opening it expands nothing.

    Raises:
        FormatError: it is no ZIP, damaged, encrypted or out of all proportion, or an entry's name leads out of it.
    """

    def __init__(self, data: bytes, name: str, limits: ArchiveLimits = LIMITS) -> None:
        self._name = name
        self._limits = limits
        self._read = 0
        self._check_count(_declared_count(data))
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except _BROKEN as error:
            raise self._damaged(error) from error
        infos = self._zip.infolist()
        self._check_count(len(infos))
        self._check_sizes(infos)
        self._check_places(infos)
        self._entries = {self._plain_name(info): info for info in infos if not info.is_dir()}
        self._folded = {name.casefold(): name for name in self._entries}

    @property
    def names(self) -> tuple[str, ...]:
        """The entries that are files, in the archive's order."""
        return tuple(self._entries)

    def find(self, name: str) -> str | None:
        """Return the entry of a name, or where there is none the one that differs in case only, or None."""
        return name if name in self._entries else self._folded.get(name.casefold())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.find(name) is not None

    def read(self, name: str) -> bytes:
        """Return an entry's bytes. What all reads expand to is limited as well.

        Raises:
            FormatError: there is no such entry, or it is damaged or too large.
        """
        found = self.find(name)
        if found is None:
            raise FormatError(f"{self._name} lacks its part {name!r}: it is damaged; save it again and try once more")
        info = self._entries[found]
        parts: list[bytes] = []
        size = 0
        try:
            with self._zip.open(info) as stream:
                while chunk := stream.read(_CHUNK):
                    parts.append(chunk)
                    size += len(chunk)
                    self._read += len(chunk)
                    self._check_expansion(found, size, info.compress_size)
        except _BROKEN as error:
            raise self._damaged(error) from error
        return b"".join(parts)

    def _check_count(self, count: int) -> None:
        if count > self._limits.entries:
            raise FormatError(
                f"{self._name} is an archive of {count:,} entries and may have {self._limits.entries:,}; "
                "save the document anew in its program"
            )

    def _check_sizes(self, infos: list[zipfile.ZipInfo]) -> None:
        """Check what the archive says of itself; ``read`` doesn't rely on it."""
        for info in infos:
            if info.flag_bits & _ENCRYPTED:
                raise FormatError(f"{self._name} is encrypted; save it without a password and try again")
            if info.compress_type not in _METHODS:
                raise FormatError(
                    f"{self._name} is packed in a way that no document is (method {info.compress_type}); "
                    "save it again in its program"
                )
        total = sum(info.file_size for info in infos)
        if total > self._limits.total_bytes:
            raise self._too_much(f"expands to {total:,} bytes", self._limits.total_bytes)

    def _check_places(self, infos: list[zipfile.ZipInfo]) -> None:
        """Refuse entries that share bytes: so a small file can hold many large ones."""
        free = 0
        for info in sorted(infos, key=lambda info: info.header_offset):
            if info.header_offset < free:
                raise FormatError(
                    f"{self._name} is an archive whose entries overlap, which no program writes; "
                    "save the document anew in its program"
                )
            free = info.header_offset + _LOCAL_HEADER + info.compress_size
        if free > self._zip.start_dir:
            raise self._damaged(zipfile.BadZipFile("an entry reaches beyond the archive's end"))

    def _check_expansion(self, entry: str, size: int, packed: int) -> None:
        limits = self._limits
        if size > limits.entry_bytes:
            raise self._too_much(f"has a part ({entry}) of more than {size:,} bytes", limits.entry_bytes)
        if size > limits.ratio_from and size > packed * limits.ratio:
            raise FormatError(
                f"{self._name} has a part ({entry}) that expands to more than {limits.ratio} times its size: "
                "it looks like a ZIP bomb; save the document anew in its program"
            )
        if self._read > limits.total_bytes:
            raise self._too_much(f"expands to more than {self._read:,} bytes", limits.total_bytes)

    def _plain_name(self, info: zipfile.ZipInfo) -> str:
        name = info.filename.replace("\\", "/")
        # zipfile cuts a name at a zero byte
        if "\0" in info.orig_filename or name.startswith("/") or name[1:2] == ":" or ".." in name.split("/"):
            raise FormatError(
                f"{self._name} is an archive with an entry named {info.orig_filename[:100]!r}, which leads out of it; "
                "save the document anew in its program"
            )
        return name

    def _too_much(self, what: str, most: int) -> FormatError:
        return FormatError(f"{self._name} {what} and may have {most:,}; split it into several files")

    def _damaged(self, error: Exception) -> FormatError:
        return FormatError(
            f"{self._name} is a damaged archive ({str(error)[:200] or type(error).__name__}); "
            "save or download it again and try once more"
        )


def _declared_count(data: bytes) -> int:
    """Return the number of entries that the archive's end gives (0 where it has no end), before any is read."""
    end = data.rfind(_END, max(0, len(data) - _LONGEST_END))
    return int.from_bytes(data[end + 10 : end + 12], "little") if end >= 0 else 0
