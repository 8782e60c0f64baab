"""The longest-path heuristic (Lindner et al. 2023): baseline and fallback.

Each component stands at the depth of the longest chain of components that leads to it,
each depth in a layer of its own, except that a depth of attention alone and one of MLPs
alone right after it share a layer. Nothing is erased; every variable has its own
dimensions for ever, all inputs included.
"""

from __future__ import annotations

from solvers.allocation import Placement, Plan, head_demands, heads_used, neurons_used
from solvers.problem import Alternative, Kind, Problem


def longest_path_plan(problem: Problem) -> Plan:
    """The heuristic's plan: first alternatives, first reads, first view that works."""
    chosen = _choose(problem)
    if chosen is None:
        raise ValueError(f"problem '{problem.name}': the inputs do not lead to the output")
    view, order = chosen
    depth = _depths(problem, order)
    layer_of = _layers(problem, order, depth)
    placements = sorted(
        (
            Placement(a.name, 2 * layer_of[depth[a.variable]] + a.kind.parity, reads)
            for a, reads in order
        ),
        key=lambda placement: placement.sublayer,
    )
    layers = max(layer_of.values(), default=-1) + 1
    return sized(problem, layers, tuple(placements), view)


def sized(problem: Problem, layers: int, placements: tuple[Placement, ...], view: int) -> Plan:
    """A plan that erases nothing and keeps all inputs, with the sizes that it takes."""
    inputs = tuple(v.name for v in problem.variables if v.is_input)
    known, alternatives = problem.by_name(), problem.alternative_by_name()
    computed = [alternatives[p.alternative].variable for p in placements]
    width = sum(known[name].width for name in dict.fromkeys((*inputs, *computed)))
    plan = Plan(layers, placements, (), view, width, 0, 0, 0, kept_inputs=inputs)
    groups = head_demands(problem, plan).values()
    head_size = max((size for group in groups for size, _ in group.values()), default=0)
    if any(width for group in groups for _, width in group.values()):
        head_size = max(head_size, 1)
    heads = max(heads_used(problem, plan, head_size).values(), default=0)
    neurons = max(neurons_used(problem, plan).values(), default=0)
    return Plan(layers, placements, (), view, width, heads, head_size, neurons, inputs)


Chosen = list[tuple[Alternative, tuple[str, ...]]]


def _choose(problem: Problem) -> tuple[int, Chosen] | None:
    """The components of the first view that can be reached, operands first."""
    reachable = _reachable(problem)
    for index, view in enumerate(problem.views):
        if all(name in reachable for name in view.reads):
            return index, _needed(problem, reachable, view.reads)
    return None


def _reachable(problem: Problem) -> dict[str, tuple[Alternative, tuple[str, ...]] | None]:
    """For each variable that can be computed the first alternative that does."""
    found: dict[str, tuple[Alternative, tuple[str, ...]] | None]
    found = {v.name: None for v in problem.variables if v.is_input}
    changed = True
    while changed:
        changed = False
        for alternative in problem.alternatives:
            if alternative.variable in found:
                continue
            reads = tuple(
                next((name for name in options if name in found), "")
                for options in alternative.reads
            )
            if all(reads):
                found[alternative.variable] = (alternative, reads)
                changed = True
    return found


def _needed(
    problem: Problem,
    reachable: dict[str, tuple[Alternative, tuple[str, ...]] | None],
    outputs: tuple[str, ...],
) -> Chosen:
    needed: set[str] = set()
    stack = list(outputs)
    while stack:
        name = stack.pop()
        entry = reachable[name]
        if name not in needed and entry is not None:
            needed.add(name)
            stack.extend(entry[1])
    return [entry for name, entry in reachable.items() if name in needed and entry is not None]


def _depths(problem: Problem, order: Chosen) -> dict[str, int]:
    known = problem.by_name()
    depth = {v.name: 0 for v in problem.variables if v.is_input}
    for alternative, reads in order:
        block = known[alternative.variable].block
        deepest = 0
        for name in reads:
            inside = block is not None and known[name].block == block
            deepest = max(deepest, depth[name] - (1 if inside else 0))
        depth[alternative.variable] = deepest + 1
    return depth


def _layers(problem: Problem, order: Chosen, depth: dict[str, int]) -> dict[int, int]:
    """The layer of each depth."""
    known = problem.by_name()
    kinds: dict[int, set[Kind]] = {}
    for alternative, _ in order:
        found = kinds.setdefault(depth[alternative.variable], set())
        found.add(alternative.kind)
        if known[alternative.variable].block is not None:
            found |= {Kind.ATTENTION, Kind.MLP}
    layers: dict[int, int] = {}
    layer, open_attention = -1, False
    for level in sorted(kinds):
        if not (open_attention and kinds[level] == {Kind.MLP}):
            layer += 1
            open_attention = kinds[level] == {Kind.ATTENTION}
        else:
            open_attention = False
        layers[level] = layer
    return layers
