"""What is wrong with a plan: what float32 does not carry."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Offence:
    """A component whose result float32 does not carry.

    Attributes:
        candidate: Its name, or that of a way to read the output.
        reads: The forms that bring the error in; none if it arises in the component.
        error: How large it can be.
        allowed: How large it may be.
    """

    candidate: str
    reads: tuple[str, ...]
    error: float
    allowed: float

    @property
    def excess(self) -> float:
        """How many times the error is what it may be."""
        return self.error / self.allowed
