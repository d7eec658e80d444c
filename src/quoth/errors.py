"""Every error that Quoth raises on purpose, drawn as one tree.

    QuothError
    ├── SettingsError            a setting or an option that can't be used
    ├── SourceError              something outside could not be read
    │   ├── PathError            no such path, or no permission to read it
    │   ├── FormatError          the bytes are not what their name or their use says
    │   │   ├── NoTextError      a file that holds no text: a scan
    │   │   ├── ReaderCrashError a file that ends the process that reads it
    │   │   ├── ReaderMemoryError    a file that takes more memory to read than it may
    │   │   └── TooSlowError     a file that takes longer to read than it may
    │   ├── FileTooLargeError    a file that is too large to be read
    │   ├── MissingReaderError   the library that reads this format isn't installed
    │   ├── DatasetError         an evaluation or training set breaks its format
    │   └── NoRoomError          a file has more passages than there is room for
    ├── ModelError               an encoder or reader can't be loaded, or is not the one it should be
    ├── LibraryError             a library can't be opened or used
    │   ├── NotALibraryError     the folder or the database is something else, or damaged
    │   ├── SchemaError          the library was written by a newer Quoth
    │   ├── ModelMismatchError   the library's vectors come from another model
    │   ├── EmptyLibraryError    nothing was indexed yet
    │   └── LibraryBusyError     another process is writing
    ├── QuestionError            a question that can't be asked (empty, far too long)
    ├── DocumentNotFoundError    no document of that name in the library
    └── IntegrityError           a quote differs from its document: an invariant broke

A message holds the value that was wrong and what to do about it, in one sentence that can be shown to
a person as it stands.
"""

from __future__ import annotations

from quoth.counted import counted


class QuothError(Exception):
    """Base of every error that Quoth raises on purpose."""


class SettingsError(QuothError):
    """A setting or an option that can't be used."""


class SourceError(QuothError):
    """Something outside the library could not be read."""


class PathError(SourceError):
    """A path does not exist or can't be read."""


class FormatError(SourceError):
    """Bytes that are not what their name, or their use here, says."""


class NoTextError(FormatError):
    """A file that is sound and holds no text, such as a scan: pictures of pages."""


class ReaderCrashError(FormatError):
    """A file that ended the process that read it. ``how`` says how: "by signal 11"."""

    def __init__(self, name: str, how: str) -> None:
        self.how = how
        super().__init__(
            f"{name} is damaged so that reading it fails ({how}); open it in its program, save it anew and try again"
        )


class ReaderMemoryError(FormatError):
    """A file that would take more than ``most`` bytes of memory to read."""

    def __init__(self, name: str, most: int) -> None:
        super().__init__(
            f"{name} needs more than {most / 1024**3:.1f} GB of memory to be read; "
            "split it, or save it anew in its program"
        )


class TooSlowError(FormatError):
    """A file that takes longer than ``seconds`` to read."""

    def __init__(self, name: str, seconds: float) -> None:
        super().__init__(
            f"{name} takes more than {seconds:.0f} seconds to be read; split it, or save it anew in its program"
        )


class FileTooLargeError(SourceError):
    """A file of ``size`` bytes where ``most`` are read."""

    def __init__(self, name: str, size: int, most: int) -> None:
        super().__init__(f"{name} has {size / 1024**2:,.0f} MB and may have {most / 1024**2:,.0f}; split it")


class MissingReaderError(SourceError):
    """A file whose format needs a library that isn't installed; ``extra`` is the extra of Quoth that brings it."""

    def __init__(self, name: str, extra: str = "documents") -> None:
        self.extra = extra
        super().__init__(f"{name} is of a format whose reader isn't installed; run: pip install 'quoth[{extra}]'")


class DatasetError(SourceError):
    """An evaluation or training set that breaks its format."""


class NoRoomError(SourceError):
    """A file that makes ``passages`` passages where there is room for ``room``."""

    def __init__(self, name: str, passages: int, room: int) -> None:
        self.passages = passages
        self.room = room
        super().__init__(
            f"{name} makes {counted(passages, 'passage')} and there is room for {room:,}; remove something first"
        )


class ModelError(QuothError):
    """An encoder or a reader that can't be loaded, or that is not the expected one."""


class LibraryError(QuothError):
    """A library that can't be opened or used."""


class NotALibraryError(LibraryError):
    """A folder or database that is not a Quoth library, or that is damaged."""


class SchemaError(LibraryError):
    """A library that a newer version of Quoth wrote."""


class ModelMismatchError(LibraryError):
    """A library whose vectors were made by another model than the one in use."""


class EmptyLibraryError(LibraryError):
    """A library in which nothing was indexed yet."""


class LibraryBusyError(LibraryError):
    """A library that another process is writing to."""


class QuestionError(QuothError):
    """A question that can't be asked."""


class DocumentNotFoundError(QuothError):
    """No document of that name is in the library."""


class IntegrityError(QuothError):
    """A quote that differs from its document's text: an invariant broke."""
