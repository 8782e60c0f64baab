"""Sets as bits of one number, and the smallest that have something of each of several.

These are the minimal transversals of a hypergraph, edge by edge (Berge 1989).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from operator import or_

MOST_SETS = 100
"""Sets beyond which there are too many: a search that tries each of them takes far too long."""


class TooManySetsError(Exception):
    """There are more sets than can be tried."""


def members(bits: int) -> Iterator[int]:
    """The places of the bits that are set."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def smallest(sets: Sequence[int]) -> list[int]:
    """Those of several sets of which no part is among them; each once, in order."""
    different = list(dict.fromkeys(sets))
    found = []
    for one in different:
        for other in different:
            if other & one == other and other != one:
                break
        else:
            found.append(one)
    return found


def transversals(edges: Sequence[int]) -> tuple[int, ...]:
    """The sets that have something of each edge, and of which no part has.

    Args:
        edges: Sets, of which none is empty.

    Raises:
        TooManySetsError: If there are more than `MOST_SETS`.
    """
    found = [reduce(or_, (edge for edge in edges if edge & (edge - 1) == 0), 0)]
    for edge in edges:
        held = [each for each in found if each & edge]
        if len(held) == len(found):
            continue
        singles = [1 << place for place in members(edge)]
        wider = [each | single for each in found if not each & edge for single in singles]
        found = smallest([*held, *wider])
        if len(found) > MOST_SETS:
            raise TooManySetsError
    return tuple(found)
