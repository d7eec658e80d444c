"""Whether to train in 16 bits (bfloat16): where the processor multiplies them in hardware, half the time and less."""

from __future__ import annotations

import time

import torch
from torch import Tensor

_WORTH = 1.5
_SIZES = (2_048, 384, 1_536)
_TIMES = 5


def bf16_pays() -> bool:
    """Say whether a layer's multiplication takes two thirds of the time in 16 bits, or less; measured in a tenth of a
    second, since processors that have no instructions for them take several times as long."""
    rows, size, wide = _SIZES
    left, right = torch.rand(rows, size), torch.rand(size, wide)
    return _seconds(left, right) > _WORTH * _seconds(left.bfloat16(), right.bfloat16())


def _seconds(left: Tensor, right: Tensor) -> float:
    best = float("inf")
    with torch.inference_mode():
        for _ in range(_TIMES):
            begun = time.perf_counter()
            left @ right
            best = min(best, time.perf_counter() - begun)
    return best
