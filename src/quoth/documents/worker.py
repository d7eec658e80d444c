"""The process that reads other people's files: takes one after the other from its input and gives what it holds.

It is started by ``workers`` and knows nothing of the process that started it: no environment, no open file, no folder.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Sequence
from typing import BinaryIO

from quoth.documents.confinement import Limits, confine, limit_time
from quoth.documents.formats import FORMATS
from quoth.documents.wire import Request, read_request, write_contents, write_refusal
from quoth.errors import FormatError, MissingReaderError, ReaderCrashError, ReaderMemoryError, SourceError


def main(limits: Limits, aside: Sequence[str]) -> None:
    """Read files until there are no more. ``aside`` are folders of which nothing may be read."""
    # What libraries print must not stand between the replies
    incoming, outgoing = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    measures = confine(limits, aside)
    threading.Thread(target=_end_with, args=(incoming.fileno(),), daemon=True).start()
    outgoing.write(json.dumps(measures).encode() + b"\n")
    outgoing.flush()
    while True:
        try:
            request = read_request(incoming)
        except EOFError:
            return
        limit_time(limits.for_size(len(request.data)).cpu_seconds)
        _answer(outgoing, request, limits)
        del request


def _answer(outgoing: BinaryIO, request: Request, limits: Limits) -> None:
    name = request.name
    refusal: SourceError
    try:
        contents = FORMATS[request.kind].read(bytes(request.data), name)
    except SourceError as error:
        refusal = error
    except MemoryError:
        refusal = ReaderMemoryError(name, limits.memory_bytes)
    except RecursionError:
        refusal = FormatError(f"{name} is nested too deeply; save it anew in its program")
    except ModuleNotFoundError as error:
        if (error.name or "quoth").startswith("quoth"):
            raise
        refusal = MissingReaderError(name)
    except Exception as error:
        refusal = ReaderCrashError(name, type(error).__name__)
    else:
        write_contents(outgoing, contents, name)
        return
    write_refusal(outgoing, refusal)


def _end_with(incoming: int) -> None:
    """End this process when nobody is there any more who could ask it, whatever it is doing."""
    if sys.platform != "win32":
        import select

        poll = select.poll()
        poll.register(incoming, 0)
        poll.poll()
        os._exit(1)
