"""Reads files in processes of their own, so that what a file does to its reader it does to nobody else.

Two processes at most are at work, and wait for the next file in between; they end with this one.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO, cast

from quoth.documents.confinement import Limits
from quoth.documents.model import Contents
from quoth.documents.wire import Request, WireError, read_reply, write_request
from quoth.errors import ReaderCrashError, ReaderMemoryError, SourceError, TooSlowError

LIMITS = Limits()

_MOST = 2
# macOS gives bytes where Linux gives kibibytes
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024
# What a process read before leaves crumbs in its memory
_FILES_EACH = 200
_BOOT = (
    "import json, sys; limits, aside, *sys.path = json.loads(sys.argv[1]); del sys.argv[1:]; "
    "from quoth.documents.confinement import Limits; from quoth.documents.worker import main; "
    "main(Limits(**limits), aside)"
)
# Python needs some of them to start; secrets stand in others
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME", "SYSTEMROOT", "LANG", "LC_ALL")


class _Worker:
    """One process."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.files = 0
        self._inherited = _peak_memory()
        path = [place for place in sys.path if place]
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        try:
            self._process = subprocess.Popen(
                # Not the current folder: a file in it could take a module's place
                [sys.executable, "-P", "-B", "-c", _BOOT, json.dumps([asdict(limits), _own_folders(), *path])],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**environment, "PYTHONUTF8": "1"},
                cwd=Path(sys.executable).anchor,
                # Ctrl-C is for the process that it was meant for, which ends this one
                start_new_session=True,
            )
        except OSError as error:
            raise SourceError(f"no process can be started to read documents: {error.strerror or error}") from error
        self._input = cast(BinaryIO, self._process.stdin)
        self._output = cast(BinaryIO, self._process.stdout)
        self.measures: list[str] | None = None

    def read(self, request: Request) -> Contents:
        """Read a file. Whatever is raised but a SourceError of the reader's own, the process is of no more use."""
        self.files += 1
        late = threading.Event()
        limits = self.limits.for_size(len(request.data))
        timer = threading.Timer(limits.wall_seconds, self._stop, [late])
        timer.daemon = True
        timer.start()
        try:
            if self.measures is None:
                self.measures = self._started()
            write_request(self._input, request)
            return read_reply(self._output, request.name, self.limits.memory_bytes)
        except (WireError, EOFError, OSError) as error:
            raise self._ended(request.name, error, late.is_set(), limits) from error
        finally:
            timer.cancel()

    @property
    def is_usable(self) -> bool:
        return self._process.poll() is None and self.files < _FILES_EACH

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._input, self._output):
            try:
                pipe.close()
            except OSError:
                # What could not be sent to it any more
                continue

    def _started(self) -> list[str]:
        line = self._output.readline(1_000)
        if not line.endswith(b"\n"):
            self.end()
            raise SourceError(
                f"the process that reads documents ended as it started (status {self._process.returncode}); "
                "check the installation, and what the system lets processes do"
            )
        measures: list[str] = json.loads(line)
        return measures

    def _stop(self, late: threading.Event) -> None:
        late.set()
        self._process.kill()

    def _ended(self, name: str, error: Exception, late: bool, limits: Limits) -> SourceError:
        """Say why a process gave no reply."""
        if isinstance(error, WireError):
            return ReaderCrashError(name, "its reader gave " + str(error))
        status, peak = self._wait()
        if late:
            return TooSlowError(name, limits.wall_seconds)
        if sys.platform != "win32" and status == -signal.SIGXCPU:
            return TooSlowError(name, limits.cpu_seconds)
        # The system counts this process's own memory, at the moment that it started the other, as that one's too
        if peak > max(self.limits.memory_bytes * 0.7, self._inherited):
            return ReaderMemoryError(name, self.limits.memory_bytes)
        return ReaderCrashError(name, f"by signal {-status}" if status < 0 else f"with status {status}")

    def _wait(self) -> tuple[int, int]:
        """Wait for the process's end; return its status, and the most bytes of memory that it had, or 0."""
        if sys.platform == "win32" or self._process.returncode is not None:
            return self._process.wait(), 0
        # Popen's own kill would take the status of one that has ended, and with it what memory it had
        os.kill(self._process.pid, signal.SIGKILL)
        try:
            _, status, usage = os.wait4(self._process.pid, 0)
        except ChildProcessError:
            return self._process.wait(), 0
        self._process.returncode = os.waitstatus_to_exitcode(status)
        return self._process.returncode, usage.ru_maxrss * _MAXRSS_UNIT


def _peak_memory() -> int:
    """Return the most bytes of memory that this process ever had; 0 where the system doesn't tell."""
    if sys.platform == "win32":
        return 0
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MAXRSS_UNIT


def _own_folders() -> list[str]:
    """Where the files of whoever runs this are."""
    found = []
    for find in (Path.cwd, Path.home):
        try:
            found.append(str(find()))
        except (OSError, RuntimeError):
            # A folder that is gone, an account without one
            continue
    return found


class Workers:
    """Processes that read files, for any number of threads."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.limits = limits
        self._idle: list[_Worker] = []
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(_MOST)

    def read(self, kind: str, data: bytes, name: str) -> Contents:
        """Read a file of a kind that ``FORMATS`` knows, in another process.

        Raises:
            FormatError: it can't be read; of its kinds, ReaderCrashError, ReaderMemoryError and TooSlowError tell that
                the process had to be ended, or ended.
            MissingReaderError: the library for it isn't installed.
            SourceError: no process can be started.
        """
        with self._places:
            worker = self._take()
            kept = False
            try:
                contents = worker.read(Request(kind, name, data))
                kept = True
                return contents
            except SourceError as error:
                kept = not isinstance(error, ReaderCrashError | TooSlowError)
                raise
            finally:
                # Whatever stopped it in the middle, Ctrl-C included
                self._give_back(worker, kept)

    def close(self) -> None:
        """End the processes that wait for files. Later ones can be read all the same."""
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.end()

    def forget(self) -> None:
        """Leave the processes to whoever started them: this is a copy of that process."""
        self.__init__(self.limits)  # type: ignore[misc]

    def _take(self) -> _Worker:
        while True:
            with self._lock:
                worker = self._idle.pop() if self._idle else None
            if worker is None:
                return _Worker(self.limits)
            if worker.is_usable:
                return worker
            worker.end()

    def _give_back(self, worker: _Worker, kept: bool) -> None:
        if kept and worker.is_usable:
            with self._lock:
                self._idle.append(worker)
        else:
            worker.end()


WORKERS = Workers()
"""The processes of this one. They end with it, and a new one is started for the file after a crash."""

atexit.register(WORKERS.close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=WORKERS.forget)
