"""Numbers: sorting, extremes, arithmetic with digits, ciphers, means."""

from __future__ import annotations

from hard_set.program import (
    LETTERS,
    NUMERALS,
    Hard,
    at,
    before,
    count_of,
    earlier_equals,
    everywhere,
    first,
    last_where,
    length,
    mean,
    running_count,
    shift,
    so_far,
    total,
)
from optitracr import rasp
from optitracr.rasp import Comparison, SOp

SORTING, ARITHMETIC, MEANS = "sorting", "arithmetic", "means"


def place() -> SOp:
    """The place of each token in ascending order, equal ones in order of position."""
    smaller = rasp.Select(rasp.tokens, rasp.tokens, Comparison.LT)
    equal = rasp.Select(rasp.tokens, rasp.tokens, Comparison.EQ)
    return rasp.SelectorWidth(rasp.SelectorOr(smaller, rasp.SelectorAnd(equal, before())))


def sort() -> SOp:
    return rasp.Aggregate(rasp.Select(place(), rasp.indices, Comparison.EQ), rasp.tokens)


def sort_descending() -> SOp:
    goal = rasp.SequenceMap(lambda n, p: n - 1 - p, length(), place())
    return rasp.Aggregate(rasp.Select(goal, rasp.indices, Comparison.EQ), rasp.tokens)


def sort_by_frequency() -> SOp:
    """The tokens by how often they occur, rare ones first, then by position."""
    hist = rasp.SelectorWidth(rasp.Select(rasp.tokens, rasp.tokens, Comparison.EQ))
    rarer = rasp.Select(hist, hist, Comparison.LT)
    equal = rasp.SelectorAnd(rasp.Select(hist, hist, Comparison.EQ), before())
    goal = rasp.SelectorWidth(rasp.SelectorOr(rarer, equal))
    return rasp.Aggregate(rasp.Select(goal, rasp.indices, Comparison.EQ), rasp.tokens)


def sort_keys() -> SOp:
    """The values at odd positions in the order of the keys before them."""
    key = rasp.SequenceMap(lambda k, i: k if i % 2 else None, shift(rasp.tokens), rasp.indices)
    smaller = rasp.SelectorWidth(rasp.Select(key, key, lambda k, q: k < q))
    goal = rasp.SequenceMap(lambda k, n: n, key, smaller)
    return rasp.Aggregate(rasp.Select(goal, rasp.indices, Comparison.EQ), rasp.tokens)


