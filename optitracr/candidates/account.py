"""What became of each variable in a plan: what the rules say of it, and what the allocation did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from optitracr.candidates.chosen import Chosen
from optitracr.candidates.component import Component, Components
from optitracr.candidates.determined import erased_beside
from optitracr.candidates.families.registry import RULES
from optitracr.candidates.families.sharing import shared
from optitracr.candidates.rule import Rule
from optitracr.candidates.savings import Saving, SavingKind, Savings
from optitracr.candidates.space import CandidateSpace
from optitracr.craft.blocks import Mlp
from optitracr.graph.program import ProgramGraph
from optitracr.graph.provenance import Role
from solvers import Allocation, Plan


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
        *shared({name: served[placed[name].variable.label] for name in heads}, heads),
        *_erased(plan, served, _beside(placed.values(), plan)),
        *(Saving(c.serves[0], SavingKind.ADDED, c.added) for c in components.components if c.added),
    ]
    return Savings(tuple(_in_order(rows, [*dict.fromkeys(served.values())])))


def candidate_savings(
    space: CandidateSpace,
    program: ProgramGraph,
    allocation: Allocation,
    rules: Sequence[Rule] = RULES,
) -> Savings:
    """What level 2 saves against one component, and dimensions, for each variable.

    Args:
        space: The candidates.
        program: The program as the user wrote it.
        allocation: What the solver chose.
        rules: Those that account for what they proposed.
    """
    chosen = Chosen.of(space, _plan(allocation))
    rows = [row for rule in rules for row in rule.account(chosen)]
    owners = {name: chosen.owner[form.label] for name, form in space.forms.items()}
    beside = {
        told.label: chosen.owner[space.forms[space.candidates[name].form].label]
        for name, all_told in erased_beside(space, chosen.plan).items()
        for told in all_told
    }
    rows += _erased(chosen.plan, owners, beside)
    labels = [node.label for node in program.nodes]
    written = set(labels)
    rows = [row for row in rows if row.variable in written]
    told = {row.variable for row in rows} | {chosen.owner[label] for label in chosen.held()}
    rows += [
        Saving(label, SavingKind.UNUSED, "no component, no dimension")
        for label in labels
        if label not in told
    ]
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


def _beside(components: Iterable[Component], plan: Plan) -> dict[str, str]:
    """What neurons erase beside what they compute, and for which variable they do that."""
    erased = {(each.variable, each.sublayer) for each in plan.erasures}
    placed = {each.alternative: each.sublayer for each in plan.placements}
    found: dict[str, str] = {}
    for each in components:
        for told in each.block.determined if isinstance(each.block, Mlp) else ():
            if (told.label, placed[each.name]) in erased:
                found.setdefault(told.label, (*each.serves, each.variable.label)[0])
    return found


def _erased(
    plan: Plan, variables: Mapping[str, str], beside: Mapping[str, str]
) -> Iterator[Saving]:
    for erasure in plan.erasures:
        if erasure.variable in variables:
            layer, half = divmod(erasure.sublayer, 2)
            where = f"by layer {layer}'s {'MLP' if half else 'attention'}"
            if erasure.variable in beside:
                where += f", by the neurons that compute {beside[erasure.variable]}"
            yield Saving(variables[erasure.variable], SavingKind.ERASED, where)
