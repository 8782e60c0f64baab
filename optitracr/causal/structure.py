"""Variables whose interchange is the same on every pair of inputs, by how the program is made.

Where one variable at each position is a function of another there, and of the position, and all
that reads the other goes through it, to set one is to set the other.
"""

from __future__ import annotations

from optitracr.graph.program import Elementwise, Input, ProgramGraph, operation_reads

NONE = ""
"""Stands for setting nothing: what a variable is that is the same on every input."""


def alike(graph: ProgramGraph) -> dict[str, str]:
    """For each variable one that it is alike with: itself, a later one, or `NONE`."""
    fixed = _fixed(graph)
    readers = _readers(graph)
    found: dict[str, str] = {}
    for node in reversed(graph.nodes):
        if isinstance(node.operation, Input):
            continue
        label = node.label
        found[label] = NONE if label in fixed else label
        if label in fixed:
            continue
        made = _made_of(graph, label, fixed)
        gate = _gate(graph, label, readers)
        if gate in made:
            found[label] = found[gate]
    return found


def _fixed(graph: ProgramGraph) -> set[str]:
    """Variables that depend on the position alone."""
    found = {node.label for node in graph.nodes if node.is_index}
    for node in graph.nodes:
        operation = node.operation
        if isinstance(operation, Elementwise) and found.issuperset(operation.operands):
            found.add(node.label)
    return found


def _readers(graph: ProgramGraph) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {node.label: [] for node in graph.nodes}
    for node in graph.nodes:
        for label in dict.fromkeys(operation_reads(node.operation)):
            found[label].append(node.label)
    return found


def _made_of(graph: ProgramGraph, label: str, fixed: set[str]) -> set[str]:
    """Variables that are at each position a function of one there, and of the position."""
    found = {label}
    for node in graph.nodes:
        operation = node.operation
        if (
            isinstance(operation, Elementwise)
            and found.intersection(operation.operands)
            and (found | fixed).issuperset(operation.operands)
        ):
            found.add(node.label)
    return found - {label}


def _gate(graph: ProgramGraph, label: str, readers: dict[str, list[str]]) -> str:
    """The first variable that every way from a variable to the output leads through; "" if none."""
    order = {node.label: place for place, node in enumerate(graph.nodes)}
    pending = {label}
    while pending:
        first = min(pending, key=order.__getitem__)
        pending.remove(first)
        if not pending and first != label:
            return first
        if first == graph.output:
            return NONE
        pending.update(readers[first])
    return NONE
