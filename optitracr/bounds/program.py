"""The lower bounds of a program's sizes, beside those of its model."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from optitracr import arguments, rasp
from optitracr.bounds.any_model import any_model
from optitracr.bounds.bound import LowerBounds
from optitracr.bounds.formulation import formulation
from optitracr.bounds.outputs import outputs_of
from optitracr.levels import ALLOCATED_LEVELS, DEFAULT_LEVEL, check_level
from optitracr.memory import within_memory
from optitracr.options import DEFAULT_OBJECTIVE, check_options
from optitracr.setting import check_setting
from optitracr.special_tokens import COMPILER_BOS, COMPILER_PAD
from optitracr.stages import Compilation
from solvers import Limits

if TYPE_CHECKING:
    from optitracr.domain.binding import Promise

MAX_INPUTS = 20_000
"""Inputs that are looked at by default: the interpreter takes some tenths of a second for them, and
what is larger for more of them is rare."""


@within_memory
def lower_bounds(
    program: rasp.SOp,
    vocab: Collection[Any],
    max_seq_len: int,
    causal: bool = False,
    *,
    optimize: int = DEFAULT_LEVEL,
    objective: str | tuple[str, ...] = DEFAULT_OBJECTIVE,
    limits: Limits | dict[str, int] | None = None,
    time_limit: float | None = None,
    seed: int = 0,
    without: Collection[str] | str = (),
    domain: Promise | None = None,
    max_inputs: int = MAX_INPUTS,
) -> LowerBounds:
    """What no model of a program can go below, beside the sizes of the one that is compiled.

    Each bound is proven for the program with this vocabulary and length, and says in which models
    it holds (`docs/theory/bounds.md` has the proofs).

    Args:
        program: The s-op to compute.
        vocab: The tokens.
        max_seq_len: Longest input, BOS not counted.
        causal: The causal reading.
        optimize: Level 1 or 2.
        objective: What is minimised, first things first; the solver bounds these sizes.
        limits: Hard limits, within which its bounds hold.
        time_limit: Deterministic seconds for the solver.
        seed: Of the solver.
        without: Families of level-2 candidates to leave out.
        domain: The inputs that matter, if not all do.
        max_inputs: Inputs that are looked at: every one up to the length where they are at most
            so many. A bound of those is one of all.

    Raises:
        OptitracrError: As `compile_rasp_to_model` does.
    """
    check_level(optimize, ALLOCATED_LEVELS)
    options = check_options(
        optimize, objective, limits, time_limit, seed, without=without, causal=causal
    )
    most = arguments.integer("max_inputs", max_inputs, least=1)
    setting = check_setting(vocab, max_seq_len, COMPILER_BOS, COMPILER_PAD, options.causal, domain)
    return bounds_of(Compilation(program, setting, options), most)


def bounds_of(compilation: Compilation, max_inputs: int = MAX_INPUTS) -> LowerBounds:
    """The lower bounds of what is compiled.

    Args:
        compilation: The compilation.
        max_inputs: Inputs that are looked at.
    """
    placed, setting = compilation.placed, compilation.setting
    plan = placed.allocation.plan
    assert plan is not None  # What cannot be placed is an error before.
    ours = asdict(plan.sizes)
    ours["parameters"] = plan.sizes.parameters(placed.problem.constants)
    graph = compilation.encoded.program
    is_numerical = graph.node(graph.output).is_numerical
    outputs = outputs_of(compilation.source, setting, is_numerical, max_inputs)
    free = () if outputs is None else tuple(any_model(outputs))
    exhausted = 0 if outputs is None else outputs.length
    bounds, tables = formulation(compilation)
    return LowerBounds(ours, (*free, *bounds), exhausted, setting.max_seq_len, tables)
