"""Every construction of a table writes what the table says, for every value of its leaves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import product
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from optitracr.constructions.additive import additive_plans
from optitracr.constructions.leaves import Axis, Leaf
from optitracr.constructions.lines import line_plans
from optitracr.constructions.masks import fewest_terms, term_counts
from optitracr.constructions.sums import linear_plan
from optitracr.constructions.table_mlp import entry_plans, plan_table, reduced_task, refusal
from optitracr.constructions.tasks import Task
from optitracr.constructions.thresholds import half_plane_plans, separating_plane
from optitracr.craft.piecewise import LOOSE_JUMP_ERROR
from optitracr.craft.spaces import FloatArray
from tests.constructions.leaves import category, number, written

CATEGORIES = (category("a", 3), category("b", 2), category("c", 4))
NUMBERS = (number("x", -2.0, 0.0, 0.5, 3.0), number("y", 0.0, 1.0, 2.0))
LEAVES = st.lists(st.sampled_from([*CATEGORIES, *NUMBERS]), min_size=1, max_size=3, unique=True)
TOLERANCE = 1e-3


def check(
    leaves: Sequence[Leaf],
    function: Callable[..., int],
    rows: FloatArray,
    least: int = 1,
) -> list[int]:
    """Compares each plan of a function of values' indices; the neurons of each."""
    shape = [leaf.size for leaf in leaves]
    table = np.array([function(*at) for at in np.ndindex(*shape)], dtype=np.int32).reshape(shape)
    plans = plan_table(leaves, table, rows, further=(half_plane_plans, additive_plans, line_plans))
    assert len(plans) >= least
    padded = np.concatenate([rows, np.zeros((1, rows.shape[1]))])
    for plan in plans:
        for at in np.ndindex(*shape):
            assert written(plan, leaves, at) == pytest.approx(padded[table[at]], abs=TOLERANCE)
    neurons = [plan.neurons for plan in plans]
    assert neurons == sorted(neurons)
    return neurons


@settings(deadline=None, max_examples=60)
@given(LEAVES, st.randoms(use_true_random=False), st.booleans())
def test_any_table(leaves: list[Leaf], rng: Random, as_classes: bool) -> None:
    rows = np.eye(3) if as_classes else np.array([[-1.0], [0.25], [4.0]])
    values = {at: rng.choice([-1, 0, 1, 2]) for at in product(*(range(x.size) for x in leaves))}
    least = 0 if any(leaf.numerical for leaf in leaves) else 1
    check(leaves, lambda *at: values[at], rows, least)


def test_none_writes_nothing() -> None:
    """A leaf that is None fires no neuron, whatever the other says."""
    leaves = (category("a", 3, may_be_none=True), category("b", 2))
    table = np.array([[0, 1], [1, 0], [0, 0]], dtype=np.int32)
    for plan in plan_table(leaves, table, np.eye(2)):
        assert written(plan, leaves, (None, 1)) == pytest.approx(0.0, abs=TOLERANCE)
        assert written(plan, leaves, (0, 1)) == pytest.approx([0.0, 1.0], abs=TOLERANCE)


@pytest.mark.parametrize("other_may_be_none", [False, True])
def test_a_sum_of_what_may_be_none_takes_few_neurons(other_may_be_none: bool) -> None:
    """Two neurons for each sum, and not one for each pair; None of either writes nothing."""
    numbers = tuple(map(float, range(-3, 5)))
    leaves = (Leaf("a", False, True, numbers, 8), Leaf("b", False, other_may_be_none, numbers, 8))
    table = np.subtract.outer(np.arange(8), np.arange(8)).astype(np.int32) + 7
    rows = np.stack([np.cos(np.arange(15.0)), np.sin(np.arange(15.0))], axis=1)
    best = plan_table(leaves, table, rows)[0]
    assert best.neurons <= 2 * 15
    known = [*range(8), None]
    for a, b in product(known, known if other_may_be_none else known[:-1]):
        expected = np.zeros(2) if a is None or b is None else rows[table[a, b]]
        assert written(best, leaves, (a, b)) == pytest.approx(expected, abs=TOLERANCE)


