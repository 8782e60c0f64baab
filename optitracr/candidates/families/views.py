"""Views: functions of one variable are read off that variable, without a component."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from optitracr.candidates.chosen import Chosen
from optitracr.candidates.facts import Facts
from optitracr.candidates.families import Family
from optitracr.candidates.readings import is_read, own_reading
from optitracr.candidates.rule import Rule, after_others
from optitracr.candidates.savings import Saving, SavingKind
from optitracr.candidates.sums import sum_of_terms
from optitracr.candidates.validity import EVERY_ACTIVATION, Condition, Validity
from optitracr.candidates.ways import Source, Ways
from optitracr.constructions.heads import Reading
from optitracr.constructions.leaves import Axis, Plan
from optitracr.craft.spaces import FloatArray
from optitracr.graph.program import Aggregate, Elementwise
from optitracr.graph.provenance import Role


def sources(facts: Facts, label: str) -> list[Source]:
    """The variables of which this one is a function that are functions of no single other."""
    return [
        (cut[0], facts.tables.table(label, cut))
        for cut in facts.cuts.get(label, ())
        if len(cut) == 1 and not facts.is_raw(cut[0]) and facts.is_farthest(cut[0])
    ]


def terms(facts: Facts, label: str, factor: float, clean: bool) -> list[list[Reading]]:
    """A sum of numbers by its terms, as far down as they are sums themselves."""
    operation = facts.operation(label)
    linear = isinstance(operation, Elementwise) and operation.factors is not None
    if not linear or not facts.nodes[label].is_numerical:
        return []
    found = sum_of_terms(
        facts.nodes,
        facts.place,
        label,
        factor,
        lambda one: facts.nodes[one].is_numerical and is_read(facts, one),
    )
    return [[r for one, own in found for r in own_reading(facts, one, own, clean)]]


def with_terms(facts: Facts, plan: Plan) -> Iterator[Plan]:
    """A plan with the terms of the sums that it reads in their place."""
    axes: list[Axis] = []
    w_in: list[FloatArray] = []
    for axis, weights in zip(plan.axes, plan.w_in, strict=True):
        label = axis.leaf.label
        if not axis.leaf.numerical:
            axes.append(axis)
            w_in.append(weights)
            continue
        own = own_reading(facts, label, 1.0, clean=False)
        readings = [own, *(terms(facts, label, 1.0, clean=False) if own else [])][-1]
        axes += [facts.axis(reading.need) for reading in readings]
        w_in += [reading.weights[0, 0] * weights for reading in readings]
    if len(axes) > len(plan.axes):
        yield replace(plan, axes=tuple(axes), w_in=tuple(w_in))


def account(chosen: Chosen) -> Iterator[Saving]:
    """Variables that are read off others than what a head writes."""
    for label, form in chosen.readings():
        owner, source = chosen.owner[label], chosen.owner[form.label]
        head = isinstance(chosen.space.node(form).operation, Aggregate)
        made = chosen.space.program.node(label).role is Role.WEIGHT
        if owner != source and not head and not made:
            yield Saving(owner, SavingKind.VIEWED, f"read off {source}")


RULE = Rule(
    name=Family.VIEWS,
    validity=Validity(activations=EVERY_ACTIVATION, conditions=frozenset({Condition.FINITE})),
    born=after_others,
    ways=Ways(sources=sources, readings=terms, expand=with_terms),
    account=account,
)
