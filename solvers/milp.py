"""The same problem as a mixed-integer linear program, solved by HiGHS (SciPy).

A second opinion on the CP-SAT formulation: time is indexed instead of intervals, with one
variable for every component and sublayer, and the rest follows linearly.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from solvers.allocation import Allocation, Erasure, Placement, Plan, Status, heads_erase
from solvers.deeper import most_layers
from solvers.greedy import measured
from solvers.interrupts import interruptible
from solvers.problem import Kind, Problem, ProblemError
from solvers.serialisation import fingerprint
from solvers.timing import NEVER, earliest

TAKEN = ("depth", "width", "neurons", "heads")
"""Objectives that are linear; a product (parameters) or a head size is not."""


def milp(
    problem: Problem, objective: tuple[str, ...], *, time_limit: float = 60.0, seed: int = 0
) -> Allocation:
    """Solves a problem with HiGHS, one number of layers after the other.

    Args:
        problem: The problem.
        objective: What to minimise, depth first.
        time_limit: Wall seconds for all solves together.
        seed: Recorded; HiGHS is run with its own.

    Raises:
        KeyboardInterrupt: If the user stopped it. SciPy gives no means to stop HiGHS, which
            runs on in the background until its time is over.
        ProblemError: If the objective is not linear, or does not begin with depth.
    """
    if objective[0] != "depth" or any(name not in TAKEN for name in objective):
        raise ProblemError(
            f"the MILP takes objectives that begin with depth, of {TAKEN}, and not {objective}; "
            "use method='cp_sat'"
        )
    start = time.perf_counter()
    times = earliest(problem)
    limit = problem.limits.layers
    last = most_layers(problem) if limit is None else min(limit, most_layers(problem))
    layers, status, plan = times.layers, Status.INFEASIBLE, None
    while times.layers < NEVER and layers <= last:
        left = time_limit - (time.perf_counter() - start)
        status, plan = _at_depth(problem, layers, objective, left)
        if status is not Status.INFEASIBLE:
            break
        layers += 1
    value: tuple[int, ...] = ()
    if plan is not None:
        value = tuple(plan.sizes.measure(name, problem.constants) for name in objective)
    optimal = status is Status.OPTIMAL
    return Allocation(
        status=status,
        plan=plan,
        objective=objective,
        value=value,
        bound=value if optimal else (0,) * len(value),
        gap=0.0 if optimal or not value else 1.0,
        seed=seed,
        seconds=time.perf_counter() - start,
        deterministic_time=0.0,
        solver="milp",
        solver_version=_version(),
        problem=fingerprint(problem),
    )


def _version() -> str:
    from importlib.metadata import version

    return f"scipy {version('scipy')} (HiGHS)"


@dataclass(slots=True)
class _Program:
    """Columns and rows of a linear program while it is being written."""

    index: dict[object, int] = field(default_factory=dict)
    upper: list[float] = field(default_factory=list)
    rows: list[tuple[dict[int, float], float, float]] = field(default_factory=list)

    def column(self, key: object, upper: float = 1.0) -> int:
        if key not in self.index:
            self.index[key] = len(self.upper)
            self.upper.append(upper)
        return self.index[key]

    def row(self, terms: Iterable[tuple[int, float]], low: float, high: float) -> None:
        coefficients: dict[int, float] = {}
        for column, factor in terms:
            coefficients[column] = coefficients.get(column, 0.0) + factor
        self.rows.append((coefficients, low, high))


def _at_depth(
    problem: Problem, layers: int, objective: tuple[str, ...], time_limit: float
) -> tuple[Status, Plan | None]:
    program = _write(problem, layers)
    solution = None
    for name in objective:
        if name == "depth":
            continue
        status, solution = _solve(program, name, max(time_limit, 0.1))
        if status is not Status.OPTIMAL or solution is None:
            return status, None
        column = program.index[name]
        program.row([(column, 1.0)], 0, round(solution[column]))
    if solution is None:
        status, solution = _solve(program, "width", max(time_limit, 0.1))
        if solution is None:
            return status, None
    return Status.OPTIMAL, _read(problem, layers, program, solution)


def _solve(program: _Program, name: str, time_limit: float) -> tuple[Status, Any]:
    from scipy.optimize import Bounds, LinearConstraint
    from scipy.optimize import milp as highs
    from scipy.sparse import csr_array

    count = len(program.upper)
    cost = np.zeros(count)
    cost[program.index[name]] = 1.0
    entries = [(r, c, f) for r, row in enumerate(program.rows) for c, f in row[0].items()]
    r, c, f = (np.array(part) for part in zip(*entries, strict=True))
    matrix = csr_array((f, (r, c)), shape=(len(program.rows), count))
    low = np.array([row[1] for row in program.rows])
    high = np.array([row[2] for row in program.rows])
    result = interruptible(
        lambda: highs(
            cost,
            constraints=LinearConstraint(matrix, low, high),
            bounds=Bounds(np.zeros(count), np.array(program.upper)),
            integrality=np.ones(count),
            options={"time_limit": time_limit, "mip_rel_gap": 0.0},
        )
    )
    if result.status == 0:
        return Status.OPTIMAL, result.x
    return (Status.INFEASIBLE if result.status == 2 else Status.UNKNOWN), None


def _write(problem: Problem, layers: int) -> _Program:
    """All constraints for a number of layers."""
    program, total = _Program(), 2 * layers
    limits = problem.limits
    for name in ("width", "neurons", "heads"):
        limit = getattr(limits, name)
        program.column(name, np.inf if limit is None else limit)
    _components(program, problem, total)
    _erasures(program, problem, total)
    _reads(program, problem, total)
    _widths(program, problem, total)
    _neurons(program, problem, total)
    _heads(program, problem, total)
    return program


def _components(program: _Program, problem: Problem, total: int) -> None:
    column = program.column
    for name, alternatives in problem.alternatives_of().items():
        if not problem.by_name()[name].is_input:
            uses = [(column(("use", a.name)), 1.0) for a in alternatives]
            program.row([*uses, (column(("present", name)), -1.0)], 0, 0)
    for a in problem.alternatives:
        use = (column(("use", a.name)), -1.0)
        here = [(column(("at", a.name, s)), 1.0) for s in range(a.kind.parity, total, 2)]
        program.row([*here, use], 0, 0)
        for place, options in enumerate(a.reads):
            chosen = {o: column(("read", a.name, place, o)) for o in options}
            program.row([*((c, 1.0) for c in chosen.values()), use], 0, 0)
            for option, c in chosen.items():
                program.row([(c, 1.0), (column(("present", option)), -1.0)], -np.inf, 0)
        size = problem.limits.head_size
        if a.head is not None and size is not None and max(a.head.head_size, 1) > size:
            needs = a.head.head_size > size or a.head.value_width > 0
            program.row([(use[0], 1.0)], 0, 0 if needs else 1)
    views = [(column(("view", i)), 1.0) for i in range(len(problem.views))]
    program.row(views, 1, 1)


Terms = list[tuple[int, float]]


def _alive(program: _Program, problem: Problem, name: str, state: int) -> Terms:
    """Born by a state, less erased before it."""
    column = program.column
    if problem.by_name()[name].is_input:
        born: Terms = [(column(("present", name)), 1.0)]
    else:
        born = [
            (column(("at", a.name, s)), 1.0)
            for a in problem.alternatives_of()[name]
            for s in range(a.kind.parity, state, 2)
        ]
    return born + [(column(("erase", name, s)), -1.0) for s in range(state)]


def _erasures(program: _Program, problem: Problem, total: int) -> None:
    column, own = program.column, problem.self_attention
    if own is not None:
        program.row([(column(("own", way)), 1.0) for way in range(len(own.ways))], 1, 1)
    for variable in problem.variables:
        name = variable.name
        erased = [(column(("erase", name, s)), 1.0) for s in range(total)]
        program.row([*erased, (column(("present", name)), -1.0)], -np.inf, 0)
        for s in range(total):
            mine = (column(("erase", name, s)), -1.0)
            program.row([*_alive(program, problem, name, s), mine], 0, np.inf)
            if s % 2 == 0 and own is None:
                program.row([(mine[0], 1.0)], 0, 0)
            for way, reads in enumerate(own.ways) if own is not None and s % 2 == 0 else ():
                chosen = (column(("own", way)), -1.0)
                for needed in reads:
                    program.row([*_alive(program, problem, needed, s), mine, chosen], -1, np.inf)
        program.row(_alive(program, problem, name, total), 0, np.inf)


def _reads(program: _Program, problem: Problem, total: int) -> None:
    column = program.column
    for a in problem.alternatives:
        for s in range(a.kind.parity, total, 2):
            here = (column(("at", a.name, s)), -1.0)
            for place, options in enumerate(a.reads):
                for option in dict.fromkeys(options):
                    chosen = (column(("read", a.name, place, option)), -1.0)
                    alive = _alive(program, problem, option, s)
                    program.row([*alive, here, chosen], -1, np.inf)
    for i, view in enumerate(problem.views):
        for name in view.reads:
            alive = _alive(program, problem, name, total)
            program.row([*alive, (column(("view", i)), -1.0)], 0, np.inf)


def _widths(program: _Program, problem: Problem, total: int) -> None:
    for state in range(total + 1):
        terms: Terms = [(program.index["width"], -1.0)]
        for variable in problem.variables:
            alive = _alive(program, problem, variable.name, state)
            terms += [(c, f * variable.width) for c, f in alive]
        program.row(terms, -np.inf, 0)


def _neurons(program: _Program, problem: Problem, total: int) -> None:
    column = program.column
    for s in range(1, total, 2):
        terms: Terms = [(program.index["neurons"], -1.0)]
        mlps = [a for a in problem.alternatives if a.kind is Kind.MLP]
        terms += [(column(("at", a.name, s)), float(a.neurons)) for a in mlps]
        constant = [column(("at", a.name, s)) for a in mlps if a.constant]
        terms += [(column(("constant", s)), 1.0)] if constant else []
        for here in constant:
            program.row([(column(("constant", s)), 1.0), (here, -1.0)], 0, np.inf)
        for variable in problem.variables:
            paid = column(("pay", variable.name, s))
            free = [(column(("at", a.name, s)), 1.0) for a in mlps if variable.name in a.determines]
            erased = (column(("erase", variable.name, s)), -1.0)
            program.row([(paid, 1.0), *free, erased], 0, np.inf)
            terms.append((paid, float(variable.erasing_neurons)))
        program.row(terms, -np.inf, 0)


def _heads(program: _Program, problem: Problem, total: int) -> None:
    """As if every head had the largest size allowed, which is never worse for their number."""
    column, own, size = program.column, problem.self_attention, problem.limits.head_size
    for s in range(0, total, 2):
        members: dict[str | None, Terms] = {}
        for a in problem.alternatives:
            if a.head is not None:
                entry = (column(("at", a.name, s)), float(a.head.value_width))
                members.setdefault(a.head.selector, []).append(entry)
        for variable in problem.variables if own is not None else ():
            entry = (column(("erase", variable.name, s)), float(variable.width))
            members.setdefault(None, []).append(entry)
            if own is not None and size is not None and own.head_size > size:
                program.row([(entry[0], 1.0)], 0, 0)
        counts: Terms = []
        for selector, entries in members.items():
            heads = column(("heads", s, selector), np.inf)
            counts.append((heads, 1.0))
            for here, _ in entries:
                program.row([(heads, 1.0), (here, -1.0)], 0, np.inf)
            if size is not None:
                wide = [(here, -width) for here, width in entries]
                program.row([(heads, float(size)), *wide], 0, np.inf)
        program.row([*counts, (program.index["heads"], -1.0)], -np.inf, 0)


def _read(problem: Problem, layers: int, program: _Program, solution: Any) -> Plan:
    def on(*key: object) -> bool:
        return key in program.index and solution[program.index[key]] > 0.5

    placements = []
    for s in range(2 * layers):
        for a in problem.alternatives:
            if on("at", a.name, s):
                reads = tuple(
                    next(o for o in options if on("read", a.name, place, o))
                    for place, options in enumerate(a.reads)
                )
                placements.append(Placement(a.name, s, reads))
    erasures = tuple(
        Erasure(v.name, s)
        for v in problem.variables
        for s in range(2 * layers)
        if on("erase", v.name, s)
    )
    view = next(i for i in range(len(problem.views)) if on("view", i))
    ways = 1 if problem.self_attention is None else len(problem.self_attention.ways)
    heads = heads_erase(erasures)
    own = next((way for way in range(ways) if heads and on("own", way)), 0)
    plan = Plan(layers, tuple(placements), erasures, view, 0, 0, 0, 0, own=own)
    return _with_largest_heads(problem, measured(problem, plan))


def _with_largest_heads(problem: Problem, plan: Plan) -> Plan:
    """Wider and so fewer heads, up to the limit."""
    from dataclasses import replace

    from solvers.allocation import head_demands, heads_used

    groups = [entry for group in head_demands(problem, plan).values() for entry in group.values()]
    widest = max((width for _, width in groups), default=0)
    limit = problem.limits.head_size
    size = max(plan.head_size, widest if limit is None else min(widest, limit))
    heads = max(heads_used(problem, plan, size).values(), default=0)
    return replace(plan, head_size=size, heads=heads)
