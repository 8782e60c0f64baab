"""A program with some of its parts changed, as its author would write it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from optitracr import rasp
from optitracr.rasp.expression import postorder

Change = Callable[[Any], Any]
"""What stands in the place of a part, given the part with its own parts changed."""


def changed(program: rasp.SOp, changes: Mapping[rasp.RASPExpr, Change]) -> rasp.SOp:
    """A program in which other expressions stand for some of its parts, for all who read them.

    Args:
        program: The program; it stays as it is.
        changes: What stands for each part.
    """
    made: dict[int, Any] = {}
    for part in postorder(program):
        again = _over(part, made)
        made[id(part)] = changes[part](again) if part in changes else again
    result: rasp.SOp = made[id(program)]
    return result


def _over(part: rasp.RASPExpr, made: Mapping[int, Any]) -> rasp.RASPExpr:
    """An expression over changed operands; itself if none is changed."""
    other = {
        key: made[id(value)]
        for key, value in vars(part).items()
        if isinstance(value, rasp.RASPExpr) and made[id(value)] is not value
    }
    if not other:
        return part
    again = part.copy()
    vars(again).update(other, _count=None)
    return again


def promised(aggregate: rasp.Aggregate) -> rasp.Aggregate:
    """An Aggregate whose selector is promised to select at most one key."""
    again = aggregate.copy()
    again.selector = rasp.at_most_one(aggregate.selector)
    again._count = None
    return again


def rounded(sop: rasp.SOp) -> rasp.SOp:
    """An s-op rounded to whole numbers, encoded as before."""
    return _encoded_like(sop, rasp.Map(round, sop))


def shortened(sop: rasp.SOp) -> rasp.SOp:
    """An s-op rounded to `DECIMALS`, encoded as before."""
    return _encoded_like(sop, rasp.Map(_to_decimals, sop))


def numerical(sop: rasp.SOp) -> rasp.SOp:
    """An s-op as a number."""
    return rasp.numerical(sop)


def categorical(sop: rasp.SOp) -> rasp.SOp:
    """An s-op as classes."""
    return rasp.categorical(sop)


DECIMALS = 2
"""Decimals that a rounded mean keeps: hundredths, which tell all means of up to ten flags apart."""


def _to_decimals(value: Any) -> Any:
    return round(value, DECIMALS)


def _encoded_like(sop: rasp.SOp, made: rasp.SOp) -> rasp.SOp:
    return rasp.annotate(made, encoding=rasp.get_encoding(sop))
