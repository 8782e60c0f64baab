"""Small problems settled at their least depth: the sizes of the best plan, first things first.

Depth-first branch and bound (Land and Doig 1960): the output is needed, then what computes it, and
so on; of what is open the variable that is born last comes first. What cannot become smaller than
the best plan so far is left out, so that what is left in the end is the best there is. Plans in
which no head erases come first: in these what a head reads is alive in the next state as well, and
in all others what erasing heads read is there from the start.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from solvers.allocation import (
    DEFAULT_OBJECTIVE,
    Allocation,
    Erasure,
    Placement,
    Plan,
    Status,
    heads_erase,
)
from solvers.branching.certain import Certain, Key, certain_of
from solvers.branching.erasing import Erased, Erasing
from solvers.branching.nodes import Chosen, Node, children, roots
from solvers.branching.parts import Part, part_of
from solvers.branching.transversals import TooManySetsError
from solvers.ceiling import Ceiling, ceiling_at
from solvers.dominance import frees_more
from solvers.greedy import measured
from solvers.problem import Problem
from solvers.serialisation import fingerprint
from solvers.timing import NEVER, earliest

SOLVER = "branch_and_bound"
"""What `Allocation.solver` says of a plan that was found so."""

STEPS_A_SECOND = 200_000
"""Steps that count as a deterministic second: as many as a machine of today takes in one."""

MOST_STEPS = 1_500
"""Steps after which a problem is given up: some five milliseconds, while CP-SAT takes about nine.
Of the problems of random programs of 4 to 8 s-ops four in five take fewer, and half fewer than 250.
"""

MOST_VARIABLES = 23
"""Variables beyond which no step is taken: three in four of such problems would be given up."""

GIVEN_UP = -1
"""Steps that are left where no more are taken."""

NOTHING: Key = (1 << 62, 0, 0, 0)
"""The key of no plan: larger than that of any."""


def settled(
    problem: Problem,
    objective: tuple[str, ...] = DEFAULT_OBJECTIVE,
    *,
    seed: int = 0,
    steps: int = MOST_STEPS,
    at_most: tuple[int, ...] = (),
) -> Allocation | None:
    """The best plan of a small problem, proven.

    Args:
        problem: The problem.
        objective: What to minimise, first things first.
        seed: Recorded, not used.
        steps: How many to take at most, each a look at one way to compute a variable.
        at_most: Values of the objective beyond which a plan is of no use, if there are any.

    Returns:
        An OPTIMAL allocation, or an INFEASIBLE one where no plan is of use; None where that is not
        found in so many steps, where another objective is asked for than the default, or where late
        inputs, a published transformer, components that free more than they take or write
        constants, or limits that the best plan without them breaks make it another problem.
    """
    start = time.perf_counter()
    if objective != DEFAULT_OBJECTIVE or problem.late is not None:
        return None
    if len(problem.variables) > MOST_VARIABLES:
        return None
    times = earliest(problem)
    if problem.constants.stock is not None or times.layers >= NEVER or frees_more(problem):
        return None
    if any(alternative.constant for alternative in problem.alternatives):
        return None
    part = part_of(problem, times.layers, times)
    if part is None:
        return None
    ceiling = ceiling_at(objective, at_most, times.layers)
    search = _Search(steps, _beyond(ceiling))
    plan = None if ceiling is None else search.plan(problem, part)
    value: tuple[int, ...] = ()
    if plan is not None and _is_within(problem, plan):
        value = plan.layers, plan.width, plan.neurons
    elif plan is not None or search.left < 0 or (ceiling is not None and not ceiling.values):
        return None
    return Allocation(
        status=Status.OPTIMAL if value else Status.INFEASIBLE,
        plan=plan,
        objective=objective,
        value=value,
        bound=value,
        gap=0.0,
        seed=seed,
        seconds=time.perf_counter() - start,
        deterministic_time=(steps - search.left) / STEPS_A_SECOND,
        solver=SOLVER,
        solver_version="1",
        problem=fingerprint(problem),
    )


def _beyond(ceiling: Ceiling | None) -> Key:
    """The least key of a plan at the least depth that is of no use."""
    if ceiling is None or not ceiling.values:
        return NOTHING
    width, neurons = ceiling.values
    return width, neurons + 1, 0, 0


def _is_within(problem: Problem, plan: Plan) -> bool:
    """Whether a plan keeps to the limits."""
    return all(getattr(plan, name) <= limit for name, limit in problem.limits.given().items())


@dataclass(frozen=True, slots=True)
class _Best:
    """The best plan so far: its key, and what makes it, with the way in which its heads erase."""

    key: Key
    node: Node
    erased: Erased
    own: int


class _Search:
    """The search, and the best plan so far.

    Attributes:
        left: Steps that may still be taken; negative once it is given up.
    """

    def __init__(self, steps: int, beyond: Key = NOTHING) -> None:
        """Only what is smaller than a key is looked for."""
        self.left = steps
        self._half = steps // 2
        self._beyond = beyond
        self._best: _Best | None = None
        self._own = 0

    @property
    def _key(self) -> Key:
        return self._beyond if self._best is None else self._best.key

    def plan(self, problem: Problem, part: Part) -> Plan | None:
        """The best plan; None if there is none, or the steps were too few to know."""
        heads = range(len(part.owns) if part.last else 0)
        try:
            self._all(part.without_erasing_heads(), is_last=not heads)
            for self._own in heads:
                if self.left < 0:
                    break
                self._all(part.with_erasing_heads(self._own), is_last=self._own == heads[-1])
        except TooManySetsError:
            self.left = GIVEN_UP
        if self.left < 0 or self._best is None:
            return None
        node, (*_, count, head_size) = self._best.node, self._best.key
        names, order = part.names, {a.name: place for place, a in enumerate(problem.alternatives)}
        placements = [
            Placement(own.way.name, own.sublayer, own.names(names)) for own in _all_of(node.chosen)
        ]
        placements.sort(key=lambda p: (p.sublayer, order[p.alternative]))
        at = {names[variable]: sublayer for variable, sublayer in self._best.erased.items()}
        erasures = tuple(Erasure(v.name, at[v.name]) for v in problem.variables if v.name in at)
        own = self._best.own if heads_erase(erasures) else 0
        bare = Plan(part.last // 2, tuple(placements), erasures, node.view, 0, 0, 0, 0, own=own)
        return replace(measured(problem, bare), heads=count, head_size=head_size)

    def _all(self, part: Part, is_last: bool) -> None:
        """Looks at all plans of a part; where heads may erase next, half of the steps is left."""
        # That takes at least as long again, so that a search that needs more is given up at once.
        kept = 0 if is_last else self._half
        self.left -= kept
        self._visit(certain_of(part), None)
        self.left = self.left + kept if self.left >= 0 else GIVEN_UP

    def _visit(self, certain: Certain, node: Node | None) -> None:
        """What becomes of a node, or of all beginnings: first of what takes the least so far."""
        if node is None:
            found = roots(certain, self._key)
            self.left -= len(found)
        else:
            found, count = children(certain, node, self._key)
            self.left -= count
        found.sort(key=lambda one: one[0])
        for least, own in found:
            if self.left < 0 or least >= self._key:
                return
            if own.pending:
                self._visit(certain, own)
                continue
            erasing = Erasing(certain, own, self._key, self.left)
            self.left = erasing.left
            if erasing.erased is not None:
                self._best = _Best(erasing.best, own, erasing.erased, self._own)


def _all_of(chosen: Chosen | None) -> Iterator[Chosen]:
    while chosen is not None:
        yield chosen
        chosen = chosen.before
