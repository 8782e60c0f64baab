"""Inputs on which a model is likely to go wrong, made by hand for any vocabulary and length."""

from __future__ import annotations

import random
from collections.abc import Iterator

from hard_set.program import Hard, Tokens

RANDOM = 8
"""Random inputs of each kind: the check of the compiler draws its own."""


def hard_inputs(program: Hard) -> list[Tokens]:
    """The program's own inputs, and those made for all, without repetitions."""
    own = [tokens for tokens in program.inputs if len(tokens) <= program.length]
    made = _made(program.vocab, program.length, random.Random(program.name))
    return list(dict.fromkeys((*own, *made)))


def _made(vocab: Tokens, length: int, chance: random.Random) -> Iterator[Tokens]:
    first, second, last = vocab[0], vocab[min(1, len(vocab) - 1)], vocab[-1]
    cycle = tuple(vocab[i % len(vocab)] for i in range(length))
    for size in sorted({1, 2, length // 2, length - 1, length} - {0}):
        yield (first,) * size
        yield (last,) * size
        yield cycle[:size]
        yield cycle[::-1][:size]
        yield ((first, second) * size)[:size]
        yield ((first,) * (size // 2) + (last,) * size)[:size]
    yield from _counted(first, last, length)
    yield from _drawn(vocab, length, chance)


def _counted(first: object, last: object, length: int) -> Iterator[Tokens]:
    """Each number of copies of a token, at both ends of an input of full length."""
    for count in range(1, length):
        yield (first,) * count + (last,) * (length - count)
        yield (last,) * (length - count) + (first,) * count


def _drawn(vocab: Tokens, length: int, chance: random.Random) -> Iterator[Tokens]:
    few = vocab[: max(2, len(vocab) // 8)]
    for _ in range(RANDOM):
        yield tuple(chance.choices(vocab, k=length))
        yield tuple(chance.choices(few, k=length))
        yield tuple(chance.choices(vocab, k=chance.randint(1, length)))
        yield tuple(chance.sample(vocab, min(length, len(vocab))))
        block = chance.choices(vocab, k=max(1, length // 4))
        yield tuple((block * 4)[:length])
