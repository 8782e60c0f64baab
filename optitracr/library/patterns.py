"""Programs that look for patterns: repeats, runs, occurrences, symmetry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from optitracr.library.checked import checked
from optitracr.library.copying import make_reverse, shift_by
from optitracr.library.counting import make_length
from optitracr.library.idioms import (
    count_if,
    count_so_far,
    earlier_equals,
    highest,
    ordered_by,
    position_if,
    token_is,
    unless_repeated,
    value_at,
)
from optitracr.library.program import LINDNER, OLSSON, Program
from optitracr.rasp import (
    Aggregate,
    Comparison,
    Select,
    SelectorWidth,
    SequenceMap,
    SOp,
    Value,
    indices,
    tokens,
)


@checked
def detect_pattern(sop: SOp, pattern: Sequence[Value]) -> SOp:
    """Whether the values that end at each position are those of `pattern`; None too early."""
    detectors: list[SOp] = []
    for distance, element in enumerate(reversed(pattern)):
        detector: SOp = sop == element
        if distance:
            detector = shift_by(distance, detector)
        detectors.append(detector)
    found = detectors.pop()
    while detectors:
        found = found & detectors.pop()
    return found.named("detect_pattern")


def make_has_earlier() -> SOp:
    """How often the token at each position has occurred before."""
    return earlier_equals(tokens).named("has_earlier")


def make_mask_duplicates() -> SOp:
    """The tokens, with None in place of those that occurred before."""
    return unless_repeated(tokens, earlier_equals(tokens)).named("mask_duplicates")


def make_remove_duplicates() -> SOp:
    """The distinct tokens in order of first occurrence, then None."""
    first = unless_repeated(indices, earlier_equals(tokens)).named("first_index")
    return ordered_by(first, tokens).named("remove_duplicates")


def make_induction() -> SOp:
    """The token that followed the last earlier occurrence of the current token, or None.

    Each token is addressed by itself and its number of earlier occurrences; the last
    earlier occurrence has one less.
    """
    earlier = earlier_equals(tokens).named("earlier")
    address = SequenceMap(lambda x, n: (x, n), tokens, earlier).named("address")
    before = Select(address, address, lambda k, q: k[0] == q[0] and k[1] == q[1] - 1)
    following = (Aggregate(before, indices) + 1).named("following_index")
    return value_at(following, tokens).named("induction")


@checked
def make_index_of_first(token: Any) -> SOp:
    """The index of the first `token` in the input, None if there is none."""
    place = position_if(token_is(token), tokens).named("place")
    earlier = SelectorWidth(Select(place, place, Comparison.LT))
    first = unless_repeated(place, earlier).named("first_place")
    return Aggregate(Select(first, tokens, Comparison.TRUE), first).named("index_of_first")


def make_palindrome() -> SOp:
    """Whether the input reads the same backwards."""
    differs = SequenceMap(lambda x, y: x != y, tokens, make_reverse(tokens)).named("differs")
    return (count_if(token_is(True), differs) == 0).named("palindrome")


def make_alternating() -> SOp:
    """Whether no token equals the one before it."""
    repeats = SequenceMap(lambda x, y: x == y, shift_by(1, tokens), tokens).named("repeats")
    return (count_if(token_is(True), repeats) == 0).named("alternating")


def make_equal_halves() -> SOp:
    """Whether the input is something said twice."""
    length = make_length()
    opposite = SequenceMap(lambda i, n: (i + n // 2) % n if n else None, indices, length)
    other = value_at(opposite.named("opposite"), tokens).named("other_half")
    differs = SequenceMap(lambda x, y: x != y, tokens, other).named("differs")
    mismatches = count_if(token_is(True), differs).named("mismatches")
    return SequenceMap(lambda d, n: d == 0 and n % 2 == 0, mismatches, length).named("equal_halves")


def make_run_index() -> SOp:
    """The number of the run of equal tokens that each position is in, from 0."""
    changes = SequenceMap(lambda x, y: x != y, shift_by(1, tokens), tokens).named("changes")
    return count_so_far(token_is(True), changes).named("run_index")


def make_run_length() -> SOp:
    """The length of the run of equal tokens that each position is in."""
    run = make_run_index()
    return SelectorWidth(Select(run, run, Comparison.EQ)).named("run_length")


def make_longest_run() -> SOp:
    """The length of the longest run of equal tokens."""
    return highest(make_run_length()).named("longest_run")


def make_leading_run() -> SOp:
    """Whether each position belongs to the first run of equal tokens."""
    return (make_run_index() == 0).named("leading_run")


def make_bigram_count() -> SOp:
    """How often the token before and this one follow each other; 0 at the start."""
    bigram = SequenceMap(lambda x, y: (x, y), shift_by(1, tokens), tokens).named("bigram")
    return SelectorWidth(Select(bigram, bigram, Comparison.EQ)).named("bigram_count")


@checked
def make_distance_to_last(token: Any) -> SOp:
    """How far back the last `token` is, None before the first one."""
    seen = count_so_far(token_is(token), tokens).named("seen")
    number = SequenceMap(lambda x, n: n if x == token else None, tokens, seen).named("number")
    last = Aggregate(Select(number, seen, Comparison.EQ), indices).named("last_place")
    return (indices - last).named("distance_to_last")


def make_first_occurrence() -> SOp:
    """Whether each token is the first of its kind, by a conjunction of selectors."""
    same = Select(tokens, tokens, Comparison.EQ)
    earlier = Select(indices, indices, Comparison.LT)
    return (SelectorWidth(same & earlier) == 0).named("first_occurrence")


def make_last_occurrence() -> SOp:
    """Whether each token is the last of its kind, by a conjunction of selectors."""
    same = Select(tokens, tokens, Comparison.EQ)
    later = Select(indices, indices, Comparison.GT)
    return (SelectorWidth(same & later) == 0).named("last_occurrence")


def make_induction_composite() -> SOp:
    """Induction, with earlier occurrences counted by a conjunction of selectors."""
    same = Select(tokens, tokens, Comparison.EQ)
    earlier = Select(indices, indices, Comparison.LT)
    count = SelectorWidth(same & earlier).named("earlier")
    last = same & Select(count, count, lambda k, q: k == q - 1)
    return value_at(Aggregate(last, indices) + 1, tokens).named("induction_composite")


def make_equal_or_near() -> SOp:
    """How many positions are next to this one or hold the same token, by a disjunction."""
    same = Select(tokens, tokens, Comparison.EQ)
    near = Select(indices, indices, lambda k, q: abs(k - q) <= 1)
    return SelectorWidth(same | near).named("equal_or_near")


AB, ABC = tuple("ab"), tuple("abc")

PROGRAMS = (
    Program(
        "detect_pattern",
        lambda: detect_pattern(tokens, "abcd"),
        'detect_pattern(tokens, "abcd")',
        'whether the last four tokens are "abcd"',
        tuple("abcd"),
        8,
        LINDNER,
    ),
    Program(
        "has_earlier",
        make_has_earlier,
        "make_has_earlier()",
        "how often the token has occurred before",
        ABC,
        6,
    ),
    Program(
        "mask_duplicates",
        make_mask_duplicates,
        "make_mask_duplicates()",
        "the tokens without those that occurred before",
        ABC,
        6,
    ),
    Program(
        "remove_duplicates",
        make_remove_duplicates,
        "make_remove_duplicates()",
        "the distinct tokens in order of first occurrence",
        ABC,
        6,
    ),
    Program(
        "induction",
        make_induction,
        "make_induction()",
        "the token that followed the last earlier occurrence of this one",
        ABC,
        6,
        OLSSON,
    ),
    Program(
        "index_of_first",
        lambda: make_index_of_first("b"),
        'make_index_of_first("b")',
        'the index of the first "b"',
        ABC,
        6,
    ),
    Program(
        "palindrome",
        make_palindrome,
        "make_palindrome()",
        "whether the input reads the same backwards",
        ABC,
        6,
    ),
    Program(
        "alternating",
        make_alternating,
        "make_alternating()",
        "whether no token equals the one before",
        ABC,
        6,
    ),
    Program(
        "equal_halves",
        make_equal_halves,
        "make_equal_halves()",
        "whether the input is something said twice",
        ABC,
        6,
    ),
    Program("run_index", make_run_index, "make_run_index()", "number of the run, from 0", AB, 8),
    Program(
        "run_length",
        make_run_length,
        "make_run_length()",
        "length of the run that the token is in",
        AB,
        8,
    ),
    Program(
        "longest_run",
        make_longest_run,
        "make_longest_run()",
        "length of the longest run of equal tokens",
        AB,
        8,
    ),
    Program(
        "leading_run",
        make_leading_run,
        "make_leading_run()",
        "whether the token is in the first run",
        AB,
        8,
    ),
    Program(
        "bigram_count",
        make_bigram_count,
        "make_bigram_count()",
        "how often the token before and this one follow each other",
        ABC,
        6,
    ),
    Program(
        "distance_to_last",
        lambda: make_distance_to_last("b"),
        'make_distance_to_last("b")',
        'how far back the last "b" is',
        AB,
        6,
    ),
    Program(
        "first_occurrence",
        make_first_occurrence,
        "make_first_occurrence()",
        "whether the token is the first of its kind",
        ABC,
        6,
    ),
    Program(
        "last_occurrence",
        make_last_occurrence,
        "make_last_occurrence()",
        "whether the token is the last of its kind",
        ABC,
        6,
    ),
    Program(
        "induction_composite",
        make_induction_composite,
        "make_induction_composite()",
        "induction, written with conjunctions of selectors",
        ABC,
        6,
        OLSSON,
    ),
    Program(
        "equal_or_near",
        make_equal_or_near,
        "make_equal_or_near()",
        "how many positions are near or hold the same token",
        ABC,
        6,
    ),
)
