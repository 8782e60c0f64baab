"""Ways to change a plan a little: where a component stands, how it is computed, what it reads.

Each says whether it could be made; what was done of one that could not has to be taken back.
"""

from __future__ import annotations

from solvers.sliding.chance import below
from solvers.sliding.compiling import compiled
from solvers.sliding.fields import Numbers, at, note
from solvers.sliding.schedule import (
    BIRTH,
    COUNT,
    END,
    FINAL,
    FIRST,
    FOLLOWING,
    HEADS_FROM,
    LAYER,
    LOST,
    NONE,
    PICK,
    PICKED,
    PRESENT,
    PUSHED,
    UNTIL,
    WAITING,
    WAY,
    discard,
    enter,
    last_reader,
    layers,
    link,
    moved,
    readable,
    refresh,
    span,
    stand,
    unlink,
)
from solvers.sliding.tables import (
    IS_MLP,
    OPTIONS,
    OPTIONS_FROM,
    READER,
    READS_FROM,
    SLOTS_FROM,
    WAYS,
    WAYS_FROM,
    WIDTH,
)

FARTHEST = 3
"""Layers that a push goes at most: shorter ones succeed more often."""

DEEPEST = 2
"""Variables in a row that may come to be computed because another reads them: with more the
plan is seldom better."""

OTHERWISE, PUSHES, SLIDES, OTHERS = 7, 4, 6, 3
"""How often each kind of move is made, as measured to be of use."""

LATEST, EARLIEST = 30, 50
"""Of a hundred slides, how many go to the end of their stretch, and how many to either end: there
a lifetime is shortest."""

ABSENT = 30
"""Of a hundred reads that could be of what is there, how many are of what is not."""


@compiled
def ready(s: Numbers, variable: int, for_mlp: bool) -> int:
    """The first layer whose MLP, or whose heads, can read a variable."""
    return at(s, BIRTH, variable) if for_mlp else at(s, HEADS_FROM, variable)


@compiled
def earliest(t: Numbers, s: Numbers, variable: int) -> int:
    """The first layer at which all that a component reads is there."""
    is_mlp = at(t, IS_MLP, at(s, WAY, variable)) != 0
    first = 0
    for slot in range(at(t, SLOTS_FROM, variable), at(t, SLOTS_FROM, variable + 1)):
        if at(s, PICK, slot) == NONE:
            break
        first = max(first, ready(s, at(s, PICK, slot), is_mlp))
    return first


@compiled
def latest(t: Numbers, s: Numbers, variable: int, way: int) -> int:
    """The last layer at which an alternative is early enough for all readers."""
    last, slot = layers(s) - 1, at(s, FIRST, variable)
    while slot != NONE:
        reader = at(t, READER, slot)
        same_layer = at(t, IS_MLP, at(s, WAY, reader)) != 0 and at(t, IS_MLP, way) == 0
        last = min(last, at(s, LAYER, reader) - (0 if same_layer else 1))
        slot = at(s, FOLLOWING, slot)
    return last


@compiled
def slide(t: Numbers, s: Numbers, random: Numbers, variable: int) -> bool:
    """Lets a component stand elsewhere between what it reads and what reads it."""
    way = at(s, WAY, variable)
    first, last = earliest(t, s, variable), latest(t, s, variable, way)
    if first >= last:
        return False
    end = below(random, 100)
    if end < LATEST:
        layer = last
    elif end < EARLIEST:
        layer = first
    else:
        layer = first + below(random, last - first + 1)
    stood = at(s, LAYER, variable)
    if layer == stood:
        return False
    stand(t, s, variable, way, layer)
    moved(t, s, variable, stood)
    return True


@compiled
def later(t: Numbers, s: Numbers, variable: int, layer: int) -> bool:
    """Puts a component into a later layer, and its readers behind it."""
    waiting, left = 1, PUSHED
    note(s, WAITING, 0, variable)
    note(s, UNTIL, 0, layer)
    while waiting:
        waiting -= 1
        pushed, layer = at(s, WAITING, waiting), at(s, UNTIL, waiting)
        if layer <= at(s, LAYER, pushed):
            continue
        if layer > layers(s) - 1 or left == 0:
            return False
        left -= 1
        stood = at(s, LAYER, pushed)
        stand(t, s, pushed, at(s, WAY, pushed), layer)
        moved(t, s, pushed, stood)
        slot = at(s, FIRST, pushed)
        while slot != NONE:
            reader = at(t, READER, slot)
            least = ready(s, pushed, at(t, IS_MLP, at(s, WAY, reader)) != 0)
            slot = at(s, FOLLOWING, slot)
            if at(s, LAYER, reader) >= least:
                continue
            if waiting == PUSHED:
                return False
            note(s, WAITING, waiting, reader)
            note(s, UNTIL, waiting, least)
            waiting += 1
    return True


