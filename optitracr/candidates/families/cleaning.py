"""Numbers whose head writes its default at BOS too, copied by neurons that are silent there."""

from __future__ import annotations

from collections.abc import Iterator

from optitracr.candidates.candidate import Candidate
from optitracr.candidates.forms import Form
from optitracr.candidates.proposals import Proposals
from optitracr.candidates.rule import Rule, after_others
from optitracr.candidates.validity import Activation, Validity
from optitracr.constructions.needs import Need
from optitracr.constructions.sums import linear_plan
from optitracr.graph.program import Aggregate

NAME = "cleaning"


def propose(proposals: Proposals, form: Form) -> Iterator[Candidate]:
    """The number itself, zero at BOS; a category is cleaned by a table over itself."""
    facts = proposals.facts
    is_head = isinstance(facts.operation(form.label), Aggregate)
    if not is_head or not form.clean or not facts.is_dirty_head(form.label):
        return
    if not facts.is_raw(form.label):
        return
    plan = linear_plan([facts.axis(Need(form.label, (), (), False))], [1.0])
    yield Candidate(
        name=proposals.name(form, "clean"),
        form=form.name,
        needs=tuple(axis.need for axis in plan.axes),
        plan=plan,
        rule=NAME,
        reads_bos=True,
    )


RULE = Rule(
    name=NAME,
    validity=Validity(activations=frozenset({Activation.RELU}), needs_bos=True),
    propose=propose,
    born=after_others,
)
