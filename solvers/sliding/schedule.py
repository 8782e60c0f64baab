"""A plan that changes in place, and can go back: what is where, and what it costs.

Time is counted in layers. A state between attention and MLP holds all that the state after the
MLP holds but what that writes, which the next state of the kind holds too; so the widest is one
of these, or the last of all. A variable is there from its `birth`, the first of these states that
holds it, to its `end`, the layer of its last reader, whose MLP erases it.

Whatever a move changes has it remembered, unless the move has changed it before; so a move is
taken back by putting all that back.
"""

from __future__ import annotations

from solvers.sliding.compiling import compiled
from solvers.sliding.fields import Numbers, at, field, note, packed
from solvers.sliding.tables import (
    COSTS_NEURONS,
    ERASING,
    IS_INPUT,
    IS_MLP,
    READER,
    SLOTS_FROM,
    WIDTH,
    Numbered,
)

NONE = -1
"""No alternative, no variable, no slot, or no layer."""

WAY, LAYER, BIRTH, HEADS_FROM, END = range(5)
"""Of each variable its alternative, NONE if it is not computed; where that stands; the first state
at which the variable is there, so that MLPs of that layer can read it; the first layer whose heads
can; and the layer of its last reader, NONE if nothing reads it."""

PRESENT, PLACE = 5, 6
"""The variables that are computed, in no order that means anything; and where each stands there."""

FIRST, PICK, FOLLOWING, PRECEDING = range(7, 11)
"""Of each variable the first of the slots that read it; of each slot the variable that it reads,
NONE if it is not in use, and the slots after and before it that read the same."""

LOAD, NEURONS, COST, COUNT = range(11, 15)
"""The width of the state before the MLP of each layer, and of the last state; the neurons of each
layer; the sum of the prices; and how many variables are computed."""

FINAL, WIDTH_PRICE, NEURONS_PRICE = range(15, 18)
"""Whether the output reads each variable; what each width of a state costs, and each number of
neurons of a layer."""

MOVE, CHANGES, CHANGED, HELD, LAST_CHANGE = range(18, 23)
"""The number of the move; how much it has changed, where that is, and what it was before; and of
each place the last move that changed it."""

PICKED, LOST, WAITING, UNTIL = range(23, 27)
"""Room for what an alternative is going to read; for what it reads no more; for variables that
something is yet to be done with; and for the layer that each of these waits for."""

PUSHED = 12
"""Components that one move may push: longer chains cost more than they gain."""


def empty(known: Numbered, layers: int) -> Numbers:
    """A plan in which nothing is computed and nothing costs anything: fields by the names above.

    Args:
        known: The problem.
        layers: Number of layers.
    """
    count, slots = len(field(known.tables, WIDTH)), len(field(known.tables, READER))
    never, none, free = [NONE] * count, [NONE] * slots, [0] * (layers + 1)
    variables = [never, never, [0] * count, [0] * count, never, never, never, never]
    changing = [*variables, none, none, none, free, free, [0], [0]]
    cells = sum(map(len, changing))
    rest = [
        [0] * count,
        [0] * (known.widths + 1),
        [0] * (known.neurons + 1),
        [0],
        [0],
        [0] * cells,
        [0] * cells,
        [NONE] * (cells + UNTIL + 2),
        [0] * slots,
        [0] * slots,
        [0] * (count + PUSHED),
        [0] * (count + PUSHED),
    ]
    return packed([*changing, *rest])


def set_prices(s: Numbers, width: Numbers, neurons: Numbers) -> None:
    """Counts the cost by other prices; what was changed before is no longer taken back.

    Args:
        s: The plan.
        width: What each width of a state costs.
        neurons: What each number of neurons of a layer costs.
    """
    field(s, WIDTH_PRICE)[:], field(s, NEURONS_PRICE)[:] = width, neurons
    cost = width[field(s, LOAD)].sum() + neurons[field(s, NEURONS)].sum()
    field(s, COST)[0] = cost
    begin(s)


@compiled
def layers(s: Numbers) -> int:
    """Number of layers."""
    return int(s[NEURONS] - s[LOAD] - 1)


