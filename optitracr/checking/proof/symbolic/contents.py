"""What the residual stream holds at one state: columns as functions of the program's variables."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from optitracr.checking.proof.bounded import Bounded, FloatArray
from optitracr.checking.proof.symbolic.meaning import Meaning
from optitracr.checking.proof.symbolic.values import (
    NOTHING,
    Assignment,
    Codes,
    OpenError,
    count_of,
)

if TYPE_CHECKING:
    from jaxtyping import Int

Kind = TypeVar("Kind", bound=Hashable)

Span = tuple[Bounded, Bounded, FloatArray]
"""What a head takes from all keys, and from BOS, and by how much any two differ at most."""

WIDE = 2.0**-5
"""By how much more than single rows what is told by a label may be unknown: more than that spoils
whatever is read of a one-hot, or of a number of that size."""

CELLS = 1 << 25
"""Numbers in the rows of all combinations that are looked at together: 256 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """Columns that are a function of some variables, at every position but BOS.

    Attributes:
        labels: The variables; none for what is the same everywhere.
        columns: The columns.
        table: What they hold for each combination of the variables' values, one row each, the last
            variable's running fastest; [combinations, columns].
    """

    labels: tuple[str, ...]
    columns: Int[NDArray[np.intp], " columns"]
    table: Bounded

    def without(self, columns: NDArray[np.bool_]) -> Content:
        """The same without some columns of the stream."""
        stays = ~columns[self.columns]
        return Content(self.labels, self.columns[stays], self.table[:, stays])


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Columns that are looked up, combination by combination.

    Attributes:
        places: Which columns they are of those that are asked for.
        table: What they hold, [rows, columns].
        row: The row of each combination, [combinations].
    """

    places: NDArray[np.intp]
    table: Bounded
    row: NDArray[np.intp]

    def part(self, rows: slice) -> Table:
        """The same for some combinations."""
        return Table(self.places, self.table, self.row[rows])

    def among(self, place: NDArray[np.intp]) -> Table:
        """The same with other places, those left out that have none (-1)."""
        here = place[self.places]
        return Table(here[here >= 0], self.table[:, here >= 0], self.row)


def looked_up(tables: Iterable[Table], width: int, count: int) -> Bounded:
    """What stands in columns, [combinations, width]; zero in those that no table holds."""
    center, error = np.zeros((count, width)), np.zeros((count, width))
    for table in tables:
        center[:, table.places] = table.table.center[table.row]
        error[:, table.places] = table.table.error[table.row]
    return Bounded(center, error)


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """The residual stream after some sublayers.

    Attributes:
        meaning: The program.
        width: How many columns there are.
        contents: What they hold; each column is in one of them.
        bos: What stands at BOS, [1, width].
        spans: What heads take from it, by where the port that they take it through is kept, which
            is beside it, and the head.
        best: What heads give that look at the best key, by the head and what it computes.
    """

    meaning: Meaning
    width: int
    contents: tuple[Content, ...]
    bos: Bounded
    spans: dict[tuple[int, int], tuple[Any, Span]] = field(default_factory=dict)
    best: dict[tuple[int, str], Bounded] = field(default_factory=dict)

    def labels(self, columns: NDArray[np.bool_]) -> tuple[str, ...]:
        """The variables that some columns, [width], are functions of."""
        inside = (i for i, own in enumerate(self.contents) if columns[own.columns].any())
        return self.labelled(inside)

    def labelled(self, numbers: Iterable[int]) -> tuple[str, ...]:
        """The variables of some contents, which are given by their numbers."""
        found: dict[str, None] = {}
        for number in numbers:
            found |= dict.fromkeys(self.contents[number].labels)
        return tuple(found)

    def places(self) -> NDArray[np.intp]:
        """The number of the content of each column, [width]."""
        found = np.zeros(self.width, dtype=np.intp)
        for number, content in enumerate(self.contents):
            found[content.columns] = number
        return found

    def rows(self, columns: NDArray[np.intp], given: Assignment) -> Bounded:
        """Some columns for each combination of variables, [combinations, columns].

        Args:
            columns: The columns.
            given: The codes of the variables that they are functions of.

        Raises:
            OpenError: If these are too many numbers.
        """
        count = count_of(given)
        if count * max(len(columns), 1) > CELLS:
            raise OpenError(f"{', '.join(given)} have too many values together ({count:,})")
        self.meaning.spend(4 * count * len(columns))
        return looked_up(self.tables(columns, given), len(columns), count)

    def tables(self, columns: NDArray[np.intp], given: Assignment) -> list[Table]:
        """The tables that hold some columns, at the places that these have among them.

        Args:
            columns: The columns.
            given: The codes of the variables that they are functions of.
        """
        place = np.full(self.width, -1)
        place[columns] = np.arange(len(columns))
        found = []
        for content in self.contents:
            here = place[content.columns]
            own = here >= 0
            if own.any():
                row = self._index(content.labels, given, count_of(given))
                found.append(Table(here[own], content.table[:, own], row))
        return found

    def _index(self, labels: Sequence[str], given: Assignment, count: int) -> Codes:
        """The row of each combination in a table of some variables."""
        if not labels:
            return np.zeros(count, dtype=np.int64)
        sizes = [len(self.meaning.values(label)) for label in labels]
        return np.ravel_multi_index([given[label] for label in labels], sizes)

    def written(self, fresh: Iterable[Content], bos: Bounded) -> State:
        """The stream with other contents in some columns."""
        made = list(fresh)
        gone = np.zeros(self.width, dtype=bool)
        for content in made:
            gone[content.columns] = True
        left = (content.without(gone) for content in self.contents)
        stay = (content for content in left if len(content.columns))
        return State(self.meaning, self.width, (*stay, *made), bos)


def _labelled(
    meaning: Meaning, label: str | None, given: Assignment
) -> tuple[tuple[str, ...], Assignment]:
    """The variables that columns are to be a function of, and the codes of all.

    Args:
        meaning: The program.
        label: What the columns are said to hold; "" for what has no name, None for nothing.
        given: What they are a function of in any case.
    """
    if label is None:
        return (), given
    if not label or not meaning.tells(label, given):
        return meaning.free(given), given
    told = meaning.told(label, given)
    occurs = (told >= 0) & meaning.occurs({label: np.maximum(told, 0)})
    told = np.where(occurs, told, NOTHING)
    meaning.restrict(label, told)
    return (label,), {**given, label: told}


def gathered(
    meaning: Meaning,
    rows: Bounded,
    columns: NDArray[np.intp],
    given: Assignment,
    label: str | None,
) -> Content:
    """Columns as a function of what they are said to hold.

    Args:
        meaning: The program.
        rows: What they hold for each combination, [combinations, columns].
        columns: The columns.
        given: The codes of what they are a function of in any case, combination by combination.
        label: The variable that they are said to hold; "" for what has no name, None for nothing.
            Where other variables count as well, bounds hold whatever these are; where one of those
            tells more, it is taken instead.
    """
    found = _gathered(meaning, rows, columns, *_labelled(meaning, label, given))
    loosest = _looseness(found)
    if label is not None and loosest > WIDE + float(rows.error.max(initial=0.0)):
        others = (_gathered(meaning, rows, columns, (x,), {x: given[x]}) for x in given)
        tightest = min(others, key=_looseness, default=found)
        return tightest if _looseness(tightest) < loosest else found
    return found


def _looseness(content: Content) -> float:
    return float(content.table.error.max(initial=0.0))


def _gathered(
    meaning: Meaning,
    rows: Bounded,
    columns: NDArray[np.intp],
    labels: tuple[str, ...],
    given: Assignment,
) -> Content:
    """Columns as a function of some variables, with bounds that hold whatever others are."""
    if not labels:
        return Content((), columns, covering(rows))
    sizes = [len(meaning.values(x)) for x in labels]
    codes = np.stack([given[x] for x in labels])
    # Where a variable has no value the interpreter raises, or no input leads there.
    defined = (codes >= 0).all(axis=0)
    code = np.ravel_multi_index(tuple(codes[:, defined]), sizes)
    count = int(np.prod(sizes, dtype=np.int64))
    return Content(labels, columns, hull(rows[defined], code, count))


def hull(rows: Bounded, code: Int[NDArray[np.intp], " rows"], count: int) -> Bounded:
    """Bounds that hold for all rows of one code, [count, columns]; zero where there are none."""
    if (code[1:] < code[:-1]).any():
        order = np.argsort(code, kind="stable")
        rows, code = rows[order], code[order]
    first = np.flatnonzero(np.diff(code, prepend=-1))
    found = code[first]
    center = np.zeros((count, rows.center.shape[1]))
    error = np.zeros_like(center)
    if len(found):
        least = np.minimum.reduceat(rows.center - rows.error, first, axis=0)
        most = np.maximum.reduceat(rows.center + rows.error, first, axis=0)
        same = np.maximum.reduceat(rows.center, first, axis=0)
        alike = same == np.minimum.reduceat(rows.center, first, axis=0)
        middle = np.where(alike, same, (least + most) / 2)
        center[found] = middle
        largest = np.maximum.reduceat(rows.error, first, axis=0)
        error[found] = np.where(alike, largest, np.maximum(most - middle, middle - least))
    return Bounded(center, error)


def covering(rows: Bounded) -> Bounded:
    """Bounds that hold for all of some rows, [1, columns]."""
    return hull(rows, np.zeros(len(rows.center), dtype=np.intp), 1)


def split(
    columns: NDArray[np.intp], kind: Callable[[int], Kind]
) -> Iterator[tuple[Kind, NDArray[np.intp]]]:
    """The kinds that some columns are of, and the columns of each."""
    found: dict[Kind, list[int]] = {}
    for column in columns.tolist():
        found.setdefault(kind(column), []).append(column)
    for each, same in found.items():
        yield each, np.array(same, dtype=np.intp)