def test_a_constant_needs_no_neuron() -> None:
    assert check((CATEGORIES[0],), lambda a: 1, np.eye(2))[0] == 0


def test_a_number_of_one_category_takes_a_neuron_for_each_sign() -> None:
    rows = np.array([[-1.0], [0.0], [2.0]])
    assert check((CATEGORIES[0],), lambda a: a, rows)[0] <= 2


def test_a_sum_takes_few_neurons_however_many_values() -> None:
    """The parity of a sum of two digits changes at each of its values, and not at each pair."""
    digits = tuple(Leaf(name, False, False, tuple(map(float, range(8))), 8) for name in ("a", "b"))
    found = check(digits, lambda a, b: int(a + b > 7), np.eye(2))
    assert found[0] <= 2


def test_steps_of_a_number_within_a_category() -> None:
    found = check((CATEGORIES[1], NUMBERS[0]), lambda b, x: int(x > 1 + b), np.eye(2))
    assert found[0] <= 6


def test_values_too_close_for_float32_are_refused() -> None:
    leaf = number("x", 1.0, 1.0 + 1e-9)
    table = np.array([0, 1], dtype=np.int32)
    assert plan_table((leaf,), table, np.eye(2)) == []
    assert "float32" in refusal((leaf,), table, np.eye(2), 1e-3)


X, Y = NUMBERS


def task_of(function: Callable[[float, float], float], possible: object = None) -> Task:
    """A number of two numbers, as constructions are asked for it."""
    entries = [[function(x, y) for y in Y.numbers] for x in X.numbers]
    values = sorted({entry for row in entries for entry in row})
    table = np.array([[values.index(entry) for entry in row] for row in entries], dtype=np.int32)
    rows = np.array(values)[:, None]
    mask = None if possible is None else np.asarray(possible, dtype=bool)
    return reduced_task((X, Y), table, rows, possible=mask)


def test_levels_of_several_numbers_take_two_neurons_a_plane() -> None:
    [plan] = half_plane_plans(task_of(lambda x, y: float(x + y > 1.0)))
    assert plan.neurons == 2
    for i, x in enumerate(X.numbers):
        for j, y in enumerate(Y.numbers):
            assert written(plan, (X, Y), (i, j)) == pytest.approx(float(x + y > 1.0), abs=TOLERANCE)


def test_planes_have_the_largest_margin() -> None:
    below, above = np.array([[0.0, 0.0], [1.0, 0.0]]), np.array([[2.0, 2.0]])
    found = separating_plane(below, above)
    assert found is not None
    normal, at, margin = found
    assert (above @ normal + at >= margin).all()
    assert (below @ normal + at <= -margin).all()
    assert margin == pytest.approx(1.5)
    assert separating_plane(below, below) is None
    assert separating_plane(below, below + np.array([0.0, 1e-7])) is None, (
        "float32 does not carry it"
    )


def test_planes_between_many_points_rest_on_few_of_them() -> None:
    """What linear programs find of some rows at a time keeps the margin that all rows leave."""
    rng = np.random.default_rng(0)
    points = rng.uniform(-1.0, 1.0, size=(20_000, 3))
    side = points @ np.array([1.0, -0.5, 0.25]) - 0.1
    below, above = points[side < -0.05], points[side > 0.05]
    found = separating_plane(below, above)
    assert found is not None
    normal, at, margin = found
    assert (above @ normal + at >= margin).all()
    assert (below @ normal + at <= -margin).all()
    assert margin >= 0.05 - 1e-8, "that of the plane by which the points were told apart"
    assert separating_plane(points[::2], points[1::2]) is None


def fractions_of_one_length(length: int) -> tuple[list[Fraction], NDArray[np.bool_]]:
    """All fractions with a denominator up to a length, and which pairs have one in common."""
    values = sorted({Fraction(k, n) for n in range(1, length + 1) for k in range(n + 1)})
    place = {value: index for index, value in enumerate(values)}
    together = np.zeros((len(values), len(values)), dtype=bool)
    for n in range(1, length + 1):
        own = [place[Fraction(k, n)] for k in range(n + 1)]
        together[np.ix_(own, own)] = True
    return values, together


