"""Stored networks: found again in any order, evaluated everywhere, and never believed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from optitracr.constructions import gated_sums
from optitracr.constructions.gated_sums import gated_sum_plans
from optitracr.constructions.leaves import Leaf, Plan
from optitracr.constructions.networks import network_plans
from optitracr.constructions.networks.canonical import Colouring
from optitracr.constructions.networks.plans import plan_of
from optitracr.constructions.networks.points import Points, points_of
from optitracr.constructions.networks.stored import stored
from optitracr.constructions.networks.stored import written as text_of
from optitracr.constructions.table_mlp import plan_table, reduced_task
from optitracr.constructions.tasks import Task
from tests.constructions.leaves import category, number, written

ROWS = np.arange(1.0, 5.0)[:, None]


def task_of(call: Callable[..., int], leaves: Sequence[Leaf], rows: np.ndarray = ROWS) -> Task:
    table = np.empty([leaf.size for leaf in leaves], dtype=np.int32)
    for place in np.ndindex(table.shape):
        table[place] = call(*place)
    return reduced_task(leaves, table, rows)


def assert_writes(plan: Plan, task: Task, call: Callable[..., int], rows: np.ndarray) -> None:
    """A plan writes what the function says, and nothing where a leaf is None."""
    values = [[*range(leaf.size), *([None] if leaf.may_be_none else [])] for leaf in task.leaves]
    for place in product(*values):
        wanted = 0.0 * rows[0] if None in place else rows[call(*place)]
        assert np.allclose(written(plan, task.leaves, place), wanted, atol=1e-5)


TOKENS, BEFORE = category("tokens", 4), category("before", 4, may_be_none=True)


def test_a_stored_network_is_found_in_any_order() -> None:
    """The larger of a token and the one before: two neurons; entries take ten."""
    random = np.random.default_rng(0)
    for swapped in (False, True):
        first, second = random.permutation(4), random.permutation(4)
        leaves = (BEFORE, TOKENS) if swapped else (TOKENS, BEFORE)

        def call(i: int, j: int, own: np.ndarray = first, other: np.ndarray = second) -> int:
            i, j = (j, i) if swapped else (i, j)
            return int(max(own[i], other[j]))

        for rows in (ROWS, -2.0 * ROWS):
            task = task_of(call, leaves, rows if swapped else ROWS)
            plans = list(network_plans(task))
            assert min(plan.neurons for plan in plans) == 2
            for plan in plans:
                assert_writes(plan, task, call, rows if swapped else ROWS)


def test_what_is_stored_is_evaluated() -> None:
    """Whatever the file holds, there is no plan that writes something else."""
    task = task_of(max, (TOKENS, BEFORE))
    points = points_of(task)
    colouring = Colouring.of(points)
    [one, *_] = stored()[colouring.key]
    order = colouring.ordered()
    assert plan_of(task, points, order, one) is not None
    assert plan_of(task, points, order, replace(one, b_in=one.b_in + 1.0)) is None
    far = replace(one, w_in=tuple(1e6 * own for own in one.w_in), b_in=1e6 * one.b_in)
    assert plan_of(task, points, order, far) is not None
    strict = replace(task, tolerance=1e-9)
    assert plan_of(strict, points, order, one) is None


def test_a_network_of_another_order_is_no_plan() -> None:
    """A class of one variable that is None is a class more than the other has."""
    task = task_of(max, (TOKENS, BEFORE))
    points = points_of(task)
    colouring = Colouring.of(points)
    for one in stored()[colouring.key]:
        swapped = replace(one, w_in=one.w_in[::-1])
        assert plan_of(task, points, colouring.ordered(), one) is not None
        assert plan_of(task, points, colouring.ordered(), swapped) is None


def test_nothing_is_stored_of_what_bears_errors_or_is_large() -> None:
    task = task_of(max, (TOKENS, BEFORE))
    assert not list(network_plans(replace(task, robust=True)))
    assert not list(network_plans(task_of(lambda i, j: i, (TOKENS, TOKENS))))


def permuted(points: Points, random: np.random.Generator) -> Points:
    """The same table with leaves, classes, codes and points in another order."""
    orders = [
        np.arange(size) if side else random.permutation(size)
        for side, size in zip(points.sides, points.sizes, strict=True)
    ]
    places = np.stack([own[column] for own, column in zip(orders, points.places.T, strict=True)], 1)
    leaves, codes = random.permutation(len(orders)), random.permutation(len(points.rows))
    rows = np.empty_like(points.rows)
    rows[codes] = points.rows
    return Points(
        sides=tuple(points.sides[leaf] for leaf in leaves),
        sizes=tuple(points.sizes[leaf] for leaf in leaves),
        places=places[:, leaves],
        codes=codes[points.codes],
        rows=rows @ random.normal(size=(rows.shape[1], rows.shape[1])) + 1.0,
    )


@pytest.mark.parametrize(
    "call",
    [max, lambda i, j: int(i == j), lambda i, j: (i + j) % 4, lambda i, j: int(i < j) + int(i > 2)],
)
def test_tables_that_differ_in_order_alone_are_one(call: Callable[[int, int], int]) -> None:
    random = np.random.default_rng(1)
    points = points_of(task_of(call, (TOKENS, category("other", 4)), np.eye(4)))
    found = []
    for other in (points, permuted(points, random), permuted(points, random)):
        colouring = Colouring.of(other)
        key, order = colouring.key, colouring.ordered()
        places = [np.argsort(order.values[x])[other.places[:, x]] for x in order.leaves]
        codes = np.argsort(order.codes)[other.codes]
        found.append((key, sorted(zip(*map(np.ndarray.tolist, (*places, codes)), strict=True))))
    assert found[0] == found[1] == found[2]


def test_other_tables_are_others() -> None:
    calls = (max, min, lambda i, j: (i + j) % 4, lambda i, j: int(i == j))
    tables = [task_of(call, (TOKENS, TOKENS)) for call in calls]
    tables.append(task_of(max, (number("x", 0.0, 1.0, 2.0, 3.0), TOKENS)))
    keys = [Colouring.of(points_of(task)).key for task in tables]
    # The larger and the smaller of two are one table, with the classes the other way round.
    assert keys[0] == keys[1]
    assert len(set(keys)) == len(keys) - 1


def test_the_file_is_what_is_written() -> None:
    everything = [one for key in sorted(stored()) for one in stored()[key]]
    assert all(one.neurons >= one.least for one in everything)
    assert text_of(everything).count("\n") == len(everything) + 2


DIGITS = [Leaf(label, False, True, (0.0, 1.0), 2) for label in ("a1", "a0", "b1", "b0")]


def digit(place: int, *digits: int) -> int:
    """One binary digit of the sum of two numbers of two digits."""
    return (2 * digits[0] + digits[1] + 2 * digits[2] + digits[3]) >> (2 - place) & 1


def test_sums_of_their_own_in_each_class() -> None:
    rows = np.array([[-1.0], [1.0]])
    task = task_of(digit, (category("place", 3), *DIGITS), rows)
    [plan] = gated_sum_plans(task)
    assert plan.neurons <= 20
    assert_writes(plan, task, digit, rows)
    others = plan_table(task.leaves, task.full, task.rows)
    assert plan.neurons < min(other.neurons for other in others)


def test_a_class_of_which_nothing_is_a_sum_has_no_such_plan() -> None:
    random = np.random.default_rng(2)
    table = random.integers(0, 2, size=(3, 4, 4)).astype(np.int32)
    leaves = (category("gate", 3), category("x", 4, True), category("y", 4, True))
    task = reduced_task(leaves, table, np.array([[-1.0], [1.0]]))
    for plan in gated_sum_plans(task):
        assert_writes(plan, task, lambda *place: int(table[place]), np.array([[-1.0], [1.0]]))


def test_a_class_that_does_not_occur_asks_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gated_sums, "LEAST_NEURONS", 1)
    leaves = (category("place", 3), *(Leaf(x, False, False, (0.0, 1.0), 2) for x in "abcd"))
    possible = np.ones((3, 2, 2, 2, 2), dtype=bool)
    possible[1] = False
    table = np.empty(possible.shape, dtype=np.int32)
    for place in np.ndindex(table.shape):
        table[place] = digit(*place)
    rows = np.array([[-1.0], [1.0]])
    task = reduced_task(leaves, table, rows, possible=possible)
    plan, *_ = gated_sum_plans(task)
    for place in np.argwhere(possible).tolist():
        assert np.allclose(written(plan, leaves, place), rows[digit(*place)], atol=1e-5)


def test_classes_that_all_give_the_same_where_they_occur_take_no_neurons(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gated_sums, "LEAST_NEURONS", 1)
    leaves = (category("place", 3), *(Leaf(x, False, False, (0.0, 1.0), 2) for x in "abcd"))
    shape = (3, 2, 2, 2, 2)
    table = np.array([digit(*place) for place in np.ndindex(shape)], dtype=np.int32).reshape(shape)
    table[:, 0, 0, 0, 0], possible = 1, np.zeros(shape, dtype=bool)
    possible[:, 0, 0, 0, 0] = True
    task = reduced_task(leaves, table, np.array([[-1.0], [1.0]]), possible=possible)
    plan, *_ = gated_sum_plans(task)
    assert plan.neurons == 0
    assert np.allclose(written(plan, leaves, (0, 0, 0, 0, 0)), 1.0)
