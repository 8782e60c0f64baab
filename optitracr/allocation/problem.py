"""From components to the plain data that `solvers` works on."""

from __future__ import annotations

from collections.abc import Callable

from optitracr.candidates.component import Component, Components, Embedding
from optitracr.candidates.problem import late_inputs, writes_constant
from optitracr.craft.blocks import Head, Mlp
from optitracr.setting import Setting
from solvers import (
    Alternative,
    HeadDemand,
    Kind,
    Late,
    Limits,
    Problem,
    SelfAttention,
    SizeConstants,
    Stock,
    View,
)
from solvers import Variable as Item

HeadSize = Callable[[Head], int]
"""How a head's size is counted."""


def longest_side(head: Head) -> int:
    """As Tracr counts it: the longest side of the head's matrices."""
    return head.standard_head_size


def rank(head: Head) -> int:
    """What the head needs: the columns of its query and key matrices."""
    return head.query_key_rank


def build_problem(
    name: str,
    components: Components,
    setting: Setting,
    limits: Limits | None = None,
    head_size: HeadSize = rank,
    stock: Stock | None = None,
    told_late: bool = False,
) -> Problem:
    """States what has to be placed, and what it takes.

    Args:
        name: Name of the program.
        components: What the lowering made.
        setting: Vocabulary and length.
        limits: Hard limits on the architecture.
        head_size: How the size of a head is counted.
        stock: The published transformer that is to hold the model; None if none is.
        told_late: Whether positions are told by the first layer, and not by the embedding.
    """
    inputs = tuple(
        Item(e.variable.label, len(e.variable.space), is_input=True, signed=e.variable.signed)
        for e in components.inputs
    )
    computed = tuple(
        Item(
            c.variable.label,
            len(c.variable.space),
            signed=c.variable.signed,
            block=c.group or None,
        )
        for c in components.components
    )
    return Problem(
        name=name,
        variables=inputs + computed,
        alternatives=tuple(_alternative(c, head_size, stock) for c in components.components),
        views=(View(components.output.reads),),
        self_attention=SelfAttention(components.self_attention, setting.max_seq_len + 1),
        constants=SizeConstants(
            setting.embedding_rows, components.output.unembedding.shape[1], stock
        ),
        limits=limits or Limits(),
        late=_late(components) if told_late else None,
    )


def _late(components: Components) -> Late:
    """The inputs that differ from position to position, BOS apart."""
    return late_inputs(
        {
            each.variable.label: each.table[1:]
            for each in components.inputs
            if each.source is Embedding.POSITIONS
        }
    )


def _alternative(component: Component, head_size: HeadSize, stock: Stock | None) -> Alternative:
    reads = tuple((label,) for label in component.reads)
    match component.block:
        case Head() as head:
            demand = HeadDemand(
                selector=component.selector or component.name,
                head_size=head_size(head),
                value_width=head.value_width,
            )
            return Alternative(
                component.name, component.variable.label, Kind.ATTENTION, reads, head=demand
            )
        case Mlp() as mlp:
            return Alternative(
                component.name,
                component.variable.label,
                Kind.MLP,
                reads,
                neurons=mlp.neurons,
                determines=tuple(each.label for each in mlp.determined),
                constant=writes_constant(stock, mlp.b_out),
            )
