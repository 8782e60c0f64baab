"""Heads: per sublayer and selector enough heads for the values, none larger than allowed."""

from __future__ import annotations

from typing import Any

from solvers.constraints.variables import Decisions, of_kind
from solvers.problem import Kind


def add_heads(decisions: Decisions) -> None:
    """Heads times head size cover the value widths of each selector, the eraser included."""
    model, problem = decisions.model, decisions.problem
    groups: dict[tuple[int, str | None], list[tuple[Any, int]]] = {}
    for alternative in of_kind(problem, Kind.ATTENTION):
        head = alternative.head
        assert head is not None
        use = decisions.use[alternative.name]
        model.add(decisions.head_size >= head.head_size).only_enforce_if(use)
        for sublayer, here in decisions.at[alternative.name].items():
            groups.setdefault((sublayer, head.selector), []).append((here, head.value_width))
    own = problem.self_attention
    for variable in problem.variables if own is not None else ():
        for sublayer, here in decisions.erased[variable.name].items():
            if sublayer % 2 == 0 and own is not None:
                model.add(decisions.head_size >= own.head_size).only_enforce_if(here)
                groups.setdefault((sublayer, None), []).append((here, variable.width))
    counts: dict[int, list[Any]] = {}
    for (sublayer, _), members in groups.items():
        counts.setdefault(sublayer, []).append(_heads_of(decisions, members))
    for terms in counts.values():
        model.add(sum(terms) <= decisions.heads)


def _heads_of(decisions: Decisions, members: list[tuple[Any, int]]) -> Any:
    """Heads of one selector in one sublayer."""
    model = decisions.model
    most = sum(max(width, 1) for _, width in members)
    count = model.new_int_var(0, most, "heads of a selector")
    for here, _ in members:
        model.add(count >= 1).only_enforce_if(here)
    widest = max(width for _, width in members)
    if widest:
        columns = model.new_int_var(0, most * decisions.largest_head, "columns of a selector")
        model.add_multiplication_equality(columns, [count, decisions.head_size])
        model.add(columns >= sum(width * here for here, width in members))
    return count
