"""Readers that do what a reader must never do, for the process that ``workers`` starts: loaded there by the tests."""

from __future__ import annotations

import ctypes
import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

from quoth.documents.formats import FORMATS, Format
from quoth.documents.model import Contents, Paragraph
from quoth.errors import NoTextError

READERS: dict[str, Callable[[bytes, str], Contents]] = {}


def reader(function):
    READERS[function.__name__] = function
    FORMATS["." + function.__name__] = Format("text/plain", function)
    return function


def said(text: object) -> Contents:
    words = str(text)
    return Contents(words, (Paragraph(1, 0, len(words)),) if words else (), None)


@reader
def sound(data: bytes, name: str) -> Contents:
    return said(data.decode())


@reader
def pid(data: bytes, name: str) -> Contents:
    return said(os.getpid())


@reader
def segfault(data: bytes, name: str) -> Contents:
    return said(ctypes.string_at(0))


@reader
def abort(data: bytes, name: str) -> Contents:
    os.abort()


@reader
def quiet_exit(data: bytes, name: str) -> Contents:
    os._exit(3)


@reader
def endless(data: bytes, name: str) -> Contents:
    while True:
        pass


@reader
def sleeping(data: bytes, name: str) -> Contents:
    time.sleep(1_000)
    return said("awake")


@reader
def greedy(data: bytes, name: str) -> Contents:
    return said(len(bytearray(3 * 1024**3)))


@reader
def greedy_in_c(data: bytes, name: str) -> Contents:
    """Takes memory until there is none and falls over, as libraries in C do."""
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    while True:
        block = libc.malloc(ctypes.c_size_t(16 * 1024**2))
        ctypes.memset(block, 1, 16 * 1024**2)


@reader
def wordy(data: bytes, name: str) -> Contents:
    return said("a" * 40_000_000)


@reader
def in_pieces(data: bytes, name: str) -> Contents:
    return Contents("a " * 300_000, tuple(Paragraph(n + 1, 2 * n, 2 * n + 1) for n in range(300_000)))


@reader
def beyond(data: bytes, name: str) -> Contents:
    return Contents("short", (Paragraph(1, 0, 100),))


@reader
def half_a_pair(data: bytes, name: str) -> Contents:
    return said("half \ud800 a pair")


@reader
def recursive(data: bytes, name: str) -> Contents:
    return recursive(data, name)


@reader
def wrong_key(data: bytes, name: str) -> Contents:
    raise KeyError("colours")


@reader
def missing(data: bytes, name: str) -> Contents:
    import nobody_has_this_library  # noqa: F401

    return said("there")


@reader
def blank(data: bytes, name: str) -> Contents:
    raise NoTextError(f"{name} holds pictures of pages and no text; recognise its text (OCR) first")


@reader
def chatty(data: bytes, name: str) -> Contents:
    sys.stdout.write("progress: 50 %")
    sys.stdout.flush()
    os.write(1, b"garbage" * 1_000)
    os.write(2, b"garbage" * 1_000)
    return said(f"asked: {sys.stdin.read()!r}")


@reader
def garbage(data: bytes, name: str) -> Contents:
    """Writes to every open file, as one who took the process over might."""
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, b"\xff" * 100)
        except OSError:
            continue
    return said("written")


@reader
def environment(data: bytes, name: str) -> Contents:
    return said(" ".join(sorted(os.environ)) or "-")


# What Python code could do: the audit hook stands before it


@reader
def python_attempts(data: bytes, name: str) -> Contents:
    target = data.decode()
    attempts: dict[str, Callable[[], object]] = {
        "socket": lambda: socket.socket(),
        "resolve": lambda: socket.getaddrinfo("localhost", 80),
        "program": lambda: os.system("true"),
        "fork": lambda: os.fork(),
        "kill": lambda: os.kill(os.getppid(), 0),
        "write": lambda: Path(target).with_name("written").write_text("x"),
        "remove": lambda: Path(target).unlink(),
        "read": lambda: Path(target).read_text(),
    }
    done = []
    for what, attempt in attempts.items():
        try:
            attempt()
            done.append(what)
        except PermissionError:
            continue
    return said(f"done: {done}")


# What any code could do: the kernel stands before it. The numbers of the system calls are those of x86-64


@reader
def kernel_attempts(data: bytes, name: str) -> Contents:
    libc = ctypes.CDLL(None, use_errno=True)
    path = data + b"\0"
    here = ctypes.c_int(-100)
    attempts = {
        "socket": lambda: libc.socket(2, 1, 0),
        "execve": lambda: libc.syscall(59, b"/bin/true\0", None, None),
        "fork": lambda: libc.fork(),
        "kill": lambda: libc.kill(os.getppid(), 0),
        "tgkill": lambda: libc.syscall(234, os.getppid(), os.getppid(), 0),
        "prlimit": lambda: libc.syscall(302, os.getppid(), 7, None, None),
        "ptrace": lambda: libc.ptrace(16, os.getppid(), 0, 0),
        "write": lambda: libc.openat(here, path, os.O_WRONLY),
        "append": lambda: libc.open(path, os.O_RDWR | os.O_APPEND),
        "create": lambda: libc.openat(here, data + b".new\0", os.O_CREAT | os.O_RDONLY, 0o600),
        "nameless": lambda: libc.openat(here, path.rpartition(b"/")[0] + b"\0", 0o20200000 | os.O_RDWR, 0o600),
        "unlink": lambda: libc.unlink(path),
        "rename": lambda: libc.rename(path, data + b".new\0"),
        "io_uring": lambda: libc.syscall(425, 1, None),
        "memfd": lambda: libc.syscall(319, b"x\0", 0),
        "bpf": lambda: libc.syscall(321, 0, None, 0),
        "user namespace": lambda: libc.unshare(0x10000000),
        "x32": lambda: libc.syscall(0x40000000 | 41, 2, 1, 0),
    }
    if b"landlock" in data:
        attempts = {
            "read": lambda: libc.openat(here, path, os.O_RDONLY),
            "passwords": lambda: libc.openat(here, b"/etc/passwd\0", os.O_RDONLY),
            "parent": lambda: libc.openat(here, f"/proc/{os.getppid()}/environ\0".encode(), os.O_RDONLY),
        }
    return said(f"done: {[what for what, attempt in attempts.items() if attempt() != -1]}")
