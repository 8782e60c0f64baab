"""Neurons of tables: known ones, and networks of few neurons that bounds do not exceed."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from optitracr.bounds.tables import bends, fewest_neurons, rank
from optitracr.constructions.leaves import Leaf


def number(*values: float) -> Leaf:
    return Leaf("x", True, False, tuple(values), len(values))


def classes(size: int, label: str = "c") -> Leaf:
    return Leaf(label, False, False, tuple(map(float, range(size))), size)


ONE = np.array([[0.0], [1.0]])


@pytest.mark.parametrize(
    ("values", "count"),
    [
        ([0, 1, 2, 3], 0),
        ([0, 0, 1, 1], 2),
        ([0, 0, 1, 2], 1),
        ([0, 1, 0, 1, 0], 3),
        ([0, 0, 1, 0, 0], 3),
        ([0, 1, 3, 6], 1),
        ([0, 1, 3, 6, 10], 2),
    ],
)
def test_bends(values: list[float], count: int) -> None:
    assert sum(bends(np.arange(len(values), dtype=float), np.array(values, dtype=float))) == count


def test_bends_are_no_more_than_a_function_has() -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        knots = rng.uniform(0, 10, size=rng.integers(0, 5))
        x = np.sort(rng.uniform(0, 10, size=12))
        y = x * rng.normal() + np.maximum(x[:, None] - knots, 0) @ rng.normal(size=knots.size)
        assert sum(bends(x, y)) <= knots.size


def test_known_tables() -> None:
    two = [classes(2), classes(2, "d")]
    assert fewest_neurons(two, np.zeros((2, 2), dtype=int), ONE) == 0
    assert fewest_neurons(two, np.array([[0, 0], [0, 1]]), ONE) == 1
    assert fewest_neurons(two, np.array([[0, 1], [1, 0]]), ONE) == 2
    assert fewest_neurons([classes(5)], np.arange(5), np.eye(5)) == 4
    assert fewest_neurons([classes(5)], np.arange(5) - 1, np.eye(4)) == 4
    counts = number(*range(7))
    assert fewest_neurons([counts], np.arange(7) % 2, ONE) == 5
    assert fewest_neurons([counts], np.arange(7), np.arange(7.0)[:, None]) == 1
    assert fewest_neurons([counts], np.minimum(np.arange(7), 3), np.eye(4)) == 3
    turns = np.repeat(np.arange(3), 3)
    assert fewest_neurons([number(*range(9))], turns, np.eye(3)) == 4


def test_bends_of_one_kind_are_not_those_of_another() -> None:
    """Two lines, one that bends down and one that bends up, have no bend in common."""
    down_and_up = [classes(2), number(*range(4))]
    table, rows = np.array([[0, 1, 2, 2], [0, 0, 1, 2]]), np.arange(3.0)[:, None]
    assert [fewest_neurons(down_and_up[1:], line, rows) for line in table] == [1, 1]
    assert fewest_neurons(down_and_up, table, rows) == 2
    both_ways = [number(*range(4)), number(*range(4))]
    ridge = np.zeros((4, 4), dtype=int)
    ridge[1] = 1
    assert fewest_neurons(both_ways, ridge, ONE) == 2


def test_what_does_not_occur_is_free() -> None:
    two = [classes(2), classes(2, "d")]
    table = np.array([[0, 1], [1, 0]])
    possible = np.array([[True, True], [True, False]])
    assert fewest_neurons(two, table, ONE, possible) == 1
    assert fewest_neurons(two, table, ONE, np.eye(2, dtype=bool)) == 0
    assert fewest_neurons(two, table, ONE, np.zeros((2, 2), dtype=bool)) == 0


def test_numbers_that_differ_by_rounding_are_equal() -> None:
    thirds = np.array([[1 / 3], [1 - 2 / 3], [0.1 + 0.2], [0.3]])
    table = np.array([0, 1])
    assert fewest_neurons([classes(2)], table, thirds) == 0
    assert fewest_neurons([classes(2)], table + 2, thirds) == 0
    assert rank(np.array([[1.0, 1.0], [1.0, 1.0 + 1e-12]])) == 1


def written(leaves: list[Leaf], neurons: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """What a random network writes for every combination of its leaves' values, flat."""
    total = np.asarray(rng.integers(-2, 3, size=neurons), dtype=float)
    shape = tuple(leaf.size for leaf in leaves)
    before = np.broadcast_to(total, (*shape, neurons))
    for axis, leaf in enumerate(leaves):
        read = rng.integers(-2, 3, size=(leaf.size, neurons)).astype(float)
        if leaf.numerical:
            read = np.outer(leaf.numbers, read[0])
        where = [1] * len(shape)
        where[axis] = leaf.size
        before = before + read.reshape(*where, neurons)
    return np.maximum(before, 0).reshape(-1, neurons) @ rng.integers(-2, 3, size=(neurons, 3))


@pytest.mark.parametrize("neurons", [1, 2, 3, 5])
def test_no_network_has_fewer_neurons(neurons: int) -> None:
    rng = np.random.default_rng(neurons)
    for _ in range(60):
        leaves = [number(*range(6)), classes(3), classes(2, "d"), number(0.2, 0.25, 1 / 3, 0.5)]
        chosen = [leaf for leaf in leaves if rng.random() < 0.6] or leaves[:1]
        rows, table = np.unique(written(chosen, neurons, rng), axis=0, return_inverse=True)
        table = table.reshape([leaf.size for leaf in chosen])
        possible = rng.random(table.shape) < 0.8
        for mask in (None, possible):
            assert fewest_neurons(chosen, table, rows.astype(float), mask) <= neurons
