"""How a component reads a variable: its space, and its number as a linear functional."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from optitracr.craft.spaces import FloatArray, Space, Value, categorical_space, numerical_space

if TYPE_CHECKING:
    from jaxtyping import Float


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of the residual stream.

    Attributes:
        label: Unique name.
        space: The directions that hold it: one real one, or a one-hot over the values.
        values: Its value set, sorted; empty for a number whose set is not known.
        numerical: Whether it is held as a number.
        negative: Whether it may be negative where it has none of its values, as at BOS: that
            matters only while weights are made, and no file keeps it.
    """

    label: str
    space: Space
    values: tuple[Value, ...]
    numerical: bool
    negative: bool = field(default=False, repr=False, compare=False)

    @property
    def signed(self) -> bool:
        """Whether its dimension can be negative."""
        return self.negative or (self.numerical and (not self.values or min(self.values) < 0))

    @property
    def functional(self) -> Float[FloatArray, " space"]:
        """The number that the variable stands for, as a linear function."""
        if self.numerical:
            return np.ones(1)
        return np.array([float(value) for value in self.values])


def categorical(label: str, values: tuple[Value, ...]) -> Variable:
    """A one-hot variable."""
    return Variable(label, categorical_space(label, values), values, False)


def numerical(label: str, values: tuple[Value, ...] = ()) -> Variable:
    """A variable held as a number."""
    return Variable(label, numerical_space(label), values, True)


def direction(label: str, space: Space) -> Variable:
    """A single dimension that is 0 or 1, such as BOS or the constant."""
    return Variable(label, space, (0, 1), True)
