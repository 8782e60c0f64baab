"""Sizes beyond which a plan is of no use: what another plan, known to the caller, takes already.

They are compared first things first. That there is nothing up to them is sooner proven than how
large the smallest plan beyond them is.
"""

from __future__ import annotations

from collections.abc import Sequence


class Ceiling:
    """What sizes may come to, as those before them become known.

    Attributes:
        values: The largest values of use, first things first, of the sizes that come next; those
            after them are free.
    """

    def __init__(self, values: Sequence[int]) -> None:
        """Nothing is known yet."""
        self.values = tuple(values)

    @property
    def next(self) -> int | None:
        """The largest value of the next size; None if any is of use."""
        return self.values[0] if self.values else None

    def known(self, value: int) -> None:
        """The next size is known: if it is smaller than need be, those after it are free."""
        self.values = self.values[1:] if self.values[:1] == (value,) else ()


def ceiling_at(objective: Sequence[str], at_most: tuple[int, ...], layers: int) -> Ceiling | None:
    """What the sizes of an objective may come to at a number of layers, the depth left out.

    Args:
        objective: What is minimised, first things first.
        at_most: Values of it beyond which a plan is of no use, or none.
        layers: The number of layers.

    Returns:
        None if no plan of so many layers is of use.
    """
    if not at_most or "depth" not in objective:
        return Ceiling(at_most)
    place = list(objective).index("depth")
    before, most, after = at_most[:place], at_most[place], at_most[place + 1 :]
    if layers > most:
        return Ceiling((*before[:-1], before[-1] - 1)) if before else None
    return Ceiling(before if layers < most else (*before, *after))
