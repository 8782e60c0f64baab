"""Answering a question: at any length, then length by length, within a budget of work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from optitracr.graph.program import selector_reads
from optitracr.graph.reach.answer import Answer, Ground, Reach
from optitracr.graph.reach.facts import Facts
from optitracr.graph.reach.world import World

PARTIAL_TIME = 1.0
"""Deterministic seconds for a world of a few positions, a hundred times what those of the library
take; what is not settled by then is open."""

WHOLE_TIME = 0.5
"""Deterministic seconds for all lengths together, so that no compilation waits for longer; what is
not settled by then is open, which costs at most a larger model."""

MAX_WORK = 300_000
"""Table entries that a world may hold, over all positions and pairs: built in about a second."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is done for one question; counted, not timed, so that the answer is the same.

    Attributes:
        partial: Deterministic seconds for a world of a few positions.
        whole: Those for all lengths together.
        work: Table entries that a world may hold, over all positions and pairs.
    """

    partial: float = PARTIAL_TIME
    whole: float = WHOLE_TIME
    work: int = MAX_WORK


FULL = Effort()
"""What a question may take where nothing else is said."""


@dataclass(frozen=True, slots=True)
class Question:
    """Whether something can be reached.

    Attributes:
        reads: The variables that it is about.
        cases: Numbers of positions that it names, with what is asked of a world of these; all
            have to be out of reach.
        whole: What is asked of a world of all positions.
        confirm: Whether the interpreter reaches it on an input.
        effort: What the answer may take.
    """

    reads: tuple[str, ...]
    cases: tuple[tuple[int, Callable[[World], None]], ...]
    whole: Callable[[World], None]
    confirm: Callable[[tuple[Any, ...]], bool]
    effort: Effort = FULL


def ask(facts: Facts, question: Question) -> Answer:
    """Answers a question."""
    if all(_never(facts, question, *case) for case in question.cases):
        return Answer(Reach.NEVER, Ground.ANY_LENGTH)
    return _each_length(facts, question)


def _never(
    facts: Facts, question: Question, positions: int, condition: Callable[[World], None]
) -> bool:
    """Whether a few positions of an input of any length cannot do it."""
    if positions > facts.inputs.lengths[-1]:
        return True
    if work(facts, question.reads, positions) > question.effort.work:
        return False
    world = World(facts, positions, whole=False)
    condition(world)
    return solve(world, question.effort.partial).outcome is Outcome.NONE


def _each_length(facts: Facts, question: Question) -> Answer:
    """Bounded model checking, the shortest inputs first."""
    left = question.effort.whole
    unconfirmed = False
    for length in facts.inputs.lengths:
        if left <= 0 or work(facts, question.reads, length) > question.effort.work:
            return Answer(Reach.OPEN, Ground.BUDGET)
        world = World(facts, length, whole=True)
        question.whole(world)
        found = solve(world, left)
        left -= found.time
        if found.outcome is Outcome.UNKNOWN:
            return Answer(Reach.OPEN, Ground.BUDGET)
        if found.outcome is Outcome.SOME:
            if facts.inputs.contain(found.tokens) and question.confirm(found.tokens):
                return Answer(Reach.REACHED, Ground.INPUT, found.tokens)
            unconfirmed = True
    if unconfirmed:
        return Answer(Reach.OPEN, Ground.BUDGET)
    return Answer(Reach.NEVER, Ground.EACH_LENGTH)


def work(facts: Facts, reads: tuple[str, ...], positions: int) -> int:
    """Table entries of a world, over all positions and pairs of positions."""
    labels = dict.fromkeys(label for read in reads for label in facts.ancestors(read))
    total = 0
    for label in labels:
        operation = facts.nodes[label].operation
        total += facts.entries(label) * positions
        if hasattr(operation, "selector"):
            sides = selector_reads(operation.selector)
            total += sum(map(facts.size, sides)) * positions**2
    return total


class Outcome(Enum):
    """What a search found."""

    NONE = "none"
    SOME = "some"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Found:
    """The result of one search.

    Attributes:
        outcome: Whether there is no solution, one, or nothing is known.
        time: Deterministic seconds.
        tokens: The input of a solution of a whole world.
    """

    outcome: Outcome
    time: float
    tokens: tuple[Any, ...] = ()


def solve(world: World, time: float) -> Found:
    """Searches a world for a solution."""
    from ortools.sat.python import cp_model

    from solvers.interrupts import run_cp_sat

    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 0
    # Proofs here are by propagation: probing and the relaxation took forty times their time.
    solver.parameters.cp_model_probing_level = 0
    solver.parameters.linearization_level = 0
    solver.parameters.max_deterministic_time = time
    status, _ = run_cp_sat(solver, world.model)
    spent = solver.response_proto.deterministic_time
    if status == cp_model.INFEASIBLE:
        return Found(Outcome.NONE, spent)
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Found(Outcome.SOME, spent, world.tokens(solver) if world.whole else ())
    return Found(Outcome.UNKNOWN, spent)
