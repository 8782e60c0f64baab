"""Plans that are kept: the same as those that are made, within a stated memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from optitracr.constructions.kept import MAX_TASK_BYTES, Kept
from optitracr.constructions.leaves import Leaf, Plan
from optitracr.constructions.table_mlp import entry_plans, reduced_task, sum_plans
from optitracr.constructions.tasks import Task

MAKERS = (entry_plans, sum_plans)


def task_of(x: str, y: str, size: int = 4, call: Callable[[int, int], int] = max) -> Task:
    leaves = [Leaf(label, False, False, tuple(map(float, range(size))), size) for label in (x, y)]
    table = np.array([[call(i, j) for j in range(size)] for i in range(size)], dtype=np.int32)
    return reduced_task(leaves, table, np.eye(int(table.max()) + 1))


def assert_same(found: list[Plan], expected: list[Plan]) -> None:
    assert len(found) == len(expected) > 0
    for one, other in zip(found, expected, strict=True):
        assert one.axes == other.axes
        for name in ("b_in", "w_out", "bias"):
            assert np.array_equal(getattr(one, name), getattr(other, name))
        assert all(map(np.array_equal, one.w_in, other.w_in))


def test_plans_of_the_same_table_over_other_leaves() -> None:
    kept = Kept(1 << 20)
    kept.planned(task_of("a", "b"), MAKERS)
    assert len(kept) == 1
    other = task_of("c", "d")
    assert_same(kept.planned(other, MAKERS), [plan for make in MAKERS for plan in make(other)])
    assert len(kept) == 1
    assert [axis.leaf.label for axis in kept.planned(other, MAKERS)[0].axes] == ["c", "d"]


@pytest.mark.parametrize(
    "change",
    [
        lambda task: replace(task, tolerance=task.tolerance / 2),
        lambda task: replace(task, close=True),
        lambda task: replace(task, robust=True),
        lambda task: replace(task, default=task.zero),
        lambda task: replace(task, rows=2 * task.rows),
        lambda task: replace(task, possible=task.table != 0),
        lambda task: replace(task, leaves=[replace(x, may_be_none=True) for x in task.leaves]),
        lambda task: replace(task, leaves=[replace(x, numbers=()) for x in task.leaves]),
    ],
)
def test_whatever_decides_a_plan_is_told_apart(change: Callable[[Task], Task]) -> None:
    kept, task = Kept(1 << 20), task_of("a", "b")
    kept.planned(task, MAKERS)
    changed = change(task)
    found = kept.planned(changed, MAKERS)
    assert len(kept) == 2
    assert_same(found, [plan for make in MAKERS for plan in make(changed)])
    kept.planned(task, MAKERS[:1])
    assert len(kept) == 3


def test_those_not_asked_for_the_longest_are_forgotten() -> None:
    kept = Kept(60_000)
    tasks = [task_of("a", "b", 5, lambda i, j, k=k: (i * k + j) % 5) for k in range(30)]
    for task in tasks:
        kept.planned(tasks[0], MAKERS)
        kept.planned(task, MAKERS)
        assert kept.size <= kept.limit
    assert 1 < len(kept) < len(tasks)
    count = len(kept)
    kept.planned(tasks[0], MAKERS)
    kept.planned(tasks[-1], MAKERS)
    assert len(kept) == count
    kept.planned(tasks[1], MAKERS)
    assert kept.size <= kept.limit


def test_large_tasks_are_not_kept_and_nobody_writes_to_what_is() -> None:
    kept = Kept(1 << 24)
    large = task_of("a", "b", 100)
    assert large.table.nbytes > MAX_TASK_BYTES
    assert kept.planned(large, [lambda task: []]) == []
    assert len(kept) == 0
    plan, *_ = kept.planned(task_of("a", "b"), MAKERS)
    with pytest.raises(ValueError, match="read-only"):
        plan.w_out[0, 0] = 1.0
