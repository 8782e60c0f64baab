"""Random programs that behave in rare ways: what `random_programs` never draws.

    made = random_rare_program(seed=0)
    compile_rasp_to_model(made.program, made.vocab, made.max_seq_len)

Predicates that fire for one pair of 30 tokens, functions that are special at one position,
values that are equal and of several types, means that are values, defaults of every type,
hundreds of maps in a row, inputs of 128 tokens. The same seed gives the same program. Nothing
is left out because some compiler refuses it; sizes alone are bounded, so that value sets and
tables stay small. The interpreter defines each program on most inputs, and as a rule on all.
"""

from __future__ import annotations

import random
import string
from dataclasses import dataclass
from typing import Any

from optitracr import rasp
from optitracr.library.rare_programs import chains, graded, sops
from optitracr.library.rare_programs.functions import SpecialPair
from optitracr.library.rare_programs.maker import Maker, Typed, results

__all__ = ["RareProgram", "random_rare_program"]

NUMBERS = ((-2, -1, 0, 1, 2), (0, 1), (0.5, 1.5, 2.5), (1, 2, 3, 4), (-1.0, 0.0, 3.0))
"""Vocabularies of numbers: small ones, with and without 0, negative numbers and halves, so that
sums and means often meet."""


@dataclass(frozen=True, slots=True)
class RareProgram:
    """A random program and the setting that it is for.

    Attributes:
        program: The output.
        vocab: Tokens.
        max_seq_len: Longest input, BOS not counted.
        seed: What it was made from.
        shape: What kind of setting it has.
        kinds: What occurs in it.
    """

    program: rasp.SOp
    vocab: tuple[Any, ...]
    max_seq_len: int
    seed: int
    shape: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Shape:
    """A kind of setting: how many tokens, how long inputs, how many steps."""

    name: str
    weight: int
    tokens: tuple[int, int]
    lengths: tuple[int, int]
    steps: tuple[int, int]


SHAPES = (
    _Shape("few tokens", 30, (2, 4), (3, 6), (2, 7)),
    _Shape("many tokens", 30, (20, 40), (4, 10), (1, 5)),
    _Shape("numbers", 15, (0, 0), (3, 6), (2, 6)),
    _Shape("long", 12, (2, 5), (12, 24), (1, 3)),
    _Shape("very long", 2, (2, 3), (64, 128), (1, 1)),
    _Shape("deep", 9, (2, 3), (2, 4), (0, 1)),
)
"""Settings and how often each is drawn."""


def random_rare_program(seed: int) -> RareProgram:
    """A random program with rare behaviour.

    Args:
        seed: The same seed gives the same program.
    """
    rng = random.Random(f"rare {seed}")
    shape = rng.choices(SHAPES, [shape.weight for shape in SHAPES])[0]
    maker = Maker(rng, _vocabulary(rng, shape), rng.randint(*shape.lengths))
    if shape.name == "deep":
        chains.chain(maker)
    _grow(maker, rng.randint(*shape.steps), cheap=shape.name == "very long")
    _grade(maker, seed, cheap=shape.name == "very long")
    program = _folded(maker).sop
    kinds = tuple(sorted(maker.kinds))
    return RareProgram(program, maker.vocab, maker.length, seed, shape.name, kinds)


def _vocabulary(rng: random.Random, shape: _Shape) -> tuple[Any, ...]:
    if shape.name == "numbers":
        return rng.choice(NUMBERS)
    return tuple(string.ascii_letters[: rng.randint(*shape.tokens)])


CHEAP = (sops.special, sops.width, sops.copy, sops.share, sops.modular)
"""Kinds that stay small on 128 positions."""

RARELY = 0.01
"""Share of steps before which something comes that the language leaves open: so seldom that most
programs have none, and are compared on all inputs."""

TRIES = 8
"""Draws for each step: a kind may find nothing that fits it, and another one does as a rule."""


def _grow(maker: Maker, steps: int, cheap: bool) -> None:
    kinds = tuple((1, make) for make in CHEAP) if cheap else sops.KINDS
    weights = [weight for weight, _ in kinds]
    for _ in range(steps):
        if maker.chance(RARELY):
            maker.rng.choice(sops.RARELY)(maker)
        for _ in range(TRIES):
            if maker.rng.choices([make for _, make in kinds], weights)[0](maker) is not None:
                break


GRADED = 0.15
"""Share of programs that ask for a first, last or best key at the end: a dozen of every hundred."""


def _grade(maker: Maker, seed: int, cheap: bool) -> None:
    """A step more, drawn by itself, so that the other programs stay what they are."""
    rng = random.Random(f"graded {seed}")
    if cheap or rng.random() > GRADED:
        return
    maker.rng = rng
    for _ in range(TRIES):
        if rng.choice(graded.KINDS)(maker) is not None:
            break


def _folded(maker: Maker) -> Typed:
    """One output: of what nothing reads the last, or the last two where they go together."""
    unused = [maker.pool[place] for place in maker.unused] or [maker.tokens]
    last = unused[-1]
    for other in reversed(unused[:-1]):
        if not (last.values and other.values):
            continue
        hit, miss = maker.rng.choice([(True, False), ("yes", "no"), (1, 0)])
        at = maker.rng.choice(last.values), maker.rng.choice(other.values)
        function = SpecialPair(*at, hit, miss, maker.chance(0.4))
        values = results(function, last, other)
        if values is not None:
            return Typed(rasp.SequenceMap(function, last.sop, other.sop), values)
    return last
