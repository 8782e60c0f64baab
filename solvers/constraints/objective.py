"""Objectives: the sizes, and the exact number of parameters as a product."""

from __future__ import annotations

from typing import Any

from solvers.allocation import STOCK_WIDTH
from solvers.constraints.variables import Decisions
from solvers.stock import Products, counted


def measure(decisions: Decisions, name: str) -> Any:
    """The expression of one objective for the model's number of layers."""
    if name == "depth":
        return decisions.layers
    if name == "parameters":
        return _parameters(decisions)
    if name == STOCK_WIDTH:
        return decisions.published["width"]
    return getattr(decisions, name)


def _parameters(decisions: Decisions) -> Any:
    """The formula of `SizeConstants.parameters`, its products linearised by CP-SAT."""
    model, constants = decisions.model, decisions.problem.constants
    own, inner = decisions.published, inner_size(decisions)
    width, neurons, widest = own["width"], own["neurons"], upper(own["width"])
    mixed = model.new_int_var(0, upper(inner) * widest, "width times inner")
    hidden = model.new_int_var(0, upper(neurons) * widest, "width times neurons")
    held = [constants.rows(own) * own for own in range(widest + 1)]
    rows = model.new_int_var(0, max(held), "all rows")
    model.add_multiplication_equality(mixed, [width, inner])
    model.add_multiplication_equality(hidden, [width, neurons])
    model.add_element(width, held, rows)
    sizes = Products(width, inner, neurons, rows, mixed, hidden)
    return counted(decisions.published_layers, sizes, constants.stock)


def inner_size(decisions: Decisions) -> Any:
    """Columns of all heads of a layer of what is published, as a new variable."""
    model, own, stock = decisions.model, decisions.published, decisions.problem.constants.stock
    if stock is not None and stock.fills:
        return own["width"]
    most = upper(own["heads"]) * upper(own["head_size"])
    inner = model.new_int_var(0, most, "inner")
    model.add_multiplication_equality(inner, [own["heads"], own["head_size"]])
    return inner


def parameters_of_width(decisions: Decisions, width: int, inner: Any) -> Any:
    """The formula of `Sizes.parameters` where the published width is known: linear."""
    neurons = decisions.published["neurons"]
    constants, layers = decisions.problem.constants, decisions.published_layers
    return constants.parameters(layers, width, inner, neurons)


def upper(variable: Any) -> int:
    """The largest value of a decision variable."""
    return int(list(variable.proto.domain)[-1])  # negative indices are not supported
