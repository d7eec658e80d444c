"""What is freed goes back to the system."""

from __future__ import annotations

import ctypes
import re
import sys
from pathlib import Path

import pytest

from bot.client import QuothBot
from bot.memory import give_back

BLOCK, BLOCKS = 16_000, 4_000


def held() -> int:
    """Return the bytes of memory that this process has."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(re.findall(r"^VmRSS:\s+(\d+)", status, re.MULTILINE)[0])


@pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "malloc_trim"),
    reason="only glibc keeps it and gives it back",
)
def test_what_was_freed_between_what_is_in_use_goes_back_to_the_system():
    library = ctypes.CDLL(None)
    library.malloc.restype = ctypes.c_void_p
    library.malloc.argtypes = [ctypes.c_size_t]
    library.free.argtypes = [ctypes.c_void_p]
    blocks = []
    for _ in range(BLOCKS):
        blocks.append(library.malloc(BLOCK))
        ctypes.memset(blocks[-1], 1, BLOCK)
    for number, block in enumerate(blocks):
        if number % 50:
            library.free(block)
    before = held()
    assert give_back()
    assert before - held() > 0.6 * BLOCK * BLOCKS
    for block in blocks[::50]:
        library.free(block)


async def test_the_bot_gives_memory_back_every_ten_minutes(bot: QuothBot):
    assert bot.give_back_what_is_free.is_running()
    assert bot.give_back_what_is_free.minutes == 10
