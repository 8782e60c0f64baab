"""Programs that calculate, on positions and on numbers written with tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from optitracr.errors import ProgramError
from optitracr.library.checked import checked
from optitracr.library.copying import shift_by
from optitracr.library.idioms import count_if, count_so_far, position_if, token_is
from optitracr.library.program import LINDNER, Program
from optitracr.rasp import (
    Aggregate,
    Comparison,
    Full,
    Map,
    Select,
    SelectorWidth,
    SequenceMap,
    SOp,
    Value,
    indices,
    numerical,
    tokens,
)


@checked
def make_nary_sequencemap(f: Callable[..., Value], *sops: SOp) -> SOp:
    """`f` of any number of s-ops at each position, by way of tuples of their values."""
    if not sops:
        raise ProgramError("make_nary_sequencemap: there is no s-op; give at least one")
    gathered: SOp = Map(lambda x: (x,), sops[0])
    if len(sops) > 1:
        gathered = SequenceMap(lambda x, y: (x, y), sops[0], sops[1]).named("tuple")
    for sop in sops[2:]:
        gathered = SequenceMap(lambda xs, y: (*xs, y), gathered, sop).named("tuple")
    return Map(lambda xs: f(*xs), gathered).named("nary_sequencemap")


def make_position_parity() -> SOp:
    """The index modulo 2."""
    return (indices % 2).named("position_parity")


def make_fizzbuzz() -> SOp:
    """The position from 1: fizz if 3 divides it, buzz if 5, fizzbuzz if both, else itself."""

    def say(i: int) -> Any:
        return "fizz" * ((i + 1) % 3 == 0) + "buzz" * ((i + 1) % 5 == 0) or str(i + 1)

    return Map(say, indices).named("fizzbuzz")


@checked
def make_sum_modulo(modulus: int) -> SOp:
    """The sum of all digits modulo `modulus`, for digits 0, 1 and 2."""
    ones, twos = count_if(token_is(1), tokens), count_if(token_is(2), tokens)
    return SequenceMap(lambda x, y: (x + 2 * y) % modulus, ones, twos).named("sum_modulo")


def make_running_sum() -> SOp:
    """The sum of the digits up to each position, for digits 0, 1 and 2."""
    ones, twos = count_so_far(token_is(1), tokens), count_so_far(token_is(2), tokens)
    return (ones + 2 * twos).named("running_sum")


def make_difference() -> SOp:
    """Each number less the one before it, None at the start."""
    return SequenceMap(lambda p, x: x - p, shift_by(1, tokens), tokens).named("difference")


def make_mean() -> SOp:
    """The mean of all numbers."""
    everywhere = Select(indices, indices, Comparison.TRUE)
    return numerical(Aggregate(everywhere, numerical(tokens), default=0)).named("mean")


def make_increment() -> SOp:
    """The binary number plus one, without the bit that it would overflow into."""
    zeros_after = SelectorWidth(Select(position_if(token_is("0"), tokens), indices, Comparison.GT))
    flipped = {"0": "1", "1": "0"}
    return SequenceMap(lambda x, n: x if n else flipped[x], tokens, zeros_after).named("increment")


def _digit_at(position: int, base: int) -> SOp:
    """The value of the digit at a fixed position, None if there is none."""
    token = Aggregate(Select(indices, Full(position), Comparison.EQ), tokens)
    return Map({str(digit): digit for digit in range(base)}.get, token).named(f"digit_{position}")


@checked
def make_addition(width: int, base: int = 2) -> SOp:
    """The sum of two numbers of `width` digits with one token, a "+", between them.

    The digits of the sum stand at the end of the output, with zeros before them. It is None
    where some digit is missing.
    """
    start = width + 1
    terms: list[SOp] = []
    for first in (0, start):
        term = _digit_at(first, base)
        for position in range(first + 1, first + width):
            term = SequenceMap(lambda x, y: base * x + y, term, _digit_at(position, base))
        terms.append(term.named("term"))
    total = (terms[0] + terms[1]).named("total")
    size = 2 * width + 1
    digit = SequenceMap(lambda n, i: str(n // base ** (size - 1 - i) % base), total, indices)
    return digit.named("addition")


def make_carries() -> SOp:
    """Whether a carry leaves each column of the sum of two binary numbers.

    The token is the sum of a column, 0, 1 or 2; the least significant column comes first.
    A column of 1 passes a carry on, so the last column that is no 1 decides.
    """
    decided = count_so_far(lambda x: x != 1, tokens).named("decided")
    made = SequenceMap(lambda x, n: n if x == 2 else None, tokens, decided).named("made")
    return (SelectorWidth(Select(made, decided, Comparison.EQ)) > 0).named("carries")


BITS, TERNARY = tuple("01"), (0, 1, 2)

PROGRAMS = (
    Program(
        "nary_sequencemap",
        lambda: make_nary_sequencemap(lambda x, y, z: x + y - z, tokens, tokens, indices),
        "make_nary_sequencemap(lambda x, y, z: x + y - z, tokens, tokens, indices)",
        "twice the token less its position",
        (1, 2, 3),
        5,
        LINDNER,
    ),
    Program(
        "position_parity",
        make_position_parity,
        "make_position_parity()",
        "the index modulo 2",
        tuple("ab"),
        8,
    ),
    Program(
        "fizzbuzz",
        make_fizzbuzz,
        "make_fizzbuzz()",
        "fizz, buzz, fizzbuzz or the position, from 1",
        ("a",),
        20,
    ),
    Program(
        "sum_modulo",
        lambda: make_sum_modulo(3),
        "make_sum_modulo(3)",
        "the sum of all digits modulo 3",
        TERNARY,
        6,
    ),
    Program(
        "running_sum",
        make_running_sum,
        "make_running_sum()",
        "the sum of the digits up to here",
        TERNARY,
        6,
    ),
    Program(
        "difference",
        make_difference,
        "make_difference()",
        "each number less the one before",
        (1, 2, 3, 4),
        6,
    ),
    Program("mean", make_mean, "make_mean()", "the mean of all numbers", (-1, 0, 2, 3), 5),
    Program(
        "increment",
        make_increment,
        "make_increment()",
        "a binary number plus one",
        BITS,
        8,
    ),
    Program(
        "addition",
        lambda: make_addition(2),
        "make_addition(2)",
        "the sum of two binary numbers of two digits, as in 11+01",
        tuple("01+"),
        5,
    ),
    Program(
        "carries",
        make_carries,
        "make_carries()",
        "whether a carry leaves each column of a binary sum",
        TERNARY,
        6,
    ),
)
