"""Memory that the C library's allocator keeps although nothing uses it any more, given back to the system.

Each thread that answers has an arena of its own in glibc. What is freed in the middle of one stays with the process, a
little more with each question unlike those before, until ``malloc_trim`` (since glibc 2.8) gives back its pages.
"""

from __future__ import annotations

import ctypes
import sys


def give_back() -> bool:
    """Give the system back what the allocator can spare, and say whether this C library has a way to.

    It takes milliseconds, in which threads that allocate wait.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is None:
        return False
    trim(0)
    return True
