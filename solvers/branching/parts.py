"""A problem at one depth as numbers: variables by their places, and where each can be born."""

from __future__ import annotations

from dataclasses import dataclass, replace

from solvers.dominance import without_dominated
from solvers.fitting import fitting
from solvers.problem import Problem
from solvers.timing import Earliest

NEVER_BORN = -1
"""The latest birth of what cannot be there in time, and the last reading of what nothing reads."""


@dataclass(frozen=True, slots=True)
class Way:
    """An alternative: what it reads, by the places of variables, and what it takes.

    Attributes:
        name: Its name.
        sublayers: Where it can stand.
        reads: For each thing it reads the variables that would do.
        masks: The same, as bits.
        neurons: Neurons that it takes.
        selector: A bit of its own for each selector; 0 for an MLP.
        head_size: Columns that query and key need.
        value_width: Columns that the values need.
        determines: Variables that are erased in its sublayer without a further neuron.
    """

    name: str
    sublayers: range
    reads: tuple[tuple[int, ...], ...]
    masks: tuple[int, ...]
    neurons: int
    selector: int
    head_size: int
    value_width: int
    determines: frozenset[int]


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a problem that matters at a depth; variables stand in the order of their births.

    Attributes:
        names: The names of the variables.
        last: The last state.
        widths: The width of each variable.
        erasing: Neurons that erasing each of them takes.
        inputs: Whether the embedding supplies it.
        ways: How it can be computed.
        born: For each variable and state the latest birth with which it is alive there.
        views: What the output may be read from.
        own: What an erasing head reads; None where no head erases.
        owns: All that it may read in place of that.
        own_size: The size of such a head.
        until: For each state the last in which that is alive at least which is read in it.
    """

    names: tuple[str, ...]
    last: int
    widths: tuple[int, ...]
    erasing: tuple[int, ...]
    inputs: tuple[bool, ...]
    ways: tuple[tuple[Way, ...], ...]
    born: tuple[tuple[int, ...], ...]
    views: tuple[tuple[int, ...], ...]
    own: tuple[int, ...] | None
    owns: tuple[tuple[int, ...], ...]
    own_size: int
    until: tuple[int, ...]

    def without_erasing_heads(self) -> Part:
        """The same where no head erases: what a head reads is still there for the MLP after it."""
        until = tuple(min(state | 1, self.last) for state in range(self.last + 1))
        return replace(self, own=None, until=until)

    def with_erasing_heads(self, way: int) -> Part:
        """The same where heads erase that tell positions in a way of several."""
        return replace(self, own=self.owns[way])


def part_of(problem: Problem, layers: int, times: Earliest) -> Part | None:
    """What matters of a problem at a depth.

    Args:
        problem: A problem without late inputs.
        layers: The depth.
        times: Earliest births.

    Returns:
        None where an erasing head reads what is itself computed.
    """
    fits = fitting(without_dominated(problem), layers, times)
    small, last = fits.problem, fits.last
    ordered = sorted(small.variables, key=lambda variable: times.birth[variable.name])
    place = {variable.name: index for index, variable in enumerate(ordered)}
    own = small.self_attention
    if own is not None and not all(ordered[place[name]].is_input for name in own.named):
        return None
    selectors: dict[str, int] = {}
    ways: list[list[Way]] = [[] for _ in ordered]
    for each in small.alternatives:
        head = each.head
        bit = 0 if head is None else selectors.setdefault(head.selector, 1 << len(selectors))
        reads = tuple(tuple(place[o] for o in dict.fromkeys(options)) for options in each.reads)
        way = Way(
            each.name,
            range(times.sublayer[each.name], last[each.name] + 1, 2),
            reads,
            tuple(sum(1 << option for option in options) for options in reads),
            each.neurons,
            bit,
            0 if head is None else head.head_size,
            0 if head is None else head.value_width,
            frozenset(place[name] for name in each.determines),
        )
        ways[place[each.variable]].append(way)
    return Part(
        names=tuple(variable.name for variable in ordered),
        last=2 * layers,
        widths=tuple(variable.width for variable in ordered),
        erasing=tuple(variable.erasing_neurons for variable in ordered),
        inputs=tuple(variable.is_input for variable in ordered),
        ways=tuple(map(tuple, ways)),
        born=tuple(
            (0,) * (2 * layers + 1) if variable.is_input else _births(own_ways, 2 * layers)
            for variable, own_ways in zip(ordered, ways, strict=True)
        ),
        views=tuple(tuple(place[name] for name in dict.fromkeys(v.reads)) for v in small.views),
        own=None,
        owns=()
        if own is None
        else tuple(tuple(place[name] for name in dict.fromkeys(way)) for way in own.ways),
        own_size=0 if own is None else own.head_size,
        until=tuple(range(2 * layers + 1)),
    )


def _births(ways: list[Way], last: int) -> tuple[int, ...]:
    """For each state the latest birth up to it."""
    births = {sublayer + 1 for way in ways for sublayer in way.sublayers}
    found, latest = [], NEVER_BORN
    for state in range(last + 1):
        latest = state if state in births else latest
        found.append(latest)
    return tuple(found)
