"""What a program of the set is, and the turns of phrase that its programs share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from optitracr import rasp
from optitracr.rasp import Comparison, SOp

Tokens = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Hard:
    """A program, and the inputs for which it is compiled.

    Attributes:
        name: Its name in the table.
        kind: What kind of program it is.
        make: Makes it.
        vocab: The tokens.
        length: Longest input.
        inputs: Inputs on which it is likely to go wrong, beside those that are made for all.
    """

    name: str
    kind: str
    make: Callable[[], SOp]
    vocab: Tokens
    length: int
    inputs: tuple[Tokens, ...] = ()


LETTERS: Tokens = tuple("abcdefghijklmnopqrstuvwxyz")
DIGITS: Tokens = tuple("0123456789")
NUMERALS: Tokens = tuple(range(10))
ASCII: Tokens = tuple(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,;:!?'\"()-_/+*=#@&% "
)


def words(count: int) -> Tokens:
    """Tokens of a vocabulary of words."""
    return tuple(f"w{number}" for number in range(count))


def length() -> SOp:
    """The number of tokens."""
    everywhere = rasp.Select(rasp.tokens, rasp.tokens, Comparison.TRUE)
    return rasp.SelectorWidth(everywhere).named("length")


def before() -> rasp.Selector:
    """Selects the earlier positions."""
    return rasp.Select(rasp.indices, rasp.indices, Comparison.LT)


def so_far() -> rasp.Selector:
    """Selects the positions up to here."""
    return rasp.Select(rasp.indices, rasp.indices, Comparison.LEQ)


def everywhere() -> rasp.Selector:
    """Selects all positions."""
    return rasp.Select(rasp.indices, rasp.indices, Comparison.TRUE)


def shift(sop: SOp, offset: int = 1, default: rasp.Value = None) -> SOp:
    """What stands some places before, the default where there is nothing."""
    source = rasp.Select(rasp.indices, rasp.indices, lambda k, q: k == q - offset)
    return rasp.Aggregate(source, sop, default=default)


def at(position: SOp, sop: SOp, default: rasp.Value = None) -> SOp:
    """What stands at a computed position, the default if there is no such position."""
    there = rasp.Select(rasp.indices, position, Comparison.EQ)
    return rasp.Aggregate(there, sop, default=default)


def first(sop: SOp) -> SOp:
    """What stands at the first position."""
    return rasp.Aggregate(rasp.Select(rasp.indices, rasp.indices, lambda k, q: k == 0), sop)


def count_of(test: Callable[[Any], bool], sop: SOp = rasp.tokens) -> SOp:
    """How many values of the input pass a test."""
    return rasp.SelectorWidth(rasp.Select(sop, sop, lambda k, q: test(k)))


def running_count(test: Callable[[Any], bool], sop: SOp = rasp.tokens) -> SOp:
    """How many values up to here pass a test."""
    passing = rasp.Select(sop, sop, lambda k, q: test(k))
    return rasp.SelectorWidth(rasp.SelectorAnd(passing, so_far()))


def earlier_equals(sop: SOp = rasp.tokens) -> SOp:
    """How many earlier values equal the one here."""
    equal = rasp.Select(sop, sop, Comparison.EQ)
    return rasp.SelectorWidth(rasp.SelectorAnd(equal, before()))


def mean(selector: rasp.Selector, sop: SOp) -> SOp:
    """The mean of numbers."""
    return rasp.numerical(rasp.Aggregate(selector, rasp.numerical(sop), default=0))


def last_where(marked: SOp, default: rasp.Value = None) -> SOp:
    """The last position up to here at which something holds, the default before the first.

    Marked positions are numbered; the last one has the number of all of them so far.
    """
    number = running_count(bool, marked)
    own = rasp.SequenceMap(lambda m, n: n if m else None, marked, number)
    newest = rasp.Select(own, number, Comparison.EQ)
    return rasp.Aggregate(newest, rasp.indices, default=default)


def total(terms: Iterable[SOp]) -> SOp:
    """The sum of numbers."""
    summed: SOp | None = None
    for term in terms:
        summed = term if summed is None else summed + term
    assert summed is not None, "there is something to add"
    return summed
