"""An attention sublayer over all values that positions can hold."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optitracr.checking.proof.attention import Port, Ports, linear
from optitracr.checking.proof.bounded import SLACK, Bounded, added, gamma, mapped
from optitracr.checking.proof.looks import EXPONENTIAL, logits
from optitracr.checking.proof.symbolic.aggregates import Head, best_given_by, given_by, part_of
from optitracr.checking.proof.symbolic.contents import (
    Content,
    State,
    covering,
    gathered,
    split,
)
from optitracr.checking.proof.symbolic.heads import looks_at_itself, pattern, read, span, values
from optitracr.checking.proof.symbolic.hints import Hints
from optitracr.checking.proof.symbolic.sums import is_sum, sum_given_by
from optitracr.checking.proof.symbolic.values import OpenError
from optitracr.graph.program import Aggregate, Best, Node, Width
from optitracr.model.forward import Layer
from optitracr.model.names import Linear

LITTLE = 0.5
"""Weight of what BOS does not look at on purpose, from which on it is taken to look anywhere."""

FAR = 64.0
"""Distance of logits beyond which the lower one's weight is taken for nothing that counts."""


@dataclass(frozen=True, slots=True, eq=False)
class Sublayer:
    """An attention sublayer.

    Attributes:
        layer: Its layer.
        ports: Its weights.
        heads: Its heads.
        itself: For heads in which each position looks at itself, the weight of all others.
        state: The stream before it.
        hints: What columns are said to hold after it.
        number: The number of the state after it.
    """

    layer: Layer
    ports: Ports
    heads: tuple[Head, ...]
    itself: dict[int, float]
    state: State
    hints: Hints
    number: int


def attended(layer: Layer, state: State, hints: Hints, number: int) -> State:
    """The stream after an attention sublayer.

    Args:
        layer: Its weights.
        state: The stream before it.
        hints: What columns are said to hold.
        number: The number of the state after it.

    Raises:
        OpenError: If a head is not known to compute what the program says.
    """
    ports = Ports.of(layer)
    if ports is None:
        return _shifted(state, layer.weights[Linear.HEADS_OUT]["b"])
    size = layer.architecture.head_size
    writes = (ports.out != 0.0).any(axis=1)
    heads = tuple(
        Head(ports, head, pattern(ports, size, head, state), state)
        for head in range(ports.count)
        if writes[head].any()
    )
    itself = {}
    for head in heads:
        weight = looks_at_itself(head.pattern, state)
        if weight is not None:
            itself[head.number] = weight
    sublayer = Sublayer(layer, ports, heads, itself, state, hints, number)
    touched = np.flatnonzero(writes.any(axis=0) | (ports.bias != 0.0))

    def kind(column: int) -> tuple[tuple[int, ...], str | None]:
        return tuple(np.flatnonzero(writes[:, column]).tolist()), hints.at(number, column)

    fresh = [
        _written(sublayer, same, writing, label) for (writing, label), same in split(touched, kind)
    ]
    return state.written(fresh, _at_bos(sublayer))


def _shifted(state: State, bias: NDArray[np.floating]) -> State:
    """The stream after a sublayer without heads, which adds its bias all the same."""
    contents = (
        Content(x.labels, x.columns, added(x.table, Bounded.exact(bias[x.columns][None])))
        for x in state.contents
    )
    return state.written(contents, added(state.bos, Bounded.exact(bias[None])))


