"""Depth at level 2: attentions in sequence, and one more where an MLP must come first.

And parameters, of which level 0 never has fewer.
"""

from __future__ import annotations

import pytest

from optitracr import compile_rasp_to_model, library
from optitracr.graph.build import build_graph
from optitracr.graph.program import Elementwise, Input, ProgramGraph, operation_reads

COMPILED = library.names()


def attentions_in_sequence(graph: ProgramGraph) -> int:
    """The most Aggregates and SelectorWidths on one path; plus one where the first of some
    longest path, or the output itself, reads a function of tokens and indices together."""
    depth: dict[str, int] = {}
    inputs: dict[str, frozenset[str]] = {}
    after_mlp: dict[str, bool] = {}
    for node in graph.nodes:
        reads = operation_reads(node.operation)
        below = max((depth[r] for r in reads), default=0)
        if isinstance(node.operation, Input):
            depth[node.label], inputs[node.label] = 0, frozenset((node.label,))
            after_mlp[node.label] = False
            continue
        attention = not isinstance(node.operation, Elementwise)
        critical = [r for r in reads if depth[r] == below]
        joint = any(len(inputs[r]) > 1 for r in critical if depth[r] == 0)
        after_mlp[node.label] = any(after_mlp[r] for r in critical) or (attention and joint)
        depth[node.label] = below + attention
        own = frozenset().union(*(inputs[r] for r in reads))
        inputs[node.label] = frozenset((node.label,)) if attention else own
    out = graph.output
    if depth[out] == 0:
        return int(len(inputs[out]) > 1)
    return depth[out] + after_mlp[out]


@pytest.mark.sweep
@pytest.mark.parametrize("name", COMPILED)
def test_depth_is_that_of_the_attentions_and_parameters_are_fewer(name: str) -> None:
    entry = library.get(name)
    program = entry.make()
    model = compile_rasp_to_model(program, entry.vocab, entry.max_seq_len)
    assert model.allocation.status.value == "OPTIMAL"
    assert model.size.layers <= attentions_in_sequence(build_graph(program))
    if entry.layers is not None:
        assert model.size.layers <= entry.layers
    standard = compile_rasp_to_model(entry.make(), entry.vocab, entry.max_seq_len, optimize=0)
    assert model.size.parameters < standard.size.parameters
