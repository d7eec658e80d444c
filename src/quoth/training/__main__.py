"""``python -m quoth.training DATASET ...``: train a reader in a folder, or go on with the run that is there."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType

import platformdirs
import torch

from quoth.errors import QuothError
from quoth.training.run import Material, prepare
from quoth.training.start import Origin, Start
from quoth.training.train import Progress, TrainingSettings

_DEFAULTS = TrainingSettings()
_LAYERS = 6


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share < 1:
        raise argparse.ArgumentTypeError(f"{text} is no share of all steps: give one from 0 to below 1")
    return share


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m quoth.training", description=__doc__)
    parser.add_argument("datasets", nargs="+", type=Path, metavar="DATASET", help="dataset folder or SQuAD file")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path(platformdirs.user_cache_dir("quoth", appauthor=False)) / "training",
        help="folder of the run; a checkpoint in it is continued (default: %(default)s)",
    )
    parser.add_argument(
        "--from",
        dest="origin",
        type=Origin,
        choices=list(Origin),
        help="what a new run begins with (default: encoder)",
    )
    parser.add_argument("--steps", type=int, default=_DEFAULTS.steps, help="steps at constant rate")
    parser.add_argument("--seed", type=int, default=_DEFAULTS.seed)
    parser.add_argument(
        "--keep-layers",
        type=int,
        choices=range(_LAYERS),
        metavar="N",
        help="leave the first N layers as the run begins with them: a step is faster (default: 0)",
    )
    parser.add_argument("--finish", action="store_true", help="let the rate fall to zero, then write the reader")
    parser.add_argument(
        "--fall",
        type=_share,
        default=_DEFAULTS.finish,
        metavar="SHARE",
        help="share of all steps during which the rate falls (default: %(default)s)",
    )
    parser.add_argument(
        "--repeat", action="append", default=[], metavar="NAME=N", help="count a set N times in a pass over the data"
    )
    parser.add_argument(
        "--alone",
        action="append",
        default=[],
        metavar="NAME",
        help="show the questions of a set with their own passage only, and at most 5 %% of them",
    )
    parser.add_argument(
        "--hold-out",
        metavar="NAME",
        help="set of which 5 %% of the titles check the training (default: the first; '' for none)",
    )
    parser.add_argument(
        "--validate", action="append", default=[], type=Path, metavar="DATASET", help="a further set to check with"
    )
    parser.add_argument("--threads", type=int, default=0, help="processor threads (default: torch's choice)")
    parser.add_argument("--evaluate-every", type=int, default=_DEFAULTS.evaluate_every, metavar="STEPS")
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> int:
    """Run the command; 0 when the run came to its end, 1 for an error, 130 when it was stopped (it can go on)."""
    arguments = _arguments(given)
    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    try:
        return _run(arguments, stopping)
    except QuothError as error:
        _say(f"error: {error}")
        return 1


def _run(arguments: argparse.Namespace, stopping: threading.Event) -> int:
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    repeats = {name: int(count) for name, _, count in (given.partition("=") for given in arguments.repeat)}
    material = Material(arguments.datasets, arguments.validate, repeats, arguments.alone, arguments.hold_out)
    start = Start.of(arguments.out, arguments.origin, otherwise=Origin.ENCODER, kept_layers=arguments.keep_layers)
    start.note(arguments.out)
    run = prepare(material, arguments.out, seed=arguments.seed, say=_say)
    settings = replace(
        _DEFAULTS,
        steps=arguments.steps,
        seed=arguments.seed,
        finish=arguments.fall,
        evaluate_every=arguments.evaluate_every,
    )
    step = run.go_on(start.model, settings, finish=arguments.finish, report=_show, stop=stopping.is_set)
    _say(f"stopped after step {step}; the same command goes on" if stopping.is_set() else f"done, {step} steps")
    return 130 if stopping.is_set() else 0


def _show(progress: Progress) -> None:
    parts = " ".join(f"{name} {value:.3f}" for name, value in progress.losses.items())
    _say(f"step {progress.step}/{progress.last} {parts} {progress.passages_per_second:.1f} passages/s")


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
