"""The allocation problem of a candidate space."""

from __future__ import annotations

from collections.abc import Mapping

from optitracr.candidates.candidate import Candidate
from optitracr.candidates.computable import choices, computable
from optitracr.candidates.space import CandidateSpace
from optitracr.constructions.heads import HeadPlan
from optitracr.graph.build import BOS
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

OWN_POSITION = 3
"""Columns of a head that attends to its own position: two numbers that tell it, and BOS."""


def space_problem(
    space: CandidateSpace, limits: Limits, stock: Stock | None = None, told_late: bool = False
) -> Problem:
    """The allocation problem of a candidate space.

    Args:
        space: What there is to choose among.
        limits: Hard limits on the architecture.
        stock: The published transformer that is to hold the model, if its heads fill its stream.
        told_late: Whether positions are told by the first layer, and not by the embedding.
    """
    usable = computable(space)
    items = [
        Item(name, form.width, is_input=space.is_input(name), signed=form.signed)
        for name, form in space.forms.items()
        if name in usable
    ]
    items.append(Item(BOS, 1, is_input=True))
    if space.position not in space.forms:
        items.append(Item(space.position, 2, is_input=True, signed=True))
    alternatives = tuple(
        a for c in space.candidates.values() if (a := _alternative(space, c, usable)) is not None
    )
    outputs = space.outputs[0][1].shape[1]
    return Problem(
        name=space.program.output,
        variables=tuple(items),
        alternatives=alternatives,
        views=tuple(View(reads) for reads, _ in space.outputs),
        self_attention=SelfAttention(space.self_attention, OWN_POSITION),
        constants=SizeConstants(space.setting.embedding_rows, outputs, stock),
        limits=limits,
        late=_late(space) if told_late else None,
    )


def _late(space: CandidateSpace) -> Late:
    """The forms that tell positions, and the neurons that write them."""
    own = [name for name, form in space.forms.items() if space.node(form).is_index]
    names = tuple(dict.fromkeys((*own, space.position)))
    return Late(names, counting_neurons(space.setting))


def counting_neurons(setting: Setting) -> int:
    """Neurons that write positions: two a step, and one that takes off what was counted with."""
    return 2 * setting.max_seq_len + 1


def _alternative(
    space: CandidateSpace, candidate: Candidate, usable: Mapping[str, None]
) -> Alternative | None:
    reads = choices(space, candidate, usable)
    if reads is None:
        return None
    if candidate.reads_bos:
        reads.append((BOS,))
    if isinstance(candidate.plan, HeadPlan):
        plan = candidate.plan
        demand = HeadDemand(candidate.selector, plan.head_size, plan.value_width)
        return Alternative(
            candidate.name, candidate.form, Kind.ATTENTION, tuple(reads), head=demand
        )
    return Alternative(
        candidate.name, candidate.form, Kind.MLP, tuple(reads), neurons=candidate.neurons
    )
