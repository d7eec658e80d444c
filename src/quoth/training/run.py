"""A run in a folder: from data sets to a checkpoint, whatever starts it and however often it is stopped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from quoth.datasets import read_dataset
from quoth.training.evaluate import HeldOut, evaluate, held_out
from quoth.training.examples import GroupBuilder
from quoth.training.items import Collection, Role, collect, hold_out
from quoth.training.mix import Schedule
from quoth.training.model import ReaderModel, load_tokenizer
from quoth.training.train import Progress, TrainingSettings, train

HELD_OUT_ASKED, VALIDATION_ASKED = 60, 120
"""Questions that a check asks of the titles that were held out, and of each further set."""


@dataclass(frozen=True, slots=True)
class Material:
    """What a run learns from: paths of data sets, and how each is used (by its name).

    ``repeats`` says how often a set counts in one pass over the data, ``alone`` which sets are shown with their own
    passages only, and ``held_out`` names a set of which 5 % of the titles check the training instead ("": none of
    them, None: the first).
    """

    datasets: Sequence[Path]
    validate: Sequence[Path] = ()
    repeats: dict[str, int] = field(default_factory=dict)
    alone: Sequence[str] = ()
    held_out: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """Material made ready: the order of training, and the checks."""

    out: Path
    collection: Collection
    schedule: Schedule
    checks: Sequence[HeldOut]

    @property
    def teaching(self) -> int:
        """How many questions teach where an answer stands: the others tell passages apart."""
        return sum(item.role in (Role.SPAN, Role.SENTENCE) for item in self.collection.items)

    def go_on(
        self,
        make_model: Callable[[], ReaderModel],
        settings: TrainingSettings,
        *,
        finish: bool = False,
        report: Callable[[Progress], None] = lambda progress: None,
        stop: Callable[[], bool] = lambda: False,
    ) -> int:
        """Train in the run's folder, from its checkpoint where it has one; see ``train``."""
        return train(
            make_model,
            self.schedule,
            settings,
            self.out,
            finish=finish,
            evaluate=(lambda model: evaluate(model, self.checks, stop=stop)) if self.checks else None,
            report=report,
            stop=stop,
        )


def prepare(material: Material, out: Path, *, seed: int = 1, say: Callable[[str], None] = lambda sentence: None) -> Run:
    """Read the data sets, mine their negatives (kept in ``out``) and lay out the order of training.

    Raises:
        PathError, DatasetError: a data set is missing or breaks its format.
    """
    tokenizer = load_tokenizer()
    datasets = [read_dataset(path) for path in material.datasets]
    checks = []
    chosen = datasets[0].name if material.held_out is None else material.held_out
    for number, dataset in enumerate(datasets):
        if dataset.name == chosen:
            datasets[number], questions = hold_out(dataset)
            checks.append(held_out(dataset, questions, tokenizer, limit=HELD_OUT_ASKED))
    for path in material.validate:
        dataset = read_dataset(path)
        checks.append(held_out(dataset, dataset.questions, tokenizer, limit=VALIDATION_ASKED))
    say(f"preparing {sum(len(dataset.questions) for dataset in datasets)} questions")
    collection = collect(
        datasets, tokenizer, repeats=material.repeats, alone=material.alone, cache=out / "negatives.npz"
    )
    schedule = Schedule(collection.items, GroupBuilder(collection, tokenizer), seed=seed)
    sizes = f"{len(collection.items)} questions on {len(collection.units)} passages"
    say(f"{sizes}, {schedule.steps_per_pass} steps a pass")
    return Run(out, collection, schedule, checks)
