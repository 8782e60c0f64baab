"""The CP-SAT model of a problem at a number of layers: all constraints, no objective."""

from __future__ import annotations

from solvers.constraints.erasure import add_erasure
from solvers.constraints.heads import add_heads
from solvers.constraints.neurons import add_neurons
from solvers.constraints.precedence import add_precedence, add_self_attention
from solvers.constraints.presence import add_presence
from solvers.constraints.stock import add_stock
from solvers.constraints.variables import Decisions, declare
from solvers.constraints.width import add_width
from solvers.dominance import frees_more, without_dominated
from solvers.effort import ALIKE, LARGE_MODEL, decisions
from solvers.problem import Problem
from solvers.states.model import build_states
from solvers.timing import Earliest


def model_for(
    objective: tuple[str, ...],
    problem: Problem,
    layers: int,
    times: Earliest,
    hinted: bool = False,
) -> Decisions:
    """The model in which an objective is minimised: that of states, unless a problem is large.

    Where sizes are weighed up it is that of a large one too. From a plan that is given, that of
    births and reads leads to one more like it, in little time while problems are small. A
    component that is of use though nothing reads it is in no state model, and may be dominated.
    """
    count = decisions(problem, times)
    small = ALIKE < count <= LARGE_MODEL if hinted else count <= LARGE_MODEL
    by_states = "parameters" in objective or small
    if by_states and not frees_more(problem):
        return build_states(without_dominated(problem), layers, times)
    return build_model(problem, layers, times)


def build_model(problem: Problem, layers: int, times: Earliest) -> Decisions:
    """The CP-SAT model for a number of layers, without an objective."""
    decisions = declare(problem, layers, times)
    add_presence(decisions)
    add_precedence(decisions)
    add_self_attention(decisions)
    add_erasure(decisions)
    add_width(decisions)
    add_neurons(decisions)
    add_heads(decisions)
    add_stock(decisions)
    return decisions
