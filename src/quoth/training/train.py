"""The training loop: resumable to the bit, stoppable at any step.

Recipe: AdamW at a rate that falls from the heads to the first layer, gradients clipped, frozen embeddings, a warm-up,
then a constant rate, so that the run may end at any time with a short fall to zero (:func:`train` with ``finish``).
What is kept is an exponential mean of the weights.
"""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from quoth.training.batches import Batch, make_batch
from quoth.training.checkpoint import RunState, load, save, write_tensors
from quoth.training.examples import Group
from quoth.training.losses import Losses, reader_losses
from quoth.training.model import ReaderModel
from quoth.training.precision import bf16_pays

SNAPSHOTS = 3
"""How many of the best-scoring means are kept beside the checkpoint."""


CHECKPOINT, FINISHED, LOG = "checkpoint.safetensors", "reader.safetensors", "log.jsonl"
"""The files of a run's folder: where it stands, the network once it came to its end, and its figures."""


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """Numbers of a run. ``steps`` counts those at constant rate (with the warm-up), ``rate`` is that of the heads, and
    each layer below has ``layer_decay`` times the one above. Windows grow after ``long_from`` of the steps. ``bf16``
    says whether most is computed in 16 bits; None: where that is much faster when the run begins."""

    steps: int = 24_000
    seed: int = 1
    rate: float = 1.2e-4
    layer_decay: float = 0.9
    weight_decay: float = 0.01
    clip: float = 1.0
    mean_decay: float = 0.999
    warm_up: float = 0.03
    finish: float = 0.2
    long_from: float = 0.75
    chunks: int = 2
    log_every: int = 20
    evaluate_every: int = 1_000
    checkpoint_seconds: float = 540.0
    bf16: bool | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: step ``step`` of ``last``; averages of the losses since the last report; passages a second."""

    step: int
    last: int
    losses: dict[str, float]
    passages_per_second: float


class Batches(Protocol):
    """Where the groups of each step come from; see :class:`quoth.training.mix.Schedule`."""

    def batch(self, step: int, *, long: bool) -> list[Group]:
        """The groups of ``step``; ``long`` asks for long windows."""


def forward(model: ReaderModel, batch: Batch, *, bf16: bool = False) -> Losses:
    """Score all chunks of ``batch``, with ``bf16`` in 16 bits where that is safe, and compute its losses."""
    start: list[Tensor] = []
    end: list[Tensor] = []
    relevance: list[Tensor] = []
    answerable: list[Tensor] = []
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):  # one for all chunks: it keeps the weights it has rounded
        for chunk in batch.chunks:
            scores = model(chunk.tokens, chunk.segments, chunk.mask)
            start.append(scores.start[chunk.passage].float())
            end.append(scores.end[chunk.passage].float())
            relevance.append(scores.relevance.float())
            answerable.append(scores.answerable.float())
    return reader_losses(batch, torch.cat(start), torch.cat(end), torch.cat(relevance), torch.cat(answerable))


def rate_factor(step: int, warm_up: int, finishing: tuple[int, int] | None) -> float:
    """What the rates are multiplied by in ``step``: rising over ``warm_up`` steps, falling to 0 over ``finishing``."""
    factor = min(1.0, (step + 1) / max(warm_up, 1))
    if finishing is not None and step >= finishing[0]:
        factor *= max(0.0, (finishing[1] - step) / max(finishing[1] - finishing[0], 1))
    return factor


def train(
    make_model: Callable[[], ReaderModel],
    batches: Batches,
    settings: TrainingSettings,
    out: Path,
    *,
    finish: bool = False,
    evaluate: Callable[[ReaderModel], dict[str, float]] | None = None,
    report: Callable[[Progress], None] = lambda progress: None,
    stop: Callable[[], bool] = lambda: False,
) -> int:
    """Train in the folder ``out``, from its checkpoint where it has one; returns the number of steps done.

    It ends after ``settings.steps``, or with ``finish`` after a further phase of falling rate (``settings.finish`` of
    all steps, from wherever the run is) that writes ``reader.safetensors``; or soon after ``stop()`` turns true. It
    leaves a checkpoint every time. Losses and ``evaluate``'s figures go to ``log.jsonl``. Raises ModelError for a
    checkpoint that is damaged or belongs to another network.
    """
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(settings.seed)
    model = make_model()
    mean = copy.deepcopy(model).eval()
    groups = model.parameter_groups(settings.rate, settings.layer_decay, settings.weight_decay)
    optimizer = torch.optim.AdamW(groups, fused=True)
    first_facts = {"settings": asdict(settings), "warm_up": round(settings.warm_up * settings.steps), "snapshots": []}
    state = RunState(model, mean, optimizer, 0, first_facts)
    path = out / CHECKPOINT
    if path.exists():
        load(path, state)
        _log(out, {"event": "resumed", "step": state.step})
    if finish and "finishing" not in state.facts:
        length = max(1, round(state.step * settings.finish / (1 - settings.finish)))
        state.facts["finishing"] = [state.step, state.step + length]
    # A run that goes on elsewhere goes on in what it began in, to be the same to the bit
    bf16 = state.facts.setdefault("bf16", bf16_pays() if settings.bf16 is None else settings.bf16)
    # In 16 bits the gradient of the fused attention takes most of a step
    model.encoder.config._attn_implementation = "eager" if bf16 else "sdpa"
    finishing = tuple(state.facts["finishing"]) if "finishing" in state.facts else None
    last = finishing[1] if finishing else settings.steps

    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    means: list[Tensor] = [parameter for parameter in mean.parameters() if parameter.requires_grad]
    sums: dict[str, float] = {}
    counted = passages = 0
    began = saved_at = time.monotonic()
    model.train()
    while state.step < last and not stop():
        long = finishing is not None or state.step >= settings.long_from * settings.steps
        groups_now = batches.batch(state.step, long=long)
        batch = make_batch(groups_now, settings.chunks)
        losses = forward(model, batch, bf16=bf16)
        optimizer.zero_grad(set_to_none=True)
        losses.total.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(parameters, settings.clip)
        factor = rate_factor(state.step, state.facts["warm_up"], finishing)
        for group in optimizer.param_groups:
            group["lr"] = group["base_lr"] * factor
        if bool(torch.isfinite(norm)):
            optimizer.step()
        with torch.no_grad():
            # A mean over fewer steps at first, so that it doesn't drag the untrained heads along.
            decay = min(settings.mean_decay, (1 + state.step) / (10 + state.step))
            torch._foreach_lerp_(means, list[Tensor](parameters), 1 - decay)
        state.step += 1

        values = {
            "loss": losses.total,
            "span": losses.span,
            "passage": losses.passage,
            "answerable": losses.answerable,
            "norm": norm,
        }
        for name, value in values.items():
            sums[name] = sums.get(name, 0.0) + float(value.detach())
        counted += 1
        passages += sum(len(group.rows) for group in groups_now)
        if counted >= settings.log_every or state.step == last:
            now = time.monotonic()
            averages = {name: value / counted for name, value in sums.items()}
            progress = Progress(state.step, last, averages, passages / max(now - began, 1e-9))
            _log(out, {"step": state.step, **averages, "passages_per_second": progress.passages_per_second})
            report(progress)
            sums, counted, passages, began = {}, 0, 0, now
        if evaluate is not None and (state.step % settings.evaluate_every == 0 or state.step == last):
            save(path, state)  # the check takes minutes on a busy machine
            _evaluated(out, state, evaluate)
            began = saved_at = time.monotonic()
        if time.monotonic() - saved_at >= settings.checkpoint_seconds:
            save(path, state)
            saved_at = time.monotonic()
    save(path, state)
    if finishing is not None and state.step >= last:
        facts = json.dumps({"step": state.step, "settings": asdict(settings)})
        write_tensors(out / FINISHED, dict(mean.state_dict()), {"facts": facts})
    return state.step


def _evaluated(out: Path, state: RunState, evaluate: Callable[[ReaderModel], dict[str, float]]) -> None:
    began = time.monotonic()
    figures = evaluate(state.mean)
    if not figures:
        return
    _log(out, {"step": state.step, "figures": figures, "seconds": time.monotonic() - began})
    counted = [value for name, value in figures.items() if name.rsplit("/", 1)[-1] in ("r1", "em", "f1", "auroc")]
    score = sum(counted) / max(len(counted), 1)
    name = f"mean-{state.step:06d}.safetensors"
    trained = {n: p.half() for n, p in state.mean.named_parameters() if p.requires_grad}
    write_tensors(out / name, trained, {"facts": json.dumps({"step": state.step, "figures": figures})})
    kept: list[list[Any]] = sorted([*state.facts["snapshots"], [score, name]], reverse=True)
    for _, worse in kept[SNAPSHOTS:]:
        (out / worse).unlink(missing_ok=True)
    state.facts["snapshots"] = kept[:SNAPSHOTS]


def _log(out: Path, record: dict[str, Any]) -> None:
    with (out / LOG).open("a", encoding="utf-8") as file:
        file.write(json.dumps({"time": round(time.time(), 1), **record}) + "\n")
