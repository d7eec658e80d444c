"""Where a question's time goes: laps between one stage and the next, taken for every question.

A lap reads the clock once, some 50 ns, so that there is nothing to switch on. Who wants the times gives
``Library.open`` an observer, which is called once a question with what each stage took.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Stage = Literal[
    "waiting",  # for the library, while others ask it
    "loading",  # the reader, on the first question of a process
    "opening",  # bringing the indexes up to date with the database; on the first question the encoder is loaded here
    "embedding",  # the question, the wait for the encoder included
    "terms",  # its words, misspelt ones read as the library's
    "dense_search",  # in a large library the lexical one goes on beside embedding and this
    "lexical_search",  # or, in a large library, the wait for it
    "signals",  # of the candidates, their texts read
    "ranking",  # by the signals, and telling versions of one text
    "reading",  # the best passages with the reader, and ranking them anew
    "windows",  # what may be quoted, its signals and the confidence
    "quotes",  # choosing and checking them
    "passages",  # those that are shown
]

STAGES: tuple[Stage, ...] = get_args(Stage)
"""Every stage, in the order in which a question passes them."""

Kind = Literal["ask", "search"]


@dataclass(frozen=True, slots=True)
class Timing:
    """What a question took: the seconds of each stage that it passed."""

    kind: Kind
    stages: Mapping[Stage, float]

    @property
    def seconds(self) -> float:
        """The whole, which the stages make up without a gap."""
        return sum(self.stages.values())


Observer = Callable[[Timing], None]
"""Told of every question that was answered, by the thread that asked, outside of all locks."""


class Stopwatch:
    """One question's laps. A stage that is passed several times is added up."""

    __slots__ = ("_since", "stages")

    def __init__(self) -> None:
        self.stages: dict[Stage, float] = {}
        self._since = time.perf_counter()

    def lap(self, stage: Stage) -> None:
        """Count the time since the last lap, or since the beginning, to ``stage``."""
        now = time.perf_counter()
        self.stages[stage] = self.stages.get(stage, 0.0) + now - self._since
        self._since = now

    @property
    def seconds(self) -> float:
        """The sum of the laps taken."""
        return sum(self.stages.values())
