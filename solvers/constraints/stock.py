"""The sizes of a published transformer that is to hold a plan."""

from __future__ import annotations

from typing import Any

from solvers.constraints.objective import upper
from solvers.constraints.variables import Decisions
from solvers.stock import Stock


def add_stock(decisions: Decisions) -> None:
    """Columns for all variables, and for all neurons where their number is bound to the width."""
    stock = decisions.problem.constants.stock
    if stock is not None:
        decisions.published = _published(decisions, stock)
        decisions.published_layers = max(1, decisions.layers)


def _published(decisions: Decisions, stock: Stock) -> dict[str, Any]:
    model = decisions.model
    heads, size = max(1, upper(decisions.heads)), stock.head_size(upper(decisions.head_size))
    least = stock.least(upper(decisions.width), upper(decisions.neurons))
    most = max(least, heads * size) + heads * stock.step
    columns = model.new_int_var(1, most, "stock width")
    count = model.new_int_var(1, most if stock.fills else heads, "stock heads")
    each = model.new_int_var(1, most, "stock head size")
    if stock.fills:
        model.add_multiplication_equality(columns, [count, each])
        model.add(count >= decisions.heads)
    else:
        model.add_max_equality(count, [decisions.heads, 1])
        columns_each = model.new_int_var(1, most, "stock columns for each head")
        model.add_multiplication_equality(columns, [count, columns_each])
    _add_head_size(decisions, stock, each)
    model.add(columns >= decisions.width + stock.beside)
    bound = stock.neurons(most, upper(decisions.neurons))
    neurons = model.new_int_var(1, max(1, bound), "stock neurons")
    model.add(neurons >= decisions.neurons)
    if stock.neurons_each is not None:
        model.add(neurons == stock.neurons_each * columns)
    if decisions.problem.limits.width is not None:
        model.add(columns <= decisions.problem.limits.width)
    return {"width": columns, "neurons": neurons, "heads": count, "head_size": each}


def _add_head_size(decisions: Decisions, stock: Stock, each: Any) -> None:
    """A head has room for one of the plan's; positions turn pairs of its dimensions."""
    model, size = decisions.model, decisions.head_size
    if not stock.turned_each:
        model.add(each >= size)
        return
    table = [stock.head_size(own) for own in range(upper(size) + 1)]
    if stock.fills:
        least = model.new_int_var(1, max(table), "stock head size at least")
        half = model.new_int_var(1, upper(each), "stock pairs")
        model.add_element(size, table, least)
        model.add(each >= least)
        model.add(each == stock.step * half)
    else:
        model.add_element(size, table, each)
