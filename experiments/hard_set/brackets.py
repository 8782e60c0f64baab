"""Brackets: depths, partners, kinds, balance."""

from __future__ import annotations

from hard_set.program import (
    Hard,
    at,
    before,
    count_of,
    everywhere,
    length,
    mean,
    running_count,
    so_far,
)
from optitracr import rasp
from optitracr.rasp import Comparison, SOp

KIND = "brackets"

ROUND, KINDS, MANY = "()", "()[]", "()[]{}"


def depth(tokens: str) -> SOp:
    """How many brackets are open after each position."""
    opened = running_count(lambda x: x in tokens[::2])
    closed = running_count(lambda x: x in tokens[1::2])
    return opened - closed


def level(tokens: str) -> SOp:
    """The depth of a bracket, for an opening one with itself and for a closing one before it."""
    return rasp.SequenceMap(
        lambda d, x: d + (x in tokens[1::2]) if x in tokens else None, depth(tokens), rasp.tokens
    )


def clipped_level(tokens: str) -> SOp:
    """The same from 1 up, None elsewhere."""
    return rasp.Map(lambda d: d if d > 0 else None, level(tokens))


def balanced(tokens: str) -> SOp:
    """Whether the brackets of the input match."""
    open_now = depth(tokens)
    below = count_of(lambda d: d < 0, open_now)
    last = at(length() - 1, open_now)
    return rasp.SequenceMap(lambda d, n: d == 0 and n == 0, last, below)


def balance_by_means(opening: str, closing: str) -> SOp:
    """The share of tokens so far that open, less the share that close."""
    return mean(so_far(), rasp.tokens == opening) - mean(so_far(), rasp.tokens == closing)


def depth_by_means() -> SOp:
    """The depth, as the mean balance times the number of tokens so far."""
    return rasp.SequenceMap(lambda b, i: b * (i + 1), balance_by_means("(", ")"), rasp.indices)


def rounded_depth_by_means() -> SOp:
    """The same, rounded by its author."""
    return rasp.SequenceMap(
        lambda b, i: round(b * (i + 1)), balance_by_means("(", ")"), rasp.indices
    )


def shuffle(tokens: str) -> SOp:
    """Whether each kind of bracket is balanced, however the kinds interleave."""
    good: SOp | None = None
    for opening, closing in zip(tokens[::2], tokens[1::2], strict=True):
        balance = balance_by_means(opening, closing)
        below = mean(everywhere(), balance < 0) > 0
        ends = at(length() - 1, balance == 0)
        kind = ends & ~below
        good = kind if good is None else good & kind
    assert good is not None, "there is a kind"
    return good


def partner(tokens: str, sop: SOp, default: rasp.Value = None) -> SOp:
    """What stands at the opening bracket of each closing one.

    Brackets of one depth come in turns, so the partner is the one of that depth before.
    """
    own = clipped_level(tokens)
    same = rasp.Select(own, own, Comparison.EQ)
    number = rasp.SelectorWidth(rasp.SelectorAnd(same, before()))
    one_less = rasp.Select(number, number, lambda k, q: k == q - 1)
    return rasp.Aggregate(rasp.SelectorAnd(same, one_less), sop, default=default)


def partner_position(tokens: str) -> SOp:
    """The position of the opening bracket of each closing one, None at opening ones."""
    return rasp.SequenceMap(
        lambda p, x: p if x in tokens[1::2] else None, partner(tokens, rasp.indices), rasp.tokens
    )


def kinds_match(tokens: str) -> SOp:
    """Whether each closing bracket closes one of its own kind."""
    pairs = {tokens[i : i + 2] for i in range(0, len(tokens), 2)}
    return rasp.SequenceMap(
        lambda p, x: x not in tokens[1::2] or p + x in pairs,
        partner(tokens, rasp.tokens, default="none"),
        rasp.tokens,
    )


def nested(tokens: str) -> SOp:
    """Whether the brackets of all kinds match and nest."""
    wrong = count_of(lambda good: not good, kinds_match(tokens))
    return rasp.SequenceMap(lambda n, good: n == 0 and good, wrong, balanced(tokens))


