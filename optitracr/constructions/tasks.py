"""What a construction of an MLP is asked for: a function table, reduced."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.constructions.leaves import Leaf, Plan
from optitracr.constructions.masks import term_counts
from optitracr.constructions.reduction import Codes
from optitracr.craft.spaces import FloatArray

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int


@dataclass(frozen=True, eq=False)
class Task:
    """A function table whose equal slices are one, and what its results write.

    Attributes:
        leaves: The variables that matter, one for each axis of the table.
        classes: For each leaf the class of each of its values; intervals for a number.
        table: The function of the classes, indices into `rows`.
        rows: What is written for each code.
        ranks: A rank for each code: the first of the results that write it.
        zero: The code that writes nothing, as None does.
        default: The code that is written where no neuron fires.
        possible: Which combinations of values can occur; None for all.
        tolerance: Largest rounding error of all steps together.
        close: Whether to bound errors closely, for a table that has no construction otherwise.
        robust: Whether what is read may be wrong by as much as a check allows.
        passed: Error of outputs, relative to those above 1, that the noise of numbers may make.
    """

    leaves: Sequence[Leaf]
    classes: Sequence[Int[Codes, " _"]]
    table: Int[Codes, ...]
    rows: Float[FloatArray, "codes outputs"]
    ranks: Int[NDArray[np.intp], " codes"]
    zero: int
    default: int
    possible: Bool[NDArray[np.bool_], ...] | None
    tolerance: float
    close: bool = False
    robust: bool = False
    passed: float = 0.0

    @cached_property
    def known(self) -> Bool[NDArray[np.bool_], ...]:
        """Which combinations of the leaves' values occur; alike for all values of a class."""
        sizes = tuple(member.size for member in self.classes)
        return np.broadcast_to(True if self.possible is None else self.possible, sizes)

    @cached_property
    def full(self) -> Int[Codes, ...]:
        """The function of the leaves' values, not only of their classes."""
        table = self.table
        for axis, member in enumerate(self.classes):
            table = table.take(member, axis=axis)
        return table

    @cached_property
    def first(self) -> list[Int[NDArray[np.intp], " _"]]:
        """For each leaf the first value of each class."""
        found = []
        for member in self.classes:
            first = np.zeros(int(member.max(initial=-1)) + 1, dtype=np.intp)
            first[member[::-1]] = np.arange(member.size)[::-1]
            found.append(first)
        return found

    @cached_property
    def with_none(self) -> tuple[Int[Codes, ...], Bool[NDArray[np.bool_], ...] | None]:
        """The same with None as one value more of each category that may be that; what occurs."""
        table, possible = self.full, self.possible
        more = [leaf.may_be_none and not leaf.numerical for leaf in self.leaves]
        if not any(more):
            return table, possible
        sizes = [size + one for size, one in zip(table.shape, more, strict=True)]
        given = tuple(slice(size) for size in table.shape)
        whole = np.full(sizes, self.zero, dtype=table.dtype)
        whole[given] = table
        if possible is None:
            return whole, None
        occurs = np.ones(sizes, dtype=bool)
        occurs[given] = possible
        return whole, occurs

    @cached_property
    def boxes(self) -> list[int]:
        """Boxes of entries that write the same and not the default, merged along each axis."""
        return term_counts(self.table, self.default)


Construction = Callable[[Task], Iterable[Plan]]
"""A way to compute a table: the plans that it has for a task, none if it does not fit."""
