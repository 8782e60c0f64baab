"""Programs that count: lengths, histograms, fractions."""

from __future__ import annotations

from typing import Any

from optitracr.library.checked import checked
from optitracr.library.idioms import (
    count_if,
    count_so_far,
    earlier_equals,
    token_is,
    unless_repeated,
)
from optitracr.library.program import HAHN, LINDNER, WEISS, Program
from optitracr.rasp import (
    Aggregate,
    Comparison,
    Map,
    Select,
    SelectorWidth,
    SequenceMap,
    SOp,
    indices,
    numerical,
    tokens,
)


def make_length() -> SOp:
    """The number of tokens."""
    return SelectorWidth(Select(tokens, tokens, Comparison.TRUE)).named("length")


length: SOp = make_length()


def make_hist() -> SOp:
    """How often the token at each position occurs in the input."""
    return SelectorWidth(Select(tokens, tokens, Comparison.EQ)).named("hist")


def make_hist_bos() -> SOp:
    """The histogram by a mean instead of a width: "§" opens the input and is not counted.

    Each position attends to its equals and to every "§"; one "§" gets 1/(n+1) of that.
    """
    equal_or_bos = Select(tokens, tokens, lambda k, q: k == q or k == "§")
    is_bos = numerical(tokens == "§")
    share = numerical(Aggregate(equal_or_bos, is_bos, default=0))
    return Map(lambda x: round(1 / x) - 1 if x > 0 else 0, share).named("hist_bos")


def make_hist2() -> SOp:
    """How many distinct tokens occur as often as the token at each position."""
    hist = make_hist()
    first = unless_repeated(hist, earlier_equals(tokens)).named("hist_at_first")
    return SelectorWidth(Select(first, hist, Comparison.EQ)).named("double_hist")


def make_double_hist() -> SOp:
    """The same as `make_hist2`."""
    return make_hist2()


@checked
def make_frac_prevs(bools: SOp) -> SOp:
    """The fraction of positions so far, this one included, at which `bools` holds."""
    so_far = Select(indices, indices, Comparison.LEQ)
    return numerical(Aggregate(so_far, numerical(bools), default=0)).named("frac_prevs")


@checked
def make_fraction(token: Any) -> SOp:
    """The fraction of the whole input that is `token`."""
    everywhere = Select(indices, indices, Comparison.TRUE)
    return numerical(Aggregate(everywhere, numerical(tokens == token), default=0)).named("fraction")


@checked
def make_count(sop: SOp, token: Any) -> SOp:
    """How often `token` occurs among the values of `sop`."""
    return SelectorWidth(Select(sop, sop, lambda k, q: k == token)).named("count")


@checked
def make_count_less_freq(n: int) -> SOp:
    """How many positions hold a token that occurs at most `n` times."""
    hist = make_hist()
    return SelectorWidth(Select(hist, hist, lambda k, q: k <= n)).named("count_less_freq")


def make_count_distinct() -> SOp:
    """How many distinct tokens the input has."""
    return count_if(token_is(0), earlier_equals(tokens)).named("count_distinct")


def make_distinct_so_far() -> SOp:
    """How many distinct tokens there are up to each position."""
    return count_so_far(token_is(0), earlier_equals(tokens)).named("distinct_so_far")


@checked
def make_running_count(token: Any) -> SOp:
    """How often `token` occurs up to each position."""
    return count_so_far(token_is(token), tokens).named("running_count")


@checked
def make_majority(token: Any) -> SOp:
    """Whether `token` fills more than half of the input."""
    count = count_if(token_is(token), tokens)
    return SequenceMap(lambda c, n: 2 * c > n, count, make_length()).named("majority")


@checked
def make_majority_vote(one: Any, other: Any) -> SOp:
    """The more frequent of two tokens, "tie" if neither is."""
    ones, others = count_if(token_is(one), tokens), count_if(token_is(other), tokens)

    def winner(x: int, y: int) -> Any:
        return "tie" if x == y else one if x > y else other

    return SequenceMap(winner, ones, others).named("majority_vote")


@checked
def make_contains(token: Any) -> SOp:
    """Whether `token` occurs at all."""
    return (count_if(token_is(token), tokens) > 0).named("contains")


