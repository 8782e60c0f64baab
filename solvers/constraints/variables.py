"""The decision variables of the CP-SAT model, in one container."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from solvers.allocation import Erasure, heads_erase
from solvers.fitting import fitting
from solvers.interrupts import load_cp_sat
from solvers.problem import Alternative, Kind, Problem
from solvers.timing import Earliest

Bool = Any
Int = Any


@dataclass(slots=True)
class Decisions:
    """Decision variables for a fixed number of layers.

    Attributes:
        problem: The part of the problem that matters at this depth.
        model: The CP-SAT model.
        layers: Number of layers.
        present: For each variable whether it exists.
        birth: For each variable its first state.
        end: For each variable its last state.
        use: For each alternative whether it is used.
        at: For each alternative and sublayer whether it stands there.
        read: For each alternative, read and option whether that option is read; `use` if it is
            the only one.
        view: For each view whether the output is read through it.
        erased: For each variable and sublayer whether it is erased there.
        own: For each way of self-attention whether heads that erase have it; none if there is one.
        width: d_model.
        neurons: Neurons per layer.
        heads: Heads per layer.
        head_size: Columns per head.
        published: The same of what is published, by name; these where no other transformer is.
        published_layers: Its layers.
        largest_head: Upper bound of the head size.
    """

    problem: Problem
    model: Any
    layers: int
    present: dict[str, Bool] = field(default_factory=dict)
    birth: dict[str, Int] = field(default_factory=dict)
    end: dict[str, Int] = field(default_factory=dict)
    use: dict[str, Bool] = field(default_factory=dict)
    at: dict[str, dict[int, Bool]] = field(default_factory=dict)
    read: dict[tuple[str, int, str], Bool] = field(default_factory=dict)
    view: list[Bool] = field(default_factory=list)
    erased: dict[str, dict[int, Bool]] = field(default_factory=dict)
    own: list[Bool] = field(default_factory=list)
    width: Int = None
    neurons: Int = None
    heads: Int = None
    head_size: Int = None
    published: dict[str, Int] = field(default_factory=dict)
    published_layers: int = 0
    largest_head: int = 0

    def self_attention(self) -> Iterator[tuple[list[Bool], tuple[str, ...]]]:
        """Each way of self-attention: what is true if it is that of a plan, and what it reads."""
        own = self.problem.self_attention
        chosen = [[way] for way in self.own] or [[]]
        yield from zip(chosen, own.ways, strict=True) if own is not None else ()

    @property
    def sublayers(self) -> int:
        """Number of sublayers."""
        return 2 * self.layers

    def slot(self, alternative: Alternative) -> Any:
        """The sublayer of an alternative that is used, as an expression."""
        return sum(s * here for s, here in self.at[alternative.name].items())


def declare(problem: Problem, layers: int, times: Earliest) -> Decisions:
    """Declares all variables; alternatives only where their reads and readers can be alive."""
    load_cp_sat()
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    part = fitting(problem, layers, times)
    problem = part.problem
    decisions = Decisions(problem, model, layers)
    total = 2 * layers
    for variable in problem.variables:
        name = variable.name
        decisions.present[name] = model.new_bool_var(f"present {name}")
        first = 0 if variable.is_input else 1
        decisions.birth[name] = model.new_int_var(0, 0 if variable.is_input else total, f"b {name}")
        decisions.end[name] = model.new_int_var(0, total, f"end {name}")
        lowest = max(first, min(times.birth[name], total))
        decisions.erased[name] = {
            s: model.new_bool_var(f"erase {name} {s}") for s in range(lowest, total)
        }
    for alternative in problem.alternatives:
        name = alternative.name
        _declare_alternative(decisions, alternative, times.sublayer[name], part.last[name])
    decisions.view = [model.new_bool_var(f"view {i}") for i in range(len(problem.views))]
    declare_own(decisions)
    declare_sizes(decisions)
    return decisions


def _declare_alternative(
    decisions: Decisions, alternative: Alternative, first: int, last: int
) -> None:
    model, name = decisions.model, alternative.name
    decisions.use[name] = model.new_bool_var(f"use {name}")
    decisions.at[name] = {
        s: model.new_bool_var(f"at {name} {s}") for s in range(first, last + 1, 2)
    }
    for place, options in enumerate(alternative.reads):
        different = dict.fromkeys(options)
        for option in different:
            # What is read where there is no choice is read whenever the alternative is used.
            chosen = decisions.use[name]
            if len(different) > 1:
                chosen = model.new_bool_var(f"r {name} {place} {option}")
            decisions.read[name, place, option] = chosen


def declare_own(decisions: Decisions) -> None:
    """Declares in which way heads that erase tell positions, where there is a choice."""
    own = decisions.problem.self_attention
    if own is not None and own.others:
        decisions.own = [decisions.model.new_bool_var("") for _ in own.ways]
        decisions.model.add_exactly_one(decisions.own)


def chosen_own(decisions: Decisions, solver: Any, erasures: Iterable[Erasure]) -> int:
    """The way of self-attention of a solution: the first if no head erases."""
    if not heads_erase(erasures):
        return 0
    ways = (way for way, chosen in enumerate(decisions.own) if solver.boolean_value(chosen))
    return next(ways, 0)


def declare_sizes(decisions: Decisions) -> None:
    """Declares the sizes of the model, within the limits."""
    problem, model = decisions.problem, decisions.model
    limits = problem.limits
    total = sum(variable.width for variable in problem.variables)
    erasing = sum(variable.erasing_neurons for variable in problem.variables)
    neurons = sum(a.neurons + a.constant for a in problem.alternatives) + erasing
    demands = [a.head for a in problem.alternatives if a.head is not None]
    sizes = [demand.head_size for demand in demands]
    columns = sum(demand.value_width for demand in demands)
    heads = len({a.head.selector for a in problem.alternatives if a.head is not None}) + columns
    if problem.self_attention is not None:
        sizes.append(problem.self_attention.head_size)
        heads, columns = heads + total, columns + total
    largest = max([*sizes, columns], default=0)

    def size(name: str, most: int, limit: int | None) -> Int:
        return model.new_int_var(0, most if limit is None else min(most, limit), name)

    decisions.largest_head = largest
    decisions.width = size("width", total, limits.width)
    decisions.neurons = size("neurons", neurons, limits.neurons)
    decisions.heads = size("heads", heads, limits.heads)
    decisions.head_size = size("head_size", largest, limits.head_size)
    own = ("width", "neurons", "heads", "head_size")
    decisions.published = {name: getattr(decisions, name) for name in own}
    decisions.published_layers = decisions.layers


def of_kind(problem: Problem, kind: Kind) -> list[Alternative]:
    """The alternatives of a kind."""
    return [alternative for alternative in problem.alternatives if alternative.kind is kind]
