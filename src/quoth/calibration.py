"""How a library's confidence was fitted to its owner's questions: two numbers and a threshold, kept in the library.

The log-odds of the confidence are stretched and moved so that they mean what they say on those questions (Platt 1999,
"Probabilistic outputs for support vector machines"). Questions that the reader reads and those in a language that it
doesn't know get their confidence from different models, and so each kind has numbers of its own.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from quoth.errors import LibraryError


@dataclass(frozen=True, slots=True)
class Fit:
    """``slope * log-odds + intercept`` are the log-odds to believe; from the confidence ``threshold`` on, quotes are an
    answer. ``questions`` says how many it was fitted to."""

    slope: float
    intercept: float
    threshold: float
    questions: int

    def __call__(self, log_odds: float) -> float:
        """Return the log-odds to believe."""
        return self.slope * log_odds + self.intercept

    def explained(self, before: float) -> dict[str, float]:
        """Return what ``--explain`` shows of it; ``before`` is the confidence without it."""
        return {
            "confidence_before_calibration": before,
            "calibration_slope": self.slope,
            "calibration_intercept": self.intercept,
            "threshold": self.threshold,
        }


@dataclass(frozen=True, slots=True)
class Maker:
    """What a confidence comes from: with another one, a calibration says nothing. ``encoder`` is an identity as a
    library records it, ``reader`` the hash of the reader (None: without one), ``models`` that of the fitted models."""

    encoder: str
    reader: str | None
    models: str

    def differs(self, other: Maker) -> str | None:
        """Return the name of what ``other`` differs in, None where they are the same."""
        pairs = {
            "reader": (self.reader, other.reader),
            "encoder": (self.encoder, other.encoder),
            "version of Quoth's fitted models": (self.models, other.models),
        }
        return next((name for name, (ours, theirs) in pairs.items() if ours != theirs), None)


@dataclass(frozen=True, slots=True)
class Calibration:
    """The fits of a library, for questions that were read and for others (None: there were too few of that kind),
    and what they were made with."""

    read: Fit | None
    unread: Fit | None
    maker: Maker
    dataset: str

    def fit(self, *, read: bool) -> Fit | None:
        """Return the fit for a question that was read by the reader, or for one that wasn't."""
        return self.read if read else self.unread

    def to_json(self) -> str:
        """Return the calibration as the text that a library keeps."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Calibration:
        """Return the calibration that ``to_json`` wrote.

        Raises:
            LibraryError: the text is damaged.
        """
        try:
            kept = json.loads(text)
            read, unread = (None if kept[kind] is None else Fit(**kept[kind]) for kind in ("read", "unread"))
            return cls(read, unread, Maker(**kept["maker"]), kept["dataset"])
        except (ValueError, KeyError, TypeError) as error:
            raise LibraryError(
                f"the library's calibration is damaged ({error!r}); undo it with: quoth calibrate --reset"
            ) from error
