"""What is certain of every plan of a part, as bits of one number: they are joined and counted.

There is a bit for each dimension of each variable at each state: whether it is alive there. Then
one for each neuron of each variable in each MLP sublayer, of which the first few are set; and one
for each selector in each attention sublayer. What a component has in any case, and what that has,
and so on, is what is common to all choices of where it stands and what it reads.

What it reads is one of the smallest sets with something for each of its reads: whatever else it
read would be of no use to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_

from solvers.branching.parts import Part, Way
from solvers.branching.transversals import members, transversals

Key = tuple[int, int, int, int]
"""Width, neurons, heads and head size of a plan, or what they are at least: compared in order."""

Reads = tuple[int, int]
"""What is read, as bits of variables, and what is then certain."""

EVERYTHING = -1
"""All bits: what is common to no choices at all."""


@dataclass(frozen=True, slots=True)
class Place:
    """A way in a sublayer.

    Attributes:
        way: The way.
        sublayer: The sublayer.
        facts: What is certain.
        union: Bits of all that may be read.
        reads: What may be read.
    """

    way: Way
    sublayer: int
    facts: int
    union: int
    reads: tuple[Reads, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the bits are.

    Attributes:
        column: All bits of a state, at the first state.
        states: For each state how far they are from there.
        neurons: All bits of each MLP sublayer.
        heads: All bits of each attention sublayer.
        since: For each variable and state the bits that say that it is alive from then on.
        taken: For each variable and way, by sublayer, the neurons or the selector that it takes.
    """

    column: int
    states: tuple[int, ...]
    neurons: tuple[int, ...]
    heads: tuple[int, ...]
    since: tuple[tuple[int, ...], ...]
    taken: tuple[tuple[dict[int, int], ...], ...]


