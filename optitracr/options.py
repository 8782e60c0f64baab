"""The options of a compilation, checked, and what a model keeps of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from optitracr import arguments
from optitracr.architectures.architecture import TRACR, Architecture, parse_architecture
from optitracr.architectures.classes import stock_class
from optitracr.candidates.families import Family, families_without
from optitracr.errors import InputError
from optitracr.levels import DEFAULT_LEVEL, check_level
from solvers import ON_INTERRUPT, Limits, OnInterrupt
from solvers.allocation import STOCK_WIDTH

DEFAULT_OBJECTIVE = ("depth", "width", "neurons")
OBJECTIVES = (*DEFAULT_OBJECTIVE, "heads", "head_size", "parameters")

LARGEST_SEED = 2**63 - 1
"""What fits in 64 bits, as files and other programs hold numbers."""


class Check(StrEnum):
    """What is done to know that a model computes its program, before it is handed over.

    Attributes:
        PROOF: It is proven on every input; where that would take too long, it is compared with
            the interpreter on some.
        SAMPLE: It is compared with the interpreter on some hundred inputs.
    """

    PROOF = "proof"
    SAMPLE = "sample"


@dataclass(frozen=True, slots=True)
class Search:
    """How to search for an allocation.

    Attributes:
        objective: What to minimise, first things first.
        time_limit: Seconds of deterministic solver time; 0 gives the heuristic's result,
            None as much as pays.
        seed: Of the solver.
        parallel: Use all cores; faster on large problems and not reproducible.
        on_interrupt: What Ctrl-C does to a search: "raise" or "keep".
    """

    objective: tuple[str, ...] = DEFAULT_OBJECTIVE
    time_limit: float | None = None
    seed: int = 0
    parallel: bool = False
    on_interrupt: OnInterrupt = "raise"


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
        check: What was done to know that the model computes the program; None for nothing.
        without: Families of candidates left out, in the order of `Family`.
        causal: Whether the causal reading was compiled.
        architecture: What the transformer was to be made of.
    """

    optimize: int
    objective: tuple[str, ...]
    limits: Limits
    time_limit: float | None
    seed: int
    parallel: bool
    check: Check | None
    without: tuple[str, ...]
    causal: bool
    architecture: Architecture = TRACR


def check_options(
    optimize: object = DEFAULT_LEVEL,
    objective: str | Sequence[str] = DEFAULT_OBJECTIVE,
    limits: Limits | Mapping[str, int] | None = None,
    time_limit: object = None,
    seed: object = 0,
    parallel: object = False,
    check: object = Check.PROOF,
    without: Collection[str] | str = (),
    causal: object = False,
    architecture: object = TRACR,
) -> CompileOptions:
    """The options that a user gave, each as it is understood.

    Raises:
        InputError: If one of them is of the wrong type, unknown, or out of range.
    """
    level = check_level(optimize)
    families = families_without(without)
    made_of = parse_architecture(architecture)
    stock_class(made_of)
    return CompileOptions(
        optimize=level,
        objective=parse_objective(objective),
        limits=parse_limits(limits),
        time_limit=(
            None if time_limit is None else arguments.number("time_limit", time_limit, least=0)
        ),
        seed=arguments.integer("seed", seed, least=0, most=LARGEST_SEED),
        parallel=arguments.boolean("parallel", parallel),
        check=parse_check(check),
        without=tuple(family.value for family in Family if family not in families),
        causal=arguments.boolean("causal", causal) or made_of.causal,
        architecture=made_of,
    )


def changed(options: CompileOptions, more: Mapping[str, Any]) -> CompileOptions:
    """The same options but for some.

    Args:
        options: The options.
        more: Others by name, as `compile_rasp_to_model` takes them.

    Raises:
        InputError: If one of them is unknown or wrong.
    """
    if not more:
        return options
    given = {each.name: getattr(options, each.name) for each in fields(options)}
    given["check"] = options.check or False
    unknown = [name for name in more if name not in given]
    if unknown:
        raise InputError(
            f"option {arguments.shown(unknown[0])} is unknown; options are {', '.join(given)}"
        )
    return check_options(**{**given, **more})


def search_of(options: CompileOptions, on_interrupt: OnInterrupt = "raise") -> Search:
    """How the solver searches: for the width of a published transformer, where there is one.

    Where its neurons are bound to its width, for that where it is asked for neurons first.

    Args:
        options: The options of the compilation.
        on_interrupt: What Ctrl-C does to the search.
    """
    objective, made_of = list(options.objective), options.architecture
    bound = ("width",) if made_of.neurons_per_width is None else ("width", "neurons")
    first = min((objective.index(name) for name in bound if name in objective), default=None)
    if made_of != TRACR and first is not None:
        objective[first] = STOCK_WIDTH
    return Search(
        tuple(objective), options.time_limit, options.seed, options.parallel, on_interrupt
    )


def parse_on_interrupt(on_interrupt: str) -> OnInterrupt:
    """What an interrupt is to do, checked.

    Raises:
        InputError: If it is unknown.
    """
    given = arguments.choice("on_interrupt", on_interrupt, ON_INTERRUPT)
    return "keep" if given == "keep" else "raise"


def parse_check(check: object) -> Check | None:
    """What `check` asks for; None for nothing.

    Raises:
        InputError: If it is neither "proof" nor "sample", True (a proof) nor False.
    """
    if isinstance(check, str) and check in list(Check):
        return Check(check)
    with suppress(InputError):
        return Check.PROOF if arguments.boolean("check", check) else None
    kinds = ", ".join(repr(kind.value) for kind in Check)
    return arguments.refuse("check", check, f"{kinds}, True for a proof, or False for no check")


def parse_objective(objective: str | Sequence[str]) -> tuple[str, ...]:
    """An objective such as "depth,width,neurons" as a tuple of names.

    Raises:
        InputError: If a name is unknown or repeats.
    """
    wanted = f"distinct names out of {', '.join(OBJECTIVES)}, the most important first"
    if isinstance(objective, str):
        listed = objective.split(",")
    else:
        listed = arguments.sequence("objective", objective, wanted, most=len(OBJECTIVES))
    parsed = tuple(arguments.text("an entry of objective", name).strip() for name in listed)
    unknown = [name for name in parsed if name not in OBJECTIVES]
    if unknown or not parsed or len(set(parsed)) < len(parsed):
        raise InputError(
            f"objective={arguments.shown(objective)} is no list of names that are known and "
            f"distinct; give {wanted}"
        )
    return parsed


def is_shallow(options: CompileOptions) -> bool:
    """Whether no other model is asked for than one of the least depth that there is."""
    return options.objective[0] == "depth" and options.limits == Limits()


def parse_limits(limits: Limits | Mapping[str, int] | None) -> Limits:
    """Limits given as a dict of layers, width, heads, head_size and neurons.

    Raises:
        InputError: If a name is unknown, or a number is no natural number.
    """
    if limits is None:
        return Limits()
    known = tuple(field.name for field in fields(Limits))
    wanted = f"a dict with natural numbers for some of {', '.join(known)}"
    if isinstance(limits, Limits):
        given: Mapping[Any, Any] = {name: getattr(limits, name) for name in known}
    else:
        given = arguments.instance("limits", limits, Mapping, wanted)
    for name in given:
        if name not in known:
            raise InputError(
                f"limit {arguments.shown(name)} is unknown; limits are {', '.join(known)}"
            )
    return Limits(
        **{
            name: arguments.integer(f"limit {name}", number, least=0)
            for name, number in given.items()
            if number is not None
        }
    )