def _written(
    sublayer: Sublayer, columns: NDArray[np.intp], writing: Collection[int], label: str | None
) -> Content:
    """What columns that the same heads write, and that are said to hold one label, hold then."""
    state, ports = sublayer.state, sublayer.ports
    heads = [head for head in sublayer.heads if head.number in writing]
    own = [head for head in heads if head.number in sublayer.itself]
    others = [head for head in heads if head.number not in sublayer.itself]
    looked_at = np.zeros(state.width, dtype=bool)
    looked_at[columns] = True
    for head in own:
        looked_at |= (ports.value.weights[:, head.number] != 0.0).any(axis=1)
    given = state.meaning.combinations(state.labels(looked_at))
    there = np.flatnonzero(looked_at)
    left = _kept(sublayer, own, there, columns, state.rows(there, given))
    if not others:
        return gathered(state.meaning, left, columns, given, label)
    rest = covering(left)
    if len(others) > 1:
        raise OpenError(f"several heads add up to {label or 'what the program has no name for'}")
    return _added(sublayer, others[0], columns, rest, label)


def _kept(
    sublayer: Sublayer,
    own: list[Head],
    there: NDArray[np.intp],
    columns: NDArray[np.intp],
    rows: Bounded,
) -> Bounded:
    """Columns after heads in which each position looks at itself, for each row."""
    ports = sublayer.ports
    places = np.searchsorted(there, columns)
    total = np.zeros((len(there), len(columns)))
    total[places, np.arange(len(columns))] = 1.0
    center = np.broadcast_to(ports.bias[columns], (len(rows.center), len(columns)))
    error = np.zeros_like(center)
    for head in own:
        value = ports.value.weights[there][:, head.number]
        out = ports.out[head.number][:, columns]
        part = Port(ports.value.weights[there][:, [head.number]], ports.value.bias[[head.number]])
        taken = linear(part, Bounded.exact(rows.center), apart=rows.error)[:, 0]
        wide = rows.error @ np.abs(value)
        keys, start, spread = span(ports.value, head.number, sublayer.state)
        most = np.maximum(keys.size.max(axis=0), start.size[0])
        off = taken.error + sublayer.itself[head.number] * spread
        # All but one of what is added up is next to nothing, and rounds off no more than itself.
        off = off + gamma(4.0) * (taken.size + wide)
        off = off + 2.0 * sublayer.itself[head.number] * most
        written = mapped(Bounded(taken.center, off), out, apart=wide)
        center, error = center + written.center, error + written.error
        total = total + value @ out
    if len(own) > 1 or (own and ports.bias[columns].any()):
        error = error + gamma(float(len(own) + 1)) * (np.abs(center) + error)
    handed = rows.error @ (np.abs(total) + SLACK)
    before, off = Bounded.exact(rows.center[:, places]), rows.error[:, places]
    found = added(before, Bounded(center, error + handed), apart=off)
    untouched = not own and not ports.bias[columns].any()
    return rows[:, places] if untouched else found


def _added(
    sublayer: Sublayer, head: Head, columns: NDArray[np.intp], rest: Bounded, label: str | None
) -> Content:
    """Columns to which a head adds what it computes."""
    reasons = []
    wanted = list(_candidates(sublayer, head, label))
    # A head that looks at the best key takes most to follow, and is tried last.
    tried = [(_computed, each) for each in wanted] + [(_best, each) for each in wanted]
    for compute, each in tried:
        try:
            computed, given = compute(head, sublayer.state.meaning.graph.node(each))
        except OpenError as error:
            reasons.append(str(error))
            continue
        out = sublayer.ports.out[head.number][:, columns]
        written = mapped(given, out)
        count = len(written.center)
        table = added(
            Bounded(*(np.repeat(x, count, axis=0) for x in (rest.center, rest.error))), written
        )
        return Content((computed,), columns, table)
    raise OpenError(reasons[0] if reasons else "a head computes nothing that the program has")


def _computed(head: Head, node: Node) -> tuple[str, Bounded]:
    """The variable that a head computes, or a part of it, and what it gives for each value."""
    if isinstance(node.operation, Best):
        raise OpenError(f"{node.describe()} is the place of the best key")
    if not isinstance(node.operation, Width | Aggregate):
        return node.label, sum_given_by(head, node)
    try:
        return node.label, given_by(head, node)
    except OpenError as error:
        if not isinstance(node.operation, Width):
            raise
        try:
            return part_of(head, node)
        except OpenError:
            raise error from None


