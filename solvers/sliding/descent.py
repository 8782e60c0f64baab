"""Moves one after the other, each kept or taken back: late acceptance."""

from __future__ import annotations

from solvers.sliding.compiling import compiled
from solvers.sliding.fields import Numbers, at, field, note, packed
from solvers.sliding.moves import move
from solvers.sliding.schedule import COST, LAYER, PICK, WAY, begin, undo

MADE, BARREN, CHEAPEST, LEAST, PRICED = range(5)
"""What is counted: moves, moves since the peak last fell, the least cost since prices were made,
the least peak, and the peak that prices were made for."""

RECENT, BEST_WAY, BEST_LAYER, BEST_PICK = range(5, 9)
"""The costs of as many moves before; alternatives, layers and reads of the plan of the least
peak."""

REPRICED = (7, 8)
"""Once peaks are this share of those that prices were made for, they are made anew."""


def descent(s: Numbers, peak: int, memory: int) -> Numbers:
    """A descent that begins with a plan: fields by the names above.

    Args:
        s: The plan, with prices for its own peak.
        peak: That peak.
        memory: Moves ago whose cost a plan may have again.
    """
    cost = int(at(s, COST, 0))
    best = [field(s, row).tolist() for row in (WAY, LAYER, PICK)]
    return packed([[0], [0], [cost], [peak], [peak], [cost] * memory, *best])


def reprice(s: Numbers, d: Numbers) -> None:
    """Counts costs anew, once the plan has other prices."""
    field(d, RECENT)[:] = field(d, CHEAPEST)[:] = at(s, COST, 0)


@compiled
def step(t: Numbers, s: Numbers, d: Numbers, random: Numbers) -> None:
    """One move, kept if the plan costs no more than before it, or than it did some moves ago."""
    begin(s)
    before, place = at(s, COST, 0), at(d, MADE, 0) % (d[BEST_WAY] - d[RECENT])
    made = move(t, s, random)
    cost, known = at(s, COST, 0), at(d, RECENT, place)
    if not made or (cost > before and cost > known):
        undo(s)
    if made and at(s, COST, 0) < known:
        note(d, RECENT, place, at(s, COST, 0))


@compiled
def highest(s: Numbers, row: int) -> int:
    """The highest number of a row."""
    most = 0
    for cell in range(s[row], s[row + 1]):
        most = max(most, s[cell])
    return most


@compiled
def copy(source: Numbers, row: int, target: Numbers, into: int) -> None:
    """Copies a row into another array."""
    for place in range(source[row + 1] - source[row]):
        note(target, into, place, at(source, row, place))


@compiled
def descend(
    t: Numbers, s: Numbers, d: Numbers, random: Numbers, peaked: int, most: int, patience: int
) -> bool:
    """Moves so often at most, or until the peak has not fallen for long.

    Args:
        t: The problem.
        s: The plan.
        d: Where the descent is.
        random: Where chance comes from.
        peaked: What is to have a lower peak: LOAD or NEURONS.
        most: Moves that this call makes at most.
        patience: Moves since the peak last fell after which to stop.

    Returns:
        Whether it ended as prices are to be made anew.
    """
    for _ in range(most):
        if at(d, BARREN, 0) >= patience:
            break
        note(d, MADE, 0, at(d, MADE, 0) + 1)
        note(d, BARREN, 0, at(d, BARREN, 0) + 1)
        step(t, s, d, random)
        if at(s, COST, 0) >= at(d, CHEAPEST, 0):
            continue
        note(d, CHEAPEST, 0, at(s, COST, 0))
        peak = highest(s, peaked)
        if peak < at(d, LEAST, 0):
            note(d, LEAST, 0, peak)
            note(d, BARREN, 0, 0)
            copy(s, WAY, d, BEST_WAY)
            copy(s, LAYER, d, BEST_LAYER)
            copy(s, PICK, d, BEST_PICK)
            if peak * REPRICED[1] <= at(d, PRICED, 0) * REPRICED[0]:
                note(d, PRICED, 0, peak)
                return True
    return False
