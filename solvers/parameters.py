"""The fewest parameters at a number of layers.

The number of parameters is a sum of products of sizes. Bounds of each size make the products
tight, and with the width fixed all but one of them are linear: widths are tried one after the
other, from the least, as long as the least sizes leave room below the best known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from solvers.allocation import Sizes
from solvers.constraints.objective import inner_size, parameters_of_width, upper
from solvers.constraints.variables import Decisions
from solvers.problem import SizeConstants
from solvers.search import Outcome, Search, proven_bound
from solvers.states.model import States
from solvers.states.plans import read_states

BOUND_EFFORT = 0.5
"""Deterministic seconds for the bound of one size: found at once as a rule, and a weaker bound only
makes the search over widths longer."""

REST_EFFORT = 0.5
"""Deterministic seconds to rule out all greater widths at once: where that does not end quickly,
one width after the other is quicker."""

BARREN = 2
"""Widths without a plan in sequence, after which ruling out the rest is tried: one alone is often
followed by a better width."""

FEW = 4
"""Numbers of neurons that count as few: with more left, a first plan seldom has the least of them,
and to minimise takes fewer solves."""

SIZES = ("width", "neurons", "heads", "head_size")
"""Sizes of what is published that the number of parameters depends on, besides its layers."""


@dataclass(slots=True)
class Fewest:
    """What is known of one depth.

    Attributes:
        outcome: OPTIMAL if no plan at this depth has fewer parameters than `value`; INFEASIBLE
            if none has as few as was asked for.
        value: The fewest parameters found, or None.
        bound: A proven lower bound of the parameters at this depth.
    """

    outcome: Outcome
    value: int | None
    bound: int


def fewest_parameters(search: Search, decisions: Decisions, most: int | None) -> Fewest:
    """Minimises parameters at the model's number of layers.

    Args:
        search: What the run may still spend; better plans are kept there.
        decisions: The model, which is one of states.
        most: Parameters beyond which a plan is of no use, if that is known.
    """
    assert isinstance(decisions, States), "sizes are weighed up in the state model"
    least = _least_sizes(search, decisions, most)
    if least is None:
        return Fewest(Outcome.INFEASIBLE, None, most or 0)
    constants = search.problem.constants
    inner = inner_size(decisions)
    value: int | None = None
    bound: int | None = None
    barren = 0
    for width in range(least["width"], upper(decisions.published["width"]) + 1):
        floor = Sizes(decisions.published_layers, **{**least, "width": width})
        if most is not None and _parameters(floor, constants) > most:
            break
        if search.over:
            bound = _parameters(floor, constants)
            break
        if most is not None and barren >= BARREN:
            rest = _of_width(decisions, floor, inner, most, constants, wider=True, asked=True)
            if search.solve(decisions, REST_EFFORT, rest)[0] is Outcome.INFEASIBLE:
                break
            barren = 0
        outcome, found = _at_width(search, decisions, floor, inner, most)
        barren = barren + 1 if found is None else 0
        if found is not None:
            value, most = found, found - 1
        if outcome is not Outcome.INFEASIBLE:
            bound = _parameters(floor, constants)
            break
    if bound is not None:
        outcome = Outcome.UNKNOWN if value is None else Outcome.FEASIBLE
        return Fewest(outcome, value, bound)
    outcome = Outcome.INFEASIBLE if value is None else Outcome.OPTIMAL
    return Fewest(outcome, value, value or 0)


def _at_width(
    search: Search, decisions: States, floor: Sizes, inner: Any, most: int | None
) -> tuple[Outcome, int | None]:
    """Ever better plans of a width: INFEASIBLE once there is no better one, and the last value.

    Nothing is minimised where few values are left: to rule them all out takes half the work if that
    is all that is asked.
    """
    constants = search.problem.constants
    value: int | None = None
    while True:
        high = None if most is None else _largest(floor, "neurons", most, constants)
        few = high is not None and high - floor.neurons < FEW
        model = _of_width(decisions, floor, inner, most, constants, asked=few)
        outcome, solver = search.solve(decisions, model=model, probing=few)
        if not outcome.has_plan:
            return outcome, value
        value = read_states(decisions, solver).sizes.parameters(constants)
        if not few:
            done = outcome is Outcome.OPTIMAL
            return Outcome.INFEASIBLE if done else outcome, value
        most = value - 1


def _of_width(
    decisions: Decisions,
    floor: Sizes,
    inner: Any,
    most: int | None,
    constants: SizeConstants,
    wider: bool = False,
    asked: bool = False,
) -> Any:
    """The model with its width fixed, and its other sizes bounded by the parameters.

    Args:
        decisions: The model.
        floor: The width, and the least that the other sizes can be.
        inner: Columns of all heads.
        most: Parameters beyond which a plan is of no use.
        constants: What the number of parameters depends on besides.
        wider: Whether the width may be greater, at no cost: a relaxation.
        asked: Whether all that is asked is whether there is a plan.
    """
    model = decisions.model.clone()
    own = decisions.published["width"]
    model.add(own >= floor.width if wider else own == floor.width)
    total = parameters_of_width(decisions, floor.width, inner)
    if most is not None:
        model.add(total <= most)
        for name in SIZES[1:]:
            high = _largest(floor, name, most, constants)
            if high is not None:
                model.add(decisions.published[name] <= high)
    if asked:
        model.clear_objective()
    else:
        model.minimize(total)
    return model


def _least_sizes(search: Search, decisions: Decisions, most: int | None) -> dict[str, int] | None:
    """A lower bound of each size by itself, or None if there is no plan of use at all.

    Each has to spend little; a bound that is not reached in that time holds all the same.
    """
    least = dict.fromkeys(SIZES, 0)
    constants = search.problem.constants
    for name in SIZES:
        floor = Sizes(decisions.published_layers, **least)
        for other in SIZES:
            high = None if most is None else _largest(floor, other, most, constants)
            if high is not None and high < least[other]:
                return None
            if high is not None:
                decisions.model.add(decisions.published[other] <= high)
        expression = decisions.published[name]
        decisions.model.minimize(expression)
        outcome, solver = search.solve(decisions, BOUND_EFFORT)
        if outcome is Outcome.INFEASIBLE:
            return None
        least[name] = proven_bound(solver)
        decisions.model.add(expression >= least[name])
    return least


def _largest(floor: Sizes, name: str, most: int, constants: SizeConstants) -> int | None:
    """What a size can be at most, all others being at their least; None if anything."""
    start = int(getattr(floor, name))
    if name == "width" and constants.stock is not None:
        # Of what is published parameters grow faster than the width.
        while _parameters(replace(floor, width=start + 1), constants) <= most:
            start += 1
        return start
    base = _parameters(floor, constants)
    slope = _parameters(replace(floor, **{name: start + 1}), constants) - base
    return start + (most - base) // slope if slope else None


def _parameters(own: Sizes, constants: SizeConstants) -> int:
    """What a transformer of sizes that are published holds at least."""
    stock = constants.stock
    inner = own.width if stock is not None and stock.fills else own.inner
    return int(constants.parameters(own.layers, own.width, inner, own.neurons))
