"""Steps with thresholds of their own in each cell write what the table says where it is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optitracr.constructions.leaves import Leaf, Plan
from optitracr.constructions.own_steps import own_step_plans
from optitracr.constructions.table_mlp import plan_table, reduced_task
from optitracr.craft.piecewise import LOOSE_JUMP_ERROR
from optitracr.craft.spaces import FloatArray
from tests.constructions.leaves import category, number, written

TOLERANCE = 1e-2


def plans_of(
    leaves: Sequence[Leaf], table: FloatArray, rows: FloatArray, known: FloatArray
) -> list[Plan]:
    task = reduced_task(leaves, table.astype(np.int32), rows, LOOSE_JUMP_ERROR, known > 0)
    return list(own_step_plans(task))


def check(
    plan: Plan, leaves: Sequence[Leaf], table: FloatArray, rows: FloatArray, known: FloatArray
) -> None:
    padded = np.concatenate([rows, np.zeros((1, rows.shape[1]))])
    for at in np.argwhere(known):
        found = written(plan, leaves, tuple(at.tolist()))
        assert found == pytest.approx(padded[int(table[tuple(at)])], abs=TOLERANCE), at


def means_and_lengths(
    longest: int, highest: int, function: Callable[[int, int], int]
) -> tuple[list[Leaf], FloatArray, FloatArray]:
    """A function of the sum of digits, by their mean, and of their number."""
    pairs = {
        (Fraction(total, size), size): total
        for size in range(1, longest + 1)
        for total in range(highest * size + 1)
    }
    numbers = sorted({mean for mean, _ in pairs})
    place = {mean: i for i, mean in enumerate(numbers)}
    table, known = np.zeros((len(numbers), longest)), np.zeros((len(numbers), longest))
    for (mean, size), total in pairs.items():
        table[place[mean], size - 1] = function(total, size)
        known[place[mean], size - 1] = 1
    return [number("mean", *map(float, numbers)), category("length", longest)], table, known


@pytest.mark.parametrize("longest", [2, 5, 12])
@pytest.mark.parametrize("as_classes", [True, False])
def test_residues_of_sums(longest: int, as_classes: bool) -> None:
    leaves, table, known = means_and_lengths(longest, 4, lambda total, size: total % 3)
    rows = np.eye(3) if as_classes else np.array([[0.0], [1.0], [2.0]])
    (plan,) = plans_of(leaves, table, rows, known)
    check(plan, leaves, table, rows, known)
    thresholds = sum(4 * size for size in range(1, longest + 1))
    assert 2 * thresholds <= plan.neurons <= 2 * thresholds + 2 * longest


def test_means_too_close_for_thresholds_of_all_cells() -> None:
    """The means of 30 and of 29 digits are not told apart, and need not be."""
    leaves, table, known = means_and_lengths(30, 9, lambda total, size: total > 4 * size)
    rows = np.eye(2)
    plans = plans_of(leaves, table, rows, known)
    assert len(plans) == 1
    check(plans[0], leaves, table, rows, known)
    assert plans[0].neurons <= 3 * 30


def test_numbers_too_close_in_a_cell() -> None:
    leaves = [number("x", 1.0, 1.0 + 1e-6, 2.0), category("c", 2)]
    table, known = np.array([[0, 1], [1, 0], [0, 0]]), np.array([[1, 0], [1, 1], [1, 1]])
    assert not plans_of(leaves, table, np.eye(2), known)
    apart = np.array([[0, 1], [1, 0], [1, 1]])
    (plan,) = plans_of(leaves, table, np.eye(2), apart)
    check(plan, leaves, table, np.eye(2), apart)


def test_what_is_known_of_all_is_left_to_other_constructions() -> None:
    leaves = [number("x", 1.0, 2.0), category("c", 2)]
    table = np.array([[0, 1], [1, 0]])
    assert not plans_of(leaves, table, np.eye(2), np.ones((2, 2)))


def test_none_writes_nothing() -> None:
    leaves = [number("x", -1.0, 0.0, 1.0), category("c", 2, may_be_none=True)]
    table, known = np.array([[0, 1], [1, 0], [0, 0]]), np.array([[1, 0], [1, 1], [0, 1]])
    (plan,) = plans_of(leaves, table, np.eye(2), known)
    check(plan, leaves, table, np.eye(2), known)
    for place in range(3):
        assert written(plan, leaves, (place, None)) == pytest.approx(np.zeros(2), abs=1e-6)


@settings(deadline=None, max_examples=60)
@given(st.randoms(use_true_random=False), st.integers(1, 4), st.booleans())
def test_any_table(rng: Random, classes: int, second: bool) -> None:
    leaves = [category("a", classes), number("x", -2.0, 0.0, 0.5, 3.0)]
    leaves += [category("b", 2)] if second else []
    shape = [leaf.size for leaf in leaves]
    table = np.array([rng.choice([-1, 0, 1, 2]) for _ in range(int(np.prod(shape)))])
    known = np.array([rng.random() < 0.7 for _ in range(table.size)], dtype=np.float64)
    table, known = table.reshape(shape), known.reshape(shape)
    rows = np.eye(3) if rng.random() < 0.5 else np.array([[-1.0], [0.25], [4.0]])
    for plan in plans_of(leaves, table, rows, known):
        check(plan, leaves, table, rows, known)
    possible = known > 0
    if possible.any():
        for plan in plan_table(
            leaves, table.astype(np.int32), rows, possible=possible, further=(own_step_plans,)
        ):
            check(plan, leaves, table, rows, known)
