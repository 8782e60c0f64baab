"""Bounds within the formulation: what the solver proves, with the tables' neurons and without."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from optitracr.bounds.bound import Bound, Premise
from optitracr.bounds.tables import fewest_neurons
from optitracr.candidates.candidate import Candidate
from optitracr.candidates.facts import Facts
from optitracr.candidates.forms import form_rows
from optitracr.candidates.proposals import Proposals
from optitracr.candidates.rule import repertoire
from optitracr.candidates.space import CandidateSpace
from optitracr.catalogues import CandidateProposal
from optitracr.constructions.heads import HeadPlan
from optitracr.options import search_of
from optitracr.stages import Compilation
from solvers import Allocation, Problem

SIZES = {"depth": "layers"}
"""Names of sizes where objectives have others."""


def formulation(compilation: Compilation) -> Iterator[Bound]:
    """What the solver proved of the model's sizes, and what it proves with the least tables.

    Args:
        compilation: The compilation, solved when this is asked for.
    """
    placed = compilation.placed
    proposal = placed.proposal
    if isinstance(proposal, CandidateProposal):
        least = least_neurons(proposal)
        problem = with_neurons(placed.problem, least)
        search = search_of(compilation.options)
        found = compilation.recipe.allocator(problem, search, placed.allocation.plan)
        yield from _proven(found, Premise.TABLES)
    yield from _proven(placed.allocation, Premise.FORMULATION)


def _proven(allocation: Allocation, premise: Premise) -> Iterator[Bound]:
    """The bounds of each objective, given those before it."""
    before: list[str] = []
    for objective, least in zip(allocation.objective, allocation.bound, strict=True):
        size = SIZES.get(objective, objective)
        given = f", with {' and '.join(before)} as small as they can be" if before else ""
        yield Bound(size, least, premise, f"{allocation.solver} proves it{given}")
        before.append(size)


def least_neurons(proposal: CandidateProposal) -> dict[str, int]:
    """For each candidate that is an MLP the neurons that its table takes at least."""
    space = proposal.space
    facts = Proposals(Facts(space.program, space.setting), repertoire(proposal.rules))
    return {
        name: _of_table(space, facts, candidate)
        for name, candidate in space.candidates.items()
        if not isinstance(candidate.plan, HeadPlan)
    }


def _of_table(space: CandidateSpace, proposals: Proposals, candidate: Candidate) -> int:
    """The bound of a candidate's table; 0 for one that is made from no table."""
    if not candidate.cut:
        return 0
    form, facts = space.forms[candidate.form], proposals.facts
    return fewest_neurons(
        [facts.leaf(label) for label in candidate.cut],
        facts.tables.table(form.label, candidate.cut),
        form_rows(form),
        proposals.tables.possible(candidate.cut),
    )


def with_neurons(problem: Problem, neurons: Mapping[str, int]) -> Problem:
    """A problem in which some alternatives take other numbers of neurons.

    Args:
        problem: The problem.
        neurons: Of alternatives by name; the others keep theirs.
    """
    alternatives = tuple(
        replace(a, neurons=neurons.get(a.name, a.neurons)) for a in problem.alternatives
    )
    return replace(problem, alternatives=alternatives)
