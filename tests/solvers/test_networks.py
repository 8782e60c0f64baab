"""The fewest neurons of small tables: found, exact, and proven in a class of whole weights."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from solvers.networks import (
    Network,
    Table,
    WeightClass,
    descended,
    fewest_neurons,
    is_exact,
)
from solvers.networks.exact import Answer, network_of

SMALL = WeightClass(weight=4, constant=4)


def table_of(call: Callable[[int, int], int], size: int = 3) -> Table:
    """A function of two categories."""
    places = np.array([[i, j] for i in range(size) for j in range(size)], dtype=np.intp)
    outputs = np.array([[float(call(i, j))] for i, j in places.tolist()])
    return Table(((), ()), (size, size), places, outputs)


def of_number(*outputs: float) -> Table:
    """A function of the numbers 1, 1/2, 1/3 and so on."""
    count = len(outputs)
    numbers = tuple(1 / (i + 1) for i in range(count))
    places = np.arange(count, dtype=np.intp)[:, None]
    return Table((numbers,), (count,), places, np.array(outputs)[:, None])


@pytest.mark.parametrize(
    ("call", "neurons"),
    [
        (lambda i, j: 5, 0),
        (lambda i, j: i + 2 * j, 1),
        (max, 2),
        (lambda i, j: (i + j) % 3, 3),
        (lambda i, j: int(i == j), 3),
    ],
)
def test_the_fewest_neurons_are_found_and_proven(
    call: Callable[[int, int], int], neurons: int
) -> None:
    table = table_of(call)
    found = fewest_neurons(table, SMALL, 0, 4, 5.0)
    assert found.network is not None
    assert (found.network.neurons, found.least) == (neurons, neurons)
    assert found.is_proven
    assert is_exact(found.network, table)


def test_none_is_proven_and_not_only_not_found() -> None:
    assert network_of(table_of(max), 1, SMALL, 5.0) == (Answer.NONE, None)
    assert network_of(table_of(max), 1, SMALL, 0.0)[0] is not Answer.FOUND


def test_raw_numbers_and_several_outputs() -> None:
    found = fewest_neurons(of_number(0.0, 0.0, 1.0), SMALL, 0, 2, 5.0)
    assert found.network is not None
    assert found.network.neurons == 1
    both = table_of(lambda i, j: i, 2)
    outputs = np.concatenate([both.outputs, both.outputs[[0, 2, 1, 3]]], axis=1)
    wide = Table(both.sides, both.sizes, both.places, outputs)
    made = fewest_neurons(wide, SMALL, 0, 3, 5.0)
    assert made.network is not None
    assert made.network.neurons == 2


def test_one_number_of_each_variable_takes_more() -> None:
    table = table_of(max)
    narrow = WeightClass(weight=2, constant=2, narrow=True)
    assert network_of(table, 1, narrow, 5.0) == (Answer.NONE, None)
    found = network_of(table, 2, narrow, 5.0)[1]
    assert found is not None
    assert is_exact(found, table)


def test_numbers_that_nothing_makes_whole_are_left_alone() -> None:
    table = of_number(0.0, float(np.sqrt(2.0)), 1.0)
    assert network_of(table, 2, SMALL, 5.0) == (Answer.UNFIT, None)
    assert fewest_neurons(table, SMALL, 1, 2, 5.0).network is None


def test_descents_take_neurons_away() -> None:
    table = table_of(lambda i, j: int(i == j), 4)
    found = descended(table, 12, 4, least=2)
    assert found is not None
    assert is_exact(found, table)
    assert found.neurons <= 4
    again = descended(table, 12, 1, start=found, least=found.neurons)
    assert again is not None
    assert again.neurons == found.neurons
    assert descended(table, 12, 2, accepts=lambda network: False) is None


def test_a_network_that_is_off_is_not_exact() -> None:
    table = table_of(max, 2)
    assert not is_exact(Network(np.zeros((3, 1)), np.zeros((1, 1)), np.zeros(1)), table)
