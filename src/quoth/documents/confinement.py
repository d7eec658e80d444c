"""What a process that reads other people's files gives up before it reads the first one.

Each measure stands by itself, and a system that lacks one (``seccomp`` and ``landlock`` are Linux's) has the others.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from quoth.documents.landlock import read_only_below
from quoth.documents.seccomp import deny_calls

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_FORBIDDEN = (
    "socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.startfile", "os.system",
    "os.kill", "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod",
    "os.chown", "os.putenv", "pty.", "shutil.", "tempfile.", "ftplib.", "http.", "imaplib.", "nntplib.", "poplib.",
    "smtplib.",     "telnetlib.", "urllib.", "webbrowser.", "sqlite3.", "winreg.", "pickle.",
)  # fmt: skip
# What libraries look at that are no part of Python: types of files, time zones, fonts, places of libraries
_SHARED = (
    "/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/share", "/usr/local/lib", "/etc/ld.so.cache", "/etc/mime.types",
    "/etc/localtime", "/etc/fonts", "/dev/null", "/dev/urandom", "/System", "/Library",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one file may take: bytes of memory, seconds of computing, and seconds in all.

    Memory is that of the whole process, with Python and the libraries in it, of which a third of a gigabyte is
    addresses that nothing stands at.
    """

    memory_bytes: int = 2 * 1024**3
    cpu_seconds: int = 60
    wall_seconds: float = 180.0

    def for_size(self, size: int) -> Limits:
        """Return the limits for a file of ``size`` bytes: a manual of thousands of pages may take longer.

        Ten seconds more of computing for each megabyte, and thirty in all, up to four times the plain limits.
        """
        megabytes = size / 1_000_000
        return replace(
            self,
            cpu_seconds=min(4 * self.cpu_seconds, self.cpu_seconds + int(10 * megabytes)),
            wall_seconds=min(4 * self.wall_seconds, self.wall_seconds + 30 * megabytes),
        )


def confine(limits: Limits, aside: Iterable[str] = ()) -> list[str]:
    """Give up memory above the limits, files, network, programs and other processes; return the measures in force.

    What Python and the libraries are made of stays readable, but no folder that is one of ``aside`` or holds one, even
    if modules are imported from there: it is where people's own files are.
    """
    measures = ["limits"] if _limit_resources(limits) else []
    readable = sorted(_readable(aside))
    if read_only_below(readable):
        measures.append("landlock")
    if deny_calls():
        measures.append("seccomp")
    _watch(tuple(readable))
    return [*measures, "audit"]


def limit_time(seconds: int) -> None:
    """End this process by a signal once it computed for so many more seconds."""
    if sys.platform != "win32":
        import resource

        usage = resource.getrusage(resource.RUSAGE_SELF)
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        soft = int(usage.ru_utime + usage.ru_stime) + 1 + seconds
        resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def _limit_resources(limits: Limits) -> bool:
    if sys.platform == "win32":
        return False
    import resource

    for kind, most in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        hard = resource.getrlimit(kind)[1]
        value = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(kind, (value, value))
        except (OSError, ValueError):
            # macOS refuses some
            continue
    return True


def _readable(aside: Iterable[str]) -> set[str]:
    """Where Python and its libraries lie, and this package."""
    python = {sys.prefix, sys.base_prefix, sys.exec_prefix, *sysconfig.get_paths().values(), *_SHARED}
    hidden = [os.path.realpath(place) + os.sep for place in aside]
    imported = {os.path.realpath(place) for place in sys.path if place}
    open_ = {place for place in imported if not any(other.startswith(place + os.sep) for other in hidden)}
    own = str(Path(__file__).resolve().parent.parent)
    return {*open_, own, *(os.path.realpath(place) for place in python)} - {os.sep}


def _watch(readable: tuple[str, ...]) -> None:
    """Deny Python code what the kernel may not deny; code of other languages doesn't pass here."""
    roots = tuple(place + os.sep for place in readable) + readable

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if isinstance(flags, int) and flags & _WRITING:
                raise PermissionError(f"no file is written here: {path!r}")
            if isinstance(path, str | bytes):
                place = os.path.realpath(os.fsdecode(path))
                if not place.startswith(roots):
                    raise PermissionError(f"no file is opened here: {path!r}")
        elif event.startswith(_FORBIDDEN):
            raise PermissionError(f"not done here: {event}")

    sys.addaudithook(hook)
