"""Residual layout: which column of the residual stream holds which variable, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.arguments import integer, shown
from optitracr.craft.reading import Variable
from optitracr.craft.spaces import Direction, Space
from optitracr.errors import NotFoundError

if TYPE_CHECKING:
    from jaxtyping import Int


@dataclass(frozen=True, slots=True)
class Tenancy:
    """A variable's stay in the residual stream: its columns and its lifetime.

    Attributes:
        variable: The variable.
        birth: First state at which it can be read.
        end: Last state at which it can be read.
        columns: One column for each of its directions.
        holds: The RASP variable that it holds, or helps to compute; "" for BOS and the constant,
            and as long as nobody said.
        carries: What each dimension carries, in words; empty as long as nobody said.
    """

    variable: Variable
    birth: int
    end: int
    columns: tuple[int, ...]
    holds: str = ""
    carries: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """What each dimension carries, or else the name of its direction."""
        return self.carries or tuple(d.label for d in self.variable.space.directions)


@dataclass(frozen=True, slots=True)
class Layout:
    """All tenancies of a model.

    Attributes:
        width: Number of columns.
        states: Number of states, two a layer and one more.
        tenancies: In order of birth.
    """

    width: int
    states: int
    tenancies: tuple[Tenancy, ...]
    _column: Mapping[Direction, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        column = {
            direction: column
            for tenancy in self.tenancies
            for direction, column in zip(
                tenancy.variable.space.directions, tenancy.columns, strict=True
            )
        }
        object.__setattr__(self, "_column", column)

    def columns_of(self, space: Space) -> Int[NDArray[np.intp], " directions"]:
        """The columns of a space's directions.

        Raises:
            NotFoundError: If the layout holds no such direction.
        """
        try:
            return np.array([self._column[d] for d in space.directions], dtype=np.intp)
        except (AttributeError, KeyError):
            raise NotFoundError(
                f"the layout has no columns for {shown(space)}; give the space of one of its "
                "tenancies"
            ) from None

    def tenants(self, state: int) -> tuple[Direction | None, ...]:
        """What each column holds at a state.

        Raises:
            InputError: If there is no such state.
        """
        state = integer("state", state, least=0, most=self.states - 1)
        held: list[Direction | None] = [None] * self.width
        for tenancy in self.tenancies:
            if tenancy.birth <= state <= tenancy.end:
                pairs = zip(tenancy.columns, tenancy.variable.space.directions, strict=True)
                for column, direction in pairs:
                    held[column] = direction
        return tuple(held)

    def labels(self) -> tuple[str, ...]:
        """One unique label a column: its tenant at the output, or its last one."""
        chosen = [f"unused_{column}" for column in range(self.width)]
        for tenancy in sorted(self.tenancies, key=lambda tenancy: tenancy.birth):
            pairs = zip(tenancy.columns, tenancy.variable.space.directions, strict=True)
            for column, direction in pairs:
                chosen[column] = direction.label
        return _unique(chosen)


def _unique(labels: Sequence[str]) -> tuple[str, ...]:
    taken = set(labels)
    seen: dict[str, int] = {}
    result = []
    for label in labels:
        name = label
        seen[label] = seen.get(label, 0) + 1
        while seen[label] > 1 and name in taken:
            name = f"{label}#{seen[label]}"
            seen[label] += int(name in taken)
        taken.add(name)
        result.append(name)
    return tuple(result)


def erased(tenancy: Tenancy, layout: Layout) -> bool:
    """Whether something erases the variable after its last state."""
    return tenancy.end < layout.states - 1
