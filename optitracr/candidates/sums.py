"""Sums of sums of numbers as one sum."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from heapq import heappop, heappush

from optitracr.graph.program import Elementwise, Node


def sum_of_terms(
    nodes: Mapping[str, Node],
    place: Mapping[str, int],
    label: str,
    factor: float,
    is_open: Callable[[str], bool],
) -> list[tuple[str, float]]:
    """A multiple of a sum as a sum of variables that are no sums, each once.

    Args:
        nodes: The program's nodes.
        place: Where each stands in it.
        label: The sum.
        factor: How often it is taken.
        is_open: Whether a sum among the terms is taken apart too.

    Returns:
        Each variable with its factor, in the order in which they are met from left to right.
    """
    factors = {label: factor}
    pending = [(-place[label], label)]
    while pending:
        _, one = heappop(pending)
        for operand, own in _operands(nodes[one], one == label or is_open(one)):
            if operand not in factors:
                heappush(pending, (-place[operand], operand))
            factors[operand] = factors.get(operand, 0.0) + factors[one] * own
    return [(one, factors[one]) for one in _leaves(nodes, label, is_open)]


def _operands(node: Node, opened: bool) -> list[tuple[str, float]]:
    operation = node.operation
    if not opened or not isinstance(operation, Elementwise) or operation.factors is None:
        return []
    return list(zip(operation.operands, operation.factors, strict=True))


def _leaves(nodes: Mapping[str, Node], label: str, is_open: Callable[[str], bool]) -> list[str]:
    """What is not taken apart, each once, from left to right."""
    found: list[str] = []
    stack, seen = [label], set[str]()
    while stack:
        one = stack.pop()
        if one in seen:
            continue
        seen.add(one)
        operands = _operands(nodes[one], one == label or is_open(one))
        stack += [operand for operand, _ in reversed(operands)]
        if not operands:
            found.append(one)
    return found
