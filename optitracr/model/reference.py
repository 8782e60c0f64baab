"""The program that a model was compiled from, for comparison with the interpreter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from optitracr.candidates.component import Held
from optitracr.graph.program import ProgramGraph


@dataclass(frozen=True, slots=True)
class Reference:
    """A program and its variables.

    Attributes:
        program: The s-op that was compiled.
        graph: Its graph.
        readings: What each variable of the residual stream holds; those that hold no RASP
            variable (BOS, the constant, raw outputs of heads) are left out.
        values: The values that each variable of the graph can take, without numbers of which they
            are not listed. Empty where a function tells equal values apart, so that lists of
            values do not say what it is asked.
    """

    program: Any
    graph: ProgramGraph
    readings: Mapping[str, Held]
    values: Mapping[str, tuple[Any, ...]]
