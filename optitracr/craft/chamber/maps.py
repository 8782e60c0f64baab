"""MLPs for maps: categorical and numerical inputs, categorical and numerical outputs.

All of them vanish at BOS, where every variable and the constant direction are zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.craft.blocks import Determined, Mlp
from optitracr.craft.numerics import steps_between
from optitracr.craft.reading import Variable
from optitracr.craft.spaces import FloatArray, Space, Value, join

if TYPE_CHECKING:
    from jaxtyping import Float


def output_rows(results: Sequence[Value], output: Variable) -> Float[FloatArray, "results output"]:
    """What each result writes: its one-hot or its number; None writes nothing."""
    rows = np.zeros((len(results), len(output.space)))
    if output.numerical:
        rows[:, 0] = [0.0 if value is None else float(value) for value in results]
        return rows
    place = {value: i for i, value in enumerate(output.values)}
    for i, value in enumerate(results):
        if value is not None:
            rows[i, place[value]] = 1.0
    return rows


def _mlp(
    inputs: Space,
    output: Space,
    w_in: FloatArray,
    w_out: FloatArray,
    determined: tuple[Determined, ...] = (),
) -> Mlp:
    return Mlp(inputs, output, w_in, np.zeros(w_in.shape[1]), w_out, determined)


def constant(fill: Value, output: Variable, one: Space) -> Mlp:
    """One neuron that repeats the constant direction."""
    return _mlp(one, output.space, np.ones((1, 1)), output_rows([fill], output))


def categorical_map(source: Variable, results: Sequence[Value], output: Variable) -> Mlp:
    """One neuron for each output value; for numbers, one for each sign that occurs.

    Args:
        source: The categorical operand.
        results: f(value) for each of its values, None where undefined.
        output: The variable computed.
    """
    rows = output_rows(results, output)
    if not output.numerical:
        return _mlp(source.space, output.space, rows, np.eye(rows.shape[1]))
    signs = [sign for sign in (1.0, -1.0) if (sign * rows > 0).any()] or [1.0]
    w_in = np.concatenate([np.maximum(sign * rows, 0.0) for sign in signs], axis=1)
    return _mlp(source.space, output.space, w_in, np.array(signs)[:, None])


def sharp_copy(source: Variable, output: Variable, one: Space) -> Mlp:
    """Two neurons for each value: relu(2 x - 1/2) - relu(2 x - 3/2).

    For x within 1/4 of 0 or 1 that is 0 or 1, with no rounding: near 1 all three numbers are
    multiples of a float32's last place.

    Args:
        source: The categorical operand.
        output: The same one-hot, sharp.
        one: The constant direction.
    """
    inputs = join(source.space, one)
    eye = np.eye(len(source.space))
    thresholds = np.repeat([-0.5, -1.5], len(eye))
    w_in = np.concatenate([2.0 * np.concatenate([eye, eye], axis=1), thresholds[None]])
    return _mlp(inputs, output.space, w_in, np.concatenate([eye, -eye]))


def numerical_map(
    source: Variable,
    values: Sequence[float],
    results: Sequence[Value],
    output: Variable,
    one: Space,
    standard_neurons: int = 0,
) -> Mlp:
    """A step function of a number.

    Args:
        source: The numerical operand.
        values: Its value set, sorted.
        results: f(value) for each of `values`, None where undefined.
        output: The variable computed.
        one: The constant direction.
        standard_neurons: Neurons that Tracr spends; the component is filled up to them
            with neurons of zero weight, so that the baseline reports Tracr's sizes.

    Raises:
        MarginError: If two values with different results are too close for float32.
    """
    rows = output_rows(results, output)
    changes = np.flatnonzero((rows[1:] != rows[:-1]).any(axis=1))
    steps, pivot = steps_between(values, [int(i) for i in changes])
    jumps = rows[changes + 1] - rows[changes]
    jumps = np.where(steps.rising[:, None], jumps, -jumps)
    inputs = join(source.space, one)
    count = len(changes)
    neurons = max(1 + 2 * count, standard_neurons)
    w_in = np.zeros((2, neurons))
    w_out = np.zeros((neurons, len(output.space)))
    w_in[1, 0], w_out[0] = 1.0, rows[pivot] if len(rows) else 0.0
    w_in[0, 1 : 1 + count] = w_in[0, 1 + count : 1 + 2 * count] = steps.slope
    w_in[1, 1 : 1 + count] = steps.offset
    w_in[1, 1 + count : 1 + 2 * count] = steps.offset - 1.0
    w_out[1 : 1 + count], w_out[1 + count : 1 + 2 * count] = jumps, -jumps
    return _mlp(inputs, output.space, w_in, w_out)


def sequence_map(
    first: Variable,
    second: Variable,
    results: Sequence[Value],
    output: Variable,
    one: Space,
    never_none: bool = False,
    pairs: NDArray[np.intp] | None = None,
) -> Mlp:
    """One neuron for each pair of values: relu(first + second - 1).

    Args:
        first: Categorical operand.
        second: Categorical operand; may be the same variable.
        results: f(x, y), the values of `second` varying fastest; of `pairs` if these are given.
        output: The variable computed.
        one: The constant direction.
        never_none: No operand can be None, so that the neurons determine both.
        pairs: The pairs that occur, each as its place among all; all by default.
    """
    inputs = join(first.space, second.space, one)
    columns, rows = len(first.values), len(second.values)
    neuron = np.arange(columns * rows) if pairs is None else pairs
    place = np.arange(len(neuron))
    w_in = np.zeros((len(inputs), len(neuron)))
    np.add.at(w_in, (first.space.positions_in(inputs)[neuron // rows], place), 1.0)
    np.add.at(w_in, (second.space.positions_in(inputs)[neuron % rows], place), 1.0)
    w_in[inputs.position[one.directions[0]]] = -1.0
    determined: tuple[Determined, ...] = ()
    if never_none:
        determined = (
            Determined(first.label, np.eye(columns)[neuron // rows]),
            Determined(second.label, np.eye(rows)[neuron % rows]),
        )
    return _mlp(inputs, output.space, w_in, output_rows(results, output), determined)


def linear_map(
    first: Variable, second: Variable, factors: tuple[float, float], output: Variable
) -> Mlp:
    """Four neurons: each operand's positive and negative part, times its factor."""
    inputs = join(first.space, second.space)
    w_in = np.zeros((len(inputs), 4))
    for pair, variable in enumerate((first, second)):
        where = variable.space.positions_in(inputs)
        w_in[where, 2 * pair] = variable.functional
        w_in[where, 2 * pair + 1] = -variable.functional
    w_out = np.array([[factors[0]], [-factors[0]], [factors[1]], [-factors[1]]], dtype=np.float64)
    parts = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    determined = tuple(
        Determined(variable.label, parts[:, [pair]])
        for pair, variable in enumerate((first, second))
        if variable.numerical
    )
    return _mlp(inputs, output.space, w_in, w_out, determined)