def make_is_duplicate() -> SOp:
    """Whether the token at each position occurs elsewhere too."""
    return (make_hist() > 1).named("is_duplicate")


@checked
def make_parity(token: Any) -> SOp:
    """Whether `token` occurs an odd number of times."""
    return (count_if(token_is(token), tokens) % 2).named("parity")


@checked
def make_running_parity(token: Any) -> SOp:
    """Whether `token` occurs an odd number of times up to each position."""
    return (count_so_far(token_is(token), tokens) % 2).named("running_parity")


def make_count_others() -> SOp:
    """How many other positions hold the same token, by a conjunction of selectors."""
    same = Select(tokens, tokens, Comparison.EQ)
    elsewhere = Select(indices, indices, Comparison.NEQ)
    return SelectorWidth(same & elsewhere).named("count_others")


ABC, ABCD = tuple("abc"), tuple("abcd")

PROGRAMS = (
    Program("length", make_length, "make_length()", "number of tokens", ABCD, 8, WEISS, 1, 1),
    Program("hist", make_hist, "make_hist()", "how often each token occurs", ABCD, 8, WEISS, 1, 1),
    Program(
        "hist_bos",
        make_hist_bos,
        "make_hist_bos()",
        "how often each token occurs, by the share that an opening § keeps",
        tuple("§ab"),
        6,
        WEISS,
        1,
        1,
    ),
    Program(
        "double_hist",
        make_hist2,
        "make_hist2()",
        "how many distinct tokens occur as often as this one",
        ABC,
        6,
        WEISS,
        2,
        2,
    ),
    Program(
        "frac_prevs",
        lambda: make_frac_prevs(tokens == "x"),
        'make_frac_prevs(tokens == "x")',
        'fraction of tokens so far that are "x"',
        tuple("abcx"),
        8,
        LINDNER,
        1,
        1,
    ),
    Program(
        "fraction",
        lambda: make_fraction("a"),
        'make_fraction("a")',
        'fraction of all tokens that are "a"',
        ABC,
        6,
    ),
    Program(
        "count",
        lambda: make_count(tokens, "a"),
        'make_count(tokens, "a")',
        'how often "a" occurs',
        ABC,
        8,
        LINDNER,
    ),
    Program(
        "count_less_freq",
        lambda: make_count_less_freq(2),
        "make_count_less_freq(2)",
        "how many positions hold a token that occurs at most twice",
        ABCD,
        6,
        LINDNER,
    ),
    Program(
        "count_distinct",
        make_count_distinct,
        "make_count_distinct()",
        "how many distinct tokens the input has",
        ABC,
        6,
    ),
    Program(
        "distinct_so_far",
        make_distinct_so_far,
        "make_distinct_so_far()",
        "how many distinct tokens there are up to here",
        ABC,
        6,
    ),
    Program(
        "running_count",
        lambda: make_running_count("a"),
        'make_running_count("a")',
        'how often "a" occurs up to here',
        ABC,
        6,
    ),
    Program(
        "majority",
        lambda: make_majority("a"),
        'make_majority("a")',
        'whether "a" fills more than half of the input',
        ABC,
        6,
    ),
    Program(
        "majority_vote",
        lambda: make_majority_vote("a", "b"),
        'make_majority_vote("a", "b")',
        'the more frequent of "a" and "b", or "tie"',
        ABC,
        6,
    ),
    Program(
        "contains",
        lambda: make_contains("a"),
        'make_contains("a")',
        'whether "a" occurs at all',
        ABC,
        6,
    ),
    Program(
        "is_duplicate",
        make_is_duplicate,
        "make_is_duplicate()",
        "whether the token here occurs elsewhere too",
        ABCD,
        6,
    ),
    Program(
        "parity",
        lambda: make_parity("1"),
        'make_parity("1")',
        'the number of "1" modulo 2',
        tuple("01"),
        8,
        HAHN,
    ),
    Program(
        "running_parity",
        lambda: make_running_parity("1"),
        'make_running_parity("1")',
        'the number of "1" up to here modulo 2',
        tuple("01"),
        8,
        HAHN,
    ),
    Program(
        "count_others",
        make_count_others,
        "make_count_others()",
        "how many other positions hold the same token",
        ABC,
        6,
    ),
)
