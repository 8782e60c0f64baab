"""Codes: neurons read a category as a point of a circle, two numbers, in place of a one-hot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from optitracr.candidates.candidate import Candidate
from optitracr.candidates.families import Family
from optitracr.candidates.families.tables import pareto
from optitracr.candidates.proposals import Proposals
from optitracr.candidates.rule import Rule, after_others
from optitracr.candidates.validity import Activation, Condition, Validity
from optitracr.constructions.bilinear import on_circle
from optitracr.constructions.codes import coded
from optitracr.constructions.leaves import Axis, Plan

TRIED = 8
"""Plans of a table that are looked at, those of the fewest neurons first: there are seldom more."""


def recast(proposals: Proposals, candidate: Candidate) -> Iterator[Candidate]:
    """MLPs that read as a code each category that they read in three columns or more.

    Where the plan of the fewest neurons reads one-hots, those of more may read codes.
    """
    plans = _plans(proposals, candidate)
    if not plans or candidate.plan is not plans[0]:
        return
    tolerance = proposals.tables.tolerance(proposals.form(candidate.form))
    made = [coded(plan, _code, tolerance) for plan in plans[:TRIED]]
    for number, plan in enumerate(pareto([plan for plan in made if plan is not None])):
        yield replace(
            candidate,
            name=f"{candidate.name}.code{number}",
            needs=tuple(axis.need for axis in plan.axes),
            plan=plan,
            families=(*candidate.families, Family.CODES),
        )


def _plans(proposals: Proposals, candidate: Candidate) -> list[Plan]:
    """The plans of the table that a candidate computes; none if it is of another kind."""
    if not isinstance(candidate.plan, Plan) or not candidate.cut:
        return []
    leaves = [proposals.facts.leaf(label) for label in candidate.cut]
    return proposals.tables.of(proposals.form(candidate.form), candidate.cut, leaves)


def _code(axis: Axis) -> NDArray[np.float64] | None:
    """Each value of a category at its own place."""
    if axis.leaf.numerical or axis.numbers:
        return None
    size = axis.leaf.size
    return on_circle(np.arange(size), size)


RULE = Rule(
    name=Family.CODES,
    validity=Validity(
        activations=frozenset({Activation.RELU}),
        conditions=frozenset({Condition.FINITE, Condition.WITHIN_MARGIN}),
    ),
    recast=recast,
    born=after_others,
)
