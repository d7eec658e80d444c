"""The weights of a graph that ships without them: mapped from files of tensors, and arranged as the graph says.

A graph's weights have names that say what they are made of: ``a`` is the tensor a of the file, ``a+b`` a and b side by
side, ``a^T`` transposed. ``x:q`` is the weight x in 8 bits, ``x:s`` and ``x:z`` are its columns' scales and zeros.
Where there is a tensor ``x:f``, the inputs of x are multiplied by these factors, and the rows of x are divided by them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Tensors = dict[str, npt.NDArray[np.float32]]

TRANSPOSED = "^T"
EIGHT_BITS, SCALE, ZERO, FACTORS = ":q", ":s", ":z", ":f"

_SAFETENSORS_FLOAT = "F32"

LARGEST = 64
"""Of a weight in 8 bits. With 127, sums of two products overflow on processors with AVX2 that lack VNNI."""


def mapped_tensors(path: Path) -> Tensors:
    """Return the float tensors of a safetensors file, mapped into memory, not read.

    Raises:
        ValueError, KeyError, OSError: the file is no safetensors file.
    """
    data = np.memmap(path, np.uint8, "r")
    begin = 8 + int.from_bytes(data[:8].tobytes(), "little")
    header: dict[str, Any] = json.loads(data[8:begin].tobytes())
    return dict(_tensors(header, data[begin:]))


def _tensors(header: dict[str, Any], data: npt.NDArray[np.uint8]) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
    for name, of in header.items():
        if name != "__metadata__" and of["dtype"] == _SAFETENSORS_FLOAT:
            first, last = of["data_offsets"]
            yield name, data[first:last].view("<f4").reshape(of["shape"])


def weights(names: Iterable[str], tensors: Tensors) -> dict[str, npt.NDArray[Any]]:
    """Return the weights that a graph calls by these names. Raises KeyError where a tensor is missing."""
    found: dict[str, npt.NDArray[Any]] = {}
    for name in names:
        if name in found:
            continue
        if name.endswith((EIGHT_BITS, SCALE, ZERO)):
            found |= in_eight_bits(name[: -len(SCALE)], tensors)
        elif name.endswith(FACTORS):
            found[name] = np.require(tensors[name], np.float32, ["C", "ALIGNED"])
        else:
            found[name] = arranged(name, tensors)
    return found


def arranged(name: str, tensors: Tensors) -> npt.NDArray[np.float32]:
    """Return the weight that a graph calls ``name``, in 32 bits."""
    parts = [tensors[part] for part in name.removesuffix(TRANSPOSED).split("+")]
    if name.endswith(TRANSPOSED):
        parts = [part.T for part in parts]
    whole = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=-1)
    return np.require(whole, np.float32, ["C", "ALIGNED"])


def in_eight_bits(name: str, tensors: Tensors) -> dict[str, npt.NDArray[Any]]:
    """Return a weight in 8 bits, shape ``(inputs, outputs)``, with scale and zero of each column, by their names.

    The greatest of a column becomes 64 or -64, and 0 stays 0: as ONNX Runtime's quantiser does it "by channel" and in
    the "reduced range".
    """
    weight = arranged(name, tensors)
    if name + FACTORS in tensors:
        weight = weight / tensors[name + FACTORS][:, None]
    scale = (np.abs(weight).max(axis=0) / np.float32(LARGEST)).astype(np.float32)
    scale[scale < np.finfo(np.float32).tiny] = 1
    rounded = np.clip(np.rint(weight / scale), -LARGEST, LARGEST).astype(np.int8)
    return {name + EIGHT_BITS: rounded, name + SCALE: scale, name + ZERO: np.zeros(len(scale), np.int8)}