@dataclass(frozen=True, slots=True)
class Certain:
    """A part of a problem, and what is certain in all plans that have something.

    Attributes:
        part: The part.
        layout: Where the bits are.
        places: For each variable all that can compute it.
        alive: For each variable and state what is certain if it is alive there and read.
        paid: Dimensions, as bits of a state, of what takes neurons to be erased wherever it is.
    """

    part: Part
    layout: Layout
    places: tuple[tuple[Place, ...], ...]
    alive: tuple[tuple[int, ...], ...]
    paid: int

    def life(self, variable: int, low: int, high: int) -> int:
        """The bits that say that a variable is alive from one state to another."""
        since = self.layout.since[variable]
        return since[low] ^ since[high + 1]

    def loads(self, facts: int) -> list[int]:
        """For each state the dimensions that are alive there."""
        return [(facts >> state & self.layout.column).bit_count() for state in self.layout.states]

    def neurons(self, facts: int) -> list[int]:
        """For each sublayer its neurons, and none after the last."""
        counts = [(facts & block).bit_count() for block in self.layout.neurons]
        return [each for count in counts for each in (0, count)] + [0]

    def least(self, facts: int, head_size: int, best: Key) -> Key | None:
        """What every plan takes in which some facts hold; where a head may erase, one does.

        Args:
            facts: The facts.
            head_size: The largest size that a head needs.
            best: What is known.

        Returns:
            None if that is not smaller than what is known.
        """
        layout = self.layout
        column = layout.column
        states = [facts >> state & column for state in layout.states]
        width = max([state.bit_count() for state in states])
        if width > best[0]:
            return None
        neurons = self._neurons(facts, states, width)
        if width == best[0] and neurons > best[1]:
            return None
        counts = [(facts & block).bit_count() for block in layout.heads]
        heads = max(counts, default=0)
        if self.part.own is not None:
            heads = max(heads, 1 + min(counts))
        key = width, neurons, heads, head_size
        return key if key < best else None

    def _neurons(self, facts: int, states: list[int], width: int) -> int:
        """The neurons of a sublayer at least, in plans of a width.

        Where no head erases, all dimensions that there have been up to a state but those that fit
        into it are erased before it, by neurons of their own.
        """
        counts = [(facts & block).bit_count() for block in self.layout.neurons]
        most = max(counts, default=0)
        if self.part.own is not None:
            return most
        seen, total = states[0], 0
        for layer, count in enumerate(counts, start=1):
            seen |= states[2 * layer - 1] | states[2 * layer]
            total += count
            gone = (seen & self.paid).bit_count() - width
            if gone > 0 and total + gone > most * layer:
                most = -(-(total + gone) // layer)
        return most


def certain_of(part: Part) -> Certain:
    """What is certain in the plans of a part.

    Raises:
        TooManySetsError: If a component may read one of too many sets.
    """
    layout = _layout(part)
    places, alive = _closed(part, layout)
    free = frozenset(name for ways in part.ways for way in ways for name in way.determines)
    paid = sum(own[0] & layout.column for v, own in enumerate(layout.since) if v not in free)
    return Certain(part, layout, places, alive, paid)


def _layout(part: Part) -> Layout:
    """Lays out the bits: states, then the neurons of all layers, then their selectors."""
    width, states, layers = sum(part.widths), part.last + 1, part.last // 2
    most = [max((way.neurons for way in ways), default=0) for ways in part.ways]
    selectors = max((w.selector for ways in part.ways for w in ways), default=0).bit_length()
    first, block = states * width, sum(most)
    after = first + layers * block
    repeated = [sum(1 << s * width for s in range(t, states)) for t in range(states + 1)]
    since, taken, column, neuron = [], [], 0, first
    for ways, own, count in zip(part.ways, part.widths, most, strict=True):
        since.append(tuple(((1 << own) - 1 << column) * each for each in repeated))
        taken.append(
            tuple(
                {s: way.selector << after + s // 2 * selectors for s in way.sublayers}
                if way.selector
                else {s: (1 << way.neurons) - 1 << neuron + s // 2 * block for s in way.sublayers}
                for way in ways
            )
        )
        column, neuron = column + own, neuron + count
    return Layout(
        (1 << width) - 1,
        tuple(range(0, states * width, width)) if width else (0,) * states,
        tuple((1 << block) - 1 << first + layer * block for layer in range(layers)),
        tuple((1 << selectors) - 1 << after + layer * selectors for layer in range(layers)),
        tuple(since),
        tuple(taken),
    )


def _closed(
    part: Part, layout: Layout
) -> tuple[tuple[tuple[Place, ...], ...], tuple[tuple[int, ...], ...]]:
    """What is certain where something stands or is alive, from the first state on."""
    since, there = layout.since, 0
    alive: list[list[int]] = [[] for _ in part.names]
    places: list[list[Place]] = [[] for _ in part.names]
    born = [own[0] if v else EVERYTHING for own, v in zip(since, part.inputs, strict=True)]
    known: dict[tuple[int, ...], tuple[int, ...]] = {}
    for state in range(part.last + 1):
        until = part.until[state] + 1
        for variable, facts in enumerate(born):
            alive[variable].append(facts & ~since[variable][until])
            there |= (part.born[variable][state] == state) << variable
        for variable, way, facts in _standing(part, layout, state):
            edges = tuple(dict.fromkeys(mask & there for mask in way.masks))
            sets = known.get(edges)
            if sets is None:
                sets = known[edges] = transversals(edges)
            reads = tuple(
                (own, reduce(or_, (alive[v][state] for v in members(own)), facts)) for own in sets
            )
            common = reduce(and_, (each for _, each in reads))
            places[variable].append(Place(way, state, common, reduce(or_, sets), reads))
            born[variable] &= common | since[variable][state + 1]
    return tuple(map(tuple, places)), tuple(map(tuple, alive))


def _standing(part: Part, layout: Layout, sublayer: int) -> Iterator[tuple[int, Way, int]]:
    """What can stand in a sublayer: the variable, the way, and what that takes."""
    for variable, (ways, own) in enumerate(zip(part.ways, layout.taken, strict=True)):
        for way, taken in zip(ways, own, strict=True):
            if sublayer in taken:
                yield variable, way, taken[sublayer]
