"""Functions of counts as functions of one mean.

Counts of keys among those that one selector selects are its means times how many it selects. So
the sign of a difference of two counts is that of a mean, a ratio of counts is a mean, and where
the query's index says how many are selected, any function of a weighted sum of such counts is one
of the mean and the index. One head takes the place of one for each count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from optitracr.candidates.cuts import Cut, enumerate_cuts
from optitracr.candidates.relations import MAX_SIDE, conditions, over
from optitracr.candidates.tables import FunctionTables
from optitracr.constructions.conjunctions import Condition, Table
from optitracr.graph.aggregates import aggregate_values, attended_values
from optitracr.graph.inputs import Inputs
from optitracr.graph.joint.links import widths_of
from optitracr.graph.joint.values import JointValues
from optitracr.graph.program import (
    Aggregate,
    CompoundSelector,
    Elementwise,
    Operation,
    Pairs,
    PairSelector,
    Selector,
    Share,
    TabledSelector,
    Width,
    holds_of,
)
from optitracr.graph.provenance import Provenance, Role
from optitracr.graph.raw import raw_variables
from optitracr.graph.relations import relation_of
from optitracr.graph.rewrites.passes import Pass
from optitracr.graph.selecting import always_selects
from optitracr.graph.tabled import Definition, TabledNode, TabledProgram
from optitracr.graph.values import ValueSet
from optitracr.rasp import Encoding

MAX_COUNTS = 3
"""Counts that are put into one mean: of more, few functions are told by a sum alone."""

MAX_ENTRIES = 1 << 20
"""Combinations of counts and of how many there are that are looked at, in some milliseconds."""

FACTORS: dict[int, tuple[tuple[int, ...], ...]] = {
    1: ((1,),),
    2: ((1, -1), (1, 1), (1, 2), (2, 1), (1, -2), (2, -1)),
    3: ((1, 1, 1), (1, 1, -1), (1, -1, 1), (1, -1, -1)),
}
"""By what counts are multiplied before they are added, the simplest first."""


@dataclass(frozen=True, slots=True)
class JoinCounts(Pass):
    """Defines functions of several counts by a mean over what the counts are taken from.

    What a mean is made of stands before the first variable that it is made for.
    """

    name = "counts as one mean"

    def __call__(self, program: TabledProgram, inputs: Inputs) -> TabledProgram:
        """The program with the means and definitions."""
        work = _Joining(program, inputs)
        nodes: list[TabledNode] = []
        for node in program.nodes:
            nodes += [*work.made(node), node]
        return program.with_nodes(nodes).with_definitions(work.definitions)


@dataclass(frozen=True, slots=True, eq=False)
class _Count:
    """A count as one of some keys out of those that conditions select.

    Attributes:
        base: The conditions that tell which keys these are.
        own: Which of them are counted: for some key variables which of their values.
    """

    base: tuple[Condition, ...]
    own: dict[str, NDArray[np.bool_]]

    @property
    def key(self) -> object:
        """Equal keys mean that two counts are out of the same."""
        return frozenset((each.key, each.query, each.table.tobytes()) for each in self.base)

    def excludes(self, other: _Count) -> bool:
        """Whether no key is counted by both; False if not known."""
        return any(not (self.own[x] & other.own[x]).any() for x in self.own if x in other.own)


@dataclass(frozen=True, slots=True, eq=False)
class _Cases:
    """What may be counted.

    Attributes:
        of: How many positions are selected, of which these are counts.
        counts: Each count, [counts, cases].
        results: The place of the function's value.
    """

    of: NDArray[np.int64]
    counts: NDArray[np.int64]
    results: NDArray[np.int32]


class _Joining:
    """What is added to one program.

    Attributes:
        program: The program.
        inputs: The inputs that matter.
        nodes: Its variables by label, and those that are made.
        definitions: What is found.
    """

    def __init__(self, program: TabledProgram, inputs: Inputs) -> None:
        self.program, self.inputs, self.names = program, inputs, program.names()
        self.nodes = dict(program.by_label())
        self.tables = FunctionTables.of(program)
        self.cuts = enumerate_cuts(program, self.tables)
        self.raw = raw_variables(program)
        self.joint = JointValues(self.nodes, inputs)
        self.definitions = program.definitions
        self._known: dict[str, dict[object, _Count]] = {}
        self._means: dict[object, str] = {}
        self._before: set[str] = set()

    def made(self, node: TabledNode) -> list[TabledNode]:
        """The variables by which a function of several counts gets another definition."""
        self._before.add(node.label)
        if not isinstance(node.operation, Elementwise) or node.table is None:
            return []
        for cut in self.cuts.get(node.label, ()):
            shares = all(isinstance(self.nodes[x].operation, Share) for x in cut)
            if shares and 1 < len(cut) <= MAX_COUNTS:
                found = self._joined(node, cut)
                if found is not None:
                    return found
        return []

    def _joined(self, node: TabledNode, cut: Cut) -> list[TabledNode] | None:
        """The same by one of the ways to see the counts; None if there is none."""
        each = [self._ways(label) for label in cut]
        for key in each[0]:
            if not all(key in ways for ways in each):
                continue
            counts = [ways[key] for ways in each]
            real = [x for x in counts if x.own]
            cases = self._cases(node, cut, counts) if real else None
            if cases is None:
                continue
            for factors in FACTORS[len(real)]:
                made = self._defined(node, real, factors, cases)
                if made is not None:
                    return made
        return None

    # -- counts ----------------------------------------------------------------

    def _ways(self, label: str) -> dict[object, _Count]:
        """Ways to see what a head counts, by what it is out of."""
        if label not in self._known:
            operation = self.nodes[label].operation
            assert isinstance(operation, Share)
            relation = relation_of(operation.selector)
            found: dict[object, _Count] = {}
            for keys, queries in product(self._sides(relation.keys), self._sides(relation.queries)):
                finer = over(relation, keys, queries, self.tables)
                known = None if finer is None else conditions(finer, self.tables)
                if known is not None and not any(map(self._may_be_none, known)):
                    count = _apart(known)
                    found.setdefault(count.key, count)
            self._known[label] = found
        return self._known[label]

    def _sides(self, labels: Sequence[str]) -> list[tuple[str, ...]]:
        """Variables, and others two of which tell one of them."""
        below = [
            [(label,), *(x for x in self.cuts.get(label, ()) if self._is_pair(x))]
            for label in labels
        ]
        found = (tuple(dict.fromkeys(x for part in way for x in part)) for way in product(*below))
        return [way for way in dict.fromkeys(found) if len(way) <= MAX_SIDE]

    def _is_pair(self, cut: Cut) -> bool:
        return len(cut) == 2 and not self.raw.intersection(cut)

    def _may_be_none(self, condition: Condition) -> bool:
        sets = (self.nodes[x].value_set for x in (condition.key, condition.query))
        return any(own.may_be_none or bool(own.exploded) for own in sets)

    # -- cases -----------------------------------------------------------------

    def _cases(self, node: TabledNode, cut: Cut, counts: Sequence[_Count]) -> _Cases | None:
        """All that may be counted, and what the function gives of it; None if it is too much."""
        of = self._numbers(counts[0])
        widths = [widths_of(self.nodes[label]) for label in cut]
        if len(of) * np.prod([len(own) for own in widths]) > MAX_ENTRIES:
            return None
        total, *grid = np.meshgrid(of, *widths, indexing="ij", sparse=True)
        occurs = np.ones((1,) * (len(cut) + 1), dtype=bool)
        for count, own in zip(counts, grid, strict=True):
            occurs = occurs & ((own <= total) if count.own else (own == total))
        for (first, one), (second, other) in combinations(zip(counts, grid, strict=True), 2):
            if first.excludes(second):
                occurs = occurs & (one + other <= total)
        place = np.nonzero(occurs)
        results = self.tables.table(node.label, cut)[place[1:]]
        real = [own[at] for x, own, at in zip(counts, widths, place[1:], strict=True) if x.own]
        return _Cases(of[place[0]], np.array(real), results)

    def _numbers(self, count: _Count) -> NDArray[np.int64]:
        """How many positions may be selected."""
        told = self._told(count)
        if told is not None:
            return np.unique(told)
        if not count.base:
            return np.array(self.inputs.lengths)
        least = int(always_selects(self._selector(count), self.nodes))
        return np.arange(least, self.inputs.max_seq_len + 1)

    def _told(self, count: _Count) -> NDArray[np.int64] | None:
        """How many positions are selected for each index; None if the index does not tell."""
        index, causal = self.joint.links.index, self.inputs.causal
        if index not in self._before or len(count.base) > 1:
            return None
        size = len(self.nodes[index].value_set.values)
        before: Table = np.triu(np.ones((size, size), dtype=bool))
        if not count.base:
            return before.sum(axis=0) if causal else None
        (own,) = count.base
        if not own.key == own.query == index:
            return None
        holds = own.table[:-1, :-1]
        return (holds & before).sum(axis=0) if causal or not (holds & ~before).any() else None

    # -- definitions -----------------------------------------------------------

    def _defined(
        self, node: TabledNode, counts: Sequence[_Count], factors: Sequence[int], cases: _Cases
    ) -> list[TabledNode] | None:
        """Defines a variable by the mean of a weighted sum; None if that does not tell it."""
        total = np.array(factors) @ cases.counts
        means = np.divide(total, cases.of, out=np.zeros(total.size), where=cases.of > 0)
        told = self._told(counts[0])
        alone = _function(means, cases.results)
        each = [alone]
        if alone is None:
            if told is None:
                return None
            each = [_function(means[x], cases.results[x]) for x in told[:, None] == cases.of]
        known = [one for one in each if one is not None]
        if len(known) < len(each):
            return None
        made, mean = self._mean(node, counts, factors)
        own = self.nodes[mean].value_set
        if own.exploded:
            return None
        columns = [_nearest(one, np.array(own.values)) for one in known]
        definition = Definition((mean,), columns[0])
        if alone is None:
            index = self.joint.links.index
            definition = Definition((mean, index), np.stack(columns, axis=1))
        known_before = self.definitions.get(node.label, ())
        self.definitions = {**self.definitions, node.label: (*known_before, definition)}
        return made

    def _mean(
        self, node: TabledNode, counts: Sequence[_Count], factors: Sequence[int]
    ) -> tuple[list[TabledNode], str]:
        """The mean of a weighted sum of counts, and what it takes to make it."""
        keys = tuple(dict.fromkeys(key for count in counts for key in count.own))
        total = np.zeros((1,) * len(keys), dtype=np.int64)
        for count, factor in zip(counts, factors, strict=True):
            total = total + factor * _counted(count, keys)
        values, table = np.unique(total, return_inverse=True)
        same = (counts[0].key, keys, values.tobytes(), table.tobytes())
        if same in self._means:
            return [], self._means[same]
        held = tuple(values.tolist())
        weight = ValueSet(held, False, held, table=table.reshape(total.shape).astype(np.int32))
        read = self._made(node, Role.WEIGHT, Elementwise(keys), weight)
        operation = Aggregate(self._selector(counts[0]), read.label, 0)
        mean = self._made(node, Role.RATIO, operation, ValueSet((), False, ()))
        found = attended_values(mean, operation, weight, self.joint)
        if found is None:
            found = aggregate_values(mean, operation, weight, self.inputs.max_seq_len)
        mean = self.nodes[mean.label] = replace(mean, value_set=found)
        self._means[same] = mean.label
        return [read, mean], mean.label

    def _made(
        self, node: TabledNode, role: Role, operation: Operation, value_set: ValueSet
    ) -> TabledNode:
        label = self.names.fresh(f"{node.label}.{role.value}")
        provenance = Provenance(JoinCounts.name, node.label, role)
        numerical = Encoding.NUMERICAL
        made = TabledNode(label, operation, numerical, node.source, provenance, value_set=value_set)
        self.nodes[label] = made
        return made

    def _selector(self, count: _Count) -> Selector:
        """The selector of all that is counted out of, one that there is if all are selected."""
        parts = tuple(
            TabledSelector(each.key, each.query, JoinCounts.name, pairs=Pairs(each.table[:-1, :-1]))
            for each in count.base
        )
        if not parts:
            return self._every(next(iter(count.own)))
        return parts[0] if len(parts) == 1 else CompoundSelector("and", parts, JoinCounts.name)

    def _every(self, key: str) -> Selector:
        """A selector of all positions: one of the program's, so that a head may do both."""
        for node in self.program.nodes:
            operation = node.operation
            if isinstance(operation, Aggregate | Width) and self._selects_all(operation.selector):
                return operation.selector
        holds = np.ones((len(self.nodes[key].value_set.values),) * 2, dtype=bool)
        return TabledSelector(key, key, JoinCounts.name, pairs=Pairs(holds))

    def _selects_all(self, selector: Selector) -> bool:
        if not isinstance(selector, PairSelector):
            return False
        sets = [self.nodes[x].value_set for x in (selector.keys, selector.queries)]
        sure = not any(own.may_be_none or own.exploded for own in sets)
        return sure and bool(holds_of(selector).all())


