"""Programs on brackets: balances, and the languages of well-formed brackets."""

from __future__ import annotations

from collections.abc import Sequence

from optitracr.library.checked import checked
from optitracr.library.counting import make_frac_prevs, make_length
from optitracr.library.idioms import count_if, count_so_far, highest, token_is
from optitracr.library.program import BHATTAMISHRA, LINDNER, WEISS, Program
from optitracr.rasp import (
    Aggregate,
    Comparison,
    LinearSequenceMap,
    Map,
    Select,
    SelectorWidth,
    SequenceMap,
    SOp,
    indices,
    numerical,
    tokens,
)


@checked
def make_pair_balance(sop: SOp, open_token: str, close_token: str) -> SOp:
    """The fraction of tokens so far that open, less the fraction that close."""
    opens = make_frac_prevs(numerical(sop == open_token).named("opens")).named("opens_so_far")
    closes = make_frac_prevs(numerical(sop == close_token).named("closes")).named("closes_so_far")
    return numerical(LinearSequenceMap(opens, closes, 1, -1)).named("pair_balance")


@checked
def make_shuffle_dyck(pairs: Sequence[str]) -> SOp:
    """Whether each kind of bracket is balanced, however the kinds interleave.

    Args:
        pairs: Opening and closing token of each kind, such as `["()", "{}"]`.
    """
    balances = [
        make_pair_balance(tokens, pair[0], pair[1]).named(f"balance_{kind}")
        for kind, pair in enumerate(pairs)
    ]
    any_negative, all_zero = balances[0] < 0, balances[0] == 0
    for balance in balances[1:]:
        any_negative = any_negative | (balance < 0)
        all_zero = all_zero & (balance == 0)
    any_negative = numerical(Map(lambda x: x, any_negative)).named("any_negative")
    everywhere = Select(indices, indices, Comparison.TRUE)
    has_negative = numerical(Aggregate(everywhere, any_negative, default=0)).named("has_negative")
    select_last = Select(indices, make_length() - 1, Comparison.EQ)
    last_zero = Aggregate(select_last, all_zero).named("last_zero")
    return (last_zero & ~has_negative).named("shuffle_dyck")


def make_shuffle_dyck2() -> SOp:
    """Whether round and curly brackets are each balanced."""
    return make_shuffle_dyck(["()", "{}"])


@checked
def make_depth(opening: str, closing: str) -> SOp:
    """How many brackets are open after each position; negative after too many closings."""
    opened = count_so_far(lambda x: x in opening, tokens).named("opened")
    closed = count_so_far(lambda x: x in closing, tokens).named("closed")
    return (opened - closed).named("depth")


def make_max_depth() -> SOp:
    """How many round brackets are open at most at once."""
    return highest(make_depth("(", ")")).named("max_depth")


def _verdict(depth: SOp, errors: SOp) -> SOp:
    """From the first error on "F"; before it "T" where nothing is open, "P" elsewhere."""
    return SequenceMap(lambda d, n: "F" if n else "P" if d else "T", depth, errors)


def make_dyck1_ptf() -> SOp:
    """For each prefix of round brackets: balanced (T), can be completed (P), or wrong (F)."""
    depth = make_depth("(", ")")
    return _verdict(depth, count_so_far(lambda d: d < 0, depth).named("errors")).named("dyck1_ptf")


def make_dyck2_ptf() -> SOp:
    """The same for two kinds of brackets, which must nest.

    A bracket and its partner have the same depth, that of the opening one after it. Among
    the positions of one depth, partners follow each other; so the partner of a closing
    bracket is the position of its depth that comes one earlier in their count.
    """
    depth = make_depth("([", ")]")
    closing_adds = SequenceMap(lambda d, x: d + (x in ")]"), depth, tokens)
    level = Map(lambda d: d if d > 0 else None, closing_adds).named("level")
    placed = SequenceMap(lambda d, i: (d, i), level, indices).named("placed_level")
    same_level = Select(placed, placed, lambda k, q: k[0] == q[0] and k[1] <= q[1])
    address = SequenceMap(lambda d, n: (d, n), level, SelectorWidth(same_level)).named("address")
    before = Select(address, address, lambda k, q: k[0] == q[0] and k[1] == q[1] - 1)
    partner = Aggregate(before, tokens).named("partner")
    clash = SequenceMap(lambda p, x: x in ")]" and p + x not in ("()", "[]"), partner, tokens)
    clashes = count_so_far(token_is(True), clash).named("clashes")
    negatives = count_so_far(lambda d: d < 0, depth).named("negatives")
    errors = (clashes + negatives).named("errors")
    return _verdict(depth, errors).named("dyck2_ptf")


def make_balanced() -> SOp:
    """Whether the round brackets of the whole input match."""
    depth = make_depth("(", ")")
    negatives = count_if(lambda d: d < 0, depth)
    last = Aggregate(Select(indices, (make_length() - 1).named("last"), Comparison.EQ), depth)
    return SequenceMap(lambda d, n: d == 0 and n == 0, last, negatives).named("balanced")


ROUND = ("(", ")")

PROGRAMS = (
    Program(
        "pair_balance",
        lambda: make_pair_balance(tokens, "(", ")"),
        'make_pair_balance(tokens, "(", ")")',
        "fraction of ( less fraction of ) so far",
        tuple("ab()"),
        8,
        LINDNER,
        1,
        2,
    ),
    Program(
        "shuffle_dyck1",
        lambda: make_shuffle_dyck(["()"]),
        'make_shuffle_dyck(["()"])',
        "whether ( and ) are balanced",
        ROUND,
        6,
        BHATTAMISHRA,
        2,
        3,
    ),
    Program(
        "shuffle_dyck2",
        make_shuffle_dyck2,
        "make_shuffle_dyck2()",
        "whether () and {} are each balanced",
        tuple("(){}"),
        6,
        BHATTAMISHRA,
        2,
        5,
    ),
    Program(
        "shuffle_dyck3",
        lambda: make_shuffle_dyck(["()", "{}", "[]"]),
        'make_shuffle_dyck(["()", "{}", "[]"])',
        "whether (), {} and [] are each balanced",
        tuple("(){}[]"),
        6,
        BHATTAMISHRA,
    ),
    Program(
        "bracket_depth",
        lambda: make_depth("(", ")"),
        'make_depth("(", ")")',
        "how many brackets are open after each position",
        tuple("()a"),
        6,
    ),
    Program(
        "max_depth",
        make_max_depth,
        "make_max_depth()",
        "how many brackets are open at most at once",
        ROUND,
        6,
    ),
    Program(
        "dyck1_ptf",
        make_dyck1_ptf,
        "make_dyck1_ptf()",
        "prefixes of (): balanced T, possible P, wrong F",
        ROUND,
        8,
        WEISS,
        2,
        1,
    ),
    Program(
        "dyck2_ptf",
        make_dyck2_ptf,
        "make_dyck2_ptf()",
        "prefixes of () and []: balanced T, possible P, wrong F",
        tuple("()[]"),
        4,
        WEISS,
        4,
        2,
    ),
    Program(
        "balanced",
        make_balanced,
        "make_balanced()",
        "whether the round brackets of the whole input match",
        ROUND,
        8,
    ),
)
