"""Variables that have one value only, as functions of what is embedded."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from optitracr.graph.inputs import Inputs
from optitracr.graph.program import Elementwise, Input, Node, Source
from optitracr.graph.rewrites.passes import Pass
from optitracr.graph.tabled import TabledNode, TabledProgram, tabled
from optitracr.graph.values import ValueSet
from optitracr.rasp import Encoding


@dataclass(frozen=True, slots=True)
class FoldConstants(Pass):
    """Makes every variable that can have one value only, and never None, one of an input.

    The embedding can then supply it. What only constants read is left out; inputs stand first.
    """

    name = "constants"

    def __call__(self, program: TabledProgram, inputs: Inputs) -> TabledProgram:
        """The program without what only constants read."""
        embedded = [node for node in program.nodes if isinstance(node.operation, Input)]
        embedded = embedded or [_tokens(program, inputs)]
        table = np.zeros(len(embedded[0].value_set.values), dtype=np.int32)
        nodes = list(embedded)
        for node in program.nodes:
            if isinstance(node.operation, Input):
                continue
            own = node.value_set
            if len(own.values) == 1 and not own.may_be_none and not own.exploded:
                read = Elementwise((embedded[0].label,))
                node = replace(node, operation=read, value_set=replace(own, table=table))
            nodes.append(node)
        return program.with_nodes(nodes).without_unread()


def _tokens(program: TabledProgram, inputs: Inputs) -> TabledNode:
    """The tokens, for a program that reads no input."""
    label = program.names().fresh(Source.TOKENS.value)
    tokens = inputs.vocabulary
    node = Node(label, Input(Source.TOKENS), Encoding.CATEGORICAL)
    return tabled(node, ValueSet(tokens, False, tokens))
