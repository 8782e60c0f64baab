"""Which savings a plan makes, read off the candidates that it uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from optitracr.candidates.candidate import Candidate
from optitracr.candidates.component import Components
from optitracr.candidates.forms import Form
from optitracr.candidates.savings import Saving, SavingKind, Savings
from optitracr.candidates.space import CandidateSpace, needs_read
from optitracr.graph.program import Aggregate, Elementwise, Input, ProgramGraph
from optitracr.graph.provenance import Role
from solvers import Allocation, Placement, Plan


def standard_savings(components: Components, allocation: Allocation) -> Savings:
    """What levels 0 and 1 save, erased dimensions and shared heads, and what they add."""
    plan = _plan(allocation)
    placed = {component.name: component for component in components.components}
    served = {c.variable.label: c.serves[0] for c in components.components if c.serves}
    served |= {name: held.label for name, held in components.held.items()}
    heads = {
        placed[p.alternative].name: (p.sublayer, placed[p.alternative].selector)
        for p in plan.placements
    }
    rows = [
        *_shared({name: served[placed[name].variable.label] for name in heads}, heads),
        *_erased(plan, served),
        *(Saving(c.serves[0], SavingKind.ADDED, c.added) for c in components.components if c.added),
    ]
    return Savings(tuple(_in_order(rows, [*dict.fromkeys(served.values())])))


def candidate_savings(
    space: CandidateSpace, program: ProgramGraph, allocation: Allocation
) -> Savings:
    """What level 2 saves against one component, and dimensions, for each variable.

    Args:
        space: The candidates.
        program: The program as the user wrote it.
        allocation: What the solver chose.
    """
    plan = _plan(allocation)
    used = [(space.candidates[p.alternative], p) for p in plan.placements]
    owner = {**space.owner, **space.stands_for}
    rows: list[Saving] = []
    present = _present(space, used, plan)
    for label, forms in present.items():
        rows += _forms(space, owner[label], label, forms)
    rows += _readings(space, used, plan, owner)
    rows += _computed(space, used, owner)
    heads = {c.name: (p.sublayer, c.selector) for c, p in used}
    rows += _shared({c.name: owner[space.forms[c.form].label] for c, _ in used}, heads)
    rows += _erased(plan, {name: owner[form.label] for name, form in space.forms.items()})
    labels = [node.label for node in program.nodes]
    written = set(labels)
    rows = [row for row in rows if row.variable in written]
    told = {row.variable for row in rows} | {owner[label] for label in present}
    for label in labels:
        if label in space.stands_for:
            detail = f"equal to {space.stands_for[label]}"
            rows.append(Saving(label, SavingKind.SHARED, detail))
        elif label not in told:
            rows.append(Saving(label, SavingKind.UNUSED, "no component, no dimension"))
    return Savings(tuple(_in_order(rows, labels)))


def with_added(savings: Savings, graph: ProgramGraph) -> Savings:
    """The savings, and what a categorical Aggregate that averages takes more.

    Args:
        savings: What was saved.
        graph: The program, means included.
    """
    rows = [
        Saving(node.shown, SavingKind.ADDED, f"the mean as a number, {node.label}, and its class")
        for node in graph.nodes
        if node.role is Role.AVERAGE
    ]
    labels = [node.label for node in graph.nodes]
    labels += dict.fromkeys(row.variable for row in (*savings, *rows) if row.variable not in labels)
    return Savings(tuple(_in_order([*savings.rows, *rows], labels))) if rows else savings


def _plan(allocation: Allocation) -> Plan:
    assert allocation.plan is not None, "an allocation without a plan is an error before this"
    return allocation.plan


def _in_order(rows: Sequence[Saving], labels: Sequence[str]) -> list[Saving]:
    place = {label: i for i, label in enumerate(labels)}
    kinds = list(SavingKind)
    distinct = dict.fromkeys(rows)
    return sorted(distinct, key=lambda row: (place[row.variable], kinds.index(row.kind)))


Used = Sequence[tuple[Candidate, Placement]]


def _present(space: CandidateSpace, used: Used, plan: Plan) -> dict[str, list[Form]]:
    """The forms that a plan reads or computes, by variable."""
    names = dict.fromkeys(c.form for c, _ in used)
    for candidate, placement in used:
        names |= dict.fromkeys(placement.reads[: len(needs_read(space, candidate))])
    names |= dict.fromkeys(space.outputs[plan.view][0])
    found: dict[str, list[Form]] = {}
    for name in names:
        found.setdefault(space.forms[name].label, []).append(space.forms[name])
    return found


def _forms(
    space: CandidateSpace, owner: str, label: str, forms: Sequence[Form]
) -> Iterator[Saving]:
    """Variables that are held otherwise than as a one-hot of all values."""
    values = len(space.values[label].values)
    width = sum(form.width for form in forms)
    if not space.graph.node(label).is_numerical and width < values:
        numbers = any(form.numbers for form in forms)
        kind = SavingKind.RECODED if numbers else SavingKind.COMPRESSED
        unit = "number" if numbers else "dimension"
        yield Saving(owner, kind, f"{width} {unit}{'s' * (width != 1)} for {values} values")


def _readings(
    space: CandidateSpace, used: Used, plan: Plan, owner: Mapping[str, str]
) -> Iterator[Saving]:
    """Variables that are read off others."""
    output = space.outputs[plan.view][0]
    pairs = [(space.graph.output, name) for name in output]
    for candidate, placement in used:
        reads = placement.reads[: len(needs_read(space, candidate))]
        pairs += [
            (n.label, name) for n, name in zip(needs_read(space, candidate), reads, strict=True)
        ]
    for label, name in dict.fromkeys(pairs):
        source = space.forms[name].label
        if source == label or owner[source] == owner[label]:
            continue
        before = isinstance(space.graph.node(source).operation, Aggregate)
        kind = SavingKind.PUSHED if before else SavingKind.VIEWED
        how = "what it distinguishes is averaged by" if before else "read off"
        yield Saving(owner[label], kind, f"{how} {owner[source]}")


def _computed(space: CandidateSpace, used: Used, owner: Mapping[str, str]) -> Iterator[Saving]:
    """Variables inside fused MLPs, sums computed by heads, raw widths, other definitions."""
    for candidate, _ in used:
        label = space.forms[candidate.form].label
        target, operation = owner[label], space.graph.node(label).operation
        for inner in space.fused(candidate):
            if owner[inner] != target:
                yield Saving(owner[inner], SavingKind.FUSED, f"into the MLP of {target}")
            elif inner != label and space.graph.node(inner).role is not Role.SHARE:
                yield Saving(target, SavingKind.REWRITTEN, f"by way of {inner}")
        if isinstance(operation, Elementwise) and candidate.selector:
            yield Saving(target, SavingKind.PUSHED, "a sum of means as the mean of a sum")
        for need in needs_read(space, candidate):
            own = owner[need.label] == target and label == target
            of_head = space.graph.node(need.label).role is Role.SHARE
            if own and need.label != target and not of_head:
                yield Saving(target, SavingKind.REWRITTEN, f"by way of {need.label}")
            raw = of_head and not isinstance(operation, Input)
            if raw and owner[need.label] != target:
                detail = f"{target} reads 1/(1 + width)"
                yield Saving(owner[need.label], SavingKind.SPLIT, detail)


def _shared(variables: Mapping[str, str], heads: Mapping[str, tuple[int, str]]) -> Iterator[Saving]:
    """Components that one head computes together."""
    together: dict[tuple[int, str], list[str]] = {}
    for name, (sublayer, selector) in heads.items():
        if selector:
            together.setdefault((sublayer, selector), []).append(variables[name])
    for group in together.values():
        names = list(dict.fromkeys(group))
        for name in names if len(names) > 1 else ():
            others = ", ".join(other for other in names if other != name)
            yield Saving(name, SavingKind.SHARED, f"one head with {others}")


def _erased(plan: Plan, variables: Mapping[str, str]) -> Iterator[Saving]:
    for erasure in plan.erasures:
        if erasure.variable in variables:
            layer, half = divmod(erasure.sublayer, 2)
            where = f"by layer {layer}'s {'MLP' if half else 'attention'}"
            yield Saving(variables[erasure.variable], SavingKind.ERASED, where)
