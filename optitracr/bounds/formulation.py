"""Bounds within the formulation: what the solver proves, with the tables' neurons and without."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from optitracr.bounds.bound import Bound, Premise, TableBound
from optitracr.bounds.standing import least_width
from optitracr.bounds.tables import fewest_neurons
from optitracr.bounds.unavoidable import (
    least_attentions,
    least_head_size,
    least_neurons,
)
from optitracr.candidates.candidate import Candidate
from optitracr.candidates.chosen import Chosen
from optitracr.candidates.facts import Facts
from optitracr.candidates.forms import form_rows
from optitracr.candidates.proposals import Proposals
from optitracr.candidates.rule import repertoire
from optitracr.candidates.space import CandidateSpace
from optitracr.catalogues import CandidateProposal, Proposal
from optitracr.constructions.heads import HeadPlan
from optitracr.constructions.leaves import Leaf
from optitracr.constructions.networks import Stored, looked_up
from optitracr.constructions.reduction import Codes
from optitracr.constructions.table_mlp import reduced_task
from optitracr.craft.piecewise import JUMP_ERROR
from optitracr.craft.spaces import FloatArray
from optitracr.options import search_of
from optitracr.stages import Compilation
from solvers import Allocation, Problem, Sizes
from solvers.timing import earliest

NAMES = {"depth": "layers"}
"""Names of sizes where objectives have others."""


def formulation(compilation: Compilation) -> tuple[tuple[Bound, ...], tuple[TableBound, ...]]:
    """What follows from the candidates, what the solver proves with the least tables, and without.

    Args:
        compilation: The compilation, solved when this is asked for.

    Returns:
        The bounds, and the tables of the model.
    """
    placed = compilation.placed
    problem, proposal, own = placed.problem, placed.proposal, placed.allocation
    neurons = _least(problem, proposal)
    least = [with_neurons(problem, neurons)]
    tables: tuple[TableBound, ...] = ()
    bounds = list(_proven(own, Premise.FORMULATION, own))
    if isinstance(proposal, CandidateProposal):
        tables = tuple(_tables(proposal, own, neurons))
        found = _solved(compilation, least[0])
        bounds = [*_proven(found, Premise.LEAST_TABLES, own), *bounds]
        if proposal.whole is not None:
            whole = proposal.whole()
            late = problem.late is not None
            everything = whole.problem(problem.limits, problem.constants.stock, late)
            least.append(with_neurons(everything, _least(everything, whole)))
    return (*_at_any_depth(least), *bounds), tables


def _least(problem: Problem, proposal: Proposal) -> dict[str, int]:
    """Neurons that each alternative of a problem takes at least."""
    tables = neurons_of_tables(proposal) if isinstance(proposal, CandidateProposal) else {}
    return {alternative.name: 0 for alternative in problem.alternatives} | tables


def _tables(
    proposal: CandidateProposal, allocation: Allocation, least: Mapping[str, int]
) -> Iterator[TableBound]:
    """The MLPs that an allocation uses."""
    assert allocation.plan is not None  # What cannot be placed is an error before.
    space = proposal.space
    facts = _proposals(proposal)
    for use in Chosen.of(space, allocation.plan).uses:
        candidate = use.candidate
        if isinstance(candidate.plan, HeadPlan):
            continue
        neurons, any_least = candidate.neurons, least[candidate.name]
        one = _searched(space, facts, candidate) if candidate.cut else None
        if one is None:
            yield TableBound(use.label, candidate.cut, neurons, any_least)
        else:
            within = max(one.least, any_least)
            yield TableBound(use.label, candidate.cut, neurons, any_least, within, one.weights)


def _searched(space: CandidateSpace, proposals: Proposals, candidate: Candidate) -> Stored | None:
    """The stored network of a table of which the most is proven within a class; None without."""
    task = reduced_task(*_table(space, proposals, candidate))
    proven = [one for one in looked_up(task)[2] if one.weights]
    return max(proven, key=lambda one: one.least, default=None)


def _solved(compilation: Compilation, problem: Problem) -> Allocation:
    """The same compilation's allocation of another problem."""
    placed = compilation.placed
    if problem == placed.problem:
        return placed.allocation
    search = search_of(compilation.options)
    return compilation.recipe.allocator(problem, search, placed.allocation.plan)


def _at_any_depth(problems: Sequence[Problem]) -> Iterator[Bound]:
    """What no plan of any of some problems avoids."""
    attentions = min(map(least_attentions, problems))
    sizes = Sizes(
        layers=min(earliest(problem).layers for problem in problems),
        width=min(map(least_width, problems)),
        heads=min(attentions, 1),
        head_size=min(map(least_head_size, problems)),
        neurons=min(map(least_neurons, problems)),
    )
    reasons = {
        "layers": f"{attentions} attention sublayers follow each other, with the MLPs between them",
        "width": "so much stands side by side in some state",
        "heads": f"{attentions} attention sublayers are needed",
        "head_size": "some query and key have so many columns",
        "neurons": "some table takes so many",
    }
    for size, reason in reasons.items():
        yield Bound(size, getattr(sizes, size), Premise.ANY_DEPTH, reason)
    parameters = sizes.parameters(problems[0].constants)
    yield Bound("parameters", parameters, Premise.ANY_DEPTH, "those of the least sizes above")


def _proven(allocation: Allocation, premise: Premise, ours: Allocation) -> Iterator[Bound]:
    """The bounds of each objective, given those before it: as long as these are what ours are."""
    before: list[str] = []
    proven = zip(allocation.objective, allocation.bound, allocation.value, ours.value, strict=True)
    for objective, least, value, own in proven:
        size = NAMES.get(objective, objective)
        given = f", with {' and '.join(before)} as small as they can be" if before else ""
        yield Bound(size, least, premise, f"{allocation.solver} proves it{given}")
        if value != own:
            return
        before.append(size)


def neurons_of_tables(proposal: CandidateProposal) -> dict[str, int]:
    """For each candidate that is an MLP the neurons that its table takes at least."""
    space, facts = proposal.space, _proposals(proposal)
    return {
        name: _of_table(space, facts, candidate)
        for name, candidate in space.candidates.items()
        if not isinstance(candidate.plan, HeadPlan)
    }


def _proposals(proposal: CandidateProposal) -> Proposals:
    """What candidates were proposed from."""
    space = proposal.space
    return Proposals(Facts(space.program, space.setting), repertoire(proposal.rules))


def _of_table(space: CandidateSpace, proposals: Proposals, candidate: Candidate) -> int:
    """The bound of a candidate's table; 0 for one that is made from no table."""
    if not candidate.cut:
        return 0
    leaves, table, rows, _, possible = _table(space, proposals, candidate)
    return fewest_neurons(leaves, table, rows, possible)


Asked = tuple[list[Leaf], Codes, FloatArray, float, NDArray[np.bool_] | None]
"""Leaves, table, rows, tolerance, and which combinations can occur."""


def _table(space: CandidateSpace, proposals: Proposals, candidate: Candidate) -> Asked:
    """The table of a candidate, as constructions are asked for it."""
    form, facts = space.forms[candidate.form], proposals.facts
    return (
        [facts.leaf(label) for label in candidate.cut],
        facts.tables.table(form.label, candidate.cut),
        form_rows(form),
        JUMP_ERROR,
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
