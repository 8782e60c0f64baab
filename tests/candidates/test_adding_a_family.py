"""A family of one's own is a rule beside the others: proposed, chosen, and accounted for.

The family computes the size of a number that has no table below it, such as a difference of means,
by two neurons: |x| = relu(x) + relu(-x).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from optitracr import rasp
from optitracr.candidates.candidate import Candidate
from optitracr.candidates.chosen import Chosen
from optitracr.candidates.families import Family, families_without
from optitracr.candidates.families.registry import rules_of
from optitracr.candidates.forms import Form, form_rows
from optitracr.candidates.proposals import Proposals
from optitracr.candidates.rule import Rule
from optitracr.candidates.savings import Saving, SavingKind
from optitracr.candidates.validity import Activation, Validity
from optitracr.catalogues import CandidateCatalogue, CandidateProposal
from optitracr.constructions.leaves import Plan
from optitracr.constructions.needs import Need
from optitracr.graph.program import Elementwise
from optitracr.library.counting import make_frac_prevs
from optitracr.options import check_options
from optitracr.recipes import CANDIDATES
from optitracr.setting import check_setting
from optitracr.special_tokens import COMPILER_BOS, COMPILER_PAD
from optitracr.stages import Compilation

NAME = "magnitude"


def propose(proposals: Proposals, form: Form) -> Iterator[Candidate]:
    """Two neurons, where the form is the size of a number that is held as it is."""
    facts, operation = proposals.facts, proposals.facts.operation(form.label)
    if not isinstance(operation, Elementwise) or len(operation.operands) != 1 or not form.numbers:
        return
    [operand] = operation.operands
    if not facts.is_raw(operand):
        return
    numbers = np.asarray(facts.nodes[operand].value_set.values)
    results = form_rows(form)[facts.tables.table(form.label, (operand,)), 0]
    if not np.allclose(results, abs(numbers), rtol=0.0, atol=1e-12):
        return
    axis = facts.axis(Need(operand, ()))
    weights = np.array([[1.0, -1.0]])
    yield Candidate(
        name=proposals.name(form, NAME),
        form=form.name,
        needs=(axis.need,),
        plan=Plan((axis,), (weights,), np.zeros(2), np.ones((2, 1)), np.zeros(1)),
        rule=NAME,
        reads_bos=form.clean,
    )


def account(chosen: Chosen) -> Iterator[Saving]:
    """The variables that are computed so."""
    for use in chosen.by(NAME):
        yield Saving(use.target, SavingKind.REWRITTEN, "as relu(x) + relu(-x)")


MAGNITUDE = Rule(
    name=NAME,
    validity=Validity(activations=frozenset({Activation.RELU})),
    propose=propose,
    account=account,
)


OTHERS = rules_of(families_without(Family.INTERPOLATION))
"""Interpolation makes as few neurons of a number with few values."""


def distance(function: object = abs) -> rasp.SOp:
    """How far the share of one token so far is from that of another."""
    shares = [make_frac_prevs(rasp.tokens == token) for token in "ab"]
    difference = rasp.numerical(rasp.LinearSequenceMap(*shares, 1, -1))
    assert callable(function)
    return rasp.numerical(rasp.Map(function, difference)).named("distance")


def compilation(program: rasp.SOp, rules: Sequence[Rule]) -> Compilation:
    """A compilation at level 2 with other rules than the registered ones."""
    setting = check_setting({"a", "b", "c"}, 2, COMPILER_BOS, COMPILER_PAD, False)
    recipe = replace(CANDIDATES, catalogue=CandidateCatalogue(rules=tuple(rules)))
    return Compilation(program, setting, check_options(), recipe=recipe)


def proposed(made: Compilation) -> list[Candidate]:
    """The candidates of the family."""
    assert isinstance(made.proposal, CandidateProposal)
    return [c for c in made.proposal.space.candidates.values() if c.rule == NAME]


def test_it_is_proposed_chosen_and_accounted_for() -> None:
    made, before = (compilation(distance(), rules) for rules in ((*OTHERS, MAGNITUDE), OTHERS))
    assert proposed(made)
    assert not proposed(before)
    plan = made.placed.allocation.plan
    assert plan is not None
    used = {placed.alternative for placed in plan.placements}
    assert used & {candidate.name for candidate in proposed(made)}
    assert made.model.size.neurons == 2 < before.model.size.neurons
    [row] = [row for row in made.model.savings if row.variable.startswith("distance")]
    assert (row.kind, row.detail) == (SavingKind.REWRITTEN, "as relu(x) + relu(-x)")
    assert made.checked.proven


def test_it_proposes_nothing_where_it_does_not_hold() -> None:
    for function in (lambda x: x * x, lambda x: abs(x) + (x == 0)):
        assert not proposed(compilation(distance(function), (*OTHERS, MAGNITUDE)))


def test_what_is_not_chosen_is_not_accounted_for() -> None:
    """With idle neurons beside its two, nothing is gained by it."""
    worse = replace(MAGNITUDE, propose=_with_idle_neurons)
    made = compilation(distance(), (*OTHERS, worse))
    assert proposed(made)
    assert all(row.detail != "as relu(x) + relu(-x)" for row in made.model.savings)


def _with_idle_neurons(proposals: Proposals, form: Form) -> Iterator[Candidate]:
    for candidate in propose(proposals, form):
        plan = candidate.plan
        assert isinstance(plan, Plan)
        idle = np.zeros((1, 20))
        yield replace(
            candidate,
            plan=replace(
                plan,
                w_in=(np.concatenate([plan.w_in[0], idle], axis=1),),
                b_in=np.concatenate([plan.b_in, idle[0]]),
                w_out=np.concatenate([plan.w_out, idle.T]),
            ),
        )
