"""The program that a model was compiled from, for comparison with the interpreter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from optitracr.graph.program import ProgramGraph


@dataclass(frozen=True, slots=True)
class Reference:
    """A program and its variables.

    Attributes:
        program: The s-op that was compiled.
        graph: Its graph.
        readings: For a variable of the residual stream, the label of the RASP variable
            whose values it holds; variables without one are left out.
    """

    program: Any
    graph: ProgramGraph
    readings: Mapping[str, str]
