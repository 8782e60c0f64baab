"""Widths of selectors that are disjoint unions of two conjunctions.

A stable order compares first by one variable and then, among equals, by another; no head
adds up to such a selector from conditions on single variables. But what it selects are two
disjoint sets, each of which a head counts, and the width is the sum of the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, product

import numpy as np

from optitracr.candidates.cuts import enumerate_cuts
from optitracr.candidates.relations import conditions, over
from optitracr.candidates.tables import FunctionTables
from optitracr.constructions.conjunctions import Condition
from optitracr.graph.inputs import Inputs
from optitracr.graph.program import (
    CompoundSelector,
    Elementwise,
    Pairs,
    Selector,
    Share,
    TabledSelector,
)
from optitracr.graph.provenance import Provenance, Role
from optitracr.graph.raw import raw_variables
from optitracr.graph.relations import LOOKED_AT, Factor, Relation, Table, merged, relation_of
from optitracr.graph.rewrites.passes import Pass
from optitracr.graph.tabled import Definition, TabledNode, TabledProgram
from optitracr.graph.values import ValueSet
from optitracr.rasp import Encoding

MANY_COUNTS = 20
"""Largest width up to which it is made of the two heads' outputs at once alone: beyond, the
thresholds of both together leave float32 no room, and each count is made before they are added."""

CHEAP = 16
"""Classes up to which a condition may stand as it is: one that tells more of them apart takes a
dimension for each, and the two heads of a union as a rule fewer in all."""

MANY_VALUES = 100
"""Values of an author's variable from which on it is looked below beside other conditions: it takes
a dimension for each, where those that it is made of take some dozens."""

Halves = tuple[tuple[Condition, ...], tuple[Condition, ...]]
"""The conditions of two selectors that are disjoint, and together another one."""


@dataclass(frozen=True, slots=True)
class SplitUnions(Pass):
    """Defines widths as sums of two where their selectors are disjoint unions.

    The new widths stand before the one that they are made for.
    """

    name = "disjoint unions"

    def __call__(self, program: TabledProgram, inputs: Inputs) -> TabledProgram:
        """The program with the new widths and definitions."""
        definitions = program.definitions
        tables = FunctionTables.of(program)
        cuts = enumerate_cuts(program, tables)
        raw = raw_variables(program)
        names = program.names()
        nodes: list[TabledNode] = []
        split = widths(program)
        for node in program.nodes:
            if isinstance(node.operation, Share) and node.label in split:
                pair = _as_union(node.operation.selector, tables, cuts, raw)
                made = [
                    share_of(node, self.name, names.fresh(f"{node.label}.{place}"), selector)
                    for place, selector in enumerate(pair or ())
                ]
                if made:
                    label = split[node.label]
                    values = program.node(label).value_set.values
                    own = [Definition(tuple(x.label for x in made), _sum_table(values))]
                    if values[-1] > MANY_COUNTS:
                        counts = [_count(x, names.fresh(f"{x.label}.count")) for x in made]
                        made += counts
                        operands = tuple(x.label for x in counts)
                        own.append(Definition(operands, own[0].table[::-1, ::-1]))
                    definitions = {**definitions, label: (*definitions.get(label, ()), *own)}
                nodes += made
            nodes.append(node)
        return program.with_nodes(nodes).with_definitions(definitions)


def widths(program: TabledProgram) -> dict[str, str]:
    """For each head's output that was split from a width that width."""
    return {
        node.label: node.provenance.variable
        for node in program.nodes
        if node.provenance is not None and node.role is Role.SHARE
    }


def share_of(share: TabledNode, name: str, label: str, selector: Selector) -> TabledNode:
    """The output of a head that counts as many as a width at most.

    Args:
        share: The output of the head that counts that.
        name: The name of the pass that makes it.
        label: Its own.
        selector: What it counts.
    """
    assert share.provenance is not None
    provenance = Provenance(name, share.provenance.variable, Role.SUMMAND)
    most = round(1 / share.value_set.values[0]) - 1
    # A part may select nothing where the whole never does.
    shares = tuple(1.0 / (count + 1) for count in range(most, -1, -1))
    return replace(
        share,
        label=label,
        operation=Share(selector),
        provenance=provenance,
        value_set=ValueSet(shares, False, shares),
    )


def _count(share: TabledNode, label: str) -> TabledNode:
    """The count that the output of a head stands for."""
    assert share.provenance is not None
    counts = tuple(range(len(share.value_set.values)))
    own = ValueSet(counts, False, counts, table=np.array(counts[::-1], dtype=np.int32))
    return replace(
        share,
        label=label,
        operation=Elementwise((share.label,)),
        encoding=Encoding.CATEGORICAL,
        value_set=own,
    )


def _sum_table(widths: Sequence[int]) -> np.ndarray:
    """The place of a width for each pair of shares 1/(count + 1), which rise as counts fall."""
    most = int(widths[-1])
    counts = np.arange(most, -1, -1)
    total = counts[:, None] + counts[None, :]
    place = np.full(2 * most + 1, -1, dtype=np.int32)
    place[np.array(widths, dtype=np.intp)] = np.arange(len(widths))
    return np.asarray(place[total])


