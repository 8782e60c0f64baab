"""Networks: small tables have the smallest that a search has found, others sums in each class.

They are proposed once all else is, so that what they read takes the place of nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from optitracr.candidates.candidate import Candidate
from optitracr.candidates.families import Family
from optitracr.candidates.families.tables import PLANS, pareto
from optitracr.candidates.forms import form_rows
from optitracr.candidates.proposals import Proposals
from optitracr.candidates.rule import Rule, after_others
from optitracr.candidates.validity import Activation, Condition, Validity
from optitracr.candidates.ways import Ways
from optitracr.constructions.gated_sums import gated_sum_plans
from optitracr.constructions.leaves import Plan
from optitracr.constructions.networks import is_calm, network_plans
from optitracr.constructions.weighted_sums import place_sum_plans, residue_sum_plans


def recast(proposals: Proposals, candidate: Candidate) -> Iterator[Candidate]:
    """MLPs with fewer neurons for the table of a candidate, where that has the fewest so far."""
    if not isinstance(candidate.plan, Plan) or not candidate.cut:
        return
    form, tables = proposals.form(candidate.form), proposals.tables
    leaves = [proposals.facts.leaf(label) for label in candidate.cut]
    plans = tables.of(form, candidate.cut, leaves)
    if not plans or candidate.plan is not plans[0]:
        return
    found = tables.beside(form, candidate.cut, leaves)
    if form.label != proposals.facts.program.output:
        # What a head reads must not be large at BOS; the output is read by the unembedding alone.
        found = [plan for plan in found if is_calm(plan, form_rows(form))]
    for number, plan in enumerate(pareto(found)[:PLANS]):
        yield replace(
            candidate,
            name=f"{candidate.name}.network{number}",
            needs=tuple(axis.need for axis in plan.axes),
            plan=plan,
            families=(*candidate.families, Family.NETWORKS),
        )


RULE = Rule(
    name=Family.NETWORKS,
    validity=Validity(
        activations=frozenset({Activation.RELU}),
        conditions=frozenset({Condition.FINITE, Condition.BOUNDED, Condition.WITHIN_MARGIN}),
    ),
    recast=recast,
    born=after_others,
    ways=Ways(tables=(network_plans, place_sum_plans, gated_sum_plans, residue_sum_plans)),
)
