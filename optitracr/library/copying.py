"""Programs that move tokens: shifts, reversal, rotation, broadcasts."""

from __future__ import annotations

from optitracr.library.checked import checked
from optitracr.library.counting import make_length
from optitracr.library.idioms import value_at
from optitracr.library.program import LINDNER, OLSSON, WEISS, Program
from optitracr.rasp import (
    Aggregate,
    Comparison,
    Full,
    Map,
    Select,
    SequenceMap,
    SOp,
    indices,
    tokens,
)


@checked
def shift_by(offset: int, /, sop: SOp) -> SOp:
    """The values moved to the right by `offset`, None where none comes."""
    source = Select(indices, indices, lambda k, q: q == k + offset)
    return Aggregate(source, sop, default=None).named(f"shift_by_{offset}".replace("-", "minus_"))


def make_identity() -> SOp:
    """The tokens as they are."""
    return Map(lambda x: x, tokens).named("identity")


@checked
def make_reverse(sop: SOp) -> SOp:
    """The values in reverse order."""
    opposite = (make_length() - indices).named("opposite")
    opposite = (opposite - 1).named("opposite_index")
    return Aggregate(Select(indices, opposite, Comparison.EQ), sop).named("reverse")


def make_previous_token() -> SOp:
    """The token before each one, None at the start."""
    return shift_by(1, tokens).named("previous_token")


def make_next_token() -> SOp:
    """The token after each one, None at the end."""
    return shift_by(-1, tokens).named("next_token")


def make_first_token() -> SOp:
    """The first token, at every position."""
    return Aggregate(Select(indices, Full(0), Comparison.EQ), tokens).named("first_token")


def make_last_token() -> SOp:
    """The last token, at every position."""
    return value_at((make_length() - 1).named("last"), tokens).named("last_token")


@checked
def make_rotate(offset: int) -> SOp:
    """The tokens moved to the right by `offset`; those that fall off come in on the left."""
    source = SequenceMap(lambda i, n: (i - offset) % n if n else None, indices, make_length())
    return value_at(source.named("source_index"), tokens).named("rotate")


def make_swap_pairs() -> SOp:
    """Neighbours exchanged two by two; the odd one at the end stays."""
    partner = SequenceMap(lambda i, n: i ^ 1 if i ^ 1 < n else i, indices, make_length())
    return value_at(partner.named("partner"), tokens).named("swap_pairs")


def make_repeat_half() -> SOp:
    """The first half, rounded up, twice: the start of the input takes the place of its end."""
    source = SequenceMap(lambda i, n: i % ((n + 1) // 2) if n else None, indices, make_length())
    return value_at(source.named("source_index"), tokens).named("repeat_half")


def make_mirror() -> SOp:
    """The first half followed by its mirror image."""
    source = SequenceMap(lambda i, n: min(i, n - 1 - i), indices, make_length())
    positive = Map(lambda i: i if i >= 0 else None, source)
    return value_at(positive.named("source_index"), tokens).named("mirror")


def make_middle_token() -> SOp:
    """The token in the middle, the left one of two, at every position."""
    return value_at(((make_length() - 1) // 2).named("middle"), tokens).named("middle_token")


ABC, ABCD = tuple("abc"), tuple("abcd")

PROGRAMS = (
    Program("identity", make_identity, "make_identity()", "the tokens as they are", ABCD, 8),
    Program(
        "reverse",
        lambda: make_reverse(tokens),
        "make_reverse(tokens)",
        "the tokens in reverse order",
        ABCD,
        8,
        WEISS,
        2,
        1,
    ),
    Program(
        "shift_by",
        lambda: shift_by(2, tokens),
        "shift_by(2, tokens)",
        "the tokens moved to the right by two",
        ABCD,
        6,
        LINDNER,
    ),
    Program(
        "previous_token",
        make_previous_token,
        "make_previous_token()",
        "the token before each one",
        ABCD,
        6,
        OLSSON,
    ),
    Program("next_token", make_next_token, "make_next_token()", "the token after each", ABCD, 6),
    Program(
        "first_token", make_first_token, "make_first_token()", "the first token everywhere", ABC, 6
    ),
    Program(
        "last_token", make_last_token, "make_last_token()", "the last token everywhere", ABC, 6
    ),
    Program(
        "middle_token",
        make_middle_token,
        "make_middle_token()",
        "the token in the middle everywhere",
        ABC,
        6,
    ),
    Program(
        "rotate",
        lambda: make_rotate(1),
        "make_rotate(1)",
        "the tokens rotated to the right by one",
        ABC,
        6,
    ),
    Program(
        "swap_pairs",
        make_swap_pairs,
        "make_swap_pairs()",
        "neighbours exchanged two by two",
        ABC,
        6,
    ),
    Program(
        "repeat_half",
        make_repeat_half,
        "make_repeat_half()",
        "the first half of the input twice",
        ABC,
        6,
    ),
    Program(
        "mirror",
        make_mirror,
        "make_mirror()",
        "the first half followed by its mirror image",
        ABC,
        6,
    ),
)
