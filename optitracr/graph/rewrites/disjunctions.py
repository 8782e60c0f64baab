"""Widths of disjunctions that are too large for joint variables, as sums of widths.

What a disjunction selects is what its first part does, what its second does and the first does
not, and so on. These are disjoint, so that their widths add up; and where each is a conjunction of
conditions on one key and one query, a head counts it, however many values there are together. The
stable order of many tokens at many positions is such a one: less, or equal and before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from optitracr.errors import LimitError
from optitracr.filling import padded
from optitracr.graph.inputs import Inputs
from optitracr.graph.program import (
    CompoundSelector,
    Elementwise,
    Operation,
    Pairs,
    PairSelector,
    Selector,
    TabledSelector,
    Width,
    fold_selector,
    holds_of,
)
from optitracr.graph.provenance import Role
from optitracr.graph.relations import (
    MAX_ENTRIES,
    Factor,
    Relation,
    axes_of,
    merged,
    relation_of,
)
from optitracr.graph.rewrites.passes import Pass
from optitracr.graph.rewrites.writing import Writer
from optitracr.graph.selecting import promises_at_most_one
from optitracr.graph.tabled import Table, TabledNode, TabledProgram
from optitracr.graph.values import ValueSet
from optitracr.rasp import Encoding

Known = Mapping[str, TabledNode]

Term = tuple[Factor, ...]
"""Conditions on one key and one query each, all of which have to hold."""

MAX_TERMS = 16
"""Conjunctions of which a selector may be the disjunction: with more it is no longer one that an
author wrote as such, and their number doubles with each negation."""

MAX_PARTS = 4
"""Disjoint parts of a selector: each takes a head, and a table to add it up. An order by four
variables, one after another, has as many."""


@dataclass(frozen=True, slots=True)
class SplitDisjunctions(Pass):
    """Replaces widths of disjunctions beyond a limit by sums of widths of disjoint conjunctions.

    What is no such sum stays as it is.

    Attributes:
        most: Entries of a table over all variables of a disjunction up to which it stays.
    """

    most: int = MAX_ENTRIES
    name = "large disjunctions"

    def __call__(self, program: TabledProgram, inputs: Inputs) -> TabledProgram:
        """The program with the widths of parts before their sums."""
        writer = Writer(self.name, program.names())
        for node in program.nodes:
            operation = node.operation
            if isinstance(operation, Width) and self._is_large(operation.selector):
                parts = _disjoint_parts(operation.selector, writer.nodes)
                node = _sum(writer, node, operation.selector, parts)
            writer.add(node)
        return writer.program(program)

    def _is_large(self, selector: Selector) -> bool:
        """Whether a selector is refused as one table over all its variables."""
        if not isinstance(selector, CompoundSelector):
            return False
        try:
            relation_of(selector, self.most)
        except LimitError:
            return True
        return False


def _sum(writer: Writer, node: TabledNode, selector: Selector, parts: Sequence[Term]) -> TabledNode:
    """A width as the sum of those of some parts; itself if there are none."""
    if not parts:
        return node
    once = promises_at_most_one(selector)
    widths = [Width(replace(_selector(x, selector.label), at_most_one=once)) for x in parts]
    if len(widths) == 1:
        return replace(node, operation=widths[0])
    counts = tuple(range(int(node.value_set.values[-1]) + 1))
    own = ValueSet(counts, False, counts)

    def made(place: str, operation: Operation, value_set: ValueSet) -> str:
        label = f"{node.label}.{place}"
        kind = Encoding.CATEGORICAL
        return writer.make(node, Role.SUMMAND, operation, kind, value_set, label).label

    labels = [made(str(place), width, own) for place, width in enumerate(widths)]
    total = labels[0]
    for place, label in enumerate(labels[1:-1]):
        added = replace(own, table=_sums(counts, counts))
        total = made(f"sum{place}", Elementwise((total, label)), added)
    value_set = replace(node.value_set, table=_sums(counts, node.value_set.values))
    return replace(node, operation=Elementwise((total, labels[-1])), value_set=value_set)


def _sums(counts: Sequence[int], values: Sequence[int]) -> Table:
    """The place of the sum of two counts, or that of the next value, which no input leads to."""
    total = np.add.outer(counts, counts)
    place = np.searchsorted(np.asarray(values), total)
    return np.minimum(place, len(values) - 1).astype(np.int32)


def _selector(term: Term, label: str) -> Selector:
    """A conjunction as a selector. None is left out, where all of it selects nothing."""
    parts = tuple(_plain(each, label) for each in term)
    return parts[0] if len(parts) == 1 else CompoundSelector("and", parts, label)


def _plain(factor: Factor, label: str) -> TabledSelector:
    (key,), (query,) = factor.keys, factor.queries
    return TabledSelector(key, query, label, pairs=Pairs(factor.table[:-1, :-1]))


def _disjoint_parts(selector: Selector, known: Known) -> list[Term]:
    """Conjunctions no two of which select one key, and which together select the same.

    Each is taken from all after it, so that those come first of which what they do not select is
    simple: of a variable that can be None that selects None, and of two conditions it is two parts.
    Nothing if none are known, if there are too many, or if one selects by what is None.
    """
    terms = sorted(
        _terms(selector, known) or (), key=lambda term: (_may_read_none(term, known), len(term))
    )
    found: list[Term] = []
    for place, term in enumerate(terms):
        pieces = [term]
        for earlier in terms[:place]:
            pieces = [left for piece in pieces for left in _without(piece, earlier, known)]
        found += pieces
        if len(found) > MAX_PARTS:
            return []
    return [] if any(_selects_none(each, known) for each in found) else found


def _terms(selector: Selector, known: Known) -> list[Term] | None:
    """The conjunctions whose disjunction a selector is; None if there are too many."""

    def of_pair(pair: PairSelector) -> list[Term] | None:
        table = padded(holds_of(pair), False)
        return [(Factor((pair.keys,), (pair.queries,), table),)]

    def combine(made: CompoundSelector, parts: tuple[list[Term] | None, ...]) -> list[Term] | None:
        found = [terms for terms in parts if terms is not None]
        if len(found) < len(parts):
            return None
        match made.operator:
            case "or":
                return _any(found)
            case "and":
                return _all(found)
            case _:
                (terms,) = found
                return _all([[(_negated(x, known),) for x in term] for term in terms])

    return fold_selector(selector, of_pair, combine)


def _any(parts: Sequence[list[Term]]) -> list[Term] | None:
    """The terms of a disjunction, single conditions on the same variables as one."""
    terms = [term for part in parts for term in part]
    single = [factor for term in terms if len(term) == 1 for factor in term]
    found: list[Term] = [(factor,) for factor in merged(single, is_or=True)]
    found += [term for term in terms if len(term) > 1]
    return found if len(found) <= MAX_TERMS else None


def _all(parts: Sequence[list[Term]]) -> list[Term] | None:
    """The terms of a conjunction of disjunctions; those that select nothing are left out."""
    found: list[Term] = [()]
    for terms in parts:
        found = [merged((*x, *y)) for x, y in product(found, terms)]
        found = [term for term in found if not Relation.of(term).is_empty()]
        if len(found) > MAX_TERMS:
            return None
    return found


def _without(term: Term, other: Term, known: Known) -> list[Term]:
    """What one conjunction selects and another does not, as disjoint conjunctions."""
    if Relation.of(merged((*term, *other))).is_empty():
        return [term]
    found: list[Term] = []
    for factor in other:
        found.append(merged((*term, _negated(factor, known))))
        term = merged((*term, factor))
    return [each for each in found if not Relation.of(each).is_empty()]


def _negated(factor: Factor, known: Known) -> Factor:
    """What a condition does not select; of None where a variable can be that."""
    table = ~factor.table
    for axis, (_, label) in enumerate(factor.axes):
        if not known[label].value_set.may_be_none:
            np.moveaxis(table, axis, 0)[-1] = False
    return replace(factor, table=table)


def _may_read_none(term: Term, known: Known) -> bool:
    """Whether some variable of a conjunction can be None."""
    return any(known[label].value_set.may_be_none for x in term for _, label in x.axes)


def _selects_none(term: Term, known: Known) -> bool:
    """Whether a conjunction may select a key or query at which a variable is None."""
    whole = Relation.of(term)
    return any(
        known[axis[1]].value_set.may_be_none and not whole.at_none(axis).is_empty()
        for axis in axes_of(whole.keys, whole.queries)
    )
