"""Which numbers are known by their range alone."""

from __future__ import annotations

from optitracr.graph.program import Aggregate, Elementwise, ProgramGraph, Width


def raw_variables(graph: ProgramGraph) -> frozenset[str]:
    """Variables held as numbers that no table of values lies below: means, and their sums."""
    found: set[str] = set()
    for node in graph.nodes:
        match node.operation:
            case Width():
                found.add(node.label)
            case Aggregate() if node.is_numerical:
                found.add(node.label)
            case Elementwise(operands=operands, factors=factors):
                if factors is not None and node.is_numerical and found.intersection(operands):
                    found.add(node.label)
            case _:
                pass
    return frozenset(found)
