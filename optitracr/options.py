"""What a model was compiled with, beside the program and its vocabulary."""

from __future__ import annotations

from dataclasses import dataclass

from solvers import Limits


@dataclass(frozen=True, slots=True)
class CompileOptions:
    """The options of one compilation, as `compile_rasp_to_model` understood them.

    Attributes:
        optimize: The level.
        objective: What was minimised, first things first.
        limits: Hard limits on the architecture.
        time_limit: Deterministic seconds for the solver; None for as much as pays.
        seed: Of the solver and of the inputs of the check.
        parallel: Whether the solver used all cores, which makes it not reproducible.
        check: Whether the model was compared with the interpreter.
        without: Families of candidates left out, in the order of `Family`.
        causal: Whether the causal reading was compiled.
    """

    optimize: int
    objective: tuple[str, ...]
    limits: Limits
    time_limit: float | None
    seed: int
    parallel: bool
    check: bool
    without: tuple[str, ...]
    causal: bool