def _apart(known: Sequence[Condition]) -> _Count:
    """Conditions on keys alone, and the others."""
    base: list[Condition] = []
    own: dict[str, NDArray[np.bool_]] = {}
    for each in known:
        holds = each.table[:-1, :-1]
        if not (holds == holds[:, :1]).all():
            base.append(each)
        elif not holds.all():
            own[each.key] = own.get(each.key, True) & holds[:, 0]
    return _Count(tuple(base), own)


def _counted(count: _Count, keys: Sequence[str]) -> NDArray[np.bool_]:
    """Which keys are counted, one axis a variable; of length 1 for those that do not matter."""
    found = np.ones((1,) * len(keys), dtype=bool)
    for axis, key in enumerate(keys):
        if key in count.own:
            shape = [1] * len(keys)
            shape[axis] = -1
            found = found & count.own[key].reshape(shape)
    return found


Function = tuple[NDArray[np.float64], NDArray[np.int32]]
"""Numbers in ascending order, and the place of a value for each."""


def _function(numbers: NDArray[np.float64], results: NDArray[np.int32]) -> Function | None:
    """The function that gives results for numbers; None if some number has several."""
    found, first, member = np.unique(numbers, return_index=True, return_inverse=True)
    return (found, results[first]) if (results[first][member] == results).all() else None


def _nearest(function: Function, numbers: NDArray[np.float64]) -> NDArray[np.int32]:
    """The function at some numbers; at those which do not occur that of the nearest."""
    known, results = function
    nearest = np.abs(numbers[:, None] - known[None, :]).argmin(axis=1)
    return np.asarray(results[nearest])
