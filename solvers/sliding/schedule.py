"""A plan that changes in place, and can go back: what is where, and what it costs.

Time is counted in layers. A state between attention and MLP holds all that the state after the
MLP holds but what that writes, which the next state of the kind holds too; so the widest is one
of these, or the last of all. A variable is there from its `birth`, the first of these states that
holds it, to its `end`, the layer of its last reader, whose MLP erases it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from solvers.allocation import Erasure, Placement, Plan
from solvers.greedy import measured
from solvers.sliding.tables import Tables

NONE = -1
"""No alternative, or no layer."""

OUTPUT = -1
"""What stands for the unembedding among the readers of a variable."""

Picks = tuple[int, ...]
Memory: TypeAlias = tuple[int, int, int, int, int, Picks]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a plan is made of: alternative, layer and reads of each variable."""

    way: list[int]
    layer: list[int]
    picks: list[Picks]


@dataclass(frozen=True, slots=True)
class Prices:
    """What the load of a state, and the neurons of a layer, cost: a whole number for each load."""

    width: list[int]
    neurons: list[int]


class Schedule:
    """A plan of a fixed number of layers, and how to change it and take changes back.

    Attributes:
        tables: The problem.
        layers: Number of layers.
        view: Index of the view of the output.
        way: Alternative of each variable; NONE if it is not computed.
        layer: Where that stands.
        birth: The first state at which each variable is there; MLPs of that layer can read it.
        heads_from: The first layer whose heads can read each variable.
        end: The layer of the last reader of each variable; NONE if nothing reads it.
        picks: What each variable's alternative reads.
        readers: Who reads each variable, and how often.
        present: The variables that are computed, in no order that means anything.
        load: Width of the state before the MLP of each layer, and of the last state.
        neurons: Neurons of each layer.
        cost: Sum of the prices.
        before: The cost at the last `begin`.
    """

    __slots__ = (
        "_added",
        "_layers_added",
        "_readers_added",
        "_touched",
        "_where",
        "before",
        "birth",
        "cost",
        "end",
        "heads_from",
        "layer",
        "layers",
        "load",
        "neurons",
        "picks",
        "present",
        "prices",
        "readers",
        "tables",
        "view",
        "way",
    )

    def __init__(self, tables: Tables, plan: Plan, prices: Prices) -> None:
        """The plan's alternatives and layers; each variable is erased after its last reader."""
        count = len(tables.width)
        self.tables, self.layers, self.view, self.prices = tables, plan.layers, plan.view, prices
        self.way, self.layer = [NONE] * count, [NONE] * count
        self.birth, self.heads_from, self.end = [0] * count, [0] * count, [NONE] * count
        self.picks: list[Picks] = [()] * count
        self.readers: list[dict[int, int]] = [{} for _ in range(count)]
        self.present: list[int] = []
        self._where = [NONE] * count
        self.load, self.neurons = [0] * (plan.layers + 1), [0] * (plan.layers + 1)
        self.cost = prices.width[0] * len(self.load) + prices.neurons[0] * len(self.neurons)
        self.begin()
        for placement in plan.placements:
            self._placed(placement)
        numbers = [tables.variables[name] for name in tables.problem.views[plan.view].reads]
        for name in dict.fromkeys(numbers):
            self.readers[name][OUTPUT] = 1
            self.refresh(name, NONE, plan.layers)
        for variable in list(self.present):
            self.read(variable, self.picks[variable])
        self.begin()

    def _placed(self, placement: Placement) -> None:
        tables = self.tables
        way = tables.alternatives[placement.alternative]
        variable = tables.computes[way]
        self.enter(variable, way, placement.sublayer // 2)
        self.picks[variable] = tuple(tables.variables[name] for name in placement.reads)

    def begin(self) -> None:
        """From here on changes can be taken back."""
        self.before = self.cost
        self._touched: dict[int, Memory] = {}
        self._added: list[tuple[int, int, int]] = []
        self._layers_added: list[tuple[int, int]] = []
        self._readers_added: list[tuple[int, int, int]] = []

    def undo(self) -> None:
        """Takes back what was changed since `begin`."""
        load, neurons = self.load, self.neurons
        for first, last, width in self._added:
            for state in range(first, last + 1):
                load[state] -= width
        for layer, amount in self._layers_added:
            neurons[layer] -= amount
        for variable, memory in self._touched.items():
            if (memory[0] == NONE) != (self.way[variable] == NONE):
                (self._leave if memory[0] == NONE else self._enter)(variable)
            (
                self.way[variable],
                self.layer[variable],
                self.birth[variable],
                self.heads_from[variable],
                self.end[variable],
                self.picks[variable],
            ) = memory
        for variable, reader, times in self._readers_added:
            self._add_reader(variable, reader, -times)
        self.cost = self.before

    def reprice(self, prices: Prices) -> None:
        """Counts the cost by other prices; what was changed before is no longer taken back."""
        self.prices = prices
        self.cost = sum(prices.width[load] for load in self.load)
        self.cost += sum(prices.neurons[neurons] for neurons in self.neurons)
        self.begin()

    def touch(self, variable: int) -> None:
        """Remembers a variable before it is changed."""
        if variable not in self._touched:
            self._touched[variable] = (
                self.way[variable],
                self.layer[variable],
                self.birth[variable],
                self.heads_from[variable],
                self.end[variable],
                self.picks[variable],
            )

    def _add_reader(self, variable: int, reader: int, times: int) -> None:
        """A reader of a variable reads it more often, or less, or not at all any more."""
        readers = self.readers[variable]
        left = readers.get(reader, 0) + times
        if left:
            readers[reader] = left
        else:
            del readers[reader]

    def _enter(self, variable: int) -> None:
        self._where[variable] = len(self.present)
        self.present.append(variable)

    def _leave(self, variable: int) -> None:
        place, last = self._where[variable], self.present.pop()
        if last != variable:
            self.present[place] = last
            self._where[last] = place
        self._where[variable] = NONE

    def _wider(self, first: int, last: int, width: int) -> None:
        """Adds to the loads from one state to another, both included."""
        if first > last or not width:
            return
        load, price, cost = self.load, self.prices.width, 0
        for state in range(first, last + 1):
            before = load[state]
            after = before + width
            load[state] = after
            cost += price[after] - price[before]
        self.cost += cost
        self._added.append((first, last, width))

    def _busier(self, layer: int, amount: int) -> None:
        """Adds to the neurons of a layer."""
        if not amount:
            return
        before = self.neurons[layer]
        self.neurons[layer] = before + amount
        self.cost += self.prices.neurons[before + amount] - self.prices.neurons[before]
        self._layers_added.append((layer, amount))

    def span(self, variable: int, birth: int, end: int) -> None:
        """Changes when a touched variable is there: never, if its end is before its birth."""
        old_birth, old_end = self.birth[variable], self.end[variable]
        width = self.tables.width[variable]
        if old_birth > old_end or birth > end or birth > old_end or end < old_birth:
            self._wider(old_birth, old_end, -width)
            self._wider(birth, end, width)
        else:
            if birth < old_birth:
                self._wider(birth, old_birth - 1, width)
            elif birth > old_birth:
                self._wider(old_birth, birth - 1, -width)
            if end > old_end:
                self._wider(old_end + 1, end, width)
            elif end < old_end:
                self._wider(end + 1, old_end, -width)
        self.birth[variable] = birth
        if end != old_end:
            self.end[variable] = end
            erasing = self.tables.erasing[variable]
            if NONE < old_end < self.layers:
                self._busier(old_end, -erasing)
            if NONE < end < self.layers:
                self._busier(end, erasing)

    def enter(self, variable: int, way: int, layer: int) -> None:
        """Computes a variable that was not, for readers that are yet to come."""
        self.touch(variable)
        self._enter(variable)
        self.stand(variable, way, layer)

    def stand(self, variable: int, way: int, layer: int) -> None:
        """Lets an alternative of a variable stand in a layer; what it reads is as it was."""
        self.touch(variable)
        tables, old = self.tables, self.way[variable]
        if old != NONE:
            self._busier(self.layer[variable], -tables.neurons[old])
        self._busier(layer, tables.neurons[way])
        self.way[variable], self.layer[variable] = way, layer
        self.heads_from[variable] = layer + 1
        self.span(variable, layer + tables.is_mlp[way], self.end[variable])

    def read(self, variable: int, picks: Picks) -> None:
        """Lets a variable's alternative read some variables; none of them is lost."""
        self.touch(variable)
        self.picks[variable] = picks
        layer = self.layer[variable]
        for name in picks:
            self._add_reader(name, variable, 1)
            self._readers_added.append((name, variable, 1))
            self.refresh(name, NONE, layer)

    def unread(self, variable: int, names: Picks, stood: int) -> None:
        """Takes a variable from the readers of others, which end earlier or are lost.

        Args:
            variable: The variable.
            names: What it read; it may go on to read some of them.
            stood: The layer in which it did.
        """
        for name in names:
            self._add_reader(name, variable, -1)
            self._readers_added.append((name, variable, -1))
        for name in dict.fromkeys(names):
            reads = variable in self.readers[name]
            self.refresh(name, stood, self.layer[variable] if reads else NONE)

    def moved(self, variable: int, stood: int) -> None:
        """Lets what a variable reads end with it, now that it stands elsewhere."""
        layer = self.layer[variable]
        for name in self.picks[variable]:
            self.refresh(name, stood, layer)

    def refresh(self, variable: int, before: int, after: int) -> None:
        """Lets a variable end with its last reader, or go if it has none.

        Some are read by hundreds, who are asked only if it may end earlier.

        Args:
            variable: The variable.
            before: Where the reader stood whose reading has changed; NONE if it is new.
            after: Where it stands; NONE if it reads no more.
        """
        readers, end = self.readers[variable], self.end[variable]
        if not readers:
            self._remove(variable)
            return
        if after <= end:
            if before < end or after == end:
                return
            layer = self.layer
            after = max(self.layers if r == OUTPUT else layer[r] for r in readers)
            if after == end:
                return
        self.touch(variable)
        self.span(variable, self.birth[variable], after)

    def _remove(self, variable: int) -> None:
        self.touch(variable)
        self.span(variable, self.birth[variable], NONE)
        way = self.way[variable]
        if way == NONE:
            return
        stood, picks = self.layer[variable], self.picks[variable]
        self._busier(stood, -self.tables.neurons[way])
        self._leave(variable)
        self.way[variable], self.layer[variable], self.picks[variable] = NONE, NONE, ()
        self.unread(variable, picks, stood)

    def readable(self, variable: int) -> bool:
        """Whether a variable is computed, or an input."""
        return self.way[variable] != NONE or self.tables.is_input[variable]

    def snapshot(self) -> Snapshot:
        """What the plan is made of now."""
        return Snapshot(self.way.copy(), self.layer.copy(), self.picks.copy())


def plan_of(tables: Tables, snapshot: Snapshot, like: Plan) -> Plan:
    """The plan that a snapshot stands for; its depth and view are those of another."""
    problem = tables.problem
    names, alternatives = problem.variables, problem.alternatives
    final = set(problem.views[like.view].reads)
    placements: list[Placement] = []
    last: dict[str, int] = {}
    for way, layer, picks in zip(snapshot.way, snapshot.layer, snapshot.picks, strict=True):
        if way == NONE:
            continue
        reads = tuple(names[name].name for name in picks)
        sublayer = 2 * layer + tables.is_mlp[way]
        placements.append(Placement(alternatives[way].name, sublayer, reads))
        for name in reads:
            last[name] = max(last.get(name, 0), sublayer | 1)
    erased = [Erasure(name, sublayer) for name, sublayer in last.items() if name not in final]
    placements.sort(key=lambda placement: (placement.sublayer, placement.alternative))
    erased.sort(key=lambda erasure: (erasure.sublayer, erasure.variable))
    bare = Plan(like.layers, tuple(placements), tuple(erased), like.view, 0, 0, 0, 0)
    return measured(problem, bare)
