"""The allocation problem of a candidate space."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from optitracr.candidates.candidate import Candidate
from optitracr.candidates.computable import choices, computable
from optitracr.candidates.determined import determined
from optitracr.candidates.erasing import self_attention
from optitracr.candidates.forms import form_rows
from optitracr.candidates.realise import position_rows
from optitracr.candidates.space import CandidateSpace
from optitracr.constructions.heads import HeadPlan
from optitracr.craft.spaces import FloatArray
from optitracr.graph.build import BOS
from solvers import (
    Alternative,
    HeadDemand,
    Kind,
    Late,
    LateInput,
    Limits,
    Problem,
    SizeConstants,
    Stock,
    View,
)
from solvers import Variable as Item

if TYPE_CHECKING:
    from jaxtyping import Float


def space_problem(
    space: CandidateSpace, limits: Limits, stock: Stock | None = None, told_late: bool = False
) -> Problem:
    """The allocation problem of a candidate space.

    Args:
        space: What there is to choose among.
        limits: Hard limits on the architecture.
        stock: The published transformer that is to hold the model; None if none is.
        told_late: Whether positions are told by the first layer, and not by the embedding.
    """
    known = space.stated
    if known is not None and stock is None and not told_late and known.is_of(space):
        return replace(known.problem, limits=limits)
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
        a
        for c in space.candidates.values()
        if (a := _alternative(space, c, usable, stock)) is not None
    )
    outputs = space.outputs[0][1].shape[1]
    return Problem(
        name=space.program.output,
        variables=tuple(items),
        alternatives=alternatives,
        views=tuple(View(reads) for reads, _ in space.outputs),
        self_attention=self_attention(space),
        constants=SizeConstants(space.setting.embedding_rows, outputs, stock),
        limits=limits,
        late=_late(space) if told_late else None,
    )


def _late(space: CandidateSpace) -> Late:
    """The forms that tell positions from each other."""
    rows = {n: form_rows(f) for n, f in space.forms.items() if space.node(f).is_index}
    if space.position not in rows:
        rows[space.position] = position_rows(space.setting.max_seq_len)
    return late_inputs(rows)


def late_inputs(rows: Mapping[str, Float[FloatArray, "positions _"]]) -> Late:
    """What the first layer writes of inputs that tell positions.

    Args:
        rows: For each such input what it holds at each position, BOS not counted.
    """
    found = []
    for name, own in rows.items():
        steps = np.flatnonzero((own[1:] != own[:-1]).any(axis=1)) + 1
        if steps.size:
            found.append(LateInput(name, tuple(steps.tolist())))
    return Late(tuple(found))


def _alternative(
    space: CandidateSpace, candidate: Candidate, usable: Mapping[str, None], stock: Stock | None
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
        candidate.name,
        candidate.form,
        Kind.MLP,
        tuple(reads),
        neurons=candidate.neurons,
        determines=tuple(x.label for x in determined(space, candidate) if x.label in usable),
        constant=writes_constant(stock, None if candidate.reads_bos else candidate.plan.bias),
    )


def writes_constant(stock: Stock | None, bias: FloatArray | None) -> bool:
    """Whether an MLP needs a neuron that is always on, for want of biases."""
    return stock is not None and not stock.biases and bias is not None and bool(bias.any())
