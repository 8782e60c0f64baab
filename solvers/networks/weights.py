"""Classes of networks whose weights are whole numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WeightClass:
    """Networks whose weights are whole numbers within bounds.

    What is read of a raw number is multiplied by the least number that makes all its values whole,
    and outputs likewise. So a network of the class is off by nothing, and two pre-activations that
    differ differ by 1 or more: its margin.

    Attributes:
        weight: The largest weight that a neuron reads with.
        constant: The largest constant of a neuron, times what raw numbers are multiplied by.
        output: The largest weight that a neuron writes with; 1 for a single output, as a weight
            there may be moved to what is read.
        refined: Times by which outputs are multiplied once more: a network then has weights that
            are this part of a whole number.
        narrow: Whether each variable of classes is read as one number, taken times -1, 0 or 1.
    """

    weight: int = 8
    constant: int = 16
    output: int = 2
    refined: int = 1
    narrow: bool = False

    @property
    def words(self) -> str:
        """The class in words."""
        parts = f" in parts of {self.refined}" if self.refined > 1 else ""
        read = ", one number of each variable" if self.narrow else ""
        return (
            f"whole weights{parts}: at most {self.weight} to read, {self.constant} as constants, "
            f"{self.output} to write{read}"
        )
