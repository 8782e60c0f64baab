"""Selectors as relations: conditions that all have to hold, each a table over its variables.

A conjunction of selectors is never multiplied out: each of its parts is a factor with a table
over the variables that this part reads, and factors over the same variables are one. Only a
disjunction over different variables takes a table over all of these.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from optitracr.errors import LimitError
from optitracr.filling import padded
from optitracr.graph.program import (
    CompoundSelector,
    PairSelector,
    Selector,
    fold_selector,
    holds_of,
)

Table = NDArray[np.bool_]

MAX_ENTRIES = 1_000_000
"""Entries of a disjunction's table beyond which it is refused: joint variables of a thousand values
a side decide it, each value with a dimension and a neuron, which is millions of parameters and
minutes of search."""

LOOKED_AT = 1_000_000
"""Entries of a table beyond which it is not looked at where much else is: counted in some
hundredths of a second, for each way to read each relation of a program."""

Axis = tuple[int, str]
"""A side, 0 for keys and 1 for queries, and a variable on it."""


@dataclass(frozen=True, slots=True, eq=False)
class Factor:
    """Which keys which queries select, as far as some variables tell.

    Attributes:
        keys: Variables of the key position.
        queries: Variables of the query position.
        table: One axis a key variable, then one a query variable, each with one entry
            more than the variable has values: the last stands for None.
    """

    keys: tuple[str, ...]
    queries: tuple[str, ...]
    table: Table

    @property
    def axes(self) -> tuple[Axis, ...]:
        """What the axes of the table stand for."""
        return axes_of(self.keys, self.queries)

    def at_none(self, axis: Axis) -> Factor:
        """What is selected where one of the variables is None; itself if it does not read it."""
        if axis not in self.axes:
            return self
        left = [[x for x in self.axes if x[0] == side and x != axis] for side in (0, 1)]
        keys, queries = (tuple(label for _, label in side) for side in left)
        table: Table = np.asarray(self.table.take(-1, axis=self.axes.index(axis)))
        return Factor(keys, queries, table)


@dataclass(frozen=True, slots=True, eq=False)
class Relation:
    """Which keys which queries select: those for which all factors hold.

    Attributes:
        keys: Variables of the key position.
        queries: Variables of the query position.
        factors: What has to hold.
    """

    keys: tuple[str, ...]
    queries: tuple[str, ...]
    factors: tuple[Factor, ...]

    @classmethod
    def of(cls, factors: Iterable[Factor]) -> Relation:
        """The conjunction of some factors."""
        found = tuple(factors)
        return cls(*_sides(found), found)

    def parts(self) -> tuple[Relation, ...]:
        """Relations that share no variable, whose conjunction it is."""
        groups: list[list[Factor]] = []
        for factor in self.factors:
            linked = [
                group
                for group in groups
                if any(set(factor.axes).intersection(x.axes) for x in group)
            ]
            groups = [group for group in groups if not any(group is x for x in linked)]
            groups.append([*(x for group in linked for x in group), factor])
        order = {id(factor): place for place, factor in enumerate(self.factors)}
        sorted_groups = [sorted(group, key=lambda x: order[id(x)]) for group in groups]
        return tuple(map(Relation.of, sorted(sorted_groups, key=lambda group: order[id(group[0])])))

    def is_empty(self) -> bool:
        """Whether it selects nothing, whatever the values; False if not known."""
        if not all(factor.table.any() for factor in self.factors):
            return True
        return any(
            part.entries() <= LOOKED_AT and not part.table().any()
            for part in self.parts()
            if len(part.factors) > 1
        )

    def at_none(self, axis: Axis) -> Relation:
        """What it selects where one of its variables is None."""
        return Relation.of(factor.at_none(axis) for factor in self.factors)

    def entries(self) -> int:
        """Entries of its table over all its variables."""
        return entries_of(self.factors)

    def table(self) -> Table:
        """The relation as one table over all its variables, keys first."""
        return self.over(self.keys, self.queries)

    def over(self, keys: tuple[str, ...], queries: tuple[str, ...]) -> Table:
        """The same over more variables, of length 1 along those that it does not read."""
        return _joined(self.factors, keys, queries, is_or=False)


def axes_of(keys: Sequence[str], queries: Sequence[str]) -> tuple[Axis, ...]:
    """The axes of a table over these variables."""
    return (*((0, key) for key in keys), *((1, query) for query in queries))


def entries_of(factors: Iterable[Factor]) -> int:
    """Entries of a table over all variables of some factors."""
    sizes = {
        axis: size
        for factor in factors
        for axis, size in zip(factor.axes, factor.table.shape, strict=True)
    }
    count = 1
    for size in sizes.values():
        count *= size
    return count


def relation_of(selector: Selector, most: int = MAX_ENTRIES) -> Relation:
    """The relation of a selector over its own keys and queries.

    Args:
        selector: The selector.
        most: Entries that the table of a disjunction may have.

    Raises:
        LimitError: If one in it would have more.
    """
    found = fold_selector(selector, _of_pair, partial(_combined, most=most))
    if found.is_or and len(found.factors) > 1:
        return Relation.of((_multiplied(selector.label, found, most),))
    return Relation.of(found.factors)


@dataclass(frozen=True, slots=True, eq=False)
class _Junction:
    """Factors of which all hold, or some do where `is_or`."""

    is_or: bool
    factors: tuple[Factor, ...]


def _of_pair(selector: PairSelector) -> _Junction:
    table = padded(holds_of(selector), False)
    return _Junction(False, (Factor((selector.keys,), (selector.queries,), table),))


def _combined(selector: CompoundSelector, parts: Sequence[_Junction], most: int) -> _Junction:
    if selector.operator == "not":
        (part,) = parts
        negated = (Factor(x.keys, x.queries, ~x.table) for x in part.factors)
        return _Junction(not part.is_or, tuple(negated))
    is_or = selector.operator == "or"
    factors: list[Factor] = []
    for part in parts:
        alike = part.is_or == is_or or len(part.factors) == 1
        factors += part.factors if alike else (_multiplied(selector.label, part, most),)
    return _Junction(is_or, merged(factors, is_or))


def merged(factors: Iterable[Factor], is_or: bool = False) -> tuple[Factor, ...]:
    """The same with those in one that read no other variables than another one does."""
    found: list[Factor] = []
    for factor in factors:
        axes = set(factor.axes)
        wide = next((x for x in found if axes.issubset(x.axes)), factor)
        within = [x for x in found if x is wide or axes.issuperset(x.axes)]
        if not within:
            found.append(factor)
            continue
        table = _joined((*within, factor), wide.keys, wide.queries, is_or)
        place = next(i for i, x in enumerate(found) if x is within[0])
        found[place] = Factor(wide.keys, wide.queries, table)
        found = [x for x in found if not any(x is y for y in within)]
    return tuple(found)


def _multiplied(label: str, junction: _Junction, most: int) -> Factor:
    """A junction as one factor over all its variables.

    Raises:
        LimitError: If it would have more than so many entries.
    """
    keys, queries = _sides(junction.factors)
    check_entries(label, keys, queries, entries_of(junction.factors), most)
    return Factor(keys, queries, _joined(junction.factors, keys, queries, junction.is_or))


def check_entries(
    label: str,
    keys: Sequence[str],
    queries: Sequence[str],
    entries: int,
    most: int = MAX_ENTRIES,
) -> None:
    """Refuses a table over several variables that is too large.

    Args:
        label: The selector's.
        keys: Variables of the key position.
        queries: Variables of the query position.
        entries: Entries of the table.
        most: How many it may have.

    Raises:
        LimitError: If there are more.
    """
    if entries > most:
        sides = (", ".join(f"'{x}'" for x in dict.fromkeys(side)) for side in (keys, queries))
        raise LimitError(
            f"selector '{label}' compares the keys {next(sides)} with the queries {next(sides)} in "
            "a way that is no conjunction of conditions on one key and one query each, so that "
            "joint variables would have to hold all combinations of their values, with a "
            f"dimension and a neuron each; there are {entries:,} pairs of a combination of keys "
            f"and one of queries, above the limit of {most:,}; map keys or queries to "
            "fewer values first, or split the selector at its '|' and combine what is read by "
            "each part"
        )


def _sides(factors: Sequence[Factor]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """All key variables and all query variables of some factors."""
    keys = tuple(dict.fromkeys(key for factor in factors for key in factor.keys))
    queries = tuple(dict.fromkeys(query for factor in factors for query in factor.queries))
    return keys, queries


def _joined(
    factors: Sequence[Factor], keys: tuple[str, ...], queries: tuple[str, ...], is_or: bool
) -> Table:
    """One table over all variables: where all of the factors hold, or some do."""
    tables = [_aligned(factor, keys, queries) for factor in factors]
    if len(tables) == 1:
        return tables[0]
    shape = np.broadcast_shapes(*(table.shape for table in tables))
    found = np.zeros(shape, dtype=bool) if is_or else np.ones(shape, dtype=bool)
    for table in tables:
        (np.logical_or if is_or else np.logical_and)(found, table, out=found)
    return found


def _aligned(factor: Factor, keys: tuple[str, ...], queries: tuple[str, ...]) -> Table:
    """The table with its axes in the places of `keys` and `queries`, others of length 1."""
    own, wanted = factor.axes, axes_of(keys, queries)
    order = [own.index(axis) for axis in wanted if axis in own]
    moved = factor.table.transpose(order)
    sizes = iter(moved.shape)
    return moved.reshape([next(sizes) if axis in own else 1 for axis in wanted])
