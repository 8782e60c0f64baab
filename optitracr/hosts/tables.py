"""Tables of a guest: pairs of neurons, each a step that is 0 or at full height whatever the scale.

A pair fires where one combination of classes is there and, of a share, where it is below a
threshold. Any other class in the stream holds it down, so that what fires is read against the
constant column alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from optitracr.craft.spaces import FloatArray
from optitracr.hosts.amplitudes import FLOAT32_ROUNDING, Amplitude, refused
from optitracr.hosts.classes import NOWHERE, members
from optitracr.hosts.guest import Codes, Held, Kind, TablePart
from optitracr.hosts.heads import Holding
from optitracr.hosts.layout import BOS, ONE, shared
from optitracr.hosts.lowering import counts_of
from optitracr.hosts.setting import AT_BOS, HALF_STEPS, Neuron
from optitracr.hosts.weights import NeuronWeights

LEAST_SLACK = 0.25
"""Part of a margin that has to be left by columns that should be 0 and are not quite."""

SMALL_ERROR = 1e-4
"""What an amplitude may be off by for the sake of smaller weights: of what readers take, little."""

SHARE_AT_BOS = 10 * AT_BOS
"""Part of a share that it may be off by at BOS, where scales are constants: ten times what the
check of an implant lets them differ by."""

LARGEST_ERROR = 0.02
"""What an amplitude may be off by: readers are made for one that is known so far."""


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """One pair of neurons.

    Attributes:
        held_down: For each one-hot axis the class that does not hold it down.
        shares: What it reads of each share, with the constant last; () for the constant alone.
        margin: How far from its threshold it is, at a scale of 1.
        reach: The most that it can be above it, at a scale of 1.
        size: The largest number of those that it adds up, of which the rounding depends.
        classes: Shape [classes]: what it writes.
    """

    held_down: tuple[int, ...]
    shares: tuple[float, ...]
    margin: float
    reach: float
    size: float
    classes: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class _Reads:
    """What the neurons of a table read.

    Attributes:
        part: The table.
        one_hots: Those of its axes that are one-hots.
        shares: Those that are shares.
        holding: Where everything is.
        known: The amplitude of what it reads, by name.
    """

    part: TablePart
    one_hots: Sequence[Held]
    shares: Sequence[Held]
    holding: Holding
    known: Mapping[str, Amplitude]


def table_weights(
    part: TablePart, holding: Holding, known: Mapping[str, Amplitude], is_read: bool
) -> tuple[NeuronWeights, Amplitude]:
    """The neurons of a table.

    Args:
        part: The table.
        holding: Where everything is.
        known: The amplitude of what it reads, by name.
        is_read: Whether other parts read what it writes, and not only the user.

    Returns:
        The neurons, and the amplitude of what they write.

    Raises:
        LimitError: If the scales leave no margin.
    """
    one_hots = [axis for axis in part.axes if axis.kind is not Kind.SHARE]
    shares = [axis for axis in part.axes if axis.kind is Kind.SHARE]
    steps = list(_steps(part, one_hots, shares, holding, known))
    reads = _Reads(part, one_hots, shares, holding, known)
    *some, highest = (replace(holding.setting.neuron, half_step=half) for half in HALF_STEPS)
    small = SMALL_ERROR if is_read else LARGEST_ERROR
    for neuron in some:
        made, worst, off = _neurons(steps, reads, neuron)
        if worst <= small:
            return made, Amplitude(1 - worst, 1 + worst, off)
    made, worst, off = _neurons(steps, reads, highest)
    if worst > LARGEST_ERROR:
        ratio = holding.setting.scale(part.sublayer).ratio
        refused(part, "the amplitude that its neurons write", worst, LARGEST_ERROR, ratio)
    return made, Amplitude(1 - worst, 1 + worst, off)


def _neurons(
    steps: Sequence[_Step], reads: _Reads, neuron: Neuron
) -> tuple[NeuronWeights, float, float]:
    """A pair of neurons for each step, and what the columns that they write may be off by."""
    part, holding = reads.part, reads.holding
    width, count = holding.layout.width, len(steps)
    inward, bias = np.zeros((width, 2 * count)), np.zeros(2 * count)
    outward = np.zeros((2 * count, width))
    written = np.zeros((2 * count, len(holding.columns(part.output))))
    errors = np.zeros(count)
    for place, step in enumerate(steps):
        column, errors[place] = _reading(step, reads, neuron)
        inward[:, 2 * place] = inward[:, 2 * place + 1] = column
        bias[2 * place : 2 * place + 2] = neuron.half_step, -neuron.half_step
        signed = step.classes / (2 * neuron.half_step)
        written[2 * place], written[2 * place + 1] = signed, -signed
    outward[:, holding.columns(part.output)] = written
    made = NeuronWeights(part.output.name, part.sublayer, inward, bias, outward, written)
    return made, *_off(steps, errors)


def _off(steps: Sequence[_Step], errors: FloatArray) -> tuple[float, float]:
    """What the column that is written may be off by, and any other: by one combination's steps."""
    worst, off = 0.0, 0.0
    for held_down in dict.fromkeys(step.held_down for step in steps):
        own = [place for place, step in enumerate(steps) if step.held_down == held_down]
        touched = sum(errors[place] * abs(steps[place].classes) for place in own)
        worst = max(worst, float(np.max(touched, initial=0.0)))
        if len(own) > 1:
            off = max(off, float(np.max(touched, initial=0.0)))
    return worst, off


