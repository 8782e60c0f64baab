"""The compiler: from a RASP program to a checked transformer."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from optitracr import arguments, rasp
from optitracr.architectures.architecture import Architecture
from optitracr.compiled import CompiledModel
from optitracr.levels import ALLOCATED_LEVELS, DEFAULT_LEVEL, check_level
from optitracr.memory import within_memory
from optitracr.options import DEFAULT_OBJECTIVE, Check, check_options, parse_on_interrupt
from optitracr.setting import check_setting
from optitracr.special_tokens import COMPILER_BOS, COMPILER_PAD
from optitracr.stages import Compilation
from solvers import Limits, Problem

if TYPE_CHECKING:
    from optitracr.domain.binding import Promise


@within_memory
def compile_rasp_to_model(
    program: rasp.SOp,
    vocab: Collection[Any],
    max_seq_len: int,
    causal: bool = False,
    compiler_bos: str = COMPILER_BOS,
    compiler_pad: str = COMPILER_PAD,
    mlp_exactness: int = 100,
    *,
    optimize: int = DEFAULT_LEVEL,
    objective: str | tuple[str, ...] = DEFAULT_OBJECTIVE,
    limits: Limits | dict[str, int] | None = None,
    time_limit: float | None = None,
    seed: int = 0,
    parallel: bool = False,
    check: bool | str = Check.PROOF,
    without: Collection[str] | str = (),
    on_interrupt: str = "raise",
    domain: Promise | None = None,
    architecture: str | Architecture = "tracr",
) -> CompiledModel:
    """Compiles a RASP program to a transformer that computes it.

    Args:
        program: The s-op to compute. Its functions are pure; inputs on which they raise undefined.
        vocab: The tokens.
        max_seq_len: Longest input, BOS not counted.
        causal: Compile the causal reading, in which a query sees no later key.
        compiler_bos: The BOS token.
        compiler_pad: The PAD token.
        mlp_exactness: As Tracr has it, and not used: slopes follow from each threshold's margins.
        optimize: 0: Tracr's lowering and allocation; 1: these components, allocated optimally;
            2: components and allocation chosen together.
        objective: Of depth, width, neurons, heads, head_size, parameters; the first counts first.
        limits: Hard limits on layers, width, heads, head_size, neurons.
        time_limit: Deterministic seconds for the solver; 0 keeps the heuristic's allocation. By
            default 60, less for programs too large for a proof.
        seed: Of the solver and of the inputs of the check.
        parallel: Let the solver use all cores; the result is then not reproducible.
        check: "proof" (or True) proves the model on every input, within a budget, and beyond it
            compares some hundred inputs; "sample" only compares; False does neither.
        without: Names of `Family`: candidates of level 2 to leave out.
        on_interrupt: What Ctrl-C does to a search: "raise", or "keep" the best plan so far, if
            there is one; `allocation` then says what is proven. Otherwise it is raised.
        domain: The inputs that matter and that the model is exact on, if not all are: parts of
            `optitracr.domain`, a function of a list of tokens, or a list of sequences.
        architecture: "tracr", "gpt2" or "llama" (causal, with norms), or an `Architecture`.

    Raises:
        KeyboardInterrupt: If the user stopped it; the signal handlers are as they were.
        CausalReadingWarning: As a warning, if the causal reading gives, or may give, another.
        OptitracrError: One of its kinds, for bad input, unsupported programs, limits that
            nothing fits, and a model that fails its check.
    """
    arguments.number("mlp_exactness", mlp_exactness)
    given = (optimize, objective, limits, time_limit, seed, parallel, check, without, causal)
    options = check_options(*given, architecture)
    setting = check_setting(vocab, max_seq_len, compiler_bos, compiler_pad, options.causal, domain)
    found = Compilation(program, setting, options, on_interrupt=parse_on_interrupt(on_interrupt))
    return found.compiled(agreeing=options.causal and not causal)


@within_memory
def allocation_problem(
    program: rasp.SOp,
    vocab: Collection[Any],
    max_seq_len: int,
    causal: bool = False,
    *,
    optimize: int = DEFAULT_LEVEL,
    limits: Limits | dict[str, int] | None = None,
    without: Collection[str] | str = (),
    domain: Promise | None = None,
) -> Problem:
    """The allocation problem of a program, for solvers of one's own.

    Args:
        program: The s-op to compute.
        vocab: The tokens.
        max_seq_len: Longest input, BOS not counted.
        causal: The causal reading.
        optimize: Level 1 or 2.
        limits: Hard limits.
        without: Families of level-2 candidates to leave out.
        domain: The inputs that matter, if not all do.

    Raises:
        OptitracrError: For bad input and unsupported programs.
    """
    check_level(optimize, ALLOCATED_LEVELS)
    options = check_options(optimize, limits=limits, without=without, causal=causal)
    setting = check_setting(vocab, max_seq_len, COMPILER_BOS, COMPILER_PAD, options.causal, domain)
    return Compilation(program, setting, options, whole=True).problem