def max_depth(tokens: str) -> SOp:
    """How many brackets are open at most at once.

    Depths change by one, so each number up to the largest is the depth somewhere.
    """
    open_now = depth(tokens)
    reached = rasp.SelectorWidth(rasp.Select(open_now, rasp.indices, lambda k, q: k > q))
    return count_of(lambda n: n > 0, reached)


def colours(number: int) -> SOp:
    """The depth modulo a number of colours."""
    return rasp.Map(lambda d: d % number, depth(ROUND))


def span() -> SOp:
    """How many tokens each closing bracket encloses with its partner."""
    return rasp.indices - partner_position(ROUND) - 1


def at_top() -> SOp:
    """How many groups stand at the top: closing brackets after which nothing is open."""
    closes = rasp.SequenceMap(lambda d, x: d == 0 and x == ")", depth(ROUND), rasp.tokens)
    return count_of(bool, closes)


def quoted() -> SOp:
    """Whether a token stands within quotes: an odd number of them came before."""
    quotes = rasp.SelectorWidth(
        rasp.SelectorAnd(rasp.Select(rasp.tokens, rasp.tokens, lambda k, q: k == '"'), before())
    )
    return quotes % 2 == 1


DEEP = (tuple("(((((((((())))))))))"), tuple("()()()()()()()()()()"), tuple("))))))))(((((((("))
CROSSED = (tuple("([)]"), tuple("([()[]])"), tuple("[[[(((())))]]]"))
TEXT = (*"()[]{}", *"abcdefghijklmnopqrst")

PROGRAMS = (
    Hard("depth_40", KIND, lambda: depth(ROUND), tuple("()x"), 40, DEEP),
    Hard("depth_64", KIND, lambda: depth(ROUND), tuple("()x"), 64, DEEP),
    Hard("depth_two_kinds_48", KIND, lambda: depth(KINDS), tuple(KINDS), 48, DEEP + CROSSED),
    Hard("balanced_40", KIND, lambda: balanced(ROUND), tuple(ROUND), 40, DEEP),
    Hard("balanced_text_64", KIND, lambda: balanced(ROUND), TEXT, 64, DEEP),
    Hard("depth_by_means_20", KIND, depth_by_means, tuple("()x"), 20, DEEP),
    Hard("depth_by_means_40", KIND, depth_by_means, tuple("()x"), 40, DEEP),
    Hard("rounded_depth_by_means_40", KIND, rounded_depth_by_means, tuple("()x"), 40, DEEP),
    Hard("shuffle_two_kinds_24", KIND, lambda: shuffle(KINDS), tuple(KINDS), 24, CROSSED),
    Hard("shuffle_three_kinds_40", KIND, lambda: shuffle(MANY), tuple(MANY), 40, CROSSED),
    Hard("partner_20", KIND, lambda: partner_position(ROUND), tuple("()x"), 20, DEEP),
    Hard("partner_40", KIND, lambda: partner_position(ROUND), tuple("()x"), 40, DEEP),
    Hard("kinds_match_20", KIND, lambda: kinds_match(KINDS), tuple(KINDS), 20, CROSSED),
    Hard("kinds_match_text_24", KIND, lambda: kinds_match(MANY), TEXT, 24, CROSSED),
    Hard("nested_20", KIND, lambda: nested(KINDS), tuple(KINDS), 20, CROSSED),
    Hard("max_depth_32", KIND, lambda: max_depth(ROUND), tuple("()x"), 32, DEEP),
    Hard("colours_3_64", KIND, lambda: colours(3), tuple("()x"), 64, DEEP),
    Hard("span_24", KIND, span, tuple("()x"), 24, DEEP),
    Hard("groups_at_top_40", KIND, at_top, tuple("()x"), 40, DEEP),
    Hard("quoted_27_64", KIND, quoted, (*"abcdefghijklmnopqrstuvwxyz", '"'), 64),
)
