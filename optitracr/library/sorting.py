"""Programs that order: sorting, ranks, extremes."""

from __future__ import annotations

from optitracr.library.checked import checked
from optitracr.library.copying import shift_by
from optitracr.library.counting import make_hist, make_length
from optitracr.library.idioms import (
    count_if,
    earlier_equals,
    ordered_by,
    token_is,
    unless_repeated,
)
from optitracr.library.program import LINDNER, WEISS, Program
from optitracr.rasp import (
    Aggregate,
    Comparison,
    Select,
    SelectorWidth,
    SequenceMap,
    SOp,
    indices,
    tokens,
)


@checked
def make_sort_unique(vals: SOp, keys: SOp) -> SOp:
    """The values in ascending order of their keys, which must be distinct."""
    smaller = Select(keys, keys, Comparison.LT)
    target_position = SelectorWidth(smaller).named("target_position")
    placed = Select(target_position, indices, Comparison.EQ)
    return Aggregate(placed, vals).named("sort_unique")


@checked
def make_sort(vals: SOp, keys: SOp, *, max_seq_len: int, min_key: float) -> SOp:
    """The values in ascending order of their keys, equal keys in order of position.

    Args:
        vals: What is sorted.
        keys: Numbers to sort by.
        max_seq_len: Length of the longest input.
        min_key: At most the least distance of two different keys.
    """
    distinct = SequenceMap(lambda x, i: x + min_key * i / max_seq_len, keys, indices)
    return make_sort_unique(vals, distinct.named("distinct_keys")).named("sort")


@checked
def make_sort_freq(max_seq_len: int) -> SOp:
    """The tokens in descending order of how often they occur."""
    rarity = (-1 * make_hist()).named("rarity")
    return make_sort(tokens, rarity, max_seq_len=max_seq_len, min_key=1).named("sort_freq")


@checked
def make_most_frequent(max_seq_len: int) -> SOp:
    """The distinct tokens in descending order of how often they occur, then None."""
    hist = make_hist()
    key = SequenceMap(lambda n, i: i - n * max_seq_len, hist, indices)
    first = unless_repeated(key, earlier_equals(tokens)).named("key_at_first")
    return ordered_by(first, tokens).named("most_frequent")


def make_distinct_sorted() -> SOp:
    """The distinct tokens in ascending order, then None."""
    first = unless_repeated(tokens, earlier_equals(tokens)).named("token_at_first")
    return ordered_by(first, tokens).named("distinct_sorted")


def make_rank() -> SOp:
    """How many tokens are smaller than the one at each position."""
    return SelectorWidth(Select(tokens, tokens, Comparison.LT)).named("rank")


def _place(max_seq_len: int) -> SOp:
    """The place of each token in ascending order, equal ones in order of position."""
    key = SequenceMap(lambda x, i: x * max_seq_len + i, tokens, indices).named("key")
    return SelectorWidth(Select(key, key, Comparison.LT)).named("place")


@checked
def make_minimum(max_seq_len: int) -> SOp:
    """The smallest token."""
    first = Select(_place(max_seq_len), tokens, lambda k, q: k == 0)
    return Aggregate(first, tokens).named("minimum")


@checked
def make_maximum(max_seq_len: int) -> SOp:
    """The largest token."""
    last = (make_length() - 1).named("last")
    return Aggregate(Select(_place(max_seq_len), last, Comparison.EQ), tokens).named("maximum")


@checked
def make_argmin(max_seq_len: int) -> SOp:
    """The first position of the smallest token."""
    first = Select(_place(max_seq_len), tokens, lambda k, q: k == 0)
    return Aggregate(first, indices).named("argmin")


def make_argmax() -> SOp:
    """The first position of the largest token."""
    larger = SelectorWidth(Select(tokens, tokens, Comparison.GT)).named("larger")
    top = SequenceMap(lambda n, i: i if n == 0 else None, larger, indices).named("top_position")
    earlier = SelectorWidth(Select(top, top, Comparison.LT))
    first = SequenceMap(lambda i, n: i if n == 0 else None, top, earlier).named("first_top")
    return Aggregate(Select(first, tokens, Comparison.TRUE), first).named("argmax")


