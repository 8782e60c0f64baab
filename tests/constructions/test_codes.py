"""What reads classes as points of a circle gives what reads them from a one-hot."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from optitracr.constructions.bilinear import on_circle
from optitracr.constructions.codes import WIDTH, CodedAxis, coded
from optitracr.constructions.leaves import Axis, Leaf, Plan
from optitracr.constructions.table_mlp import entry_plans, plan_table, reduced_task
from optitracr.craft.spaces import FloatArray

TOLERANCE = 1e-3


def _code(axis: Axis) -> FloatArray | None:
    return on_circle(np.arange(axis.leaf.size), axis.leaf.size)


def _given(plan: Plan) -> FloatArray:
    """What a plan writes for every combination of values, None among them where that can be."""
    rows = []
    for axis in plan.axes:
        need = axis.need.rows if not axis.leaf.numerical else np.array(axis.leaf.numbers)[:, None]
        none = np.zeros((int(axis.leaf.may_be_none), need.shape[1]))
        rows.append(np.concatenate([need, none]))
    found = []
    for place in product(*(range(len(each)) for each in rows)):
        before = plan.b_in.copy()
        for each, at, weights in zip(rows, place, plan.w_in, strict=True):
            before += each[at] @ weights
        found.append(np.maximum(before, 0.0) @ plan.w_out + plan.bias)
    return np.array(found)


@pytest.mark.parametrize("seed", range(12))
def test_a_code_gives_what_a_one_hot_does(seed: int) -> None:
    random = np.random.default_rng(seed)
    sizes = random.integers(3, 7, random.integers(1, 4))
    leaves = [
        Leaf(f"x{i}", False, bool(random.integers(2)), (), int(n)) for i, n in enumerate(sizes)
    ]
    table = random.integers(-1, 3, sizes)
    made = [(plan, coded(plan, _code, TOLERANCE)) for plan in plan_table(leaves, table, np.eye(3))]
    for plan, code in made:
        if code is not None:
            assert any(isinstance(axis, CodedAxis) for axis in code.axes)
            np.testing.assert_allclose(_given(code), _given(plan), atol=1e-8)


@pytest.mark.parametrize(
    ("table", "done"),
    [
        ([0, 1, 2, 3, 4, 5, 6], True),
        ([0, 0, 1, 1, 2, 2, 3, 3], True),
        ([0, 1, 2, 0, 1, 2, 0, 1, 3], False),
    ],
)
def test_a_value_and_two_neighbours_are_told_apart_from_the_rest(
    table: list[int], done: bool
) -> None:
    leaf = Leaf("x", False, False, (), len(table))
    [plan] = entry_plans(reduced_task([leaf], np.array(table), np.eye(7)))
    assert plan.axes[0].width > WIDTH
    found = coded(plan, _code, TOLERANCE)
    assert (found is not None) == done
    if found is not None:
        assert found.axes[0].width == found.axes[0].need.columns == WIDTH
        assert found.axes[0].signed
        np.testing.assert_allclose(_given(found), _given(plan), atol=1e-8)


def test_what_reads_two_columns_or_numbers_is_left_as_it_is() -> None:
    few, number = Leaf("x", False, False, (), 3), Leaf("y", True, False, (0.0, 1.0, 2.0, 3.0), 4)
    for leaf in (few, number):
        table = np.arange(leaf.size)
        for plan in plan_table([leaf], table, np.eye(leaf.size)):
            assert plan.axes[0].width > WIDTH or coded(plan, _code, TOLERANCE) is None
