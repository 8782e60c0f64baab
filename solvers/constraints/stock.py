"""The columns of a published transformer whose heads fill its stream."""

from __future__ import annotations

from solvers.constraints.objective import upper
from solvers.constraints.variables import Decisions


def add_stock(decisions: Decisions) -> None:
    """Heads times head size make columns for all variables, and for all neurons."""
    stock, model = decisions.problem.constants.stock, decisions.model
    decisions.stock_width = decisions.width
    if stock is None:
        return
    heads, size = max(1, upper(decisions.heads)), max(1, upper(decisions.head_size))
    least = stock.least(upper(decisions.width), upper(decisions.neurons))
    most = max(least, heads * size)
    columns = model.new_int_var(1, most, "stock width")
    count = model.new_int_var(1, most, "stock heads")
    each = model.new_int_var(1, most, "stock head size")
    model.add_multiplication_equality(columns, [count, each])
    model.add(count >= decisions.heads)
    model.add(each >= decisions.head_size)
    model.add(columns >= decisions.width + stock.beside)
    if stock.neurons_each is not None:
        model.add(stock.neurons_each * columns >= decisions.neurons)
    if decisions.problem.limits.width is not None:
        model.add(columns <= decisions.problem.limits.width)
    decisions.stock_width = columns
