"""Variables on which it depends how a head weighs several positions.

Attention multiplies the error of a key or a query by its coldness. A head that looks at one
position does not mind. One that counts or averages several gives each a weight that is off by as
much, and what it writes with it; so does one whose logits differ by steps.
"""

from __future__ import annotations

from optitracr.graph.program import Aggregate, Best, Width, operation_reads, selector_reads
from optitracr.graph.selecting import selects_at_most_one
from optitracr.graph.tabled import TabledProgram


def weighed_variables(program: TabledProgram) -> frozenset[str]:
    """The keys and queries of such heads, and all that these are computed from."""
    known, definitions = program.by_label(), program.definitions
    found: set[str] = set()
    for node in reversed(program.nodes):
        match node.operation:
            case Best():
                found.update(operation_reads(node.operation))
            case Width(selector=selector):
                found.update(selector_reads(selector))
            case Aggregate(selector=selector) if node.is_numerical:
                if not selects_at_most_one(selector, known):
                    found.update(selector_reads(selector))
        if node.label in found:
            found.update(operation_reads(node.operation))
            found.update(x for own in definitions.get(node.label, ()) for x in own.operands)
    return frozenset(found)