@pytest.mark.parametrize("factor", [1, 3])
def test_entries_that_occur_are_counted_alone(factor: int) -> None:
    """Means of forty have 241,081 pairs, of which few occur; one plane tells them apart."""
    values, together = fractions_of_one_length(40)
    numbers = tuple(float(value) for value in values)
    leaves = (number("x", *numbers), number("y", *numbers))
    table = np.array([[int(x < factor * y) for y in values] for x in values], dtype=np.int32)
    plans = plan_table(leaves, table, np.eye(2), possible=together, further=(half_plane_plans,))
    assert plans[0].neurons == 2
    close = [(i, j) for i, j in np.argwhere(together) if abs(values[i] - factor * values[j]) < 0.1]
    for i, j in close[::20]:
        wanted = np.eye(2)[table[i, j]]
        assert written(plans[0], leaves, (i, j)) == pytest.approx(wanted, abs=TOLERANCE)


@pytest.mark.parametrize("seed", range(5))
def test_boxes_are_counted_before_they_are_made(seed: int) -> None:
    table = np.random.default_rng(seed).integers(0, 3, size=(4, 3, 5)[: 1 + seed % 3])
    table = table.astype(np.int32)
    assert min(term_counts(table, 1)) == len(fewest_terms(table, 1)[1])


def test_the_sum_of_numbers_of_three_digits_takes_no_neuron_an_entry() -> None:
    """Weights for each of its million entries would take gigabytes."""
    numbers = tuple(map(float, range(1000)))
    leaves = tuple(Leaf(name, False, True, numbers, 1000) for name in ("a", "b"))
    table = np.add.outer(np.arange(1000), np.arange(1000)).astype(np.int32)
    rows = np.eye(1999)[:, ::200]
    assert list(entry_plans(reduced_task(leaves, table % 1998, np.eye(1998)))) == []
    best = plan_table(leaves, table, rows, tolerance=LOOSE_JUMP_ERROR)[0]
    assert best.neurons <= 40
    for a, b in ((0, 0), (0, 200), (200, 401), (523, 477), (524, 477), (999, 999)):
        assert written(best, leaves, (a, b)) == pytest.approx(rows[a + b], abs=LOOSE_JUMP_ERROR)
    for lacking in ((None, 200), (400, None), (None, None)):
        assert written(best, leaves, lacking) == pytest.approx(np.zeros(10), abs=LOOSE_JUMP_ERROR)


def test_a_sum_of_functions_is_their_sum() -> None:
    def function(x: float, y: float) -> float:
        return abs(x) + y * y

    [plan] = additive_plans(task_of(function))
    for i, x in enumerate(X.numbers):
        for j, y in enumerate(Y.numbers):
            assert written(plan, (X, Y), (i, j)) == pytest.approx([function(x, y)], abs=TOLERANCE)


def test_a_product_is_no_sum() -> None:
    assert list(additive_plans(task_of(lambda x, y: x * y))) == []


def test_a_sum_of_what_can_occur_is_enough() -> None:
    """Where only equal places occur, the product is a function of one of them."""
    equal = np.eye(X.size, Y.size, dtype=bool)
    [plan] = additive_plans(task_of(lambda x, y: x * y, equal))
    for place in range(Y.size):
        wanted = X.numbers[place] * Y.numbers[place]
        assert written(plan, (X, Y), (place, place)) == pytest.approx([wanted], abs=TOLERANCE)


def test_sums_with_factors_pass_numbers_on() -> None:
    """A number of both signs takes two neurons, one that is never negative takes one."""
    plan = linear_plan((Axis(X, ()), Axis(Y, ())), (2.0, -1.0))
    assert plan.neurons == 3
    for i, x in enumerate(X.numbers):
        for j, y in enumerate(Y.numbers):
            assert written(plan, (X, Y), (i, j)) == pytest.approx([2 * x - y])
