"""The frozen set: allocation problems that never change, with the best plan and bound known.

Each file of `instances/frozen/` is compressed JSON of one instance. A problem of the compiler is
stored whole, since the compiler may state it otherwise one day; a random one is made again from its
size and seed. Either way its fingerprint tells whether it is still the same.
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from random_problems import random_problem

from solvers import (
    Allocation,
    Erasure,
    Placement,
    Plan,
    Problem,
    ProblemError,
    fingerprint,
    problem_from_json,
    problem_to_json,
    violations,
)

FOLDER = Path(__file__).parent / "instances" / "frozen"
SUFFIX = ".json.xz"


@dataclass(frozen=True, slots=True)
class Best:
    """The best that is known of an instance.

    Attributes:
        plan: The best plan.
        value: Its value of each objective.
        bound: A proven lower bound of each, given the values before it.
        versions: With what plan and bound were last bettered.
    """

    plan: Plan
    value: tuple[int, ...]
    bound: tuple[int, ...]
    versions: str


@dataclass(frozen=True, slots=True)
class Instance:
    """A problem with what is minimised, and the best known.

    Attributes:
        name: Unique name, and that of the file.
        problem: The problem.
        objective: What to minimise, first things first.
        random: Size, seed and window of a random problem; None for one that is stored.
        best: The best known, if anything is.
    """

    name: str
    problem: Problem
    objective: tuple[str, ...]
    random: tuple[int, int, int] | None = None
    best: Best | None = None


def names(folder: Path = FOLDER) -> list[str]:
    """The names of all instances, from the smallest file to the largest."""
    files = sorted(folder.glob(f"*{SUFFIX}"), key=lambda path: (path.stat().st_size, path.name))
    return [path.name.removesuffix(SUFFIX) for path in files]


def load(name: str, folder: Path = FOLDER) -> Instance:
    """Reads an instance.

    Raises:
        ProblemError: If there is none, or its problem is no longer what it was, or its best plan
            breaks a constraint or has other sizes.
    """
    path = folder / f"{name}{SUFFIX}"
    if not path.exists():
        raise ProblemError(f"there is no frozen instance '{name}'; see {folder}")
    data = json.loads(lzma.decompress(path.read_bytes()))
    made = data["random"]
    if made is None:
        problem = problem_from_json(json.dumps(data["problem"]))
    else:
        problem = random_problem(*made)
    if fingerprint(problem) != data["fingerprint"]:
        raise ProblemError(f"the problem of '{name}' is not the one that was frozen")
    best = None if data["best"] is None else _best(problem, data["best"])
    objective = tuple(data["objective"])
    instance = Instance(name, problem, objective, None if made is None else tuple(made), best)
    _check(instance)
    return instance


def save(instance: Instance, folder: Path = FOLDER) -> None:
    """Writes an instance; the same one gives the same bytes."""
    best = instance.best
    data = {
        "name": instance.name,
        "objective": instance.objective,
        "random": instance.random,
        "problem": None
        if instance.random is not None
        else json.loads(problem_to_json(instance.problem)),
        "fingerprint": fingerprint(instance.problem),
        "best": None
        if best is None
        else {
            "value": best.value,
            "bound": best.bound,
            "versions": best.versions,
            "plan": _packed(instance.problem, best.plan),
        },
    }
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(data, separators=(",", ":"))
    packed = lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME)
    (folder / f"{instance.name}{SUFFIX}").write_bytes(packed)


def _check(instance: Instance) -> None:
    best = instance.best
    if best is None:
        return
    broken = violations(instance.problem, best.plan)
    if broken:
        raise ProblemError(f"the plan of '{instance.name}': {broken[0].message}")
    value = measured_value(instance, best.plan)
    if value != best.value:
        raise ProblemError(f"the plan of '{instance.name}' has {value}, not {best.value}")
    if contradicts(best.bound, best.value, best.value):
        raise ProblemError(f"the bound of '{instance.name}' is above its plan")


def measured_value(instance: Instance, plan: Plan) -> tuple[int, ...]:
    """The value of each objective that a plan has."""
    constants = instance.problem.constants
    return tuple(plan.sizes.measure(name, constants) for name in instance.objective)


def contradicts(bound: Sequence[int], given: Sequence[int], value: Sequence[int]) -> bool:
    """Whether a bound that holds given some values is above what a plan has.

    Args:
        bound: Each is proven for plans that have the given values before it.
        given: These values.
        value: What a valid plan has.
    """
    for low, before, known in zip(bound, given, value, strict=True):
        if low > known:
            return True
        if before != known:
            return False
    return False


def merged(best: Best | None, found: Best) -> Best:
    """The better of two plans, with the higher of the bounds that hold for it."""
    if best is None:
        return found
    one, other = (found, best) if found.value < best.value else (best, found)
    bound = list(one.bound)
    for place, low in enumerate(other.bound):
        bound[place] = max(bound[place], low)
        if other.value[place] != one.value[place]:
            break
    if (one is best) and tuple(bound) == best.bound:
        return best
    return replace(one, bound=tuple(bound), versions=found.versions)


def found_best(allocation: Allocation, versions: str) -> Best | None:
    """What an allocation shows, if it has a plan."""
    plan = allocation.plan
    return None if plan is None else Best(plan, allocation.value, allocation.bound, versions)


def _packed(problem: Problem, plan: Plan) -> dict[str, Any]:
    """A plan as lists of numbers: places of alternatives, options and variables."""
    alternatives = {a.name: (i, a) for i, a in enumerate(problem.alternatives)}
    variables = {v.name: i for i, v in enumerate(problem.variables)}
    placed = sorted(plan.placements, key=lambda p: alternatives[p.alternative][0])
    return {
        "sizes": [plan.layers, plan.view, plan.width, plan.heads, plan.head_size, plan.neurons],
        "alternatives": [alternatives[p.alternative][0] for p in placed],
        "sublayers": [p.sublayer for p in placed],
        "options": [
            options.index(read)
            for p in placed
            for options, read in zip(alternatives[p.alternative][1].reads, p.reads, strict=True)
        ],
        "erased": [variables[e.variable] for e in plan.erasures],
        "erasing": [e.sublayer for e in plan.erasures],
    }


def _unpacked(problem: Problem, data: dict[str, Any]) -> Plan:
    options: Iterable[int] = iter(data["options"])
    placements = []
    for place, sublayer in zip(data["alternatives"], data["sublayers"], strict=True):
        alternative = problem.alternatives[place]
        reads = tuple(each[next(iter(options))] for each in alternative.reads)
        placements.append(Placement(alternative.name, sublayer, reads))
    erasures = tuple(
        Erasure(problem.variables[place].name, sublayer)
        for place, sublayer in zip(data["erased"], data["erasing"], strict=True)
    )
    layers, view, width, heads, head_size, neurons = data["sizes"]
    placements.sort(key=lambda p: (p.sublayer, p.alternative))
    return Plan(layers, tuple(placements), erasures, view, width, heads, head_size, neurons)


def _best(problem: Problem, data: dict[str, Any]) -> Best:
    return Best(
        _unpacked(problem, data["plan"]),
        tuple(data["value"]),
        tuple(data["bound"]),
        data["versions"],
    )
