"""Training a reader on somebody's own questions, from their data sets to the file that answers.

lesson = Lesson.prepare(Material([Path("questions")], held_out=""), Path("reader"))
if lesson.learn():
    print(lesson.export().agreement)
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from quoth.errors import DatasetError, ModelError
from quoth.reader import Reader
from quoth.training.agreement import Agreement, agreement
from quoth.training.evaluate import evaluate
from quoth.training.export import export_reader, trained_reader
from quoth.training.restore import need_onnx
from quoth.training.run import Material, Run, prepare
from quoth.training.start import Origin, Start
from quoth.training.train import CHECKPOINT, FINISHED, LOG, Progress, TrainingSettings

LEAST_QUESTIONS = 50
"""Questions with a marked answer below which nothing is trained: a few dozen teach their own wording alone."""

_PASSES = {Origin.SHIPPED: 2, Origin.ENCODER: 6}
_FEWEST = {Origin.SHIPPED: 100, Origin.ENCODER: 1_000}
_MOST = {Origin.SHIPPED: 2_000, Origin.ENCODER: TrainingSettings().steps}
_SETTINGS = {
    # What is learnt already is moved gently, and the optimizer, which starts anew, is given longer to warm up
    Origin.SHIPPED: TrainingSettings(rate=4e-5, warm_up=0.1, log_every=1, checkpoint_seconds=120.0),
    Origin.ENCODER: TrainingSettings(log_every=1, checkpoint_seconds=120.0),
}
_WANTED = Agreement(spans=0.9, correlation=0.999, difference=0.05)
_COMPARED = 60


@dataclass(frozen=True, slots=True)
class Exported:
    """The reader that a run gave: its folder and hash, how far file and network agree, and the figures of the checks,
    named ``<set>/<figure>``, before the training and after it."""

    folder: Path
    digest: str
    step: int
    agreement: Agreement
    before: dict[str, float]
    after: dict[str, float]


@dataclass(frozen=True, slots=True)
class Lesson:
    """A run with what it begins from; ``learn`` it, as often as it is interrupted, then ``export``."""

    run: Run
    start: Start
    settings: TrainingSettings
    names: tuple[str, ...]

    @classmethod
    def prepare(
        cls,
        material: Material,
        out: Path,
        *,
        origin: Origin | None = None,
        steps: int | None = None,
        say: Callable[[str], None] = lambda sentence: None,
    ) -> Lesson:
        """Make ready to train in the folder ``out``, or to go on with the run that is there.

        ``steps`` are those at constant rate; a quarter as many follow at a falling one. None: as many as the run that
        is there was given, or two passes over the data (six from the encoder). ``say`` is told what is being done.

        Raises:
            QuothError: the package onnx is missing.
            PathError, DatasetError: a data set is missing, breaks its format or has too few questions.
            ModelError: the run that is there began with something else.
        """
        need_onnx()
        start = Start.of(out, origin)
        run = prepare(material, out, say=say)
        if run.teaching < LEAST_QUESTIONS:
            raise DatasetError(
                f"the data sets have {run.teaching} questions with an answer that stands in a document, and at least "
                f"{LEAST_QUESTIONS} are needed to train on; a few hundred are better"
            )
        if steps is None and start.steps is None:
            wanted = _PASSES[start.origin] * run.schedule.steps_per_pass
            steps = min(max(wanted, _FEWEST[start.origin]), _MOST[start.origin])
        start.steps = start.steps if steps is None else steps
        count = start.steps or 1
        settings = replace(_SETTINGS[start.origin], steps=count, evaluate_every=max(100, count // 4))
        return cls(run, start, settings, tuple(path.name for path in material.datasets))

    @property
    def steps(self) -> int:
        """All steps that a run which is not cut short takes, those at a falling rate among them."""
        share = self.settings.finish
        return self.settings.steps + max(1, round(self.settings.steps * share / (1 - share)))

    def learn(
        self,
        *,
        finish: bool = False,
        report: Callable[[Progress], None] = lambda progress: None,
        stop: Callable[[], bool] = lambda: False,
    ) -> int | None:
        """Train to the end and return the number of steps, or None when ``stop()`` turned true before.

        A checkpoint stays (but for a stop before the first step), and the next call goes on from it. With ``finish``
        the rate falls from now on, although not all steps were made.
        """
        if not (self.run.out / CHECKPOINT).exists() and self.run.checks:
            self.start.before = evaluate(self.start.model(), self.run.checks, stop=stop)
            if stop():
                return None
        self.start.note(self.run.out)
        if not finish:
            self.run.go_on(self.start.model, self.settings, report=report, stop=stop)
        if stop():
            return None
        step = self.run.go_on(self.start.model, self.settings, finish=True, report=report, stop=stop)
        return None if stop() and not self._is_done() else step

    def export(self) -> Exported:
        """Write ``reader.onnx`` and its card, compared with the network on the run's own passages.

        Raises:
            ModelError: the file says something else than the network; nothing is left of it.
        """
        out = self.run.out
        model, facts = trained_reader(out / CHECKPOINT, self.start.model(dropout=0.0))
        with tempfile.TemporaryDirectory(dir=out) as scratch:
            folder = Path(scratch)
            after = self._last_figures()
            card = {
                "name": out.resolve().name,
                "step": facts.get("step"),
                "from": self.start.origin,
                "trained_on": self.names,
                "questions": len(self.run.collection.items),
                "before": self.start.before,
                "after": after,
            }
            export_reader(model, folder, card, bits=16)
            reader = Reader.load(folder)
            found = agreement(model, reader, self._passages())
            if not found.reaches(_WANTED):
                raise ModelError(
                    f"the file of the reader says something else than what was trained: {found}; run the same command "
                    "again, and if it stays so, train for more steps"
                )
            # The card last: with the old one, the new file is refused and not taken for the old one
            for name in ("reader.onnx", "reader.json"):
                (folder / name).replace(out / name)
        return Exported(out, reader.digest, int(facts["step"]), found, self.start.before, after)

    def _is_done(self) -> bool:
        return (self.run.out / FINISHED).exists()

    def _passages(self) -> list[tuple[str, str, str]]:
        """Some questions of the run, each with the title and text of the passage that answers it."""
        items, units = self.run.collection.items, self.run.collection.units
        places = np.linspace(0, len(items) - 1, min(_COMPARED, len(items))).astype(int)
        chosen = [items[place] for place in places]
        return [(item.question, units[item.gold[0]].title, units[item.gold[0]].text) for item in chosen]

    def _last_figures(self) -> dict[str, float]:
        lines = (self.run.out / LOG).read_text("utf-8").splitlines() if self.run.checks else []
        figures = [record["figures"] for record in map(json.loads, lines) if "figures" in record]
        return dict(figures[-1]) if figures else {}