@compiled
def earlier(t: Numbers, s: Numbers, variable: int, layer: int) -> bool:
    """Puts a component into an earlier layer, and what it reads before it."""
    waiting, left = 1, PUSHED
    note(s, WAITING, 0, variable)
    note(s, UNTIL, 0, layer)
    while waiting:
        waiting -= 1
        pushed, layer = at(s, WAITING, waiting), at(s, UNTIL, waiting)
        if layer >= at(s, LAYER, pushed):
            continue
        if layer < 0 or left == 0:
            return False
        left -= 1
        way, stood = at(s, WAY, pushed), at(s, LAYER, pushed)
        is_mlp = at(t, IS_MLP, way) != 0
        stand(t, s, pushed, way, layer)
        for slot in range(at(t, SLOTS_FROM, pushed), at(t, SLOTS_FROM, pushed + 1)):
            name = at(s, PICK, slot)
            if name == NONE:
                break
            refresh(t, s, name, stood, layer)
            if ready(s, name, is_mlp) <= layer:
                continue
            if waiting == PUSHED:
                return False
            same_layer = is_mlp and at(t, IS_MLP, at(s, WAY, name)) == 0
            note(s, WAITING, waiting, name)
            note(s, UNTIL, waiting, layer - (0 if same_layer else 1))
            waiting += 1
    return True


@compiled
def push(t: Numbers, s: Numbers, random: Numbers, variable: int) -> bool:
    """Lets a component stand some layers earlier or later, and what is in its way too."""
    far = 1 + below(random, FARTHEST)
    if below(random, 2):
        return later(t, s, variable, at(s, LAYER, variable) + far)
    return earlier(t, s, variable, at(s, LAYER, variable) - far)


@compiled
def any_way(t: Numbers, random: Numbers, variable: int) -> int:
    """One of the alternatives of a variable."""
    first = at(t, WAYS_FROM, variable)
    return at(t, WAYS, first + below(random, at(t, WAYS_FROM, variable + 1) - first))


@compiled
def compute(
    t: Numbers, s: Numbers, random: Numbers, variable: int, layer: int, for_mlp: bool
) -> bool:
    """Computes a variable as late as a reader in some layer allows; it reads nothing as yet."""
    way = any_way(t, random, variable)
    stands = layer if for_mlp and at(t, IS_MLP, way) == 0 else layer - 1
    if stands < 0:
        return False
    enter(t, s, variable, way, stands)
    return True


@compiled
def pick(t: Numbers, s: Numbers, random: Numbers, variable: int, way: int, read: int) -> int:
    """The option that is there for the longest, or at times one that is not there yet."""
    layer, is_mlp = at(s, LAYER, variable), at(t, IS_MLP, way) != 0
    best, least, absent, missing = NONE, 0, NONE, 0
    for place in range(at(t, OPTIONS_FROM, read), at(t, OPTIONS_FROM, read + 1)):
        name = at(t, OPTIONS, place)
        if not readable(t, s, name):
            missing += 1
            if below(random, missing) == 0:
                absent = name
        elif ready(s, name, is_mlp) <= layer and name != variable:
            first = max(at(s, END, name) + 1, at(s, BIRTH, name))
            longer = at(t, WIDTH, name) * max(layer + 1 - first, 0)
            if best == NONE or longer < least or (longer == least and below(random, 2)):
                best, least = name, longer
    if missing and (best == NONE or (least and below(random, 100) < ABSENT)):
        return absent
    return best


@compiled
def read_all(t: Numbers, s: Numbers, random: Numbers, waiting: int) -> bool:
    """Lets variables that have just come to be computed read what their alternatives need.

    Args:
        t: The problem.
        s: The plan.
        random: Where chance comes from.
        waiting: How many wait, from the first place on; what they need comes after them.
    """
    done, deep = 0, 1
    while done < waiting:
        level = waiting
        for number in range(done, level):
            variable = at(s, WAITING, number)
            way, layer = at(s, WAY, variable), at(s, LAYER, variable)
            for read in range(at(t, READS_FROM, way), at(t, READS_FROM, way + 1)):
                name = pick(t, s, random, variable, way, read)
                if name == NONE:
                    return False
                if not readable(t, s, name):
                    if deep == DEEPEST or not compute(
                        t, s, random, name, layer, at(t, IS_MLP, way) != 0
                    ):
                        return False
                    note(s, WAITING, waiting, name)
                    waiting += 1
                link(s, at(t, SLOTS_FROM, variable) + read - at(t, READS_FROM, way), name)
                refresh(t, s, name, NONE, layer)
        done, deep = level, deep + 1
    return True


