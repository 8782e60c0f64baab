"""The weights of the candidates that an allocation uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.candidates.at_bos import Held, finding_bos
from optitracr.candidates.candidate import Candidate
from optitracr.candidates.component import (
    Component,
    Components,
    EmbeddedInput,
    Embedding,
    OutputView,
)
from optitracr.candidates.determined import determined
from optitracr.candidates.erasing import self_attention
from optitracr.candidates.forms import form_rows
from optitracr.candidates.held import held_in_forms, made_for
from optitracr.candidates.located import Located, held_at_bos, readings_of
from optitracr.candidates.space import MARKED, CandidateSpace
from optitracr.constructions.bilinear import LEAST_ON_CIRCLE, on_circle
from optitracr.constructions.heads import HeadPlan
from optitracr.constructions.leaves import Plan as TablePlan
from optitracr.craft.blocks import Head, Mlp
from optitracr.craft.reading import Variable
from optitracr.craft.spaces import Direction, FloatArray, Space, join
from optitracr.graph.build import BOS, POSITION
from optitracr.graph.program import Aggregate, Input, Source
from solvers import Allocation

if TYPE_CHECKING:
    from jaxtyping import Float


def realise(space: CandidateSpace, allocation: Allocation) -> Components:
    """Writes the weights of the candidates that an allocation uses."""
    plan = allocation.plan
    assert plan is not None, "an allocation without a plan is an error before this stage"
    held = held_at_bos(space, plan)
    components = tuple(
        _component(space, space.candidates[p.alternative], p.reads, held) for p in plan.placements
    )
    reads, matrix = space.outputs[plan.view]
    output_space = join(*(space.variables[name].space for name in reads))
    inputs = tuple(_embedded(space, MARKED if BOS in reads else 0.0))
    return Components(
        inputs,
        components,
        OutputView(reads, output_space, matrix),
        self_attention(space).ways[plan.own],
        held_in_forms(space),
        tuple(space.output_values),
        made_for((name, space.node(form)) for name, form in space.forms.items()),
    )


def _embedded(space: CandidateSpace, base: float) -> list[EmbeddedInput]:
    """What the embedding supplies, the BOS dimension with what it holds everywhere."""
    setting = space.setting
    tokens, positions = len(setting.vocabulary), setting.max_seq_len
    found = []
    for name, form in space.forms.items():
        operation = space.node(form).operation
        if not isinstance(operation, Input):
            continue
        rows = form_rows(form)
        if operation.source is Source.TOKENS:
            table = np.concatenate([rows, np.zeros((2, rows.shape[1]))])
            found.append(EmbeddedInput(space.variables[name], Embedding.TOKENS, table))
        else:
            table = np.concatenate([np.zeros((1, rows.shape[1])), rows])
            found.append(EmbeddedInput(space.variables[name], Embedding.POSITIONS, table))
    marker = np.zeros((tokens + 2, 1))
    marker[tokens] = 1.0
    found.append(EmbeddedInput(space.bos, Embedding.TOKENS, marker, base))
    if space.position in space.forms:
        return found
    own = Variable(
        POSITION,
        Space(tuple(Direction(POSITION, i) for i in range(2))),
        (-1.0, 1.0),
        True,
    )
    table = np.concatenate([np.zeros((1, 2)), position_rows(positions)])
    found.append(EmbeddedInput(own, Embedding.POSITIONS, table))
    return found


def position_rows(positions: int) -> Float[FloatArray, "positions 2"]:
    """What tells positions where no form of the indices does: points of a circle."""
    return on_circle(np.arange(positions), max(positions, LEAST_ON_CIRCLE))


def _component(
    space: CandidateSpace, candidate: Candidate, reads: Sequence[str], held: Mapping[str, Held]
) -> Component:
    readings = readings_of(space, candidate, reads)
    variable, plan = space.variables[candidate.form], candidate.plan
    if isinstance(plan, HeadPlan):
        queries = [each.at_bos(held) for each in readings[: len(plan.queries)]]
        keys = readings[len(plan.queries) : len(plan.queries) + len(plan.keys)]
        finding = finding_bos(plan, queries, [each.rows(space) for each in keys])
        block: Head | Mlp = _head(finding, readings, space.bos.space, variable.space)
    else:
        bounds = _largest_at_bos(space, reads, held)
        own = _mlp(candidate, plan, readings, space.bos.space, variable.space, bounds)
        block = replace(own, determined=determined(space, candidate))
    labels = (space.forms[candidate.form].label, *space.fused(candidate))
    served = tuple(dict.fromkeys(space.owner[label] for label in labels))
    return Component(candidate.name, variable, block, tuple(reads), served, candidate.selector)


def _largest_at_bos(
    space: CandidateSpace, reads: Sequence[str], held: Mapping[str, Held]
) -> dict[Direction, float]:
    """Bounds of what is read at BOS: at least as large as elsewhere, so that BOS outweighs it."""
    found = {}
    for name in reads:
        if name == BOS:
            continue
        directions, largest = space.variables[name].space.directions, _largest(space, name)
        found.update(dict.fromkeys(directions, largest))
        if name in held:
            most = zip(directions, held[name].largest.tolist(), strict=True)
            found.update({own: max(largest, at_bos) for own, at_bos in most})
    return found


def _largest(space: CandidateSpace, name: str) -> float:
    """Bound of what a variable holds, and of the default that a head writes at BOS."""
    form = space.forms[name]
    if form.numbers:
        return max(abs(x) for row in form.numbers for x in row)
    operation = space.node(form).operation
    if isinstance(operation, Aggregate) and isinstance(operation.default, int | float):
        return max(1.0, abs(float(operation.default)))
    return 1.0


def _mlp(
    candidate: Candidate,
    plan: TablePlan,
    readings: Sequence[Located],
    bos: Space,
    output: Space,
    bounds: Mapping[Direction, float],
) -> Mlp:
    """An MLP; where its output has to be clean, BOS outweighs all that it reads there."""
    clean = candidate.reads_bos
    inputs = join(*(reading.space for reading in readings), *((bos,) if clean else ()))
    w_in = np.zeros((len(inputs), candidate.neurons))
    b_in = np.zeros(candidate.neurons)
    b_in[: plan.neurons] = plan.b_in
    for reading, weights in zip(readings, plan.w_in, strict=True):
        if len(reading.space) == 0:
            continue
        _add(w_in, reading.space.positions_in(inputs), reading.matrix @ weights)
    w_out = np.zeros((candidate.neurons, len(output)))
    w_out[: plan.neurons] = plan.w_out
    if candidate.neurons > plan.neurons:
        b_in[-1], w_out[-1] = 1.0, plan.bias
    if clean:
        most = np.array([bounds.get(direction, 1.0) for direction in inputs.directions])
        w_in[bos.positions_in(inputs)] = -(most @ abs(w_in) + abs(b_in) + 1.0)
        return Mlp(inputs, output, w_in, b_in, w_out)
    return Mlp(inputs, output, w_in, b_in, w_out, b_out=plan.bias)


def _add(weights: FloatArray, rows: NDArray[np.integer], more: FloatArray) -> None:
    """Adds to some rows, each of them given once, in as many columns as there are."""
    weights[rows, : more.shape[1]] += more


def _head(plan: HeadPlan, readings: Sequence[Located], bos: Space, output: Space) -> Head:
    left = list(readings)
    own = bos if plan.reads_bos else Space(())
    columns = plan.value_width
    query, w_query = _side([(left.pop(0), r.weights) for r in plan.queries], plan.head_size)
    key, w_key = _side([(left.pop(0), r.weights) for r in plan.keys], plan.head_size)
    value, w_value = _side([(left.pop(0), r.weights) for r in plan.values], columns)
    return Head(
        query=join(query, own),
        key=join(key, own),
        value=join(value, own),
        output=output,
        w_query=_with_bos(w_query, own, plan.bos_query),
        b_query=plan.b_query,
        w_key=_with_bos(w_key, own, plan.bos_key),
        w_value=_with_bos(w_value, own, plan.at_bos(columns)),
        b_value=np.zeros(columns),
        w_output=np.eye(columns, len(output)),
    )


def _side(parts: Sequence[tuple[Located, FloatArray]], columns: int) -> tuple[Space, FloatArray]:
    """One side of a head: all it reads in one space, what is read twice added up."""
    space = join(*(reading.space for reading, _ in parts))
    weights = np.zeros((len(space), columns))
    for own, factors in parts:
        if len(own.space) == 0:
            continue
        _add(weights, own.space.positions_in(space), own.matrix @ factors)
    return space, weights


def _with_bos(weights: FloatArray, bos: Space, row: FloatArray) -> FloatArray:
    """Weights with the row of BOS below, where BOS is read at all."""
    return np.concatenate([weights, row[None, :]]) if len(bos) else weights