@compiled
def put(s: Numbers, row: int, place: int, value: int) -> None:
    """Changes a number, and remembers what it was before the move."""
    cell, move = s[row] + place, at(s, MOVE, 0)
    if at(s, LAST_CHANGE, cell) != move:
        changes = at(s, CHANGES, 0)
        note(s, LAST_CHANGE, cell, move)
        note(s, CHANGED, changes, cell)
        note(s, HELD, changes, s[cell])
        note(s, CHANGES, 0, changes + 1)
    s[cell] = value


@compiled
def begin(s: Numbers) -> None:
    """From here on changes can be taken back."""
    note(s, MOVE, 0, at(s, MOVE, 0) + 1)
    note(s, CHANGES, 0, 0)


@compiled
def undo(s: Numbers) -> None:
    """Takes back what was changed since `begin`."""
    for number in range(at(s, CHANGES, 0)):
        s[at(s, CHANGED, number)] = at(s, HELD, number)
    begin(s)


@compiled
def wider(s: Numbers, first: int, last: int, width: int) -> None:
    """Adds to the loads from one state to another, both included."""
    if first > last or width == 0:
        return
    cost = at(s, COST, 0)
    for state in range(first, last + 1):
        before = at(s, LOAD, state)
        cost += at(s, WIDTH_PRICE, before + width) - at(s, WIDTH_PRICE, before)
        put(s, LOAD, state, before + width)
    put(s, COST, 0, cost)


@compiled
def busier(s: Numbers, layer: int, amount: int) -> None:
    """Adds to the neurons of a layer."""
    if amount == 0:
        return
    before = at(s, NEURONS, layer)
    cost = at(s, NEURONS_PRICE, before + amount) - at(s, NEURONS_PRICE, before)
    put(s, NEURONS, layer, before + amount)
    put(s, COST, 0, at(s, COST, 0) + cost)


@compiled
def span(t: Numbers, s: Numbers, variable: int, birth: int, end: int) -> None:
    """Changes when a variable is there: never, if its end is before its birth."""
    old_birth, old_end, width = at(s, BIRTH, variable), at(s, END, variable), at(t, WIDTH, variable)
    if old_birth > old_end or birth > end or birth > old_end or end < old_birth:
        wider(s, old_birth, old_end, -width)
        wider(s, birth, end, width)
    else:
        wider(s, birth, old_birth - 1, width)
        wider(s, old_birth, birth - 1, -width)
        wider(s, old_end + 1, end, width)
        wider(s, end + 1, old_end, -width)
    if birth != old_birth:
        put(s, BIRTH, variable, birth)
    if end == old_end:
        return
    put(s, END, variable, end)
    depth = layers(s)
    if NONE < old_end < depth:
        busier(s, old_end, -at(t, ERASING, variable))
    if NONE < end < depth:
        busier(s, end, at(t, ERASING, variable))


@compiled
def stand(t: Numbers, s: Numbers, variable: int, way: int, layer: int) -> None:
    """Lets an alternative of a variable stand in a layer; what it reads is as it was."""
    old = at(s, WAY, variable)
    if old != NONE:
        busier(s, at(s, LAYER, variable), -at(t, COSTS_NEURONS, old))
    busier(s, layer, at(t, COSTS_NEURONS, way))
    put(s, WAY, variable, way)
    put(s, LAYER, variable, layer)
    put(s, HEADS_FROM, variable, layer + 1)
    span(t, s, variable, layer + at(t, IS_MLP, way), at(s, END, variable))


@compiled
def enter(t: Numbers, s: Numbers, variable: int, way: int, layer: int) -> None:
    """Computes a variable that was not, for readers that are yet to come."""
    count = at(s, COUNT, 0)
    put(s, PLACE, variable, count)
    put(s, PRESENT, count, variable)
    put(s, COUNT, 0, count + 1)
    stand(t, s, variable, way, layer)