@compiled
def release(t: Numbers, s: Numbers, name: int, stood: int) -> None:
    """Lets a variable end with its last reader, one of which reads it no longer."""
    if at(s, FIRST, name) == NONE and not at(s, FINAL, name):
        discard(t, s, name)
    elif at(s, END, name) == stood:
        span(t, s, name, at(s, BIRTH, name), last_reader(t, s, name))


@compiled
def switch(t: Numbers, s: Numbers, variable: int, count: int, stood: int) -> bool:
    """Lets a variable read what was picked, and nothing that it read before.

    Args:
        t: The problem.
        s: The plan.
        variable: The variable.
        count: How many reads it has now.
        stood: The layer in which it read the others.
    """
    layer, first = at(s, LAYER, variable), at(t, SLOTS_FROM, variable)
    lost = 0
    for slot in range(first, at(t, SLOTS_FROM, variable + 1)):
        name = at(s, PICK, slot)
        if name == NONE:
            break
        unlink(s, slot)
        note(s, LOST, lost, name)
        lost += 1
    for number in range(count):
        link(s, first + number, at(s, PICKED, number))
        refresh(t, s, at(s, PICKED, number), NONE, layer)
    for number in range(lost):
        release(t, s, at(s, LOST, number), stood)
    return True


@compiled
def compute_otherwise(t: Numbers, s: Numbers, random: Numbers, variable: int) -> bool:
    """Computes a variable by any of its alternatives, from whatever that needs."""
    way = any_way(t, random, variable)
    layer, last = at(s, LAYER, variable), latest(t, s, variable, way)
    if last < 0:
        return False
    stood = layer
    if layer > last or below(random, 100) < LATEST:
        layer = last
    stand(t, s, variable, way, layer)
    first, count = at(t, READS_FROM, way), at(t, READS_FROM, way + 1) - at(t, READS_FROM, way)
    waiting = 0
    for number in range(count):
        name = pick(t, s, random, variable, way, first + number)
        if name == NONE:
            return False
        note(s, PICKED, number, name)
        if not readable(t, s, name):
            if not compute(t, s, random, name, layer, at(t, IS_MLP, way) != 0):
                return False
            note(s, WAITING, waiting, name)
            waiting += 1
    return read_all(t, s, random, waiting) and switch(t, s, variable, count, stood)


@compiled
def read_other(t: Numbers, s: Numbers, random: Numbers, variable: int) -> bool:
    """Reads another variable that does as well."""
    way, layer = at(s, WAY, variable), at(s, LAYER, variable)
    count = at(t, READS_FROM, way + 1) - at(t, READS_FROM, way)
    if count == 0:
        return False
    number = below(random, count)
    read, slot = at(t, READS_FROM, way) + number, at(t, SLOTS_FROM, variable) + number
    first = at(t, OPTIONS_FROM, read)
    name, before = (
        at(t, OPTIONS, first + below(random, at(t, OPTIONS_FROM, read + 1) - first)),
        at(s, PICK, slot),
    )
    if name == before:
        return False
    is_mlp = at(t, IS_MLP, way) != 0
    if not readable(t, s, name):
        if not compute(t, s, random, name, layer, is_mlp):
            return False
        note(s, WAITING, 0, name)
        if not read_all(t, s, random, 1):
            return False
    elif ready(s, name, is_mlp) > layer:
        return False
    unlink(s, slot)
    link(s, slot, name)
    refresh(t, s, name, NONE, layer)
    release(t, s, before, layer)
    return True


@compiled
def move(t: Numbers, s: Numbers, random: Numbers) -> bool:
    """Makes a move by chance."""
    kind = below(random, OTHERWISE + PUSHES + SLIDES + OTHERS)
    variable = at(s, PRESENT, below(random, at(s, COUNT, 0)))
    if kind < OTHERWISE:
        return compute_otherwise(t, s, random, variable)
    if kind < OTHERWISE + PUSHES:
        return push(t, s, random, variable)
    if kind < OTHERWISE + PUSHES + SLIDES:
        return slide(t, s, random, variable)
    return read_other(t, s, random, variable)
