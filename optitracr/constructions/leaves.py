"""What a table reads, and what is made of it: leaves, axes and plans."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from optitracr.constructions.needs import Need
from optitracr.craft.spaces import FloatArray

if TYPE_CHECKING:
    from jaxtyping import Float


@dataclass(frozen=True, slots=True)
class Leaf:
    """A variable that a table reads.

    Attributes:
        label: Its name.
        numerical: Whether it is held as a raw number.
        may_be_none: Whether it can be None.
        numbers: Its values as numbers, or () if they are not.
        size: Number of its values.
    """

    label: str
    numerical: bool
    may_be_none: bool
    numbers: tuple[float, ...]
    size: int


@dataclass(frozen=True, slots=True)
class Axis:
    """What a plan reads of one leaf.

    Attributes:
        leaf: The leaf.
        classes: For a categorical leaf the class of each of its values, -1 for those that
            are not read; empty for a raw number.
        numbers: If the classes are read as one number, the number of each; else each class
            is a column of its own.
    """

    leaf: Leaf
    classes: tuple[int, ...]
    numbers: tuple[float, ...] = ()

    @property
    def width(self) -> int:
        """Number of columns read."""
        one = self.leaf.numerical or self.numbers
        return 1 if one else max(self.classes, default=-1) + 1

    @property
    def need(self) -> Need:
        """What has to be readable of the leaf."""
        return Need(self.leaf.label, self.classes, tuple((x,) for x in self.numbers))

    @property
    def signed(self) -> bool:
        """Whether the number that is read can be negative."""
        numbers = self.numbers if self.classes else self.leaf.numbers
        return not numbers or min(numbers) < 0


@dataclass(frozen=True, slots=True)
class Plan:
    """A construction: relu(sum over axes of columns @ w_in + b_in) @ w_out + bias.

    Attributes:
        axes: The leaves that matter.
        w_in: For each axis, shape [columns, neurons].
        b_in: Shape [neurons].
        w_out: Shape [neurons, outputs].
        bias: Shape [outputs]: written where nothing fires, also at BOS.
        passes: Whether it passes on some of what numbers are off by.
        beside: Whether it is proposed beside all others, once these are, in place of none.
    """

    axes: tuple[Axis, ...]
    w_in: tuple[Float[FloatArray, "_ neurons"], ...]
    b_in: Float[FloatArray, " neurons"]
    w_out: Float[FloatArray, "neurons outputs"]
    bias: Float[FloatArray, " outputs"]
    passes: bool = False
    beside: bool = False

    @property
    def neurons(self) -> int:
        """Number of neurons, one for the bias not counted."""
        return int(self.b_in.size)

    @property
    def width(self) -> int:
        """Columns that it reads."""
        return sum(axis.width for axis in self.axes)


def number_axis(leaf: Leaf, numbers: Float[FloatArray, " values"]) -> Axis:
    """Reads one number of a categorical leaf; values that count 0 need no class."""
    names: dict[float, int] = {}
    classes = tuple(
        -1 if number == 0 else names.setdefault(float(number), len(names)) for number in numbers
    )
    return Axis(leaf, classes, tuple(names))
