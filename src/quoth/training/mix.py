"""The order of training: which item comes when, and in which mode; a function of seed and step alone.

That is what makes a run resumable: the position in the data is the number of the step.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from quoth.training.examples import Group, GroupBuilder, Mode
from quoth.training.items import Item, Role

UNANSWERABLE = 0.43
"""Share of the groups that nothing shown answers."""
IMPOSSIBLE_REPEATS = 9
"""How often a human-written unanswerable question counts in one pass: there are few, and they are the best."""
ALONE = 0.05
"""Largest share of items that are shown without negatives."""
_MADE = ((Mode.SWAPPED, 0.62), (Mode.DELETED, 0.20), (Mode.ABSENT, 0.16), (Mode.CHATTER, 0.02))


def one_pass(items: Sequence[Item], seed: int, number: int) -> NDArray[np.int64]:
    """The turns of pass ``number`` over the data, shape (groups, 2): item and mode, shuffled."""
    rng = np.random.default_rng((seed, number))
    answerable: list[int] = []
    impossible: list[int] = []
    alone: list[int] = []
    spans: list[int] = []
    for at, item in enumerate(items):
        if item.role is Role.IMPOSSIBLE:
            impossible += [at] * IMPOSSIBLE_REPEATS
        elif item.alone:
            alone.append(at)
        else:
            answerable += [at] * item.repeats
            if item.role is Role.SPAN:
                spans += [at] * item.repeats
    groups = len(answerable) / max(1 - UNANSWERABLE - ALONE, 0.1)
    if alone:
        cap = round(ALONE * groups) if answerable else len(alone)
        answerable += [int(at) for at in rng.permutation(alone)[:cap]]
    turns = [(at, Mode.AS_IT_IS) for at in answerable + impossible]
    wanted = round(len(answerable) * UNANSWERABLE / (1 - UNANSWERABLE)) - len(impossible)
    for mode, share in _MADE:
        if spans and wanted > 0:
            turns += [(int(at), mode) for at in rng.choice(spans, round(share * wanted))]
    order = rng.permutation(len(turns))
    return np.asarray(turns, dtype=np.int64).reshape(-1, 2)[order]


class Schedule:
    """The groups of each step. ``length(step)`` in tokens grows for the last quarter of the planned steps."""

    def __init__(self, items: Sequence[Item], builder: GroupBuilder, *, seed: int, groups: int = 8) -> None:
        self._items = items
        self._builder = builder
        self._seed = seed
        self._groups = groups
        self._pass: tuple[int, NDArray[np.int64]] = (-1, np.zeros((0, 2), dtype=np.int64))
        self.steps_per_pass = max(len(one_pass(items, seed, 0)) // groups, 1)

    def batch(self, step: int, *, long: bool) -> list[Group]:
        """The groups of ``step`` (counted from 0), in windows of 128 tokens mostly, with ``long`` of 192 or 256."""
        number, position = divmod(step, self.steps_per_pass)
        if self._pass[0] != number:
            self._pass = (number, one_pass(self._items, self._seed, number))
        rng = np.random.default_rng((self._seed, 1, step))
        short, longer = (192, 256) if long else (128, 192)
        length = longer if rng.random() < (0.4 if long else 0.08) else short
        turns = self._pass[1]
        chosen = [turns[(position * self._groups + i) % len(turns)] for i in range(self._groups)]
        return [
            self._builder.build(int(item), Mode(int(mode)), length, np.random.default_rng((self._seed, 2, step, i)))
            for i, (item, mode) in enumerate(chosen)
        ]
