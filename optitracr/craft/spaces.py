"""Named subspaces of the residual stream."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optitracr.arguments import shown
from optitracr.errors import NotFoundError

if TYPE_CHECKING:
    from jaxtyping import Int

FloatArray = NDArray[np.float64]
Value = Any


@dataclass(frozen=True, slots=True)
class Direction:
    """One named dimension: a numerical variable, or one value of a categorical one."""

    variable: str
    value: Value = None

    @property
    def label(self) -> str:
        """`variable`, or `variable:value`."""
        return self.variable if self.value is None else f"{self.variable}:{self.value}"


@dataclass(frozen=True, slots=True)
class Space:
    """An ordered set of directions.

    Attributes:
        directions: The basis; its order is the order of matrix rows and columns.
        position: Where each direction stands.
    """

    directions: tuple[Direction, ...]
    position: Mapping[Direction, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        position = {direction: i for i, direction in enumerate(self.directions)}
        if len(position) != len(self.directions):
            raise ValueError(f"directions repeat in the space {self.directions}")
        object.__setattr__(self, "position", position)

    def __len__(self) -> int:
        return len(self.directions)

    def positions_in(self, other: Space) -> Int[NDArray[np.intp], " directions"]:
        """Where this space's directions stand in another that contains them.

        Raises:
            NotFoundError: If it does not contain them.
        """
        try:
            return np.array([other.position[d] for d in self.directions], dtype=np.intp)
        except (AttributeError, KeyError):
            raise NotFoundError(
                f"{shown(other)} does not contain all directions of {shown(self)}; give a space "
                "that does"
            ) from None


def categorical_space(variable: str, values: Iterable[Value]) -> Space:
    """One direction for each value."""
    return Space(tuple(Direction(variable, value) for value in values))


def numerical_space(variable: str) -> Space:
    """One real direction."""
    return Space((Direction(variable),))


def join(*spaces: Space) -> Space:
    """The direct sum; directions that several spaces share appear once."""
    return Space(tuple(dict.fromkeys(d for space in spaces for d in space.directions)))
