"""Objectives: the sizes, and the exact number of parameters as a product."""

from __future__ import annotations

from typing import Any

from solvers.allocation import Sizes
from solvers.constraints.variables import Decisions


def measure(decisions: Decisions, name: str) -> Any:
    """The expression of one objective for the model's number of layers."""
    if name == "depth":
        return decisions.layers
    if name == "parameters":
        return _parameters(decisions)
    return getattr(decisions, name)


def _parameters(decisions: Decisions) -> Any:
    """The formula of `Sizes.parameters`, its three products linearised by CP-SAT."""
    model, constants = decisions.model, decisions.problem.constants
    inner = inner_size(decisions)
    widest = upper(decisions.width)
    mixed = model.new_int_var(0, upper(inner) * widest, "width times inner")
    hidden = model.new_int_var(0, upper(decisions.neurons) * widest, "width times neurons")
    model.add_multiplication_equality(mixed, [decisions.width, inner])
    model.add_multiplication_equality(hidden, [decisions.width, decisions.neurons])
    rows = constants.embedding_rows + constants.outputs
    layer = 4 * mixed + 3 * inner + 2 * hidden + decisions.neurons + 2 * decisions.width
    return rows * decisions.width + decisions.layers * layer


def inner_size(decisions: Decisions) -> Any:
    """Columns of all heads of a layer, as a new variable."""
    model = decisions.model
    most = upper(decisions.heads) * upper(decisions.head_size)
    inner = model.new_int_var(0, most, "inner")
    model.add_multiplication_equality(inner, [decisions.heads, decisions.head_size])
    return inner


def parameters_of_width(decisions: Decisions, width: int, inner: Any) -> Any:
    """The formula of `Sizes.parameters` where the width is known: linear."""
    constants = decisions.problem.constants
    rows = constants.embedding_rows + constants.outputs
    layer = (4 * width + 3) * inner + (2 * width + 1) * decisions.neurons + 2 * width
    return rows * width + decisions.layers * layer


def upper(variable: Any) -> int:
    """The largest value of a decision variable."""
    return int(list(variable.proto.domain)[-1])  # negative indices are not supported


def least_parameters(decisions_width: int, inner: int, layers: int, rows: int) -> int:
    """A lower bound of the parameters at a depth, for a least width and inner size."""
    sizes = Sizes(layers, decisions_width, 1 if inner else 0, inner, 0)
    attention = sizes.layers * (4 * decisions_width * inner + 3 * inner + 2 * decisions_width)
    return rows * decisions_width + attention
