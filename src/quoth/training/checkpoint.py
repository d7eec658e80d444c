"""The state of a training run in one file, written aside and renamed: after a crash there is the old one or the new."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from quoth.errors import ModelError
from quoth.training.model import ReaderModel

FORMAT = "1"

_HASH = "sha256"
_KNOWN = frozenset({"format", "facts"})


@dataclass(slots=True)
class RunState:
    """What a run needs to go on exactly: the network, the mean of its weights, the optimizer, and the next step.

    ``facts`` holds what is not a tensor (JSON values): settings, the span of the final phase, scores.
    """

    model: ReaderModel
    mean: ReaderModel
    optimizer: torch.optim.AdamW
    step: int
    facts: dict[str, Any]


def _trained(model: ReaderModel) -> dict[str, torch.nn.Parameter]:
    return {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}


def write_tensors(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Write a safetensors file beside ``path``, flush it to the disk and put it in its place.

    What it holds is hashed, since the format has no checksums; see ``read_tensors``.
    """
    aside = path.with_name(path.name + ".tmp")
    whole = {name: tensor.detach().contiguous() for name, tensor in tensors.items()}
    save_file(whole, aside, metadata | {_HASH: _sha256(whole, metadata)})
    descriptor = os.open(aside, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    aside.replace(path)


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return what ``write_tensors`` wrote; a file of before there was a hash is taken as it is.

    Raises:
        ModelError: the file can't be read or was damaged.
    """
    try:
        with safe_open(path, "pt") as file:
            metadata = dict(file.metadata() or {})
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        noted = metadata.pop(_HASH, None)
        if (noted is not None and noted != _sha256(tensors, metadata)) or metadata.keys() - _KNOWN:
            raise ValueError("its hash is not the one that was noted")
    # A damaged header can end in any of these, a type that torch lacks in a RuntimeError
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise ModelError(
            f"{path} can't be read: {error}; begin anew in another folder, or name another file that a training wrote"
        ) from error
    return tensors, metadata


def _sha256(tensors: dict[str, Tensor], metadata: dict[str, str]) -> str:
    digest = hashlib.sha256(json.dumps(metadata, sort_keys=True).encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"\0{name}\0{tensor.dtype}\0{tuple(tensor.shape)}\0".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def save(path: Path, state: RunState) -> None:
    """Write ``state``, and torch's random generator with it, to ``path``. The frozen weights are not in it."""
    tensors: dict[str, Tensor] = {"rng": torch.get_rng_state()}
    mean = _trained(state.mean)
    for name, parameter in _trained(state.model).items():
        tensors[f"model/{name}"] = parameter
        tensors[f"mean/{name}"] = mean[name]
        for part, value in state.optimizer.state.get(parameter, {}).items():
            tensors[f"optimizer/{part}/{name}"] = torch.as_tensor(value)
    facts = json.dumps({"step": state.step, **state.facts})
    write_tensors(path, tensors, {"format": FORMAT, "facts": facts})


def load(path: Path, state: RunState) -> None:
    """Put the state in ``path`` into ``state`` (built as for a new run) and into torch's random generator.

    Raises ModelError when the file is damaged or belongs to another network.
    """
    tensors, metadata = read_tensors(path)
    if metadata.get("format") != FORMAT:
        raise ModelError(f"{path} is not a checkpoint of this version of the training; begin anew elsewhere.")
    try:
        facts = dict(json.loads(metadata["facts"]))
        step, generator = int(facts.pop("step")), tensors["rng"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ModelError(f"The checkpoint {path} can't be read: {error}; begin anew in another folder.") from error
    state.facts, state.step = facts, step
    mean = _trained(state.mean)
    with torch.no_grad():
        for name, parameter in _trained(state.model).items():
            stored = tensors.get(f"model/{name}")
            if stored is None or stored.shape != parameter.shape:
                raise ModelError(f"The checkpoint {path} belongs to another network: {name} differs.")
            averaged = tensors.get(f"mean/{name}")
            if averaged is None or averaged.shape != parameter.shape:
                raise ModelError(f"The checkpoint {path} belongs to another network: the mean of {name} differs.")
            parameter.copy_(stored)
            mean[name].copy_(averaged)
            parts = {
                key.split("/")[1]: value
                for key, value in tensors.items()
                if key.startswith("optimizer/") and key.split("/", 2)[2] == name
            }
            if parts:
                state.optimizer.state[parameter] = parts
    torch.set_rng_state(generator)
