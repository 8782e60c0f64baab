"""Push: functions of what a head reads are applied before it, sums of means among them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from optitracr.candidates.births import Births, written
from optitracr.candidates.candidate import Candidate
from optitracr.candidates.chosen import Chosen
from optitracr.candidates.families import Family
from optitracr.candidates.families.heads import heads
from optitracr.candidates.forms import Form
from optitracr.candidates.proposals import Proposals
from optitracr.candidates.rule import Rule
from optitracr.candidates.savings import Saving, SavingKind
from optitracr.candidates.sums import sum_of_terms
from optitracr.candidates.validity import EVERY_ACTIVATION, Condition, Validity
from optitracr.candidates.ways import Freedom, Ways
from optitracr.constructions.heads import Reading
from optitracr.constructions.needs import need_of_rows
from optitracr.craft.spaces import FloatArray
from optitracr.graph.program import Aggregate, Elementwise
from solvers import Kind


def propose(proposals: Proposals, form: Form) -> Iterator[Candidate]:
    """A sum of means over one selector as the mean of the sum, by one head."""
    facts = proposals.facts
    if not isinstance(facts.operation(form.label), Elementwise) or not facts.is_raw(form.label):
        return
    terms = sum_of_terms(facts.nodes, facts.place, form.label, 1.0, lambda one: True)
    operations = [facts.operation(label) for label, _ in terms]
    means = [x for x in operations if isinstance(x, Aggregate)]
    keys = {facts.selector_key(x.selector) for x in means}
    if len(means) < len(terms) or len(keys) != 1:
        return
    values: list[Reading] = []
    default = 0.0
    for (_, factor), mean in zip(terms, means, strict=True):
        values += proposals.readings.of_number(mean.operand, factor, clean=True)[-1]
        default += factor * float(mean.default or 0)
    read = _together(proposals, values)
    yield from heads(Family.PUSH, proposals, form, means[0], read, np.array([default]))


def _together(proposals: Proposals, values: Sequence[Reading]) -> list[Reading]:
    """The numbers of all terms, those of functions of one variable as one number of that."""
    apart, rows = list[Reading](), dict[str, FloatArray]()
    for reading in values:
        if reading.need.raw:
            apart.append(reading)
            continue
        label, along = proposals.readings.sources(reading.need.label)[0]
        own = np.append(reading.need.rows @ reading.weights, [[0.0]], axis=0)
        rows[label] = rows.get(label, 0.0) + (own[:-1] if along is None else own[along])
    needs = [need_of_rows(label, own, clean=True) for label, own in rows.items()]
    return [*apart, *(Reading(need, np.eye(1)) for need in needs if need is not None)]


def born(births: Births, label: str) -> Iterator[int]:
    """After what selects for the means."""
    facts = births.proposals.facts
    if isinstance(facts.operation(label), Elementwise) and facts.is_raw(label):
        operations = [facts.operation(term) for term in births.terms(label)]
        means = [one for one in operations if isinstance(one, Aggregate)]
        if len(means) == len(operations):
            yield written(births.selected(means[0].selector), Kind.ATTENTION)


def account(chosen: Chosen) -> Iterator[Saving]:
    """Variables that are read off what a head writes, and sums that a head computes."""
    for label, form in chosen.readings():
        owner, source = chosen.owner[label], chosen.owner[form.label]
        head = isinstance(chosen.space.node(form).operation, Aggregate)
        if owner != source and head:
            detail = f"what it distinguishes is averaged by {source}"
            yield Saving(owner, SavingKind.PUSHED, detail)
    for use in chosen.by(Family.PUSH):
        yield Saving(use.target, SavingKind.PUSHED, "a sum of means as the mean of a sum")


RULE = Rule(
    name=Family.PUSH,
    validity=Validity(
        activations=EVERY_ACTIVATION,
        needs_bos=True,
        conditions=frozenset({Condition.BOUNDED, Condition.ONE_VALUE}),
    ),
    propose=propose,
    born=born,
    ways=Ways(frees=frozenset({Freedom.CLASSES_OF_HEADS})),
    account=account,
)
