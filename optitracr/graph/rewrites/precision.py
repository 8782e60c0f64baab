"""The check that float32 carries every number, as a pass that changes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from optitracr.graph.inputs import Inputs
from optitracr.graph.numbers import check_precision
from optitracr.graph.rewrites.passes import Pass
from optitracr.graph.tabled import TabledProgram


@dataclass(frozen=True, slots=True)
class CheckPrecision(Pass):
    """Refuses programs with numbers that float32 does not carry, whatever the input.

    Raises:
        UnsupportedError: If a number can be something that is none.
        LimitError: If the error of one can be too large; names the s-op.
    """

    name = "precision"

    def __call__(self, program: TabledProgram, inputs: Inputs) -> TabledProgram:
        """The program as it is."""
        check_precision(program, inputs.max_seq_len)
        return program