@compiled
def leave(s: Numbers, variable: int) -> None:
    """Takes a variable from those that are computed."""
    last_place = at(s, COUNT, 0) - 1
    place, last = at(s, PLACE, variable), at(s, PRESENT, last_place)
    put(s, PRESENT, place, last)
    put(s, PLACE, last, place)
    put(s, PLACE, variable, NONE)
    put(s, COUNT, 0, last_place)


@compiled
def link(s: Numbers, slot: int, name: int) -> None:
    """Lets a slot that is not in use read a variable."""
    after = at(s, FIRST, name)
    put(s, PICK, slot, name)
    put(s, FOLLOWING, slot, after)
    put(s, PRECEDING, slot, NONE)
    put(s, FIRST, name, slot)
    if after != NONE:
        put(s, PRECEDING, after, slot)


@compiled
def unlink(s: Numbers, slot: int) -> None:
    """Lets a slot read nothing."""
    before, after = at(s, PRECEDING, slot), at(s, FOLLOWING, slot)
    if before == NONE:
        put(s, FIRST, at(s, PICK, slot), after)
    else:
        put(s, FOLLOWING, before, after)
    if after != NONE:
        put(s, PRECEDING, after, before)
    put(s, PICK, slot, NONE)


@compiled
def last_reader(t: Numbers, s: Numbers, variable: int) -> int:
    """The layer of the last reader of a variable; NONE if there is none."""
    if at(s, FINAL, variable):
        return layers(s)
    last, slot = NONE, at(s, FIRST, variable)
    while slot != NONE:
        last = max(last, at(s, LAYER, at(t, READER, slot)))
        slot = at(s, FOLLOWING, slot)
    return last


@compiled
def discard(t: Numbers, s: Numbers, unread: int) -> None:
    """Removes a variable that nothing reads, and all that only it reads."""
    waiting = 1
    note(s, WAITING, 0, unread)
    while waiting:
        waiting -= 1
        variable = at(s, WAITING, waiting)
        span(t, s, variable, at(s, BIRTH, variable), NONE)
        way, layer = at(s, WAY, variable), at(s, LAYER, variable)
        if way == NONE:
            continue
        busier(s, layer, -at(t, COSTS_NEURONS, way))
        leave(s, variable)
        put(s, WAY, variable, NONE)
        for slot in range(at(t, SLOTS_FROM, variable), at(t, SLOTS_FROM, variable + 1)):
            name = at(s, PICK, slot)
            if name == NONE:
                break
            unlink(s, slot)
            if at(s, FIRST, name) == NONE and not at(s, FINAL, name):
                note(s, WAITING, waiting, name)
                waiting += 1
            elif at(s, END, name) == layer:
                span(t, s, name, at(s, BIRTH, name), last_reader(t, s, name))


@compiled
def refresh(t: Numbers, s: Numbers, variable: int, before: int, after: int) -> None:
    """Lets a variable end with its last reader, or go if it has none.

    Some are read by hundreds, who are asked only if it may end earlier.

    Args:
        t: The problem.
        s: The plan.
        variable: The variable.
        before: Where the reader stood whose reading has changed; NONE if it is new.
        after: Where it stands; NONE if it reads no more.
    """
    end = at(s, END, variable)
    if after <= end:
        if at(s, FIRST, variable) == NONE and not at(s, FINAL, variable):
            discard(t, s, variable)
            return
        if before < end or after == end:
            return
        after = last_reader(t, s, variable)
    if after != end:
        span(t, s, variable, at(s, BIRTH, variable), after)


@compiled
def moved(t: Numbers, s: Numbers, variable: int, stood: int) -> None:
    """Lets what a variable reads end with it, now that it stands elsewhere."""
    layer = at(s, LAYER, variable)
    for slot in range(at(t, SLOTS_FROM, variable), at(t, SLOTS_FROM, variable + 1)):
        name = at(s, PICK, slot)
        if name == NONE:
            return
        refresh(t, s, name, stood, layer)


@compiled
def readable(t: Numbers, s: Numbers, variable: int) -> bool:
    """Whether a variable is computed, or an input."""
    return at(s, WAY, variable) != NONE or at(t, IS_INPUT, variable) != 0
