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
        # The length is one for all programs, which are not to be promised anything.
        own = isinstance(sop, rasp.Aggregate | rasp.SelectorWidth) and sop is not rasp.length
        if own and draw.randrange(2):
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


def promised_program(seed: int) -> Asked:
    """Two heads by tokens of which some are promised to stand here or there."""
    draw = random.Random(f"promised {seed}")
    longest, signs = draw.randint(3, 5), ("+", "a", "b")
    counted = draw.choice((domain.exactly_one, domain.at_most_one, domain.at_least_one))
    other = draw.choice([domain.lengths(2, longest), domain.matches(r"[ab]*(\+.*)?")])
    parts = (counted(draw.choice(signs)), other)
    promise = parts[0] & parts[1] if draw.random() < 0.8 else parts[0] | parts[1]
    inputs = Inputs(signs, longest, bool(draw.randrange(2)), bound(promise, signs, longest))
    both = rasp.SequenceMap(lambda x, y: (x, y), _head(draw, signs), _head(draw, signs))
    return Asked(f"promised {seed}", both, inputs)


def _head(draw: random.Random, signs: Sequence[str]) -> rasp.SOp:
    """A count, a copy or a mean by a selector whose keys are functions of the token."""
    chosen = draw.choice(signs)
    flag = rasp.Map(lambda token: token == chosen or None, rasp.tokens)
    keys, queries = draw.choice(
        [(rasp.tokens, rasp.Full(chosen)), (flag, rasp.Full(True)), (rasp.tokens, rasp.tokens)]
    )
    compared = draw.choice((rasp.Comparison.EQ, rasp.Comparison.NEQ))
    selector: rasp.Selector = rasp.Select(keys, queries, compared)
    before = rasp.Select(rasp.indices, rasp.indices, rasp.Comparison.LEQ)
    selector = draw.choice([selector, selector, ~selector, selector & before, selector | before])
    match draw.randrange(4):
        case 0:
            return rasp.SelectorWidth(selector)
        case 1:
            return rasp.numerical(rasp.Aggregate(selector, rasp.numerical(rasp.indices), default=0))
        case 2:
            return rasp.Aggregate(selector, rasp.tokens)
        case _:
            return rasp.Aggregate(selector, rasp.indices)


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
    "promised": promised_program,
}
"""Where programs come from: both generators of random ones, the library, random ones with promises,
and heads by tokens that were promised something of."""
