"""Small programs that are gone through on every input: random ones, and the library's."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from optitracr import domain, library, rasp
from optitracr.domain.binding import bound
from optitracr.graph.build import build_graph
from optitracr.graph.inputs import Inputs
from optitracr.graph.values import sort_values
from optitracr.library.random_programs import Feature, random_program
from optitracr.library.rare_programs import random_rare_program

MOST_INPUTS = 1_000
"""Inputs of one program, all of its domain: a program takes some hundredths of a second."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A program and the inputs on which it is looked at.

    Attributes:
        name: What messages call it.
        program: The output.
        inputs: The inputs.
    """

    name: str
    program: rasp.SOp
    inputs: Inputs


def old_program(seed: int) -> Asked:
    """A program of the first generator; every other one in the causal reading."""
    made = random_program(seed, 3 + seed % 7, 2 + seed % 2, 3 + seed % 3, list(Feature))
    return Asked(f"old {seed}", made.program, Inputs(made.vocab, made.max_seq_len, bool(seed % 2)))


def rare_program(seed: int) -> Asked:
    """A program that behaves in rare ways, on so few tokens that all inputs can be gone through."""
    made = random_rare_program(seed)
    draw = random.Random(f"occurring {seed}")
    inputs = _few_inputs(made.vocab, made.max_seq_len, bool(draw.randrange(2)), draw)
    return Asked(f"rare {seed}", made.program, inputs)


def library_program(seed: int) -> Asked:
    """A program of the library, on few tokens too, in the reading that it is for."""
    entries = list(library.programs())
    entry = entries[seed % len(entries)]
    draw = random.Random(f"occurring {seed}")
    inputs = _few_inputs(sort_values(entry.vocab), entry.max_seq_len, entry.causal, draw)
    return Asked(entry.name, entry.make(), inputs)


def promising_program(seed: int) -> Asked:
    """A program with promises: of some selectors that they select one key, and of its inputs."""
    draw = random.Random(f"promising {seed}")
    asked = (rare_program if draw.randrange(2) else old_program)(10_000 + seed)
    for _, sop in build_graph(asked.program).expressions:
        if isinstance(sop, rasp.Aggregate | rasp.SelectorWidth) and draw.randrange(2):
            sop.selector = rasp.at_most_one(sop.selector)
    vocabulary, longest = asked.inputs.vocabulary, asked.inputs.max_seq_len
    parts = (
        domain.exactly_one(draw.choice(vocabulary)),
        domain.at_most_one(draw.choice(vocabulary)),
        domain.at_least_one(draw.choice(vocabulary)),
        domain.lengths(draw.randint(1, longest), longest),
    )
    first, second = draw.sample(parts, 2)
    promise = (first & second, first | second, first, None)[draw.randrange(4)]
    language = None if promise is None else bound(promise, vocabulary, longest, None)
    return Asked(f"promising {seed}", asked.program, replace(asked.inputs, domain=language))


def _few_inputs(vocab: Sequence[Any], most: int, causal: bool, draw: random.Random) -> Inputs:
    """Inputs of some length over some of the tokens, so few that all can be gone through."""
    longest = min(most, draw.randint(3, 8))
    tokens = min(int(MOST_INPUTS ** (1 / longest)), len(vocab))
    kept = set(draw.sample(range(len(vocab)), tokens))
    return Inputs(tuple(x for place, x in enumerate(vocab) if place in kept), longest, causal)


GENERATORS: Mapping[str, Callable[[int], Asked]] = {
    "old": old_program,
    "rare": rare_program,
    "library": library_program,
    "promising": promising_program,
}
"""Where programs come from: both generators of random ones, the library, and random ones with
promises."""
