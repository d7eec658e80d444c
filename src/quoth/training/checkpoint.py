"""The state of a training run in one file, written aside and renamed: after a crash there is the old one or the new."""

from __future__ import annotations

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
    """Write a safetensors file beside ``path``, flush it to the disk and put it in its place."""
    aside = path.with_name(path.name + ".tmp")
    save_file({name: tensor.detach().contiguous() for name, tensor in tensors.items()}, aside, metadata)
    descriptor = os.open(aside, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    aside.replace(path)


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
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != FORMAT:
                raise ModelError(f"{path} is not a checkpoint of this version of the training; begin anew elsewhere.")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        facts = dict(json.loads(metadata["facts"]))
        step, generator = int(facts.pop("step")), tensors["rng"]
    except (SafetensorError, OSError, ValueError, TypeError, KeyError, RecursionError) as error:
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
