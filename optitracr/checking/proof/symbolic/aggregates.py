"""What a head writes, as a function of the width or the aggregate that it computes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from numbers import Number
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.checking.proof.attention import Ports
from optitracr.checking.proof.bounded import SLACK, Bounded, FloatArray, gamma
from optitracr.checking.proof.symbolic.contents import State, covering, hull
from optitracr.checking.proof.symbolic.graded import Looked
from optitracr.checking.proof.symbolic.heads import (
    LEANING,
    Pattern,
    Selection,
    counted,
    judged,
    leaning,
    selection,
    span,
    uneven,
    values,
)
from optitracr.checking.proof.symbolic.places import places_below
from optitracr.checking.proof.symbolic.values import OpenError
from optitracr.graph.program import Aggregate, Best, Node, Selector, Source, Width, selector_reads
from optitracr.model.proof import Discharge
from optitracr.rasp.identity import identity_key

Corner = tuple[float, float]

TOLERATED = 0.25
"""Weight of what is not selected, or unevenness of what is, beyond which a head computes something
else."""


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """One head of a sublayer, and where it looks.

    Attributes:
        ports: The weights of the sublayer.
        number: Which head.
        pattern: Where it looks.
        state: The stream that it reads.
    """

    ports: Ports
    number: int
    pattern: Pattern
    state: State


def given_by(head: Head, node: Node) -> Bounded:
    """What a head gives for each value of a variable, [values, columns of the head].

    Args:
        head: The head.
        node: A width or an aggregate.

    Raises:
        OpenError: If the head does not compute it, as far as is known.
    """
    operation = node.operation
    assert isinstance(operation, Width | Aggregate)
    counts = isinstance(operation, Width)
    found = selection(head.pattern, operation.selector, head.state, counts)
    means = counts or head.state.meaning.takes_means(node)
    if max(found.leak, found.spread if means else 0.0) > TOLERATED:
        raise OpenError(f"a head for {node.describe()} selects something else than its selector")
    least = found.least or head.state.meaning.relations.selects_some(node.label)
    if not least and found.empty > TOLERATED:
        raise OpenError(
            f"a head for {node.describe()} looks elsewhere than at BOS where nothing is selected"
        )
    found = replace(found, least=int(least))
    if isinstance(operation, Width):
        return _share(head, found, node)
    return _mean(head, found, node, operation)


def part_of(head: Head, node: Node) -> tuple[str, Bounded]:
    """The name of what a head counts, if it is a part of a width, and what it gives for each count.

    Raises:
        OpenError: If the head does not count.
    """
    state, pattern = head.state, head.pattern
    chosen = counted(pattern)
    found = judged(pattern, chosen, state, width=True)
    if max(found.leak, found.spread, found.empty) > TOLERATED:
        raise OpenError(f"a head for {node.describe()} counts nothing")
    name = state.meaning.with_part(node.label, pattern.keys, pattern.queries, chosen.T)
    return name, _share(head, found, node)


def _share(head: Head, found: Selection, node: Node) -> Bounded:
    """What a head gives that weighs BOS against what is selected: by 1 to the number of keys."""
    longest = head.state.meaning.setting.max_seq_len
    own, start, spread = span(head.ports.value, head.number, head.state)
    keys = covering(own)
    number = np.arange(longest + 1, dtype=np.float64)[:, None]
    share = 1.0 / (1.0 + number)
    off = number / (1.0 + number) * uneven(found.spread, longest)
    off = off + 2.0 * LEANING * np.where(number > 0, found.leak, found.empty)
    # Keys that are not counted are next to nothing, and round off no more than themselves.
    off = share * (off + gamma(number + 4.0))
    center = keys.center + share * (start.center - keys.center)
    size = np.maximum(keys.size, start.size)
    error = keys.error * (1.0 - share) + start.error * share + off * spread
    # What all keys have in common is added up as often as there are keys.
    return Bounded(center, (error + gamma(longest + 3.0) * np.where(keys.size > 0, size, 0.0)))


def _mean(head: Head, found: Selection, node: Node, operation: Aggregate) -> Bounded:
    """What a head gives that looks at what is selected alike, and at BOS where nothing is."""
    meaning = head.state.meaning
    _, start, _ = span(head.ports.value, head.number, head.state)
    taken = _by_operand(head, operation.operand)
    means = meaning.takes_means(node)
    rows = list(_rows(head, node, operation, taken, start, means))
    codes = np.array([code for code, _, _ in rows], dtype=np.intp)
    center = np.array([center for _, center, _ in rows]).reshape(len(rows), -1)
    error = np.array([error for _, _, error in rows]).reshape(len(rows), -1)
    table = hull(Bounded(center, error), codes, len(meaning.values(node.label)))
    return mean_of(head, found, table, means, one=meaning.takes_one(node))


def mean_of(head: Head, found: Selection, table: Bounded, means: bool, one: bool) -> Bounded:
    """What a head gives, given what it ought to give for each value of what it computes.

    Args:
        head: The head.
        found: How well it selects.
        table: What it would give if it selected just what it ought to.
        means: Whether several keys with different values may be selected.
        one: Whether one key at most is.
    """
    longest = head.state.meaning.setting.max_seq_len
    _, _, spread = span(head.ports.value, head.number, head.state)
    leak = LEANING * max(found.leak, 0.0 if found.least else found.empty)
    off = leak + (leaning(found.spread) if means else 0.0)
    most = np.abs(table.center) + table.error
    # What is next to nothing rounds off no more than itself.
    rounding = gamma(4.0 if one else longest + 3.0) * (most + spread * (off + means))
    rounding = rounding + 2.0 * leak * most.max(axis=0)
    return Bounded(table.center, table.error * (1.0 + off) + off * spread + rounding)


def _by_operand(head: Head, operand: str) -> Bounded:
    """What a head takes from a key for each value of the operand."""
    meaning, port = head.state.meaning, head.ports.value
    columns = (port.weights[:, head.number] != 0.0).any(axis=1)
    labels = head.state.labels(columns)
    given = meaning.combinations((*labels, operand))
    own = values(port, head.number, head.state, given)
    return hull(own, given[operand], len(meaning.values(operand)))


def _rows(
    head: Head,
    node: Node,
    operation: Aggregate,
    taken: Bounded,
    start: Bounded,
    means: bool,
) -> Iterator[tuple[int, FloatArray, FloatArray]]:
    """For each value of an aggregate its code, what the head gives and how far that is off."""
    meaning = head.state.meaning
    own = meaning.values(operation.operand)
    codes = meaning.codes(node.label)
    same: dict[Any, list[int]] = {}
    for code, value in enumerate(meaning.values(node.label)):
        same.setdefault(value, []).append(code)
    for place, value in enumerate(own):
        for code in same[value]:
            yield code, taken.center[place], taken.error[place]
    default = codes[identity_key(operation.default)]
    yield default, start.center[0], start.error[0]
    if not means:
        return
    numbers = [i for i, value in enumerate(own) if isinstance(value, Number)]
    both = zip(meaning.values(node.label), codes.values(), strict=True)
    floats = {code: value for value, code in both if isinstance(value, float)}
    wanted = np.array(list(floats.values()))
    found = mean_between(taken[numbers], np.array([float(own[i]) for i in numbers]), wanted)
    yield from zip(floats, found.center, found.error, strict=True)


def mean_between(
    taken: Bounded, numbers: NDArray[np.float64], wanted: NDArray[np.float64]
) -> Bounded:
    """What the mean of what is taken can be, where the mean of the numbers is known.

    However keys are mixed, it is no less than the largest convex function below what is taken from
    each number, and no more than the smallest concave one above.

    Args:
        taken: What is taken with each number, [numbers, columns].
        numbers: The numbers.
        wanted: The means of numbers, none smaller or larger than all of these.

    Returns:
        Bounds for each of the wanted ones, [wanted, columns].
    """
    low, high = taken.center - taken.error, taken.center + taken.error
    least = [_hull_below(numbers, own, wanted) for own in low.T]
    most = [-_hull_below(numbers, -own, wanted) for own in high.T]
    both = np.array([least, most]).reshape(2, low.shape[1], len(wanted)).swapaxes(1, 2)
    largest = np.max(taken.size, axis=0, initial=0.0)
    off = SLACK * len(numbers) * largest
    return Bounded(both.mean(axis=0), (both[1] - both[0]) / 2.0 + off)


def _hull_below(
    numbers: NDArray[np.float64], heights: FloatArray, wanted: NDArray[np.float64]
) -> FloatArray:
    """The largest convex function that is nowhere above some points, at the wanted places."""
    order = np.lexsort((heights, numbers))
    corners: list[Corner] = []
    for x, y in zip(numbers[order].tolist(), heights[order].tolist(), strict=True):
        if corners and corners[-1][0] == x:
            continue
        while len(corners) > 1 and _is_above(corners[-2], corners[-1], (x, y)):
            corners.pop()
        corners.append((x, y))
    places, lowest = zip(*corners, strict=True)
    return np.asarray(np.interp(wanted, places, lowest), dtype=np.float64)


def _is_above(first: Corner, middle: Corner, last: Corner) -> bool:
    """Whether a point is on or above the line between its neighbours."""
    (x0, y0), (x1, y1), (x2, y2) = first, middle, last
    return (y1 - y0) * (x2 - x0) >= (y2 - y0) * (x1 - x0)


def best_given_by(head: Head, node: Node) -> Bounded:
    """What a head gives that looks at the best key, for each value of a variable.

    Args:
        head: The head.
        node: An aggregate, or the place of a best key.

    Raises:
        OpenError: If the head does not compute it, as far as is known.
    """
    known = head.state.best
    if (head.number, node.label) not in known:
        known[head.number, node.label] = _best_given_by(head, node)
    return known[head.number, node.label]


def _best_given_by(head: Head, node: Node) -> Bounded:
    meaning, operation = head.state.meaning, node.operation
    assert isinstance(operation, Aggregate | Best)
    looked, selector = Looked(meaning, head.pattern), operation.selector
    best = operation if isinstance(operation, Best) else None
    if best is None:
        for below in places_below(meaning, selector):
            selector, best = below.selector, below if isinstance(below, Best) else None
    # What is copied from a position that was computed is of one key.
    own = operation.operand if isinstance(operation, Aggregate) else None
    operand = own if selector is operation.selector and best is None else None
    found = looked.selection(operand)
    if max(found.leak, found.empty) > TOLERATED:
        raise OpenError(f"a head for {node.describe()} looks at several keys")
    if not (looked.is_selected(selector, operand) if best is None else looked.is_best(best)):
        raise OpenError(f"a head for {node.describe()} may look at another key than its selector")
    meaning.discharged[Discharge.RELATIONS] += 1
    copied = _copied(head, node, selector)
    return mean_of(head, found, copied, means=False, one=operand is None)


def _copied(head: Head, node: Node, selector: Selector) -> Bounded:
    """What a head gives for each value that it copies of a key that is selected, or at BOS."""
    meaning, port, operation = head.state.meaning, head.ports.value, node.operation
    index = meaning.input(Source.INDICES)
    operand = operation.operand if isinstance(operation, Aggregate) else index
    default = operation.default if isinstance(operation, Aggregate) else None
    labels = head.state.labels((port.weights[:, head.number] != 0.0).any(axis=1))
    reads = selector_reads(selector)
    given = meaning.combinations((*labels, operand, *reads[0::2]))
    queries = meaning.combinations(reads[1::2])
    chosen = meaning.selected(selector, given, queries).any(axis=1)
    given = {label: codes[chosen] for label, codes in given.items()}
    own = values(port, head.number, head.state, given)
    _, start, _ = span(port, head.number, head.state)
    written = meaning.values(node.label)
    # What is copied may be given as another form of it, such as 1.0 for 1.
    forms = [[i for i, x in enumerate(written) if x == value] for value in meaning.values(operand)]
    pairs = [(row, i) for row, code in enumerate(given[operand].tolist()) for i in forms[code]]
    row, code = np.array([*pairs, (-1, meaning.codes(node.label)[identity_key(default)])]).T
    both = Bounded(
        np.concatenate([own.center, start.center]), np.concatenate([own.error, start.error])
    )
    # It has no other values: every key that is selected was looked at.
    meaning.restrict(node.label, code)
    return hull(both[row], code, len(written))
