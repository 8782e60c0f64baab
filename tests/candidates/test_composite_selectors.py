"""Composite selectors at every level: on every input where these are few, and at usual sizes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from optitracr import compile_rasp_to_model, rasp
from optitracr.rasp import Aggregate, Comparison, Select, SelectorWidth, indices, tokens

SAME = Select(tokens, tokens, Comparison.EQ)
EARLIER = Select(indices, indices, Comparison.LT)
SO_FAR = Select(indices, indices, Comparison.LEQ)
LEVELS = (0, 1, 2)


def previous() -> rasp.SOp:
    return Aggregate(Select(indices, indices, lambda k, q: k == q - 1), tokens)


def copies() -> rasp.SOp:
    """Earlier copies of each token."""
    return SelectorWidth(SAME & EARLIER)


def first_so_far() -> rasp.SOp:
    """How often the first token of the vocabulary has occurred."""
    return SelectorWidth(Select(tokens, rasp.Full(0), Comparison.EQ) & SO_FAR)


def other_copies() -> rasp.SOp:
    """Earlier copies of each token but the first of the vocabulary: three conditions."""
    return SelectorWidth(SAME & EARLIER & Select(tokens, rasp.Full(0), Comparison.NEQ))


def mean_of_copies() -> rasp.SOp:
    number = rasp.numerical(rasp.Map(lambda i: float(i % 3), indices))
    return rasp.numerical(Aggregate(SAME & SO_FAR, number, default=0))


def negated() -> rasp.SOp:
    """A negation of a disjunction, which is a conjunction."""
    other = Select(tokens, tokens, Comparison.NEQ)
    return SelectorWidth(~(other | Select(indices, indices, Comparison.GEQ)))


def partly_disjoint() -> rasp.SOp:
    """A condition, and a disjunction over several variables."""
    half = rasp.Map(lambda i: i // 2, indices)
    either = Select(half, half, Comparison.EQ) | Select(indices, rasp.Full(0), Comparison.EQ)
    return SelectorWidth(SAME & either)


def after_such() -> rasp.SOp:
    """How many earlier positions come after a token like this: its key is None at the first."""
    return SelectorWidth(Select(previous(), tokens, Comparison.EQ) & EARLIER)


def recall() -> rasp.SOp:
    """What followed the last earlier token like this."""
    before = previous()
    found = SelectorWidth(Select(before, tokens, Comparison.EQ) & SO_FAR)
    rank = SelectorWidth(Select(before, before, Comparison.EQ) & SO_FAR)
    last = Select(rank, found, Comparison.EQ)
    return Aggregate(Select(before, tokens, Comparison.EQ) & last, tokens)


def last_of_depth() -> rasp.SOp:
    """The last earlier position of the same depth of brackets, by 0 and 1."""
    opened = first_so_far()
    closed = SelectorWidth(Select(tokens, rasp.Full(1), Comparison.EQ) & SO_FAR)
    depth = rasp.SequenceMap(lambda x, y: x - y, opened, closed)
    alike = Select(depth, depth, Comparison.EQ)
    seen = SelectorWidth(alike & EARLIER)
    return Aggregate(alike & Select(seen, seen, lambda k, q: k == q - 1), indices)


KINDS = (
    copies,
    first_so_far,
    other_copies,
    mean_of_copies,
    negated,
    partly_disjoint,
    after_such,
    recall,
    last_of_depth,
)


@pytest.mark.sweep
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("make", KINDS)
def test_composite_selectors_are_exact(
    make: Callable[[], rasp.SOp], level: int, causal: bool
) -> None:
    model = compile_rasp_to_model(
        make(), set(range(9)), 3, causal=causal, optimize=level, check=False
    )
    assert model.verify(max_inputs=1_000).exhaustive


@pytest.mark.sweep
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("make", [first_so_far, copies, other_copies])
def test_counts_of_earlier_copies_take_no_joint_variables(
    make: Callable[[], rasp.SOp], level: int
) -> None:
    count, positions = 65, 30
    model = compile_rasp_to_model(make(), set(range(count)), positions, optimize=level)
    assert model.size.layers <= 2
    assert model.size.width <= count + 2 * positions + 10
    assert model.size.neurons <= 3 * positions + 2
    same, different = [7] * positions, list(range(positions))
    ends = [0] * 29 + [1], [1] + [0] * 29, [7, 8] * 15
    for sequence in (same, different, *ends):
        expected = make()(sequence)
        assert list(model.apply(["compiler_bos", *sequence]).decoded[1:]) == expected


@pytest.mark.parametrize("level", LEVELS)
def test_sizes_hold_for_a_hundred_tokens_and_sixty_positions(level: int) -> None:
    model = compile_rasp_to_model(copies(), set(range(100)), 64, optimize=level, check=False)
    assert model.size.layers == 1
    assert model.size.width <= 100 + 2 * 64 + 10
    assert list(model.apply(["compiler_bos", *[3] * 64]).decoded[1:]) == list(range(64))


@pytest.mark.parametrize(
    "place",
    [
        SelectorWidth(Select(tokens, tokens, Comparison.LT) | (SAME & EARLIER)),
        SelectorWidth(Select(tokens, tokens, Comparison.GT) | (SAME & EARLIER)),
        SelectorWidth(Select(tokens, tokens, Comparison.LT)) + copies(),
    ],
    ids=["ascending", "descending", "in two counts"],
)
def test_sorting_many_positions_takes_no_joint_variables(place: rasp.SOp) -> None:
    program = Aggregate(Select(place, indices, Comparison.EQ), tokens)
    model = compile_rasp_to_model(program, set(range(8)), 24, check=False)
    assert model.size.width <= 8 + 24 + 10
    for sequence in ([7, 0] * 12, [3] * 24, list(range(8)) * 3, [5]):
        assert list(model.apply(["compiler_bos", *sequence]).decoded[1:]) == program(sequence)