@checked
def make_median(max_seq_len: int) -> SOp:
    """The token in the middle of the sorted input, the lower one of two."""
    middle = ((make_length() - 1) // 2).named("middle")
    return Aggregate(Select(_place(max_seq_len), middle, Comparison.EQ), tokens).named("median")


def make_is_sorted() -> SOp:
    """Whether no token is smaller than the one before it."""
    falls = SequenceMap(lambda p, x: p > x, shift_by(1, tokens), tokens).named("falls")
    return (count_if(token_is(True), falls) == 0).named("is_sorted")


def make_sliding_max() -> SOp:
    """The larger one of each token and the one before it; None at the start."""
    return SequenceMap(max, shift_by(1, tokens), tokens).named("sliding_max")


def make_inversions() -> SOp:
    """How many later tokens are smaller, by a conjunction of selectors."""
    smaller = Select(tokens, tokens, Comparison.LT)
    later = Select(indices, indices, Comparison.GT)
    return SelectorWidth(smaller & later).named("inversions")


DIGITS, FEW = (1, 2, 3, 4), (1, 2, 3)
"""Vocabularies of programs that sort: four numbers, or three where the program takes many values of
each."""

PROGRAMS = (
    Program(
        "sort_unique",
        lambda: make_sort_unique(tokens, tokens),
        "make_sort_unique(tokens, tokens)",
        "distinct numbers in ascending order",
        (1, 2, 3, 4, 5),
        5,
        LINDNER,
    ),
    Program(
        "sort",
        lambda: make_sort(tokens, tokens, max_seq_len=8, min_key=1),
        "make_sort(tokens, tokens, max_seq_len=8, min_key=1)",
        "numbers in ascending order",
        DIGITS,
        8,
        WEISS,
        2,
        1,
    ),
    Program(
        "sort_freq",
        lambda: make_sort_freq(max_seq_len=5),
        "make_sort_freq(max_seq_len=5)",
        "tokens in descending order of how often they occur",
        DIGITS,
        5,
        LINDNER,
    ),
    Program(
        "most_frequent",
        lambda: make_most_frequent(5),
        "make_most_frequent(5)",
        "distinct tokens in descending order of how often they occur",
        FEW,
        5,
        WEISS,
        3,
        2,
    ),
    Program(
        "distinct_sorted",
        make_distinct_sorted,
        "make_distinct_sorted()",
        "distinct tokens in ascending order",
        DIGITS,
        5,
    ),
    Program("rank", make_rank, "make_rank()", "how many tokens are smaller", DIGITS, 6),
    Program("minimum", lambda: make_minimum(5), "make_minimum(5)", "the smallest token", DIGITS, 5),
    Program("maximum", lambda: make_maximum(5), "make_maximum(5)", "the largest token", DIGITS, 5),
    Program(
        "argmin",
        lambda: make_argmin(5),
        "make_argmin(5)",
        "first position of the smallest token",
        DIGITS,
        5,
    ),
    Program(
        "argmax", make_argmax, "make_argmax()", "first position of the largest token", DIGITS, 5
    ),
    Program(
        "median",
        lambda: make_median(5),
        "make_median(5)",
        "the token in the middle of the sorted input",
        FEW,
        5,
    ),
    Program(
        "is_sorted",
        make_is_sorted,
        "make_is_sorted()",
        "whether no token is smaller than the one before",
        FEW,
        6,
    ),
    Program(
        "sliding_max",
        make_sliding_max,
        "make_sliding_max()",
        "the larger one of this token and the one before",
        DIGITS,
        6,
    ),
    Program(
        "inversions",
        make_inversions,
        "make_inversions()",
        "how many later tokens are smaller",
        FEW,
        6,
    ),
)