def _reading(step: _Step, reads: _Reads, neuron: Neuron) -> tuple[FloatArray, float]:
    """What a pair reads, and what its height may be off by."""
    part, one_hots, shares = reads.part, reads.one_hots, reads.shares
    holding, known = reads.holding, reads.known
    scale = holding.setting.scale(part.sublayer)
    down = step.reach + step.margin
    leaked = sum(_leaked(held, holding, known[held.name]) for held in one_hots)
    slack = 1 - down * leaked / step.margin
    if slack < LEAST_SLACK:
        noisy = [held.name for held in one_hots if known[held.name].off and not held.is_clean]
        what = "what holds its neurons down"
        refused(part, what, down * leaked, step.margin, scale.ratio, noisy)
    factor = neuron.saturated / (scale.least * step.margin * slack)
    size = step.size + 2 * down * sum(_is_whole(held, holding) for held in one_hots)
    rounding = 4 * FLOAT32_ROUNDING * factor * scale.most * size
    factor *= 1 + rounding / neuron.saturated
    column = np.zeros(holding.layout.width)
    for held, kept in zip(one_hots, step.held_down, strict=True):
        columns = holding.columns(held)
        if _is_whole(held, holding):
            column[columns[kept]] += factor * down
            column[ONE] -= shared(factor * down)
        else:
            column[np.delete(columns, kept)] -= factor * down / known[held.name].low
    *weights, constant = step.shares or (step.margin,)
    for held, weight in zip(shares, weights, strict=False):
        column[holding.columns(held)] += shared(factor * weight)
    column[ONE] += shared(factor * constant)
    # At BOS shares are 1, and nothing else is on that the neuron reads.
    of_shares = sum(weights) + SHARE_AT_BOS * sum(map(abs, weights))
    at_bos = factor * scale.at_bos * of_shares + 2 * neuron.saturated
    column[BOS] -= shared(max(at_bos, 0.0) / scale.at_bos)
    height = factor * scale.most * size + neuron.half_step
    return column, 6 * FLOAT32_ROUNDING * height / (2 * neuron.half_step)


def _is_whole(held: Held, holding: Holding) -> bool:
    """Whether what a one-hot holds elsewhere is read as 1 less what it holds in one column."""
    return held.kind is not Kind.COPY and len(holding.columns(held)) > 2


def _leaked(held: Held, holding: Holding, unit: Amplitude) -> float:
    """What part of what holds neurons down is there for the class that is not to be."""
    if _is_whole(held, holding):
        return max(unit.off, unit.high - 1, 1 - unit.low)
    return (len(holding.columns(held)) - 1) * unit.off / unit.low


