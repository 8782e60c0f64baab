"""A table of some variables, and a network of one hidden layer for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

EXACT = 1e-9
"""What a network may be off by, of outputs near 1: more than float64 leaves in a few dozen neurons,
and far less than float32 does."""


@dataclass(frozen=True, slots=True)
class Table:
    """A function of some variables, wherever it is known.

    Attributes:
        sides: For each variable what each of its values is read as: numbers if it is held as a
            raw number, () if each value is a class of its own.
        sizes: For each variable how many values it has.
        places: Shape [points, variables]: the combinations of values that occur, each once.
        outputs: Shape [points, outputs]: what is to be written there.
    """

    sides: tuple[tuple[float, ...], ...]
    sizes: tuple[int, ...]
    places: NDArray[np.intp]
    outputs: FloatArray

    def read(self) -> FloatArray:
        """Shape [points, columns]: what a neuron reads, its constant last.

        The first class of a variable has no column: the constant stands for it.
        """
        columns = [np.zeros((len(self.places), 0))]
        for numbers, size, place in zip(self.sides, self.sizes, self.places.T, strict=True):
            columns.append(np.asarray(numbers)[place, None] if numbers else np.eye(size)[place, 1:])
        return np.concatenate([*columns, np.ones((len(self.places), 1))], axis=1)


@dataclass(frozen=True, slots=True)
class Network:
    """relu(what is read @ w_in) @ w_out + bias.

    Attributes:
        w_in: Shape [columns, neurons], of the columns that a table reads.
        w_out: Shape [neurons, outputs].
        bias: Shape [outputs].
    """

    w_in: FloatArray
    w_out: FloatArray
    bias: FloatArray

    @property
    def neurons(self) -> int:
        """How many there are."""
        return int(self.w_in.shape[1])

    def of(self, read: FloatArray) -> FloatArray:
        """What it writes for some rows of what is read."""
        written: FloatArray = np.maximum(read @ self.w_in, 0.0) @ self.w_out + self.bias
        return written


def is_exact(network: Network, table: Table) -> bool:
    """Whether a network writes what a table says, wherever that is known."""
    wrong = abs(network.of(table.read()) - table.outputs)
    return bool((wrong <= EXACT * np.maximum(1.0, abs(table.outputs))).all())


def columns_of(table: Table) -> Sequence[slice]:
    """The columns that are read of each variable."""
    found, start = [], 0
    for numbers, size in zip(table.sides, table.sizes, strict=True):
        width = 1 if numbers else size - 1
        found.append(slice(start, start + width))
        start += width
    return found
