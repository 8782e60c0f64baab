"""The space of level 2: all forms and candidates of a program, as an allocation problem."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from optitracr.candidates.candidate import Candidate
from optitracr.candidates.families import EVERY_FAMILY, Family
from optitracr.candidates.forms import Form, serves
from optitracr.candidates.optimal import Enumeration
from optitracr.candidates.rewriting import CANDIDATE_REWRITES
from optitracr.candidates.tables import FunctionTables
from optitracr.constructions.bilinear import LEAST_ON_CIRCLE, on_circle
from optitracr.constructions.heads import HeadPlan, Reading
from optitracr.constructions.needs import Need
from optitracr.craft.reading import Variable, direction
from optitracr.craft.spaces import Direction, FloatArray, Space
from optitracr.errors import LimitError
from optitracr.graph.build import BOS, POSITION
from optitracr.graph.program import Input, ProgramGraph, Source
from optitracr.graph.rewrites.passes import run_passes
from optitracr.graph.tabled import TabledProgram
from optitracr.graph.values import ValueSet
from optitracr.setting import Setting
from solvers import (
    Alternative,
    HeadDemand,
    Kind,
    Limits,
    Problem,
    SelfAttention,
    SizeConstants,
    View,
)
from solvers import Variable as Item

NOTHING = ""
"""In place of a form, for needs that no value of the variable makes different from zero."""


@dataclass(frozen=True, slots=True)
class CandidateSpace:
    """All that the solver chooses among.

    Attributes:
        graph: The program as rewritten.
        values: Value sets.
        setting: Vocabulary and length.
        forms: Every form by name, in order.
        variables: The directions of each.
        candidates: Every candidate by name.
        options: For each need the forms that serve it, and how each is read.
        outputs: Alternative views of the output.
        output_values: What each output of a categorical program stands for.
        position: The position on a circle that erasing heads need.
        stands_for: For each variable that was merged with an equal one, that one.
        owner: For each variable the program's that it is, or is made for.
        tables: Its functions as tables.
        excluded: Pairs of a candidate and a form that it must not read, since float32 does
            not carry what comes of it; NOTHING in place of the form excludes the candidate.
    """

    graph: ProgramGraph
    values: Mapping[str, ValueSet]
    setting: Setting
    forms: Mapping[str, Form]
    variables: Mapping[str, Variable]
    candidates: Mapping[str, Candidate]
    options: Mapping[Need, Mapping[str, FloatArray]]
    outputs: tuple[tuple[tuple[str, ...], FloatArray], ...]
    output_values: tuple[object, ...]
    position: str
    stands_for: Mapping[str, str]
    owner: Mapping[str, str]
    tables: FunctionTables
    excluded: frozenset[tuple[str, str]] = frozenset()

    @property
    def bos(self) -> Variable:
        """The BOS dimension."""
        return self.variables[BOS]

    def fused(self, candidate: Candidate) -> tuple[str, ...]:
        """The variables that it computes on the way and that get no dimension."""
        if not candidate.cut:
            return ()
        return self.tables.between(self.forms[candidate.form].label, candidate.cut)

    def is_input(self, name: str) -> bool:
        """Whether the embedding supplies a form."""
        return isinstance(self.graph.node(self.forms[name].label).operation, Input)


def candidate_space(
    program: TabledProgram,
    setting: Setting,
    families: frozenset[Family] = EVERY_FAMILY,
    robust: bool = False,
) -> CandidateSpace:
    """Enumerates the candidates of a program.

    Args:
        program: The program, with every encoding that its operations need.
        setting: Vocabulary and length.
        families: Kinds of candidates to propose.
        robust: Propose what bears and makes the least errors, the standard constructions
            among it, in place of the fewest neurons.
    """
    merged = run_passes(program, CANDIDATE_REWRITES.lowered(families), setting.inputs)
    sets = merged.values
    search = Enumeration(merged, setting, families, robust)
    readings = _output_readings(search)
    for reading in (reading for way in readings for reading in way):
        search.demand(reading.need)
    search.run()
    forms = {form.name: form for form in search.forms.values()}
    points = max([setting.max_seq_len, LEAST_ON_CIRCLE, *search.slots.values()])
    position = _position(merged, forms, setting.max_seq_len, points)
    variables = {name: form.variable(sets[form.label].values) for name, form in forms.items()}
    variables[BOS] = direction(BOS, Space((Direction(BOS),)))
    options = {need: _options(search, forms, need) for need in search.needs}
    node = merged.node(merged.output)
    columns = 1 if node.is_numerical else len(sets[merged.output].values)
    views = tuple(view for way in readings for view in _views(way, options, columns))
    space = CandidateSpace(
        merged,
        sets,
        setting,
        forms,
        variables,
        {candidate.name: candidate for candidate in search.candidates},
        options,
        views,
        () if node.is_numerical else sets[merged.output].values,
        position,
        merged.stands_for,
        _owners(merged, program),
        search.tables,
    )
    return _with_usable_outputs(space, search)


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
    labels = [
        node.label
        for node in graph.nodes
        if isinstance(node.operation, Input) and node.operation.source is Source.INDICES
    ]
    rows = on_circle(np.arange(positions), points)
    numbers = tuple(map(tuple, rows.tolist()))
    for form in forms.values():
        if form.label in labels and form.numbers == numbers:
            return form.name
    if labels:
        forms[POSITION] = Form(POSITION, labels[0], (), numbers, signed=True)
    return POSITION


def _with_usable_outputs(space: CandidateSpace, search: Enumeration) -> CandidateSpace:
    """Leaves out views of the output that nothing can compute."""
    usable = _computable(space)
    outputs = tuple(view for view in space.outputs if all(name in usable for name in view[0]))
    if not outputs:
        raise LimitError(_no_output(space, search, usable))
    return replace(space, outputs=outputs)


def _no_output(space: CandidateSpace, search: Enumeration, usable: Mapping[str, None]) -> str:
    """Names the first variable that nothing computes, and the threshold that is at fault."""
    computed = {space.forms[name].label for name in usable}
    for node in space.graph.nodes:
        if node.label in search.refused and node.label not in computed:
            operands, reason = search.refused[node.label]
            owner = space.owner[node.label]
            read = ", ".join(f"'{space.owner[label]}'" for label in operands)
            return (
                f"s-op {space.graph.node(owner).describe()} cannot be computed from {read}: "
                f"{reason}; lower max_seq_len, or take a function that tells fewer values apart"
            )
    node = space.graph.node(space.graph.output)
    return (
        f"s-op {node.describe()} has no candidate component at level 2; map what it reads to "
        "fewer values first, or lower max_seq_len"
    )


def _output_readings(search: Enumeration) -> list[list[Reading]]:
    """Ways for the unembedding to read the output; nothing of what is always None."""
    output = search.graph.output
    if search.nodes[output].is_numerical:
        return search.number_readings(output, 1.0, clean=False)
    count = len(search.values[output].values)
    return [[Reading(Need(output, tuple(range(count))), np.eye(count))] if count else []]


def _views(
    way: Sequence[Reading], options: Mapping[Need, Mapping[str, FloatArray]], columns: int
) -> Iterator[tuple[tuple[str, ...], FloatArray]]:
    """Every choice of forms for what the output reads, and the unembedding over them."""
    if not way:
        yield (), np.zeros((0, columns))
        return
    for chosen in product(*(options[reading.need].items() for reading in way)):
        spaces = dict.fromkeys(name for name, _ in chosen if name != NOTHING)
        rows = dict[str, FloatArray]()
        for (name, matrix), reading in zip(chosen, way, strict=True):
            if name == NOTHING:
                continue
            mixed = matrix @ reading.weights
            rows[name] = rows[name] + mixed if name in rows else mixed
        empty = np.zeros((0, columns))
        yield tuple(spaces), np.concatenate([empty, *(rows[name] for name in spaces)])


def _options(search: Enumeration, forms: Mapping[str, Form], need: Need) -> dict[str, FloatArray]:
    if search.is_vacuous(need):
        return {NOTHING: np.zeros((0, need.columns))}
    found: dict[str, FloatArray] = {}
    sources = dict(search.sources(need.label))
    for name, form in forms.items():
        if form.label in sources:
            matrix = serves(form, need, sources[form.label])
            if matrix is not None:
                found[name] = matrix
    return found


def space_problem(space: CandidateSpace, limits: Limits) -> Problem:
    """The allocation problem of a candidate space."""
    usable = _computable(space)
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
    setting = space.setting
    rows = len(setting.vocabulary) + 2 + setting.max_seq_len + 1
    outputs = space.outputs[0][1].shape[1]
    return Problem(
        name=space.graph.output,
        variables=tuple(items),
        alternatives=alternatives,
        views=tuple(View(reads) for reads, _ in space.outputs),
        self_attention=SelfAttention((space.position, BOS), 3),
        constants=SizeConstants(rows, outputs),
        limits=limits,
    )


def exclude(space: CandidateSpace, pairs: Iterable[tuple[str, str]]) -> CandidateSpace | None:
    """The space without some readings; None if then nothing computes the output."""
    smaller = replace(space, excluded=space.excluded.union(pairs))
    usable = _computable(smaller)
    views = tuple(view for view in space.outputs if all(name in usable for name in view[0]))
    return replace(smaller, outputs=views) if views else None


def _computable(space: CandidateSpace) -> dict[str, None]:
    """Forms that the inputs or some chain of candidates can supply."""
    return _computable_but(space) if space.excluded else _all_computable(space)


def _computable_but(space: CandidateSpace) -> dict[str, None]:
    """The same where some candidates must not read all forms that would serve."""
    usable = {name: None for name in space.forms if space.is_input(name)}
    while True:
        found = [
            candidate.form
            for candidate in space.candidates.values()
            if candidate.form not in usable and _choices(space, candidate, usable) is not None
        ]
        if not found:
            return usable
        usable |= dict.fromkeys(found)


def _all_computable(space: CandidateSpace) -> dict[str, None]:
    usable = {name: None for name in space.forms if space.is_input(name)}
    waiting: dict[Need, list[Candidate]] = {}
    missing: dict[str, int] = {}
    ready: list[str] = list(usable)
    for candidate in space.candidates.values():
        needs = dict.fromkeys(needs_read(space, candidate))
        missing[candidate.name] = len(needs)
        for need in needs:
            waiting.setdefault(need, []).append(candidate)
        if not needs and candidate.form not in usable:
            usable[candidate.form] = None
            ready.append(candidate.form)
    readers: dict[str, list[Need]] = {}
    for need in waiting:
        for name in space.options[need]:
            readers.setdefault(name, []).append(need)
    met: set[Need] = set()
    while ready:
        for need in readers.get(ready.pop(), ()):
            if need in met:
                continue
            met.add(need)
            for candidate in waiting[need]:
                missing[candidate.name] -= 1
                if missing[candidate.name] == 0 and candidate.form not in usable:
                    usable[candidate.form] = None
                    ready.append(candidate.form)
    return usable


def needs_read(space: CandidateSpace, candidate: Candidate) -> list[Need]:
    """What a candidate really reads: its needs but those that are always zero."""
    return [need for need in candidate.needs if NOTHING not in space.options[need]]


def _choices(
    space: CandidateSpace, candidate: Candidate, usable: Mapping[str, None]
) -> list[tuple[str, ...]] | None:
    """For each need of a candidate the forms that it can be read from; None if one has none."""
    if (candidate.name, NOTHING) in space.excluded:
        return None
    reads = [
        tuple(
            name
            for name in space.options[need]
            if name != candidate.form
            and name in usable
            and (candidate.name, name) not in space.excluded
        )
        for need in needs_read(space, candidate)
    ]
    return reads if all(reads) else None


def _alternative(
    space: CandidateSpace, candidate: Candidate, usable: Mapping[str, None]
) -> Alternative | None:
    reads = _choices(space, candidate, usable)
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
