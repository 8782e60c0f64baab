"""Thresholds: levels of several numbers are told apart in one hidden layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from optitracr.candidates.births import Births, written
from optitracr.candidates.candidate import Candidate
from optitracr.candidates.facts import Facts
from optitracr.candidates.families import Family
from optitracr.candidates.forms import Form, form_rows
from optitracr.candidates.proposals import Proposals
from optitracr.candidates.rule import Rule
from optitracr.candidates.sums import sum_of_terms
from optitracr.candidates.validity import Activation, Condition, Validity
from optitracr.candidates.ways import Ways
from optitracr.constructions.additive import additive_plans
from optitracr.constructions.aligned_steps import aligned_step_plans
from optitracr.constructions.leaves import Plan
from optitracr.constructions.lines import line_plans
from optitracr.constructions.own_steps import own_step_plans
from optitracr.constructions.thresholds import half_plane_plans
from optitracr.craft.spaces import FloatArray
from optitracr.graph.program import Elementwise
from solvers import Kind


def propose(proposals: Proposals, form: Form) -> Iterator[Candidate]:
    """A sum of functions of one raw number each, by the neurons of all of them.

    Its own table has an entry for all combinations of these numbers, which soon are too many.
    """
    facts = proposals.facts
    if form.width != 1 or not form.numbers:
        return
    terms = _terms(facts, form.label)
    held = _factor(facts, form) if terms else None
    if held is None:
        return
    factor, constant = held
    parts = [_part(proposals, form, term, leaf, factor * own) for term, leaf, own in terms]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return
    plan = _beside(known, constant)
    for way, (expanded, further) in enumerate(proposals.repertoire.expansions(facts, plan)):
        yield Candidate(
            name=proposals.name(form, f"terms{len(parts)}.{plan.neurons}.{way}"),
            form=form.name,
            needs=tuple(axis.need for axis in expanded.axes),
            plan=expanded,
            rule=Family.THRESHOLDS,
            reads_bos=form.clean,
            families=(Family.THRESHOLDS, *further),
        )


def born(births: Births, label: str) -> Iterator[int]:
    """After the raw numbers that its terms are functions of."""
    terms = _terms(births.proposals.facts, label)
    if terms:
        yield written(max(births.over(term, (leaf,)) for term, leaf, _ in terms), Kind.MLP)


def _terms(facts: Facts, label: str) -> list[tuple[str, str, float]]:
    """The terms of a sum, the raw number that each is a function of, and its factor.

    There are none if it is no sum, or some term is no such function, or two are of one number.
    """
    operation = facts.operation(label)
    if not isinstance(operation, Elementwise) or operation.factors is None or facts.is_raw(label):
        return []
    terms = sum_of_terms(facts.nodes, facts.place, label, 1.0, lambda one: not facts.is_raw(one))
    found = []
    for term, factor in terms:
        may_be_none = facts.nodes[term].value_set.may_be_none
        cuts = [x for x in facts.cuts.get(term, ()) if len(x) == 1 and facts.is_raw(x[0])]
        if may_be_none or not cuts or facts.is_raw(term):
            return []
        found.append((term, cuts[0][0], factor))
    return found if len({leaf for _, leaf, _ in found}) == len(found) > 1 else []


def _factor(facts: Facts, form: Form) -> tuple[float, float] | None:
    """By what numbers are multiplied that a form holds, and what is added; None if they are not."""
    own = np.array(facts.nodes[form.label].value_set.values, dtype=np.float64)
    rows = form_rows(form)[:, 0]
    if len(own) < 2:
        return None
    factor = float((rows[1] - rows[0]) / (own[1] - own[0]))
    constant = float(rows[0] - factor * own[0])
    return (factor, constant) if factor and np.allclose(factor * own + constant, rows) else None


def _part(proposals: Proposals, form: Form, term: str, leaf: str, factor: float) -> Plan | None:
    """The neurons of a multiple of one term, the fewest; None if there are none."""
    values = proposals.facts.nodes[term].value_set.values
    numbers = tuple((factor * float(value),) for value in values)
    own = Form(f"{form.name}+{term}", term, (), numbers, form.clean, True, form.sharp)
    plans = proposals.tables.of(own, (leaf,), [proposals.facts.leaf(leaf)])
    return plans[0] if plans and len(plans[0].axes) == 1 else None


def _beside(parts: Sequence[Plan], constant: float) -> Plan:
    """The neurons of several plans beside each other, what they write added up."""
    counts = [part.neurons for part in parts]
    total, first = sum(counts), np.cumsum([0, *counts])
    w_in: list[FloatArray] = []
    for place, part in enumerate(parts):
        weights = np.zeros((part.w_in[0].shape[0], total))
        weights[:, first[place] : first[place + 1]] = part.w_in[0]
        w_in.append(weights)
    return Plan(
        tuple(part.axes[0] for part in parts),
        tuple(w_in),
        np.concatenate([part.b_in for part in parts]),
        np.concatenate([part.w_out for part in parts]),
        np.sum([part.bias for part in parts], axis=0) + constant,
        passes=any(part.passes for part in parts),
    )


RULE = Rule(
    name=Family.THRESHOLDS,
    validity=Validity(
        activations=frozenset({Activation.RELU}),
        conditions=frozenset({Condition.FINITE, Condition.BOUNDED, Condition.WITHIN_MARGIN}),
    ),
    propose=propose,
    born=born,
    ways=Ways(
        tables=(
            half_plane_plans,
            additive_plans,
            line_plans,
            own_step_plans,
            aligned_step_plans,
        )
    ),
)
