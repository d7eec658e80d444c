"""What a run began with, noted in its folder: a run that goes on has to begin from the same weights.

The checkpoint holds the weights that are trained; those that stay as they are (the embeddings) come from the start.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path

from quoth.errors import ModelError
from quoth.reader import Reader
from quoth.training.model import ReaderModel, untrained_reader
from quoth.training.restore import restored_reader
from quoth.training.train import CHECKPOINT

FILE_NAME = "run.json"


class Origin(StrEnum):
    """Where a run's first weights come from."""

    SHIPPED = "shipped"
    """The reader that ships with Quoth, with all it has learnt."""
    ENCODER = "encoder"
    """The packaged encoder with heads that know nothing yet."""


@dataclass(slots=True)
class Start:
    """The origin of a run; of the shipped reader its hash; the steps at constant rate, where they are settled; the
    figures of the checks before the first step; and how many of the first layers stay as they were."""

    origin: Origin
    reader: str | None = None
    steps: int | None = None
    before: dict[str, float] = field(default_factory=dict)
    kept_layers: int = 0

    @classmethod
    def of(
        cls,
        out: Path,
        wanted: Origin | None,
        *,
        otherwise: Origin = Origin.SHIPPED,
        kept_layers: int | None = None,
    ) -> Start:
        """Return what the run in ``out`` began with; a new one begins with ``wanted`` (None: with ``otherwise``) and
        keeps ``kept_layers`` (None: no) layers.

        Raises:
            ModelError: the run that is there began with something else, or its note is damaged.
        """
        if not (out / CHECKPOINT).exists():
            origin = wanted or otherwise
            digest = Reader.load().digest if origin is Origin.SHIPPED else None
            return cls(origin, digest, kept_layers=kept_layers or 0)
        # A folder without a note is that of a run from before there was a choice
        start = cls._noted(out / FILE_NAME) if (out / FILE_NAME).exists() else cls(Origin.ENCODER)
        if wanted is not None and wanted is not start.origin:
            raise ModelError(
                f"the run in {out} began from {start.origin}, not from {wanted}; leave --from out to go on with it, or "
                "name another folder with --out"
            )
        if kept_layers is not None and kept_layers != start.kept_layers:
            raise ModelError(
                f"the run in {out} keeps {start.kept_layers} layers as they were, not {kept_layers}; leave "
                "--keep-layers out to go on with it, or name another folder with --out"
            )
        if start.origin is Origin.SHIPPED and start.reader != Reader.load().digest:
            raise ModelError(
                f"the run in {out} began from another reader than the one that ships now; begin anew in another folder"
            )
        return start

    @classmethod
    def _noted(cls, path: Path) -> Start:
        try:
            noted = json.loads(path.read_text("utf-8"))
            kept = noted.get("kept_layers", 0)
            if type(kept) is not int:
                raise TypeError(f"{kept!r} is no number of layers")
            return cls(Origin(noted["origin"]), noted["reader"], noted["steps"], dict(noted["before"]), kept)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(f"the note {path} is damaged ({error!r}); begin anew in another folder") from error

    def note(self, out: Path) -> None:
        """Write the note into the run's folder."""
        out.mkdir(parents=True, exist_ok=True)
        aside = out / f"{FILE_NAME}.tmp"
        aside.write_text(json.dumps(asdict(self), indent=1) + "\n", "utf-8")
        aside.replace(out / FILE_NAME)

    def model(self, dropout: float = 0.1) -> ReaderModel:
        """Return the network that the run begins with."""
        shipped = self.origin is Origin.SHIPPED
        model = restored_reader(dropout=dropout) if shipped else untrained_reader(dropout)
        model.keep_layers(self.kept_layers)
        return model
