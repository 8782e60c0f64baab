"""A network with so many neurons and whole weights, by CP-SAT: found, or proven not to exist."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from solvers.interrupts import load_cp_sat, run_cp_sat
from solvers.networks.network import Network, Table, columns_of, is_exact
from solvers.networks.weights import WeightClass

if TYPE_CHECKING:
    from ortools.sat.python.cp_model import CpModel, CpSolver, IntVar

MOST_PARTS = 5_000
"""Largest number by which values are multiplied to make them whole: beyond it the search has to do
with numbers that it tells apart one by one."""

Whole = NDArray[np.int64]


class Answer(StrEnum):
    """What is known of networks with so many neurons.

    Attributes:
        FOUND: Here is one.
        NONE: There is none in the class.
        UNKNOWN: The search ended before it knew.
        UNFIT: The table has numbers that no small factor makes whole.
    """

    FOUND = "found"
    NONE = "none"
    UNKNOWN = "unknown"
    UNFIT = "unfit"


@dataclass(frozen=True, slots=True)
class _Whole:
    """A table in whole numbers.

    Attributes:
        read: Shape [points, columns], the constant left out.
        outputs: Shape [points, outputs].
        parts: By what each column was multiplied.
        refined: By what outputs were.
    """

    read: Whole
    outputs: Whole
    parts: Whole
    refined: int


@dataclass(frozen=True, slots=True)
class _Neuron:
    """The variables of a neuron: weights, constant, what it is at each point, and at most."""

    weights: Sequence[IntVar]
    constant: IntVar
    values: Sequence[IntVar]
    reach: Sequence[int]


def network_of(
    table: Table, neurons: int, weights: WeightClass, time_limit: float, seed: int = 0
) -> tuple[Answer, Network | None]:
    """A network with exactly so many neurons, some of which may be idle.

    Args:
        table: The table.
        neurons: How many.
        weights: The class in which it is looked for.
        time_limit: Deterministic seconds.
        seed: Of the search.
    """
    whole = _in_whole_numbers(table, weights.refined)
    if whole is None:
        return Answer.UNFIT, None
    if whole.outputs.shape[1] != 1:
        return _searched(table, whole, neurons, weights, None, time_limit, seed)
    answers = []
    for positive in range(neurons, -1, -1):
        signs = [1] * positive + [-1] * (neurons - positive)
        share = time_limit / (neurons + 1)
        answer, found = _searched(table, whole, neurons, weights, signs, share, seed)
        if found is not None:
            return answer, found
        answers.append(answer)
    none = all(answer is Answer.NONE for answer in answers)
    return (Answer.NONE if none else Answer.UNKNOWN), None


def _in_whole_numbers(table: Table, refined: int) -> _Whole | None:
    """The table with columns and outputs multiplied; None if a factor is too large."""
    read = table.read()[:, :-1]
    factors = [_factor(column) for column in read.T]
    outputs = _factor(table.outputs.ravel())
    if max([*factors, outputs]) > MOST_PARTS:
        return None
    parts = np.array(factors, dtype=np.int64)
    return _Whole(
        read=np.rint(read * parts).astype(np.int64),
        outputs=np.rint(table.outputs * outputs * refined).astype(np.int64),
        parts=parts,
        refined=outputs * refined,
    )


def _factor(values: NDArray[np.float64]) -> int:
    """The least number that makes all values whole; one too large if there is none."""
    factor = 1
    for value in np.unique(values).tolist():
        near = Fraction(value).limit_denominator(MOST_PARTS)
        if abs(float(near) - value) > 1e-9:
            return MOST_PARTS + 1
        factor = lcm(factor, near.denominator)
        if factor > MOST_PARTS:
            break
    return factor


def _searched(
    table: Table,
    whole: _Whole,
    neurons: int,
    weights: WeightClass,
    signs: Sequence[int] | None,
    time_limit: float,
    seed: int,
) -> tuple[Answer, Network | None]:
    """The same with given signs of what neurons write, or weights to be found for it."""
    load_cp_sat()
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    numbers = _numbers(model, table, weights) if weights.narrow else None
    made = [_neuron(model, whole, weights, table, numbers) for _ in range(neurons)]
    written, bias = _outputs(model, whole, made, weights, signs)
    _ordered(model, made, signs)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed
    solver.parameters.max_deterministic_time = time_limit
    status, _ = run_cp_sat(solver, model)
    if status == cp_model.INFEASIBLE:
        return Answer.NONE, None
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Answer.UNKNOWN, None
    network = _network(solver, whole, made, written, bias, signs)
    assert is_exact(network, table), "what the solver finds is exact"
    return Answer.FOUND, network


def _numbers(model: CpModel, table: Table, weights: WeightClass) -> list[list[IntVar] | None]:
    """The number that each class of a variable is read as; None for raw numbers."""
    found: list[list[IntVar] | None] = []
    for numbers, size in zip(table.sides, table.sizes, strict=True):
        most = weights.weight
        own = [model.new_int_var(-most, most, "") for _ in range(size - 1)]
        found.append(None if numbers else own)
    return found


def _neuron(
    model: CpModel,
    whole: _Whole,
    weights: WeightClass,
    table: Table,
    numbers: Sequence[list[IntVar] | None] | None,
) -> _Neuron:
    """A neuron that is free but for its bounds."""
    most = weights.weight
    read: list[IntVar] = []
    for place, columns in enumerate(columns_of(table)):
        shared = None if numbers is None else numbers[place]
        if shared is None:
            width = columns.stop - columns.start
            read += [model.new_int_var(-most, most, "") for _ in range(width)]
        else:
            read += _times(model, shared, most)
    largest = weights.constant * int(max(whole.parts.max(initial=1), 1))
    constant = model.new_int_var(-largest, largest, "")
    values = []
    reach = [most * sum(map(abs, row)) + largest for row in whole.read.tolist()]
    for row, far in zip(whole.read.tolist(), reach, strict=True):
        total = sum(w * x for w, x in zip(read, row, strict=True) if x) + constant
        value = model.new_int_var(0, far, "")
        on = model.new_bool_var("")
        model.add(value == total).only_enforce_if(on)
        model.add(total <= 0).only_enforce_if(on.negated())
        model.add(value == 0).only_enforce_if(on.negated())
        model.add(total >= 1).only_enforce_if(on)
        values.append(value)
    return _Neuron(read, constant, values, reach)


def _times(model: CpModel, numbers: Sequence[IntVar], most: int) -> list[IntVar]:
    """Some numbers taken times -1, 0 or 1."""
    up, down = model.new_bool_var(""), model.new_bool_var("")
    model.add_at_most_one(up, down)
    found: list[IntVar] = []
    for number in numbers:
        weight = model.new_int_var(-most, most, "")
        model.add(weight == number).only_enforce_if(up)
        model.add(weight == -number).only_enforce_if(down)
        model.add(weight == 0).only_enforce_if(up.negated(), down.negated())
        found.append(weight)
    return found


def _outputs(
    model: CpModel,
    whole: _Whole,
    made: Sequence[_Neuron],
    weights: WeightClass,
    signs: Sequence[int] | None,
) -> tuple[list[list[IntVar]], list[IntVar]]:
    """What neurons write adds up to the table; the weights of that, unless signs are given."""
    written: list[list[IntVar]] = []
    bias: list[IntVar] = []
    reach = weights.output * sum(max(one.reach, default=0) for one in made)
    most = int(abs(whole.outputs).max(initial=0)) + reach
    for column in whole.outputs.T.tolist():
        constant = model.new_int_var(-most, most, "")
        own = [] if signs is not None else _written(model, made, weights)
        for point, wanted in enumerate(column):
            terms = [
                signs[i] * one.values[point]
                if signs is not None
                else _product(model, own[i], one, point, weights.output)
                for i, one in enumerate(made)
            ]
            model.add(sum(terms) + constant == wanted)
        written.append(own)
        bias.append(constant)
    return written, bias


def _written(model: CpModel, made: Sequence[_Neuron], weights: WeightClass) -> list[IntVar]:
    return [model.new_int_var(-weights.output, weights.output, "") for _ in made]


def _product(model: CpModel, weight: IntVar, one: _Neuron, point: int, most: int) -> IntVar:
    """What a neuron writes at a point."""
    reach = most * one.reach[point]
    product = model.new_int_var(-reach, reach, "")
    model.add_multiplication_equality(product, [weight, one.values[point]])
    return product


def _ordered(model: CpModel, made: Sequence[_Neuron], signs: Sequence[int] | None) -> None:
    """Of neurons that may be swapped, the constant of the first is not the larger."""
    for place in range(1, len(made)):
        if signs is None or signs[place] == signs[place - 1]:
            model.add(made[place - 1].constant <= made[place].constant)


def _network(
    solver: CpSolver,
    whole: _Whole,
    made: Sequence[_Neuron],
    written: Sequence[Sequence[IntVar]],
    bias: Sequence[IntVar],
    signs: Sequence[int] | None,
) -> Network:
    """The network of a solution, in the table's own numbers."""
    neurons = len(made)
    w_in = np.zeros((whole.read.shape[1] + 1, neurons))
    for place, one in enumerate(made):
        read = [float(solver.value(weight)) for weight in one.weights]
        w_in[:-1, place] = np.array(read) * whole.parts
        w_in[-1, place] = solver.value(one.constant)
    if signs is not None:
        w_out = np.array(signs, dtype=np.float64).reshape(neurons, 1)
    else:
        w_out = np.array([[float(solver.value(v)) for v in own] for own in written]).T
        w_out = w_out.reshape(neurons, len(written))
    constant = np.array([float(solver.value(one)) for one in bias])
    return Network(w_in, w_out / whole.refined, constant / whole.refined)
