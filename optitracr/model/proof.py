"""What is known of a model: proven, refuted, or checked on some inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """How much is known.

    Attributes:
        PROVEN: On every input of the domain the model says what the interpreter says.
        CHECKED: It does on the inputs that were tried; something is left open.
        REFUTED: It does not on the counterexample.
    """

    PROVEN = "PROVEN"
    CHECKED = "CHECKED"
    REFUTED = "REFUTED"


class Discharge(StrEnum):
    """How an obligation was discharged.

    Attributes:
        WEIGHTS: From the weights, with all roundings bounded.
        TABLES: From the tables of the program's functions and predicates.
        RELATIONS: From what can occur together.
        SOLVER: By CP-SAT, for every length.
        INPUTS: By every input of the domain.
    """

    WEIGHTS = "weights"
    TABLES = "tables"
    RELATIONS = "relations"
    SOLVER = "solver"
    INPUTS = "inputs"


@dataclass(frozen=True, slots=True)
class Proof:
    """What is known of a model.

    Attributes:
        status: How much is known.
        inputs: Inputs that were run: all of the domain, or those tried where something is open.
        undefined: Inputs left out because the interpreter raises on them.
        discharged: How many obligations were discharged, by how that was done.
        open: The obligations that are open, in the program's own names.
        largest_error: By how much a number, or a one-hot dimension, is off at most, whatever the
            order in which float32 sums are added up.
        smallest_separation: By how much the largest logit leads at least, of an output that is a
            category: what is left once the largest errors are taken off. None for numbers.
        counterexample: The tokens on which the model is wrong; None if there are none.
        finding: What is wrong with them, in a sentence, or "".
        domain: The inputs that were promised, as they were written; "" if nothing was.
        seconds: Time taken. It counts in no comparison, and stands in no file.
    """

    status: Status
    inputs: int = 0
    undefined: int = 0
    discharged: Mapping[Discharge, int] = field(default_factory=dict)
    open: tuple[str, ...] = ()
    largest_error: float = 0.0
    smallest_separation: float | None = None
    counterexample: tuple[Any, ...] | None = None
    finding: str = ""
    domain: str = ""
    seconds: float = field(default=0.0, compare=False)

    @property
    def proven(self) -> bool:
        """Whether the model is proven on every input of its domain."""
        return self.status is Status.PROVEN

    @property
    def obligations(self) -> int:
        """How many obligations there are, open ones among them."""
        return sum(self.discharged.values()) + len(self.open)

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> list[str]:
        scope = f"the domain {self.domain}" if self.domain else "every input"
        match self.status:
            case Status.PROVEN:
                first = f"PROVEN on {scope}"
            case Status.REFUTED:
                first = f"REFUTED: {self.finding}"
            case Status.CHECKED:
                first = f"CHECKED on {self.inputs:,} inputs"
        ways = ", ".join(f"{count:,} by {how.value}" for how, count in self.discharged.items())
        lines = [first + (f": {ways}" if ways and self.status is not Status.REFUTED else "")]
        if self.status is Status.PROVEN:
            sizes = f"largest error {self.largest_error:.1e}"
            if self.smallest_separation is not None:
                sizes += f", smallest separation {self.smallest_separation:.3f}"
            if self.undefined:
                sizes += f"; {self.undefined:,} inputs undefined"
            lines.append(sizes)
        lines += [f"open: {obligation}" for obligation in self.open]
        return lines
