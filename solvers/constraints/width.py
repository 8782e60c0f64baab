"""Width: the variables alive at one state fit into the residual stream."""

from __future__ import annotations

from solvers.constraints.variables import Decisions


def add_width(decisions: Decisions) -> None:
    """One optional interval a variable, all under one cumulative constraint."""
    model = decisions.model
    intervals, demands = [], []
    for variable in decisions.problem.variables:
        if variable.width == 0:
            continue
        name = variable.name
        total = decisions.sublayers + 1
        length = model.new_int_var(1, total, f"length {name}")
        interval = model.new_optional_interval_var(
            decisions.birth[name],
            length,
            decisions.end[name] + 1,
            decisions.present[name],
            f"alive {name}",
        )
        intervals.append(interval)
        demands.append(variable.width)
    model.add_cumulative(intervals, demands, decisions.width)
