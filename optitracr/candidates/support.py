"""What cannot be compiled, with the reason and what would help."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from optitracr.errors import UnsupportedError
from optitracr.graph.about import about
from optitracr.graph.program import (
    Aggregate,
    Best,
    Elementwise,
    Input,
    Node,
    ProgramGraph,
    Selector,
    Width,
    selector_reads,
)
from optitracr.graph.tabled import TabledNode, TabledProgram


def check_supported(program: TabledProgram, any_default: bool) -> None:
    """Raises if some node has no lowering.

    Args:
        program: The program.
        any_default: Whether its heads can write any default, and not None and 0 alone.

    Raises:
        UnsupportedError: Names the first such s-op.
    """
    for node, reason in unsupported(program, any_default):
        with about(node):
            raise UnsupportedError(f"s-op {node.describe()}: {reason}")


def unsupported(program: TabledProgram, any_default: bool) -> Iterator[tuple[TabledNode, str]]:
    """Every node without a lowering, with the reason."""
    nodes = program.by_label()
    for node in program.nodes:
        for reason in _reasons(node, nodes, any_default):
            yield node, reason


def unsupported_everywhere(graph: ProgramGraph, any_default: bool) -> Iterator[tuple[Node, str]]:
    """Nodes that have no lowering whatever the vocabulary and length, with the reason.

    Most reasons depend on the values that a variable can take; a default does not.
    """
    for node in graph.nodes:
        if isinstance(node.operation, Aggregate):
            for reason in _default(node, node.operation, any_default):
                yield node, reason


def _reasons(node: TabledNode, nodes: Mapping[str, Node], any_default: bool) -> Iterator[str]:
    own = node.value_set
    if node.is_numerical and own.may_be_none:
        remedy = "give the Aggregate below it a default (default=0)"
        if not own.exploded:
            remedy += ", or encode it with rasp.categorical"
        yield f"it is numerical and can be None, which a number cannot tell from 0; {remedy}"
    if node.is_numerical:
        odd = [v for v in own.values if not isinstance(v, int | float)]
        if odd:
            yield (
                f"it is numerical and can be {odd[0]!r}, which is no number; encode it with "
                "rasp.categorical"
            )
    match node.operation:
        case Input():
            return
        case Elementwise():
            yield from _elementwise(node, node.operation, nodes)
        case Aggregate():
            yield from _selector(node.operation.selector, nodes)
            yield from _aggregate(node, node.operation, nodes, any_default)
        case Width():
            yield from _selector(node.operation.selector, nodes)
            if node.is_numerical:
                yield "a SelectorWidth is categorical here; map it to a number with rasp.Map"
        case Best():
            yield from _selector(node.operation.selector, nodes)
            if nodes[node.operation.score].is_numerical:
                yield (
                    f"its score '{node.operation.score}' is numerical; encode that one with "
                    "rasp.categorical"
                )


def _elementwise(node: Node, operation: Elementwise, nodes: Mapping[str, Node]) -> Iterator[str]:
    numbers = [label for label in operation.operands if nodes[label].is_numerical]
    if operation.factors is not None and node.is_numerical:
        return
    if len(operation.operands) > 1 and numbers:
        yield (
            f"it combines the numerical s-op '{numbers[0]}' by a function that is not linear; "
            "use rasp.LinearSequenceMap annotated numerical, or encode the operand with "
            "rasp.categorical"
        )


def _selector(selector: Selector, nodes: Mapping[str, Node]) -> Iterator[str]:
    for label in dict.fromkeys(selector_reads(selector)):
        if nodes[label].is_numerical:
            yield (
                f"its selector '{selector.label}' reads the numerical s-op '{label}'; encode "
                "that one with rasp.categorical"
            )


def _aggregate(
    node: Node, operation: Aggregate, nodes: Mapping[str, Node], any_default: bool
) -> Iterator[str]:
    yield from _default(node, operation, any_default)
    if not node.is_numerical and nodes[operation.operand].is_numerical:
        yield (
            f"it is categorical and takes the mean of the numerical s-op '{operation.operand}'; "
            "encode both alike, with rasp.numerical or rasp.categorical"
        )


def _default(node: Node, operation: Aggregate, any_default: bool) -> Iterator[str]:
    default = None if any_default else operation.default
    if node.is_numerical and default is not None and default != 0:
        yield f"a numerical Aggregate can only default to 0, not to {default!r}"
    if not node.is_numerical and default is not None:
        remedy = "compile with optimize=2"
        if isinstance(default, int | float):
            remedy += (
                ", or annotate it rasp.numerical where its values are numbers: such a one can "
                "default to any number"
            )
        yield (
            f"the standard lowering's categorical Aggregate can only default to None, not to "
            f"{default!r}; {remedy}"
        )
