"""Neurons: components and erasures of one MLP sublayer fit into its hidden layer."""

from __future__ import annotations

from typing import Any

from solvers.constraints.variables import Decisions, of_kind
from solvers.problem import Kind


def add_neurons(decisions: Decisions) -> None:
    """Sums neurons per sublayer; an erasure is free beside a component that determines it.

    All that write a constant in a sublayer share the neuron that does.
    """
    model, problem = decisions.model, decisions.problem
    load: dict[int, list[Any]] = {s: [] for s in range(1, decisions.sublayers, 2)}
    beside: dict[tuple[str, int], list[Any]] = {}
    constant: dict[int, list[Any]] = {}
    for alternative in of_kind(problem, Kind.MLP):
        for sublayer, here in decisions.at[alternative.name].items():
            load[sublayer].append(alternative.neurons * here)
            if alternative.constant:
                constant.setdefault(sublayer, []).append(here)
            for name in alternative.determines:
                beside.setdefault((name, sublayer), []).append(here)
    for variable in problem.variables:
        for sublayer, here in decisions.erased[variable.name].items():
            if sublayer % 2 == 0 or variable.width == 0:
                continue
            free = beside.get((variable.name, sublayer), [])
            paid = here
            if free:
                paid = model.new_bool_var(f"pay {variable.name} {sublayer}")
                model.add_bool_or([paid, here.negated(), *free])
            load[sublayer].append(variable.erasing_neurons * paid)
    for sublayer, writers in constant.items():
        load[sublayer].append(_any_of(decisions, sublayer, writers))
    for terms in load.values():
        if terms:
            model.add(sum(terms) <= decisions.neurons)


def _any_of(decisions: Decisions, sublayer: int, writers: list[Any]) -> Any:
    """Whether there is one of those that write a constant in a sublayer."""
    some = decisions.model.new_bool_var(f"constant {sublayer}")
    for here in writers:
        decisions.model.add_implication(here, some)
    return some
