"""Graded attention: the value at the best key by one head, where its position was computed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from optitracr.candidates.candidate import Candidate
from optitracr.candidates.chosen import Chosen
from optitracr.candidates.facts import Facts
from optitracr.candidates.families import Family
from optitracr.candidates.families.heads import head_default, value_readings
from optitracr.candidates.forms import Form
from optitracr.candidates.grading import Grading, graded_heads, grading_of
from optitracr.candidates.proposals import Proposals
from optitracr.candidates.rule import Rule
from optitracr.candidates.savings import Saving, SavingKind
from optitracr.candidates.validity import EVERY_ACTIVATION, Condition, Validity
from optitracr.graph.program import Aggregate, Best, PairSelector, Selector, holds_of


def propose(proposals: Proposals, form: Form) -> Iterator[Candidate]:
    """A head that looks at the best key itself, in place of one that looks at its position."""
    facts = proposals.facts
    operation = facts.operation(form.label)
    if not isinstance(operation, Aggregate):
        return
    if form.clean and facts.is_dirty_head(form.label):
        return
    grading = _at_the_best(facts, operation.selector)
    if grading is None:
        return
    default = head_default(proposals, form, operation)
    for values in value_readings(proposals, form, operation.operand):
        yield from graded_heads(Family.GRADED, proposals, form, grading, values, default)


def _at_the_best(facts: Facts, selector: Selector) -> Grading | None:
    """What a selector looks at that selects the position of the best key, computed before."""
    if not isinstance(selector, PairSelector) or not facts.nodes[selector.keys].is_index:
        return None
    best = facts.operation(selector.queries)
    if not isinstance(best, Best):
        return None
    holds = holds_of(selector)
    if not np.array_equal(holds, np.eye(len(holds), dtype=bool)):
        return None
    return grading_of(facts, best)


def account(chosen: Chosen) -> Iterator[Saving]:
    """Heads that look at the best key."""
    for use in chosen.by(Family.GRADED):
        detail = "looks at the best of what is selected, whose position is not computed"
        yield Saving(use.target, SavingKind.REWRITTEN, detail)


RULE = Rule(
    name=Family.GRADED,
    validity=Validity(
        activations=EVERY_ACTIVATION,
        needs_bos=True,
        conditions=frozenset({Condition.FINITE, Condition.BOUNDED, Condition.WITHIN_MARGIN}),
    ),
    propose=propose,
    account=account,
)