def _steps(
    part: TablePart,
    one_hots: Sequence[Held],
    shares: Sequence[Held],
    holding: Holding,
    known: Mapping[str, Amplitude],
) -> Iterator[_Step]:
    """The steps of each combination of classes of the one-hots."""
    written = holding.classes[part.output.name][part.table]
    places = [part.axes.index(held) for held in (*one_hots, *shares)]
    written = written.transpose(places)
    entries = [members(holding.classes[held.name]) for held in one_hots]
    count = len(holding.columns(part.output))
    for combination in product(*map(range, map(len, entries))):
        at = tuple(int(own[each]) for own, each in zip(entries, combination, strict=True))
        found = written[at]
        if not shares:
            yield from _constant(combination, int(found), count)
        elif len(shares) == 1:
            yield from _along(part, combination, found, shares[0], known, holding, count)
        else:
            yield from _order(part, combination, found, shares, known, holding, count)


def _constant(combination: tuple[int, ...], written: int, count: int) -> Iterator[_Step]:
    if written != NOWHERE:
        yield _Step(combination, (), 0.5, 0.5, 0.5, _jump(count, NOWHERE, written))


def _along(
    part: TablePart,
    combination: tuple[int, ...],
    written: Codes,
    share: Held,
    known: Mapping[str, Amplitude],
    holding: Holding,
    count: int,
) -> Iterator[_Step]:
    """A step at each count where what is written changes, from the least count on."""
    counts = [number for number, entry in enumerate(share.entries) if entry >= 0]
    values = [int(written[share.entries[number]]) for number in counts]
    yield from _constant(combination, values[0], count)
    error, lead = known[share.name].off, holding.setting.lead
    least = lead / (lead + max(counts)) * (1 - error)
    for (below, old), (above, new) in zip(
        zip(counts, values, strict=True), list(zip(counts, values, strict=True))[1:], strict=False
    ):
        if old == new:
            continue
        high, low = lead / (lead + below), lead / (lead + above)
        threshold = (high + low) / 2
        margin = (high - low) / 2 - error * high
        if margin < LEAST_SLACK * (high - low) / 2:
            ratio = holding.setting.scale(part.sublayer).ratio
            refused(part, f"a share of {high:.3g}", error * high, (high - low) / 2, ratio)
        reach = threshold - least
        jump = _jump(count, old, new)
        yield _Step(combination, (-1.0, threshold), margin, reach, threshold, jump)


def _order(
    part: TablePart,
    combination: tuple[int, ...],
    written: Codes,
    shares: Sequence[Held],
    known: Mapping[str, Amplitude],
    holding: Holding,
    count: int,
) -> Iterator[_Step]:
    """A step for either count being the larger."""
    numbers = [counts_of(share) for share in shares]
    first, second = numbers[0][:, None], numbers[1][None, :]
    lead = holding.setting.lead
    apart = abs(lead / (lead + first) - lead / (lead + second))[first != second]
    gap = float(apart.min(initial=1.0))
    error = sum(known[share.name].off for share in shares)
    margin = gap / 2 - error
    if margin < LEAST_SLACK * gap / 2:
        ratio = holding.setting.scale(part.sublayer).ratio
        refused(part, "the difference of two shares", error, gap / 2, ratio)
    reach = 1 + error - lead / (lead + max(int(each.max()) for each in numbers))
    order = np.sign(first - second)
    values = {sign: written[:-1, :-1][order == sign] for sign in (-1, 0, 1)}
    equal = int(values[0][0]) if len(values[0]) else NOWHERE
    yield from _constant(combination, equal, count)
    for sign, weights in ((-1, (1.0, -1.0)), (1, (-1.0, 1.0))):
        if len(values[sign]) and int(values[sign][0]) != equal:
            jump = _jump(count, equal, int(values[sign][0]))
            yield _Step(combination, (*weights, -gap / 2), margin, reach, 1.0, jump)


def _jump(count: int, old: int, new: int) -> FloatArray:
    """What is written where one class gives way to another."""
    found = np.zeros(count)
    if old != NOWHERE:
        found[old] -= 1.0
    if new != NOWHERE:
        found[new] += 1.0
    return found