def _best(head: Head, node: Node) -> tuple[str, Bounded]:
    """The variable that a head computes that looks at the best key."""
    if not isinstance(node.operation, Aggregate | Best):
        raise OpenError(f"{node.describe()} is taken from no key")
    return node.label, best_given_by(head, node)


def _candidates(sublayer: Sublayer, head: Head, label: str | None) -> Iterator[str]:
    """Widths and aggregates that a head may compute: what its columns are said to be made of."""
    meaning = sublayer.state.meaning
    named = [label] if label else []
    named += sublayer.hints.serving(sublayer.number, head.number)
    found: dict[str, None] = {}
    for each in named:
        if is_sum(meaning, each):
            found[each] = None
        for leaf in meaning.leaves(each):
            if isinstance(meaning.graph.node(leaf).operation, Width | Aggregate | Best):
                found[leaf] = None
    yield from found


def _at_bos(sublayer: Sublayer) -> Bounded:
    """What stands at BOS afterwards: BOS looks at itself, or somewhere among all."""
    state, ports = sublayer.state, sublayer.ports
    longest = state.meaning.setting.max_seq_len
    center, error = ports.bias[None].copy(), np.zeros((1, state.width))
    total = np.eye(state.width)
    for head in sublayer.heads:
        number = head.number
        own, start, spread = span(ports.value, head.number, sublayer.state)
        value, out = ports.value.weights[:, number], ports.out[number]
        weight = _others_at_bos(sublayer, head)
        if weight < LITTLE:
            part = Port(ports.value.weights[:, [number]], ports.value.bias[[number]])
            taken = linear(part, Bounded.exact(state.bos.center), apart=state.bos.error)[:, 0]
            most = np.maximum(own.size.max(axis=0), start.size[0])
            off = taken.error + weight * (spread + 2.0 * most) + gamma(4.0) * start.size
            written = mapped(Bounded(taken.center, off), out, apart=state.bos.error @ np.abs(value))
            total = total + value @ out
        else:
            # BOS itself has the rest of the weight, so that not all of it is on the others.
            nearest = own.center + (1.0 - weight) * (start.center - own.center)
            off = np.broadcast_to(own.error + start.error, nearest.shape)
            both = Bounded(
                np.concatenate([nearest, start.center]), np.concatenate([off, start.error])
            )
            anywhere = covering(both)
            off = anywhere.error + gamma(longest + 3.0) * anywhere.size
            written = mapped(Bounded(anywhere.center, off), out)
        center, error = center + written.center, error + written.error
    error = error + gamma(float(len(sublayer.heads) + 1)) * (np.abs(center) + error)
    handed = state.bos.error @ (np.abs(total) + SLACK * (state.bos.error > 0).any())
    touched = (ports.out != 0.0).any(axis=(0, 1)) | (ports.bias != 0.0)
    before = Bounded.exact(state.bos.center)
    found = added(before, Bounded(center, error + handed), apart=state.bos.error)
    return Bounded(
        np.where(touched, found.center, state.bos.center),
        np.where(touched, found.error, state.bos.error),
    )


def _others_at_bos(sublayer: Sublayer, head: Head) -> float:
    """The weight of all else where BOS looks, at most."""
    state, ports, size = sublayer.state, sublayer.ports, sublayer.layer.architecture.head_size
    if state.meaning.setting.causal:
        return 0.0
    number = head.number
    query, start = (read(port, number, state.bos) for port in (ports.query, ports.key))
    keys = values(ports.key, number, state, head.pattern.keys)
    own, own_off = logits(size, query, start)
    other, other_off = logits(size, query, keys)
    gap = float((own - own_off).min() - (other + other_off).max()) - EXPONENTIAL
    if not gap > -FAR:
        return 1.0
    # Each of so many keys weighs at most so many times what BOS does.
    others = state.meaning.setting.max_seq_len * float(np.exp(-gap))
    return others / (1.0 + others)
