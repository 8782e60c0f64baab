"""Numbers that are linear in others, in each class of the rest, by a neuron a class."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from optitracr.constructions.leaves import Leaf, Plan
from optitracr.constructions.lines import line_plans
from optitracr.constructions.table_mlp import reduced_task
from optitracr.craft.piecewise import JUMP_ERROR
from tests.constructions.leaves import category, number, written


def plans(
    leaves: Sequence[Leaf],
    function: Callable[..., float],
    possible: NDArray[np.bool_] | None = None,
    tolerance: float = JUMP_ERROR,
    robust: bool = False,
) -> list[Plan]:
    """The plans of a function of indices, each compared with it wherever that is known."""
    shape = [leaf.size for leaf in leaves]
    results = np.array([function(*at) for at in np.ndindex(*shape)]).reshape(shape)
    rows, codes = np.unique(results, return_inverse=True)
    task = reduced_task(
        leaves,
        codes.reshape(shape).astype(np.int32),
        rows[:, None],
        tolerance,
        possible,
        robust=robust,
    )
    found = list(line_plans(task))
    for plan in found:
        for at in np.ndindex(*shape):
            if possible is None or possible[at]:
                assert written(plan, leaves, at) == pytest.approx([results[at]], abs=tolerance)
    return found


def shares(positions: int) -> list[float]:
    return sorted({k / n for n in range(1, positions + 1) for k in range(n + 1)})


@pytest.mark.parametrize("positions", [3, 20])
def test_a_mean_times_its_positions_is_a_count(positions: int) -> None:
    """Wherever it is a whole number; the rest cannot occur."""
    values = shares(positions)
    counts = np.outer(np.arange(1, positions + 1), values)
    possible = abs(counts - counts.round()) < 1e-9
    leaves = (category("index", positions), number("mean", *values))
    [plan] = plans(leaves, lambda i, x: counts[i, x].round() - 7, possible)
    assert plan.neurons == positions


def test_cells_with_one_function_share_a_neuron() -> None:
    leaves = (category("a", 6), number("x", 0.0, 1.0, 2.5))
    [plan] = plans(leaves, lambda a, x: leaves[1].numbers[x] * (a % 2) - 3)
    assert plan.neurons == 1


@pytest.mark.parametrize("factors", [(1.0, -2.0), (0.0, 0.5), (-1.0, -1.0)])
def test_of_numbers_alone(factors: tuple[float, float]) -> None:
    leaves = (number("x", -1.0, 0.5, 2.0), number("y", 0.0, 3.0))
    [plan] = plans(
        leaves,
        lambda x, y: factors[0] * leaves[0].numbers[x] + factors[1] * leaves[1].numbers[y] + 5.0,
    )
    assert plan.neurons == 1


def test_beside_two_categories() -> None:
    leaves = (category("a", 2), number("x", -2.0, -1.0, 4.0), category("b", 3))
    [plan] = plans(leaves, lambda a, x, b: (b - 1) * leaves[1].numbers[x] + 10 * a)
    assert plan.neurons == 6


def test_what_is_not_linear_has_no_plan() -> None:
    leaves = (category("a", 2), number("x", 0.0, 1.0, 2.0))
    assert not plans(leaves, lambda a, x: a * x * x)


def test_no_plan_that_float32_does_not_carry() -> None:
    """Nor any where errors of what is read have to be borne."""
    leaves = (category("a", 2), number("x", 0.0, 1e-3, 2e-3))
    assert plans(leaves, lambda a, x: 3.0 * a * x)
    assert not plans(leaves, lambda a, x: 3.0 * a * x, tolerance=1e-6)
    assert not plans(leaves, lambda a, x: 3.0 * a * x, robust=True)


def test_no_plan_beside_what_may_be_none() -> None:
    leaves = (category("a", 2, may_be_none=True), number("x", 0.0, 1.0))
    assert not plans(leaves, lambda a, x: float(a * x))
