"""What those who wait are told while something takes long."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """How far something is: ``done`` of ``total`` files read, passages embedded, or whatever the ``stage`` counts."""

    stage: str
    done: int
    total: int
