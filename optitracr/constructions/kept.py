"""Plans of tables that have been planned before, in this program or another.

Programs ask for the same over and over: three kinds of brackets, and a variable over several cuts
of which the same leaves matter. What a plan is follows from the task alone, the names of its leaves
apart, so that one is as good as another, bit for bit.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from optitracr.constructions.leaves import Leaf, Plan
from optitracr.constructions.tasks import Construction, Task
from optitracr.craft.spaces import FloatArray

MAX_BYTES = 1 << 26
"""What all that is kept takes at most: 64 MB, of some ten thousand small tables, which a thousand
programs ask for; with a quarter of that an eighth more are planned. Beyond it those that have not
been asked for the longest are forgotten."""

MAX_TASK_BYTES = 1 << 15
"""Size of a task up to which its plans are kept, some thousand entries: larger ones seldom occur
twice."""

ENTRY_BYTES = 4_000
"""What is counted for the objects of Python around the arrays of what is kept: a few dozen."""

VALUE_BYTES = 200
"""What is counted for each value of a leaf: its number and its class, in a few tuples."""

Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class _Entry:
    """The plans of a task.

    Attributes:
        leaves: What it reads.
        plans: Its plans.
        size: What they take, in bytes.
    """

    leaves: Sequence[Leaf]
    plans: Sequence[Plan]
    size: int


class Kept:
    """Plans by what they were asked for, those asked for last at the end.

    Attributes:
        limit: What they take at most, in bytes.
        size: What they take.
    """

    def __init__(self, limit: int) -> None:
        """Nothing is kept yet."""
        self.limit, self.size = limit, 0
        self._found: OrderedDict[Key, _Entry] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._found)

    def planned(self, task: Task, makers: Sequence[Construction]) -> list[Plan]:
        """The plans of a task by some constructions, in their order."""
        size = _size(task)
        if size > MAX_TASK_BYTES:
            return _made(task, makers)
        key = _key(task, makers)
        with self._lock:
            known = self._found.get(key)
            if known is not None:
                self._found.move_to_end(key)
        if known is None:
            plans = _made(task, makers)
            self._add(key, task, plans, size)
            return plans
        renamed = {old.label: new for old, new in zip(known.leaves, task.leaves, strict=True)}
        return [_reading(plan, renamed) for plan in known.plans]

    def _add(self, key: Key, task: Task, plans: list[Plan], size: int) -> None:
        arrays = [array for plan in plans for array in _arrays(plan)]
        for array in arrays:
            # What several programs share nobody may write to.
            array.setflags(write=False)
        held = sum(array.nbytes for array in arrays) + ENTRY_BYTES
        held += size + VALUE_BYTES * sum(leaf.size for leaf in task.leaves)
        if held > self.limit:
            return
        with self._lock:
            if key not in self._found:
                self._found[key] = _Entry(task.leaves, tuple(plans), held)
                self.size += held
            while self.size > self.limit:
                self.size -= self._found.popitem(last=False)[1].size


KEPT = Kept(MAX_BYTES)
"""The plans of this process."""


def _made(task: Task, makers: Sequence[Construction]) -> list[Plan]:
    return [plan for make in makers for plan in make(task)]


def _parts(task: Task) -> list[NDArray[np.generic]]:
    """The arrays of a task; which combinations can occur comes last, if it is known."""
    some = [] if task.possible is None else [task.possible]
    return [*task.classes, task.table, task.rows, task.ranks, *some]


def _size(task: Task) -> int:
    return sum(part.nbytes for part in _parts(task))


def _key(task: Task, makers: Sequence[Construction]) -> Key:
    """All that decides the plans of a task: everything but the names of its leaves."""
    leaves = [(x.numerical, x.may_be_none, x.numbers, x.size) for x in task.leaves]
    arrays = [(x.shape, x.dtype.str, x.tobytes()) for x in _parts(task)]
    rest = (task.zero, task.default, task.tolerance, task.close, task.robust, task.passed)
    return (*makers, *leaves, *arrays, task.possible is None, *rest)


def _arrays(plan: Plan) -> tuple[FloatArray, ...]:
    return (*plan.w_in, plan.b_in, plan.w_out, plan.bias)


def _reading(plan: Plan, leaves: Mapping[str, Leaf]) -> Plan:
    """A plan over other leaves."""
    return replace(
        plan, axes=tuple(replace(axis, leaf=leaves[axis.leaf.label]) for axis in plan.axes)
    )