def median() -> SOp:
    return rasp.Aggregate(rasp.Select(place(), (length() - 1) // 2, Comparison.EQ), rasp.tokens)


def second_largest() -> SOp:
    return rasp.Aggregate(rasp.Select(place(), length() - 2, Comparison.EQ), rasp.tokens)


def running_maximum() -> SOp:
    """The largest number up to here."""
    larger = rasp.Select(rasp.tokens, rasp.tokens, Comparison.GT)
    exceeded = rasp.SelectorWidth(rasp.SelectorAnd(larger, before()))
    return at(last_where(exceeded == 0), rasp.tokens)


def running_minimum() -> SOp:
    smaller = rasp.Select(rasp.tokens, rasp.tokens, Comparison.LT)
    exceeded = rasp.SelectorWidth(rasp.SelectorAnd(smaller, before()))
    return at(last_where(exceeded == 0), rasp.tokens)


def records() -> SOp:
    """How many numbers so far were larger than all before them."""
    at_least = rasp.Select(rasp.tokens, rasp.tokens, Comparison.GEQ)
    exceeded = rasp.SelectorWidth(rasp.SelectorAnd(at_least, before()))
    return running_count(lambda n: n == 0, exceeded)


def argmax() -> SOp:
    """Where the largest number stands first."""
    larger = rasp.SelectorWidth(rasp.Select(rasp.tokens, rasp.tokens, Comparison.GT))
    top = larger == 0
    numbered = rasp.SequenceMap(lambda t, n: n if t else None, top, running_count(bool, top))
    return rasp.Aggregate(rasp.Select(numbered, rasp.tokens, lambda k, q: k == 1), rasp.indices)


def rank() -> SOp:
    """How many different tokens are smaller."""
    new = rasp.SequenceMap(lambda x, n: x if n == 0 else None, rasp.tokens, earlier_equals())
    return rasp.SelectorWidth(rasp.Select(new, rasp.tokens, lambda k, q: k < q))


def columns() -> SOp:
    """The sum of the digits of a column: the input is two numbers, their digits in turns."""
    return shift(rasp.tokens, default=0) + rasp.tokens


def addition(base: int) -> SOp:
    """The digits of the sum of two numbers, lowest first, whose digits stand in turns.

    A column adds up to base or more, or passes on the carry of the last column before it
    that does not add up to base - 1. The digit stands at the second digit of its column.
    """
    second = rasp.Map(lambda i: i % 2 == 1, rasp.indices)
    column = rasp.SequenceMap(lambda s, here: s if here else None, columns(), second)
    decides = rasp.Map(lambda s: s != base - 1, column)
    up_to = running_count(bool, decides)
    decided = rasp.SelectorWidth(
        rasp.SelectorAnd(rasp.Select(decides, decides, lambda k, q: bool(k)), before())
    )
    number = rasp.SequenceMap(lambda d, n: n if d else None, decides, up_to)
    source = rasp.Aggregate(rasp.Select(number, decided, Comparison.EQ), column, default=0)
    carry = rasp.Map(lambda s: int(s >= base), source)
    return rasp.SequenceMap(lambda s, c: (s + c) % base, column, carry)


def fixed_addition(width: int) -> SOp:
    """The sum of two numbers of that many digits, one after the other."""
    left = total(
        10 ** (width - 1 - i) * rasp.Aggregate(_fixed(i), rasp.tokens) for i in range(width)
    )
    right = total(
        10 ** (width - 1 - i) * rasp.Aggregate(_fixed(width + i), rasp.tokens) for i in range(width)
    )
    return left + right


def _fixed(place_of: int) -> rasp.Selector:
    return rasp.Select(rasp.indices, rasp.indices, lambda k, q: k == place_of)


def times(factor: int) -> SOp:
    """A number times a small one, lowest digit first, one carry deep."""
    product = rasp.Map(lambda x: x * factor, rasp.tokens)
    carried = rasp.Map(lambda p: p // 10, shift(product, default=0))
    return rasp.SequenceMap(lambda p, c: (p + c) % 10, product, carried)


def increment() -> SOp:
    """A number plus one, lowest digit last."""
    others = rasp.Select(rasp.tokens, rasp.tokens, lambda k, q: k != 9)
    later = rasp.Select(rasp.indices, rasp.indices, Comparison.GT)
    after = rasp.SelectorWidth(rasp.SelectorAnd(others, later))
    return rasp.SequenceMap(lambda x, n: x if n else (x + 1) % 10, rasp.tokens, after)


def binary_value(modulus: int) -> SOp:
    """A binary number, lowest bit first, modulo a number."""
    weight = rasp.SequenceMap(lambda x, i: pow(2, i, modulus) * x, rasp.tokens, rasp.indices)
    counts = [
        value * count_of(lambda k, value=value: k == value, weight) for value in range(1, modulus)
    ]
    return total(counts) % modulus


def binary_small() -> SOp:
    """The value of a binary number of up to six bits, lowest first."""
    weight = rasp.SequenceMap(lambda x, i: x << i, rasp.tokens, rasp.indices)
    return rasp.SequenceMap(lambda m, n: round(m * n), mean(everywhere(), weight), length())


def running_sum(modulus: int) -> SOp:
    """The sum of the digits so far, modulo a number."""
    summed = total(
        digit * running_count(lambda x, digit=digit: x == digit) for digit in range(1, 5)
    )
    return summed % modulus


def caesar() -> SOp:
    """The text moved through the alphabet by the place of the first letter."""
    return rasp.SequenceMap(
        lambda x, k: LETTERS[(LETTERS.index(x) + LETTERS.index(k)) % 26],
        rasp.tokens,
        first(rasp.tokens),
    )


def vigenere() -> SOp:
    """The text moved by a key of three letters in turn, the first three tokens."""
    source = rasp.Map(lambda i: i % 3, rasp.indices)
    return rasp.SequenceMap(
        lambda x, k: LETTERS[(LETTERS.index(x) + LETTERS.index(k)) % 26],
        rasp.tokens,
        at(source, rasp.tokens),
    )


def difference() -> SOp:
    """Each number less the one before it."""
    return rasp.tokens - shift(rasp.tokens)


def pair_sums(goal: int) -> SOp:
    """How many numbers make the goal together with the one here."""
    return rasp.SelectorWidth(rasp.Select(rasp.tokens, rasp.tokens, lambda k, q: k + q == goal))


def share_so_far(token: rasp.Value) -> SOp:
    return mean(so_far(), rasp.tokens == token)


def above_mean() -> SOp:
    """Whether a number is above the mean of all."""
    return rasp.SequenceMap(lambda x, m: x > m, rasp.tokens, mean(everywhere(), rasp.tokens))


def window_mean(width: int) -> SOp:
    """The mean of the last few numbers."""
    window = rasp.Select(rasp.indices, rasp.indices, lambda k, q: q - width < k <= q)
    return mean(window, rasp.tokens)


def quantised(steps: int) -> SOp:
    """The share of a token so far, in steps."""
    return rasp.Map(lambda m: round(steps * m), share_so_far("a"))


def mostly(token: rasp.Value) -> SOp:
    """Whether a token fills more than 60 % of what was read so far."""
    return share_so_far(token) > 0.6


def mean_of_numbers() -> SOp:
    return mean(everywhere(), rasp.tokens)


def rounded_mean() -> SOp:
    """The mean of all numbers, rounded."""
    return rasp.Map(round, mean_of_numbers())


def mean_position(token: rasp.Value) -> SOp:
    """The mean of the positions of a token."""
    return mean(rasp.Select(rasp.tokens, rasp.tokens, lambda k, q: k == token), rasp.indices)


TENS = ((9, 9, 0, 0, 9, 1, 5, 5), (9,) * 16, (4, 5) * 8, (5, 4, 5, 5))
CARRIES = (*TENS, (1, 9, *(4, 5) * 8), (5, 5, 9, 0, 9, 0, 9, 0, 9, 0))

PROGRAMS = (
    Hard("sort_26_20", SORTING, sort, LETTERS, 20),
    Hard("sort_100_40", SORTING, sort, tuple(range(100)), 40),
    Hard("sort_descending_20_30", SORTING, sort_descending, tuple(range(20)), 30),
    Hard("sort_by_frequency_10_20", SORTING, sort_by_frequency, LETTERS[:10], 20),
    Hard("sort_keys_20_20", SORTING, sort_keys, tuple(range(20)), 20),
    Hard("median_20_25", SORTING, median, tuple(range(20)), 25),
    Hard("second_largest_30_20", SORTING, second_largest, tuple(range(30)), 20),
    Hard("running_maximum_20_20", SORTING, running_maximum, tuple(range(20)), 20),
    Hard("running_minimum_50_32", SORTING, running_minimum, tuple(range(50)), 32),
    Hard("records_30_40", SORTING, records, tuple(range(30)), 40),
    Hard("argmax_40_40", SORTING, argmax, tuple(range(40)), 40),
    Hard("rank_26_30", SORTING, rank, LETTERS, 30),
    Hard("addition_in_turns_20", ARITHMETIC, lambda: addition(10), NUMERALS, 20, CARRIES),
    Hard("addition_in_turns_binary_48", ARITHMETIC, lambda: addition(2), (0, 1), 48),
    Hard("addition_of_3_digits", ARITHMETIC, lambda: fixed_addition(3), NUMERALS, 6, TENS),
    Hard("times_3_20", ARITHMETIC, lambda: times(3), NUMERALS, 20, TENS),
    Hard("increment_32", ARITHMETIC, increment, NUMERALS, 32, TENS),
    Hard("binary_mod_5_24", ARITHMETIC, lambda: binary_value(5), (0, 1), 24),
    Hard("binary_of_6_bits", ARITHMETIC, binary_small, (0, 1), 6),
    Hard("running_sum_mod_5_32", ARITHMETIC, lambda: running_sum(5), tuple(range(5)), 32),
    Hard("caesar_26_32", ARITHMETIC, caesar, LETTERS, 32),
    Hard("vigenere_26_24", ARITHMETIC, vigenere, LETTERS, 24),
    Hard("difference_50_32", ARITHMETIC, difference, tuple(range(50)), 32),
    Hard("pair_sums_50_40", ARITHMETIC, lambda: pair_sums(49), tuple(range(50)), 40),
    Hard("share_so_far_26_64", MEANS, lambda: share_so_far("a"), LETTERS, 64),
    Hard("above_mean_10_20", MEANS, above_mean, NUMERALS, 20),
    Hard("window_mean_4_20_40", MEANS, lambda: window_mean(4), tuple(range(20)), 40),
    Hard("quantised_10_26_40", MEANS, lambda: quantised(10), LETTERS, 40),
    Hard("mostly_a_26_64", MEANS, lambda: mostly("a"), LETTERS, 64),
    Hard("mean_of_numbers_50_64", MEANS, mean_of_numbers, tuple(range(50)), 64),
    Hard("rounded_mean_10_32", MEANS, rounded_mean, NUMERALS, 32),
    Hard("mean_position_26_40", MEANS, lambda: mean_position("a"), LETTERS, 40),
)
