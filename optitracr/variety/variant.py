"""Variants of a program: models with what each differs by, and what is known of all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

from optitracr.circuit.circuit import Circuit
from optitracr.compiled import CompiledModel
from optitracr.variety.common import Common, common
from optitracr.variety.ways import Way
from solvers.differing import Difference

if TYPE_CHECKING:
    from optitracr.stock.form import StockForm


@dataclass(frozen=True, slots=True, eq=False)
class Variant:
    """One exact model of a program.

    Attributes:
        model: The model.
        way: In what way it differs from the first; None for the first.
        told: How, in words.
        rotate: Seed of the rotation of its published form; None for none.
        difference: What its plan shares with those before, where the solver looked for the least.
    """

    model: CompiledModel
    way: Way | None
    told: str
    rotate: int | None = None
    difference: Difference | None = None

    @property
    def circuit(self) -> Circuit:
        """Its circuit: of the model without norms, where it has a published form."""
        return self.model.circuit

    @property
    def stock(self) -> StockForm:
        """Its published form, rotated where it is.

        Raises:
            InputError: If it was compiled for no published transformer.
        """
        return self.model.stock(self.rotate)

    def to_transformers(self) -> Any:
        """The model as one of `transformers`, rotated where it is.

        Raises:
            InputError: If it was compiled for no published transformer.
            MissingExtraError: If `transformers` is not installed.
        """
        return self.model.to_transformers(self.rotate)

    def __str__(self) -> str:
        return self.told if self.difference is None else f"{self.told}: {self._shared()}"

    def _shared(self) -> str:
        assert self.difference is not None, "asked for only where there is one"
        return self.difference.allocation.message


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A variant that was tried and is not there.

    Attributes:
        way: In what way it would have differed.
        told: How, in words.
        reason: Why it is not there.
    """

    way: Way
    told: str
    reason: str

    def __str__(self) -> str:
        return f"{self.told}: {self.reason}"


EQUAL = "equal to a model before"
"""Why most variants that are tried are not there."""


@dataclass(frozen=True, slots=True, eq=False)
class Variants(Sequence[Variant]):
    """Different exact models of one program: a sequence of `Variant`.

    Attributes:
        wanted: How many were asked for.
        found: The variants, in the order in which they were found; no two models are equal.
        left_out: What was tried besides, and why it is not there.
    """

    wanted: int
    found: tuple[Variant, ...]
    left_out: tuple[LeftOut, ...] = ()

    @property
    def enough(self) -> bool:
        """Whether there are as many as were asked for."""
        return len(self.found) == self.wanted

    @property
    def common(self) -> Common:
        """What all circuits have in common, as shares of what any of them has."""
        return common([variant.circuit for variant in self.found])

    @overload
    def __getitem__(self, place: int) -> Variant: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[Variant, ...]: ...

    def __getitem__(self, place: int | slice) -> Variant | tuple[Variant, ...]:
        return self.found[place]

    def __len__(self) -> int:
        return len(self.found)

    def __iter__(self) -> Iterator[Variant]:
        return iter(self.found)

    def __str__(self) -> str:
        """What there is, and why it is no more."""
        lines = [f"{place}: {variant}" for place, variant in enumerate(self.found)]
        if not self.enough:
            equal = sum(each.reason == EQUAL for each in self.left_out)
            lines.append(
                f"{len(self.found)} of {self.wanted} variants: there are no more of these kinds; "
                f"{equal} more were equal to one before"
            )
            lines += [str(each) for each in self.left_out if each.reason != EQUAL]
        return "\n".join(lines)
