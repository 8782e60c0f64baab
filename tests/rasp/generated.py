"""Programs made at random, for property tests."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from optitracr import rasp

VOCAB = (1, 2, 3, 4)


def _reciprocal(x: Any) -> Any:
    return 1 / (x - 2)


def _none_of_one(x: Any) -> Any:
    return None if x == 1 else x


MAPS = (
    lambda x: x + 1,
    lambda x: -x,
    lambda x: x * 0.1,
    lambda x: x > 1,
    lambda x: not x,
    lambda x: str(x),
    lambda x: x % 3,
    lambda x: x - 1e16,
    lambda x: -0.0 if x else 0.0,
    lambda x: Fraction(x, 3),
    lambda x: x + 2**60,
    _none_of_one,
    _reciprocal,
)
PAIRS = (
    lambda x, y: x + y,
    lambda x, y: x * y,
    lambda x, y: x - y,
    lambda x, y: x and y,
    lambda x, y: (x, y),
    lambda x, y: x if x == y else None,
    lambda x, y: x / y,
)
PREDICATES = (*rasp.Comparison, lambda k, q: k == q + 1, lambda k, q: 1 // (k - q) > -5)


@st.composite
def sops(draw: st.DrawFn, size: int = 12) -> list[rasp.SOp]:
    """A program as the list of its s-ops, each made from earlier ones."""
    pool: list[rasp.SOp] = [rasp.tokens, rasp.indices, rasp.length]
    selectors: list[rasp.Selector] = [
        rasp.Select(rasp.indices, rasp.indices, rasp.Comparison.EQ),
        rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.LT),
    ]
    for _ in range(draw(st.integers(1, size))):
        any_sop, any_selector = st.sampled_from(pool), st.sampled_from(selectors)
        match draw(st.integers(0, 10)):
            case 0:
                pool.append(rasp.Map(draw(st.sampled_from(MAPS)), draw(any_sop)))
            case 1 | 2:
                f = draw(st.sampled_from(PAIRS))
                pool.append(rasp.SequenceMap(f, draw(any_sop), draw(any_sop)))
            case 3:
                pool.append(rasp.LinearSequenceMap(draw(any_sop), draw(any_sop), 2, -0.5))
            case 4:
                pool.append(rasp.SelectorWidth(draw(any_selector)))
            case 5 | 6:
                default = draw(st.sampled_from([None, 0, "none"]))
                pool.append(rasp.Aggregate(draw(any_selector), draw(any_sop), default))
            case 7:
                predicate = draw(st.sampled_from(PREDICATES))
                selectors.append(rasp.Select(draw(any_sop), draw(any_sop), predicate))
            case 8:
                selectors.append(draw(compound(any_selector)))
            case 9:
                selectors.append(draw(graded(any_selector, any_sop)))
            case _:
                pool.append(draw(constants()))
    return pool


@st.composite
def compound(draw: st.DrawFn, operands: st.SearchStrategy[rasp.Selector]) -> rasp.Selector:
    match draw(st.integers(0, 4)):
        case 0:
            return draw(operands) & draw(operands)
        case 1:
            return draw(operands) | draw(operands)
        case 2:
            return rasp.at_most_one(draw(operands))
        case 3:
            return rasp.selector_not(draw(operands), simplify=draw(st.booleans()))
        case _:
            matrix = draw(st.lists(st.lists(st.booleans(), max_size=5), max_size=5))
            return rasp.ConstantSelector(matrix, check_length=draw(st.booleans()))


@st.composite
def graded(
    draw: st.DrawFn, operands: st.SearchStrategy[rasp.Selector], scores: st.SearchStrategy[rasp.SOp]
) -> rasp.Selector:
    match draw(st.integers(0, 2)):
        case 0:
            return rasp.SelectFirst(draw(operands))
        case 1:
            return rasp.SelectLast(draw(operands))
        case _:
            return rasp.SelectBest(draw(operands), draw(scores))


@st.composite
def constants(draw: st.DrawFn) -> rasp.SOp:
    values = st.sampled_from([None, 0, 1, 2.5, True, "a"])
    if draw(st.booleans()):
        return rasp.Full(draw(values))
    return rasp.ConstantSOp(draw(st.lists(values, max_size=5)), check_length=draw(st.booleans()))


inputs = st.lists(st.sampled_from(VOCAB), max_size=5)
