"""The machine that is measured on: what it is, whether others keep it busy, and how much memory a process takes."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BUSY = 0.1
"""Cores kept busy by others from which on figures are wrong by more than they are between two runs."""

_SAMPLED_SECONDS = 0.5


@dataclass(slots=True)
class Others:
    """How many cores were kept busy by other processes, at most, in what was watched; None where it isn't known."""

    cores: float | None = None

    @property
    def disturb(self) -> bool:
        """Whether figures taken meanwhile should not be trusted."""
        return self.cores is not None and self.cores > BUSY

    def add(self, cores: float | None) -> None:
        """Take another look into account."""
        if cores is not None:
            self.cores = max(self.cores or 0.0, cores)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch while the body runs, whose own processor time, and that of the processes it waits for, don't count."""
        since, busy, own = time.monotonic(), _busy_seconds(), _own_seconds()
        yield
        now = _busy_seconds()
        if busy is not None and now is not None:
            self.add(max(0.0, (now - busy) - (_own_seconds() - own)) / max(time.monotonic() - since, 1e-3))


def others_now() -> Others:
    """Return how busy others keep the machine at this moment."""
    others = Others()
    if _busy_seconds() is not None:
        with others.watched():
            time.sleep(_SAMPLED_SECONDS)
    elif hasattr(os, "getloadavg"):
        others.add(os.getloadavg()[0])
    return others


def described() -> dict[str, Any]:
    """Return what the machine is, as JSON has it."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def memory() -> dict[str, int]:
    """Return this process's memory in bytes: the greatest so far, and where known, now without what files back.

    What is mapped from files counts to the greatest, although it is given up when memory is short.
    """
    status = Path("/proc/self/status")
    if status.exists():
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        kilobytes = {name: int(fields[name].split()[0]) * 1024 for name in ("VmHWM", "RssAnon") if name in fields}
        if "VmHWM" in kilobytes:
            anonymous = {"anonymous": kilobytes["RssAnon"]} if "RssAnon" in kilobytes else {}
            return {"peak": kilobytes["VmHWM"]} | anonymous
    try:
        import resource
    except ImportError:
        return {}
    # Bytes on macOS, kilobytes elsewhere
    unit = 1 if platform.system() == "Darwin" else 1024
    return {"peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit}


def let_go_of_files(folder: Path) -> bool:
    """Ask the system to forget what it holds of a folder's files in memory; return whether it can be asked."""
    if not hasattr(os, "posix_fadvise"):
        return False
    for path in folder.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(descriptor)
    return True


def bytes_on_disk(folder: Path) -> int:
    """Return the sizes of all files in a folder together."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "") or (
        platform.processor() or platform.machine()
    )


def _busy_seconds() -> float | None:
    """Return the processor seconds of all processes together since the machine began; None where it isn't told."""
    try:
        line = Path("/proc/stat").read_text().splitlines()[0]
    except (OSError, IndexError):
        return None
    # user, nice, system, idle, iowait, irq, softirq, steal (the rest is counted in these already)
    ticks = [int(field) for field in line.split()[1:9]]
    return (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")


def _own_seconds() -> float:
    return sum(os.times()[:4])
