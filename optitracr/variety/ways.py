"""In what ways models of one program differ, and the compilations that each of them tries."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import repeat

from optitracr import arguments
from optitracr.architectures.architecture import parse_architecture
from optitracr.architectures.classes import stock_class
from optitracr.candidates.families import Family
from optitracr.levels import LEVELS
from optitracr.options import DEFAULT_OBJECTIVE, LARGEST_SEED, OBJECTIVES, CompileOptions


class Way(StrEnum):
    """A way in which models of one program differ."""

    CIRCUITS = "circuits"
    """Other components: those that share the least with the models before, by the solver."""
    LEVELS = "levels"
    """Another level of optimisation."""
    FAMILIES = "families"
    """Without one family of candidates."""
    OBJECTIVES = "objectives"
    """Another size is minimised first."""
    SEEDS = "seeds"
    """Another seed of the solver, which finds another of the models of the same sizes."""
    ARCHITECTURES = "architectures"
    """A published architecture: GPT-2, Llama."""
    ROTATIONS = "rotations"
    """A published architecture whose residual stream is turned, so that no column is one
    variable's."""


DEFAULT_WAYS = (Way.CIRCUITS, Way.OBJECTIVES, Way.LEVELS, Way.FAMILIES, Way.SEEDS)
"""What every program has: published architectures are for causal readings."""

PUBLISHED = ("gpt2", "llama")
"""Architectures that a program is compiled for, if it was compiled for none of these."""

TURNS = 4
"""Rotations of each architecture: any number differ, and all in the same way."""

SEEDS = 8
"""Seeds that are tried: the solver finds few models of the same sizes, and most seeds the first."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One compilation that may give another model.

    Attributes:
        way: In what way it differs.
        told: How, in words.
        options: Its options.
        rotate: Seed of a rotation of the stream; None for none.
        differs: Whether the solver looks for what shares the least with the models before.
    """

    way: Way
    told: str
    options: CompileOptions
    rotate: int | None = None
    differs: bool = False


def parse_ways(ways: Collection[str] | str) -> tuple[Way, ...]:
    """Ways by name, in the order given.

    Raises:
        InputError: If there is no such one.
    """
    known = [way.value for way in Way]
    names = arguments.names("ways", ways, known, f"ways to differ: {', '.join(known)}")
    return tuple(Way(name) for name in dict.fromkeys(names))


def trials_of(way: Way, options: CompileOptions) -> Iterator[Trial]:
    """The compilations that a way tries, one after another.

    Args:
        way: The way.
        options: Those of the first model.
    """
    return _TRIALS[way](options)


def _circuits(options: CompileOptions) -> Iterator[Trial]:
    return repeat(Trial(Way.CIRCUITS, "another circuit", options, differs=True))


def _levels(options: CompileOptions) -> Iterator[Trial]:
    for level in sorted(LEVELS, reverse=True):
        if level != options.optimize:
            yield Trial(Way.LEVELS, f"level {level}", replace(options, optimize=level))


def _families(options: CompileOptions) -> Iterator[Trial]:
    for family in Family:
        if family.value not in options.without:
            left_out = {*options.without, family.value}
            without = tuple(each.value for each in Family if each.value in left_out)
            yield Trial(Way.FAMILIES, f"without {family}", replace(options, without=without))


def _objectives(options: CompileOptions) -> Iterator[Trial]:
    for first in OBJECTIVES:
        objective = (first, *(name for name in DEFAULT_OBJECTIVE if name != first))
        if objective != options.objective:
            told = f"objective {','.join(objective)}"
            yield Trial(Way.OBJECTIVES, told, replace(options, objective=objective))


def _seeds(options: CompileOptions) -> Iterator[Trial]:
    for seed in range(options.seed + 1, min(options.seed + 1 + SEEDS, LARGEST_SEED)):
        yield Trial(Way.SEEDS, f"seed {seed}", replace(options, seed=seed))


def _published(options: CompileOptions) -> Iterator[tuple[str, CompileOptions]]:
    """The published architectures, each with its options."""
    for name in PUBLISHED:
        made_of = parse_architecture(name)
        causal = options.causal or made_of.causal
        yield name, replace(options, architecture=made_of, causal=causal)


def _architectures(options: CompileOptions) -> Iterator[Trial]:
    for name, other in _published(options):
        if other.architecture != options.architecture:
            yield Trial(Way.ARCHITECTURES, name, other)


def _rotations(options: CompileOptions) -> Iterator[Trial]:
    own = stock_class(options.architecture)
    each = [("", options)] if own is not None else list(_published(options))
    for turn in range(TURNS):
        for name, other in each:
            told = f"{name} rotated with seed {turn}".strip()
            yield Trial(Way.ROTATIONS, told, other, rotate=turn)


_TRIALS: dict[Way, Callable[[CompileOptions], Iterator[Trial]]] = {
    Way.CIRCUITS: _circuits,
    Way.LEVELS: _levels,
    Way.FAMILIES: _families,
    Way.OBJECTIVES: _objectives,
    Way.SEEDS: _seeds,
    Way.ARCHITECTURES: _architectures,
    Way.ROTATIONS: _rotations,
}
