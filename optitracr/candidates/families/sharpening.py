"""One-hots over which a mean is taken, made sharp: 0 or 1 exactly for all that is near them.

A one-hot that an MLP makes of others has gathered what each of these is off by, and a mean over
it is off by as much. Two neurons a class leave nothing of that, in one layer more: they are for
programs of which no smaller plan is carried by float32.
"""

from __future__ import annotations

from collections.abc import Iterator

from optitracr.candidates.candidate import Candidate
from optitracr.candidates.forms import Form
from optitracr.candidates.proposals import Proposals
from optitracr.candidates.rule import Rule, after_others
from optitracr.candidates.validity import Activation, Validity
from optitracr.constructions.leaves import Axis
from optitracr.constructions.sharp import sharp_plan
from optitracr.graph.program import Elementwise

NAME = "sharpening"


def propose(proposals: Proposals, form: Form) -> Iterator[Candidate]:
    """The same classes of a function's result, read from a form that may be off."""
    facts = proposals.facts
    is_function = isinstance(facts.operation(form.label), Elementwise)
    if not (proposals.care.is_robust and is_function and form.sharp and form.classes):
        return
    plan = sharp_plan(Axis(facts.leaf(form.label), form.classes))
    yield Candidate(
        name=proposals.name(form, "sharp"),
        form=form.name,
        needs=tuple(axis.need for axis in plan.axes),
        plan=plan,
        rule=NAME,
        reads_bos=form.clean,
    )


RULE = Rule(
    name=NAME,
    validity=Validity(activations=frozenset({Activation.RELU}), needs_bos=True),
    propose=propose,
    born=after_others,
)
