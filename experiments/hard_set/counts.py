"""Functions of counts: parity, residues, check digits, majorities, frequencies."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from itertools import pairwise
from operator import and_

from hard_set.program import (
    ASCII,
    LETTERS,
    NUMERALS,
    Hard,
    count_of,
    earlier_equals,
    everywhere,
    length,
    mean,
    running_count,
    shift,
    so_far,
    total,
    words,
)
from optitracr import rasp
from optitracr.rasp import Comparison, SOp

KIND = "counts"


def is_token(token: rasp.Value) -> Callable[[rasp.Value], bool]:
    return lambda x: bool(x == token)


def parity(token: rasp.Value) -> SOp:
    return count_of(is_token(token)) % 2


def running_parity(token: rasp.Value) -> SOp:
    return running_count(is_token(token)) % 2


def residue(token: rasp.Value, modulus: int) -> SOp:
    return count_of(is_token(token)) % modulus


def count_by_mean(token: rasp.Value) -> SOp:
    """How often a token occurs, as the share of it times the length."""
    share = mean(everywhere(), rasp.tokens == token)
    return rasp.SequenceMap(lambda m, n: round(m * n), share, length())


def parity_by_mean(token: rasp.Value) -> SOp:
    return count_by_mean(token) % 2


def running_parity_by_mean(token: rasp.Value) -> SOp:
    share = mean(so_far(), rasp.tokens == token)
    count = rasp.SequenceMap(lambda m, i: round(m * (i + 1)), share, rasp.indices)
    return count % 2


def digit_sum() -> SOp:
    """The sum of the digits, as a sum of counts."""
    return total(digit * count_of(is_token(digit)) for digit in range(1, 10))


def digit_sum_by_mean() -> SOp:
    """The sum of the digits, as their mean times their number."""
    return rasp.SequenceMap(lambda m, n: round(m * n), mean(everywhere(), rasp.tokens), length())


def checksum(modulus: int) -> SOp:
    return digit_sum_by_mean() % modulus


def checksum_of_counts(modulus: int) -> SOp:
    return digit_sum() % modulus


def weighted_sum(weigh: Callable[[int, int], int]) -> SOp:
    """The sum of digits, each weighed by its place."""
    weighed = rasp.SequenceMap(weigh, rasp.tokens, rasp.indices)
    return rasp.SequenceMap(lambda m, n: round(m * n), mean(everywhere(), weighed), length())


def luhn() -> SOp:
    """Whether the last digit is the check digit of Luhn: from the right, each second doubled."""
    from_right = rasp.SequenceMap(lambda n, i: (n - 1 - i) % 2, length(), rasp.indices)
    worth = rasp.SequenceMap(
        lambda x, odd: sum(divmod(2 * x, 10)) if odd else x, rasp.tokens, from_right
    )
    summed = rasp.SequenceMap(lambda m, n: round(m * n), mean(everywhere(), worth), length())
    return summed % 10 == 0


def luhn_by_counts() -> SOp:
    """The same by counting how often each worth occurs."""
    from_right = rasp.SequenceMap(lambda n, i: (n - 1 - i) % 2, length(), rasp.indices)
    worth = rasp.SequenceMap(
        lambda x, odd: sum(divmod(2 * x, 10)) if odd else x, rasp.tokens, from_right
    )
    counts = [worth_count * count_of(is_token(worth_count), worth) for worth_count in range(1, 10)]
    return total(counts) % 10 == 0


def isbn10() -> SOp:
    """Whether ten digits are an ISBN: weighed by 10 down to 1, they add up to a multiple of 11."""
    return weighted_sum(lambda x, i: x * (10 - i)) % 11 == 0


def ean() -> SOp:
    """The check digit of an article number: digits weighed by 1 and 3 in turns."""
    return rasp.Map(lambda s: (10 - s % 10) % 10, weighted_sum(lambda x, i: x * (1 + 2 * (i % 2))))


def two_counts(modulus: int) -> SOp:
    """A mixture of two counts, modulo a number."""
    return rasp.SequenceMap(
        lambda a, b: (a + 2 * b) % modulus, count_of(is_token("a")), count_of(is_token("b"))
    )


def equal_counts(tokens: str) -> SOp:
    """Whether some tokens occur equally often."""
    counts = [count_of(is_token(token)) for token in tokens]
    good = [one == other for one, other in pairwise(counts)]
    return reduce(and_, good)


def majority(tokens: str) -> SOp:
    """The most frequent of some tokens, the first of equals."""
    best = rasp.Map(lambda n: (n, tokens[0]), count_of(is_token(tokens[0])))
    for token in tokens[1:]:
        best = rasp.SequenceMap(
            lambda b, n, token=token: (n, token) if n > b[0] else b, best, count_of(is_token(token))
        )
    return rasp.Map(lambda b: b[1], best)


def more_than_half(token: rasp.Value) -> SOp:
    return rasp.SequenceMap(lambda c, n: 2 * c > n, count_of(is_token(token)), length())


def histogram() -> SOp:
    return rasp.SelectorWidth(rasp.Select(rasp.tokens, rasp.tokens, Comparison.EQ))


def most_frequent() -> SOp:
    """Whether no token is more frequent than the one here."""
    hist = histogram()
    return rasp.SelectorWidth(rasp.Select(hist, hist, Comparison.GT)) == 0


def distinct() -> SOp:
    """How many different tokens there are."""
    return count_of(lambda n: n == 0, earlier_equals())


def distinct_so_far() -> SOp:
    return running_count(lambda n: n == 0, earlier_equals())


def parity_of_distinct() -> SOp:
    return distinct() % 2


def vowels_and_consonants() -> SOp:
    """Which of vowels and consonants are more."""
    vowels = count_of(lambda x: x in "aeiou")
    consonants = count_of(lambda x: x not in "aeiou")
    return rasp.SequenceMap(
        lambda v, c: "v" if v > c else "c" if c > v else "=", vowels, consonants
    )


def parity_of_rises() -> SOp:
    """Whether the number of rises is odd."""
    rise = rasp.SequenceMap(lambda p, x: x > p, shift(rasp.tokens), rasp.tokens)
    return count_of(bool, rise) % 2


def parity_of_inversions() -> SOp:
    """For each position whether an odd number of later numbers are smaller."""
    smaller = rasp.Select(rasp.tokens, rasp.tokens, Comparison.LT)
    later = rasp.Select(rasp.indices, rasp.indices, Comparison.GT)
    return rasp.SelectorWidth(rasp.SelectorAnd(smaller, later)) % 2


def length_in_binary() -> SOp:
    """The bits of the length, the lowest first."""
    return rasp.SequenceMap(lambda n, i: n >> i & 1, length(), rasp.indices)


def is_prime_count() -> SOp:
    """Whether the number of ones is a prime."""
    return rasp.Map(lambda n: n > 1 and all(n % d for d in range(2, n)), count_of(is_token("1")))


BITS = tuple("01")
SUMS = ((9,) * 20, (0,) * 20, (1,) * 19, (7, 9, 9, 2, 7, 3, 9, 8, 7, 1, 3))

PROGRAMS = (
    Hard("parity_64", KIND, lambda: parity("1"), BITS, 64),
    Hard("parity_26_48", KIND, lambda: parity("e"), LETTERS, 48),
    Hard("running_parity_64", KIND, lambda: running_parity("1"), BITS, 64),
    Hard("parity_by_mean_24", KIND, lambda: parity_by_mean("1"), BITS, 24),
    Hard("parity_by_mean_40", KIND, lambda: parity_by_mean("1"), BITS, 40),
    Hard("parity_by_mean_64", KIND, lambda: parity_by_mean("1"), BITS, 64),
    Hard("running_parity_by_mean_48", KIND, lambda: running_parity_by_mean("1"), BITS, 48),
    Hard("residue_3_64", KIND, lambda: residue("a", 3), LETTERS, 64),
    Hard("residue_7_48", KIND, lambda: residue("a", 7), LETTERS, 48),
    Hard("residue_10_100", KIND, lambda: residue("a", 10), LETTERS, 100),
    Hard("two_counts_mod_5_40", KIND, lambda: two_counts(5), LETTERS[:6], 40),
    Hard("two_counts_mod_10_64", KIND, lambda: two_counts(10), LETTERS, 64),
    Hard("checksum_9_20", KIND, lambda: checksum(9), NUMERALS, 20, SUMS),
    Hard("checksum_10_40", KIND, lambda: checksum(10), NUMERALS, 40, SUMS),
    Hard("checksum_of_counts_10_20", KIND, lambda: checksum_of_counts(10), NUMERALS, 20, SUMS),
    Hard("checksum_of_counts_9_40", KIND, lambda: checksum_of_counts(9), NUMERALS, 40, SUMS),
    Hard("luhn_16", KIND, luhn, NUMERALS, 16, SUMS[3:]),
    Hard("luhn_20", KIND, luhn, NUMERALS, 20, SUMS),
    Hard("luhn_by_counts_20", KIND, luhn_by_counts, NUMERALS, 20, SUMS),
    Hard("isbn10", KIND, isbn10, NUMERALS, 10),
    Hard("ean_20", KIND, ean, NUMERALS, 20, SUMS),
    Hard("equal_counts_abc_48", KIND, lambda: equal_counts("abc"), tuple("abc"), 48),
    Hard("majority_of_5_40", KIND, lambda: majority("abcde"), tuple("abcde"), 40),
    Hard("more_than_half_64", KIND, lambda: more_than_half("a"), LETTERS, 64),
    Hard("histogram_65_30", KIND, histogram, words(65), 30),
    Hard("most_frequent_20_40", KIND, most_frequent, LETTERS[:20], 40),
    Hard("distinct_50_40", KIND, distinct, words(50), 40),
    Hard("distinct_so_far_ascii_32", KIND, distinct_so_far, ASCII, 32),
    Hard("parity_of_distinct_26_40", KIND, parity_of_distinct, LETTERS, 40),
    Hard("vowels_64", KIND, vowels_and_consonants, LETTERS, 64),
    Hard("parity_of_rises_20_64", KIND, parity_of_rises, tuple(range(20)), 64),
    Hard("parity_of_inversions_20_32", KIND, parity_of_inversions, tuple(range(20)), 32),
    Hard("length_in_binary_64", KIND, length_in_binary, LETTERS, 64),
    Hard("prime_count_64", KIND, is_prime_count, BITS, 64),
)
