"""Rewrites as passes: from one tabled program to another that computes the same."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from optitracr.graph.inputs import Inputs
from optitracr.graph.tabled import TabledProgram
from optitracr.graph.verifier import check_program, check_rewrite


class Pass(ABC):
    """One rewrite; a frozen dataclass whose fields are its options.

    Attributes:
        name: What it does, in a few words; also in the provenance of what it makes.
    """

    name: ClassVar[str]

    @abstractmethod
    def __call__(self, program: TabledProgram, inputs: Inputs) -> TabledProgram:
        """The program rewritten.

        Args:
            program: The program; it stays as it is.
            inputs: The inputs that matter.
        """


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What one pass did.

    Attributes:
        name: The name of the pass.
        before: The program before it.
        after: The program after it.
        seconds: How long it took.
    """

    name: str
    before: TabledProgram
    after: TabledProgram
    seconds: float


Watch = Callable[[Rewritten], None]


@dataclass(slots=True)
class Verification:
    """Whether programs are verified between passes, which changes nothing that is made.

    Attributes:
        between_passes: Whether they are.
    """

    between_passes: bool = False


VERIFICATION = Verification()
"""Set by the tests, for all that is compiled in them."""


def run_passes(
    program: TabledProgram,
    passes: Sequence[Pass],
    inputs: Inputs,
    watch: Watch | None = None,
) -> TabledProgram:
    """Runs passes one after another.

    Args:
        program: The program.
        passes: The passes, in order.
        inputs: The inputs that matter.
        watch: Called with what each pass did, as soon as it is done.

    Raises:
        BrokenProgramError: If programs are verified, and one does not hold together.
    """
    if VERIFICATION.between_passes:
        check_program(program, "tabling")
    for rewrite in passes:
        start = time.perf_counter()
        after = rewrite(program, inputs)
        if VERIFICATION.between_passes:
            check_rewrite(program, after, rewrite.name)
        if watch is not None:
            watch(Rewritten(rewrite.name, program, after, time.perf_counter() - start))
        program = after
    return program
