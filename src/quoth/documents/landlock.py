"""Landlock on Linux (5.13 and later): a process gives up, for good, every file but those below a few folders."""

from __future__ import annotations

import ctypes
import os
import stat
import struct
import sys
from collections.abc import Iterable

# Numbers of the calls, the same on every kind of processor
_CREATE, _ADD, _RESTRICT = 444, 445, 446
_VERSION_ONLY, _BENEATH = 1, 1
_PR_SET_NO_NEW_PRIVS = 38
_READ_FILE, _READ_FOLDER, _EXECUTE = 1 << 2, 1 << 3, 1
# Rights over files that each version of the interface knows
_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}


def read_only_below(paths: Iterable[str]) -> bool:
    """Let this thread, and the threads it starts, read what lies below ``paths`` and open no other file, for good.

    Paths that don't exist are passed over. Returns False, having done nothing, where the system can't do that.
    """
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE, None, ctypes.c_size_t(0), _VERSION_ONLY)
    if version < 1:
        return False
    rights = max((known, bits) for known, bits in _RIGHTS.items() if known <= version)[1]
    attributes = struct.pack("Q", rights)
    rules = libc.syscall(_CREATE, attributes, ctypes.c_size_t(len(attributes)), 0)
    if rules < 0:
        return False
    try:
        for path in paths:
            _allow(libc, rules, path)
        zero = ctypes.c_ulong(0)
        if libc.prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), zero, zero, zero) != 0:
            return False
        return bool(libc.syscall(_RESTRICT, rules, 0) == 0)
    finally:
        os.close(rules)


def _allow(libc: ctypes.CDLL, rules: int, path: str) -> None:
    try:
        place = os.open(path, getattr(os, "O_PATH", 0) | os.O_CLOEXEC)
    except OSError:
        return
    try:
        folder = stat.S_ISDIR(os.fstat(place).st_mode)
        allowed = _READ_FILE | _EXECUTE | (_READ_FOLDER if folder else 0)
        libc.syscall(_ADD, rules, _BENEATH, struct.pack("=Qi", allowed, place), 0)
    finally:
        os.close(place)
