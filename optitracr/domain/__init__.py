"""Promises about inputs: which of them matter.

    from optitracr import compile_rasp_to_model, domain

    promise = domain.exactly_one("+") & domain.lengths(3, 8)
    model = compile_rasp_to_model(program, set("01+"), 8, domain=promise)

A model is exact on the inputs of its domain, and smaller for whatever does not occur there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from optitracr import arguments
from optitracr.domain.parts import Counted, Domain, Listed, Matching, OfLength, Where
from optitracr.errors import InputError

__all__ = [
    "Domain",
    "at_least_one",
    "at_most_one",
    "exactly_one",
    "lengths",
    "listed",
    "matches",
    "where",
]


def exactly_one(token: Any) -> Domain:
    """Inputs in which a token stands at one position.

    Args:
        token: The token.
    """
    return Counted(token, 1, 1, "exactly_one")


def at_most_one(token: Any) -> Domain:
    """Inputs in which a token stands at one position or at none.

    Args:
        token: The token.
    """
    return Counted(token, 0, 1, "at_most_one")


def at_least_one(token: Any) -> Domain:
    """Inputs in which a token stands at some position.

    Args:
        token: The token.
    """
    return Counted(token, 1, None, "at_least_one")


def matches(pattern: str) -> Domain:
    """Inputs whose tokens, spelled by `str` and joined, match a regular expression as a whole.

    Args:
        pattern: An expression of Python's `re`, of letters, sets, groups, | and repetitions.

    Raises:
        InputError: If it is no expression, or looks ahead, back, or at what a group matched.
    """
    from optitracr.domain.patterns import check_pattern

    found = arguments.text("pattern", pattern)
    check_pattern(found)
    return Matching(found)


def lengths(low: int | Collection[int], high: int | None = None) -> Domain:
    """Inputs of some numbers of tokens.

    Args:
        low: The least number, or a collection of numbers.
        high: The largest number; by default the least one, so that there is one length.

    Raises:
        InputError: If a number is no positive integer, or there is none.
    """
    if isinstance(low, Iterable):
        if high is not None:
            raise InputError("lengths takes a collection or two numbers, not both; give one")
        wanted = "a collection of positive integers"
        given = arguments.collection("lengths", low, wanted)
        found = {_length("a length of the domain", one) for one in given}
        if not found:
            raise InputError(f"lengths is empty; give {wanted}")
        return OfLength(tuple(sorted(found)))
    least = _length("low", low)
    most = least if high is None else _length("high", high, least)
    return OfLength(range(least, most + 1))


def _length(name: str, given: object, least: int = 1) -> int:
    return arguments.integer(name, given, least, arguments.LONGEST)


def listed(sequences: Collection[Sequence[Any]]) -> Domain:
    """Some inputs and no others.

    Args:
        sequences: Each a list of tokens without BOS, or a text of one-letter tokens.

    Raises:
        InputError: If there is none, or one is empty or no sequence.
    """
    wanted = "a list of sequences of tokens"
    given = arguments.collection("sequences", sequences, wanted)
    found = tuple(tuple(arguments.sequence("a sequence of the domain", one)) for one in given)
    if not found:
        raise InputError(f"the domain lists no inputs; give {wanted}")
    if () in found:
        raise InputError("the domain lists an input without tokens; leave it out")
    return Listed(found)


def where(predicate: Callable[[list[Any]], bool]) -> Domain:
    """Inputs for which a predicate holds.

    The compiler knows nothing of a predicate but what it says of inputs: where these are few it is
    asked about each, and else it makes no model smaller. Give the other functions of this module
    what they can say, and combine them with it by `&`. A file cannot hold a predicate that was
    not asked about every input.

    Args:
        predicate: Called with the list of tokens, without BOS; gives True or False.

    Raises:
        InputError: If it cannot be called.
    """
    return Where(arguments.function("predicate", predicate))
