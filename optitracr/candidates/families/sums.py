"""Sums of numbers that have no table, such as means: by neurons."""

from __future__ import annotations

from collections.abc import Iterator

from optitracr.candidates.births import Births, written
from optitracr.candidates.candidate import Candidate
from optitracr.candidates.forms import Form
from optitracr.candidates.proposals import Proposals
from optitracr.candidates.rule import Rule
from optitracr.candidates.validity import Activation, Validity
from optitracr.constructions.heads import Reading
from optitracr.constructions.sums import linear_plan
from optitracr.graph.program import Elementwise
from solvers import Kind

NAME = "sum"


def propose(proposals: Proposals, form: Form) -> Iterator[Candidate]:
    """The sum of the terms as they are, and as far down as they are sums themselves."""
    facts = proposals.facts
    operation = facts.operation(form.label)
    if not isinstance(operation, Elementwise) or not facts.is_raw(form.label):
        return
    for way, readings in enumerate(_readings(proposals, form.label, operation)):
        axes = [facts.axis(reading.need) for reading in readings]
        yield Candidate(
            name=proposals.name(form, f"sum{way}"),
            form=form.name,
            needs=tuple(reading.need for reading in readings),
            plan=linear_plan(axes, [reading.weights[0, 0] for reading in readings]),
            rule=NAME,
        )


def born(births: Births, label: str) -> Iterator[int]:
    """After the first of its terms: of the others some may always be 0."""
    facts = births.proposals.facts
    if isinstance(facts.operation(label), Elementwise) and facts.is_raw(label):
        yield written(min(map(births.of, births.terms(label))), Kind.MLP)


def _readings(proposals: Proposals, label: str, operation: Elementwise) -> list[list[Reading]]:
    assert operation.factors is not None
    read = proposals.readings.of_number
    near = [
        reading
        for operand, factor in zip(operation.operands, operation.factors, strict=True)
        for reading in read(operand, factor, clean=False)[0]
    ]
    far = read(label, 1.0, clean=False)[-1]
    return [near] if [r.need for r in near] == [r.need for r in far] else [near, far]


RULE = Rule(
    name=NAME,
    validity=Validity(activations=frozenset({Activation.RELU})),
    propose=propose,
    born=born,
)
