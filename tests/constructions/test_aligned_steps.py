"""One step between two levels for all classes of a category, whatever its threshold in each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optitracr.constructions.aligned_steps import aligned_step_plans
from optitracr.constructions.leaves import Leaf, Plan
from optitracr.constructions.table_mlp import reduced_task
from optitracr.craft.piecewise import LOOSE_JUMP_ERROR
from optitracr.craft.spaces import FloatArray
from tests.constructions.leaves import category, number, written

SHARES = number("share", *(1.0 / count for count in range(9, 0, -1)))
NOISE = 1e-6


def check(leaves: tuple[Leaf, Leaf], codes: FloatArray, known: FloatArray) -> Plan | None:
    """Compares the plan of a table of classes and numbers, which may be off by some noise."""
    rows = np.eye(int(codes.max()) + 1)
    task = reduced_task(leaves, codes.astype(np.int32), rows, LOOSE_JUMP_ERROR, known > 0)
    padded = np.concatenate([rows, np.zeros((1, len(rows)))])
    plan = next(iter(aligned_step_plans(task)), None)
    for row, column in np.argwhere(known) if plan else ():
        for off in (1.0 - NOISE, 1.0 + NOISE):
            held = [
                Leaf(x.label, True, False, tuple(off * n for n in x.numbers), 9) for x in leaves
            ]
            found = written(plan, [leaves[0], held[1]], (int(row), int(column)))
            assert found == pytest.approx(padded[int(codes[row, column])], abs=1e-2)
    return plan


def noisy(plan: Plan, factor: float) -> Plan:
    """The same, where the number that is read is too large by a factor."""
    numbers = [axis.leaf.numerical for axis in plan.axes]
    w_in = (w * factor if own else w for w, own in zip(plan.w_in, numbers, strict=True))
    return replace(plan, w_in=tuple(w_in))


def table(function: Callable[[int, int], int], classes: int) -> FloatArray:
    return np.array([[function(row, 9 - i) for i in range(9)] for row in range(classes)])


def test_the_place_from_the_end_takes_two_neurons_a_place() -> None:
    """Nine positions of inputs of up to nine tokens: 45 combinations, and nine places."""
    codes = table(lambda index, length: max(length - 1 - index, 0), 9)
    known = table(lambda index, length: int(index < length), 9)
    plan = check((category("index", 9), SHARES), codes, known)
    assert plan is not None
    assert plan.neurons == 16


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.lists(st.integers(0, 3), min_size=9, max_size=9), min_size=1, max_size=5),
    st.integers(0, 2**45 - 1),
    st.booleans(),
)
def test_any_table(codes: list[list[int]], known: int, none: bool) -> None:
    shape = (len(codes), 9)
    seen = np.array([known >> i & 1 for i in range(shape[0] * 9)]).reshape(shape)
    leaves = (category("class", shape[0], may_be_none=none), SHARES)
    check(leaves, np.array(codes), seen)


def test_none_writes_nothing() -> None:
    leaves = (category("class", 3, may_be_none=True), SHARES)
    codes = table(lambda row, count: int(count > 2 + row) - 1, 3)
    task = reduced_task(leaves, codes.astype(np.int32), np.eye(1), LOOSE_JUMP_ERROR)
    [plan] = aligned_step_plans(task)
    assert plan.neurons == 2
    for column in range(9):
        assert written(plan, leaves, (None, column)) == pytest.approx([0.0], abs=1e-2)
        assert written(plan, leaves, (1, column)) == pytest.approx([float(column < 6)], abs=1e-2)
