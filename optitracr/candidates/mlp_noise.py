"""By how much what an MLP writes may be wrong, given what it reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, product
from math import prod

import numpy as np

from optitracr.candidates.carrier import Bend
from optitracr.candidates.noise import Read, gather
from optitracr.candidates.tolerances import ONE_HOT_TOLERANCE
from optitracr.constructions.distinct import distinct_rows
from optitracr.constructions.leaves import Plan
from optitracr.craft.numerics import FLOAT32_EPSILON
from optitracr.craft.spaces import FloatArray
from optitracr.rounding import UNIT

MAX_CELLS = 4_000_000
"""Combinations times neurons that are looked at together: some arrays of 32 MB, which take 100 MB
or so."""

MAX_WORK = 50_000_000
"""Combinations times neurons, some seconds' work, beyond which an MLP is not evaluated but its
error bounded, from the values of each thing that it reads."""


ASSUMED = ONE_HOT_TOLERANCE / 8
"""Error of a one-hot above which none is assumed of an MLP that is not evaluated: a bound takes all
errors to be of one sign, and is far too large as a rule; this is less than what a one-hot may be
off by, and many times what a mean may."""


BESIDE = 4.0
"""How much larger a neuron's largest weight may be than those on what it reads: BOS has one as
well, and a column of zeros takes what they do not sum to zero by, where a norm takes a mean off."""


def mlp_error(
    plan: Plan, reads: Sequence[Read], rows: FloatArray, raw: bool, bend: Bend | None = None
) -> FloatArray:
    """Shape [values, width]: the error of what neurons write.

    Args:
        plan: The neurons.
        reads: What they read.
        rows: Shape [values, width]: what they should write of each value.
        raw: Whether that is a number that no table of values lies below.
        bend: What neurons give besides ReLU; None for nothing.
    """
    if plan.neurons * prod(len(read.held) for read in reads) > MAX_WORK:
        return np.full_like(rows, _estimated(plan, reads, rows))
    error = np.zeros_like(rows)
    for result, wrong in _results(plan, reads, bend):
        if raw:
            error = np.maximum(error, wrong.max(axis=0, initial=0.0))
            continue
        gather(error, rows, result, wrong)
    return error


def _estimated(plan: Plan, reads: Sequence[Read], rows: FloatArray) -> float:
    """The error of what an MLP writes, found without each combination of what it reads.

    Where numbers are added up, steps are flat around each sum. Where classes are, a neuron adds up
    the errors of many: whoever takes a mean of the result has to know.
    """
    noise = sum(float(read.noise.max(initial=0.0)) for read in reads)
    scaled = noise * float(abs(plan.w_out).max(initial=0.0))
    if any(axis.numbers or axis.leaf.numerical for axis in plan.axes) or (rows % 1.0).any():
        return scaled
    return max(scaled, min(bounded_error(plan, reads), ASSUMED))


def _distinct(read: Read) -> tuple[FloatArray, FloatArray]:
    """What a form holds of values that it holds differently, and the largest error of each."""
    held, inverse = distinct_rows(read.held)
    error = np.zeros_like(held)
    np.maximum.at(error, inverse, read.error)
    return held, error


def _weights(plan: Plan, reads: Sequence[Read]) -> list[FloatArray]:
    """What each dimension of the forms that are read adds to each neuron."""
    return [
        # What is always zero has no form to be read from, and adds nothing.
        read.matrix @ own if read.matrix.shape[1] else np.zeros((len(read.matrix), plan.neurons))
        for read, own in zip(reads, plan.w_in, strict=True)
    ]


def bounded_error(plan: Plan, reads: Sequence[Read]) -> float:
    """The largest error of what an MLP writes, at most, found without each combination.

    For each value of one thing that is read, those neurons that may be on with some values of the
    others add up what they may be off by. The best such bound counts.
    """
    added, wrong = [], []
    for (held, error), weights in zip(map(_distinct, reads), _weights(plan, reads), strict=True):
        added.append(held @ weights)
        wrong.append((error + FLOAT32_EPSILON * abs(held)) @ abs(weights))
    most = [(a + w).max(axis=0) for a, w in zip(added, wrong, strict=True)]
    worst = [w.max(axis=0) for w in wrong]
    found = np.inf
    for place, (own, off) in enumerate(zip(added, wrong, strict=True)):
        others = [other for other in range(len(reads)) if other != place]
        on = own + off + sum((most[other] for other in others), plan.b_in)
        error = off + sum((worst[other] for other in others), FLOAT32_EPSILON * abs(plan.b_in))
        error = error + FLOAT32_EPSILON * np.maximum(on, 0.0)
        found = min(found, float(((on > 0) * error @ abs(plan.w_out)).max(initial=0.0)))
    return found


def _results(
    plan: Plan, reads: Sequence[Read], bend: Bend | None
) -> Iterator[tuple[FloatArray, FloatArray]]:
    """What an MLP writes for every combination of what it reads, and the error, in parts."""
    w_in = np.concatenate([np.zeros((0, plan.neurons)), *_weights(plan, reads)])
    for stream, error in _streams(plan, reads):
        result, wrong = _evaluated(plan, w_in, stream, error)
        if bend is not None:
            wrong = wrong + _bent(plan, w_in, stream, bend)
        yield result, wrong


def _streams(plan: Plan, reads: Sequence[Read]) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Every combination of what an MLP reads, and the error of each number, in parts."""
    sides = [_distinct(read) for read in reads]
    last = len(sides[-1][0]) if sides else 1
    step = max(1, MAX_CELLS // max(1, plan.neurons * last))
    places = product(*(range(len(held)) for held, _ in sides[:-1]))
    while some := list(islice(places, step)):
        chosen = np.array(some, dtype=np.intp).reshape(len(some), max(len(sides) - 1, 0))
        index = [np.repeat(column, last) for column in chosen.T]
        index.append(np.tile(np.arange(last, dtype=np.intp), len(some)))
        pairs = list(zip(sides, index, strict=False))
        empty = np.zeros((last * len(some), 0))
        stream = np.concatenate([empty, *(held[at] for (held, _), at in pairs)], axis=1)
        error = np.concatenate([empty, *(wrong[at] for (_, wrong), at in pairs)], axis=1)
        yield stream, error


def _bent(plan: Plan, w_in: FloatArray, stream: FloatArray, bend: Bend) -> FloatArray:
    """What is written besides, as neurons are not ReLU."""
    sizes = np.maximum(abs(w_in).max(axis=0, initial=0.0), abs(plan.b_in))
    return abs(bend(stream @ w_in + plan.b_in, BESIDE * sizes) @ plan.w_out)


def _evaluated(
    plan: Plan, w_in: FloatArray, stream: FloatArray, error: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """What neurons write, and by how much float32 is off, with all they read too large or small."""
    hidden = np.maximum(stream @ w_in + plan.b_in, 0.0)
    result = hidden @ plan.w_out + plan.bias
    # On the way to a small sum large terms may cancel, in whatever order they come.
    wrong = np.zeros_like(result)
    cancelled = UNIT * (hidden @ abs(plan.w_out))
    for sign in (1.0, -1.0):
        wrong = np.maximum(wrong, abs(_single(plan, w_in, stream + sign * error) - result))
    return result, np.maximum(wrong, cancelled)


def _single(plan: Plan, w_in: FloatArray, stream: FloatArray) -> FloatArray:
    """What neurons write in float32."""
    given, *own = (x.astype(np.float32) for x in (stream, w_in, plan.b_in, plan.w_out, plan.bias))
    found: FloatArray = np.maximum(given @ own[0] + own[1], np.float32(0)) @ own[2] + own[3]
    return found


def left_over(plan: Plan, reads: Sequence[Read], form: str, error: float) -> float:
    """The most that neurons leave of a form that they erase beside what they compute.

    Args:
        plan: The neurons, with what they determine in the place of what they write.
        reads: What they read.
        form: What they erase.
        error: By how much it may be wrong, where it is not among what they read.
    """
    w_in = np.concatenate([np.zeros((0, plan.neurons)), *_weights(plan, reads)])
    ends = np.cumsum([0, *(read.held.shape[1] for read in reads)])
    own = next((slice(*ends[i : i + 2]) for i, x in enumerate(reads) if x.form == form), None)
    most = 0.0
    for stream, noise in _streams(plan, reads):
        exact = np.maximum(stream @ w_in + plan.b_in, 0.0) @ plan.w_out + plan.bias
        for sign in (1.0, -1.0):
            found = _single(plan, w_in, stream + sign * noise)
            held = exact if own is None else exact + sign * noise[:, own]
            most = max(most, float(abs(held - found).max(initial=0.0)))
    return most + (error if own is None else 0.0)
