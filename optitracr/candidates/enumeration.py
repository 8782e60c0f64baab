"""The enumeration of a program's candidates: from a program to the space to choose from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product

import numpy as np

from optitracr.candidates.computable import computable, computable_views
from optitracr.candidates.forms import Form, serving
from optitracr.candidates.proposals import Proposals
from optitracr.candidates.readings import Readings
from optitracr.candidates.rule import Rule
from optitracr.candidates.space import MARKED, NOTHING, CandidateSpace, Determinations
from optitracr.candidates.table_plans import TablePlans
from optitracr.candidates.ways import Freedom, OutputReading
from optitracr.candidates.worklist import enumerate_candidates
from optitracr.constructions.bilinear import LEAST_ON_CIRCLE, on_circle
from optitracr.constructions.heads import Reading
from optitracr.constructions.needs import Need
from optitracr.craft.reading import direction
from optitracr.craft.spaces import Direction, FloatArray, Space
from optitracr.errors import LimitError
from optitracr.graph.build import BOS, POSITION
from optitracr.graph.program import Node, ProgramGraph
from optitracr.graph.tabled import TabledProgram


def enumerated(
    proposals: Proposals,
    program: TabledProgram,
    rules: Sequence[Rule],
    readings: Sequence[OutputReading],
) -> CandidateSpace:
    """The candidates that some rules propose, whether or not they lead to the output.

    Args:
        proposals: Of which there are none as yet.
        program: The program before the rewrites, for whose variables the candidates are.
        rules: What proposes candidates, in order.
        readings: The ways to read the output.
    """
    facts = proposals.facts
    rewritten, setting = facts.program, facts.setting
    enumerate_candidates(proposals, rules, _rounds(proposals, readings))
    forms = proposals.forms
    points = max([setting.max_seq_len, LEAST_ON_CIRCLE, *proposals.patterns.slots.values()])
    position = _position(rewritten, forms, setting.max_seq_len, points)
    nodes = rewritten.by_label()
    variables = {
        name: form.variable(nodes[form.label].value_set.values) for name, form in forms.items()
    }
    variables[BOS] = direction(BOS, Space((Direction(BOS),)))
    placed = _by_label(forms)
    options = {need: _options(proposals.readings, placed, need) for need in proposals.needs}
    output = nodes[rewritten.output]
    outputs = () if output.is_numerical else output.value_set.values
    views = tuple(view for way in readings for view in _views(way, options))
    return CandidateSpace(
        rewritten,
        setting,
        forms,
        variables,
        {candidate.name: candidate for candidate in proposals.candidates},
        options,
        views,
        outputs,
        position,
        _owners(rewritten, program),
        proposals.facts.tables,
        determined=Determinations() if proposals.repertoire.frees(Freedom.ERASURE) else None,
    )


def _owners(rewritten: TabledProgram, program: TabledProgram) -> dict[str, str]:
    """For each variable the one of the program that it is, or is made for."""
    known = program.by_label()
    nodes = {**known, **rewritten.by_label()}
    owners: dict[str, str] = {}
    for label in rewritten.by_label():
        node = nodes[label]
        while node.label not in known and node.provenance is not None:
            node = nodes[node.provenance.variable]
        owners[label] = node.label
    return owners


def _position(graph: ProgramGraph, forms: dict[str, Form], positions: int, points: int) -> str:
    """The position on a circle that erasing heads need: a form of the indices if there is one.

    A program that uses its indices may read them from the same dimensions.
    """
    labels = [node.label for node in graph.nodes if node.is_index]
    rows = on_circle(np.arange(positions), points)
    numbers = tuple(map(tuple, rows.tolist()))
    for form in forms.values():
        if form.label in labels and form.numbers == numbers:
            return form.name
    if labels:
        forms[POSITION] = Form(POSITION, labels[0], (), numbers, signed=True)
    return POSITION


def with_usable_outputs(space: CandidateSpace, tables: TablePlans) -> CandidateSpace:
    """Leaves out views of the output that nothing can compute.

    Raises:
        LimitError: If nothing computes any.
    """
    usable = computable(space)
    outputs = computable_views(space, usable)
    if not outputs:
        raise _no_output(space, tables, usable)
    return replace(space, outputs=outputs)


def _no_output(space: CandidateSpace, tables: TablePlans, usable: Mapping[str, None]) -> LimitError:
    """Names the first variable that nothing computes, and the threshold that is at fault."""
    computed = {space.forms[name].label for name in usable}
    for node in space.program.nodes:
        if node.label in tables.refused and node.label not in computed:
            operands, reason = tables.refused[node.label]
            owner = space.program.node(space.owner[node.label])
            read = ", ".join(f"'{space.owner[label]}'" for label in operands)
            return _about(
                owner,
                f"s-op {owner.describe()} cannot be computed from {read}: "
                f"{reason}; lower max_seq_len, or take a function that tells fewer values apart",
            )
    node = space.program.node(space.program.output)
    return _about(
        node,
        f"s-op {node.describe()} has no candidate component at level 2; map what it reads to "
        "fewer values first, or lower max_seq_len",
    )


def _about(node: Node, message: str) -> LimitError:
    error = LimitError(message)
    error.label = node.shown
    return error


def output_readings(proposals: Proposals) -> list[OutputReading]:
    """Ways for the unembedding to read the output; nothing of what is always None."""
    facts, output = proposals.facts, proposals.facts.program.output
    if facts.nodes[output].is_numerical:
        ways = proposals.readings.of_number(output, 1.0, clean=False)
        return [OutputReading(tuple(way), np.zeros(1)) for way in ways]
    count = len(facts.nodes[output].value_set.values)
    if not count:
        return [OutputReading((), np.zeros(0))]
    own = Reading(Need(output, tuple(range(count))), np.eye(count))
    return [
        OutputReading((own,), np.zeros(count)),
        *proposals.repertoire.outputs(facts, output, proposals.tables.possible),
    ]


def _rounds(proposals: Proposals, ways: Sequence[OutputReading]) -> list[list[Need]]:
    """What these ways read: each further one of a category in a round of its own."""
    needs = [[reading.need for reading in way.readings] for way in ways]
    if proposals.facts.nodes[proposals.facts.program.output].is_numerical:
        return [[need for way in needs for need in way]]
    return needs


def _views(
    way: OutputReading, options: Mapping[Need, Mapping[str, FloatArray]]
) -> Iterator[tuple[tuple[str, ...], FloatArray]]:
    """Every choice of forms for what the output reads, and the unembedding over them."""
    for chosen in product(*(options[reading.need].items() for reading in way.readings)):
        rows = dict[str, FloatArray]()
        for (name, matrix), reading in zip(chosen, way.readings, strict=True):
            if name == NOTHING:
                continue
            mixed = matrix @ reading.weights
            rows[name] = rows[name] + mixed if name in rows else mixed
        if way.constant.any():
            rows[BOS] = way.constant[None] / MARKED
        empty = np.zeros((0, way.constant.size))
        yield tuple(rows), np.concatenate([empty, *rows.values()])


_Placed = dict[str, list[tuple[int, Form]]]
"""For each variable its forms, and the place of each among all."""


def _by_label(forms: Mapping[str, Form]) -> _Placed:
    placed: _Placed = {}
    for place, form in enumerate(forms.values()):
        placed.setdefault(form.label, []).append((place, form))
    return placed


def _options(readings: Readings, placed: _Placed, need: Need) -> dict[str, FloatArray]:
    """How each form that serves a need is read for it; of all forms few hold what it asks for."""
    if readings.is_vacuous(need):
        return {NOTHING: np.zeros((0, need.columns))}
    sources = dict(readings.sources(need.label))
    near = [own for label in sources for own in placed.get(label, ())]
    near.sort(key=lambda own: own[0])
    return serving([form for _, form in near], need, sources)