def _as_union(
    selector: Selector,
    tables: FunctionTables,
    cuts: dict[str, tuple[tuple[str, ...], ...]],
    raw: frozenset[str],
) -> tuple[Selector, Selector] | None:
    """Two selectors that select disjoint sets, together those of the given one."""
    relation = relation_of(selector)
    whole = isinstance(selector, CompoundSelector)
    dearest: float = np.inf
    for keys, queries in _ways_below(relation, whole, tables, cuts, raw):
        finer = over(relation, keys, queries, tables)
        if finer is None:
            continue
        known = conditions(finer, tables)
        if known is not None:
            if all(min(each.table.shape) <= CHEAP or each.classes <= CHEAP for each in known):
                return None
            dearest = min(dearest, _dearest(known))
            continue
        apart = _splits_apart(relation, keys, queries, tables) if whole else ()
        found = [*_conjunctions(chain(_splits(finer, tables), apart), tables)]
        best = min(found, key=_classes, default=None)
        if best is not None and _dearest(chain(*best)) < dearest:
            return selector_of(best[0]), selector_of(best[1])
    return None


def _conjunctions(
    halves: Iterable[tuple[Relation, Relation]], tables: FunctionTables
) -> Iterator[Halves]:
    """Those halves of a selector that are conjunctions both."""
    for one, rest in halves:
        first, second = conditions(one, tables), conditions(rest, tables)
        if first is not None and second is not None:
            yield first, second


def _dearest(found: Iterable[Condition]) -> int:
    """Classes of the condition that tells most of them apart."""
    return max(each.classes for each in found)


def _classes(halves: Halves) -> int:
    """Classes that the conditions of both halves tell apart."""
    return sum(each.classes for each in chain(*halves))


def _ways_below(
    relation: Relation,
    whole: bool,
    tables: FunctionTables,
    cuts: dict[str, tuple[tuple[str, ...], ...]],
    raw: frozenset[str],
) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """What to read in place of a relation's keys and queries.

    Those that were made for a selector, large ones, or the one of a plain selector, are functions
    of pairs; or else both sides of a plain one are read off the same three.
    """

    def side(labels: tuple[str, ...]) -> list[tuple[str, ...]]:
        ways: list[list[tuple[str, ...]]] = [
            _below(label, 2, cuts, raw)
            if not whole or _is_joint(tables.nodes[label])
            else [(label,)]
            for label in labels
        ]
        return [tuple(dict.fromkeys(x for part in way for x in part)) for way in product(*ways)]

    pairs = [*product(side(relation.keys), side(relation.queries))]
    yield from sorted(pairs, key=lambda way: way[0] != way[1])
    if not whole and relation.keys == relation.queries:
        for three in _below(relation.keys[0], 3, cuts, raw):
            yield three, three


def _is_joint(node: TabledNode) -> bool:
    """Whether a variable is several in one: made so for a selector, or as large by its author."""
    return node.role is Role.JOINT or len(node.value_set.values) > MANY_VALUES


def _below(
    label: str, count: int, cuts: dict[str, tuple[tuple[str, ...], ...]], raw: frozenset[str]
) -> list[tuple[str, ...]]:
    """So many variables, of values, of which one is a function."""
    return [cut for cut in cuts.get(label, ()) if len(cut) == count and not raw.intersection(cut)]


def _splits(relation: Relation, tables: FunctionTables) -> Iterator[tuple[Relation, Relation]]:
    """What one condition on two variables selects whatever the others are; and the rest.

    The others only have to be such as anything is selected with. The two relations differ in the
    one part that is no conjunction.
    """
    odd = [part for part in relation.parts() if conditions(part, tables) is None]
    if len(odd) != 1 or odd[0].entries() > LOOKED_AT:
        return
    part, table, count = odd[0], odd[0].table(), len(odd[0].keys)
    same = [x for x in relation.factors if not any(x is y for y in part.factors)]
    within = _within(table, count)
    for i, j in product(range(count), range(len(part.queries))):
        rest = tuple(axis for axis in range(table.ndim) if axis not in (i, count + j))
        own = (i, count + j)
        values = tuple(slice(None) if a in own else slice(0, -1) for a in range(table.ndim))
        always = (table | ~within)[values].all(axis=rest, keepdims=True)
        one = table & always
        if one.any() and (one != table).any():
            halves = (Factor(part.keys, part.queries, half) for half in (one, table & ~one))
            first, second = (Relation.of([half, *same]) for half in halves)
            yield first, second


def _within(table: Table, count: int) -> Table:
    """The smallest conjunction of conditions that holds of all that is selected."""
    found: Table = np.ones((1,) * table.ndim, dtype=bool)
    for i, j in product(range(count), range(count, table.ndim)):
        rest = tuple(axis for axis in range(table.ndim) if axis not in (i, j))
        found = found & table.any(axis=rest, keepdims=True)
    return found


def _splits_apart(
    relation: Relation, keys: tuple[str, ...], queries: tuple[str, ...], tables: FunctionTables
) -> Iterator[tuple[Relation, Relation]]:
    """The same where one factor is no conjunction, and the others hold beside each of its parts."""
    found = [over(Relation.of([x]), keys, queries, tables) for x in relation.factors]
    known = [each for each in found if each is not None]
    odd = [each for each in known if conditions(each, tables) is None]
    if len(known) < len(found) or len(odd) != 1 or len(found) < 2:
        return
    others = [factor for each in known if each is not odd[0] for factor in each.factors]
    for one, rest in _splits(odd[0], tables):
        halves = (Relation.of(merged([*half.factors, *others])) for half in (one, rest))
        first, second = halves
        yield first, second


def selector_of(found: tuple[Condition, ...]) -> Selector:
    """The conjunction of conditions as a selector."""
    parts = tuple(
        TabledSelector(each.key, each.query, "counted", pairs=Pairs(each.table[:-1, :-1]))
        for each in found
    )
    return parts[0] if len(parts) == 1 else CompoundSelector("and", parts, "counted")
